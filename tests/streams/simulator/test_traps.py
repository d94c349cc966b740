"""A negative is worth something only if what could mislead a detector is really in it."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pyais
import pytest

from streams.simulator.kinematics import Floats, inverse
from streams.simulator.radio import Bools
from streams.simulator.scenario import build, simulate
from streams.simulator.truth import SLOW
from streams.simulator.vessel import STEP, Vessel


def together(a: Vessel, b: Vessel) -> tuple[Floats, Floats, Floats]:
    """Metres between two ships at the times both are there, and the speed of each."""
    _, at_a, at_b = np.intersect1d(a.times, b.times, return_indices=True)
    one, two = a.samples, b.samples
    _, metres = inverse(one.lon[at_a], one.lat[at_a], two.lon[at_b], two.lat[at_b])
    return metres, one.sog[at_a], two.sog[at_b]


def hours_close(a: Vessel, b: Vessel, how: Callable[[Floats, Floats], Bools]) -> float:
    metres, first, second = together(a, b)
    return float(((metres <= 500) & how(first, second)).sum() * STEP / 3600)


def slow(first: Floats, second: Floats) -> Bools:
    return (first < SLOW) & (second < SLOW)


def fast(first: Floats, second: Floats) -> Bools:
    return (first > 10) & (second > 10)


def steady(first: Floats, second: Floats) -> Bools:
    return (first > 4.5) & (second > 4.5)


@pytest.mark.parametrize(
    ("name", "types", "how", "least"),
    [
        ("tug_and_pilot", (50, 52), slow, 0.5),
        ("tow", (31, 52), slow, 1.4),
        ("net_buoys", (37,), slow, 1.8),
        ("two_transponders", range(80, 90), slow, 1.4),
        ("bunkering", range(70, 90), slow, 2.4),
        ("berths", range(70, 90), slow, 4.0),
        ("anchorage", range(70, 90), slow, 4.0),
        ("overtaking", range(80, 90), fast, 0.4),
        ("convoy", range(80, 90), steady, 3.5),
        ("berths_abroad", range(80, 90), slow, 9.0),
        ("roads_abroad", range(70, 90), slow, 2.4),
    ],
)
def test_a_tanker_is_close_to_somebody_for_long(
    name: str, types: tuple[int, ...], how: Callable[[Floats, Floats], Bools], least: float
) -> None:
    for seed in range(3):
        pairs = [
            (a, b)
            for one, two in combinations(build(name, seed).vessels, 2)
            for a, b in ((one, two), (two, one))
            if a.ship.tanker and b.ship.ship_type in types
        ]
        assert max(hours_close(a, b, how) for a, b in pairs) > least


def test_anchored_neighbours_are_150_to_450_metres_apart() -> None:
    vessels = [vessel for vessel in build("anchorage", 1).vessels if len(vessel.track.legs) == 1]
    nearest = [min(float(together(a, b)[0].min()) for b in vessels if b is not a) for a in vessels]
    assert min(nearest) > 150
    assert max(nearest) < 450


def test_boats_fish_near_each_other_and_a_tanker_passes_between() -> None:
    vessels = build("fishing_fleet", 1).vessels
    boats = [vessel for vessel in vessels if vessel.ship.ship_type == 30]
    tankers = [vessel for vessel in vessels if vessel.ship.tanker]
    assert max(hours_close(a, b, slow) for a, b in combinations(boats, 2)) > 0.5
    assert min(float(together(boat, tanker)[0].min()) for boat in boats for tanker in tankers) < 500


def test_trawlers_of_north_korea_stay_together_and_pause_side_by_side() -> None:
    one, other = build("pair_trawlers", 1).vessels[:2]
    assert {one.ship.mmsi // 1_000_000, other.ship.mmsi // 1_000_000} == {445}
    assert together(one, other)[0].max() < 400
    assert hours_close(one, other, slow) > 0.9


def test_half_way_between_two_ships_of_one_mmsi_lies_a_third() -> None:
    still, first, second = build("shared_mmsi", 1).vessels[:3]
    assert first.ship.mmsi == second.ship.mmsi
    assert together(first, second)[0].min() > 50_000
    times = still.times[(still.samples.sog < 1) & (still.times < first.times[-1])]
    here, one, two = (vessel.track.at(times) for vessel in (still, first, second))
    _, metres = inverse((one.lon + two.lon) / 2, (one.lat + two.lat) / 2, here.lon, here.lat)
    assert np.median(metres) < 1_000


def test_one_wild_fix_lies_beside_the_drifting_tanker() -> None:
    recording = simulate("wild_fix", 1, "none")
    still, sailing = recording.world.vessels[:2]
    lines = [line.split("\\")[2] for line in recording.lines if ",1,1,," in line]
    fixes = [pyais.decode(line).asdict() for line in lines]
    mine = [(fix["lon"], fix["lat"]) for fix in fixes if fix["mmsi"] == sailing.ship.mmsi]
    lon, lat = np.array(mine, dtype=float).T
    here_lon, here_lat, _ = still.track.place_at(sailing.wild[0][0])
    assert (inverse(lon, lat, here_lon, here_lat)[1] < 150).sum() == 1


def test_the_satellite_hears_each_ship_every_20_to_40_minutes() -> None:
    recording = simulate("satellite", 1, "none")
    epoch = recording.world.start // 1000
    for vessel in recording.world.vessels[:2]:
        times = [
            int(line.split("c:")[1].split("*")[0]) - epoch
            for line in recording.lines
            if ",1,1,," in line and int(pyais.decode(line.split("\\")[2]).mmsi) == vessel.ship.mmsi
        ]
        silences = np.diff(times)[np.diff(times) > 240]
        assert len(silences) > 10
        assert silences.min() > 15 * 60
        assert silences.max() < 42 * 60
