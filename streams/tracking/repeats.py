"""Static data that says nothing new: ships repeat theirs every six minutes, nearly always unchanged."""

import struct
from typing import Any, Final

import numpy as np

from models.report import STATIC, Rows

Content = bytes
"""What one transmission claims."""

_KEPT: Final = 8
"""Contents kept for a vessel. A ship has two or three: type 5, or both parts of type 24."""
_CLAIMED: Final = (
    "imo",
    "ship_type",
    "to_bow",
    "to_stern",
    "to_port",
    "to_starboard",
    "name",
    "callsign",
    "draught",
)
_CONTENT: Final = np.dtype([(name, STATIC[name]) for name in _CLAIMED])
_FIELDS: Final = struct.Struct("=IBHHBB20s7sf")
"""The same, for one."""


class Repeats:
    """What the vessels sent that would change nothing if it came again. It is made anew after a restart."""

    def __init__(self) -> None:
        self._known: dict[int, set[Content]] = {}

    def knows(self, mmsi: int, content: Content) -> bool:
        return content in self._known.get(mmsi, ())

    def note(self, mmsi: int, content: Content, *, changed: bool, settled: bool) -> None:
        """A content was taken in: whether it changed what is confirmed, and whether nothing waits to be heard
        again."""
        if changed or not settled or len(self._known.get(mmsi, ())) >= _KEPT:
            self.forget(mmsi)
        if settled:
            self._known.setdefault(mmsi, set()).add(content)

    def forget(self, mmsi: int) -> None:
        self._known.pop(mmsi, None)


def contents(rows: Rows) -> list[Content]:
    """The content of each row of STATIC."""
    told = np.empty(len(rows), _CONTENT)
    for name in _CLAIMED:
        told[name] = rows[name]
    told["draught"][np.isnan(rows["draught"])] = 0.0
    raw: list[Any] = told.view(np.dtype((np.void, _CONTENT.itemsize))).tolist()
    return raw


def unpacked(content: Content) -> tuple[Any, ...]:
    """What a content claims: IMO number, type of ship, metres to bow, stern, port and starboard, name, call
    sign, draught. Text comes with zeros at its end, and a draught that is null as 0."""
    return _FIELDS.unpack(content)
