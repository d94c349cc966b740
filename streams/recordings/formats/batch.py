"""Batch: some rows of a table, in columns by what they hold."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from streams.recordings.formats.table_columns import TableColumns, Texts

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `columns` by what they hold, `times` the column of times as milliseconds where it is not
    text, `raw` a row as it stands."""

    rows: int
    columns: TableColumns
    times: Callable[[], Ints | None]
    raw: Callable[[int], bytes]

    def texts(self, name: str) -> Texts:
        """The distinct texts of a column, and which of them each row has. Raises KeyError."""
        return self.columns.texts(name)

    def numbers(self, name: str) -> Floats:
        """A column as numbers, NaN where there is none; not to be changed. Raises KeyError."""
        return self.columns.numbers(name)

    def also(self, name: str, other: str) -> "Batch":
        """With a column under another name, too."""
        return replace(self, columns=self.columns.also(name, other))

    def take(self, rows: Ints) -> "Batch":
        """Some of the rows, for their columns alone."""
        return replace(self, rows=len(rows), columns=self.columns.take(rows))
