"""Batching: results of a stage, dealt out to records that Kafka takes. Its limit is a megabyte by default."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from models.event import Event
from models.report import Rows
from models.tick import Instant
from models.time import BEGINNING, Millis
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import FactsFrame, InstantPart, Origin
from streams.pipeline.operator import OutgoingRecord

MAX_ROWS: Final = 4_000
"""Ticks in one record: well below a megabyte."""
MAX_REPORTS: Final = 2_500
"""Positions in one record, and as many static reports: 325 kB, and as much again where each was heard by
stations of its own with long names."""
MAX_IDENTITIES: Final = 1_000
MAX_EVENTS: Final = 10
"""Events in one part of an instant."""
MAX_SIGHTINGS: Final = 1_000
"""Sightings in one part of an instant."""
MAX_DRAWN: Final = 10
"""Versions of drawn fences in one part of an instant; each has up to 500 positions."""
MAX_FACTS: Final = 20
"""Events in one record of facts; an event takes up to 25 kB."""
MAX_PARTS: Final = 4
"""Parts of instants in one record,"""
MAX_PART_BYTES: Final = 500_000
"""and their size together, estimated."""
EVENT_BYTES, POSITION_BYTES, DRAWN_BYTES = 4_000, 200, 12_000
"""About the size of an event without positions, of a position in its evidence, and of a drawn fence."""


def dealt(rows: Rows, spread: int) -> list[Rows]:
    """Rows by the partition of their MMSI, in order within each."""
    partition = (rows["mmsi"] % spread).astype(np.uint16)
    ends = np.cumsum(np.bincount(partition, minlength=spread))
    return np.split(rows[np.argsort(partition, kind="stable")], ends[:-1])


def facts(
    topics: Topics, stage: str, partition: int, offset: int, done: Millis, events: Sequence[Event]
) -> Iterable[OutgoingRecord]:
    """Records of what a stage found in the frame at `offset`.

    The last one says that there is nothing else up to the instant `done`.
    """
    groups = [events[at : at + MAX_FACTS] for at in range(0, max(len(events), 1), MAX_FACTS)]
    for number, group in enumerate(groups):
        last = number == len(groups) - 1
        frame = FactsFrame(
            wire.VERSION,
            stage,
            Origin(partition, offset, number),
            done if last else BEGINNING,
            list(group),
        )
        yield OutgoingRecord(topics.facts, wire.encode(frame), 0)


def parts(instant: Instant) -> Iterable[InstantPart]:
    """An instant in parts that each fit into a record.

    Identities beyond the limit go before the ticks, events, sightings and drawn fences after them.
    """
    first, later = instant.identities[:MAX_IDENTITIES], instant.identities[MAX_IDENTITIES:]
    for at in range(0, len(later), MAX_IDENTITIES):
        yield InstantPart(instant.time, b"", list(later[at : at + MAX_IDENTITIES]), [()])
    for number, rows in enumerate(wire.chunks(instant.ticks, MAX_ROWS)):
        stations, (ticks,) = own_stations(instant.stations, rows)
        yield InstantPart(instant.time, ticks.tobytes(), list(first) if number == 0 else [], stations)
    for at in range(0, len(instant.events), MAX_EVENTS):
        yield InstantPart(instant.time, b"", [], [()], list(instant.events[at : at + MAX_EVENTS]))
    for at in range(0, len(instant.sightings), MAX_SIGHTINGS):
        seen = list(instant.sightings[at : at + MAX_SIGHTINGS])
        yield InstantPart(instant.time, b"", [], [()], [], seen)
    for at in range(0, len(instant.drawn), MAX_DRAWN):
        yield InstantPart(instant.time, b"", [], [()], drawn=list(instant.drawn[at : at + MAX_DRAWN]))


def grouped(instants: Iterable[InstantPart]) -> Iterable[list[InstantPart]]:
    """Parts that fit together into one record."""
    group: list[InstantPart] = []
    size = 0
    for part in instants:
        more = len(part.ticks) + 300 * len(part.identities) + 50 * len(part.stations)
        more += 300 * len(part.sightings) + DRAWN_BYTES * len(part.drawn)
        more += sum(EVENT_BYTES + POSITION_BYTES * len(each.evidence.positions) for each in part.events)
        if group and (size + more > MAX_PART_BYTES or len(group) == MAX_PARTS):
            yield group
            group, size = [], 0
        group.append(part)
        size += more
    if group:
        yield group


def own_stations(table: Sequence[tuple[str, ...]], *parts: Rows) -> tuple[list[tuple[str, ...]], list[Rows]]:
    """The stations that these rows name, and copies of the rows that point into that shorter table."""
    used = np.unique(np.concatenate([rows["stations"] for rows in parts]))
    renumber: npt.NDArray[np.int32] = np.zeros(len(table), np.int32)
    renumber[used] = np.arange(len(used))
    copies = [rows.copy() for rows in parts]
    for rows in copies:
        rows["stations"] = renumber[rows["stations"]]
    return [table[i] for i in used.tolist()] or [()], copies
