"""Members: the files in a bundle, by name, and how large each may be."""

import re
from typing import Final

README: Final = "README.md"
BUNDLE: Final = "bundle.json"
EVENTS: Final = "events.jsonl"
REPORT: Final = "report.html"
CLAIMS: Final = "claims.json"
SETTINGS: Final = "settings.toml"
FENCES: Final = "fences.geojson"
WATCHLIST: Final = "watchlist.jsonl"
SIGHTINGS: Final = "sightings.jsonl"
SNAPSHOT: Final = "snapshot.msgpack"
ORDER: Final = "order.jsonl"
"""Of a deployment: its raw frames in the order in which they were worked off."""
SUMS: Final = "SHA256SUMS"
STAMP: Final = "SHA256SUMS.tsr"

_LINES: Final = re.compile(r"lines/[1-9][0-9]{0,5}\.(?:txt|numbers\.jsonl)")
_MIB: Final = 1 << 20
LARGEST: Final = {
    README: 8 * _MIB,
    BUNDLE: 64 * _MIB,
    EVENTS: 256 * _MIB,
    REPORT: 256 * _MIB,
    CLAIMS: 64 * _MIB,
    SETTINGS: _MIB,
    FENCES: 64 * _MIB,
    WATCHLIST: 256 * _MIB,
    SIGHTINGS: 64 * _MIB,
    SNAPSHOT: 1024 * _MIB,
    ORDER: 4096 * _MIB,
    SUMS: 8 * _MIB,
    STAMP: _MIB,
}
"""Bytes that a member may have. Lines may have any number: they are read piece by piece."""


def lines_of(number: int) -> str:
    """The lines of a source; sources are counted from 1."""
    return f"lines/{number}.txt"


def numbers_of(number: int) -> str:
    """The numbers that these lines have in their source."""
    return f"lines/{number}.numbers.jsonl"


def is_known(name: str) -> bool:
    """Whether a bundle may have a member of this name."""
    return name in LARGEST or _LINES.fullmatch(name) is not None
