"""The ports of the world, as points."""

import numpy as np
import pytest

from geofences.data.build_world_ports import convert
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


def test_a_table_with_an_impossible_position_is_refused() -> None:
    with pytest.raises(ValueError, match="Atlantis"):
        convert("name,country,longitude,latitude,harbor_size\nAtlantis,,190,0,Small\n")
