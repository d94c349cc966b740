"""The sightings in a raw frame: each line is one as JSON; lines that are none go to the dead letters."""

import msgspec

from models.sighting import Sighting
from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame
from streams.pipeline.json_lines import lines_of
from streams.pipeline.operator import OutgoingRecord
from streams.sightings.fields import SightingError, read_line


def sightings_of(
    frame: RawFrame, offset: int, partition: int, topics: Topics
) -> tuple[list[Sighting], list[OutgoingRecord]]:
    """The sightings of a frame, and dead letters. A sighting that came live is known from when it came."""
    if frame.kind != "sightings":
        return [], []
    read, dead = lines_of(
        frame,
        read_line,
        (SightingError,),
        "no_sighting",
        topics=topics,
        partition=partition,
        offset=offset,
    )
    found: list[Sighting] = []
    for index, sighting in read:
        if frame.received:
            here = frame.received[min(index, len(frame.received) - 1)]
            sighting = msgspec.structs.replace(sighting, received=max(here, sighting.time))
        found.append(sighting)
    return found, dead
