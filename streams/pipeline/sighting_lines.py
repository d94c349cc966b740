"""The sightings in a raw frame: each line is one as JSON; lines that are none go to the dead letters."""

import msgspec

from models.sighting import Sighting
from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame
from streams.pipeline.operator import OutgoingRecord, dead_letter
from streams.sightings.fields import SightingError, read_line


def sightings_of(
    frame: RawFrame, offset: int, partition: int, topics: Topics
) -> tuple[list[Sighting], list[OutgoingRecord]]:
    """The sightings of a frame, and dead letters. A sighting that came live is known from when it came."""
    found: list[Sighting] = []
    dead: list[OutgoingRecord] = []
    for index, line in enumerate(frame.data.splitlines() if frame.kind == "sightings" else ()):
        try:
            sighting = read_line(line)
        except SightingError as error:
            letter = dead_letter(
                topics,
                reason=f"no_sighting: {error}",
                value=line,
                source=frame.source,
                line=frame.first_line + index,
                topic=topics.raw,
                partition=partition,
                offset=offset,
            )
            dead.append(letter)
            continue
        if frame.received:
            here = frame.received[min(index, len(frame.received) - 1)]
            sighting = msgspec.structs.replace(sighting, received=max(here, sighting.time))
        found.append(sighting)
    return found, dead
