"""Bytes become lines at line feeds, however they arrive, in bounded memory."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from streams.deployment.topics import FRAME_BYTES
from streams.ingest.framing import Block, LineCutter


def cut(pieces: list[bytes], **settings: int) -> list[Block]:
    cutter = LineCutter(**settings)
    blocks = [block for number, piece in enumerate(pieces) for block in cutter.feed(piece, number)]
    blocks += cutter.end_line(len(pieces))
    last = cutter.take()
    return [*blocks, *([last] if last else [])]


@given(st.lists(st.binary(max_size=40).map(lambda b: b.replace(b"\0", b"\n"))), st.integers(1, 5))
def test_cutting_of_the_input_changes_no_line(pieces: list[bytes], block_lines: int) -> None:
    whole = b"".join(pieces)
    blocks = cut(pieces, block_lines=block_lines)
    expected = whole if not whole or whole.endswith(b"\n") else whole + b"\n"
    assert b"".join(bytes(block.data) for block in blocks) == expected
    assert sum(len(block) for block in blocks) == expected.count(b"\n")
    first = 1
    for block in blocks:
        assert block.first_line == first
        assert len(block) == block.data.count(b"\n") <= block_lines
        first += len(block)


@given(st.binary(min_size=1, max_size=60), st.integers(1, 7))
def test_a_long_line_keeps_its_head_and_its_hash(text: bytes, step: int) -> None:
    text = text.replace(b"\n", b".")
    pieces = [text[at : at + step] for at in range(0, len(text), step)]
    (block,) = cut([b"a\n", *pieces, b"\nb\n"], longest=10)
    assert bytes(block.data) == b"a\n" + text[:10] + b"\nb\n"
    digest = hashlib.sha256(text).hexdigest()
    assert block.cuts == ([(1, len(text), digest)] if len(text) > 10 else [])


def test_a_line_has_the_time_at_which_its_end_arrived() -> None:
    (block,) = cut([b"fir", b"st\nsecond\nthi", b"rd"])
    assert block.received == [1, 1, 3]


def test_long_lines_do_not_make_large_blocks() -> None:
    line = b"x" * 60_000 + b"\n"
    blocks = cut([line * 40])
    assert max(len(block.data) for block in blocks) <= FRAME_BYTES + len(line)
    assert sum(len(block) for block in blocks) == 40


def test_lines_ended_from_outside_fill_blocks_too() -> None:
    cutter = LineCutter(block_lines=2)
    ended = []
    for number in range(5):
        assert cutter.feed(b"x", number) == []
        ended.append(len(cutter.end_line(number)))
    assert ended == [0, 1, 0, 1, 0]
