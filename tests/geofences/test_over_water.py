"""Ways over water: bounds that coarse land data can't make wrong."""

import pytest

from geofences.over_water import crosses_deep_land, is_reachable

Place = tuple[float, float]


@pytest.mark.parametrize(
    ("one", "other", "km", "expected"),
    [
        ((124.5, 37.5), (129.8, 38.0), 667, False),  # across Korea
        ((124.5, 37.5), (129.8, 38.0), 1400, True),  # and round it
        ((155.5, 55.0), (163.0, 56.0), 700, False),  # across Kamchatka
        ((98.0, 8.5), (101.0, 8.5), 550, False),  # across the Isthmus of Kra
        ((130.7, 34.3), (131.6, 33.9), 170, True),  # Kanmon Strait, which the land data close
        ((130.5, 34.3), (135.0, 33.2), 556, True),  # the Inland Sea
        ((141.0, 50.0), (143.5, 54.6), 700, True),  # Nevelskoy Strait
        ((7.9, 54.1), (10.9, 54.5), 250, True),  # Kiel Canal
        ((32.4, 32.0), (33.0, 28.5), 450, True),  # Suez Canal
        ((28.9, 40.8), (29.3, 41.5), 100, True),  # Bosporus
        ((-179.5, 51.0), (179.5, 51.0), 80, True),  # across 180 degrees
    ],
)
def test_what_can_be_reached(one: Place, other: Place, km: float, expected: bool) -> None:
    assert is_reachable(*one, *other, km) is expected
    assert is_reachable(*other, *one, km) is expected


def test_straight_ways() -> None:
    assert crosses_deep_land(124.5, 37.5, 129.8, 38.0)
    assert not crosses_deep_land(124.5, 37.5, 124.0, 34.0)
    assert not crosses_deep_land(-179.5, 40.0, 179.5, 40.0)
    assert is_reachable(127.8, 37.0, 129.8, 38.0, 10.0)  # of a place on land nothing is said
