"""Table evidence: what the rows read so far tell of how all rows of a table are to be understood.

The first rows may tell less than all of them: speeds that happen to be whole numbers, days up to the 12th. So
what they tell is kept from one reading of a file to the next, and the last reading knows all of it. What can
be read only once is judged by its first rows, and what later ones contradict is left out from there on.
"""

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

import numpy as np

from models.source_hints import DateOrder
from streams.decoding.lines.time_text import day_month
from streams.decoding.records import values
from streams.decoding.records.names import ANY_TYPE
from streams.decoding.records.record import STATIC_ONLY, WITH_POSITION
from streams.recordings.formats.batch import Batch, Floats, Ints
from streams.recordings.formats.columns import ColumnMap

MOST_DEGREES: Final = 181.0
"""Longitudes and latitudes that are not available are 181 and 91."""
_MOST_KINDS: Final = 27
_NO_DEGREES: Final = "lon"


class Understanding(NamedTuple):
    """How the rows of a table are understood, as far as they tell."""

    scaled: frozenset[str] = frozenset()
    """What is in the smaller units that the layout may have."""
    order: DateOrder = DateOrder.UNKNOWN
    joined: bool = False
    """Degrees and minutes of positions are one number, as in NMEA 0183, with the letters of the compass in
    columns of their own."""
    type: str = ""
    """What the column that is only called `type` holds: `kind` or `ship_type`; empty where it is not told."""


class TableEvidence:
    """Of one recording."""

    def __init__(self) -> None:
        self.settled = False
        """Whether all rows have been seen."""
        self._numbers: set[str] = set()  # scaled columns that have any number
        self._fractions: set[str] = set()  # those of them with a number that is not whole
        self._beyond = False  # whether a position is no degrees
        self._over = [False, False]  # whether the first and the second number of dates exceed 12
        self._types: set[int] = set()  # numbers in the column `type`
        self._words = False  # whether it has names of ship types
        self._no_kind = False  # whether it has a number that no message with what the row tells has
        self._changed = False

    def settle(self) -> bool:
        """All rows have been seen. Returns whether some of them were understood otherwise than they are now,
        so that they have to be read again."""
        self.settled = True
        return self._changed

    def change(self) -> None:
        """Rows tell something else than those before them."""
        self._changed = True

    def learn(
        self, batch: Batch, columns: ColumnMap, times: Callable[[], Iterable[str]], order: DateOrder
    ) -> None:
        """Take in some rows. `times` gives the texts of their times; `order` is that of dates, if known."""
        scaled, has = columns.scaled, columns.places
        sided = ("lon", "lat") if "lon_side" in has else ()
        for name in {*scaled, *sided}:
            found = known(batch.numbers(name))
            if len(found):
                self._numbers.add(name)
                if name in ("lon", "lat"):
                    self._beyond |= bool((np.abs(found) > MOST_DEGREES).any())
                if not (found == np.round(found)).all():
                    self._fractions.add(name)
        if order is DateOrder.UNKNOWN and columns.order is DateOrder.UNKNOWN and "time" in has:
            pairs = [day_month(text.encode()) for text in times() if not text[:4].isdecimal()]
            for place in (0, 1):
                self._over[place] |= any(pair is not None and pair[place] > 12 for pair in pairs)
        if ANY_TYPE in has:
            self._learn_types(batch, placed={"lon", "lat"} <= has.keys())

    def _learn_types(self, batch: Batch, *, placed: bool) -> None:
        """`placed` says whether the table has positions."""
        texts, which = batch.texts(ANY_TYPE)
        numbers = [values.whole(text) for text in texts]
        self._types |= {number for number in numbers if number}
        self._words |= any(n is None and values.ship_type(t) for n, t in zip(numbers, texts, strict=True))
        here: Ints = which
        if placed:
            here = which[~np.isnan(batch.numbers("lon")) & ~np.isnan(batch.numbers("lat"))]
        fitting = WITH_POSITION if placed else STATIC_ONLY
        self._no_kind |= any(numbers[i] and numbers[i] not in fitting for i in np.unique(here).tolist())

    def understanding(self, columns: ColumnMap) -> Understanding:
        joined = self._beyond and "lon_side" in columns.places and "lon_min" not in columns.places
        return Understanding(self._scaled(columns), self._order(columns), joined, self._type(columns))

    def _scaled(self, columns: ColumnMap) -> frozenset[str]:
        whole = {name for name in columns.scaled if name in self._numbers and name not in self._fractions}
        if _NO_DEGREES in columns.scaled:  # then all numbers of the layout are as they were sent, or none is
            return frozenset(whole if self._beyond else ())
        return frozenset(whole if "sog" in whole else ())

    def _order(self, columns: ColumnMap) -> DateOrder:
        if columns.order is not DateOrder.UNKNOWN or self._over[0] == self._over[1]:
            return columns.order
        return DateOrder.DAY_FIRST if self._over[0] else DateOrder.MONTH_FIRST

    def _type(self, columns: ColumnMap) -> str:
        """No ship type in use is as small as the types of messages, which go to 27."""
        if self._words or any(number > _MOST_KINDS for number in self._types):
            return "ship_type" if "ship_type" not in columns.places else ""
        return "kind" if self._types and not self._no_kind and "kind" not in columns.places else ""


def known(numbers: Floats) -> Floats:
    """Those that are there."""
    found: Floats = numbers[~np.isnan(numbers)]
    return found
