"""A zone: what the catalogue says about one fence before its outline is made."""

from dataclasses import dataclass
from typing import Final

from geofences.fence import FenceKind, Policy

Corners = tuple[tuple[float, float], ...]
"""Corners (lon, lat) in degrees, in order, the first not repeated."""

PORT: Final = FenceKind.PORT
TERMINAL: Final = FenceKind.TERMINAL
ANCHORAGE: Final = FenceKind.ANCHORAGE
ROADS: Final = FenceKind.ROADS
FAIRWAY: Final = FenceKind.FAIRWAY

DRAWN: Final = "drawn by hand round the World Port Index point; approximate"
GUESS: Final = "drawn by hand from general descriptions; guess"
WAY: Final = "drawn by hand along the way between the port's zones; approximate"
GFW: Final = "Global Fishing Watch anchorage points, grown by 1 km; good"


@dataclass(frozen=True, slots=True)
class Zone:
    """One fence to be: an outline drawn by hand, anchorage points to draw one round, or both together.

    `wpi` is the number in the World Port Index under which the LOCODE is found. `labels` choose among the
    anchorage points of Global Fishing Watch, `window` (west, south, east, north, degrees) those of them that
    count. `port` groups the zones of a port that has no LOCODE. Where zones overlap, the later in the table
    gives way to the earlier.
    """

    id: str
    name: str
    kind: FenceKind
    country: str | None
    wpi: int | None = None
    policy: Policy = Policy.SUPPRESS
    source: str = GFW
    outline: Corners = ()
    labels: tuple[str, ...] = ()
    window: tuple[float, float, float, float] = (-180, -90, 180, 90)
    port: str | None = None


def box(west: float, south: float, east: float, north: float) -> Corners:
    """The outline of a box in degrees."""
    return ((west, south), (east, south), (east, north), (west, north))
