"""Gaps between hulls, worked out by hand."""

import math

import pytest

from models.vessel import Dimensions
from streams.detection.encounters.hull import Lie, gaps
from tests.streams.track_factories import SEA, lon_lat

SHIP = Dimensions(to_bow=80, to_stern=20, to_port=6, to_starboard=10)
"""100 by 16 metres, the antenna 20 m before the stern and 6 m from the port side."""
UNKNOWN = Dimensions(to_bow=0, to_stern=100, to_port=0, to_starboard=16)


def between(
    east: float,
    north: float,
    heading_a: float = 0.0,
    heading_b: float = 0.0,
    a: Dimensions | None = SHIP,
    b: Dimensions | None = SHIP,
    origin: tuple[float, float] = SEA,
) -> float | None:
    pair = Lie(*origin, heading_a, a), Lie(*lon_lat(east, north, origin), heading_b, b)
    (found,) = gaps([pair])
    return found


@pytest.mark.parametrize(
    ("east", "north", "heading_a", "heading_b", "expected"),
    [
        (50, 0, 0, 0, 50 - 10 - 6),  # abreast: A's starboard side to B's port side
        (-50, 0, 0, 0, 50 - 6 - 10),
        (50, 0, 180, 180, 50 - 6 - 10),  # both turned round, so their port and starboard sides too
        (50, 0, 0, 180, 50 - 10 - 10),  # starboard to starboard
        (0, 150, 0, 0, 150 - 80 - 20),  # ahead: A's bow to B's stern
        (0, -150, 0, 0, 150 - 80 - 20),
        (0, 300, 0, 180, 300 - 80 - 80),  # bow to bow
        (200, 0, 90, 0, 200 - 80 - 6),  # A's bow points at B's port side
        (10, 0, 0, 0, 0),  # they overlap, as far as antennas and sizes can be trusted
    ],
)
@pytest.mark.parametrize("origin", [SEA, (180.0, 50.0)])
def test_gap(
    east: float,
    north: float,
    heading_a: float,
    heading_b: float,
    expected: float,
    origin: tuple[float, float],
) -> None:
    assert between(east, north, heading_a, heading_b, origin=origin) == pytest.approx(expected, abs=0.1)
    swapped = between(-east, -north, heading_b, heading_a, origin=origin)
    assert swapped == pytest.approx(expected, abs=0.1)


def test_an_antenna_of_unknown_place_is_taken_to_be_amidships() -> None:
    assert between(50, 0, a=UNKNOWN, b=UNKNOWN) == pytest.approx(50 - 8 - 8, abs=0.1)
    assert between(0, 150, a=UNKNOWN, b=UNKNOWN) == pytest.approx(150 - 50 - 50, abs=0.1)


def test_no_gap_where_a_size_or_heading_is_not_known() -> None:
    assert between(50, 0, a=None) is None
    assert between(50, 0, b=None) is None
    assert between(50, 0, heading_a=math.nan) is None
    assert between(50, 0, heading_b=math.nan) is None
