"""Source hints: what the user says about the lines of a source, where the lines do not say it themselves."""

from enum import StrEnum
from typing import Final

import msgspec

from models.time import Millis


class DateOrder(StrEnum):
    """Whether the day or the month comes first in a date that ends with its year."""

    UNKNOWN = ""
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"


class SourceHints(msgspec.Struct, frozen=True):
    base_time: Millis | None = None
    """Time of all lines, for a source that tells none."""
    timezone: str = ""
    """Zone of times without an offset: an IANA name or an offset such as `+09:00`. Empty: UTC, and lines that
    name a zone are refused."""
    date_order: DateOrder = DateOrder.UNKNOWN
    """Whether the day or the month comes first in dates such as 03/04/2024. Unknown: as the first lines of
    the source show, and refused where they do not."""
    not_after: Millis | None = None
    """A time after this one is not believed. None: any may be."""


NO_HINTS: Final = SourceHints()
