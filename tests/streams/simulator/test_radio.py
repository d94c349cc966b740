import re
from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pyais
import pytest

from streams.simulator.fleet import Fleet
from streams.simulator.kinematics import HOUR, Nav, Track, inverse
from streams.simulator.radio import (
    NOISE,
    Receiver,
    position_times,
    receive,
    reporting_interval,
    transmissions,
)
from streams.simulator.scenario import Recording, simulate
from streams.simulator.vessel import STEP, Ship, Vessel

TAG = re.compile(r"s:(\w+),c:(\d+)")
FLEET = Fleet(np.random.default_rng(1))
TANKER = FLEET.tanker()
BOAT = FLEET.ship(30, (15, 20), class_b=True)
pytestmark = pytest.mark.xdist_group("radio")  # one process simulates for all of them


@cache
def simulated(name: str, seed: int, noise: str) -> Recording:
    """Made once for all tests here, which change nothing in it."""
    return simulate(name, seed, noise)


def stamps(lines: list[str]) -> list[tuple[str, int, str]]:
    """Station, UNIX time and payload of all single-sentence lines."""
    out = []
    for line in lines:
        match = TAG.search(line)
        if match and ",1,1,," in line:
            out.append((match[1], int(match[2]), line.split(",")[-2]))
    return out


@pytest.mark.parametrize(
    ("class_b", "nav", "knots", "seconds"),
    [
        (False, Nav.UNDER_WAY, 0.5, 10),
        (False, Nav.UNDER_WAY, 12, 10),
        (False, Nav.UNDER_WAY, 16, 6),
        (False, Nav.UNDER_WAY, 24, 2),
        (False, Nav.AT_ANCHOR, 0.1, 180),
        (False, Nav.MOORED, 0.0, 180),
        (False, Nav.AT_ANCHOR, 4, 10),  # anchored by its status, but moving
        (True, Nav.UNDER_WAY, 1, 180),
        (True, Nav.UNDER_WAY, 5, 30),
    ],
)
def test_reporting_intervals_are_those_of_the_standard(
    class_b: bool, nav: Nav, knots: float, seconds: float
) -> None:
    assert reporting_interval(class_b, nav, np.array([knots]))[0] == seconds


@pytest.mark.parametrize(
    ("ship", "knots", "thinned", "seconds"),
    [(TANKER, 12, 0, 10), (TANKER, 16, 0, 6), (TANKER, 16, 25, 30), (BOAT, 5, 0, 30), (BOAT, 1, 25, 180)],
)
def test_reports_come_at_their_interval(ship: Ship, knots: float, thinned: float, seconds: float) -> None:
    track = Track(0.0, 133.0, 41.0, knots=knots).sail(0.0, knots, 3.0)
    times = position_times(Vessel(ship, track), thinned, phase=0.3)
    assert np.diff(times) == pytest.approx(seconds)
    assert times[-1] > track.end - seconds - STEP


def test_nothing_is_sent_with_ais_off() -> None:
    track = Track(0.0, 133.0, 41.0, knots=10).sail(0.0, 10, 5.0)
    vessel = Vessel(TANKER, track, silences=((1 * HOUR, 3 * HOUR),))
    for kind, times in transmissions(vessel, 30.0, np.random.default_rng(0)):
        assert ((times < 1 * HOUR) | (times > 3 * HOUR)).all(), kind
        assert (times > 3 * HOUR).any(), kind


def test_a_station_hears_as_far_as_it_reaches_and_a_satellite_in_its_passes() -> None:
    times, lat = np.array([0.0, 100.0, 200.0]), np.array([41.0, 41.2, 41.5])
    lon = np.full(3, 133.0)
    assert Receiver("A", 133.0, 41.0, reach=30_000).hears(times, lon, lat).tolist() == [True, True, False]
    assert Receiver("B", passes=((50, 150),)).hears(times, lon, lat).tolist() == [False, True, False]


def test_without_noise_one_station_hears_all_in_order() -> None:
    heard = stamps(simulated("japan_sea", 1, "none").lines)
    assert {station for station, _, _ in heard} == {"SIM1"}
    times = [time for _, time, _ in heard]
    assert times == sorted(times)


def test_with_noise_several_stations_stamp_one_message_within_two_seconds() -> None:
    heard = defaultdict(list)
    for station, time, payload in stamps(simulated("japan_sea", 1, "normal").lines):
        heard[payload].append((station, time))
    assert max(len(copies) for copies in heard.values()) == 3
    for copies in heard.values():
        times = [time for _, time in copies]
        assert max(times) - min(times) <= 2
        assert len({station for station, _ in copies}) == len(copies)


@pytest.mark.parametrize(("noise", "bound"), [("normal", 32), ("heavy", 92)])
def test_disorder_is_bounded_but_for_a_few_late_lines(noise: str, bound: int) -> None:
    times = np.array([time for _, time, _ in stamps(simulated("cho_do", 1, noise).lines)])
    behind = np.maximum.accumulate(times) - times
    late = behind > 120
    assert behind[~late].max() <= bound
    assert (behind > 5).mean() > 0.01
    assert 0 < late.mean() < 0.01 if noise == "heavy" else not late.any()


def test_the_share_of_corrupted_lines_is_as_promised() -> None:
    for noise in ("normal", "heavy"):
        lines = simulated("japan_sea", 1, noise).lines
        wrong = 0
        for line in lines:
            body, digits = line.split("!")[1].split("*")
            wrong += np.bitwise_xor.reduce(np.frombuffer(body.encode(), np.uint8)) != int(digits, 16)
        assert wrong / len(lines) == pytest.approx(NOISE[noise].corrupt, rel=0.5)


def test_lines_of_one_message_stay_together() -> None:
    track = Track(0.0, 133.0, 41.0, knots=10).sail(0.0, 10, 5.0)
    receivers = (Receiver("SIM1"), Receiver("SIM2"), Receiver("SIM3"))
    rng = np.random.default_rng
    lines = receive(
        [Vessel(TANKER, track)], receivers, NOISE["heavy"], 30.0, 1_700_000_000, rng(0), rng(1)
    ).lines
    firsts = [i for i, line in enumerate(lines) if "AIVDM,2,1," in line]
    assert len(firsts) > 100
    for i in firsts:
        first, second = lines[i].split(","), lines[i + 1].split(",")
        assert second[-5] == "2"
        assert first[-4:-2] == second[-4:-2]  # sequence number and channel


def fixes(name: str, noise: str) -> dict[int, list[tuple[str, int, float, float]]]:
    """Station, second since the beginning, longitude and latitude of each ship's position reports."""
    recording = simulated(name, 2, noise)
    found: dict[int, list[tuple[str, int, float, float]]] = defaultdict(list)
    for line in recording.lines:
        match = TAG.search(line)
        if match and ",1,1,," in line:
            try:
                message: dict[str, Any] = dict(pyais.decode(line.split("\\")[2]).asdict())
            except pyais.exceptions.AISBaseException:
                continue  # corrupted on the way
            if message["msg_type"] in (1, 3):
                at = int(match[2]) - recording.world.start // 1000
                found[message["mmsi"]].append((match[1], at, message["lon"], message["lat"]))
    return found


@pytest.mark.parametrize("percent", [30, 60, 80, 95])
def test_thinning_removes_the_share_that_its_name_says(percent: int) -> None:
    whole, thin = simulated("japan_sea", 2, "normal"), simulated("japan_sea", 2, f"thin{percent}")
    assert len(thin.lines) / len(whole.lines) == pytest.approx(1 - percent / 100, abs=0.03)
    assert thin.truth.events == whole.truth.events


def test_passes_leave_some_ships_silent_between_them() -> None:
    gaps = {
        mmsi: np.diff([at for _, at, _, _ in heard])
        for mmsi, heard in fixes("cho_do", "passes").items()
        if len(heard) > 3
    }
    rare = [each for each in gaps.values() if each.max() > 20 * 60]
    assert 0 < len(rare) < len(gaps)
    assert max(each.max() for each in rare) < 105 * 60


def test_each_station_but_the_first_has_a_clock_that_is_off() -> None:
    """The differences between stations' times of the same transmission."""
    heard: dict[str, dict[str, int]] = defaultdict(dict)
    for station, at, payload in stamps(simulated("cho_do", 2, "clocks").lines):
        heard[station][payload] = at
    for station in ("SIM2", "SIM3"):
        common = heard[station].keys() & heard["SIM1"].keys()
        off = np.array([heard[station][payload] - heard["SIM1"][payload] for payload in common])
        assert len(common) > 50
        assert 5 < abs(np.median(off)) < 182
        assert np.percentile(np.abs(off - np.median(off)), 90) <= 2


def test_a_jammed_ship_is_elsewhere_for_minutes_and_comes_back() -> None:
    recording = simulated("japan_sea", 2, "jammed")
    tracks = {vessel.ship.mmsi: vessel.track for vessel in recording.world.vessels}
    away = 0
    for mmsi, heard in fixes("japan_sea", "jammed").items():
        if mmsi not in tracks:
            continue  # a corrupted number
        _, at, lon, lat = zip(*heard, strict=True)
        there = tracks[mmsi].at(np.array(at, float))
        off = inverse(np.array(lon), np.array(lat), there.lon, there.lat)[1] > 1_000
        away += int(off.sum())
        assert off.mean() < 0.6
    assert away > 20
