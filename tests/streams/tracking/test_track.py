"""Tracks: the gate, segments, and ticks between fixes; through VesselStage."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Rows
from models.tick import Instant
from models.time import MINUTE
from streams.tracking.track import TrackSettings
from tests.streams.track_factories import (
    A,
    B,
    at,
    fixes,
    identities_of,
    lon_lat,
    run_stage,
    ticks_of,
    vessel_stage,
)

KNOT = 1852 / 60
"""Metres a minute."""


def heard(*rows: Rows) -> list[Instant]:
    return run_stage(vessel_stage(), *rows)


def on_the_way(rows: Rows) -> Rows:
    """The ticks of each track but its first: that is a lone fix when it comes."""
    same = (rows["mmsi"][1:] == rows["mmsi"][:-1]) & (rows["segment"][1:] == rows["segment"][:-1])
    return np.asarray(rows[np.concatenate([[False], same])])


def minutes_of(rows: Rows) -> list[float]:
    return [(time - at(0)) / MINUTE for time in rows["time"].tolist()]


def segments(rows: Rows) -> int:
    return len(np.unique(rows[["mmsi", "segment"]]))


@pytest.mark.parametrize(
    ("knots", "sog", "joined"),
    [
        (24.0, 12.0, True),
        (27.0, 12.0, False),  # above 25 knots, and not by what it reports
        (27.0, np.nan, False),
        (45.0, 40.0, True),  # a fast ferry that says so
        (52.0, 60.0, False),  # above 50 never, whatever it says
    ],
)
def test_the_gate(knots: float, sog: float, joined: bool) -> None:
    minutes = np.arange(0, 120, 20)
    found = ticks_of(heard(fixes(A, minutes, minutes * knots * KNOT, sog=sog)))
    assert minutes_of(found) == list(range(0, 105 if joined else 5, 5))


def test_receiver_errors_break_no_track() -> None:
    """150 m between fixes two seconds apart imply 145 knots."""
    minutes = np.arange(0, 30, 1 / 30)
    found = ticks_of(heard(fixes(A, minutes, np.arange(len(minutes)) % 2 * 150.0, sog=0.1)))
    assert segments(found) == 1
    assert minutes_of(found) == [0, 5, 10, 15, 20, 25]


def test_a_wild_fix_makes_no_ticks() -> None:
    minutes = np.arange(0, 120, 4)
    east = np.zeros(len(minutes))
    east[12] = 200_000
    found = ticks_of(heard(fixes(A, minutes, east, sog=0.2)))
    right = ticks_of(heard(fixes(A, np.delete(minutes, 12), sog=0.2)))
    assert (
        found[["time", "segment", "lon", "lat"]].tolist() == right[["time", "segment", "lon", "lat"]].tolist()
    )


def test_a_wild_fix_at_the_start_does_not_win() -> None:
    minutes = np.arange(0, 120, 4)
    east = np.zeros(len(minutes))
    east[0] = 200_000
    found = on_the_way(ticks_of(heard(fixes(A, minutes, east, sog=0.2))))
    assert segments(found) == 1
    assert np.allclose(found["lon"], lon_lat(0, 0)[0])
    assert minutes_of(found) == list(range(5, 120, 5))[: len(found)]
    assert len(found) > 20


def test_where_a_ship_goes_on_to_be_heard_it_is() -> None:
    """After a leap the new place is believed once it has gone on for longer than jamming does; then all of
    it is told. The old one makes no more ticks."""
    minutes = np.arange(0, 240, 5)
    instants = heard(fixes(A, minutes, np.where(minutes < 120, 0.0, 300_000), sog=0.2))
    found = ticks_of(instants)
    assert segments(found) == 2
    assert minutes_of(found) == list(range(0, 240, 5))
    first = next(each for each in instants if (each.ticks["lon"] > lon_lat(200_000, 0)[0]).any())
    assert (first.time - at(0)) / MINUTE == 195
    assert first.ticks["backfilled"].tolist() == [True] * (len(first.ticks) - 2) + [False] * 2


def two_places(end: float) -> Rows:
    minutes = np.arange(0, end, 3)
    return fixes(A, minutes, np.where(np.arange(len(minutes)) % 2, 400_000, 0.0), sog=0.2)


def test_two_ships_under_one_number_are_two_tracks_and_known_as_shared() -> None:
    found = heard(two_places(120))
    ticks = ticks_of(found)
    assert segments(ticks) == 2
    for number in np.unique(ticks["segment"]):
        assert len(np.unique(ticks["lon"][ticks["segment"] == number])) == 1, "no zigzag"
    assert identities_of(found)[A].shared


def test_a_number_is_one_ships_again_after_a_day() -> None:
    after = np.arange(120, 40 * 60, 10)
    stage = vessel_stage()
    found = run_stage(stage, two_places(120), fixes(A, after, sog=0.2))
    last_twofold = 120
    changes = [each for instant in found for each in instant.identities if each.mmsi == A]
    assert [each.shared for each in changes if each.shared] == [True] * sum(each.shared for each in changes)
    assert not changes[-1].shared
    assert changes[-1].time - at(last_twofold) == pytest.approx(24 * 60 * MINUTE, abs=10 * MINUTE)


def test_a_number_of_a_dead_segment_is_not_given_to_another_place() -> None:
    """Five wild fixes in turn push each other out; none is joined with the ship of a number before."""
    minutes = np.arange(0, 300, 6)
    east = np.zeros(len(minutes))
    wild = np.arange(20, 30)
    east[wild] = 100_000.0 * (1 + np.arange(len(wild)))
    found = ticks_of(heard(fixes(A, minutes, east, sog=0.2)))
    assert segments(found) == 1
    assert np.allclose(found["lon"], lon_lat(0, 0)[0])


@pytest.mark.parametrize(("gap", "expected"), [(60, list(range(0, 65, 5))), (61, [0, 61])])
def test_ticks_are_never_interpolated_beyond_an_hour(gap: float, expected: list[float]) -> None:
    found = ticks_of(heard(fixes(A, [0, gap], [0, 1000], sog=1.0)))
    assert minutes_of(found) == expected


def test_ticks_lie_on_the_line_and_are_told_when_the_second_fix_comes() -> None:
    instants = heard(fixes(A, [1, 21], [1000, 3000], sog=[3.0, 5.0]))
    found = ticks_of(instants)
    assert [instant.time for instant in instants if len(instant.ticks)] == [at(5), at(25)]
    assert minutes_of(found) == [1, 5, 10, 15, 20], "the first is a lone fix when it comes"
    lon, _ = lon_lat([1000, 1400, 1900, 2400, 2900], 0)
    assert np.allclose(found["lon"], lon)
    assert np.allclose(found["sog"], [3, 3.4, 3.9, 4.4, 4.9])
    assert found["backfilled"].tolist() == [False, True, True, True, False]


def test_across_180_degrees() -> None:
    found = ticks_of(heard(fixes(A, [0, 10, 20], [-3000, 0, 3000], sog=10.0, origin=(180.0, 50.0))))
    assert minutes_of(found) == [0, 5, 10, 15, 20]
    assert segments(found) == 1
    lon, _ = lon_lat([-3000, -1500, 0, 1500, 3000], 0, (180.0, 50.0))
    assert np.allclose((found["lon"] - lon + 180) % 360, 180)
    assert ((found["lon"] >= -180) & (found["lon"] <= 180)).all()


def test_type_27_does_not_overwrite_a_better_fix() -> None:
    fine = fixes(A, np.arange(0, 60, 5), sog=0.2)
    coarse = fixes(A, np.arange(2, 60, 5), 150.0, sog=0.0, type=27)
    assert ticks_of(heard(fine, coarse)).tobytes() == ticks_of(heard(fine)).tobytes()


def test_type_27_alone_is_used_as_it_comes() -> None:
    """A ship heard by satellite only: every three minutes, and not one in ten minutes."""
    minutes = np.arange(0, 60, 3)
    east = np.where(minutes == 33, 400.0, 0.0)
    found = ticks_of(heard(fixes(A, minutes, east, sog=0.2, type=27)))
    at_35 = found[minutes_of(found).index(35)]
    assert at_35["lon"] > lon_lat(100, 0)[0]


def test_two_slow_reports_with_miles_between_are_no_ship_at_rest() -> None:
    """A fix so far away waits for others that confirm it."""
    found = heard(fixes(A, [0, 40, 42, 44], [0, 6000, 6000, 6000], sog=0.1))
    assert (on_the_way(ticks_of(found))["sog"][:8] > 4).all()
    assert minutes_of(ticks_of(heard(fixes(A, [0, 40], [0, 6000], sog=0.1)))) == [0]


def journeys(number: int) -> Rows:
    """Fixes of two numbers that leap between places, fall silent and come twice."""
    seed = np.random.default_rng(number)
    length = int(seed.integers(2, 120))
    minutes = np.cumsum(seed.choice([0, 0.02, 1, 3, 7, 40, 70], length))
    places = seed.choice([0, 300, 20_000, 400_000, 3_000_000], seed.integers(1, 8))
    east = places[seed.integers(0, len(places), length)].astype(float)
    rows = fixes(
        A, minutes, east, seed.normal(0, 100, length), sog=seed.choice([0.1, 30, 70, np.nan], length)
    )
    rows["mmsi"] = seed.choice([A, B], length)
    rows["type"] = seed.choice([1, 18, 27], length, p=[0.7, 0.2, 0.1])
    return rows


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_a_track_is_in_one_place_at_a_time_and_no_faster_than_the_gate(number: int) -> None:
    found = np.sort(ticks_of(heard(journeys(number))), order=["mmsi", "segment", "time"])
    keys = found[["mmsi", "segment", "time"]]
    assert len(np.unique(keys)) == len(keys)
    assert not (found["sog"] > 110).any(), "70 is the fastest reported; a gate lets 50 and errors pass"
    same = (found["mmsi"][1:] == found["mmsi"][:-1]) & (found["segment"][1:] == found["segment"][:-1])
    next_to = (
        same
        & (found["time"][1:] % (5 * MINUTE) == 0)
        & (found["time"][1:] - found["time"][:-1] == 5 * MINUTE)
    )
    degrees = np.abs(found["lon"][1:] - found["lon"][:-1])[next_to]
    metres = degrees * 111_195 * np.cos(np.radians(40))
    assert (metres <= 5 * 50 * KNOT + 4 * 600).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"join_knots": 60.0}, "join_knots"),
        ({"segments": 1}, "segments"),
        ({"believed_fixes": 0}, "believed_fixes"),
    ],
)
def test_impossible_thresholds(values: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        TrackSettings(**values)  # type: ignore[arg-type]
