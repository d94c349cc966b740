"""Drawn fences between topics: in a raw frame each line is a version as JSON; what counts is announced."""

from collections.abc import Iterable, Sequence

import msgspec

from geofences.drawn import read_version
from models.drawn_fence import FenceVersion
from models.time import BEGINNING
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import Origin, RawFrame, ReportsFrame
from streams.pipeline.json_lines import lines_of
from streams.pipeline.operator import OutgoingRecord


def drawn_of(
    frame: RawFrame, offset: int, partition: int, topics: Topics
) -> tuple[list[FenceVersion], list[OutgoingRecord]]:
    """The versions of drawn fences in a frame, and dead letters for lines that are none."""
    read, dead = lines_of(
        frame, read_version, (ValueError,), "no_fence", topics=topics, partition=partition, offset=offset
    )
    return [version for _, version in read], dead


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
