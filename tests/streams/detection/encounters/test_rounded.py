"""Encounters of vessels whose positions are rounded, and of two that are heard in turns."""

import numpy as np
import numpy.typing as npt
import pytest

from models.event import Event, Level
from models.report import Rows
from models.time import END
from models.vessel import Dimensions
from tests.streams.track_factories import (
    A,
    B,
    encounters,
    fixes,
    identity,
    meeting_stage,
    minute_of,
    only,
    run_stage,
    statics,
    ticks,
    vessel_stage,
)

SIZES = Dimensions(100, 50, 10, 10)
MINUTES = np.arange(0, 305, 5)


def met(error: float, metres: float = 30.0, share: float = 1.0) -> list[Event]:
    """Two tankers, so many metres apart by positions that may be off by `error`, some or all of them."""
    rows = [ticks(A, MINUTES), ticks(B, MINUTES, metres)]
    for each in rows:
        each["error"] = np.where(np.arange(len(each)) % 10 < 10 * share, error, 0.0)
    return encounters(rows, (identity(A, size=SIZES), identity(B, size=SIZES)))


@pytest.mark.parametrize(
    ("error", "level", "within"),
    [(0.0, Level.PROBABLE, "500 m"), (150.0, Level.PROBABLE, "500 m"), (2400.0, Level.POSSIBLE, "2.5 km")],
)
def test_rounded_positions_count_as_far_apart_as_they_may_be(error: float, level: Level, within: str) -> None:
    event = only(met(error))
    assert event.level is level
    assert f"within {within} of each other" in event.summary
    assert event.encounter is not None
    assert (event.encounter.median_hull_gap_meters is None) is (error > 0)
    said = [reason.value for reason in event.against if reason.code == "rounded_positions"]
    assert said == ([error] if error else [])
    assert "alongside" not in {reason.code for reason in event.reasons} or not error


@pytest.mark.parametrize(("knots", "level"), [(0.0, Level.POSSIBLE), (0.5, Level.PROBABLE)])
def test_errors_of_rounding_cancel_out_over_many_cells(knots: float, level: Level) -> None:
    """A tenth of a minute, as of type 27: 262 m for one position, half of it for what is typical."""
    y = MINUTES * knots * 1852 / 60
    rows = [ticks(A, MINUTES, 0.0, y), ticks(B, MINUTES, 30.0, y)]
    for each in rows:
        each["error"] = 262.0
    assert only(encounters(rows, (identity(A, size=SIZES), identity(B, size=SIZES)))).level is level


def test_errors_of_rounding_stay_where_two_lie_still() -> None:
    """Together they come in over many cells, and then lie at anchor, for most of the time in one cell."""
    y = np.minimum(MINUTES, 60) * 1.5 * 1852 / 60
    rows = [ticks(A, MINUTES, 0.0, y), ticks(B, MINUTES, 30.0, y)]
    for each in rows:
        each["error"] = 262.0
    assert only(encounters(rows, (identity(A, size=SIZES), identity(B, size=SIZES)))).level is Level.POSSIBLE


def test_steps_that_are_known_count_more_than_lines_in_common() -> None:
    """At a round place, positions to a thousandth of a degree lie on lines of a minute, too."""
    rows = [ticks(A, MINUTES, origin=(135.5, 40.5)), ticks(B, MINUTES, origin=(135.5, 40.5))]
    for each in rows:
        each["error"] = 140.0
    event = only(encounters(rows, (identity(A, size=SIZES), identity(B, size=SIZES))))
    assert [each.value for each in event.against if each.code == "rounded_positions"] == [140.0]


def test_positions_too_coarse_to_tell_make_no_contact() -> None:
    assert met(13_000.0) == []


def test_where_some_positions_are_rounded_the_others_tell_the_gap() -> None:
    event = only(met(2400.0, share=0.6))
    assert event.encounter is not None
    assert event.encounter.median_hull_gap_meters is not None
    assert "typically, where positions are not rounded, with about 10 m between the hulls" in event.summary
    assert {"rounded_positions"} <= {reason.code for reason in event.against}


def test_a_gap_that_is_known_for_a_moment_only_is_not_the_typical_one() -> None:
    rows = [ticks(A, MINUTES), ticks(B, MINUTES, 30.0)]
    for each in rows:
        each["error"] = np.where(np.arange(len(each)) < 3, 0.0, 2400.0)
    event = only(encounters(rows, (identity(A, size=SIZES), identity(B, size=SIZES))))
    assert event.encounter is not None
    assert event.encounter.median_hull_gap_meters is None
    assert event.level is Level.POSSIBLE
    assert "wide_gap" not in {reason.code for reason in event.against}  # of 10 m


def in_turns(minutes: npt.NDArray[np.float64], mmsi: int, east: float) -> Rows:
    away = np.maximum(minutes - 360, 0) * 9 * 1852 / 60 * (mmsi == B)
    return fixes(mmsi, minutes, east + away, 15.0 * minutes, sog=np.where(away > 0, 9.0, 0.5))


@pytest.mark.parametrize("rhythm", [60.0, 61.0])
def test_two_that_are_heard_in_turns_are_together_as_long_as_both_are_known(rhythm: float) -> None:
    one = np.arange(0.5, 480, rhythm)
    stage = vessel_stage()
    rows = in_turns(one, A, 0.0), in_turns(np.arange(30.5, 480, 59.7), B, 34.0)
    told = run_stage(stage, *rows, statics(A), statics(B))
    meeting = meeting_stage()
    for instant in told:
        meeting.feed(instant)
    found = [event for event in meeting.advance(END) if event.type == "encounter"]
    event = max(found, key=lambda each: each.revision)
    last = event.evidence.positions[-1].time
    assert 315 <= minute_of(last) <= 360
