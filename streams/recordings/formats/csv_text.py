"""CSV: rows of text, of any layout whose columns are known by their names or named by the user."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.frame import Frame
from streams.decoding.lines.outcome import Outcome
from streams.decoding.records.names import fields_of
from streams.decoding.records.values import number
from streams.recordings.errors import Interrupted, SourceError
from streams.recordings.formats.batch import Batch, Ints
from streams.recordings.formats.columns import ColumnMap, map_columns
from streams.recordings.formats.csv_lines import LONGEST, Quotes, plain_rows
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.frames import frames_of
from streams.recordings.formats.look import Look, RowLook, look_of
from streams.recordings.formats.row_reader import RowReader
from streams.recordings.formats.rows import RowWriter, refused_line
from streams.recordings.formats.table_columns import TableColumns

_SIGNS: Final = (b",", b";", b"\t", b"|")
_BLOCK: Final = 1 << 20
"""Bytes of rows that are read at once."""
_MOST_JOINED: Final = 20
"""Lines that one row may go on over, inside of quotes."""
_HEADER_WITHIN: Final = 20
"""Lines of which one may be the header."""
_INNER: Final = "\x1e"
"""In a quoted cell, in place of the sign between cells."""
_GOES_ON: Final = b"# goes on in the line above"
_FORMULA: Final = re.compile(rb'"=""([^"\n]*)"""|="([^"\n]*)"')
"""How Excel is told that a number is a text."""
_DIGITS: Final = tuple(b"%d" % digit for digit in range(10))
_MOST_DIGITS: Final = 12
"""Of a header."""
_SEP: Final = re.compile(rb"sep=(.)\s*$", re.IGNORECASE)


class CsvText:
    """Rows with a header, or with `--columns`."""

    name = "csv"
    about = (
        "CSV of NOAA MarineCadastre, the Danish Maritime Authority, Global Fishing Watch, "
        "MarineTraffic, Spire, "
        "exactEarth, and any other whose columns have usual names or are named with --columns."
    )

    def recognises(self, head: bytes) -> bool:
        return _looks_like_rows(head)

    def frames(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
        first = 1  # number of the next line
        for table, rows in _tables(text, cutting):
            made = table.lines(rows)
            yield from frames_of(source, made, first, cutting)
            first += len(made)

    def looks(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Look]:
        for table, rows in _tables(text, cutting):
            yield table.look(source, rows)


def _tables(text: Iterator[bytes], cutting: Cutting) -> Iterator[tuple["_Table", bytes]]:
    """Many lines of a text at a time, with their table: each header begins one, as where files of several
    layouts were put together. Raises SourceError where the columns of one are not known."""
    table: _Table | None = None
    for block in _blocks(text):
        begin = at = 0
        if table is None:
            table = _Table(block.split(b"\n"), cutting)
            at = table.begin
        while (place := table.next_header(block, at)) is not None:
            if place > begin:
                yield table, block[begin : place - 1]
            lines = block[place:].split(b"\n", _HEADER_WITHIN)[:_HEADER_WITHIN]
            table, begin, at = _Table(lines, cutting), place, place + len(lines[0])
        yield table, block[begin:]


def _blocks(text: Iterator[bytes]) -> Iterator[bytes]:
    """Many lines of a text at a time, without the last line feed. Raises what the text raises, after the
    lines before it."""
    rest, size = [b""], 0
    fault: SourceError | None = None
    try:
        for chunk in text:
            rest.append(chunk)
            size += len(chunk)
            if size >= _BLOCK and b"\n" in chunk:
                data = b"".join(rest)
                end = data.rfind(b"\n") + 1
                yield data[: end - 1]
                rest, size = [data[end:]], len(data) - end
    except Interrupted:
        data = b"".join(rest)
        if b"\n" in data:
            yield data[: data.rfind(b"\n")]
        return
    except SourceError as error:
        fault = error
    data = b"".join(rest)
    if data:
        yield data.removesuffix(b"\n")
    if fault is not None:
        raise fault


@dataclass(frozen=True, slots=True)
class _Dialect:
    sign: bytes
    header: tuple[str, ...]
    """Empty where there is none."""
    place: int
    """Of the header among the lines."""


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of a text: those that are rows, in columns, and what is written in place of the others."""

    lines: list[bytes]
    places: Ints
    """Of the lines that are rows."""
    rows: Batch | None
    """None without any."""
    others: dict[int, bytes]


class _Table:
    """The rows of one text. Raises SourceError where its columns are not known."""

    def __init__(self, lines: Sequence[bytes], cutting: Cutting) -> None:
        found = _dialect(lines)
        options = cutting.columns
        if not found.header and not options.names:
            raise SourceError(
                "has no header that names its columns; name them by their numbers, such as --columns "
                "mmsi=1,time=2,lat=3,lon=4"
            )
        width = len(found.header) or max((len(_cells(line, found.sign)) for line in lines[:20]), default=0)
        header = found.header or tuple(str(place) for place in range(1, width + 1))
        self._map: ColumnMap = map_columns(header, options)
        self._sign, self._width, self._header = found.sign, width, found.place
        self._quotes = Quotes(found.sign, width)
        self._apostrophes = _has_apostrophes(lines, found)
        self._again = self._usual(lines[found.place]).rstrip(b"\r") if found.place >= 0 else None
        self.begin = sum(len(line) + 1 for line in lines[: found.place + 1])
        """Where its rows begin, in bytes."""
        self._note = cutting.note
        self._reader = RowReader(self._map, cutting.rules, cutting.evidence)
        self._writer, self._look = RowWriter(self._reader), RowLook(self._reader)
        cutting.note(self._map.note)

    def next_header(self, block: bytes, at: int) -> int | None:
        """Where the next line begins that is a header, and not this one again."""
        if self._again is None:
            return None
        lower = block.lower()
        while (found := lower.find(b"mmsi", at)) >= 0:
            begin = block.rfind(b"\n", 0, found) + 1
            end = block.find(b"\n", found)
            at = end if end >= 0 else len(block)
            line = block[begin:at].rstrip(b"\r")
            if line != self._again and self._is_header(line):
                return begin
        return None

    def _is_header(self, line: bytes) -> bool:
        if sum(line.count(digit) for digit in _DIGITS) > _MOST_DIGITS:
            return False
        other = _dialect([line]).header
        held = set(fields_of(list(other)).values())
        return {"mmsi", "time", "lat", "lon"} <= held and not any(number(cell) is not None for cell in other)

    def lines(self, text: bytes) -> list[bytes]:
        """The lines with the messages of these."""
        block = self._block(text)
        made = self._writer.lines(block.rows) if block.rows is not None else []
        for note in self._reader.notes:
            self._note(note)
        self._reader.notes.clear()
        if not block.others:
            return made
        result = [b""] * len(block.lines)
        for at, line in zip(block.places.tolist(), made, strict=True):
            result[at] = line
        for at, line in block.others.items():
            result[at] = line
        return result

    def look(self, source: str, text: bytes) -> Look:
        """The times that these lines tell, or lines that tell the same."""
        block = self._block(text)
        told = self._look.times(block.rows) if block.rows is not None else None
        self._reader.notes.clear()
        return look_of(source, len(block.lines), block.places, told, block.others)

    def _usual(self, text: bytes) -> bytes:
        """With the usual quotes around cells."""
        if self._apostrophes:
            text = text.replace(b"'", b'"')
        return _FORMULA.sub(rb'"\1\2"', text) if b'="' in text else text

    def _block(self, text: bytes) -> _Block:
        text = self._usual(text)
        lines = text.split(b"\n")
        clean, plain = plain_rows(text + b"\n", self._sign, self._width)
        if self._again is not None and self._again in text:
            plain &= np.array([line.rstrip(b"\r") != self._again for line in lines])
        skip, self._header = self._header, -1
        plain[: skip + 1] = False
        others: dict[int, bytes] = {}
        rows: dict[int, bytes] = {}  # as they are read, where that is not as they stand
        end = 0  # of what is read
        for at in np.flatnonzero(~plain).tolist():
            if at >= end:
                end = self._read(lines, at, skip, rows, others)
                plain[at + 1 : end] = False
        if not others and not rows:
            places = np.arange(len(lines))
            return _Block(lines, places, self._batch(clean, lines, places), others)
        plain[list(rows)] = True
        places = np.flatnonzero(plain)
        written = clean.split(b"\n")
        for at, row in rows.items():
            written[at] = row
        texts = b"".join([written[at] + b"\n" for at in places.tolist()])
        return _Block(lines, places, self._batch(texts, lines, places) if len(places) else None, others)

    def _read(
        self, lines: list[bytes], at: int, skip: int, rows: dict[int, bytes], others: dict[int, bytes]
    ) -> int:
        """Read one line, and those that it goes on over. Returns the place of the next one."""
        line, index = lines[at].rstrip(b"\r"), at + 1
        if at <= skip or not line.strip() or self._is_context(line):
            others[at] = b"# " + line if line.strip() else b""
            return index
        if b'"' in line:
            line, index = self._unquoted(lines, at)
            others.update(dict.fromkeys(range(at + 1, index), _GOES_ON))
        count = line.count(self._sign) + 1
        if count != self._width:
            cells = line.split(self._sign)
            needed = max(self._map.places.get(name, 0) for name in ("mmsi", "lat", "lon", "time"))
            more = count > self._width and any(cell.strip() for cell in cells[self._width :])
            if more or len(cells) <= needed:
                others[at] = refused_line(Outcome.MALFORMED, lines[at])
                return index
            line = self._sign.join((cells + [b""] * self._width)[: self._width])
        if len(line) > LONGEST:
            others[at] = refused_line(Outcome.MALFORMED, line[:4096])
        else:
            rows[at] = line
        return index

    def _is_context(self, line: bytes) -> bool:
        """Whether it is a comment, or the header once more, as where files were put together."""
        return line == self._again or (line.startswith(b"#") and line.count(self._sign) < 2)

    def _unquoted(self, lines: list[bytes], at: int) -> tuple[bytes, int]:
        """A row without quotes around its cells, and the place of the line behind it."""
        line = row = lines[at].rstrip(b"\r")
        end = at + 1
        while end < min(len(lines), at + _MOST_JOINED) and self._quotes.may_go_on(row, lines[end]):
            row += b" " + lines[end].rstrip(b"\r")
            end += 1
        if not self._quotes.are_whole(row):  # they are never closed, so nothing goes on
            row, end = line, at + 1
            if (plain := self._quotes.as_letters(row)) is not None:
                return plain, end
        inner = _INNER.encode()
        cells = [cell.encode("utf-8", "replace") for cell in _cells(row, self._sign)]
        clean = (cell.replace(self._sign, inner).replace(b'"', b"'").replace(b"\n", b" ") for cell in cells)
        return self._sign.join(clean), end

    def _batch(self, rows: bytes, lines: list[bytes], places: Ints) -> Batch:
        columns = TableColumns.of_csv(
            rows, self._sign, self._width, self._map.places, points=self._map.points
        )
        return Batch(len(places), columns, lambda: None, lambda row: lines[places[row]])


def _has_apostrophes(lines: Sequence[bytes], found: _Dialect) -> bool:
    """Whether apostrophes stand around cells, as quotes do."""
    row = next((line for line in lines[found.place + 1 :] if line.strip()), b"")
    cells = [cell.strip() for cell in row.split(found.sign) if cell.strip()]
    return 2 * sum(cell[:1] == cell[-1:] == b"'" for cell in cells) > len(cells)


def _cells(line: bytes, sign: bytes) -> list[str]:
    text = line.decode("utf-8", "replace").replace("\0", "")
    try:
        return next(csv.reader(io.StringIO(text), delimiter=sign.decode(), skipinitialspace=True), [])
    except csv.Error:
        return text.split(sign.decode())


def _dialect(lines: Sequence[bytes]) -> _Dialect:
    """The sign between cells, and the header, if one of the first lines is one.

    Titles may stand before it, but what has a number and stands further down is a row.
    """
    best = _Dialect(b",", (), -1)
    most, below = 0, False
    for place, line in enumerate(lines[:_HEADER_WITHIN]):
        if not line.strip() or _SEP.match(line.strip()):
            continue
        for sign in _SIGNS:
            header = tuple(
                cell.strip().lstrip("#").strip().strip("'\"") for cell in _cells(line.strip(), sign)
            )
            most_numbers = 0 if below else len(header) // 4
            if len(header) < 2 or sum(number(cell) is not None for cell in header) > most_numbers:
                continue
            held = fields_of(list(header)).values()
            if len(held) > most and (not most or "mmsi" in held):
                best, most = _Dialect(sign, header, place), len(held)
        if most >= 2 and "mmsi" in fields_of(list(best.header)).values():
            return best
        below |= not line.startswith(b"#")
    if best.header:
        return best
    first = next((line for line in lines if line.strip() and not line.startswith(b"#")), b"")
    sign = max(_SIGNS, key=first.count)
    cells = _cells(first, sign)
    named = sum(number(cell) is None and any(c.isalpha() for c in cell) for cell in cells)
    place = next((i for i, line in enumerate(lines) if line is first), -1)
    if named == len(cells) and len(cells) >= 2:
        return _Dialect(sign, tuple(cell.strip() for cell in cells), place)
    return _Dialect(sign, (), -1)


def _looks_like_rows(head: bytes) -> bool:
    """Whether a text has a header that names an MMSI, or several lines with equally many cells.

    With a header, a NUL in a cell makes it no binary file.
    """
    lines = [line.rstrip(b"\r") for line in head.split(b"\n")][: -1 if b"\n" in head else None]
    lines = [line for line in lines if line.strip()][:20]
    if not lines:
        return False
    found = _dialect(lines)
    if "mmsi" in fields_of(list(found.header)).values():
        return True
    if b"\0" in head:
        return False
    counts = {len(_cells(line, found.sign)) for line in lines if not line.startswith(b"#")}
    return len(counts) == 1 and min(counts) >= 4 and len(lines) >= 2
