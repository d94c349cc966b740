"""Row reader: what rows of a table say of whom, when and where, in columns; the same whether they are looked
through or written."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from models.source_hints import DateOrder
from models.time import to_text
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.time_cell import read_cell
from streams.decoding.lines.time_text import TextRules, TimeProblem
from streams.decoding.records import values
from streams.decoding.records.names import ANY_TYPE
from streams.decoding.records.record import STATIC_ONLY
from streams.recordings.formats.batch import Batch, Flags, Floats, Ints
from streams.recordings.formats.columns import ColumnMap
from streams.recordings.formats.iso_times import NO_TIME, iso_times
from streams.recordings.formats.row_sentences import can_be_told
from streams.recordings.formats.split_columns import degrees, moments
from streams.recordings.formats.table_evidence import MOST_DEGREES, TableEvidence, Understanding, known

_PROBLEMS: Final = {
    TimeProblem.ZONE: Outcome.UNKNOWN_ZONE,
    TimeProblem.DATE_ORDER: Outcome.UNKNOWN_DATE_ORDER,
}
_SERIAL: Final = re.compile(r"[345]\d{4}(?:\.\d+)?")
_SERIAL_OF_1970: Final = 25_569
_POSITIONS: Final = (1, 2, 3, 4, 9, 18, 19, 27)
_KINDS: Final = (*_POSITIONS, 5, 24)
_WITH_UNITS: Final = frozenset(("lon", "lat", "sog", "cog", "heading", "length", "width", "draught"))
_USUAL: Final = {"lon": "deg", "lat": "deg", "sog": "kn", "cog": "deg", "draught": "m"}
_SCALED: Final = {
    "sog": "speeds are in tenths of a knot",
    "draught": "draughts are in decimetres",
    "lon": "positions are in 1/600,000 degree",
    "cog": "courses are in tenths of a degree",
}
_PLACES: Final = (
    "no degrees; give --units lon=deg/600000,lat=deg/600000 where they are as AIS sends them (1/10,000 "
    "minute), or deg/1e7"
)
_MOST: Final[dict[str, tuple[float, str]]] = {
    "lon": (MOST_DEGREES, _PLACES),
    "lat": (MOST_DEGREES, _PLACES),
    "sog": (102.3, "no ship is so fast in knots; give the unit, such as --units sog=kn/10 or sog=km/h"),
    "cog": (360.0, "more than a circle has degrees; give the unit, such as --units cog=deg/10"),
    "draught": (30.0, "no ship draws so many metres; give the unit, such as --units draught=dm"),
}
_DOUBTFUL: Final = 0.02
"""Share of the numbers of a batch."""
_HAS_ZONE: Final = re.compile(
    r"^\d+(?:\.\d*)?$|(?:[zZ]|[+-]\d\d(?::?\d\d)?|\b(?!am\b|pm\b)[A-Za-z]{2,}[\w/]*)$", re.IGNORECASE
)
"""A time that needs no zone: a number of seconds, or one with its own."""
_TYPE: Final = {
    "kind": "its column type holds the types of messages",
    "ship_type": "its column type holds the types of ships",
    "": "it is not clear what its column type holds, so it is not read; name it with --columns "
    "ship_type=type or kind=type",
}
_BASE_STATION: Final = ("basestation",)
_AIRCRAFT: Final = ("sarairborne", "searchandrescueaircraft", "saraircraft")
_NO_VESSEL: Final = ("aton", "aidtonavigation", "navaid")


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a batch: `mmsi` is 0 where there is none, `times` NO_TIME, `kind` (the message type) 0 where it
    is not told; `refused` are of a kind that reports no vessel, `problems` has rows whose time can't be read
    for a reason to be told, and `bad` are rows without a place on earth."""

    batch: Batch
    has: dict[str, int]
    mmsi: Ints
    times: Ints
    kind: Ints
    refused: Flags
    problems: dict[int, Outcome]
    lon: Floats
    lat: Floats
    bad: Flags

    @property
    def own(self) -> Flags:
        """Rows of messages that only have static data."""
        return np.isin(self.kind, STATIC_ONLY)

    def outcomes(self, silent: Flags) -> dict[int, Outcome]:
        """What becomes of the rows that become nothing; `silent` are those that tell
        neither a place nor static data."""
        found: dict[int, Outcome] = {}
        if "time" in self.has:  # not the time of the row before: that one says nothing of this row
            found |= dict.fromkeys(np.flatnonzero(~can_be_told(self.times)).tolist(), Outcome.NO_TIME)
        found |= dict.fromkeys(np.flatnonzero(silent | self.refused).tolist(), Outcome.NO_REPORT)
        found |= self.problems
        found |= dict.fromkeys(np.flatnonzero(self.mmsi == 0).tolist(), Outcome.NO_MMSI)
        return found


@dataclass(slots=True)
class RowReader:
    """Reads batches of one table, one after the other."""

    columns: ColumnMap
    rules: TextRules
    evidence: TableEvidence
    notes: list[str] = field(default_factory=list)
    has: dict[str, int] = field(default_factory=dict)
    """The columns that are read."""
    changes: int = 0
    """How often it has changed how cells are understood."""
    _understood: Understanding | None = None
    _factors: dict[str, float] = field(default_factory=dict)
    _dropped: set[str] = field(default_factory=set)  # columns whose unit is not known any more
    _mixed: bool = False  # whether the column `type` holds this and that
    _doubted: set[str] = field(default_factory=set)
    _order: DateOrder = field(init=False)  # as the user says it

    def __post_init__(self) -> None:
        self._order = self.rules.order

    def read(self, batch: Batch) -> Rows:
        batch = self._understand(batch)
        mmsi = _mmsis(batch)
        times, problems = self._times(batch)
        kind, refused = _kinds(batch, self.has)
        lon, lat = self.numbers(batch, "lon"), self.numbers(batch, "lat")
        bad = ~(np.abs(lon) <= 180) | ~(np.abs(lat) <= 90)
        return Rows(batch, self.has, mmsi, times, kind, refused, problems, lon, lat, bad)

    def _understand(self, batch: Batch) -> Batch:
        """What the rows so far tell about all: the order of dates, the units of scaled numbers, and what a
        column holds that is only called `type`. Returns the batch with that column under the right name."""
        evidence, columns = self.evidence, self.columns
        if not evidence.settled:
            evidence.learn(batch, columns, lambda: self._time_texts(batch)[0], self.rules.order)
        now, before = evidence.understanding(columns), self._understood
        if now != before:
            if before is not None:
                evidence.change()
                self._contradict(before, now)
            self._understood = now
            self._factors = columns.factors | {name: columns.scaled[name] for name in now.scaled}
            if now.scaled and before is None:
                self.notes.append(_said(now.scaled))
            if self._order is DateOrder.UNKNOWN:
                self.rules = self.rules._replace(order=now.order)
            self.has = {name: place for name, place in columns.places.items() if name != ANY_TYPE}
            if ANY_TYPE in columns.places:
                if now.type and not self._mixed:
                    self.has[now.type] = columns.places[ANY_TYPE]
                self.notes.append(_TYPE[now.type if not self._mixed else ""])
            self.changes += 1
        return batch.also(now.type, ANY_TYPE) if now.type else batch

    def _contradict(self, before: Understanding, now: Understanding) -> None:
        """Rows contradict earlier ones, in a text that can be read only once: what is not sure any more is
        left out from here on."""
        if changed := before.scaled ^ now.scaled:
            self._dropped |= changed
            self.notes.append(
                f"later rows contradict the unit in which {', '.join(sorted(changed))} began, and are read "
                "without that; give it with --units, such as --units sog=kn"
            )
        self._mixed |= bool(before.type) and before.type != now.type

    def _time_texts(self, batch: Batch) -> tuple[list[str], Ints]:
        if "year" in self.columns.places:
            return moments(batch, self.columns.places)
        texts, which = batch.texts("time")
        if "date" not in self.columns.places:
            zone = self.columns.zone
            return [_zoned(text, zone) for text in texts] if zone else texts, which
        days, of = batch.texts("date")
        pairs, index = np.unique(of * (len(texts) + 1) + which, return_inverse=True)
        joined = [divmod(pair, len(texts) + 1) for pair in pairs.tolist()]
        zone = self.columns.zone
        return [_zoned(f"{days[day]} {texts[time]}", zone) for day, time in joined], index

    def _times(self, batch: Batch) -> tuple[Ints, dict[int, Outcome]]:
        """Milliseconds, and the rows whose time cannot be read for a reason to be told."""
        if "time" not in self.columns.places:
            return np.full(batch.rows, NO_TIME), {}
        known = batch.times()
        if known is not None:
            return known, {}
        texts, which = self._time_texts(batch)
        column = iso_times(texts) if not self.rules.zone else np.full(len(texts), NO_TIME)
        wrong = {}
        for i in np.flatnonzero(column == NO_TIME).tolist():
            found = _time(texts[i], self.rules, self.columns.zone)
            if isinstance(found, TimeProblem):
                wrong[i] = _PROBLEMS[found]
            elif found is not None:
                column[i] = found
        if any(map(_is_serial, texts)):
            self.notes.append("its times are days since 1899-12-30, as spreadsheets count them")
        rows = np.flatnonzero(np.isin(which, list(wrong))).tolist() if wrong else []
        return column[which], {row: wrong[int(which[row])] for row in rows}

    def numbers(self, batch: Batch, name: str) -> Floats:
        """A column in the units of AIS, NaN where there is no number, or no column."""
        if name not in self.columns.places or name in self._dropped:
            return np.full(batch.rows, np.nan)
        found = batch.numbers(name)
        missing = np.flatnonzero(np.isnan(found))
        if len(missing) and name in _WITH_UNITS:  # cells with a unit or a letter of the compass
            texts, which = batch.texts(name)
            told = {i: values.measure(texts[i]) for i in np.unique(which[missing]).tolist() if texts[i]}
            if any(each is not None for each in told.values()):
                read = np.full(len(texts), np.nan)
                for i, each in told.items():
                    read[i] = np.nan if each is None else each
                found = found.copy()
                found[missing] = read[which[missing]]
        found = np.where(np.abs(found) <= values.MOST, found, np.nan) * self._factors.get(name, 1.0)
        if name in ("lon", "lat") and (f"{name}_side" in self.has or f"{name}_min" in self.has):
            joined = self._understood is not None and self._understood.joined
            found = degrees(batch, name, found, self.has, joined=joined)
        return found

    def doubt(self, name: str, numbers: Floats) -> None:
        """Say it where numbers are too large for the unit that they are read in."""
        most, advice = _MOST.get(name, (np.inf, ""))
        if advice and advice not in self._doubted:
            there = known(numbers)
            if len(there) and (np.abs(there) > most).mean() >= _DOUBTFUL:
                self._doubted.add(advice)
                self.notes.append(f"{name} is up to {np.abs(there).max():.6g}: {advice}")


def _said(scaled: Collection[str]) -> str:
    """How scaled numbers are read."""
    units = ",".join(f"{name}={_USUAL[name]}" for name in _USUAL if name in scaled)
    said = ", ".join(_SCALED[name] for name in _SCALED if name in scaled)
    return f"{said}; where they are not, give --units {units}"


def _zoned(text: str, zone: str) -> str:
    """A time with the zone that its column names, if it has none itself."""
    return text if not text or not zone or _HAS_ZONE.search(text) else text + zone


def _time(text: str, rules: TextRules, zone: str) -> Any:
    found = read_cell(text.strip(), rules)
    if found is None and (number := values.number(text)) is not None:
        found = epochs(np.array([number]))[0].item()
        if found == NO_TIME and _is_serial(text):
            moment = round((number - _SERIAL_OF_1970) * 86_400_000)
            found = read_cell(to_text(moment).removesuffix("Z") + zone, rules)
    return found if found is not None and found != NO_TIME else None


def _is_serial(text: str) -> bool:
    """Whether a number may be the days since 1899-12-30, as spreadsheets count them: from 2000 to 2049."""
    return _SERIAL.fullmatch(text.strip()) is not None and 36_526 <= float(text) < 54_789


def epochs(numbers: Floats) -> Ints:
    """Milliseconds of numbers of seconds, milli-, micro- or nanoseconds since 1970, told by their size."""
    result = np.full(len(numbers), NO_TIME)
    for least, most, factor in ((1e8, 1e11, 1e3), (1e11, 1e14, 1.0), (1e14, 1e17, 1e-3), (1e17, 1e20, 1e-6)):
        fits = (numbers >= least) & (numbers < most)
        result[fits] = np.floor(numbers[fits] * factor + 1e-4).astype(np.int64)
    return result


def codes(batch: Batch, name: str, read: Callable[[Any], int], none: int) -> Ints:
    """A column of texts as codes."""
    try:
        texts, which = batch.texts(name)
    except KeyError:
        return np.full(batch.rows, none)
    return np.array([read(text) for text in texts] or [none], np.int64)[which]


def _mmsis(batch: Batch) -> Ints:
    """MMSIs, 0 where there is none."""
    numbers = np.nan_to_num(batch.numbers("mmsi"), nan=0.0)
    good = (numbers > 0) & (numbers <= 999_999_999) & (numbers == np.floor(numbers))
    doubtful = np.flatnonzero((numbers >= 1e8) & (numbers % 1000 == 0))
    if len(doubtful):  # a spreadsheet may have left out digits: `2.73E+08`
        texts, which = batch.take(doubtful).texts("mmsi")
        good[doubtful] &= ~np.array([values.is_shortened(text) for text in texts])[which]
    if good.all():
        return numbers.astype(np.int64)
    return np.where(good, np.where(good, numbers, 0).astype(np.int64), codes(batch, "mmsi", values.mmsi, 0))


def _kinds(batch: Batch, has: dict[str, int]) -> tuple[Ints, Flags]:
    """The message type of each row (0: not told), and which rows are of a kind that reports no vessel."""
    kind = np.zeros(batch.rows, np.int64)
    if "class" in has:
        texts, which = batch.texts("class")
        kind = np.array([_kind_of_class(text) for text in texts] or [0], np.int64)[which]
    if "kind" in has:
        told = codes(batch, "kind", lambda text: values.whole(text) or 0, 0)
        kind = np.where((told > 0) & (told <= 27), told, kind)
    return kind, (kind != 0) & ~np.isin(kind, _KINDS)


def _kind_of_class(text: str) -> int:
    said = values.plain(text)
    if said in _BASE_STATION:
        return 4
    if said in _AIRCRAFT:
        return 9
    if said in _NO_VESSEL:
        return 21
    return 18 if values.is_class_b(text) else 0
