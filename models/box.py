"""A box of longitudes and latitudes, in degrees; one whose west is greater than its east crosses 180°."""

from typing import NamedTuple


class Box(NamedTuple):
    west: float
    south: float
    east: float
    north: float

    def contains(self, lon: float, lat: float) -> bool:
        """Edges belong to it."""
        if self.west > self.east:
            across = lon >= self.west or lon <= self.east
        else:
            across = self.west <= lon <= self.east
        return across and self.south <= lat <= self.north


def read_box(text: str) -> Box:
    """Read WEST,SOUTH,EAST,NORTH. Raises ValueError with what is wrong, and the remedy."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(
            f"{text!r} is not WEST,SOUTH,EAST,NORTH; give four numbers in degrees, like 124,37,132,43"
        ) from None
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90 and west != east):
        raise ValueError(
            f"{text!r} is no box on Earth; give longitudes from -180 to 180, and latitudes from -90 to 90 "
            "with south below north"
        )
    return Box(west, south, east, north)
