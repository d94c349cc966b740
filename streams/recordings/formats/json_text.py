"""JSON: objects one to a line, one after the other, or in arrays, cut into a line for each object."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Final

from models.frame import Frame
from streams.decoding.records.names import ENVELOPES
from streams.recordings.errors import SourceError
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.json_track import (
    begins_track,
    fitting,
    is_plain,
    one_by_one,
    reports_in,
    time_told,
    with_time,
)
from streams.recordings.line_cutter import cut_into_frames

_BEGIN: Final = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*(?:[\[{\]]|\"(?:!|\\\\|\$)))")
_LOGGED: Final = re.compile(rb"(?m)^[^\n{\"]{1,80}\{\"[A-Za-z_]+\":.*\}\s*$")
_TEXT: Final = re.compile(rb"(?m)^[^\n]*\S[^\n]*\n")
"""A line that is not empty."""
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[{}\[\]]', re.DOTALL)
_NAMES: Final = rb'"(?i:%s)"\s*:\s*' % "|".join(sorted(ENVELOPES)).encode()
"""What an envelope calls the array of its objects."""
_KEY: Final = re.compile(_NAMES + b"$")
_DEEP_KEY: Final = re.compile(rb'"(?:features|hits|items|msgs|nodes|ships|targets|vessels)"\s*:\s*$')
_LONGEST_NAME: Final = 100
"""Bytes of the name of such an array, and spaces."""
_DEEPEST: Final = 4
"""Objects within one another around such an array."""
_SHIP: Final = re.compile(rb'"(?:mmsi|userid|ssvid|columns)"\s*:', re.IGNORECASE)
"""Who the vessel is that an array tells more of, or what is in its rows: such an object is no envelope."""
_OF_SENTENCES: Final = re.compile(_NAMES + rb'\[\s*"(?:!|\\\\)')
_ELEMENTS: Final = re.compile(rb'\s*(?:[{\[]|"(?:!|\\\\)|$)')
_SENTENCE: Final = re.compile(rb'"(?:!|\\\\)')
_NMEA: Final = re.compile(rb'[^"{}\[\]]*(?:\\[^\\]*\\)?[!$][A-Z]{5},')
"""A line between objects, whatever is open around it."""
_MEMBER: Final = re.compile(rb'"\s*:')
_TORN: Final = re.compile(rb'[}\]]\s*,?\s*(?=\{\s*"$)')
"""The end of a string that was never closed, and reaches into the object behind it."""
_TORN_ENDS: Final = (b"{", b" ", b"\t")
_MOST_SPACE: Final = 100
"""Bytes before a brace in which what it belongs to is looked for."""
_BEGINS_ANEW: Final = re.compile(rb'\{\s*"(?:mmsi|MMSI|class|MessageType|Message|context|pgn|timestamp)"')
"""A whole object at the beginning of a line, inside of an object that is open: that one was never closed."""
_OUTSIDE: Final = re.compile(rb'(?:[^"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+")*+', re.DOTALL)
"""Up to a string that does not end."""
_TRIES: Final = 8
"""Places that are tried for a cut. If each is in a string, a quotation mark too many has come before."""
_LONGEST_SEGMENT: Final = 1 << 18
"""Text without a line feed of which so much has come is cut after an object or an array."""
_LONGEST_OBJECT: Final = 1 << 20
"""An object that is not closed after so many bytes is broken, or no report: it is given out as a line."""
_LONGEST_TRACK: Final = 1 << 24
"""The same for a vessel with its positions. All of it is in memory at once."""


class JsonText:
    """JSON lines, concatenated JSON, and arrays, also inside the envelope of a service."""

    name = "json"
    about = (
        "JSON of aisstream.io, AIS-catcher, gpsd and gpsdecode, Signal K, canboat, Digitraffic, and "
        "objects with usual names: lines, objects one after the other, or arrays."
    )

    def recognises(self, head: bytes) -> bool:
        return _BEGIN.match(head) is not None or (
            b"!" not in head and len(_LOGGED.findall(head)) > len(_TEXT.findall(head)) // 2
        )

    def frames(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
        yield from cut_into_frames(source, object_lines(text, cutting.note), cutting.bytes, cutting.lines)


def object_lines(text: Iterator[bytes], note: Callable[[str], object] = str) -> Iterator[bytes]:
    """The text with each object on a line of its own, in pieces that end in a line feed.

    What is no JSON stays on its line. Arrays are opened, and so are objects that only hold an array of
    others. Where the text raises SourceError, what had come is given out before. `note` takes a sentence
    about what was not read.
    """
    cutter = ObjectCutter(note)
    fault: SourceError | None = None
    try:
        for chunk in text:
            lines = cutter.feed(chunk)
            if lines:
                yield b"\n".join(lines) + b"\n"
    except SourceError as error:
        fault = error
    lines = cutter.finish()
    if lines:
        yield b"\n".join(lines) + b"\n"
    if fault is not None:
        raise fault


class ObjectCutter:
    """Cuts a text that comes in pieces into objects."""

    def __init__(self, note: Callable[[str], object] = str) -> None:
        """`note` takes a sentence about what was not read."""
        self._note = note
        self._is_track = False  # whether the object that is open has the positions of a vessel
        self._listed = b""  # the time of the envelope around
        self._lent = False  # whether a record has had it
        self._rest = b""  # of a line that has not ended
        # what encloses the objects: `[` of an array, `{` of an envelope, `?` of what was given up
        self._around: list[bytes] = []
        self._object: list[bytes] = []  # pieces of the object that is open
        self._size = 0  # of these
        self._open = bytearray()  # its braces and brackets that are open, none where no object is

    def feed(self, chunk: bytes) -> list[bytes]:
        """More of the text; returns the lines that are complete."""
        data, open_string = self._rest + chunk, b""
        end = data.rfind(b"\n") + 1
        if not end and len(data) > _LONGEST_SEGMENT:
            end = _place_to_cut(data)
            if not end and len(data) > _LONGEST_OBJECT:  # nothing that is read has so long a value
                end = data.rfind(b",") + 1
                if not end and len(data) > _LONGEST_TRACK:
                    end = len(data.rstrip(b"\\"))
                open_string = b'"' if _outside(data, end) < end else b""
        self._rest = open_string + data[end:]
        return self._lines(data[:end] + open_string)

    def finish(self) -> list[bytes]:
        """The text has ended."""
        lines = self._lines(self._rest)
        self._rest = b""
        return lines + self._give_up()

    def _lines(self, data: bytes) -> list[bytes]:
        found: list[bytes] = []
        for line in data.splitlines():
            if _is_whole(line) and (not self._object or _BEGINS_ANEW.match(line)):
                found += self._give_up()
                self._give(line.strip(b" \t\r,"), found)
            elif not self._object and _NMEA.match(line):
                found.append(line)
            elif not self._object and not self._around and not line.lstrip().startswith((b"{", b"[")):
                if line.strip(b" \t,]}") or not line.strip():
                    found.append(line)
            else:
                self._read(line, found)
        return found

    def _read(self, line: bytes, found: list[bytes]) -> None:
        """Follow the objects and arrays of a line."""
        begin = 0  # of the part that belongs to the open object
        bare = -1  # where the innermost array begins, if nothing in it was given out
        loose = 0  # the end of what was followed or given out
        tokens = _TOKEN.finditer(line)
        while token := next(tokens, None):
            sign = token[0]
            if sign[:1] == b'"':
                if sign[-2:-1] in _TORN_ENDS and line[token.end() : token.end() + 1].isalpha():
                    if torn := _TORN.search(sign):
                        place = token.start()
                        begin = self._break(line, begin if self._open else place, place + torn.end(), found)
                        tokens = _TOKEN.finditer(line, begin)
                elif not self._open and _SENTENCE.match(sign):
                    found.append(_decoded(sign))
                    bare, loose = -1, token.end()
                continue
            place, at = token.start(), token.end()
            if self._open:
                if sign == b"[" and self._is_envelope(line, begin, place):
                    self._listed = time_told(b" ".join([*self._object, line[begin:place]])) or self._listed
                    self._around += [bytes([each]) for each in self._open] + [b"["]
                    self._open, self._object, self._size = bytearray(), [], 0
                    loose = at
                elif sign == b"{" and self._open.endswith(b"{") and not self._is_named(line, begin, place):
                    begin = self._break(line, begin, place, found)  # the object around it was never closed
                    self._open += sign
                elif sign in b"{[":
                    self._open += sign
                elif sign == b"]" and b"[" not in self._open:
                    self._break(line, begin, place, found)
                    self._end_around(sign)
                    loose = at
                else:
                    del self._open[self._open.rfind(b"{" if sign == b"}" else b"[") :]
                    if not self._open:
                        self._keep(line[begin:at])
                        for each in one_by_one(b" ".join(self._object)):
                            self._give(each, found)
                        self._object, self._size, self._is_track = [], 0, False
                        loose = at
            elif sign == b"{":
                found += self._members(line[loose:place])
                bare = -1
                if self._around[-1:] == [b"{"]:  # beside the array in its envelope: passed over
                    self._around.append(sign)
                else:
                    begin = place
                    self._open += sign
            elif sign == b"[":
                found += self._members(line[loose:place])
                bare = place if b"{" not in self._around[-1:] else -1
                loose = at
                self._around.append(sign)
            elif self._around[-1:] == [b"["] and sign == b"}":
                pass  # the end of an object whose beginning is not there
            elif self._around:
                found += self._members(line[loose:place])
                loose = at
                self._end_around(sign)
                if bare >= 0 and line[bare + 1 : place].strip():
                    found.append(line[bare:at])  # values without names: not read, but not lost
                bare = -1
        if not self._open:
            found += self._members(line[loose:])
        else:
            self._keep(line[begin:])
            if self._size > _LONGEST_OBJECT and not self._may_go_on():
                self._note(
                    f"has an object of more than {_LONGEST_OBJECT >> 20} MiB ({_LONGEST_TRACK >> 20} MiB "
                    "with the positions of a vessel), which was not read; write each report as its own object"
                )
                self._around += [b"?"] * len(self._open)  # what it has open ends somewhere
                found += self._give_up()

    def _members(self, text: bytes) -> list[bytes]:
        """A part of an array that has members of an object whose beginning is not there, as a line."""
        return [text.strip(b" \t\r,")] if self._around[-1:] == [b"["] and _MEMBER.search(text) else []

    def _break(self, line: bytes, begin: int, end: int, found: list[bytes]) -> int:
        """What is open is broken up to here, where another object begins: `end`."""
        self._keep(line[begin:end])
        found += self._give_up()
        return end

    def _is_named(self, line: bytes, begin: int, place: int) -> bool:
        """Whether what begins here is the value of a name, as it has to be directly in an object."""
        before = line[max(begin, place - _MOST_SPACE) : place].rstrip()
        if not before and place - begin < _MOST_SPACE:
            before = b"".join(self._object[-1:])
        return not before or before.endswith(b":")

    def _end_around(self, sign: bytes) -> None:
        """An end of what encloses the objects; one that ends nothing is passed over."""
        if self._around and self._around[-1] in (b"?", b"{" if sign == b"}" else b"["):
            self._around.pop()
        elif sign == b"]" and b"[" in self._around:
            while self._around.pop() != b"[":
                pass

    def _give(self, whole: bytes, found: list[bytes]) -> None:
        """An object that has come to its end becomes a line, or those of the reports that it holds.

        Without a time of its own it has that of the envelope that it stands in.
        """
        if not self._listed and is_plain(whole):
            found.append(whole)
            return
        if not self._around:
            self._listed = b""
        for record in reports_in(whole):
            timed = with_time(record, self._listed) if self._listed else record
            if timed is not record and not self._lent:
                self._lent = True
                self._note("has objects without a time of their own: they have that of what they stand in")
            found.append(fitting(timed))

    def _is_envelope(self, line: bytes, begin: int, place: int) -> bool:
        """Whether the array that opens here holds the objects, rather than being a part of one."""
        if len(self._open) > _DEEPEST:
            return False
        # only the name before it: an outline has thousands of arrays, each a search from its beginning
        name = line[max(begin, place - _LONGEST_NAME) : place]
        if place - begin < _LONGEST_NAME:
            name = b" ".join([*self._object[-1:], name])[-_LONGEST_NAME:]
        if not (_KEY if len(self._open) == 1 else _DEEP_KEY).search(name) or not _ELEMENTS.match(
            line, place + 1
        ):
            return False
        return not _SHIP.search(b" ".join([*self._object, line[begin:place]]))

    def _may_go_on(self) -> bool:
        """Whether a large object is that of a vessel with its positions, and not too large for one."""
        if self._size > _LONGEST_TRACK:
            return False
        self._is_track = self._is_track or begins_track(b" ".join(self._object))
        return self._is_track

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if piece := piece.strip(b" \t\r"):
            self._object.append(piece)

    def _give_up(self) -> list[bytes]:
        """What is open is broken: it becomes a line as it is."""
        broken = [b" ".join(self._object)] if self._object else []
        self._object, self._open, self._size, self._is_track = [], bytearray(), 0, False
        return broken


def _place_to_cut(data: bytes) -> int:
    """The end of the last object or array in a text that goes on, but not one within a string; 0 for none."""
    last = end = _last_end(data, len(data))
    for _ in range(_TRIES):
        outside = _outside(data, end)
        if outside == end:
            return end
        end = _last_end(data, outside)
    return last


def _last_end(data: bytes, before: int) -> int:
    return max(data.rfind(b"},", 0, before), data.rfind(b"],", 0, before)) + 1


def _outside(data: bytes, end: int) -> int:
    """This place, or where the string begins that it is in."""
    found = _OUTSIDE.match(data, 0, end)
    return found.end() if found else 0


def _is_whole(line: bytes) -> bool:
    """Whether a line looks like one object that holds no others in an array."""
    text = line.strip(b" \t\r,")
    return (
        text[:1] == b"{"
        and text[-1:] == b"}"
        and text.count(b"{") == text.count(b"}")
        and b"}{" not in text
        and b"} {" not in text
        and b"},{" not in text
        and b"}, {" not in text
        and (b"[" not in text if b"]" not in text else _holds_no_objects(text))
    )


def _holds_no_objects(text: bytes) -> bool:
    """Whether arrays are closed, and hold neither objects nor sentences."""
    return (
        text.count(b"[") == text.count(b"]")
        and b":[{" not in text.replace(b" ", b"")
        and not _OF_SENTENCES.search(text)
    )


def _decoded(text: bytes) -> bytes:
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return str(found).replace("\n", " ").encode("utf-8", "replace")
