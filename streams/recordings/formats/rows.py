"""Rows: a batch of rows of a table in columns, written as lines with the AIS messages that say the same.

Each row becomes one line: a tag block with its time, its position and, where it is new and now and then, its
static data; or the reason why it becomes nothing.
"""

from typing import Final

import msgspec
import numpy as np

from streams.decoding.lines.outcome import Outcome
from streams.decoding.records import values
from streams.decoding.records.layout import fill_of, pack_columns
from streams.decoding.records.record import NO_SECOND
from streams.recordings.formats.batch import Batch, Flags, Floats, Ints
from streams.recordings.formats.row_contents import RowContents, silent
from streams.recordings.formats.row_reader import RowReader, Rows, codes
from streams.recordings.formats.row_sentences import position_lines
from streams.recordings.formats.row_statics import RowStatics, detached

_POSITIONS: Final = (1, 2, 3, 4, 9, 18, 19, 27)
_SPEEDS: Final = ("sog", "cog", "heading")


class RowWriter:
    """Writes batches of one table, one after the other, as they are read by `reader`."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._contents = RowContents(reader)
        self._statics = RowStatics(self._contents)

    def lines(self, batch: Batch) -> list[bytes]:
        """A line for each row, without a line feed."""
        rows = self._reader.read(batch)
        found = {"lon": rows.lon, "lat": rows.lat}
        found |= {name: self._reader.numbers(rows.batch, name) for name in _SPEEDS}
        for name, numbers in found.items():
            self._reader.doubt(name, numbers)
        for name in ("lon", "lat"):
            found[name] = np.where(rows.bad, np.nan, found[name])
        contents = self._contents.of(rows.batch)
        if "draught" in rows.has:
            self._reader.doubt("draught", self._reader.numbers(rows.batch, "draught"))
        nothing = silent(rows, self._contents, lambda chosen: contents.ids[chosen])
        static = self._statics.sentences(rows, contents)  # the ids may be others after it
        lines = _positions(rows, found)
        alone = rows.own | rows.bad
        for row, sentences in static.items():
            if alone[row]:
                lines[row] = lines[row][: lines[row].index(b"!")] + detached(sentences)
            else:
                lines[row] += sentences
        for row, outcome in rows.outcomes(nothing).items():
            lines[row] = refused_line(outcome, batch.raw(row))
        return lines


def _positions(rows: Rows, found: dict[str, Floats]) -> list[bytes]:
    batch, kind = rows.batch, rows.kind
    lines: list[bytes] = [b""] * batch.rows
    status = codes(batch, "status", values.status, values.NO_STATUS)
    has_station = "station" in rows.has
    names, of = batch.texts("station") if has_station else ([], np.zeros(batch.rows, np.int64))
    sent = np.where(np.isin(kind, _POSITIONS), kind, 1)
    for each in np.unique(sent).tolist():
        chosen = np.flatnonzero(sent == each)
        fields = _position_fields(each, {name: column[chosen] for name, column in found.items()})
        fields |= {
            "mmsi": rows.mmsi[chosen],
            "status": status[chosen],
            "turn": np.full(len(chosen), 128),
        }
        name = str(each)
        payload = pack_columns(name, fields, len(chosen))
        stations = [names[index] for index in of[chosen].tolist()] if has_station else []
        made = position_lines(rows.times[chosen], payload, fill_of(name), stations)
        if len(chosen) == batch.rows:
            return made
        for row, line in zip(chosen.tolist(), made, strict=True):
            lines[row] = line
    return lines


def refused_line(outcome: Outcome, row: bytes) -> bytes:
    """A line that tells the Decoder what becomes of a row, and the row as it stands."""
    return msgspec.json.encode({"outcome": outcome.value, "row": row.decode("utf-8", "replace")})


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


def _rounded(column: Floats, good: Flags, none: int) -> Ints:
    return np.where(good, np.rint(np.where(good, column, 0.0)), none).astype(np.int64)
