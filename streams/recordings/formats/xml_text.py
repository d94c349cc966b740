"""XML: elements that have an MMSI, as an attribute or in an element of their own, as a JSON object each."""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final
from xml.parsers import expat

from models.frame import Frame
from streams.decoding.records.names import field_of
from streams.recordings.errors import AGAIN, SourceError
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.json_track import TRACKS, one_by_one
from streams.recordings.line_cutter import cut_into_frames

_BEGIN: Final = re.compile(rb"\s*<(?:\?xml\b|[A-Za-z_][\w.:-]*[\s>/])")
_OTHER: Final = re.compile(rb"<!doctype html|<html|<gpx|<kml|![A-Z]{2}VD[MO]", re.IGNORECASE)
_MOST_FIELDS: Final = 200
"""Of one element; more are none of a vessel."""
_MOST_HELD: Final = 20_000
"""Elements that are kept for the record that they may belong to; more become lines of their own."""
_MOST_TEXT: Final = 1024
_KEPT: Final = 1 << 10
"""Bytes of a document that are kept, as the next one may have begun in them: no declaration is longer."""
_DEEPEST: Final = 60
"""Elements within one another."""
_OF_XML: Final = ("xmlns", "xml:", "xsi:")
"""Attributes that tell nothing of a vessel begin so."""
_AROUND_PLACES: Final = TRACKS - {"position", "point"}
_PLACES: Final = frozenset(("pos", "fix", "report", "location", "sample"))
"""Other names of one position. Not `waypoint` and the like, which are a plan."""
_POSITION: Final = "position"
_UNITS: Final = ("unit", "units", "uom")
_ENCODING: Final = re.compile(
    rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]{1,30})[\"']", re.IGNORECASE
)
_UTF8: Final = "UTF-8"
_CONVERTED: Final = frozenset(
    ("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "utf-32", "utf-32le", "utf-32be", "us-ascii", "ascii")
)
"""Declarations of what is UTF-8 by now, or is read as it."""
_UNREADABLE: Final = "\ufffd"
"""What stands for bytes that are no letters."""
_SEVERAL: Final = (expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT, expat.errors.XML_ERROR_MISPLACED_XML_PI)


class XmlText:
    """Documents of services."""

    name = "xml"
    about = "XML of AISHub, MarineTraffic, VesselFinder and others: elements with an MMSI and usual names."

    def recognises(self, head: bytes) -> bool:
        return _BEGIN.match(head) is not None and not _OTHER.search(head)

    def frames(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
        return cut_into_frames(source, _lines(text, cutting.note), cutting.bytes, cutting.lines)


@dataclass(slots=True)
class _Element:
    fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    is_leaf: bool = True
    named: dict[str, Any] | None = None
    """What an element inside says of who the vessel is, and nothing of where."""
    has_several: bool = False
    """Whether several elements inside say so: then it is a list of vessels."""

    @property
    def is_record(self) -> bool:
        return any(field_of(name) == "mmsi" for name in self.fields)

    @property
    def value(self) -> str | None:
        """What a leaf says, with its unit, as `<speed unit="km/h">12</speed>`; None of what is none, or has a
        position in its attributes."""
        text = self.text.strip()
        if not self.is_leaf or (self.fields and not text) or _is_placed(self.fields):
            return None
        return " ".join([text, *(self.fields[name] for name in _UNITS if name in self.fields)])

    def take(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        """Take in who the vessel is; returns what is a record of its own after all."""
        before, self.named = self.named, None
        if before is None and not self.has_several:
            self.named = fields
            return []
        self.has_several = True
        return [*([before] if before else []), fields]

    def settle(self) -> dict[str, Any] | None:
        """The element has ended: who the vessel is belongs to it if it tells where; else it is returned."""
        named, self.named = self.named, None
        if named is None or self.is_record or not _tells_where(self.fields):
            return named
        self.fields = {**named, **self.fields}
        return None

    def add(self, name: str, fields: dict[str, Any]) -> None:
        """Take in an element; of several with one name all are kept."""
        before, found = self.fields.get(name), _track(name, fields)
        if isinstance(before, dict | list):
            kept = before if isinstance(before, list) else [before]
            kept += found if isinstance(found, list) else [found]
            found = kept
        self.fields[name] = found


def _lines(text: Iterator[bytes], note: Callable[[str], object]) -> Iterator[bytes]:
    """A line for each record. Raises SourceError after what could be read. `note` takes a sentence about how
    it is read."""
    reader, fault = _Documents(), None
    try:
        for chunk in _in_utf8(text, note):
            reader.read(chunk)
            yield from reader.taken()
        reader.read(b"", last=True)
    except expat.ExpatError as error:
        line = reader.lines_before + error.lineno
        fault = SourceError(
            f"what follows the XML from line {line} on is no other document, and is not read"
            if reader.ended(error)
            else f"the XML is broken or breaks off in line {line}; {AGAIN}"
        )
    except SourceError as error:
        fault = error
    yield from reader.taken()
    if reader.has_times_of_lists:
        note("has positions without a time of their own: they have that of the list that they stand in")
    if fault is not None:
        raise fault


def _in_utf8(text: Iterator[bytes], note: Callable[[str], object]) -> Iterator[bytes]:
    """The text in UTF-8, from the encoding that it declares. UTF-16 and UTF-32 have been converted before."""
    first = next(text, b"")
    declared = _declared(first, note)
    decoder = codecs.getincrementaldecoder(declared)("replace")
    for chunk in chain([first], text, [b""]):
        found = decoder.decode(chunk, not chunk)
        if _UNREADABLE in found and _UNREADABLE.encode() not in chunk:
            note(
                f"has bytes that are no {declared}, and {_UNREADABLE} stands for them in names; declare its "
                'encoding in its first line, such as <?xml version="1.0" encoding="windows-1251"?>'
            )
        yield found.encode()


def _declared(head: bytes, note: Callable[[str], object]) -> str:
    found = _ENCODING.match(head)
    name = found[1].decode("ascii") if found else _UTF8
    if name.lower().startswith(("utf", "ucs", "unicode", "us-ascii", "ascii", "iso-10646")):
        if name.lower() not in _CONVERTED:
            note(f"declares the encoding {name}, which is not known; it was read as {_UTF8}")
        return _UTF8
    try:
        "".encode(name)
        codecs.getincrementaldecoder(name)("replace").decode(b"")
    except (LookupError, UnicodeError):  # the latter from one such as idna, which replaces nothing
        note(f"declares the encoding {name}, which is not known; it was read as {_UTF8}")
        return _UTF8
    return name


class _Documents:
    """Follows one document after the other, as logs of a service have them."""

    def __init__(self) -> None:
        self.lines_before = 0
        """Lines before the document that is being read."""
        self._one = _Reader()
        self._listed = False  # of the documents before
        self._found: list[bytes] = []
        self._kept = b""  # of the document, the latest that was read: the next one may begin in it
        self._before = 0  # bytes of it before that

    def read(self, data: bytes, *, last: bool = False) -> None:
        """Raises expat.ExpatError and SourceError."""
        while (rest := self._read(data, last)) is not None:
            data = rest

    def _read(self, data: bytes, last: bool) -> bytes | None:
        """None; or what is left for the next document, which begins with it."""
        window = self._kept + data
        try:
            self._one.read(data, last=last)
        except expat.ExpatError as error:
            at = self._one.fault_at - self._before
            if not self.ended(error) or at < 0 or not self._one.fault_at or window[at : at + 1] != b"<":
                raise
            self._found += self._one.taken()
            self._listed = self.has_times_of_lists
            self.lines_before += error.lineno - 1
            self._one, self._kept, self._before = _Reader(), b"", 0
            return window[at:]
        drop = max(0, len(window) - _KEPT)
        self._before += drop
        self._kept = window[drop:]
        return None

    def ended(self, error: expat.ExpatError) -> bool:
        """Whether it is no fault of the document, but what comes after it."""
        return expat.ErrorString(error.code) in _SEVERAL and self._one.ended

    @property
    def has_times_of_lists(self) -> bool:
        """Whether a record had the time of its list."""
        return self._listed or self._one.has_times_of_lists

    def taken(self) -> Iterator[bytes]:
        """The records since the last call."""
        found, self._found = self._found, []
        yield from found
        yield from self._one.taken()


class _Reader:
    """Follows the elements of one document."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate("UTF-8")  # whatever the document says: it has been converted
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse
        self._open: list[_Element] = []
        self._held = 0  # elements that those which are open have taken in
        self._found: list[bytes] = []
        self.has_times_of_lists = False

    def read(self, data: bytes, *, last: bool = False) -> None:
        self._parser.Parse(data, last)

    @property
    def ended(self) -> bool:
        """Whether no element is open."""
        return not self._open

    @property
    def fault_at(self) -> int:
        """Where in the document it was not understood, in bytes."""
        return self._parser.ErrorByteIndex

    def taken(self) -> Iterator[bytes]:
        """The records since the last call."""
        found, self._found = self._found, []
        yield from found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._open:
            self._open[-1].is_leaf = False
        if len(self._open) == _DEEPEST:
            raise SourceError(
                f"has more than {_DEEPEST} elements within one another, and is read no further; what came "
                "before was processed"
            )
        told = {_bare(each): text for each, text in attributes.items() if not each.startswith(_OF_XML)}
        self._open.append(_Element(told))

    def _characters(self, text: str) -> None:
        if self._open and len(self._open[-1].text) < _MOST_TEXT:
            self._open[-1].text += text

    def _end(self, name: str) -> None:
        element = self._open.pop()
        around = self._open[-1] if self._open else None
        if (apart := element.settle()) is not None:
            self._give(apart)
        names_one = element.is_record and not _tells_where(element.fields)
        if names_one and around is not None and len(self._open) > 1 and not around.is_record:
            for fields in around.take(element.fields):
                self._give(fields)
            return
        if around is not None and not element.is_record and len(around.fields) < _MOST_FIELDS:
            if (value := element.value) is not None:
                around.fields[_bare(name)] = value
                return
            if self._held < _MOST_HELD and (len(self._open) > 1 or around.is_record):
                around.add(_POSITION if _bare(name).lower() in _PLACES else _bare(name), element.fields)
                self._held += 1
                return
        if len(self._open) < 2:
            self._held = 0
        if element.fields:
            self._give(element.fields)

    def _give(self, fields: dict[str, Any]) -> None:
        """A record, or what is none, becomes a line; with a track, one for each position.

        Without a time of its own it has that of the list that it stands in.
        """
        if self._open and _tells_where(fields) and not _tells_when(fields):
            listed = (_time_of(each.fields) for each in reversed(self._open))
            if time := next(filter(None, listed), None):
                fields = {**fields, "time": time}
                self.has_times_of_lists = True
        lines = one_by_one(json.dumps(fields).encode())
        self._found += [line + b"\n" for line in lines]

    def _refuse(self, *_: object) -> None:
        raise SourceError("is XML with entities of its own, which are not read; write it without them")


def _track(name: str, fields: dict[str, Any]) -> Any:
    """The positions of a track as an array, as JSON has them; anything else as it is."""
    inner = [value for value in fields.values() if not isinstance(value, str)]
    if len(inner) != 1 or name.lower() not in _AROUND_PLACES:
        return fields
    return inner if isinstance(inner[0], dict) else inner[0]


def _is_placed(fields: dict[str, Any]) -> bool:
    return {"lat", "lon"} <= {field_of(name) for name in fields}


def _tells_where(value: Any) -> bool:
    """Whether there is a position somewhere inside."""
    if isinstance(value, list):
        return any(map(_tells_where, value))
    return isinstance(value, dict) and (_is_placed(value) or any(map(_tells_where, value.values())))


def _tells_when(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_tells_when, value))
    return isinstance(value, dict) and (bool(_time_of(value)) or any(map(_tells_when, value.values())))


def _time_of(fields: dict[str, Any]) -> str:
    found = (text for name, text in fields.items() if isinstance(text, str) and field_of(name) == "time")
    return next(filter(str.strip, found), "")


def _bare(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(":")[2]
