"""Text in any encoding and with any line ends gives the same lines."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.recordings.encoding import narrow, wide_encoding, with_line_feeds

LINES = "\\s:st1,c:1700000000*0C\\!AIVDM,1,1,,A,12vg20@01T9LBkPHDIH3Q2lt0000,0*6A\r\n# naïve – 航海\r\n"
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@given(st.integers(200, 400), st.sampled_from(ENCODINGS))
def test_every_encoding_gives_utf8(size: int, encoding: str) -> None:
    data = (LINES * 20).encode(encoding)
    assert b"".join(narrow(data[:200], pieces(data, size))).decode() == LINES * 20


@given(st.binary(max_size=40).map(lambda data: data.replace(b"\0", b"")))
def test_bytes_without_nul_or_mark_are_left_alone(data: bytes) -> None:
    if wide_encoding(data) is None and not data.startswith(b"\xef\xbb\xbf"):
        assert b"".join(narrow(data, iter([data]))) == data


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\r\r\n", b"a", b"bc"])), st.integers(1, 5))
def test_line_ends_do_not_depend_on_how_the_text_comes(parts: list[bytes], size: int) -> None:
    data = b"".join(parts)
    whole = b"".join(with_line_feeds(iter([data])))
    assert b"".join(with_line_feeds(pieces(data, size))) == whole
    assert len(whole) == len(data)
    assert whole.replace(b"\r", b"\n") == data.replace(b"\r", b"\n"), "nothing but CR becomes a line feed"


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        (b"one\rtwo\r", b"one\ntwo\n"),
        (b"one\r\ntwo\r\n", b"one\r\ntwo\r\n"),
        (b"one\r\r\ntwo", b"one\r\r\ntwo"),
        (b"one\r\rtwo\nthree\r\n", b"one\n\ntwo\nthree\r\n"),
    ],
)
def test_a_cr_alone_ends_a_line(given_text: bytes, expected: bytes) -> None:
    assert b"".join(with_line_feeds(iter([given_text]))) == expected
