"""Repeats and order in columns, against the plain rule, also where different payloads share a hash."""

from contextlib import nullcontext
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Rows
from streams.decoding import transmissions
from streams.decoding.dedup import HELD, in_order
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.transmissions import WINDOW, Transmissions

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


Heard = tuple[int, bytes, int]
HEARD = st.tuples(
    st.one_of(st.integers(0, 60), st.integers(0, 4 * WINDOW)),  # time
    st.sampled_from([b"a", b"b", b"ab", b"a" * 8, b"a" * 9, b"a" * 40, b"a" * 39 + b"b"]),
    st.integers(0, 3),  # salt: 0 and 1 have a UTC second
)


def settled(heard: list[Heard], cuts: list[int], window: int) -> list[tuple[bool, int, int]]:
    """Each message in order of time: whether it repeats one, the number of that one, and how much later.

    After each batch the table goes on from its snapshot, or from what a checkpoint has.
    """
    table, kept = Transmissions(window), 0
    stored: dict[str, bytes] = {}
    result = list[tuple[bool, int, int]]()
    for turn, (start, end) in enumerate(pairwise([0, *sorted(cuts), len(heard)])):
        batch = heard[start:end]
        times = np.array([each[0] for each in batch], np.int64)
        salts = np.array([each[2] for each in batch], np.uint8)
        found = table.settle(ByteSpans.of([each[1] for each in batch]), salts, times, kept)
        kept += int(np.count_nonzero(~found.flag))
        result += zip(found.flag.tolist(), found.of.tolist(), found.after.tolist(), strict=True)
        if batch:
            table.forget(batch[-1][0])
        for name, piece in table.changes().items():
            if piece is None:
                del stored[name]
            else:
                stored[name] = piece
        assert stored == table.dump()
        if turn % 2:
            table = Transmissions(window)
            table.load(stored)
            assert table.dump() == stored
    return result


@settings(max_examples=300, deadline=None)
@given(
    st.lists(HEARD, max_size=40),
    st.lists(st.integers(0, 40), max_size=4),
    st.sampled_from([0, 10, 50]),
    st.booleans(),
    st.booleans(),
)
def test_repeats(heard: list[Heard], cuts: list[int], window: int, colliding: bool, full: bool) -> None:
    """Also where the table is full at nearly every batch, and is spread, packed, or made anew."""
    heard = sorted(heard)
    cuts = [min(cut, len(heard)) for cut in cuts]
    expected, first, kept = [], dict[tuple[bytes, int], tuple[int, int]](), 0
    for time, payload, salt in heard:
        reach = WINDOW if salt <= 1 else window
        began, number = first.get((payload, salt), (-(2**60), -1))
        if time - began <= reach:
            expected.append((True, number, time - began))
        else:
            first[payload, salt] = time, kept
            expected.append((False, kept, 0))
            kept += 1
    given: dict[str, Any] = {"_LEAST_ROOM": 2, "_ROOM": 4, "_TEXT": 32, "_SPARE": 1} if full else {}
    if colliding:
        given["_FACTOR"] = np.uint64(0)
    with patch.multiple(transmissions, **given) if given else nullcontext():
        found = settled(heard, cuts, window)
    assert [
        each if each[0] else (False, number, 0) for each, (_, number, _) in zip(found, expected, strict=True)
    ] == expected


def test_a_batch_of_which_nothing_can_be_repeated_any_more() -> None:
    """Its last message repeats one that lies in another page, minutes after its only original."""
    seconds = [1_000 * number for number in range(3)]
    heard: list[Heard] = [(time, b"a" * (8 + time // 1_000), 0) for time in seconds]
    heard += [(3_000, b"b", 2), (200_000, b"b", 2), (300_000, b"a" * 8, 0), (400_000, b"ab", 2)]
    assert [flag for flag, _, _ in settled(heard, [3, 4, 6], 10)] == [False] * 5 + [True, False]


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
    assert spans.text() == b"".join(pieces)
