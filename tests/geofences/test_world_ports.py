"""The ports of the world, as points."""

import numpy as np
import pytest

from geofences.data.build_world_ports import convert
from geofences.distance import haversine_m
from geofences.world_ports import WorldPorts, world_ports


def test_the_nearest_port_and_how_far_it_is() -> None:
    index, km = world_ports().nearest(np.array([129.38, 0.0, np.nan]), np.array([35.45, -60.0, 0.0]))
    assert world_ports().names[index[0]] == "Ulsan, South Korea"
    assert km[0] < 10
    assert km[1] > 500
    assert index[2] == -1
    assert np.isnan(km[2])


def test_180_degrees_is_no_border() -> None:
    ports = WorldPorts(("east", "west"), ("", ""), np.array([179.9, -170.0]), np.array([0.0, 0.0]))
    index, km = ports.nearest(np.array([-179.9]), np.array([0.0]))
    assert (index[0], km[0]) == (0, pytest.approx(22.2, abs=0.1))


def test_the_nearest_is_found_in_every_cell_whatever_was_asked_before() -> None:
    rng = np.random.default_rng(5)
    # at random, close together, on edges and corners of cells, and where longitudes end or meet
    lon = np.concatenate([rng.uniform(-180, 180, 300), rng.normal(129, 0.2, 300), [180, -180, 129.1, 0, 7]])
    lat = np.concatenate([rng.uniform(-90, 90, 300), rng.normal(35, 0.2, 300), [10, 10, 35.1, 90, -90]])
    ports = world_ports()
    index, km = ports.nearest(lon, lat)
    every = haversine_m(lon[:, None], lat[:, None], ports.lon, ports.lat) / 1000
    assert km == pytest.approx(every.min(axis=1), abs=1e-6)
    assert every[np.arange(len(lon)), index] == pytest.approx(km, abs=1e-6)
    alone = [ports.nearest(lon[i : i + 1], lat[i : i + 1]) for i in range(0, len(lon), 7)]
    assert [(int(i), float(far)) for (i,), (far,) in alone] == list(
        zip(index[::7].tolist(), km[::7].tolist(), strict=True)
    )


def test_a_table_with_an_impossible_position_is_refused() -> None:
    with pytest.raises(ValueError, match="Atlantis"):
        convert("name,country,longitude,latitude,harbor_size\nAtlantis,,190,0,Small\n")
