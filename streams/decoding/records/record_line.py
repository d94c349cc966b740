"""Record line: a line that holds JSON objects or a payload in hexadecimal, as the sentences it stands for."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from models.errors import UNDECODABLE
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import ATTACHED, Sentence
from streams.decoding.lines.tag_block import NO_TAG, Tag
from streams.decoding.lines.time_text import Reading, TextRules, read_time
from streams.decoding.payload import Content, read_content
from streams.decoding.records import values
from streams.decoding.records.dialects.known import records_of
from streams.decoding.records.names import ENVELOPES, field_of
from streams.decoding.records.record import Payload, Record

Told = tuple[Sentence, Tag, Reading]
"""A sentence, what is told about its station, and its time."""

_TALKER: Final = b"AIVDM"
_LETTERS: Final = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
_HEX: Final = re.compile(
    rb"(.*[\s,;:|])?\"?(?:0x)?((?:[0-9A-Fa-f]{2}){6,127}[0-9A-Fa-f]{2})\"?\s*", re.DOTALL
)
_HEX_BYTES: Final = re.compile(rb"\"?(?:[0-9A-Fa-f]{2}[ :]){6,127}[0-9A-Fa-f]{2}\"?\s*")
_AFTER_SIGN: Final = re.compile(rb"(?:^|[\s,;|])(?=\"?[0-9A-Fa-f]{2}[ :])")
_MOST_SIGNS: Final = 12
"""Places in a line from which bytes in pairs of digits may begin."""
_TOPIC: Final = re.compile(rb"vessels-v2/(\d{1,9})/")
"""How Digitraffic names the vessel, in the topic only; `mosquitto_sub -v` writes it before the object."""
_CRC_BITS: Final = 16
_DEEPEST: Final = 4
"""Objects within one another around an array without objects."""
_LINES_OF_ARRAYS: Final = b"[]{}, \t\r"


class Refused(NamedTuple):
    """A row of a table that becomes nothing: why, and the row as it stands."""

    outcome: Outcome
    row: bytes


_REASONS: Final = {
    each.value: each
    for each in (
        Outcome.MALFORMED,
        Outcome.NO_MMSI,
        Outcome.NO_REPORT,
        Outcome.NO_TIME,
        Outcome.UNKNOWN_DATE_ORDER,
        Outcome.UNKNOWN_ZONE,
    )
}


_NO_RECORD: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""A record that its reader fails at is malformed. It must not stop the stream: it would do so again at each
restart."""


def read_record_line(line: bytes, number: int, rules: TextRules) -> list[Told] | Refused | Outcome | None:
    """The sentences of a line, or what becomes of it. None for a line that is no record.

    CONTEXT is what stands between the objects of an array.
    """
    start = line.find(b"{")
    if start < 0:
        if not line.strip(_LINES_OF_ARRAYS):
            return Outcome.CONTEXT if line.strip() else None
        return _of_hex(line, number, rules)
    if not line.strip(_LINES_OF_ARRAYS):
        return Outcome.CONTEXT
    before = read_time(line[:start], rules) if start else None
    told: list[Told] = []
    outcome = Outcome.MALFORMED
    for found in _objects(line[start:]):
        if not isinstance(found, Mapping):
            continue
        if found.keys() == {"outcome", "row"} and str(found["outcome"]) in _REASONS:
            return Refused(_REASONS[str(found["outcome"])], str(found["row"]).encode("utf-8", "replace"))
        try:
            records = [(record, record.payloads()) for record in records_of(found, rules)[1]]
        except _NO_RECORD:
            continue
        if not records and outcome in (Outcome.MALFORMED, Outcome.CONTEXT) and _is_empty(found):
            outcome = Outcome.CONTEXT
            continue
        for record, payloads in records:
            if not record.mmsi and (topic := _TOPIC.search(line, 0, start)):
                record.mmsi = values.mmsi(topic[1].decode())
                payloads = record.payloads()
            if not record.mmsi:
                outcome = Outcome.NO_MMSI
                continue
            told += _told(payloads, record, before, number, line, spoken=bool(told))
        if outcome in (Outcome.MALFORMED, Outcome.CONTEXT):
            outcome = Outcome.NO_REPORT
    return told or outcome


def _is_empty(found: Mapping[str, Any], depth: int = 0) -> bool:
    """Whether it is the envelope of a service that heard nobody: `{"vessels": []}`, `{"RECORDS": 0}`."""
    held = [value for name, value in found.items() if str(name).lower() in ENVELOPES]
    inner = [value for value in found.values() if isinstance(value, Mapping)]
    if not depth and _tells_of_a_vessel(found):
        return False
    empty = bool(held) and all(each in ([], "0") or (each == 0 and each is not False) for each in held)
    return empty or (depth < _DEEPEST and any(_is_empty(each, depth + 1) for each in inner))


def _tells_of_a_vessel(found: Mapping[str, Any], depth: int = 0) -> bool:
    inner = [value for value in found.values() if isinstance(value, Mapping)] if depth < _DEEPEST else []
    return any(field_of(str(name)) == "mmsi" for name in found) or any(
        _tells_of_a_vessel(each, depth + 1) for each in inner
    )


def _objects(text: bytes) -> Iterator[Any]:
    """The objects in a text, up to what is no JSON."""
    try:
        yield msgspec.json.decode(text.rstrip(b", \t\r]"))
        return
    except UNDECODABLE:
        pass
    decoder, rest = json.JSONDecoder(), text.decode("utf-8", "replace")
    at = rest.find("{")
    while at >= 0:
        try:
            found, at = decoder.raw_decode(rest, at)
        except (ValueError, RecursionError):
            return
        yield found
        at = rest.find("{", at)


def _told(
    payloads: list[Payload], record: Record, before: Reading, number: int, line: bytes, spoken: bool
) -> Iterator[Told]:
    tag = Tag(station=record.station) if record.station else NO_TAG
    time = record.time if record.time is not None else before
    for index, payload in enumerate(payloads):
        sentence = _sentence(payload, number, 0 if spoken or index else 1, line)
        sentence.channel = ATTACHED if index else b""
        yield sentence, tag, time


def _sentence(payload: Payload, number: int, lines: int, line: bytes) -> Sentence:
    return Sentence(number, lines, line, _TALKER, 1, 1, b"", b"", payload.text, payload.fill, 0)


def _of_hex(line: bytes, number: int, rules: TextRules) -> list[Told] | None:
    """A log of time and payload bits, eight to a byte; a CRC of 16 bits behind them may be there."""
    parts = [(read_time(before, rules) if before else None, digits) for before, digits in _hex_parts(line)]
    for time, digits in sorted(parts, key=lambda part: part[0] is None):  # a time looks like bytes, too
        data = bytes.fromhex(digits.translate(None, b': \t\r"').decode())
        for bits in (len(data) * 8, len(data) * 8 - _CRC_BITS):
            payload = _armoured(data, bits)
            if isinstance(read_content(payload.text, payload.fill), Content):
                return [(_sentence(payload, number, 1, line), NO_TAG, time)]
    return None


def _hex_parts(line: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What may be the time and the payload: digits in one piece, or in pairs."""
    if match := _HEX.fullmatch(line):
        yield match[1] or b"", match[2]
    for place, sign in enumerate(_AFTER_SIGN.finditer(line)):
        if place >= _MOST_SIGNS:
            return
        if _HEX_BYTES.fullmatch(line, sign.end()):
            yield line[: sign.end()], line[sign.end() :]


def _armoured(data: bytes, bits: int) -> Payload:
    fill = -bits % 6
    value = int.from_bytes(data, "big") >> len(data) * 8 - bits << fill
    count = (bits + fill) // 6
    return Payload(bytes(_LETTERS[value >> 6 * place & 63] for place in range(count - 1, -1, -1)), fill)
