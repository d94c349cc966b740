"""CSV lines: which lines of a text are rows as they stand, and how quotes stand in the others."""

import re
from typing import Final

import numpy as np
import numpy.typing as npt

LONGEST: Final = 1 << 16
"""Bytes of a row."""
_LF, _CR, _QUOTE, _HASH, _TAB = b'\n\r"#\t'
_SPACES: Final = np.frombuffer(b" \t\n\r\x0b\x0c", np.uint8)

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


class Quotes:
    """Quotes in rows whose cells a sign separates: they count around whole cells, elsewhere as letters."""

    def __init__(self, sign: bytes, width: int) -> None:
        self._sign, self._width = sign, width
        cell = rb'(?: *+"(?:[^"]++|"")*+" *+|(?! *+")[^%s]*+)' % re.escape(sign)
        self._whole = re.compile(b"%s(?:%s%s)*+" % (cell, re.escape(sign), cell))
        self._open = re.compile(rb'(?:%s%s)*+ *+"(?:[^"]++|"")*+' % (cell, re.escape(sign)))

    def are_whole(self, row: bytes) -> bool:
        """Whether every quote that opens a cell is closed at its end."""
        return self._whole.fullmatch(row) is not None

    def may_go_on(self, row: bytes, line: bytes) -> bool:
        """Whether the row ends inside of quotes, and the line behind it is none of its own."""
        return line.count(self._sign) < max(self._width - 1, 1) and self._open.fullmatch(row) is not None

    def as_letters(self, row: bytes) -> bytes | None:
        """A row in which not every quote that is opened is closed; None where its cells can't be told."""
        cells = row.split(self._sign)
        if len(cells) != self._width:
            return None
        return self._sign.join(cell.strip(b' "').replace(b'"', b"'") for cell in cells)


def plain_rows(lines: bytes, sign: bytes, width: int) -> tuple[bytes, Flags]:
    """Which of the lines, each with a line feed, are rows of `width` cells that hold no comment; and the
    lines without what means nothing in such rows: a CR before the line feed, and quotes around cells that
    hold neither quotes nor the sign between cells."""
    text = np.frombuffer(lines, np.uint8)
    ends = np.flatnonzero(text == _LF)
    starts = np.concatenate(([0], ends[:-1] + 1))
    signs = np.flatnonzero(text == sign[0])
    plain = np.diff(np.searchsorted(signs, ends), prepend=0) == width - 1
    plain &= (ends - starts <= LONGEST) & (text[starts] != _HASH)
    if sign[0] == _TAB:  # a line of signs only is a blank one
        plain &= np.add.reduceat(~np.isin(text, _SPACES), starts, dtype=np.int64) > 0
    dropped = []
    if b"\r" in lines:
        found = np.flatnonzero(text == _CR)
        last = (text[found + 1] == _LF) & ((found == 0) | (text[found - 1] != _CR))
        plain[np.searchsorted(ends, found[~last])] = False
        dropped.append(found[last])
    if b'"' in lines:
        found = np.flatnonzero(text == _QUOTE)
        line = np.searchsorted(ends, found)
        simple = _is_text(lines) & _quote_whole_cells(text, found, line, signs, sign[0])
        plain[line[~simple]] = False
        dropped.append(found)
    if not dropped:
        return lines, plain
    kept = np.ones(len(text), np.bool_)
    kept[np.concatenate(dropped)] = False
    return text[kept].tobytes(), plain


def _is_text(lines: bytes) -> bool:
    """Whether it is sure that nothing in them is left out or put in another's place when they are read."""
    try:
        lines.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in lines


def _quote_whole_cells(
    text: npt.NDArray[np.uint8], found: Places, line: Places, signs: Places, sign: int
) -> Flags:
    """Which quotes stand at the beginning or the end of a cell that has one at either, and none inside."""
    before = np.where(found > 0, text[found - 1], _LF)
    after = text[found + 1]
    opens = (before == sign) | (before == _LF)
    closes = (after == sign) | (after == _LF) | (after == _CR)
    first = np.searchsorted(line, line)
    even = (np.arange(len(found)) - first) % 2 == 0
    partner = np.where(even, np.arange(len(found)) + 1, np.arange(len(found)) - 1)
    there = partner < len(found)
    partner = np.minimum(partner, len(found) - 1)
    there &= line[partner] == line
    cell = np.searchsorted(signs, found)
    return np.asarray(there & (cell == cell[partner]) & np.where(even, opens, closes))
