"""Problems: what is said of a source that tells no time."""

import re

import pytest

from streams.decoding.lines.time_text import TextRules, read_time
from streams.recordings.diagnosis import unusable

SENTENCE = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n"


@pytest.mark.parametrize(
    "before", ["12:34:56 ", "[12:34:56.123] ", "9:05:01,", "00:00:03 INFO rx: ", "12:34 "]
)
def test_a_time_of_day_without_a_day_is_said_and_the_remedy_works(before: str) -> None:
    line = before.encode() + SENTENCE
    said = unusable("a.log", {"no_time": 2}, line * 2)
    assert said is not None
    assert said.startswith("a.log: tells the time of day before its lines and not the day, so 2 AIS messages")
    assert r"sed -E 's/^\W*/2026-03-01T/'" in said
    dated = re.sub(rb"^\W*", b"2026-03-01T", line).partition(b"!")[0]
    assert isinstance(read_time(dated, TextRules()), int)


@pytest.mark.parametrize("before", ["", "x ", "\\s:r12:34*00\\", "99:99:99 "])
def test_other_lines_without_a_time_are_not_taken_for_it(before: str) -> None:
    said = unusable("a.log", {"no_time": 2}, (before.encode() + SENTENCE) * 2)
    assert said is not None
    assert "tells the time of day" not in said
