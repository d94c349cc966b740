"""How what a stage found is dealt out to messages that Kafka takes: it takes a megabyte by default."""

from collections.abc import Iterable

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

ROWS = 4_000
"""Rows in one message at most: well below the megabyte that Kafka takes by default."""
IDENTITIES = 1_000
EVENTS = 10
EVENT_BYTES, POSITION_BYTES = 4_000, 200
"""About the size of an event without positions, and of a position in its evidence."""
PARTS = 4
PART_BYTES = 500_000


def facts(
    topics: Topics, stage: str, partition: int, offset: int, done: Millis, events: list[Event]
) -> Iterable[OutgoingRecord]:
    groups = [events[at : at + 20] for at in range(0, max(len(events), 1), 20)]
    for number, group in enumerate(groups):
        frame = FactsFrame(
            wire.VERSION,
            stage,
            Origin(partition, offset, number),
            done if number == len(groups) - 1 else BEGINNING,
            group,
        )
        yield OutgoingRecord(topics.facts, wire.encode(frame), 0)


def parts(instant: Instant) -> Iterable[InstantPart]:
    """An instant in parts that fit into a message.

    Identities that are too many for one part go before the ticks, events after them.
    """
    first, later = instant.identities[:IDENTITIES], instant.identities[IDENTITIES:]
    for at in range(0, len(later), IDENTITIES):
        yield InstantPart(instant.time, b"", list(later[at : at + IDENTITIES]), [()])
    for number, rows in enumerate(wire.chunks(instant.ticks, ROWS)):
        stations, (ticks,) = own_stations(instant.stations, rows)
        yield InstantPart(instant.time, ticks.tobytes(), list(first) if number == 0 else [], stations)
    for at in range(0, len(instant.events), EVENTS):
        yield InstantPart(instant.time, b"", [], [()], list(instant.events[at : at + EVENTS]))


def grouped(several: Iterable[InstantPart]) -> Iterable[list[InstantPart]]:
    """Parts together in one message, as long as they fit."""
    group: list[InstantPart] = []
    size = 0
    for part in several:
        more = len(part.ticks) + 300 * len(part.identities) + 50 * len(part.stations)
        more += sum(EVENT_BYTES + POSITION_BYTES * len(each.evidence.positions) for each in part.events)
        if group and (size + more > PART_BYTES or len(group) == PARTS):
            yield group
            group, size = [], 0
        group.append(part)
        size += more
    if group:
        yield group


def own_stations(
    table: tuple[tuple[str, ...], ...], *parts: Rows
) -> tuple[list[tuple[str, ...]], list[Rows]]:
    """The stations that these rows name, and the rows pointing into that shorter table."""
    used = np.unique(np.concatenate([rows["stations"] for rows in parts]))
    renumber: npt.NDArray[np.int32] = np.zeros(len(table), np.int32)
    renumber[used] = np.arange(len(used))
    copies = [rows.copy() for rows in parts]
    for rows in copies:
        rows["stations"] = renumber[rows["stations"]]
    return [table[i] for i in used.tolist()] or [()], copies
