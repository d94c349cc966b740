"""Reception: where and when vessels are heard, learnt from the ticks alone.

The world is divided into cells of 0.25°, event time into hours. For the last hours it is kept which vessels
were heard in each, and where. Of every cell it is kept how many vessels were heard there and how many of them
were not heard any more in the hours after: near the edge of what a station hears, many are.

Who was heard only once in the hours that are kept tells nothing of reception: garbled MMSIs and made-up ones
come once, and are no vessels that fall silent.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows, distinct
from models.time import DAY, HOUR, MINUTE, Millis
from streams.detection.gaps.heard import (
    NOBODY,
    Area,
    Cells,
    Flags,
    Heard,
    Vessels,
    cells_of,
    count_others,
    mark,
    with_more,
)
from streams.detection.ticks.packed import places_of

_SAMPLE: Final = 30 * MINUTE
"""Ticks at whole multiples of this time count, and fixes that stand alone."""
_LOST_AFTER: Final = 3
"""Hours without a position after which a vessel counts as lost where it was. Source: judgement; longer than
the rhythm of satellites."""
_LATE: Final = 2
"""Hours that ticks may come late: 90 minutes of backfill, in whole hours."""
_FORGOTTEN: Final = 0.05
"""A cell in which fewer vessels are remembered is forgotten."""

_AT_ONCE: Final = 15 * MINUTE
"""What is heard so soon after a vessel fell silent is no sign that others did not: no two send at once, and
hours begin in between. Source: judgement; a few reports at anchor."""


class ReceptionSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What counts as heard, silent and lost around a vessel."""

    days: float = 7.0
    """Days after which what was learnt of a cell counts a third. Source: judgement; a week of traffic."""
    kept_hours: int = 10
    """Hours for which it is kept who was heard where. It bounds the memory: 13 bytes a vessel and hour."""
    heard_vessels: int = 2
    """The area around a vessel is heard in an hour if so many others are. Source: judgement."""
    heard_share: float = 0.5
    """Coverage is known if the area was heard in this share of the hours of the silence. Judgement."""
    course_vessels: float = 3.0
    """A vessel's course leads out of what is heard if fewer vessels were heard in any of the areas where it
    would have been in the next three hours: hours of vessels, lately. Source: judgement."""
    lost_vessels: float = 3.0
    """Others often fall silent in an area if at least so many did, lately. Source: judgement."""
    lost_share: float = 0.1
    """... and at least this share: for a vessel under way, of those that moved on from there; for one at
    rest, of those heard there, by the hour. Source: judgement; in good reception it is less than one in a
    hundred."""
    outage_vessels: int = 4
    """Fewer silent neighbours prove no outage. Source: judgement; two that meet in the dark fall silent
    together."""
    outage_share: float = 0.75
    """Share of the vessels near it, around it or of the whole feed that fell silent with it, from which on
    reception explains the silence. Source: judgement."""

    def __post_init__(self) -> None:
        if self.days <= 0:
            raise ValueError("days must be above 0")
        if self.kept_hours < 2 + _LOST_AFTER + _LATE:
            raise ValueError(f"kept_hours must be at least {2 + _LOST_AFTER + _LATE}")
        if min(self.heard_vessels, self.outage_vessels) < 1:
            raise ValueError("heard_vessels and outage_vessels must be at least 1")
        for name in ("heard_share", "lost_share", "outage_share"):
            if not 0 < getattr(self, name) <= 1:
                raise ValueError(f"{name} must be above 0 and at most 1")


class Neighbours(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Other vessels in the hour before a vessel fell silent, and how many of them were heard in the hours
    after it."""

    before: int
    heard: int

    def silent(self, s: ReceptionSettings) -> bool:
        """Whether so many fell silent that reception explains it."""
        gone = self.before - self.heard
        return gone >= s.outage_vessels and gone >= s.outage_share * self.before


class Reception:
    """State: who was heard where in the last hours, and what is remembered of each cell.

    The state is kept in one piece for each hour, and one for the cells. The names of those that change are
    added to `changed`.
    """

    def __init__(self, settings: ReceptionSettings, step: Millis, changed: set[str]) -> None:
        """`step` is that of the time grid."""
        self._settings = settings
        self._step = step
        self._changed = changed
        self._hours: dict[int, Heard] = {}
        # what was asked for since the last change: many fall silent in the same cells, in the same hours
        self._since: dict[tuple[int, int], Vessels] = {}  # who was heard after an hour and up to another one
        self._repeated: dict[int, Heard] = {}  # who of an hour was heard more than once
        self._before: dict[tuple[int, Area | None], Vessels] = {}
        """Who was heard in an hour and the one before it in an area, or anywhere."""
        self._is_heard: dict[tuple[int, Area], bool] = {}  # enough were heard in an hour in an area
        self._often_lost: dict[tuple[Area, bool], tuple[bool, float]] = {}
        self._cells: Cells = np.empty(0, np.int64)
        # of each of these cells, by the hour; old ones count less: vessels that were heard,
        self._seen = np.empty(0, np.float32)
        # those of them that were not heard for hours afterwards,
        self._lost = np.empty(0, np.float32)
        # and those that were heard in another cell in the next hour
        self._moved = np.empty(0, np.float32)

    def learn(self, rows: Rows, instant: Millis) -> None:
        """Take in TICK rows, in any order; at full hours also what became of the vessels heard hours ago."""
        time = rows["time"]
        which = (time % _SAMPLE == 0) | (time % self._step != 0)
        rows, hours = rows.compress(which), time[which] // HOUR
        for hour in distinct(hours):
            if hour > instant // HOUR - self._settings.kept_hours:
                now = rows.compress(hours == hour)
                self._note(hour, now["mmsi"], cells_of(now["lon"], now["lat"]))
        if instant % HOUR == 0:
            self._close(instant // HOUR)

    def _note(self, hour: int, mmsi: npt.NDArray[np.uint32], cell: Cells) -> None:
        known = self._hours.get(hour, NOBODY)
        now = Heard(*with_more(known.mmsi, known.cell, known.again, np.ascontiguousarray(mmsi), cell))
        # noted for good, since the hours before are forgotten first
        self._hours[hour] = Heard(now.mmsi, now.cell, self._is_repeated(now, hour))
        self._forget_answers()
        self._changed.add(f"heard/{hour}")

    def _forget_answers(self) -> None:
        for answers in (self._since, self._repeated, self._before, self._is_heard, self._often_lost):
            answers.clear()

    def _is_repeated(self, heard: Heard, hour: int) -> Flags:
        """Who of an hour was heard more than once, in it or in any other that is kept."""
        again = heard.again.copy()
        for at in sorted(self._hours, key=lambda at: abs(at - hour)):  # most are found in the next one
            if at != hour and mark(again, heard.mmsi, self._hours[at].mmsi):
                break
        return again

    def _vessels(self, hour: int) -> Heard:
        """Who was heard in an hour, but for those heard only once in all hours that are kept."""
        if hour not in self._repeated:
            heard = self._hours.get(hour, NOBODY)
            self._repeated[hour] = heard.only(self._is_repeated(heard, hour))
        return self._repeated[hour]

    def _close(self, now: int) -> None:
        """Count those that were lost in an hour, once that is certain, and forget old hours."""
        hour = now - _LATE - _LOST_AFTER - 1
        heard = self._vessels(hour)
        if len(heard.mmsi):
            gone = ~_among(heard.mmsi, self._after(hour, hour + _LOST_AFTER))
            self._count(heard.cell, gone, _moved(heard, self._hours.get(hour + 1, NOBODY)))
        for old in [each for each in self._hours if each <= now - self._settings.kept_hours]:
            del self._hours[old]
            self._forget_answers()
            self._changed.add(f"heard/{old}")

    def _count(self, cell: Cells, gone: Flags, moved: Flags) -> None:
        fade = 1 - HOUR / (self._settings.days * DAY)
        cells = np.union1d(self._cells, cell)
        at, all_of_them = np.searchsorted(cells, self._cells), np.ones(len(cell), bool)
        columns = []
        for old, which in ((self._seen, all_of_them), (self._lost, gone), (self._moved, moved)):
            column = np.zeros(len(cells), np.float32)
            column[at] = old * np.float32(fade)
            np.add.at(column, np.searchsorted(cells, cell[which]), 1.0)
            columns.append(column)
        kept = columns[0] >= _FORGOTTEN
        self._cells = cells[kept]
        self._seen, self._lost, self._moved = (column[kept] for column in columns)
        self._forget_answers()
        self._changed.add("reception/cells")

    def _after(self, hour: int, last: int) -> Vessels:
        """The vessels heard after an hour, up to another one."""
        later = [heard.mmsi for each, heard in self._hours.items() if hour < each <= last]
        return np.unique(np.concatenate([np.empty(0, np.uint32), *later]))

    # --- what is asked

    def remembers(self, start: Millis) -> bool:
        """Whether it is still known who was heard up to an hour before `start`."""
        hour = start // HOUR
        return hour in self._hours or hour - 1 in self._hours

    def neighbours(self, mmsi: int, start: Millis, area: Area | None, until: Millis) -> Neighbours:
        """The other vessels heard up to an hour before `start`, in this area or anywhere, and those of them
        heard since, in hours that are over at `until`, while that is remembered; not in an hour that begins
        within `_AT_ONCE` of it."""
        there = self._heard_before(start // HOUR, area)
        asked = (start + _AT_ONCE) // HOUR, min(until // HOUR - 1, max(self._hours))
        if asked not in self._since:
            self._since[asked] = self._after(*asked)
        return Neighbours(*count_others(mmsi, there, self._since[asked]))

    def _heard_before(self, hour: int, area: Area | None) -> Vessels:
        """The vessels heard in an hour and the one before it, in this area or anywhere."""
        key = hour, area
        if key not in self._before:
            both = [self._vessels(at).within(area) for at in (hour - 1, hour)]
            self._before[key] = np.unique(np.concatenate(both))
        return self._before[key]

    def is_heard(self, hour: int, area: Area) -> bool:
        """Whether enough vessels were heard in an area in an hour. The vessel that is asked for is silent
        and does not count."""
        key = hour, area
        if key not in self._is_heard:
            self._is_heard[key] = len(self._vessels(hour).within(area)) >= self._settings.heard_vessels
        return self._is_heard[key]

    def seen(self, area: Area) -> float:
        """Hours of vessels heard in an area, lately."""
        return float(self._seen[self._known(area)].sum())

    def often_lost(self, area: Area, under_way: bool) -> tuple[bool, float]:
        """Whether vessels often fall silent in an area, and the share that did: of those that moved on, for
        a vessel `under_way`, or else of those heard there."""
        key = area, under_way
        if key not in self._often_lost:
            there = self._known(area)
            lost = float(self._lost[there].sum())
            of = lost + float(self._moved[there].sum()) if under_way else float(self._seen[there].sum())
            s, share = self._settings, lost / of if of else 0.0
            self._often_lost[key] = lost >= s.lost_vessels and share >= s.lost_share, share
        return self._often_lost[key]

    def _known(self, area: Area) -> npt.NDArray[np.int64]:
        """Where those of its cells stand of which something is remembered, ascending."""
        return places_of(self._cells, area.cells)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"heard/{hour}" for hour in self._hours} | {"reception/cells"}

    def piece(self, kind: str, rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "reception":
            return [self._cells.astype(np.int32).tobytes()] + [
                part.tobytes() for part in (self._seen, self._lost, self._moved)
            ]
        heard = self._hours.get(int(rest))
        return None if heard is None else [
            heard.mmsi.tobytes(), heard.cell.tobytes(), heard.again.tobytes()
        ]  # fmt: skip

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: kind, the rest of the name, and what it holds."""
        self._hours = {}
        self._forget_answers()
        self._cells = np.empty(0, np.int64)
        self._seen = self._lost = self._moved = np.empty(0, np.float32)
        for kind, rest, data in pieces:
            parts = msgspec.msgpack.decode(data, type=list[bytes])
            if kind == "reception":
                self._cells = np.frombuffer(parts[0], np.int32).astype(np.int64)
                self._seen, self._lost, self._moved = (np.frombuffer(part, np.float32) for part in parts[1:])
            elif kind == "heard":
                # copies: compiled loops take what can't be written to for another type
                mmsi = np.frombuffer(parts[0], np.uint32).copy()
                cell = np.frombuffer(parts[1], np.int64).copy()
                # not known in states of versions before: then they count as heard again
                again = np.frombuffer(parts[2], bool).copy() if len(parts) > 2 else np.ones(len(mmsi), bool)
                self._hours[int(rest)] = Heard(mmsi, cell, again)


def _among(each: npt.NDArray[Any], all_of_them: npt.NDArray[Any]) -> Flags:
    """Which of these are among others, which are sorted."""
    if not len(all_of_them):
        return np.zeros(len(each), bool)
    at = np.minimum(np.searchsorted(all_of_them, each), len(all_of_them) - 1)
    return np.asarray(all_of_them[at] == each)


def _moved(heard: Heard, later: Heard) -> Flags:
    """Which of the vessels of an hour were heard in another cell in the next one."""
    at = np.minimum(np.searchsorted(later.mmsi, heard.mmsi), max(len(later.mmsi) - 1, 0))
    if not len(later.mmsi):
        return np.zeros(len(heard.mmsi), bool)
    return np.asarray((later.mmsi[at] == heard.mmsi) & (later.cell[at] != heard.cell))
