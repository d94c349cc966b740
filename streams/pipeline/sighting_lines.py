"""The sightings in a raw frame: each line is one as JSON; lines that are none go to the dead letters."""

from models.sighting import Sighting, known_since
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
    return [known_since(sighting, frame.received, line) for line, sighting in read], dead
