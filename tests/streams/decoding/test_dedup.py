"""Repeats and order in columns, against the plain rule, also where different payloads share a hash."""

from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Rows
from streams.decoding.dedup import HELD
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.repeats import in_order, originals

MESSAGE = st.tuples(
    st.one_of(st.integers(0, 60), st.integers(0, 2**41)),  # time
    st.integers(0, 1),  # mmsi
    st.sampled_from([b"a", b"b", b"ab", b"a" * 8, b"a" * 9, b"a" * 40, b"a" * 39 + b"b"]),
    st.integers(0, 1),  # fill
    st.integers(0, 2),  # channel
    st.integers(1, 2),  # lines
)
Message = tuple[int, int, bytes, int, int, int]


def columns(messages: list[Message]) -> tuple[Rows, ByteSpans]:
    rows = np.zeros(len(messages), HELD)
    for number, name in enumerate(("time", "mmsi", "payload", "fill", "channel", "lines")):
        if name != "payload":
            rows[name] = [message[number] for message in messages]
    return rows, ByteSpans.of([message[2] for message in messages])


@settings(max_examples=300, deadline=None)
@given(st.lists(MESSAGE, max_size=40), st.sampled_from([0, 10, 50]), st.booleans())
def test_originals(messages: list[Message], window: int, colliding: bool) -> None:
    messages = sorted(messages)
    expected, last = [], dict[tuple[bytes, int, int], int]()
    for index, (time, _, payload, fill, channel, _) in enumerate(messages):
        before = last.get((payload, fill, channel))
        if before is None or time - messages[before][0] > window:
            before = last[payload, fill, channel] = index
        expected.append(before)
    rows, payloads = columns(messages)
    if not colliding:
        assert originals(rows, payloads, window).tolist() == expected
        return
    with patch.object(ByteSpans, "hashes", lambda spans: np.zeros(spans.size, np.uint64)):
        assert originals(rows, payloads, window).tolist() == expected


@given(st.lists(MESSAGE, max_size=40))
def test_order(messages: list[Message]) -> None:
    order = in_order(*columns(messages)).tolist()
    assert order == sorted(range(len(messages)), key=lambda index: messages[index])


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_spans_are_their_pieces(pieces: list[bytes]) -> None:
    spans = ByteSpans.of(pieces)
    assert spans.pieces() == pieces
    assert spans.compact().pieces() == pieces
    assert ByteSpans.join([spans, spans.compact()]).pieces() == pieces * 2
    assert [spans.piece(index) for index in range(len(pieces))] == pieces
    which, distinct = spans.numbered()
    assert [distinct[number] for number in which.tolist()] == pieces
    words = np.stack(spans.all_words(), axis=1) if any(pieces) else np.empty((len(pieces), 0), np.uint64)
    assert [row.astype(">u8").tobytes().rstrip(b"\0") for row in words] == [p.rstrip(b"\0") for p in pieces]
