"""Bounds: how large and how deep a file of the user's may be, asked before it is parsed.

A parser takes what it is given: a few thousand digits end in an error of Python's, deep nesting in another, a
key of many parts in hours, and a million of anything in a gigabyte. A file that somebody sends, or that a
mistake has made, should end in a sentence instead.
"""

import re
from pathlib import Path
from typing import Final

from models.errors import TankerwatchError

TOML_BYTES: Final = 1_000_000
JSON_BYTES: Final = 32_000_000
TABLE_BYTES: Final = 64_000_000
DEPTH: Final = 60
"""Brackets within brackets."""
KEY_PARTS: Final = 30
"""Names in one key of TOML, with dots between them."""
DIGITS: Final = 400
"""Of one number. A float has 309 before its point at most."""
ITEMS: Final = 1_000_000
"""Lists, objects and commas of JSON."""

_TOML_TEXT: Final = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\Z)|\'\'\'.*?(?:\'\'\'|\Z)|"(?:\\.|[^"\\\n])*"?|\'[^\'\n]*\'?|#[^\n]*',
    re.DOTALL,
)
_JSON_TEXT: Final = re.compile(rb'"(?:\\.|[^"\\])*"?', re.DOTALL)
_NO_BRACKETS: Final = bytes(code for code in range(256) if code not in b"[]{}")
_MANY_DIGITS: Final = re.compile(rb"[0-9_]{%d}" % (DIGITS + 1))
_MANY_PARTS: Final = re.compile(rf"\.{{{KEY_PARTS},}}")


class BoundsError(TankerwatchError, ValueError):
    """A file is too much; the text says what of it, and what is allowed."""


def read_bytes(path: str | Path, most: int) -> bytes:
    """The whole file. Raises OSError, and BoundsError if it has more bytes than that."""
    with Path(path).open("rb") as file:
        return at_most(file.read(most + 1), most)


def at_most(data: bytes, most: int) -> bytes:
    """Raises BoundsError for data with more bytes than that."""
    if len(data) > most:
        raise BoundsError(f"has more than {most:,} bytes; give a smaller file")
    return data


def check_toml(text: str) -> None:
    """Raises BoundsError for a text that its parser should not be given."""
    at_most(text.encode(errors="replace"), TOML_BYTES)
    bare = _TOML_TEXT.sub("_", text)
    _check_shape(bare.encode(errors="replace"))
    # with the names gone, the dots of one key stand side by side
    if _MANY_PARTS.search(re.sub(r"[\w \t\r-]+", "", bare)):
        raise BoundsError(f"has a key of more than {KEY_PARTS} parts; use the keys that are documented")


def check_json(data: bytes) -> None:
    """Raises BoundsError for data that its parser should not be given."""
    at_most(data, JSON_BYTES)
    bare = _JSON_TEXT.sub(b"_", data)
    _check_shape(bare)
    if bare.count(b",") + bare.count(b"[") + bare.count(b"{") > ITEMS:
        raise BoundsError(f"has more than {ITEMS:,} lists, objects and values; give a smaller file")


def _check_shape(bare: bytes) -> None:
    """Of a text without its strings."""
    if _MANY_DIGITS.search(bare):
        raise BoundsError(f"has a number of more than {DIGITS} digits; write it shorter")
    depth = 0
    for sign in bare.translate(None, _NO_BRACKETS):
        depth += 1 if sign in b"[{" else -1
        if depth > DEPTH:
            raise BoundsError(f"is nested deeper than {DEPTH} levels; write it flatter")
