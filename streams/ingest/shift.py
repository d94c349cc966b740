r"""Moves the times in the lines of a recording, so that it can be published as if it happened now.

All times of a line are moved together: `c:` of a tag block, `$PGHP` lines, RMC and ZDA (each with its
checksum), the epoch after the checksum of a sentence, an epoch or ISO 8601 text before a sentence or object,
and those in fields of JSON whose names say that they are times. They are moved by whole minutes, because
position reports hold the UTC second of their fix. Dates inside payloads (ETA, the clock of a base station)
stay as they are: no time is taken from them.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from models.errors import InputError
from models.frame import Frame
from models.source_hints import DateOrder
from models.time import MINUTE, SECOND, Millis
from streams.decoding.lines.line_reader import LineRead, LineReader
from streams.decoding.lines.sentence import checksum
from streams.decoding.lines.time_text import Reading, TextRules

_TAG: Final = re.compile(rb"([^\\!$]*\\)([^\\]*)(\\.*)", re.DOTALL)
_TAG_TIME: Final = re.compile(rb"(?<![^,])c:(\d{10}(?:\d{3}){0,3})(?!\d)")
_PGHP: Final = re.compile(
    rb"(.*\$)(PGHP,1,)(\d{4}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,2})(,[^*]*)\*[0-9A-Fa-f]{2}(.*)", re.DOTALL
)
_RMC: Final = re.compile(
    rb"(.*\$)([A-Z]{2}RMC,)(\d\d)(\d\d)([^,]*,A,(?:[^,]*,){6})(\d\d)(\d\d)(\d\d)([^*]*)\*[0-9A-Fa-f]{2}(.*)",
    re.DOTALL,
)
_ZDA: Final = re.compile(
    rb"(.*\$)([A-Z]{2}ZDA,)(\d\d)(\d\d)([^,]*,)(\d\d),(\d\d),(\d{4})([^*]*)\*[0-9A-Fa-f]{2}(.*)", re.DOTALL
)
_PREFIX_EPOCH: Final = re.compile(rb"(\s*)(\d{10}(?:\d{3}){0,3})(?=[.;,\s])")
_PREFIX_TEXT: Final = re.compile(rb"(\s*\[?)(\d{4})-(\d\d)-(\d\d)([T ])(\d\d):(\d\d)(?=:)")
_SUFFIX: Final = re.compile(rb"(.*\*[0-9A-Fa-f]{2}.*,\s*)(\d{10}(?:\d{3}){0,3})((?:\.\d+)?\s*)", re.DOTALL)
_OBJECT: Final = re.compile(rb"[^\\!${]*\{\s*\"")
_FIELD: Final = re.compile(
    rb"(\"(?:[a-z_]*(?:time|date|utc|stamp|received|seen)[a-z_]*|epoch|ts|t)\"\s*:\s*\"?)"
    rb"(?:(\d{10}(?:\d{3}){0,3})(?!\d)|(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?=\d\d(?!\d))"
    rb"|(\d{4})-(\d\d)-(\d\d)([T ])(\d\d):(\d\d)(?=:))",
    re.IGNORECASE,
)
_TAG_IN_TEXT: Final = re.compile(rb"(?<=\\\\)([^\\\"]*c:\d[^\\\"]*)(?=\\\\[!$])")

_EVERY_TIME: Final = TextRules("UTC", DateOrder.DAY_FIRST)
"""Reads times of a named zone and dates that end with the year, too. Neither can be moved."""


class ShiftError(InputError):
    """A recording whose times can't be moved."""


def shift_to(start: Millis, now: Millis) -> Millis:
    """How far to move a recording that starts at `start` so that it starts in the minute of `now`."""
    return (now - start) // MINUTE * MINUTE


class LineShifter:
    """Moves the lines of one recording, in order, by whole minutes.

    Each line is read before and after. A time that the decoder sees but that did not move is an error, so no
    part of a recording stays behind.
    """

    def __init__(self, name: str, by: Millis) -> None:
        """`name` stands for the recording in errors; `by` is in milliseconds, a multiple of a minute."""
        if by % MINUTE:
            raise ValueError(f"{by} ms are no whole minutes")
        self._name, self._by = name, by
        self._reader = LineReader(_EVERY_TIME, trust_tags=True)

    def frame(self, frame: Frame) -> Frame:
        """The frame with all its lines moved. Raises ShiftError."""
        lines = frame.data.split(b"\n")
        ends = len(lines) - 1 if not lines[-1] else len(lines)  # what follows the last line feed is no line
        moved = [self.line(line, frame.number(index)) for index, line in enumerate(lines[:ends])]
        data = b"\n".join(moved + lines[ends:])
        return Frame(frame.source, data, frame.first_line, frame.received, frame.cuts, frame.numbers)

    def line(self, line: bytes, number: int) -> bytes:
        """One line, without its line feed, moved. Raises ShiftError."""
        body = line.rstrip(b"\r")
        try:
            moved = _moved(body, self._by)
        except (OverflowError, ValueError):
            raise self._error(number) from None
        before, after = self._reader.read(body, number), self._reader.read(moved, number)
        if _times(before, self._by) != _times(after, 0):
            raise self._error(number)
        return moved + line[len(body) :]

    def _error(self, number: int) -> ShiftError:
        return ShiftError(
            f"{self._name}: line {number}: its time can't be moved; publish it with its own times, "
            "to a deployment with a prefix of its own"
        )


def _times(read: LineRead, by: Millis) -> list[Reading]:
    """All times that a line tells, moved."""
    around = [time for _, said in read.sentences for time in (said.tag.time, said.suffix, said.prefix)]
    others = [read.tag and read.tag.time, read.pghp and read.pghp.time, read.gps]
    return [time + by if isinstance(time, int) else time for time in (*around, *others)]


def _moved(line: bytes, by: Millis) -> bytes:
    if found := _PREFIX_EPOCH.match(line):
        line = found[1] + _epoch(found[2], by) + line[found.end() :]
    elif found := _PREFIX_TEXT.match(line):
        line = _text(found, by) + line[found.end() :]
    if _OBJECT.match(line):
        line = _FIELD.sub(lambda field: _field(field, by), line)
        return _TAG_IN_TEXT.sub(lambda tag: _tag(tag[1], by), line)
    if found := _TAG.fullmatch(line):
        line = found[1] + _tag(found[2], by) + found[3]
    if found := _PGHP.fullmatch(line):
        return found[1] + _pghp(found, by) + found[9]
    if found := _RMC.fullmatch(line) or _ZDA.fullmatch(line):
        return found[1] + _gps(found, by) + found[10]
    if found := _SUFFIX.fullmatch(line):
        line = found[1] + _epoch(found[2], by) + found[3]
    return line


def _epoch(digits: bytes, by: Millis) -> bytes:
    """Seconds (10 digits), milli- (13), micro- (16) or nanoseconds (19) since 1970, moved."""
    moved = b"%d" % (int(digits) + by // SECOND * 10 ** (len(digits) - 10))
    if len(moved) != len(digits):
        raise OverflowError
    return moved


def _minutes(fields: tuple[bytes, ...], by: Millis) -> tuple[bytes, ...]:
    """Year, month, day, hour and minute, moved; each keeps its width at least."""
    year, month, day, hour, minute = map(int, fields)
    moved = datetime(year, month, day, hour, minute, tzinfo=UTC) + timedelta(milliseconds=by)
    values = (moved.year, moved.month, moved.day, moved.hour, moved.minute)
    return tuple(b"%0*d" % (len(field), value) for field, value in zip(fields, values, strict=True))


def _text(found: re.Match[bytes], by: Millis) -> bytes:
    year, month, day, hour, minute = _minutes((found[2], found[3], found[4], found[6], found[7]), by)
    return found[1] + year + b"-" + month + b"-" + day + found[5] + hour + b":" + minute


def _field(found: re.Match[bytes], by: Millis) -> bytes:
    """The name of a field of JSON and its time, moved: an epoch, `YYYYMMDDHHMM` before seconds, or text."""
    if found[2]:
        return found[1] + _epoch(found[2], by)
    if found[3]:
        return found[1] + b"".join(_minutes((found[3], found[4], found[5], found[6], found[7]), by))
    date = _minutes((found[8], found[9], found[10], found[12], found[13]), by)
    return found[1] + b"-".join(date[:3]) + found[11] + b":".join(date[3:])


def _tag(content: bytes, by: Millis) -> bytes:
    """The content of a tag block, moved. A good checksum stays good, a wrong one wrong, a placeholder 00."""
    body, star, given = content.rpartition(b"*")
    if not star:
        return _TAG_TIME.sub(lambda time: b"c:" + _epoch(time[1], by), content)
    moved = _TAG_TIME.sub(lambda time: b"c:" + _epoch(time[1], by), body)
    if re.fullmatch(rb"[0-9A-Fa-f]{2}", given) and int(given, 16):
        given = b"%02X" % (int(given, 16) ^ checksum(body) ^ checksum(moved))
    return moved + star + given


def _pghp(found: re.Match[bytes], by: Millis) -> bytes:
    date = _minutes((found[3], found[4], found[5], found[6], found[7]), by)
    body = found[2] + b",".join(date) + found[8]
    return body + b"*%02X" % checksum(body)


def _gps(found: re.Match[bytes], by: Millis) -> bytes:
    """RMC or ZDA: the hour and minute come first, then the day, month and year (of two digits in RMC)."""
    year = found[8] if len(found[8]) == 4 else b"20" + found[8]
    year, month, day, hour, minute = _minutes((year, found[7], found[6], found[3], found[4]), by)
    dates = (day, month, year) if len(found[8]) == 4 else (day + month + year[2:],)
    body = found[2] + hour + minute + found[5] + b",".join(dates) + found[9]
    return body + b"*%02X" % checksum(body)
