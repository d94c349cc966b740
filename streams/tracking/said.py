"""Said: what static data says, read from columns; what is null, or cannot be, says nothing."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.vessel import Dimensions, imo_is_valid

Said = tuple[str, str, int, int | None, int, Dimensions | None, float]
"""What one message says: name, call sign, IMO number, what it sends as one whether right or not (None where
it has no room for one), type of ship, size, draught in metres. Of what it does not say: "", 0 or None, and a
draught below 0."""
_SIDES: Final = ("to_bow", "to_stern", "to_port", "to_starboard")
_SIZES: Final = 4096
"""Sizes that are remembered: most are those of many ships."""


def said(rows: Rows) -> Iterator[Said]:
    """What each row of STATIC says."""
    sent = rows["imo"].tolist()
    with_imo = (rows["type"] == 5).tolist()
    draught = rows["draught"].astype("f8")
    return zip(
        _texts(rows["name"]),
        _texts(rows["callsign"]),
        [imo if imo and imo_is_valid(imo) else 0 for imo in sent],
        [imo if there else None for imo, there in zip(sent, with_imo, strict=True)],
        rows["ship_type"].tolist(),
        map(_size, *(rows[side].tolist() for side in _SIDES)),
        np.where(draught > 0, np.rint(draught * 10) / 10, -1.0).tolist(),
        strict=True,
    )


def _texts(column: npt.NDArray[np.bytes_]) -> list[str]:
    return [raw.decode("ascii", "replace").strip(" @") for raw in column.tolist()]


@lru_cache(_SIZES)
def _size(*sides: int) -> Dimensions | None:
    size = Dimensions(*sides)
    return size if size.is_of_a_ship else None
