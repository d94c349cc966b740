"""Look: what a first look at rows of a table tells: the times of their lines, without the lines."""

from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np

from models.frame import Frame
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.records.layout import fill_of, pack_columns
from streams.decoding.records.record import NO_SECOND
from streams.recordings.formats.batch import Batch, Ints
from streams.recordings.formats.row_contents import RowContents, silent
from streams.recordings.formats.row_reader import RowReader
from streams.recordings.formats.row_sentences import can_be_told, position_lines
from streams.recordings.formats.rows import refused_line

Look = Ints | Frame
"""The time that each line tells in milliseconds, UNTOLD where it tells none; or lines that tell the same,
where these have to be read."""
_KIND: Final = "1"


class Told(NamedTuple):
    """What rows tell: the time of each, and what becomes of those that become nothing."""

    batch: Batch
    times: Ints
    nothing: dict[int, Outcome]


class RowLook:
    """Looks at batches of one table, one after the other, as they are read by `reader`."""

    def __init__(self, reader: RowReader) -> None:
        self._reader = reader
        self._contents = RowContents(reader)

    def times(self, batch: Batch) -> Told:
        rows = self._reader.read(batch)
        nothing = rows.outcomes(
            silent(rows, self._contents, lambda chosen: self._contents.of(rows.batch.take(chosen)).ids)
        )
        times = np.where(can_be_told(rows.times), rows.times, UNTOLD)
        times[list(nothing)] = UNTOLD
        if self._contents.held > self._contents.most:
            self._contents.keep(np.empty(0, np.int64))
        return Told(batch, times, nothing)


def look_of(
    source: str,
    lines: int,
    places: Ints,
    told: Told | None,
    others: Mapping[int, bytes],
) -> Look:
    """The look at so many lines. `places` are those of the rows that `told` is about, `others` is written in
    place of lines that are no rows."""
    times = np.full(lines, UNTOLD)
    refused: list[int] = []
    if told is not None:
        times[places] = told.times
        refused = [row for row in told.nothing if _speaks(told.batch.raw(row))]
    if not refused and not any(line.startswith(b"#") or _speaks(line) for line in others.values()):
        return times
    fields = {"second": np.full(lines, NO_SECOND)}
    texts = position_lines(times, pack_columns(_KIND, fields, lines), fill_of(_KIND), [])
    for at, line in others.items():
        texts[at] = line
    if told is not None:
        for row, outcome in told.nothing.items():
            texts[places[row]] = refused_line(outcome, told.batch.raw(row))
    return Frame(source, b"\n".join(texts) + b"\n", 1)


def _speaks(line: bytes) -> bool:
    """Whether there may be a sentence in a line, with a time of its own."""
    return b"!" in line or b"$" in line
