"""A box of longitudes and latitudes."""

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # the help of commands that take a box doesn't wait for numpy
    import numpy as np
    import numpy.typing as npt


class Box(NamedTuple):
    """Degrees, WGS 84. A box whose west is greater than its east crosses 180°."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, lon: float, lat: float) -> bool:
        """Whether a position lies in the box; its edges belong to it."""
        if self.west > self.east:
            across = lon >= self.west or lon <= self.east
        else:
            across = self.west <= lon <= self.east
        return across and self.south <= lat <= self.north

    def mask(self, lon: "npt.NDArray[np.float64]", lat: "npt.NDArray[np.float64]") -> "npt.NDArray[np.bool_]":
        """`contains` for columns of positions; NaN is outside."""
        east, west = lon >= self.west, lon <= self.east
        across = east | west if self.west > self.east else east & west
        return across & (lat >= self.south) & (lat <= self.north)


def read_box(text: str) -> Box:
    """Read WEST,SOUTH,EAST,NORTH. Raises ValueError that says what is wrong and what to give instead."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"{text!r} is not WEST,SOUTH,EAST,NORTH; give four numbers in degrees, like 124,37,132,43"
        ) from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90 and west != east):
        raise ValueError(
            f"{text!r} is not a box on Earth; give longitudes from -180 to 180, and latitudes from -90 to 90 "
            "with south below north"
        )
    return Box(west, south, east, north)
