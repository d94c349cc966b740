"""Jamming, noise and shared numbers: kinds of tracks with random variations, through VesselStage."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Reports, Rows
from models.tick import Instant
from models.time import END, MINUTE
from models.vessel import ON_OWN_TRACK
from tests.streams.track_factories import (
    A,
    at,
    fixes,
    identities_of,
    lon_lat,
    run_stage,
    ticks_of,
    vessel_stage,
)

Numbers = npt.NDArray[np.float64]
KNOT = 1852 / 60
"""Metres a minute."""
NAUTICAL_MILE = 1852.0


def truth(minutes: Numbers, knots: float) -> tuple[Numbers, Numbers]:
    """Where the ship is, metres: it drifts, or it sails."""
    return knots * KNOT * minutes, 0.3 * knots * KNOT * minutes


def errors(found: Rows, knots: float) -> Numbers:
    """How far each tick is from where the ship was, metres."""
    minutes = (found["time"] - at(0)) / MINUTE
    lon, lat = lon_lat(*truth(minutes, knots))
    north = (found["lat"] - lat) * 111_195
    east = (found["lon"] - lon) * 111_195 * np.cos(np.radians(lat))
    return np.asarray(np.hypot(east, north))


def jammed(
    seed: int, kind: str, speeds: tuple[float, ...] = (0.0, 0.5, 2.0, 12.0)
) -> tuple[list[Instant], float, Rows, npt.NDArray[np.bool_]]:
    """A ship whose positions are jammed now and then for ten hours; which of its reports are wrong."""
    random = np.random.default_rng(seed)
    every = random.choice([10 / 60, 0.5, 1, 2])
    minutes = np.arange(0, 600, every)
    knots = random.choice(speeds)
    noise = random.choice([5.0, 30.0, 100.0])
    east, north = truth(minutes, knots)
    sog = np.full(len(minutes), max(knots, 0.1))
    wrong = np.zeros(len(minutes), bool)
    length = random.uniform(10, 60)
    start = random.uniform(60, 120)
    far = NAUTICAL_MILE * 10 ** random.uniform(0.1, 3)
    bearing = random.uniform(0, 2 * np.pi)
    while start + length < 500:
        span = (minutes >= start) & (minutes < start + length)
        if kind in ("interleaved", "half scattered"):
            span &= random.random(len(minutes)) < 0.5
        x, y = truth(np.array([start]), knots)
        x, y = x + far * np.sin(bearing), y + far * np.cos(bearing)
        passed = minutes[span] - start
        if kind == "circling":
            radius, turn = random.uniform(300, 3000), passed * random.uniform(0.05, 0.2)
            x, y = x + radius * np.sin(turn), y + radius * np.cos(turn)
        elif kind == "drifting":
            x = x + passed * KNOT * random.uniform(1, 15)
        elif kind in ("scattered", "half scattered"):
            away = NAUTICAL_MILE * 10 ** random.uniform(0.1, 3, span.sum())
            angle = random.uniform(0, 2 * np.pi, span.sum())
            x, y = east[span] + away * np.sin(angle), north[span] + away * np.cos(angle)
        east[span], north[span], wrong[span] = x, y, True
        sog[span] = random.choice([0.0, 1.0, 15.0]) if "scattered" not in kind else random.uniform(0, 20)
        start += length + random.uniform(20, 90)
    east += random.normal(0, noise, len(minutes))
    north += random.normal(0, noise, len(minutes))
    rows = fixes(A, minutes, east, north, sog=sog)
    return run_stage(vessel_stage(), rows), knots, rows, wrong


@pytest.mark.parametrize("kind", ["still", "circling", "drifting", "interleaved"])
@pytest.mark.parametrize("seed", range(8))
def test_the_track_goes_on_without_jammed_positions(seed: int, kind: str) -> None:
    instants, knots, rows, wrong = jammed(seed, kind)
    found = ticks_of(instants)
    assert set(found["segment"].tolist()) == {0}
    assert np.quantile(errors(found, knots), 0.98) < 1000
    assert len(found) > 0.9 * 600 / 5
    told = identities_of(instants)[A].places
    assert not told.shared
    assert sum(run.positions for run in told.off_track) == pytest.approx(wrong.sum(), rel=0.1)
    assert all(rows["time"][wrong].min() <= run.start <= run.end for run in told.off_track)
    assert len(told.off_track) <= 8


@pytest.mark.parametrize("kind", ["scattered", "half scattered"])
@pytest.mark.parametrize("seed", range(12))
def test_positions_scattered_all_over_do_not_carry_a_slow_ship_away(seed: int, kind: str) -> None:
    """While every position is elsewhere, one may by chance be where the ship could have drifted to."""
    instants, knots, rows, wrong = jammed(seed, kind, (0.0, 0.3, 0.5))
    found = ticks_of(instants)
    assert set(found["segment"].tolist()) == {0}
    off = errors(found, knots)
    assert off.max() < 8_000
    assert (off > 1000).mean() < (0.12 if kind == "scattered" else 0.01)
    after = found["time"] > rows["time"][wrong].max() + 20 * MINUTE
    assert off[after].max() < 1000
    assert not identities_of(instants)[A].places.shared


@pytest.mark.parametrize("every", [10 / 60, 1, 6])
@pytest.mark.parametrize("noise", [5, 60, 150])
def test_noise_makes_no_second_place_and_no_speed(every: float, noise: float) -> None:
    random = np.random.default_rng(int(noise))
    minutes = np.arange(0, 300, every)
    for sog in (0.3, np.nan):
        east, north = random.normal(0, noise, (2, len(minutes)))
        rows = fixes(A, minutes, east, north, sog=sog)
        instants = run_stage(vessel_stage(), rows)
        found = ticks_of(instants)[6:]
        assert set(found["segment"].tolist()) == {0}
        assert np.quantile(found["sog"], 0.9) < 2
        assert not identities_of(instants)[A].places.shared


@pytest.mark.parametrize("every", [10 / 60, 1, 6])
@pytest.mark.parametrize(("knots", "reported"), [(0.5, np.nan), (5, np.nan), (12, np.nan), (6, 0), (0.3, 9)])
def test_a_speed_that_is_missing_or_contradicted_is_the_implied_one(
    every: float, knots: float, reported: float
) -> None:
    random = np.random.default_rng(1)
    minutes = np.arange(0, 300, every)
    east, north = truth(minutes, knots) + random.normal(0, 15, (2, len(minutes)))
    found = ticks_of(run_stage(vessel_stage(), fixes(A, minutes, east, north, sog=reported)))
    speeds = found["sog"][found["time"] > at(25)]
    assert np.median(speeds) == pytest.approx(knots * np.hypot(1, 0.3), abs=0.3)
    assert np.quantile(np.abs(speeds - np.median(speeds)), 0.95) < 0.8


def wild_single(seed: int) -> Iterator[tuple[Rows, float]]:
    """Single wild fixes, at the start, in between, and after silences."""
    random = np.random.default_rng(seed)
    minutes = np.delete(np.arange(0, 400, 1.0), slice(100, 130))
    knots = random.choice([0.5, 11.0])
    east, north = truth(minutes, knots)
    for i in (0, int(random.integers(40, 90)), 100, 200, 201):
        bearing, far = random.uniform(0, 2 * np.pi), random.uniform(8_000, 14_000)
        east[i] += far * np.sin(bearing)
        north[i] += far * np.cos(bearing)
    yield fixes(A, minutes, east, north, sog=knots), knots


@pytest.mark.parametrize("seed", range(10))
def test_consistent_fixes_win_the_track_back_from_single_wrong_ones(seed: int) -> None:
    for rows, knots in wild_single(seed):
        instants = run_stage(vessel_stage(), rows)
        found = ticks_of(instants)
        wrong = errors(found, knots) > 1000
        assert wrong.sum() <= 8
        assert not wrong[-30:].any()
        assert not identities_of(instants)[A].places.shared


@pytest.mark.parametrize("seed", range(8))
def test_two_ships_that_share_a_number_are_two(seed: int) -> None:
    random = np.random.default_rng(seed)
    parts = []
    for i, far in enumerate((0.0, NAUTICAL_MILE * 10 ** random.uniform(1, 3))):
        every = random.choice([10 / 60, 1, 3])
        minutes = np.arange(random.uniform(0, 60) * i, 400, every)
        minutes = minutes[random.random(len(minutes)) < random.choice([0.5, 1])]
        knots = random.choice([0.3, 10])
        east, north = truth(minutes, knots * (1 - 2 * i))
        parts.append(fixes(A, minutes, east, north + far, sog=knots))
    instants = run_stage(vessel_stage(), *parts)
    assert identities_of(instants)[A].places.shared
    found = ticks_of(instants)
    numbers, counts = np.unique(found["segment"], return_counts=True)
    assert len(numbers) == 2
    assert counts.max() > 0.8 * 400 / 5
    assert counts.min() > 0.25 * 330 / 5


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.sampled_from([1, 5, 10, 60]))
def test_places_begin_and_end_within_one_step(seed: int, places: int, every: int) -> None:
    """Several ships under one MMSI from its first fix on, in any order: each tick is near one of them."""
    random = np.random.default_rng(seed)
    minutes = np.cumsum(random.exponential(every, 300)) / 60
    place = np.where(random.random(300) < random.uniform(0.3, 1), random.integers(0, places, 300), 0)
    knots = random.choice([0.2, 10])
    east = 50_000.0 * place + knots * KNOT * minutes
    rows = fixes(A, minutes, east, sog=random.choice([np.nan, knots]))
    whole = ticks_of(run_stage(vessel_stage(), rows))
    stage, out = vessel_stage(), []
    for part in np.array_split(rows, 7):
        stage.feed(Reports("a", part))
        out += stage.advance(int(part["time"][-1]))
    found = ticks_of([*out, *stage.advance(END)])
    assert found.tobytes() == whole.tobytes()
    lon, _ = lon_lat(50_000.0 * np.arange(places), 0.0)
    sailed = minutes[-1] * knots * KNOT / 80_000  # degrees
    away = (found["lon"][:, None] - lon[None, :]).round(3)
    assert ((away >= -0.001) & (away <= sailed + 0.01)).any(axis=1).all()


def test_a_snapshot_at_any_place_changes_nothing() -> None:
    _, _, rows, _ = jammed(3, "interleaved")

    whole = run_stage(vessel_stage(), rows)
    stage, out = vessel_stage(), []
    for part in np.array_split(rows, 13):
        stage.feed(Reports("a", part))
        out += stage.advance(int(part["time"][-1]))
        state, stage = stage.snapshot(), vessel_stage()
        stage.restore(state)
    out += stage.advance(END)
    assert ticks_of(out).tobytes() == ticks_of(whole).tobytes()
    assert identities_of(out) == identities_of(whole)


def heard_at(*stays: tuple[float, float, bool]) -> list[Instant]:
    """A tanker adrift, heard once a minute from minute to minute, at its place or 60 km off."""
    parts = [
        fixes(A, np.arange(begin, end), 60_000.0 * away + 10 * np.arange(begin, end), sog=0.5)
        for begin, end, away in stays
    ]
    return run_stage(vessel_stage(), np.concatenate(parts))


@pytest.mark.parametrize(
    ("stays", "false"),
    [
        ([(0, 300, False), (300, 420, True), (420, 480, False)], [(300, 419)]),
        ([(0, 90, True), (90, 600, False), (600, 606, True)], []),  # it begins with jamming
    ],
)
def test_a_place_that_a_known_track_comes_back_from_is_false(
    stays: list[tuple[float, float, bool]], false: list[tuple[int, int]]
) -> None:
    last = identities_of(heard_at(*stays))[A]
    runs = [(run.start, run.end) for run in last.places.off_track if run.segment >= 0]
    assert runs == [(at(begin), at(end)) for begin, end in false]


def jammed_after_silence(seed: int) -> tuple[Rows, float]:
    """A ship adrift that is silent for hours and jammed for some minutes when it is heard again."""
    random = np.random.default_rng(seed)
    silent, jam = random.uniform(120, 600), random.uniform(10, 40)
    minutes = np.concatenate([np.arange(0, 120, 0.5), 120 + silent + np.arange(0, 240, 0.5)])
    knots = random.uniform(0.2, 0.8)
    east, north = truth(minutes, knots)
    wrong = (minutes > 120) & (minutes < 120 + silent + jam)
    far, bearing = random.uniform(2_500, 6_000), random.uniform(0, 2 * np.pi)
    east, north = east + wrong * far * np.sin(bearing), north + wrong * far * np.cos(bearing)
    east, north = (each + random.normal(0, 15, len(minutes)) for each in (east, north))
    return fixes(A, minutes, east, north, sog=0.5), knots


@pytest.mark.parametrize("seed", range(8))
def test_jamming_right_after_a_silence_of_hours_ends_no_track(seed: int) -> None:
    rows, knots = jammed_after_silence(seed)
    instants = run_stage(vessel_stage(), rows)
    found, told = ticks_of(instants), identities_of(instants)[A].places
    assert set(found["segment"].tolist()) == {0}
    assert not told.leaps
    false = [run for run in told.off_track if run.segment == ON_OWN_TRACK]
    right = np.ones(len(found), bool)
    for run in false:
        right &= (found["time"] < run.start) | (found["time"] > run.end)
    assert errors(found[right], knots).max() < 1000


@pytest.mark.parametrize("ahead", [-2_500, 2_500, 3_000])
def test_a_ship_under_way_is_where_its_course_leads_and_not_where_jamming_left_it(ahead: float) -> None:
    minutes = np.arange(0, 240, 0.5)
    north = 4.8 * KNOT * minutes
    wrong = (minutes > 120) & (minutes < 134)
    north = np.where(wrong, 4.8 * KNOT * 120 + ahead, north)
    rows = fixes(A, minutes, 0.0, north, sog=np.where(wrong, 1.0, 4.8))
    rows["cog"] = 0.0
    instants = run_stage(vessel_stage(), rows)
    found = ticks_of(instants)
    assert set(found["segment"].tolist()) == {0}
    off = (found["lat"] - lon_lat(0.0, 4.8 * KNOT * (found["time"] - at(0)) / MINUTE)[1]) * 111_195
    assert np.abs(off).max() < 1000
    assert not identities_of(instants)[A].places.leaps


@pytest.mark.parametrize("knots", [1.0, 1.6])
def test_a_track_that_has_gone_on_for_long_does_not_go_back_to_where_it_fell_silent(knots: float) -> None:
    """Jamming that by chance moves a ship adrift back to where it was an hour ago is jamming all the same."""
    minutes = np.delete(np.arange(0, 240, 0.5), slice(120, 156))
    east, north = truth(minutes, knots)
    wrong = (minutes > 140) & (minutes < 156)
    there = truth(np.array([60.0]), knots)
    east, north = np.where(wrong, there[0] + 500, east), np.where(wrong, there[1], north)
    found = ticks_of(run_stage(vessel_stage(), fixes(A, minutes, east, north, sog=knots)))
    assert errors(found, knots).max() < 1000
