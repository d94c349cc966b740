"""The times of JSON lines are the same whether they are read quickly or as a whole."""

import random
from collections.abc import Callable, Iterator

import pytest

from models.frame import Frame
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.time_text import TextRules
from streams.decoding.records.quick_records import quick_record_times
from tests.scenarios import simulated
from tests.streams import format_writers as writers

LINES = 360
Mend = Callable[[bytes, random.Random], bytes]


def replaced(*pairs: tuple[bytes, bytes]) -> Mend:
    def change(line: bytes, _: random.Random) -> bytes:
        for old, new in pairs:
            line = line.replace(old, new)
        return line

    return change


CHANGES: list[Mend] = [
    lambda line, chance: line[: chance.randrange(10, len(line))],
    lambda line, _: b"x" + line,
    lambda line, _: line + b", \r",
    replaced((b'"type": 1', b'"type": 24'), (b'"MessageID": 1', b'"MessageID": 24')),
    replaced((b'"type": 1', b'"type": 21'), (b'"Valid": true', b'"Valid": false')),
    replaced((b'"mmsi": ', b'"mmsi": 9'), (b'"UserID": ', b'"UserID": 9')),
    replaced((b'"rxuxtime": ', b'"rxuxtime": 0.'), (b"+0000", b"+0900")),
    replaced((b'"rxuxtime": 17', b'"rxuxtime": "17'), (b', "scaled"', b'", "scaled"'), (b" UTC", b"")),
    replaced((b', "scaled"', b'.1239, "scaled"'), (b".000000891", b".12")),
    replaced((b'"scaled": true', b'"MessageType": 1'), (b'"MetaData"', b'"mmsi": 1, "MetaData"')),
    replaced((b'"rxuxtime": 17', b'"rxuxtime": 1'), (b"2024-", b"1999-")),
    replaced((b'"scaled": true', b'"shipname": "!AIVDM,1"'), (b'"Valid": true', b'"Name": "$GPRMC,1"')),
]


def aiscatcher(messages: list[writers.Heard]) -> Iterator[str]:
    return writers.aiscatcher(messages, sentences=False)


@pytest.mark.parametrize("write", [aiscatcher, writers.aisstream])
def test_times_of_lines_of_any_kind(write: Callable[[list[writers.Heard]], Iterator[str]]) -> None:
    messages = list(writers.heard(simulated.recording("cho_do", 1, "none")[:LINES]))
    lines = [line.rstrip("\n").encode() for line in write(messages)]
    chance = random.Random(5)
    whole, quick, plain = LineTimes(), LineTimes(), 0
    for at in range(0, len(lines), 3):
        part = lines[at : at + 3]
        if at and chance.random() < 0.7:
            changed = chance.randrange(len(part))
            part[changed] = chance.choice(CHANGES)(part[changed], chance)
        frame = Frame("a", b"\n".join(part) + b"\n", at + 1)
        plain += quick_record_times(frame.data, 4096, TextRules()) is not None
        assert quick.times(frame).tolist() == whole.read(frame).time.tolist(), part
    assert len(lines) / 12 < plain < len(lines) / 4


def test_objects_far_within_one_another_are_left_to_the_whole_reading() -> None:
    inner = b"[" * 1_900 + b"]" * 1_900
    line = b'{"class": "AIS", "type": 1, "mmsi": 1, "rxuxtime": 1700000000, "x": %s}\n'
    assert quick_record_times(line % b"[]", 4096, TextRules()) is not None
    assert quick_record_times(line % inner, 4096, TextRules()) is None
