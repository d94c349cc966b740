from collections import Counter
from itertools import combinations
from typing import Any

import msgspec
import numpy as np
import pyais
import pytest
import shapely

from geofences.land import land
from models.event import EventType, Level
from models.truth import TrueEvent
from models.vessel import imo_is_valid
from streams.simulator import looking, truth
from streams.simulator.kinematics import KNOT, Floats, inverse
from streams.simulator.scenario import UnknownName, build, scenarios, simulate
from streams.simulator.world import World
from tests.scenarios import kinds

EXPECTED = {
    "cho_do": {"encounter": 1, "loitering": 2},
    "japan_sea": {"encounter": 1},  # and one or two loiter: the other may be a cargo ship
    "drifting": {"encounter": 1, "loitering": 2},
    "raft": {"encounter": 3, "loitering": 3},
    "antimeridian": {"encounter": 1, "loitering": 2},
    "satellite": {"encounter": 1, "loitering": 2},
    "dark_partner": {"loitering": 1},
    "full_run": {"encounter": 1, "loitering": 2, "port_visit": 2, "chain": 1},
    "direct_run": {"port_visit": 2, "chain": 1},
    "barge_between": {"encounter": 2, "loitering": 2, "port_visit": 2, "chain": 1},
    "bunkering": {"port_visit": 2},
    "berths": {"port_visit": 6},
    "current": {"encounter": 1},
    "under_way": {"encounter": 1},
    "silent_alongside": {"encounter": 1, "loitering": 2},
    "new_mmsi": {"encounter": 1, "loitering": 1},
    "new_name": {"encounter": 1, "loitering": 1},
    "new_type": {"encounter": 1, "loitering": 1},
    "dark_call_12": {"gap": 1, "dark_port_visit": 1},
    "dark_call_24": {"gap": 1, "dark_port_visit": 1},
    "dark_call_60": {"gap": 1, "dark_port_visit": 1},
    "dark_call_without_imo": {"gap": 1, "dark_port_visit": 1},
    "dark_call_elsewhere": {"gap": 1},
    "silent_at_berth": {"port_visit": 1, "gap": 1, "dark_port_visit": 1},
    "silent_at_sea": {"gap": 1},
    "both_dark": {"gap": 2, "dark_encounter": 1},
    "dark_transfer": {"gap": 2, "dark_encounter": 1},
    "anchorage_at_night": {"loitering": 10},
    "two_silent_at_berths": {"port_visit": 2, "gap": 2, "dark_port_visit": 2},
    "partner_falls_silent": {"gap": 1, "loitering": 1, "dark_encounter": 1},
    "dark_delivery": {"gap": 1, "dark_port_visit": 1, "port_visit": 1, "chain": 1},
    "two_transfers": {"encounter": 2, "loitering": 4, "port_visit": 2, "chain": 1},
    "five_transfers": {"encounter": 5, "loitering": 10, "port_visit": 2, "chain": 1},
    "run_without_imo": {"encounter": 1, "loitering": 2, "port_visit": 2, "chain": 1},
    "swap_after_call": {"gap": 1, "port_visit": 2, "chain": 1},
    "yellow_sea_2022": {"encounter": 1, "loitering": 5, "port_visit": 1, "chain": 1},
    "bunker_nakhodka": {"encounter": 4, "loitering": 2, "port_visit": 5},
    "coastal_trade": {"port_visit": 6},
    "small_boats": {"loitering": 1},
    "sighted_call": {"gap": 1, "dark_port_visit": 1},
    "across_land": {"gap": 1},
    "round_land": {"gap": 1},
    "never_heard": {"dark_vessel": 2},
    "anchorage": {},  # a port visit of each tanker, ten or more
}
"""Events by type; a scenario that is not here is a negative at sea, where nothing happens."""

DAYS = {*kinds.SILENCES, *kinds.DELIVERIES} - {"dark_partner"}
"""Scenarios that last for days; one seed of each is enough here."""
SEEDS = [(name, seed) for name in scenarios() for seed in ((1,) if name in DAYS else (1, 2))]


def on_land(lon: Floats, lat: Floats) -> bool:
    """Whether any of these positions lies on land."""
    return any(shapely.contains_xy(polygon, lon, lat).any() for polygon in land())


def events(world: World) -> tuple[TrueEvent, ...]:
    happened = truth.events(world.vessels, world.start, world.cargoes)
    return (*happened, *looking.dark_vessels(world.vessels, world.looks, world.start))


def test_every_scenario_says_what_its_truth_is() -> None:
    assert set(EXPECTED) < set(scenarios())
    assert all("Truth:" in (function.__doc__ or "") for function in scenarios().values())


@pytest.mark.parametrize(("name", "seed"), SEEDS)
def test_truth_is_what_the_scenario_promises(name: str, seed: int) -> None:
    world = build(name, seed)
    found = events(world)
    count = Counter(event.type.value for event in found)
    if name == "japan_sea":
        assert count.pop("loitering") in (1, 2)
    if name == "anchorage":
        tankers = sorted(vessel.ship.mmsi for vessel in world.vessels if vessel.ship.tanker)
        assert sorted(event.mmsis[0] for event in found if event.type is EventType.PORT_VISIT) == tankers
        assert count.pop("port_visit") == len(tankers) >= 10
    assert count == EXPECTED.get(name, {})
    assert all(event.end is None or event.start < event.end for event in found)

    # no slow phase and no contact so near a threshold that noise decides what is true
    for vessel in world.vessels:
        assert vessel.samples.sog.max() < 20
        for (begin, end), waters in truth.slow_phases(vessel) if vessel.ship.tanker else ():
            assert not 0.75 < (end - begin) / truth.LOITERING[waters] < 1.25
    for a, b in combinations(world.vessels, 2):
        for begin, end in truth.merged(truth.contacts(a, b), truth.MERGE):
            assert not 0.75 < (end - begin) / truth.ENCOUNTER < 1.25


@pytest.mark.parametrize("name", ["current", "under_way", "silent_alongside", "new_mmsi", "japan_sea"])
def test_transfers_of_hours_are_probable(name: str) -> None:
    assert [event.level for event in events(build(name, 3)) if event.type is EventType.ENCOUNTER] == [
        Level.PROBABLE
    ]


def test_ships_off_fences_are_off_land() -> None:
    """Where the product knows a port, it covers what Natural Earth takes for land."""
    for name in ("current", "under_way", "silent_alongside", "convoy", "berths_abroad", "roads_abroad"):
        for seed in range(6):
            for vessel in build(name, seed).vessels:
                lon, lat = vessel.samples.lon[::60], vessel.samples.lat[::60]
                assert not on_land(lon, lat), (name, seed, vessel.ship.name)


@pytest.mark.parametrize("name", list(scenarios()))
def test_ships_move_without_jumps(name: str) -> None:
    for vessel in build(name, 3).vessels:
        lon, lat, sog, _, _ = vessel.samples
        _, metres = inverse(lon[:-1], lat[:-1], lon[1:], lat[1:])
        assert metres.max() <= max(sog.max() * KNOT * 10 * 1.01, 30), vessel.ship.name


@pytest.mark.parametrize("noise", ["none", "normal", "heavy"])
def test_the_same_seed_gives_the_same_bytes(noise: str) -> None:
    first, second = simulate("satellite", 4, noise), simulate("satellite", 4, noise)
    assert first.lines == second.lines
    assert msgspec.json.encode(first.truth) == msgspec.json.encode(second.truth)
    assert simulate("satellite", 5, noise).lines != first.lines


def test_noise_changes_what_is_heard_but_not_what_ships_do() -> None:
    clean, noisy = simulate("cho_do", 4, "none"), simulate("cho_do", 4, "heavy")
    assert clean.truth.events == noisy.truth.events
    for quiet, loud in zip(clean.world.vessels, noisy.world.vessels, strict=True):
        assert quiet.ship == loud.ship
        np.testing.assert_array_equal(quiet.samples.lon, loud.samples.lon)


def test_seeds_vary_identities_and_places() -> None:
    worlds = [build("japan_sea", seed) for seed in range(5)]
    for value in (
        [world.vessels[0].ship.mmsi for world in worlds],
        [world.vessels[0].ship.imo for world in worlds],
        [world.start for world in worlds],
        [world.vessels[0].track.here for world in worlds],
    ):
        assert len(set(value)) == 5


@pytest.mark.parametrize("name", ["anchorage", "fishing_fleet", "satellite", "antimeridian", "net_buoys"])
def test_clean_lines_decode_to_where_the_ships_are(name: str) -> None:
    recording = simulate(name, 2, "none")
    epoch = recording.world.start // 1000
    tracks = {vessel.ship.mmsi: vessel.track for vessel in recording.world.vessels}
    fixes: dict[int, list[tuple[float, float, float, float]]] = {mmsi: [] for mmsi in tracks}
    kinds = Counter[int]()
    waiting: list[str] = []
    time = 0
    for line in recording.lines:
        tag, sentence = line[1:].split("\\")
        if "c:" in tag:
            time = int(tag.split("c:")[1].split("*")[0])
        waiting.append(sentence)
        if sentence.split(",")[1] != str(len(waiting)):
            continue
        message: dict[str, Any] = dict(pyais.decode(*waiting).asdict(enum_as_int=True))
        waiting = []
        kinds[message["msg_type"]] += 1
        if "lon" in message:
            resolution = 1 / 600 if message["msg_type"] == 27 else 1 / 600_000
            fixes[message["mmsi"]].append((time - epoch + 0.5, message["lon"], message["lat"], resolution))
    assert not waiting
    assert set(kinds) <= {1, 3, 5, 18, 24, 27}
    assert (27 in kinds) is (name == "satellite")
    for mmsi, track in tracks.items():
        times, lon, lat, resolution = np.array(fixes[mmsi]).T
        there_lon, there_lat, sog, _, _ = track.at(times)
        _, metres = inverse(lon, lat, there_lon, there_lat)
        # the time is cut to the second, each coordinate to a unit of the last place, by pyais to six digits
        assert (metres <= sog * KNOT * 0.5 + resolution * 111_200 * 0.75 + 0.1).all()


def test_imo_numbers_are_valid_and_mmsis_unique() -> None:
    for name in scenarios():
        ships = [vessel.ship for vessel in build(name, 6).vessels]
        assert all(imo_is_valid(ship.imo) for ship in ships if ship.imo) is (name != "imo_invalid")
        assert len({ship.mmsi for ship in ships}) == len(ships) - (name == "shared_mmsi")


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownName, match=r"no scenario 'x'.*cho_do"):
        simulate("x")
    with pytest.raises(UnknownName, match="none, normal, heavy"):
        simulate("cho_do", 1, "loud")
