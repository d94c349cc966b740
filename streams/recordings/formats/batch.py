"""Batch: some rows of a table, in columns by what they hold."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: `texts` gives a column by what it holds as texts (distinct ones, and which each row has),
    `numbers` as numbers, NaN where there is none, `times` the column of times as milliseconds where it is not
    text, `raw` a row as it stands."""

    rows: int
    texts: Callable[[str], tuple[list[str], Ints]]
    numbers: Callable[[str], Floats]
    times: Callable[[], Ints | None]
    raw: Callable[[int], bytes]
