"""Where ships rest: how many other vessels lay at rest near a place over the last days.

Learnt from the ticks alone. A place where many lie at rest is a harbour, an anchorage or a waiting area,
whether or not a map knows it, and two that lie near each other there are ordinary. Not learnt are watched
areas and areas known for transfers, nor vessels on a watchlist or of a flag that counts for an encounter:
otherwise what is looked for would become ordinary. Fishing and pleasure craft and class B are left out too,
because a fleet that drifts where it fishes makes no anchorage.
"""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

import msgspec
import numpy as np

from geofences.distance import haversine_m
from geofences.surroundings import Surroundings
from models.event import Reason
from models.innocent import Hypothesis
from models.report import Rows
from models.time import DAY, MINUTE, Millis
from models.vessel import Identity, flag_of
from streams.detection.reasons import ReasonType, Side, Weighted

_CELL: Final = 0.01
"""Degrees. Side of a cell, some 1.1 km from south to north. Distances are those of cells' centres."""
_BLOCK: Final = 10
"""Cells on a side of a block; a checkpoint writes whole blocks."""
_NOT_COUNTED: Final = frozenset({30, 36, 37})
"""AIS ship types of fishing vessels, sailing vessels and pleasure craft (ITU-R M.1371)."""

Cell = tuple[int, int]
"""Row (from the south) and column (from 180° W) of the grid."""
Vessels = tuple[int, ...]
"""Those of a cell in the order in which they came: MMSI and last day of each in one number. There are many
cells, most of one vessel."""
_COLUMNS: Final = round(360 / _CELL)
_AT_ONCE: Final = 1 << 15
"""Positions that are Python's own values at the same time."""
_DAYS: Final = 1 << 16
"""More than there are days: MMSI and day in one integer."""
_ROWS: Final = 256
"""Rows of cells of which it is remembered what is near."""
_BLOCKS: Final = 256
"""Blocks of whose cells it is remembered what was looked up."""


class RestSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where ships rest, learnt from the stream."""

    knots: float = 1.0
    """Knots. A vessel slower than this lies at rest. Source: judgement; ships swing at anchor."""
    every_minutes: int = 60
    """Minutes. Positions at whole multiples of this time count, and fixes that stand alone. Judgement."""
    days: int = 7
    """Days. A vessel counts for this long after it was last at rest in a place. Source: judgement."""
    learn_days: float = 3.0
    """Days of data from which the places count as learnt; before that, events say so. Source: judgement."""
    near_km: float = 2.0
    """Kilometres. The nearer of the two distances within which vessels are counted."""
    near_vessels: int = 4
    """Ships rest at a place if so many others lay at rest within `near_km`. Source: judgement; a raft of
    three has one other vessel beside each pair."""
    wide_km: float = 5.0
    """Kilometres. The wider of the two distances within which vessels are counted."""
    wide_vessels: int = 8
    """Ships rest at a place if so many others lay at rest within `wide_km`. Source: judgement."""
    cell_vessels: int = 24
    """Vessels remembered of each cell of the grid (0.01°), those that were there last. It bounds the memory,
    and has to be at least `wide_vessels` and 3 more."""

    def __post_init__(self) -> None:
        if self.every_minutes < 5 or self.every_minutes % 5:
            raise ValueError("every_minutes must be a multiple of 5")
        if self.days < 1:
            raise ValueError("days must be at least 1")
        if self.learn_days > self.days:
            raise ValueError("learn_days must be at most days")
        if not 0 < self.near_km <= self.wide_km <= 50:
            raise ValueError("near_km must be above 0 and at most wide_km, and wide_km at most 50")
        if min(self.near_vessels, self.wide_vessels) < 1:
            raise ValueError("near_vessels and wide_vessels must be at least 1")
        if self.cell_vessels < max(self.near_vessels, self.wide_vessels) + 3:
            raise ValueError("cell_vessels must be at least near_vessels and wide_vessels, and 3 more")


class Rest(msgspec.Struct, frozen=True):
    """What is known of a place at a time."""

    near: int  # other vessels that lay at rest within `near_km`
    wide: int  # and within `wide_km`
    crowded: bool  # whether ships rest here
    days: float  # of data that it was learnt from, at most the days that are looked back
    learnt: bool  # whether those are enough


RESTING_PLACE: Final = ReasonType(
    code="resting_place",
    side=Side.AGAINST,
    text="ships rest here: over the last {days:g} days at least {value:.0f} other vessels lay at rest "
    "within about {km:g} km",
    weight="resting_place",
    hypotheses=(Hypothesis.WAITING,),
)
NOT_LEARNT: Final = ReasonType(
    code="not_learnt",
    side=Side.AGAINST,
    text="where ships rest is known from only {days} days of data so far",
    weight="not_learnt",
)


def resting(rest: Rest, s: Weighted, r: RestSettings) -> Iterator[Reason]:
    """Against, where ships rest near a place, or where too little is known of that. `s` has the weights."""
    days = round(min(rest.days, r.days), 1)
    if rest.near >= r.near_vessels:
        yield RESTING_PLACE.reason(s, rest.near, km=r.near_km, days=days)
    elif rest.wide >= r.wide_vessels:
        yield RESTING_PLACE.reason(s, rest.wide, km=r.wide_km, days=days)
    elif not rest.learnt:
        yield NOT_LEARNT.reason(s, days=days)


class _Near:
    """The vessels within a distance of a place, each with the last day on which it lay at rest there."""

    def __init__(self) -> None:
        self.days: dict[int, int] = {}
        self._counts: dict[int, int] = {}

    def add(self, vessels: Vessels) -> None:
        for vessel in vessels:
            mmsi, day = divmod(vessel, _DAYS)
            self.days[mmsi] = max(day, self.days.get(mmsi, day))

    def others(self, mmsis: Collection[int], first: int) -> int:
        """How many others lay at rest there on a day or later."""
        if first not in self._counts:
            self._counts[first] = sum(day >= first for day in self.days.values())
        return self._counts[first] - sum(self.days.get(mmsi, first - 1) >= first for mmsi in set(mmsis))


class RestingPlaces:
    """State: by cell of a grid, the vessels that lay at rest there, each with the last day.

    The state is kept in pieces, one for each block of cells. The names of those that change are added to
    `changed`.
    """

    def __init__(
        self,
        settings: RestSettings,
        step: Millis,
        flags: Collection[str],
        surroundings: Surroundings,
        identity_of: Callable[[int], Identity],
        changed: set[str],
    ) -> None:
        """`step` is that of the time grid. Vessels whose flag is one of `flags` are not counted."""
        self.settings = settings
        self._step = step
        self._flags = flags
        self._surroundings = surroundings
        self._identity_of = identity_of
        self._changed = changed
        self._cells: dict[int, Vessels] = {}  # by number, row by row
        self._since: Millis | None = None  # the first position there was
        self._pruned = 0  # the day on which old vessels were forgotten last
        self._found: dict[Cell, dict[Cell, tuple[_Near, _Near]]] = {}
        """What was looked up since the last change near it: by block, then by cell."""
        self._cells_near = lru_cache(_ROWS)(self._look_up_cells)

    def learn(self, rows: Rows) -> None:
        """Take in TICK rows, in any order."""
        if not len(rows):
            return
        first = int(rows["time"].min())
        if self._since is None or first < self._since:
            self._since = first
            self._changed.add("rest/since")
        s = self.settings
        regular = rows["time"] % (s.every_minutes * MINUTE) == 0
        alone = rows["time"] % self._step != 0
        rows = rows.compress((rows["sog"] < s.knots) & (regular | alone))
        for at in range(0, len(rows), _AT_ONCE):
            self._learn(rows[at : at + _AT_ONCE])

    def _learn(self, rows: Rows) -> None:
        """Those at rest among them."""
        row = np.floor((rows["lat"] + 90) / _CELL).astype(np.int64).tolist()
        column = (np.floor((rows["lon"] + 180) / _CELL).astype(np.int64) % _COLUMNS).tolist()
        days = (rows["time"] // DAY).tolist()
        mmsis = rows["mmsi"].tolist()
        fresh = [
            i
            for i, cell in enumerate(zip(row, column, strict=True))
            if _day_of(mmsis[i], self._cells.get(_number(cell), ())) < days[i]
        ]
        if not fresh:
            return
        watched = self._surroundings.watched(rows["lon"][fresh], rows["lat"][fresh])
        for i, is_watched in zip(fresh, watched.tolist(), strict=True):
            if not is_watched and self._counts(mmsis[i]):
                self._note((row[i], column[i]), mmsis[i], days[i])

    def _counts(self, mmsi: int) -> bool:
        identity = self._identity_of(mmsi)
        return not (
            identity.listed
            or identity.class_b
            or identity.ship_type in _NOT_COUNTED
            or flag_of(mmsi) in self._flags
        )

    def _note(self, cell: Cell, mmsi: int, day: int) -> None:
        for block in self._blocks_near(cell):
            self._found.pop(block, None)
        vessels = _days_of(self._cells.get(_number(cell), ()))
        vessels[mmsi] = max(day, vessels.get(mmsi, day))
        if len(vessels) > self.settings.cell_vessels:
            del vessels[min(vessels, key=lambda each: (vessels[each], each))]
        self._cells[_number(cell)] = _vessels(vessels)
        self._changed.add(_block_name(cell))

    def at(self, lon: float, lat: float, mmsis: Collection[int], time: Millis) -> Rest:
        """How many vessels other than `mmsis` lay at rest near a place, as known at a time."""
        s = self.settings
        near, wide = self._vessels_near(lon, lat)
        first = time // DAY - s.days
        counts = [vessels.others(mmsis, first) for vessels in (near, wide)]
        crowded = counts[0] >= s.near_vessels or counts[1] >= s.wide_vessels
        return Rest(counts[0], counts[1], crowded, self._days(time), self.learnt(time))

    def learnt(self, time: Millis) -> bool:
        """Whether there were enough days of data, at a time, to know where ships rest."""
        return self._days(time) >= self.settings.learn_days

    def _days(self, time: Millis) -> float:
        """The days of data up to a time, at most those that are looked back."""
        return 0.0 if self._since is None else min((time - self._since) / DAY, float(self.settings.days))

    def _vessels_near(self, lon: float, lat: float) -> tuple[_Near, _Near]:
        """The vessels within the two distances of the middle of a cell."""
        cell = (int((lat + 90) // _CELL), int((lon + 180) // _CELL) % _COLUMNS)
        block = _block(cell)
        if block not in self._found and len(self._found) >= _BLOCKS:
            self._found.clear()
        found = self._found.setdefault(block, {})
        if cell not in found:
            found[cell] = self._look(cell)
        return found[cell]

    def _look(self, cell: Cell) -> tuple[_Near, _Near]:
        near, wide = _Near(), _Near()
        for row, east, is_near in self._cells_near(cell[0]):
            vessels = self._cells.get(row * _COLUMNS + (cell[1] + east) % _COLUMNS)
            if vessels:
                wide.add(vessels)
                if is_near:
                    near.add(vessels)
        return near, wide

    def _look_up_cells(self, row: int) -> list[tuple[int, int, bool]]:
        """The cells within the wider distance of a cell in a row: their rows, how many columns east they are,
        and whether they are within the nearer one."""
        s, (tall, broad) = self.settings, self._reach(row)
        lat = (row + 0.5) * _CELL - 90
        rows, east = np.mgrid[row - tall : row + tall + 1, -broad : broad + 1]
        away = haversine_m(0.0, lat, east * _CELL, (rows + 0.5) * _CELL - 90)
        within = away <= 1000 * s.wide_km
        is_near = away[within] <= 1000 * s.near_km
        return list(zip(rows[within].tolist(), east[within].tolist(), is_near.tolist(), strict=True))

    def _reach(self, row: int) -> tuple[int, int]:
        """Rows and columns of cells that are surely farther than the wider distance reaches: from a cell in a
        row, and from those from which it reaches there."""
        tall = int(1000 * self.settings.wide_km / 111_000 / _CELL) + 1
        lat = (row + 0.5) * _CELL - 90
        broad = int(tall / max(math.cos(math.radians(min(abs(lat) + 1, 89.0))), 0.02)) + 1
        return tall, min(broad, _COLUMNS // 2)

    def _blocks_near(self, cell: Cell) -> Iterator[Cell]:
        """The blocks of the cells from which the wider distance may reach a cell."""
        tall, broad = self._reach(cell[0])
        for row in range((cell[0] - tall) // _BLOCK, (cell[0] + tall) // _BLOCK + 1):
            for column in range((cell[1] - broad) // _BLOCK, (cell[1] + broad) // _BLOCK + 1):
                yield row, column % (_COLUMNS // _BLOCK)

    def prune(self, instant: Millis) -> None:
        """Once a day, forget the vessels that were not at rest in a place for long."""
        today = instant // DAY
        if today <= self._pruned:
            return
        if self._pruned:
            self._forget(today - self.settings.days)
        self._pruned = today
        self._changed.add("rest/since")

    def _forget(self, before: int) -> None:
        self._found.clear()
        for number, vessels in list(self._cells.items()):
            kept = tuple(vessel for vessel in vessels if vessel % _DAYS >= before)
            if len(kept) < len(vessels):
                self._changed.add(_block_name(divmod(number, _COLUMNS)))
                self._cells[number] = kept
            if not kept:
                del self._cells[number]

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {_block_name(divmod(number, _COLUMNS)) for number in self._cells} | {"rest/since"}

    def piece(self, rest: tuple[str, ...]) -> object | None:
        """What one piece holds; None where it is gone."""
        if rest[0] == "since":
            return self._since, self._pruned
        south, west = (int(number) * _BLOCK for number in rest)
        cells = (
            (row, column) for row in range(south, south + _BLOCK) for column in range(west, west + _BLOCK)
        )
        return [
            (cell, _days_of(vessels)) for cell in cells if (vessels := self._cells.get(_number(cell)))
        ] or None

    def load(self, pieces: Iterable[tuple[str, bytes]]) -> None:
        """Replace the state by these pieces: the rest of the name, and what it holds."""
        self._cells.clear()
        self._found.clear()
        self._since, self._pruned = None, 0
        for rest, data in pieces:
            if rest == "since":
                self._since, self._pruned = msgspec.msgpack.decode(data, type=tuple[Millis | None, int])
            else:
                for cell, vessels in msgspec.msgpack.decode(data, type=list[tuple[Cell, dict[int, int]]]):
                    self._cells[_number(cell)] = _vessels(vessels)


def _number(cell: Cell) -> int:
    return cell[0] * _COLUMNS + cell[1]


def _days_of(vessels: Vessels) -> dict[int, int]:
    """The last day of each vessel, by MMSI."""
    return dict(divmod(vessel, _DAYS) for vessel in vessels)


def _vessels(days: Mapping[int, int]) -> Vessels:
    return tuple(mmsi * _DAYS + day for mmsi, day in days.items())


def _day_of(mmsi: int, vessels: Vessels) -> int:
    """The last day of a vessel; -1 where it is none of these."""
    return next((vessel % _DAYS for vessel in vessels if vessel // _DAYS == mmsi), -1)


def _block(cell: Cell) -> Cell:
    return cell[0] // _BLOCK, cell[1] // _BLOCK


def _block_name(cell: Cell) -> str:
    return "rest/{}/{}".format(*_block(cell))
