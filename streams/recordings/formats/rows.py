"""Rows: a batch of rows of a table in columns, written as lines with the AIS messages that say the same.

Each row becomes one line: a tag block with its time, its position and, as often as transponders send it, its
static data; or the reason why it becomes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.date_order import DateOrder
from models.time import MINUTE
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import ATTACHED, checksum
from streams.decoding.lines.time_text import TextRules, TimeProblem, day_month, read_time
from streams.decoding.records import values
from streams.decoding.records.layout import fill_of, pack_columns
from streams.decoding.records.record import NO_SECOND, Record
from streams.recordings.formats.columns import ColumnMap

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_STATIC_EVERY: Final = 6 * MINUTE
"""How often transponders send static data (ITU-R M.1371-5, annex 1)."""
_MOST_VESSELS: Final = 1_000_000
_EARLIEST, _LATEST = 10**12, 10**13  # milliseconds of 13 digits: from 2001 to 2286
_UNTOLD: Final = -1
_HEX: Final = np.frombuffer(b"0123456789ABCDEF", np.uint8)
_SENTENCE: Final = b"!AIVDM,1,1,,,"
_POSITIONS: Final = (1, 2, 3, 4, 9, 18, 19, 27)
_KINDS: Final = (*_POSITIONS, 5, 24)
_BASE_STATION: Final = ("basestation",)
_AIRCRAFT: Final = ("sarairborne", "searchandrescueaircraft", "saraircraft")
_NO_VESSEL: Final = ("aton", "aidtonavigation", "navaid")


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `texts` gives a column by what it holds as texts (distinct ones, and which each row has),
    `numbers` as numbers, NaN where there is none, `times` the column of times as milliseconds where it is not
    text, `raw` a row as it stands."""

    rows: int
    texts: Callable[[str], tuple[list[str], Ints]]
    numbers: Callable[[str], Floats]
    times: Callable[[], Ints | None]
    raw: Callable[[int], bytes]


@dataclass(slots=True)
class RowWriter:
    """Writes batches of one table, one after the other."""

    columns: ColumnMap
    rules: TextRules
    _decided: bool = False
    _static: dict[int, tuple[int, int]] = field(default_factory=dict)  # by MMSI: hash of the last, its slot
    _factors: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def lines(self, batch: Batch) -> list[bytes]:
        """A line for each row, without a line feed."""
        self._decide(batch)
        has, rows = self.columns.places, batch.rows
        mmsi = _codes(batch, "mmsi", values.mmsi, 0) if rows else np.empty(0, np.int64)
        times, problems = self._times(batch)
        kind, refused = _kinds(batch, has)
        found = {name: self._numbers(batch, name) for name in ("lon", "lat", "sog", "cog", "heading")}
        bad = ~(np.abs(found["lon"]) <= 180) | ~(np.abs(found["lat"]) <= 90)
        found["lon"][bad] = found["lat"][bad] = np.nan
        static = self._statics(batch, mmsi, times, kind)
        stated = np.isin(np.arange(rows), list(static))
        own = (kind == 5) | (kind == 24)
        silent = ~stated & (own | (bad & ~self._repeated(batch)))
        lines = self._positions(batch, mmsi, times, kind, found)
        for row, sentences in static.items():
            alone = bool(own[row] or bad[row])
            lines[row] = _head(lines[row], alone) + (
                sentences.replace(b",+,", b",,", 1) if alone else sentences
            )
        outcomes: dict[int, Outcome] = {}
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
        if self.columns.tenths and "sog" in self.columns.places:
            speeds = batch.numbers("sog")
            speeds = speeds[~np.isnan(speeds)]
            if len(speeds) and (speeds == np.round(speeds)).all():
                self._factors["sog"] = 0.1
                self.notes.append("speeds are in tenths of a knot; where they are not, give --units sog=kn")
        if self.rules.order is DateOrder.UNKNOWN:
            order = self.columns.order
            if order is DateOrder.UNKNOWN and batch.times() is None and "time" in self.columns.places:
                pairs = [day_month(text.encode()) for text in self._time_texts(batch)[0]]
                over = [any(pair and pair[place] > 12 for pair in pairs) for place in (0, 1)]
                if over[0] != over[1]:
                    order = DateOrder.DAY_FIRST if over[0] else DateOrder.MONTH_FIRST
            self.rules = TextRules(self.rules.zone, order)

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
        return batch.numbers(name) * self._factors.get(name, 1.0)

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
            made = _regular(times[rows], payload, fill_of(name), stations)
            for row, line in zip(rows.tolist(), made, strict=True):
                lines[row] = line
        return lines

    def _statics(self, batch: Batch, mmsi: Ints, times: Ints, kind: Ints) -> dict[int, bytes]:
        """By row, sentences with static data: where they are new, and every six minutes."""
        has = self.columns.places
        parts = _static_columns(batch, has, self._numbers)
        if not parts or not batch.rows:
            return {}
        table = np.stack([part.index for part in parts], axis=1)
        distinct, which = np.unique(table, axis=0, return_inverse=True)
        which = which.reshape(-1)
        said = [
            tuple(part.values[i] for part, i in zip(parts, row, strict=True)) for row in distinct.tolist()
        ]
        full = np.array([any(found for found in row) for row in said])
        slots = times // _STATIC_EVERY
        wanted = full[which] & (kind != 4) & (kind != 9) & (kind != 27) & (mmsi > 0)
        rows = np.flatnonzero(wanted)
        rows = rows[np.argsort(mmsi[rows], kind="stable")]
        changed = np.ones(len(rows), np.bool_)  # against the row of the same vessel before
        changed[1:] = np.any([each[rows][1:] != each[rows][:-1] for each in (mmsi, which, slots)], axis=0)
        first = rows[changed]
        own = np.flatnonzero(wanted & np.isin(kind, (5, 24)))  # messages of their own are all written
        found: dict[int, bytes] = {}
        names = [part.name for part in parts]
        is_own = set(own.tolist())
        for row in np.union1d(first, own).tolist():
            content, slot, vessel = said[int(which[row])], int(slots[row]), int(mmsi[row])
            mark = hash(content), slot
            if self._static.get(vessel) == mark and row not in is_own:
                continue
            if len(self._static) > _MOST_VESSELS:
                self._static.clear()
            self._static[vessel] = mark
            found[row] = _static_sentences(vessel, int(kind[row]), dict(zip(names, content, strict=True)))
        return {row: sentences for row, sentences in found.items() if sentences}

    def _repeated(self, batch: Batch) -> npt.NDArray[np.bool_]:
        """Rows with static data. Where it is not written, it was lately: such a row is a repeat, not empty."""
        parts = _static_columns(batch, self.columns.places, self._numbers)
        full = np.zeros(batch.rows, np.bool_)
        for part in parts:
            full |= np.array([bool(value) for value in part.values] or [False])[part.index]
        return full


@dataclass(frozen=True, slots=True)
class _Static:
    name: str
    values: list[Any]
    index: Ints


def _static_columns(
    batch: Batch, has: dict[str, int], numbers: Callable[[Batch, str], Floats]
) -> list[_Static]:
    found = []
    for name, read in (("imo", values.imo), ("name", values.text), ("callsign", values.text)):
        if name in has:
            texts, which = batch.texts(name)
            found.append(_Static(name, [read(text) for text in texts], which))
    if "destination" in has:
        texts, which = batch.texts("destination")
        found.append(_Static("destination", [values.text(text) for text in texts], which))
    if "ship_type" in has:
        texts, which = batch.texts("ship_type")
        cargo, of = batch.texts("cargo") if "cargo" in has else ([""], np.zeros(batch.rows, np.int64))
        pairs, index = (
            np.unique(which * len(cargo) + of, return_inverse=True) if batch.rows else (which, which)
        )
        joined = [divmod(pair, len(cargo)) for pair in pairs.tolist()]
        types = [values.ship_type(texts[kind], cargo[load]) for kind, load in joined]
        found.append(_Static("ship_type", types, index.reshape(-1)))
    for name in ("length", "width", "to_bow", "to_stern", "to_port", "to_starboard", "draught"):
        if name in has:
            column = np.nan_to_num(numbers(batch, name), nan=0.0)
            distinct, which = np.unique(column, return_inverse=True)
            found.append(_Static(name, distinct.tolist(), which.reshape(-1)))
    return found


def _static_sentences(mmsi: int, kind: int, said: dict[str, Any]) -> bytes:
    sides = [said.get(f"to_{side}", 0) for side in ("bow", "stern", "port", "starboard")]
    if not any(sides):
        sides = [0, said.get("length", 0), 0, said.get("width", 0)]
    most = (511, 511, 63, 63)
    size = tuple(int(min(max(0, round(side)), top)) for side, top in zip(sides, most, strict=True))
    class_b = kind in (18, 19, 24)
    record = Record(
        mmsi=mmsi,
        kind=24 if class_b else 5,
        class_b=class_b,
        imo=said.get("imo", 0),
        name=said.get("name", ""),
        callsign=said.get("callsign", ""),
        destination=said.get("destination", ""),
        ship_type=said.get("ship_type", 0),
        size=size,  # type: ignore[arg-type]
        draught=said.get("draught"),
    )
    return b"".join(_sentence(payload.text, payload.fill) for payload in record.payloads())


def _sentence(payload: bytes, fill: int) -> bytes:
    body = b"AIVDM,1,1,,%s,%s,%d" % (ATTACHED, payload, fill)
    return b"!%s*%02X" % (body, checksum(body))


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
    with np.errstate(invalid="ignore"):
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


def _regular(times: Ints, payload: npt.NDArray[np.uint8], fill: int, stations: Sequence[str]) -> list[bytes]:
    r"""`\c:1700000000000*5A\!AIVDM,1,1,,,PAYLOAD,0*24` for each row; without a tag block where no time is."""
    rows = len(times)
    told = (times >= _EARLIEST) & (times < _LATEST)
    digits = np.empty((rows, 13), np.uint8)
    left = np.where(told, times, 0)
    for place in range(12, -1, -1):
        digits[:, place] = left % 10 + 48
        left //= 10
    end = b",%d*" % fill
    body = np.bitwise_xor.reduce(payload, axis=1) ^ np.uint8(checksum(_SENTENCE[1:] + end[:-1]))
    tag = np.bitwise_xor.reduce(digits, axis=1) ^ np.uint8(checksum(b"c:"))
    pieces = [
        b"\\c:", digits, b"*", _hex(tag), b"\\" + _SENTENCE, payload, end, _hex(body),
    ]  # fmt: skip
    whole = np.concatenate(
        [
            np.broadcast_to(np.frombuffer(p, np.uint8), (rows, len(p))) if isinstance(p, bytes) else p
            for p in pieces
        ],
        axis=1,
    )
    width, data = whole.shape[1], whole.tobytes()
    lines = [data[at : at + width] for at in range(0, rows * width, width)]
    for row in np.flatnonzero(~told).tolist():
        lines[row] = lines[row][lines[row].index(b"!") :]
    for row, station in enumerate(stations):
        if station.strip():
            lines[row] = _with_station(lines[row], station)
    return lines


def _hex(column: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return np.stack([_HEX[column >> 4], _HEX[column & 15]], axis=1)


def _with_station(line: bytes, station: str) -> bytes:
    name = "".join(letter for letter in station if letter.isalnum() or letter in "-._").encode(
        "ascii", "ignore"
    )
    place = line.index(b"!")
    time = line[1:place].partition(b"*")[0]
    body = b"s:" + name[:32] + (b"," + time if time else b"")
    return b"\\%s*%02X\\%s" % (body, checksum(body), line[place:])
