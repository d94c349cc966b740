"""Line breaks: counted eight bytes at a time, the same as one by one."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from streams.decoding.lines.line_breaks import line_breaks

TEXTS = st.lists(st.sampled_from([b"\n", b"\r", b"\r\n", b"\x8a", b"\x8d", b"\0", b"\x0b", b"x", b"\xff"]))


@given(TEXTS.map(b"".join))
@example(b"1234567\r\n2345678\r")
@example(b"1234567\r2345678\n")
@example(b"\n" * 700 + b"\r")
def test_the_same_as_one_by_one(text: bytes) -> None:
    assert line_breaks(text) == (text.count(b"\n"), re.search(rb"\r[^\n]", text) is not None)
