"""Static data that says nothing new: ships repeat theirs every six minutes, nearly always unchanged."""

from typing import Final

import numpy as np
import numpy.typing as npt

from models.report import STATIC, Rows
from streams.runtime.compiled import compiled

KEPT: Final = 3
"""Contents kept for a vessel. A ship has one or two: type 5, or both parts of type 24."""
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
_ODD, _OTHER = np.uint64(0x9E37_79B9_7F4A_7C15), np.uint64(0xBF58_476D_1CE4_E5B9)
_HALF, _THIRTY = np.uint64(32), np.uint64(30)


def digests(told: npt.NDArray[np.void], types: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """A number for each content of a column that `contents` gave, sent in messages of these types. Two
    contents of one vessel have the same one by chance once in 10^19 times. Somebody who searches billions of
    them can find two, and may then send the second one unnoticed until the next restart."""
    words = np.zeros((len(told), _CONTENT.itemsize // 8 * 8 + 8), np.uint8)
    words[:, : _CONTENT.itemsize] = told.view(np.uint8).reshape(len(told), -1)
    words[:, -1] = types == 5  # the only one that may claim to have no IMO number
    found = np.empty(len(told), np.uint64)
    _digest(words.view(np.uint64), found)
    return found


@compiled
def _digest(words: npt.NDArray[np.uint64], found: npt.NDArray[np.uint64]) -> None:
    for i in range(len(words)):
        digest = np.uint64(1)
        for word in words[i]:
            digest = (digest ^ word) * _ODD
            digest = (digest ^ digest >> _HALF) * _OTHER  # else the next word could undo what this one did
            digest ^= digest >> _THIRTY
        found[i] = max(digest, np.uint64(1))  # 0 stands for none


def noted(known: list[int], digest: int, *, changed: bool, settled: bool) -> list[int]:
    """What a vessel sent that would change nothing if it came again, after one more content: KEPT digests,
    the newest first, 0 for none. They are not kept through a restart.

    `changed` says whether it changed what is confirmed, `settled` whether nothing waits to be heard again.
    """
    if changed or not settled:
        known = [0] * KEPT
    return [digest, *known[:-1]] if settled else known


def contents(rows: Rows) -> npt.NDArray[np.void]:
    """What each row of STATIC claims, as a column of bytes."""
    told = np.empty(len(rows), _CONTENT)
    for name in _CLAIMED:
        told[name] = rows[name]
    told["draught"][np.isnan(rows["draught"])] = 0.0
    return told.view(np.dtype((np.void, _CONTENT.itemsize)))
