"""Known formats: which there are, and which one a text is of, told by how it begins."""

import re
from typing import Final

from streams.recordings.errors import SourceError
from streams.recordings.formats.csv_text import CsvText
from streams.recordings.formats.format import Format
from streams.recordings.formats.json_text import JsonText
from streams.recordings.formats.nmea import Nmea
from streams.recordings.formats.xml_text import XmlText

HEAD: Final = 1 << 13
"""Bytes of a text that tell its format."""


NMEA: Final = Nmea()
FORMATS: Final[tuple[Format, ...]] = (JsonText(), XmlText(), NMEA, CsvText())
"""In the order in which they are tried."""
_OTHERS: Final = tuple(
    (re.compile(begin, re.IGNORECASE), what)
    for begin, what in (
        (rb"ARROW1", "a file of Arrow (Feather)"),
        (rb"ORC", "a file of ORC"),
        (rb"SQLite format 3", "a database of SQLite"),
        (rb"\x89HDF|CDF[\x01\x02\x05]", "a file of netCDF or HDF5"),
        (rb"Obj\x01", "a file of Avro"),
        (rb"\xd0\xcf\x11\xe0", "a workbook of an old Excel"),
        (rb"%PDF", "a PDF"),
        (
            rb"\s*<(?:!doctype html|html)\b",
            "a web page (an error of the server?)",
        ),
    )
)
"""What is no recording, by how it begins."""
_INSTEAD: Final = "give a recording in a format that `tankerwatch formats` lists, such as CSV or Parquet"


def format_named(name: str) -> Format:
    """Raises ValueError with a sentence."""
    found = next((each for each in FORMATS if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in FORMATS)
        raise ValueError(f"{name!r} is no format; known are {known}, see `tankerwatch formats`")
    return found


def recognised(head: bytes) -> Format:
    """The format of a text that begins like this. Raises SourceError for what is no text.

    A text of no known format is read as lines of NMEA: its outcomes say what it holds.
    """
    found = next((each for each in FORMATS if each.recognises(head)), None)
    if found is None and (other := next((what for begin, what in _OTHERS if begin.match(head)), None)):
        raise SourceError(f"is {other}, which is not read; {_INSTEAD}")
    if found is None and b"\0" in head:
        raise SourceError(
            f"holds binary data (a NUL at byte {head.index(0)}), not lines of text; give a recording in a "
            "format that `tankerwatch formats` lists"
        )
    return found or NMEA
