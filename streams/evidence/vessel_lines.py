"""Vessel lines: of the lines of one source, those that some vessels sent, and what speaks of them."""

from collections.abc import Collection
from typing import Final

import numpy as np

from models.frame import Frame
from models.source_hints import SourceHints
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.byte_spans import Flags
from streams.decoding.lines.context_columns import ContextMemory
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.names import Names
from streams.decoding.opening import Opening
from streams.decoding.payload_columns import unsigned
from streams.decoding.settings import DecoderSettings, first_rules
from streams.decoding.time_survey import survey

_MMSI_AT: Final = 8
_MMSI_BITS: Final = 30
"""Where the MMSI of the sender is in every message (ITU-R M.1371-5, table 46)."""
_MOST_OPEN: Final = 1_000
"""Messages whose parts are waited for at once."""
_MOST_LEADING: Final = 100
"""Context lines before a sentence that are kept for it."""

_Part = tuple[int, str, int]
_Line = tuple[int, bytes, int]
"""Number, text, and when it was received."""


class VesselLines:
    """Chooses lines, frame by frame.

    A part of a message is chosen if its first part came before it and is of one of the vessels. With a
    sentence come the lines right before it that tell its time or station.
    """

    def __init__(self, mmsis: Collection[int], settings: DecoderSettings, hints: SourceHints) -> None:
        self._mmsis = np.fromiter(sorted(mmsis), np.int64)
        self._settings = settings
        self._rules = first_rules(settings, hints)
        self._decided = False
        self._memory, self._stations = ContextMemory(), Names()
        self._times = LineTimes(settings, hints)
        self._open: dict[_Part, int] = {}  # parts that are still to come
        self._before: list[_Line] = []  # lines that may lead the next one

    def of(self, frame: Frame) -> Frame | None:
        """The chosen lines of the next frame, with their numbers; None if there are none."""
        if not self._decided and self._settings.opening_lines:  # as LineTimes does
            head, _ = Opening(frame.source, self._settings.opening_lines).keep(frame)
            self._rules = survey([head], self._settings.max_line_bytes, self._rules).rules
        self._decided = True
        texts = frame.data.split(b"\n")
        if not texts[-1]:
            texts.pop()
        chosen = self._chosen(frame, len(texts))
        leads = self._times.read(frame).leads
        cut = {each.index for each in frame.cuts}
        kept: list[_Line] = []
        received = [0] * len(texts) if frame.received is None else frame.received.tolist()
        for index, text in enumerate(texts):
            line = frame.number(index), text, received[index]
            if chosen[index] and index not in cut:
                kept += [*self._before, line]
            if leads[index] and not chosen[index]:
                self._before = [*self._before, line][-_MOST_LEADING:]
            elif self._before:
                self._before = []
        if not kept:
            return None
        numbers = np.array([number for number, _, _ in kept], np.int64)
        data = b"".join(text + b"\n" for _, text, _ in kept)
        times = None if frame.received is None else np.array([time for _, _, time in kept], np.int64)
        return Frame(frame.source, data, kept[0][0], times, numbers=numbers)

    def _chosen(self, frame: Frame, count: int) -> Flags:
        columns = FrameColumns(frame, self._settings.max_line_bytes, self._rules)
        columns.settle(self._rules, self._memory, self._stations)
        sentences = columns.sentences
        mmsi = unsigned(sentences.payload, _MMSI_AT, _MMSI_BITS)
        mine = np.isin(mmsi, self._mmsis) & (sentences.number <= 1)
        for row in np.flatnonzero(sentences.total > 1).tolist():
            mine[row] = self._is_part(columns, row, mine)
        chosen = np.zeros(count, np.bool_)
        chosen[sentences.line[mine]] = True
        return chosen

    def _is_part(self, columns: FrameColumns, row: int, mine: Flags) -> bool:
        sentences = columns.sentences
        total, number = int(sentences.total[row]), int(sentences.number[row])
        key = int(sentences.key[row]), columns.groups[int(columns.group[row])], total
        if number == 1:
            self._open.pop(key, None)
            if mine[row]:
                self._open[key] = total - 1
                if len(self._open) > _MOST_OPEN:
                    del self._open[next(iter(self._open))]
            return bool(mine[row])
        left = self._open.pop(key, 0)
        if left > 1:
            self._open[key] = left - 1
        return left > 0
