"""Rows: a batch of rows of a table in columns, written as lines with the AIS messages that say the same.

Each row becomes one line: a tag block with its time, its position and, where it is new and now and then, its
static data; or the reason why it becomes nothing.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.source_hints import DateOrder
from models.time import to_text
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.time_cell import read_cell
from streams.decoding.lines.time_text import TextRules, TimeProblem
from streams.decoding.records import values
from streams.decoding.records.layout import fill_of, pack_columns
from streams.decoding.records.names import ANY_TYPE
from streams.decoding.records.record import NO_SECOND
from streams.recordings.formats.batch import Batch, Floats, Ints
from streams.recordings.formats.columns import ColumnMap
from streams.recordings.formats.row_sentences import can_be_told, position_lines
from streams.recordings.formats.row_statics import RowStatics, detached
from streams.recordings.formats.split_columns import degrees, moments
from streams.recordings.formats.table_evidence import MOST_DEGREES, TableEvidence, Understanding, known

_UNTOLD: Final = -1
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


@dataclass(slots=True)
class RowWriter:
    """Writes batches of one table, one after the other."""

    columns: ColumnMap
    rules: TextRules
    evidence: TableEvidence
    _understood: Understanding | None = None
    _has: dict[str, int] = field(default_factory=dict)  # the columns that are read
    _statics: RowStatics | None = None
    _factors: dict[str, float] = field(default_factory=dict)
    _dropped: set[str] = field(default_factory=set)  # columns whose unit is not known any more
    _mixed: bool = False  # whether the column `type` holds this and that
    _doubted: set[str] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)
    _order: DateOrder = field(init=False)  # as the user says it

    def __post_init__(self) -> None:
        self._order = self.rules.order

    def lines(self, batch: Batch) -> list[bytes]:
        """A line for each row, without a line feed."""
        batch = self._understand(batch)
        has, rows = self._has, batch.rows
        mmsi = _mmsis(batch)
        times, problems = self._times(batch)
        kind, refused = _kinds(batch, has)
        found = {name: self._numbers(batch, name) for name in ("lon", "lat", "sog", "cog", "heading")}
        bad = ~(np.abs(found["lon"]) <= 180) | ~(np.abs(found["lat"]) <= 90)
        found["lon"][bad] = found["lat"][bad] = np.nan
        self._statics = self._statics or RowStatics(has, self._numbers)
        self._statics.places = has
        static = self._statics.sentences(batch, mmsi, times, kind)
        stated = np.isin(np.arange(rows), list(static))
        own = (kind == 5) | (kind == 24)
        silent = ~stated & (own | (bad & ~self._statics.told(batch)))
        lines = self._positions(batch, mmsi, times, kind, found)
        for row, sentences in static.items():
            alone = bool(own[row] or bad[row])
            lines[row] = _head(lines[row], alone) + (detached(sentences) if alone else sentences)
        outcomes: dict[int, Outcome] = {}
        if "time" in has:  # not the time of the row before: that one says nothing of this row
            outcomes |= dict.fromkeys(np.flatnonzero(~can_be_told(times)).tolist(), Outcome.NO_TIME)
        outcomes |= dict.fromkeys(np.flatnonzero(silent).tolist(), Outcome.NO_REPORT)
        outcomes |= dict.fromkeys(np.flatnonzero(refused).tolist(), Outcome.NO_REPORT)
        outcomes |= problems
        outcomes |= dict.fromkeys(np.flatnonzero(mmsi == 0).tolist(), Outcome.NO_MMSI)
        for row, outcome in outcomes.items():
            lines[row] = refused_line(outcome, batch.raw(row))
        return lines

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
            self._has = {name: place for name, place in columns.places.items() if name != ANY_TYPE}
            if ANY_TYPE in columns.places:
                if now.type and not self._mixed:
                    self._has[now.type] = columns.places[ANY_TYPE]
                self.notes.append(_TYPE[now.type if not self._mixed else ""])
        alias = now.type

        def texts(name: str) -> tuple[list[str], Ints]:
            return batch.texts(ANY_TYPE if alias and name == alias else name)

        return replace(batch, texts=texts) if alias else batch

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
            return np.full(batch.rows, _UNTOLD), {}
        known = batch.times()
        if known is not None:
            return known, {}
        texts, which = self._time_texts(batch)
        read = [_time(text, self.rules, self.columns.zone) for text in texts]
        if any(map(_is_serial, texts)):
            self.notes.append("its times are days since 1899-12-30, as spreadsheets count them")
        problems = {
            TimeProblem.ZONE: Outcome.UNKNOWN_ZONE,
            TimeProblem.DATE_ORDER: Outcome.UNKNOWN_DATE_ORDER,
        }
        column = np.array([t if isinstance(t, int) else _UNTOLD for t in read] or [_UNTOLD], np.int64)
        wrong = {i: problems[t] for i, t in enumerate(read) if isinstance(t, TimeProblem)}
        rows = np.flatnonzero(np.isin(which, list(wrong))).tolist() if wrong else []
        return column[which], {row: wrong[int(which[row])] for row in rows}

    def _numbers(self, batch: Batch, name: str) -> Floats:
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
                found[missing] = read[which[missing]]
        found = np.where(np.abs(found) <= values.MOST, found, np.nan) * self._factors.get(name, 1.0)
        if name in ("lon", "lat") and (f"{name}_side" in self._has or f"{name}_min" in self._has):
            joined = self._understood is not None and self._understood.joined
            found = degrees(batch, name, found, self._has, joined=joined)
        self._doubt(name, found)
        return found

    def _doubt(self, name: str, numbers: Floats) -> None:
        """Say it where numbers are too large for the unit that they are read in."""
        most, advice = _MOST.get(name, (np.inf, ""))
        if advice and advice not in self._doubted:
            there = known(numbers)
            if len(there) and (np.abs(there) > most).mean() >= _DOUBTFUL:
                self._doubted.add(advice)
                self.notes.append(f"{name} is up to {np.abs(there).max():.6g}: {advice}")

    def _positions(
        self, batch: Batch, mmsi: Ints, times: Ints, kind: Ints, found: dict[str, Floats]
    ) -> list[bytes]:
        lines: list[bytes] = [b""] * batch.rows
        status = _codes(batch, "status", values.status, values.NO_STATUS)
        has_station = "station" in self.columns.places
        names, of = batch.texts("station") if has_station else ([], np.zeros(batch.rows, np.int64))
        sent = np.where(np.isin(kind, _POSITIONS), kind, 1)
        for each in np.unique(sent).tolist():
            rows = np.flatnonzero(sent == each)
            fields = _position_fields(each, {name: column[rows] for name, column in found.items()})
            fields |= {"mmsi": mmsi[rows], "status": status[rows], "turn": np.full(len(rows), 128)}
            name = str(each)
            payload = pack_columns(name, fields, len(rows))
            stations = [names[index] for index in of[rows].tolist()] if has_station else []
            made = position_lines(times[rows], payload, fill_of(name), stations)
            for row, line in zip(rows.tolist(), made, strict=True):
                lines[row] = line
        return lines


def _said(scaled: Collection[str]) -> str:
    """How scaled numbers are read."""
    units = ",".join(f"{name}={_USUAL[name]}" for name in _USUAL if name in scaled)
    said = ", ".join(_SCALED[name] for name in _SCALED if name in scaled)
    return f"{said}; where they are not, give --units {units}"


def _zoned(text: str, zone: str) -> str:
    """A time with the zone that its column names, if it has none itself."""
    return text if not text or not zone or _HAS_ZONE.search(text) else text + zone


def _head(line: bytes, drop: bool) -> bytes:
    """The line with its position, or only its tag block."""
    return line[: line.index(b"!")] if drop else line


def refused_line(outcome: Outcome, row: bytes) -> bytes:
    """A line that tells the Decoder what becomes of a row, and the row as it stands."""
    return msgspec.json.encode({"outcome": outcome.value, "row": row.decode("utf-8", "replace")})


def _time(text: str, rules: TextRules, zone: str) -> Any:
    found = read_cell(text.strip(), rules)
    if found is None and (number := values.number(text)) is not None:
        found = epochs(np.array([number]))[0].item()
        if found == _UNTOLD and _is_serial(text):
            moment = round((number - _SERIAL_OF_1970) * 86_400_000)
            found = read_cell(to_text(moment).removesuffix("Z") + zone, rules)
    return found if found is not None and found != _UNTOLD else None


def _is_serial(text: str) -> bool:
    """Whether a number may be the days since 1899-12-30, as spreadsheets count them: from 2000 to 2049."""
    return _SERIAL.fullmatch(text.strip()) is not None and 36_526 <= float(text) < 54_789


def epochs(numbers: Floats) -> Ints:
    """Milliseconds of numbers of seconds, milli-, micro- or nanoseconds since 1970, told by their size."""
    result = np.full(len(numbers), _UNTOLD)
    for least, most, factor in ((1e8, 1e11, 1e3), (1e11, 1e14, 1.0), (1e14, 1e17, 1e-3), (1e17, 1e20, 1e-6)):
        fits = (numbers >= least) & (numbers < most)
        result[fits] = np.floor(numbers[fits] * factor + 1e-4).astype(np.int64)
    return result


def _codes(batch: Batch, name: str, read: Callable[[Any], int], none: int) -> Ints:
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
    if ((numbers >= 1e8) & (numbers % 1000 == 0)).any():  # a spreadsheet may have left out digits: `2.73E+08`
        texts, which = batch.texts("mmsi")
        good &= ~np.array([values.is_shortened(text) for text in texts] or [False])[which]
    if good.all():
        return numbers.astype(np.int64)
    return np.where(good, np.where(good, numbers, 0).astype(np.int64), _codes(batch, "mmsi", values.mmsi, 0))


def _kinds(batch: Batch, has: dict[str, int]) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """The message type of each row (0: not told), and which rows are of a kind that reports no vessel."""
    kind = np.zeros(batch.rows, np.int64)
    if "class" in has:
        texts, which = batch.texts("class")
        codes = [_kind_of_class(text) for text in texts]
        kind = np.array(codes or [0], np.int64)[which]
    if "kind" in has:
        told = _codes(batch, "kind", lambda text: values.whole(text) or 0, 0)
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


def _position_fields(kind: int, found: dict[str, Floats]) -> dict[str, Ints]:
    """The same numbers as `Record.payloads` gives one by one."""
    scale = 600 if kind == 27 else 600_000
    placed = ~np.isnan(found["lon"]) & ~np.isnan(found["lat"])
    unit, most, none = {9: (1, 1022, 1023), 27: (1, 62, 63)}.get(kind, (10, 1022, 1023))
    sog, cog, heading = found["sog"], found["cog"], found["heading"]
    turns, no_cog = (360, 511) if kind == 27 else (3600, 3600)
    with np.errstate(invalid="ignore", over="ignore"):
        fields = {
            "lon": _rounded(np.where(placed, found["lon"], 181.0) * scale, np.full(len(sog), True), 0),
            "lat": _rounded(np.where(placed, found["lat"], 91.0) * scale, np.full(len(sog), True), 0),
            "sog": np.minimum(_rounded(sog * unit, (sog >= 0) & (sog < 102.25), none), max(most, none)),
            "cog": _rounded(cog * (turns // 360), (cog >= 0) & (cog < 360), no_cog),
            "heading": _rounded(heading, (heading >= 0) & (heading < 360), 511),
            "second": np.full(len(sog), NO_SECOND),
        }
        fields["cog"] = np.where((cog >= 0) & (cog < 360), fields["cog"] % turns, no_cog)
        fields["heading"] = np.where((heading >= 0) & (heading < 360), fields["heading"] % 360, 511)
    if kind == 4:
        fields |= {"hour": np.full(len(sog), 24), "minute": np.full(len(sog), 60)}
    return fields


def _rounded(column: Floats, good: npt.NDArray[np.bool_], none: int) -> Ints:
    return np.where(good, np.rint(np.where(good, column, 0.0)), none).astype(np.int64)
