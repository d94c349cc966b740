"""The reference: lines read one by one, payloads by pyais."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

from models.report import Rows
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.lines.line_columns import Pghps, Scan, Sentences, TagColumns, scan_lines
from streams.decoding.payload import decode_payloads

NOTHING = np.empty(0, np.int64)


@contextmanager
def line_by_line() -> Iterator[None]:
    """No line is regular, no pair is made in columns, and every payload is read by pyais."""

    def only_lines(data: bytes, longest: int, cut: list[int]) -> Scan:
        lines = scan_lines(data, longest, cut).lines
        nothing = (TagColumns(*[NOTHING] * 8), 0, TagColumns(*[NOTHING] * 8), Pghps(*[NOTHING] * 5))
        return Scan(lines, Sentences(*[NOTHING] * 13), *nothing)

    def decode(rows: Rows, texts: ByteSpans, stations: Any) -> tuple[Rows, Rows]:
        positions, statics, failed = decode_payloads(rows, texts.pieces(), stations)
        assert not failed
        return positions, statics

    with (
        patch("streams.decoding.lines.frame_columns.scan_lines", only_lines),
        patch("streams.decoding.sentence_batch.find_pairs", lambda *_: (NOTHING, NOTHING)),
        patch("streams.decoding.decoder.decode_columns", decode),
    ):
        yield
