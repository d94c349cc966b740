"""Cuts what arrives from a live source into lines with their times of receipt, in blocks for frames."""

import hashlib
from dataclasses import dataclass, field

from models.time import Millis
from streams.deployment.topics import FRAME_BYTES, FRAME_LINES
from streams.recordings.line_cutter import LONGEST_LINE

CutMark = tuple[int, int, str]
"""Index in the block, whole length and SHA-256 of a line that was cut."""


@dataclass(slots=True)
class Block:
    """Lines, each with its line feed, and the time at which the last byte of each arrived."""

    first_line: int
    data: bytearray = field(default_factory=bytearray)
    received: list[Millis] = field(default_factory=list)
    cuts: list[CutMark] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.received)


class LineCutter:
    """`feed` takes bytes and returns the blocks that became full; `take` returns one that is not."""

    def __init__(self, *, longest: int = LONGEST_LINE, block_lines: int = FRAME_LINES) -> None:
        self._longest = longest
        self._block_lines = block_lines
        self._block = Block(1)
        self._head = bytearray()  # of the line that has not ended yet
        self._length = 0  # of the whole line so far
        self._digest = hashlib.sha256()  # of the same, once it is too long

    @property
    def lines(self) -> int:
        """Ended lines that wait in the block."""
        return len(self._block)

    @property
    def next_line(self) -> int:
        """The number of the next line, counted from 1."""
        return self._block.first_line + len(self._block)

    def feed(self, data: bytes, received: Millis) -> list[Block]:
        full: list[Block] = []
        *ended, rest = data.split(b"\n")
        for piece in ended:
            self._extend(piece)
            full += self._end_line(received)
        if rest:
            self._extend(rest)
        return full

    def end_line(self, received: Millis) -> list[Block]:
        """The connection or datagram has ended: what has arrived of an unfinished line counts as a line."""
        return self._end_line(received) if self._length else []

    def take(self) -> Block | None:
        return self._next_block() if self._block.received else None

    def _extend(self, piece: bytes) -> None:
        length = self._length + len(piece)
        if length > self._longest:
            if self._length <= self._longest:
                self._digest = hashlib.sha256(self._head)
            self._digest.update(piece)
            piece = piece[: max(0, self._longest - self._length)]
        self._length = length
        self._head += piece

    def _end_line(self, received: Millis) -> list[Block]:
        block = self._block
        if self._length > self._longest:
            block.cuts.append((len(block), self._length, self._digest.hexdigest()))
        self._head += b"\n"
        block.data += self._head
        block.received.append(received)
        self._head.clear()
        self._length = 0
        full = len(block) >= self._block_lines or len(block.data) >= FRAME_BYTES
        return [self._next_block()] if full else []

    def _next_block(self) -> Block:
        block = self._block
        self._block = Block(block.first_line + len(block))
        return block
