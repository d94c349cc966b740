"""Loitering: one tanker slow at sea; through VesselStage. It comes and goes at 10 knots."""

from collections.abc import Sequence

import numpy as np
import pytest

from geofences.fence import Fence, FenceKind, Policy
from models.event import Event, Level, Status
from models.report import Rows
from streams.detection.loitering import LoiteringRun, LoiteringSettings
from streams.detection.slowness import SAMPLE
from streams.detection.vessel_detectors import DetectorSettings
from streams.stages.settings import VesselSettings
from streams.tracking.grid import GridSettings
from tests.streams.track_factories import (
    A,
    events_of,
    fence,
    fixes,
    latest,
    minute_of,
    only,
    run_stage,
    statics,
    vessel_stage,
)

BEFORE, AFTER = 95, 120
"""Minutes under way before and after, so that nothing falls on a full hour by chance."""
METRES = 1852 / 60
"""A minute at one knot."""


def fixes_at(knots: Sequence[tuple[float, float]], start: float = 0, every: float = 5) -> Rows:
    """Fixes of a vessel that goes at these (minutes, knots), one after the other, reporting what it does."""
    length = round(sum(part for part, _ in knots) / every)
    sog = np.repeat([speed for _, speed in knots], [round(part / every) for part, _ in knots]).astype(float)
    return fixes(A, start + np.arange(length) * every, np.cumsum(sog) * METRES * every, sog=sog)


def drift(hours: float, knots: float = 1.0) -> list[tuple[float, float]]:
    return [(BEFORE, 10), (hours * 60, knots), (AFTER, 10)]


def detected(
    *rows: Rows, fences: Sequence[Fence] = (), rules: LoiteringSettings | None = None, ship_type: int = 80
) -> list[Event]:
    settings = VesselSettings(detectors=DetectorSettings(loitering=rules or LoiteringSettings()))
    found = events_of(run_stage(vessel_stage(fences, settings), *rows, statics(A, ship_type=ship_type)))
    return [event for event in found if event.loitering]


def sts(metres: float) -> Fence:
    return fence("sts", metres, FenceKind.STS_AREA, Policy.WATCH)


def test_that_positions_are_coarse_is_said() -> None:
    rows = fixes_at([(600, 10), *drift(12)])
    coarse = rows.copy()
    for name in ("lon", "lat"):
        coarse[name] = np.rint(coarse[name] / 0.1) * 0.1
    said = [{reason.code for reason in only(detected(each)).against} for each in (rows, coarse)]
    assert ["coarse_positions" in codes for codes in said] == [False, True]


def test_positions_that_a_version_before_did_not_count_are_some() -> None:
    """Of most of them it is not known whether they are coarse."""
    kept = np.zeros(9, SAMPLE).tobytes()
    assert LoiteringRun(samples=kept, fixes=(1, 1, 5000.0)).error == 0.0
    assert LoiteringRun(samples=kept, fixes=(9, 5, 5000.0)).error == 5000.0


@pytest.mark.parametrize(
    ("hours", "level"),
    [(3.9, None), (4.1, Level.POSSIBLE), (7.9, Level.POSSIBLE), (8.2, Level.PROBABLE)],
)
def test_four_hours_slow_are_loitering_and_eight_probable(hours: float, level: Level | None) -> None:
    events = latest(detected(fixes_at(drift(hours))))
    assert [event.level for event in events] == ([level] if level else [])


@pytest.mark.parametrize(
    ("hours", "level"),
    [(1.9, None), (2.1, Level.POSSIBLE), (3.9, Level.POSSIBLE), (4.2, Level.PROBABLE)],
)
def test_in_an_area_known_for_transfers_half_the_time_is_enough(hours: float, level: Level | None) -> None:
    events = latest(detected(fixes_at(drift(hours)), fences=[sts(200_000)]))
    assert [event.level for event in events] == ([level] if level else [])
    for event in events:
        assert "sts_area" in {reason.code for reason in event.reasons}


def test_the_ends_are_those_of_the_slow_fixes() -> None:
    event = only(detected(fixes_at(drift(6))))
    assert (minute_of(event.start), minute_of(event.end)) == (BEFORE, BEFORE + 360 - 5)
    assert event.status is Status.CLOSED
    assert event.loitering is not None
    assert event.loitering.total_time_hours == round(355 / 60, 2)
    assert event.loitering.average_speed_knots == 1
    assert event.loitering.total_distance_km == pytest.approx(355 / 60 * 1.852, rel=0.05)


@pytest.mark.parametrize("knots", [1.9, 2.0])
def test_slow_is_below_two_knots(knots: float) -> None:
    assert bool(detected(fixes_at(drift(6, knots)))) is (knots < 2)


def test_a_wave_does_not_interrupt_but_an_hour_under_way_does() -> None:
    short: list[tuple[float, float]] = [(BEFORE, 10), (180, 1), (10, 5), (180, 1), (AFTER, 10)]
    event = only(detected(fixes_at(short)))
    assert minute_of(event.end) - minute_of(event.start) == 365
    long: list[tuple[float, float]] = [(BEFORE, 10), (290, 1), (120, 10), (290, 1), (AFTER, 10)]
    first, second = latest(detected(fixes_at(long)))
    assert minute_of(first.end) - minute_of(first.start) == 285
    assert minute_of(second.start) == BEFORE + 290 + 120
    apart: list[tuple[float, float]] = [(BEFORE, 10), (180, 1), (120, 10), (180, 1), (AFTER, 10)]
    assert not detected(fixes_at(apart)), "two short ones are not a long one"


@pytest.mark.parametrize(("silent", "number"), [(170, 1), (190, 2)])
def test_three_hours_of_silence_end_it(silent: float, number: int) -> None:
    """It lies at the same place before and after."""
    first, second = np.arange(0, 270, 5), np.arange(265 + silent, 265 + silent + 270, 5)
    events = latest(detected(fixes(A, [*first, *second], sog=0.5)))
    assert len(events) == number
    if number == 2:
        assert minute_of(events[0].end) == 265
        assert minute_of(events[1].start) == 265 + silent


def test_silent_and_found_far_away_is_not_slow() -> None:
    """Reports 0.5 knots each time it is heard, and covers 15 miles in between."""
    minutes = np.arange(0, 600, 60)
    assert detected(fixes(A, minutes, sog=0.5))
    assert not detected(fixes(A, minutes, minutes * METRES * 15, sog=0.5))


def test_nothing_is_raised_inside_a_fence_that_suppresses() -> None:
    rows = fixes(A, np.arange(0, 480, 5), sog=0.2)
    assert detected(rows)
    assert not detected(rows, fences=[fence("berth", 3000, policy=Policy.SUPPRESS)])
    watched = [fence("roads", 9000, policy=Policy.SUPPRESS), sts(3000)]
    assert detected(rows, fences=watched), "a smaller watched fence decides"


def test_coming_into_such_a_fence_ends_it() -> None:
    minutes = np.arange(0, 720, 5)
    rows = fixes(A, minutes, np.where(minutes < 360, -5000, 0), sog=0.2)
    event = only(detected(rows, fences=[fence("berth", 3000, policy=Policy.SUPPRESS)]))
    assert (minute_of(event.start), minute_of(event.end)) == (0, 355)


def test_scaled_down_to_fifteen_minutes() -> None:
    """Buckets of 15 minutes and all durations a sixteenth."""
    rules = LoiteringSettings(
        bucket_minutes=15, min_hours=0.25, min_hours_sts=0.25, probable_hours=0.5, probable_hours_sts=0.5
    )
    assert not latest(detected(fixes_at(drift(0.2), every=1), rules=rules))
    event = only(detected(fixes_at(drift(0.4), every=1), rules=rules))
    assert event.level is Level.POSSIBLE
    assert (minute_of(event.start), minute_of(event.end)) == (BEFORE, BEFORE + 23)
    assert only(detected(fixes_at(drift(1), every=1), rules=rules)).level is Level.PROBABLE


def test_revisions_hourly_and_at_the_end() -> None:
    events = detected(fixes_at(drift(6)))
    told = [(minute_of(event.detected), event.status) for event in events]
    assert told == [(360, Status.OPEN), (420, Status.OPEN), (480, Status.CLOSED)]
    assert all(event.end is None for event in events[:-1])
    assert events[0].summary.startswith("The tanker (MMSI 273000001, flag RU) has been slower than 2 knots")
    assert events[-1].summary.startswith("The tanker (MMSI 273000001, flag RU) was slower than 2 knots")


def test_still_open_at_the_end_of_the_sources() -> None:
    event = only(detected(fixes_at([(BEFORE, 10), (400, 1)])))
    assert event.status is Status.OPEN
    assert minute_of(event.detected) == 490  # its last fix


def test_faster_at_the_end_of_every_step() -> None:
    """Slow by the hour, though the last fix of each five minutes is faster than two knots."""
    minutes = np.arange(0, 480, 1)
    event = only(detected(fixes(A, minutes, sog=np.where(minutes % 5 == 0, 2.2, 0.3))))
    assert event.evidence.positions


def test_a_candidate_is_raised_once_its_type_is_confirmed() -> None:
    rows = fixes_at(drift(6))
    settings = VesselSettings()
    for minute, number in ((12 * 60, 1), (36 * 60, 0)):
        later = statics(A, (minute, minute + 6))
        found = events_of(run_stage(vessel_stage(settings=settings), rows, later))
        events = [event for event in found if event.loitering]
        assert len(events) == number
        for event in events:
            assert minute_of(event.start) == BEFORE
            assert minute_of(event.detected) == minute + 10


def test_of_no_interest() -> None:
    assert not detected(fixes_at(drift(6)), ship_type=70)


def test_a_tanker_that_calls_itself_a_tug_is_not_forgotten() -> None:
    rows = fixes_at([(BEFORE, 10), (600, 1)])
    event = only(events_of(run_stage(vessel_stage(), rows, statics(A), statics(A, (500, 506), ship_type=52))))
    assert event.status is Status.OPEN
    assert event.vessel.ais_ship_type == 52
    assert "type_changed" in {reason.code for reason in event.against}


def test_evidence_is_bounded_and_keeps_both_ends() -> None:
    rules = LoiteringSettings(samples=10)
    event = only(detected(fixes_at(drift(30)), rules=rules))
    times = [sample.time for sample in event.evidence.positions]
    assert len(times) <= 10
    assert times == sorted(times)
    assert times[0] == event.start
    assert minute_of(times[-1]) == pytest.approx(minute_of(event.end), abs=5)


def test_anchored_speaks_against_it() -> None:
    rows = fixes(A, np.arange(0, 480, 5), sog=0.2, status=1)
    assert "at_anchor" in {reason.code for reason in only(detected(rows)).against}


@pytest.mark.parametrize(
    "values",
    [
        {"slow_knots": 0.0},
        {"bucket_minutes": 7},
        {"min_hours_sts": 5.0},
        {"probable_hours": 3.0},
        {"samples": 1},
    ],
)
def test_impossible_thresholds(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        LoiteringSettings(**values)  # type: ignore[arg-type]


def test_buckets_fit_the_grid() -> None:
    with pytest.raises(ValueError, match="bucket_minutes"):
        VesselSettings(
            detectors=DetectorSettings(loitering=LoiteringSettings(bucket_minutes=5)),
            grid=GridSettings(step_minutes=15),
        )
