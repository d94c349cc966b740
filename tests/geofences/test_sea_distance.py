import numpy as np
import pytest

from geofences.catalogue import load_catalogue
from geofences.sea_distance import packed, ports_by_sea, sea_distance_km, unpacked

VOSTOCHNY = (133.06, 42.73)


def km(port: str, lon: float, lat: float) -> float:
    return float(sea_distance_km(port, np.array([lon]), np.array([lat]))[0])


@pytest.mark.parametrize(("port", "expected"), [("KPNAM", 2059), ("KPCHO", 290), ("KPWON", 618)])
def test_from_vostochny_to_north_korea(port: str, expected: float) -> None:
    assert km(port, *VOSTOCHNY) == pytest.approx(expected, rel=0.1)


def test_a_way_leads_round_the_land() -> None:
    """Nampo and Wonsan are 160 km apart, on two sides of Korea."""
    assert km("KPWON", 125.0, 38.69) > 1200


def test_the_straits_of_europe_are_open() -> None:
    assert km("RUNVS", 25.0, 37.5) == pytest.approx(1480, rel=0.1)  # from the Aegean
    assert km("RUPRI", 4.0, 57.0) < 2400  # from the North Sea


def test_near_a_port_it_is_small() -> None:
    assert km("RUVYP", *VOSTOCHNY) < 15


def test_what_is_not_known_is_not_a_number() -> None:
    assert np.isnan(km("RUVYP", 0.0, 0.0))
    assert np.isnan(km("no such port", *VOSTOCHNY))
    assert np.isnan(km("RUNVS", *VOSTOCHNY))


def test_a_row_depends_on_itself_alone() -> None:
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(120, 140, 200), rng.uniform(30, 43, 200)
    whole = sea_distance_km("KPNAM", lon, lat)
    rows = np.array([km("KPNAM", *place) for place in zip(lon.tolist(), lat.tolist(), strict=True)])
    np.testing.assert_array_equal(whole, rows)


def test_every_port_of_the_two_countries_is_there() -> None:
    wanted = {
        fence.call for fence in load_catalogue() if fence.country in ("RU", "KP") and fence.kind.is_port
    }
    assert set(ports_by_sea()) == wanted


def test_packing_loses_nothing() -> None:
    field = np.random.default_rng(2).integers(-1, 4000, (40, 30)).astype(np.int16)
    np.testing.assert_array_equal(unpacked(packed(field)), field)
