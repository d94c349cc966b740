"""Layout: the fields of the message types that carry positions and static data, and messages made of them.

After ITU-R M.1371-5 annex 8. The same layouts pack one message (integers) and many of one type (columns), so
that both are the same to the last bit.
"""

from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_LETTERS: Final = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
_ARMOUR: Final = np.frombuffer(_LETTERS, np.uint8)
_FROM_BASE64: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", _LETTERS
)
"""Base64, too, has a letter for each six bits."""

Field = tuple[str, int]
"""A name and its number of bits. The value of a field that is not given is 0."""

_HEAD: Final[list[Field]] = [("type", 6), ("repeat", 2), ("mmsi", 30)]
_PLACE: Final[list[Field]] = [("accuracy", 1), ("lon", 28), ("lat", 27)]
_SIZE: Final[list[Field]] = [("to_bow", 9), ("to_stern", 9), ("to_port", 6), ("to_starboard", 6)]


def _text(name: str, letters: int) -> list[Field]:
    return [(f"{name}{index}", 6) for index in range(letters)]


_CLASS_A: Final = [
    *_HEAD, ("status", 4), ("turn", 8), ("sog", 10), *_PLACE, ("cog", 12), ("heading", 9), ("second", 6),
    ("", 25),
]  # fmt: skip
LAYOUTS: Final[dict[str, list[Field]]] = {
    "1": _CLASS_A,
    "2": _CLASS_A,
    "3": _CLASS_A,
    "4": [
        *_HEAD, ("year", 14), ("month", 4), ("day", 5), ("hour", 5), ("minute", 6), ("second", 6), *_PLACE,
        ("", 34),
    ],
    "5": [
        *_HEAD, ("", 2), ("imo", 30), *_text("callsign", 7), *_text("name", 20), ("ship_type", 8), *_SIZE,
        ("", 4), ("month", 4), ("day", 5), ("hour", 5), ("minute", 6), ("draught", 8),
        *_text("destination", 20), ("", 2),
    ],
    "9": [*_HEAD, ("altitude", 12), ("sog", 10), *_PLACE, ("cog", 12), ("second", 6), ("", 34)],
    "18": [*_HEAD, ("", 8), ("sog", 10), *_PLACE, ("cog", 12), ("heading", 9), ("second", 6), ("", 29)],
    "19": [
        *_HEAD, ("", 8), ("sog", 10), *_PLACE, ("cog", 12), ("heading", 9), ("second", 6), ("", 4),
        *_text("name", 20), ("ship_type", 8), *_SIZE, ("", 11),
    ],
    "24A": [*_HEAD, ("part", 2), *_text("name", 20)],
    "24B": [
        *_HEAD, ("part", 2), ("ship_type", 8), ("", 42), *_text("callsign", 7), *_SIZE, ("", 6),
    ],
    "27": [
        *_HEAD, ("accuracy", 1), ("", 1), ("status", 4), ("lon", 18), ("lat", 17), ("sog", 6), ("cog", 9),
        ("", 2),
    ],
}  # fmt: skip
"""By message type, with the part of type 24."""

_MASKED: Final = {
    kind: [(name, bits, (1 << bits) - 1) for name, bits in layout] for kind, layout in LAYOUTS.items()
}
_BITS: Final = {kind: sum(bits for _, bits in layout) for kind, layout in LAYOUTS.items()}
_OUT_OF_BAND: Final = {"24A": 24, "24B": 24}


def fill_of(kind: str) -> int:
    """The fill bits of a payload."""
    return -_BITS[kind] % 6


def _packed(kind: str, values: Mapping[str, Any]) -> list[Any]:
    """The values of the six-bit characters."""
    letters: list[Any] = [0] * -(-_BITS[kind] // 6)
    place = 0
    known = {"type": _OUT_OF_BAND.get(kind) or int(kind), "part": int(kind == "24B"), **values}
    for name, bits in LAYOUTS[kind]:
        end = place + bits
        value = known.get(name) if name else None
        if value is not None:
            for letter in range(place // 6, -(-end // 6)):
                shift = end - 6 * letter - 6  # bits of the field after this letter
                part = value >> shift if shift >= 0 else value << -shift
                first = place - 6 * letter  # bits of this letter before the field
                letters[letter] = letters[letter] | part & (63 >> first if first > 0 else 63)
        place = end
    return letters


def pack(kind: str, values: Mapping[str, int]) -> bytes:
    """The payload of one message in six-bit armour. Values must fit their fields."""
    whole = 0
    known = {"type": _OUT_OF_BAND.get(kind) or int(kind), "part": int(kind == "24B"), **values}
    for name, bits, mask in _MASKED[kind]:
        whole = whole << bits | known.get(name, 0) & mask
    letters = -(-_BITS[kind] // 6)
    groups = -(-letters // 4)  # of three bytes
    data = (whole << groups * 24 - _BITS[kind]).to_bytes(groups * 3, "big")
    return b2a_base64(data, newline=False)[:letters].translate(_FROM_BASE64)


def pack_columns(kind: str, values: Mapping[str, npt.NDArray[np.int64]], rows: int) -> npt.NDArray[np.uint8]:
    """The payloads of many messages: a row of characters each."""
    result = np.empty((rows, -(-_BITS[kind] // 6)), np.uint8)
    for index, letter in enumerate(_packed(kind, values)):
        result[:, index] = _ARMOUR[letter]
    return result


def text_values(name: str, text: str, letters: int) -> dict[str, int]:
    """A text as the fields of its letters. It has to be in the characters of six-bit text already."""
    codes = text[:letters].encode("ascii")
    return {f"{name}{index}": code & 63 for index, code in enumerate(codes)}


def text_columns(
    name: str, texts: Sequence[bytes] | npt.NDArray[np.bytes_], letters: int
) -> dict[str, npt.NDArray[np.int64]]:
    """The same of a column of texts."""
    codes = np.asarray(texts, f"S{letters}").view(np.uint8).reshape(-1, letters) & 63
    return {f"{name}{index}": codes[:, index].astype(np.int64) for index in range(letters)}
