"""Whether a new value of a static field is a real change: not other spelling, a cut text or a garbled one."""

import re
from typing import Final

from models.vessel import Dimensions
from models.watchlist import plain_name

_PREFIX: Final = re.compile(r"^(M/?T|M/?V|M\.T\.|M\.V\.|S/?S|MTS|MS)[ .]+")
"""What some write before a ship's name: motor tanker, motor vessel, steam ship."""
_LEAST_CUT: Final = 3
"""A name that begins like another is its cut form from this many characters on. Judgement."""
_LETTERS_A_TYPO: Final = 4
"""One wrong letter for each so many is a typing error. Judgement: names have some ten letters."""
_WRONG_DIGITS: Final = 3
"""Digits by which an IMO number differs from the same number typed wrongly: a wrong digit or two that are
exchanged, and the check digit."""
_LENGTH: Final = 10
"""Metres. A ship's length that differs by less, or by less than a tenth, is measured anew. Judgement."""
_BEAM: Final = 4
"""Metres. The same for the beam."""


def is_other_name(before: str, after: str) -> bool:
    """Whether two names are those of different ships, or of one that was renamed."""
    a, b = (_plain(name) for name in (before, after))
    if not a or not b or a == b:
        return False
    if min(len(a), len(b)) >= _LEAST_CUT and (a.startswith(b) or b.startswith(a)):
        return False
    if _digits(a) != _digits(b):
        return True
    return edits(a, b) > max(1, max(len(a), len(b)) // _LETTERS_A_TYPO)


def is_other_callsign(before: str, after: str) -> bool:
    """Whether two call signs are not one with a typing error or a missing end."""
    a, b = plain_name(before), plain_name(after)
    if not a or not b or a.startswith(b) or b.startswith(a):
        return False
    return edits(a, b) > 1


def is_other_size(before: Dimensions, after: Dimensions) -> bool:
    """Whether two sizes are not those of one ship, measured twice or with the antenna elsewhere."""
    longer = max(before.length, after.length)
    return (
        abs(before.length - after.length) > max(_LENGTH, longer / 10) or abs(before.beam - after.beam) > _BEAM
    )


def may_be_mistyped(a: int, b: int) -> bool:
    """Whether one IMO number can be the other one with a typing error, and another check digit."""
    one, other = str(a), str(b)
    return sum(x != y for x, y in zip(one, other, strict=True)) <= _WRONG_DIGITS


def edits(a: str, b: str) -> int:
    """Levenshtein distance: letters to put in, take out or replace."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    return row[-1]


def _plain(name: str) -> str:
    """A name without what is written before it, with letters for the digits that are taken for them."""
    return plain_name(_PREFIX.sub("", name.strip().upper())).translate(str.maketrans("01", "OI"))


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))
