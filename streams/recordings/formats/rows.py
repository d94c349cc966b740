"""Rows: a batch of rows of a table in columns, written as lines with the AIS messages that say the same.

Each row becomes one line: a tag block with its time, its position and, where it is new and now and then, its
static data; or the reason why it becomes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.source_hints import DateOrder
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.time_text import TextRules, TimeProblem, day_month, read_time
from streams.decoding.records import values
from streams.decoding.records.layout import fill_of, pack_columns
from streams.decoding.records.record import NO_SECOND
from streams.recordings.formats.batch import Batch, Floats, Ints
from streams.recordings.formats.columns import ColumnMap
from streams.recordings.formats.row_sentences import can_be_told, position_lines
from streams.recordings.formats.row_statics import RowStatics, detached

_UNTOLD: Final = -1
_POSITIONS: Final = (1, 2, 3, 4, 9, 18, 19, 27)
_KINDS: Final = (*_POSITIONS, 5, 24)
_MEASURES: Final = ("sog", "cog", "heading", "length", "width", "draught")
_USUAL: Final = {"lon": "deg", "lat": "deg", "sog": "kn", "cog": "deg", "draught": "m"}
_SCALED: Final = {
    "sog": "speeds are in tenths of a knot",
    "draught": "draughts are in decimetres",
    "lon": "positions are in 1/600,000 degree",
    "cog": "courses are in tenths of a degree",
}
_BASE_STATION: Final = ("basestation",)
_AIRCRAFT: Final = ("sarairborne", "searchandrescueaircraft", "saraircraft")
_NO_VESSEL: Final = ("aton", "aidtonavigation", "navaid")


@dataclass(slots=True)
class RowWriter:
    """Writes batches of one table, one after the other."""

    columns: ColumnMap
    rules: TextRules
    _decided: bool = False
    _statics: RowStatics | None = None
    _factors: dict[str, float] = field(default_factory=dict)
    _with_units: set[str] = field(default_factory=set)
    """Columns whose cells have a unit or a letter of the compass behind the number."""
    notes: list[str] = field(default_factory=list)

    def lines(self, batch: Batch) -> list[bytes]:
        """A line for each row, without a line feed."""
        self._decide(batch)
        has, rows = self.columns.places, batch.rows
        mmsi = _mmsis(batch)
        times, problems = self._times(batch)
        kind, refused = _kinds(batch, has)
        found = {name: self._numbers(batch, name) for name in ("lon", "lat", "sog", "cog", "heading")}
        bad = ~(np.abs(found["lon"]) <= 180) | ~(np.abs(found["lat"]) <= 90)
        found["lon"][bad] = found["lat"][bad] = np.nan
        self._statics = self._statics or RowStatics(has, self._numbers)
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

    def _decide(self, batch: Batch) -> None:
        """What the first rows tell about the others: the order of dates, and whether speeds are tenths."""
        if self._decided or not batch.rows:
            return
        self._decided = True
        self._factors = dict(self.columns.factors)
        for name in ("lon", "lat", *_MEASURES):
            if name in self.columns.places and _has_units(batch, name):
                self._with_units.add(name)
        self._scale(batch)
        if self.rules.order is DateOrder.UNKNOWN:
            order = self.columns.order
            if order is DateOrder.UNKNOWN and batch.times() is None and "time" in self.columns.places:
                pairs = [day_month(text.encode()) for text in self._time_texts(batch)[0]]
                over = [any(pair and pair[place] > 12 for pair in pairs) for place in (0, 1)]
                if over[0] != over[1]:
                    order = DateOrder.DAY_FIRST if over[0] else DateOrder.MONTH_FIRST
            self.rules = self.rules._replace(order=order)

    def _scale(self, batch: Batch) -> None:
        """Where the layout may have scaled numbers, and the first ones are whole numbers, they are."""
        scaled = self.columns.scaled
        for name in ("lon", "lat"):
            if name in scaled and not (np.abs(_known(batch.numbers(name))) > 180).any():
                return  # degrees; then no other number is scaled either
        whole = [name for name in scaled if _are_whole(_known(batch.numbers(name)))]
        if "sog" in whole or "lon" in whole:
            self._factors |= {name: scaled[name] for name in whole}
            units = ",".join(f"{name}={_USUAL[name]}" for name in whole)
            said = ", ".join(_SCALED[name] for name in whole if name in _SCALED)
            self.notes.append(f"{said}; where they are not, give --units {units}")

    def _time_texts(self, batch: Batch) -> tuple[list[str], Ints]:
        texts, which = batch.texts("time")
        if "date" not in self.columns.places:
            return texts, which
        days, of = batch.texts("date")
        pairs, index = np.unique(of * (len(texts) + 1) + which, return_inverse=True)
        joined = [divmod(pair, len(texts) + 1) for pair in pairs.tolist()]
        return [f"{days[day]} {texts[time]}" for day, time in joined], index

    def _times(self, batch: Batch) -> tuple[Ints, dict[int, Outcome]]:
        """Milliseconds, and the rows whose time cannot be read for a reason to be told."""
        if "time" not in self.columns.places:
            return np.full(batch.rows, _UNTOLD), {}
        known = batch.times()
        if known is not None:
            return known, {}
        texts, which = self._time_texts(batch)
        read = [_time(text, self.rules) for text in texts]
        problems = {
            TimeProblem.ZONE: Outcome.UNKNOWN_ZONE,
            TimeProblem.DATE_ORDER: Outcome.UNKNOWN_DATE_ORDER,
        }
        column = np.array([t if isinstance(t, int) else _UNTOLD for t in read] or [_UNTOLD], np.int64)
        wrong = {i: problems[t] for i, t in enumerate(read) if isinstance(t, TimeProblem)}
        rows = np.flatnonzero(np.isin(which, list(wrong))).tolist() if wrong else []
        return column[which], {row: wrong[int(which[row])] for row in rows}

    def _numbers(self, batch: Batch, name: str) -> Floats:
        if name not in self.columns.places:
            return np.full(batch.rows, np.nan)
        found = batch.numbers(name)
        if name in self._with_units:
            texts, which = batch.texts(name)
            told = [values.measure(text) for text in texts]
            read = np.array([np.nan if each is None else each for each in told] or [np.nan])[which]
            found = np.where(np.isnan(found), read, found)
        found = np.where(np.abs(found) <= values.MOST, found, np.nan)
        return found * self._factors.get(name, 1.0)

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


def _known(numbers: Floats) -> Floats:
    found: Floats = numbers[~np.isnan(numbers)]
    return found


def _are_whole(numbers: Floats) -> bool:
    return bool(len(numbers) and (numbers == np.round(numbers)).all())


def _has_units(batch: Batch, name: str) -> bool:
    """Whether cells of a column are numbers only together with what stands behind them."""
    missing = np.flatnonzero(np.isnan(batch.numbers(name)))
    if not len(missing):
        return False
    texts, which = batch.texts(name)
    cells = {texts[place] for place in np.unique(which[missing]).tolist()}
    return any(values.measure(cell) is not None for cell in cells)


def _head(line: bytes, drop: bool) -> bytes:
    """The line with its position, or only its tag block."""
    return line[: line.index(b"!")] if drop else line


def refused_line(outcome: Outcome, row: bytes) -> bytes:
    """A line that tells the Decoder what becomes of a row, and the row as it stands."""
    return msgspec.json.encode({"outcome": outcome.value, "row": row.decode("utf-8", "replace")})


def _time(text: str, rules: TextRules) -> Any:
    found = read_time(text.strip().encode(), rules)
    if found is None and (number := values.number(text)) is not None:
        found = epochs(np.array([number]))[0].item()
    return found if found is not None and found != _UNTOLD else None


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
