"""XML: elements that have an MMSI, as an attribute or in an element of their own, as a JSON object each."""

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from xml.parsers import expat

from models.frame import Frame
from streams.decoding.records.names import field_of
from streams.recordings.errors import AGAIN, SourceError
from streams.recordings.formats.format import Cutting
from streams.recordings.line_cutter import cut_into_frames

_BEGIN: Final = re.compile(rb"\s*<(?:\?xml\b|[A-Za-z_][\w.:-]*[\s>/])")
_OTHER: Final = re.compile(rb"<!doctype html|<html|<gpx|<kml|!AIVDM|!AIVDO", re.IGNORECASE)
_MOST_FIELDS: Final = 200
"""Of one element; more are none of a vessel."""
_MOST_TEXT: Final = 1024


class XmlText:
    """Documents of services."""

    name = "xml"
    about = "XML of AISHub, MarineTraffic, VesselFinder and others: elements with an MMSI and usual names."

    def recognises(self, head: bytes) -> bool:
        return _BEGIN.match(head) is not None and not _OTHER.search(head)

    def frames(self, source: str, text: Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
        return cut_into_frames(source, _lines(text), cutting.bytes, cutting.lines)


@dataclass(slots=True)
class _Element:
    fields: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    is_leaf: bool = True


def _lines(text: Iterator[bytes]) -> Iterator[bytes]:
    """A line for each record. Raises SourceError after what could be read."""
    reader, decoder = _Reader(), codecs.getincrementaldecoder("utf-8")("replace")
    fault: SourceError | None = None
    try:
        for chunk in text:
            reader.read(decoder.decode(chunk))
            yield from reader.taken()
        reader.read(decoder.decode(b"", True), last=True)
    except expat.ExpatError as error:
        fault = SourceError(f"the XML is broken or breaks off in line {error.lineno}; {AGAIN}")
    except SourceError as error:
        fault = error
    yield from reader.taken()
    if fault is not None:
        raise fault


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
        self._found: list[bytes] = []

    def read(self, text: str, *, last: bool = False) -> None:
        self._parser.Parse(text, last)

    def taken(self) -> Iterator[bytes]:
        """The records since the last call."""
        found, self._found = self._found, []
        yield from found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._open:
            self._open[-1].is_leaf = False
        self._open.append(_Element({_bare(each): value for each, value in attributes.items()}))

    def _characters(self, text: str) -> None:
        if self._open and len(self._open[-1].text) < _MOST_TEXT:
            self._open[-1].text += text

    def _end(self, name: str) -> None:
        element = self._open.pop()
        around = self._open[-1] if self._open else None
        is_record = any(field_of(each) == "mmsi" for each in element.fields)
        if around is not None and not is_record and len(around.fields) < _MOST_FIELDS:
            if element.is_leaf and not element.fields:
                around.fields[_bare(name)] = element.text.strip()
                return
            if len(self._open) > 1:
                around.fields[_bare(name)] = element.fields
                return
        if element.fields:
            self._found.append(json.dumps(element.fields).encode() + b"\n")

    def _refuse(self, *_: object) -> None:
        raise SourceError("is XML with entities of its own, which are not read; write it without them")


def _bare(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition(":")[2]
