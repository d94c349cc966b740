"""Known dialects: which there are, and the records of an object of any of them.

Each reader takes an object of its kind and gives records; none where the object tells nothing about a vessel:
a control frame, a message of another type, data of another kind. Of an object of another kind it gives None.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.decoding.lines.time_text import TextRules
from streams.decoding.records.dialects.aisstream import aisstream
from streams.decoding.records.dialects.canboat import canboat
from streams.decoding.records.dialects.digitraffic import digitraffic
from streams.decoding.records.dialects.fields import Object
from streams.decoding.records.dialects.gpsd import gpsd
from streams.decoding.records.dialects.other import other
from streams.decoding.records.dialects.signalk import signalk
from streams.decoding.records.record import Record

DIALECTS: Final[tuple[tuple[str, Callable[[Object, TextRules], list[Record] | None]], ...]] = (
    ("aisstream.io", aisstream),
    ("gpsd or AIS-catcher", gpsd),
    ("Signal K", signalk),
    ("canboat", canboat),
    ("Digitraffic", digitraffic),
    ("JSON objects", other),
)
"""In the order in which they are tried."""


def records_of(found: Object, rules: TextRules) -> tuple[str, list[Record]]:
    """The name of the dialect of an object (empty for none), and its records."""
    if isinstance(found.get("mmsi"), Mapping):
        found = {name: _bare(value) for name, value in found.items()}
    for name, read in DIALECTS:
        records = read(found, rules)
        if records is not None:
            return name, records
    return "", []


def _bare(value: Any) -> Any:
    """The value of a field that is annotated (`{"value": 7}`) or typed (`{"$numberLong": "1"}`)."""
    if isinstance(value, Mapping):
        if "value" in value:
            return value["value"]
        if len(value) == 1 and str(next(iter(value))).startswith("$"):
            return next(iter(value.values()))
    return value
