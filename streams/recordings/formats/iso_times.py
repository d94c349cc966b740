"""ISO times: the usual spelling of times in columns of tables, many at once."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from models.time import SECOND

NO_TIME: Final = -1
_FORM: Final = "0000-00-00T00:00:00"
_SIGNS: Final = np.array([ord(letter) for letter in _FORM], np.uint32)
_DIGITS: Final = ord("0") == _SIGNS
_PLACES: Final = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
_FIRST_YEAR: Final = 1971


def iso_times(texts: Sequence[str]) -> npt.NDArray[np.int64]:
    """Milliseconds of texts such as `2024-03-01T10:00:00`, in UTC, also with a space for the `T` and a `Z`
    behind; NO_TIME for what is written otherwise, or is no time."""
    result = np.full(len(texts), NO_TIME)
    whole = len(_FORM)
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    chosen = np.flatnonzero((lengths == whole) | (lengths == whole + 1))
    if not len(chosen):
        return result
    letters = np.array([texts[i] for i in chosen.tolist()], f"U{whole + 1}").view(np.uint32)
    letters = letters.reshape(len(chosen), whole + 1)
    digits = letters[:, :whole] - ord("0")
    good = np.where(_DIGITS, digits < 10, letters[:, :whole] == _SIGNS)
    good[:, 10] |= letters[:, 10] == ord(" ")
    fits = good.all(axis=1) & ((lengths[chosen] == whole) | (letters[:, whole] == ord("Z")))
    chosen, digits = chosen[fits], digits[fits].astype(np.int64)
    year, month, day, hour, minute, second = (
        digits[:, begin:end] @ (10 ** np.arange(end - begin)[::-1]) for begin, end in _PLACES
    )
    months = ((year - 1970) * 12 + month - 1).astype("M8[M]")
    first = months.astype("M8[D]").astype(np.int64)
    days = (months + 1).astype("M8[D]").astype(np.int64) - first
    right = (year >= _FIRST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= days)
    right &= (hour < 24) & (minute < 60) & (second < 60)
    times = (((first + day - 1) * 24 + hour) * 60 + minute) * 60 + second
    result[chosen[right]] = times[right] * SECOND
    return result
