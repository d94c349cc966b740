"""Quick records: the times of JSON lines of the commonest kinds, without reading all that they say.

For a look at whole files. What is told here is what reading the lines as records tells; lines that need more
than these few fields are left to that.
"""

import re
from functools import lru_cache
from typing import Final, Literal

import msgspec
import numpy as np

from models.errors import UNDECODABLE
from streams.decoding.lines.byte_spans import Int64Array
from streams.decoding.lines.time_text import Reading, TextRules
from streams.decoding.records.dialects.fields import REPORTED, time_of

_ALWAYS_SAID: Final = frozenset(REPORTED) - {24}
"""Message types of which every record becomes a message."""
_MOST_MMSI: Final = 999_999_999
_UTC: Final = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.(\d{1,9}))? \+0000 UTC")
"""As Go writes times."""


class _Catcher(msgspec.Struct):
    """AIS-catcher."""

    said: Literal["AIS"] = msgspec.field(name="class")
    kind: int = msgspec.field(name="type")
    mmsi: int
    moment: int | float = msgspec.field(name="rxuxtime")


class _Message(msgspec.Struct):
    kind: int = msgspec.field(name="MessageID")
    mmsi: int = msgspec.field(name="UserID")
    valid: bool = msgspec.field(name="Valid", default=True)


class _About(msgspec.Struct):
    moment: str = msgspec.field(name="time_utc")


class _Stream(msgspec.Struct):
    """aisstream.io."""

    named: str = msgspec.field(name="MessageType")
    messages: dict[str, _Message] = msgspec.field(name="Message")
    about: _About = msgspec.field(name="MetaData")


_CATCHER: Final = msgspec.json.Decoder(_Catcher)
_STREAM: Final = msgspec.json.Decoder(_Stream)


def quick_record_times(data: bytes, longest: int, rules: TextRules) -> Int64Array | None:
    """The time of each line; None where some line has to be read as a whole, or is longer than `longest`
    bytes."""
    if b"!" in data or b"$" in data:  # there may be sentences
        return None
    is_stream = b'"MessageType"' in data
    if is_stream and b'"mmsi"' in data:
        return None
    read = _of_stream if is_stream else _of_catcher
    found = []
    try:
        for line in data.removesuffix(b"\n").split(b"\n"):
            time = read(line, rules) if len(line) <= longest else None
            if not isinstance(time, int):
                return None
            found.append(time)
    except UNDECODABLE:
        return None
    return np.array(found, np.int64)


def _of_catcher(line: bytes, rules: TextRules) -> Reading:
    record = _CATCHER.decode(line)
    if record.kind not in _ALWAYS_SAID or not 0 < record.mmsi <= _MOST_MMSI:
        return None
    return time_of(record.moment, rules)


def _of_stream(line: bytes, rules: TextRules) -> Reading:
    record = _STREAM.decode(line)
    message = record.messages.get(record.named)
    if message is None or message.kind not in _ALWAYS_SAID or not message.valid:
        return None
    match = _UTC.fullmatch(record.about.moment)
    if match is None or not 0 < message.mmsi <= _MOST_MMSI:
        return None
    second = _second(match[1], rules)
    return second + int((match[2] or "").ljust(3, "0")[:3]) if isinstance(second, int) else None


@lru_cache(maxsize=4096)
def _second(text: str, rules: TextRules) -> Reading:
    return time_of(f"{text} +0000 UTC", rules)
