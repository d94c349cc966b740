"""Drawn fences between topics: in a raw frame each line is a version as JSON; what counts is announced."""

from collections.abc import Iterable, Sequence

import msgspec

from geofences.drawn import fence_of
from geofences.polygon import PolygonError
from models.drawn_fence import FenceVersion
from models.time import BEGINNING
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import Origin, RawFrame, ReportsFrame
from streams.pipeline.operator import OutgoingRecord, dead_letter


def drawn_of(
    frame: RawFrame, offset: int, partition: int, topics: Topics
) -> tuple[list[FenceVersion], list[OutgoingRecord]]:
    """The versions of drawn fences in a frame, and dead letters for lines that are none."""
    found: list[FenceVersion] = []
    dead: list[OutgoingRecord] = []
    for index, line in enumerate(frame.data.splitlines()):
        try:
            version = msgspec.json.decode(line, type=FenceVersion)
            fence_of(version, version.begins)
        except (msgspec.MsgspecError, PolygonError, ValueError) as error:
            letter = dead_letter(
                topics,
                reason=f"no_fence: {error}",
                value=line,
                source=frame.source,
                line=frame.first_line + index,
                topic=topics.raw,
                partition=partition,
                offset=offset,
            )
            dead.append(letter)
            continue
        found.append(version)
    return found, dead


def reports_of(
    drawn: Sequence[FenceVersion], frame: RawFrame, origin: Origin, topics: Topics
) -> Iterable[OutgoingRecord]:
    """The record that takes them to the first partition of MMSIs: they belong to no vessel."""
    if drawn:
        out = ReportsFrame(
            wire.VERSION,
            origin,
            frame.source,
            frame.registry,
            BEGINNING,
            BEGINNING,
            b"",
            b"",
            [()],
            drawn=list(drawn),
        )
        yield OutgoingRecord(topics.reports, wire.encode(out), 0)


def announced(version: FenceVersion, topics: Topics) -> OutgoingRecord:
    """What consumers are told of a version that counts now."""
    key = f"{version.id}:{version.version}".encode()
    headers = {"content-type": b"application/json"}
    return OutgoingRecord(topics.fences, msgspec.json.encode(version), 0, key, headers)
