"""Date order: whether the day or the month comes first in a date that ends with its year."""

from enum import StrEnum


class DateOrder(StrEnum):
    UNKNOWN = ""
    DAY_FIRST = "dmy"
    MONTH_FIRST = "mdy"
