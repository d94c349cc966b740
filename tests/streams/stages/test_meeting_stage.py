"""MeetingStage: who is compared, when a revision is due, what takes an event back."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geofences.fence import FenceKind, Policy
from models.event import Event, Level, Status, to_json
from models.report import Rows
from models.tick import Instant
from models.time import END, MINUTE
from models.vessel import Dimensions, Identity, Role, WatchlistHit
from tests.streams.track_factories import (
    A,
    B,
    C,
    at,
    encounters,
    fence,
    identity,
    instants,
    latest,
    meeting_stage,
    minute_of,
    only,
    ticks,
)

LISTED = (WatchlistHit("a list", "entry 1", "imo"),)


def every(start: float, end: float) -> list[float]:
    return np.arange(start, end + 1, 5).tolist()


def side_by_side(start: float, end: float, metres: float = 100) -> list[Rows]:
    return [ticks(A, every(start, end)), ticks(B, every(start, end), metres)]


# --- revisions


def test_revisions_come_with_a_level_each_hour_and_at_the_end() -> None:
    events = encounters(side_by_side(0, 130), until=24 * 60)
    told = [(minute_of(event.detected), event.level, event.status) for event in events]
    assert told == [
        (30, Level.POSSIBLE, Status.OPEN),
        (60, Level.POSSIBLE, Status.OPEN),
        (120, Level.PROBABLE, Status.OPEN),
        *[(hour, Level.PROBABLE, Status.OPEN) for hour in (180, 240, 300, 360)],
        (370, Level.PROBABLE, Status.CLOSED),  # four hours after the last contact
    ]
    assert [event.revision for event in events] == list(range(1, len(events) + 1))
    assert {event.id for event in events} == {events[0].id}
    assert all(event.end is None for event in events[:-1])
    assert minute_of(events[-1].end) == 130


def test_at_the_end_of_the_sources_it_is_told_as_it_stands() -> None:
    events = encounters(side_by_side(0, 50))
    assert [(minute_of(event.detected), event.status) for event in events] == [
        (30, Status.OPEN),
        (50, Status.OPEN),
    ]


def test_ticks_that_come_late_give_what_they_would_have_given_in_time() -> None:
    """B is heard by satellite: its ticks of 40 minutes come together, A's at once."""
    rows = side_by_side(0, 120)
    stage = meeting_stage()
    known = instants([], (identity(A), identity(B)))
    for instant in known + instants([rows[0]], ()):
        stage.feed(instant)
    for minute in range(40, 161, 40):
        late = rows[1][(rows[1]["time"] > at(minute - 40)) & (rows[1]["time"] <= at(minute))]
        stage.feed(Instant(at(minute), late))
    stage.feed(Instant(at(0), rows[1][:1]))
    events = stage.advance(at(600))
    in_time = encounters(rows, until=600)
    assert events[-1].encounter == in_time[-1].encounter
    assert (events[-1].id, events[-1].start, events[-1].end) == (
        in_time[-1].id,
        in_time[-1].start,
        in_time[-1].end,
    )


# --- what is learnt later


@pytest.mark.parametrize(("learnt", "raised"), [(60, True), (23 * 60, True), (31 * 60, False)])
def test_a_candidate_is_raised_with_its_true_start_within_a_day(learnt: float, raised: bool) -> None:
    known = [identity(A, Role.UNKNOWN), identity(B, Role.UNKNOWN), identity(A, Role.TANKER, learnt)]
    events = encounters(side_by_side(0, 120), known)
    assert len(latest(events)) == raised
    for event in events:
        assert minute_of(event.start) == 0
        assert minute_of(events[0].detected) == learnt


def test_two_of_unknown_type_alongside_for_days_are_raised_from_a_day_back_at_most() -> None:
    known = [identity(A, Role.UNKNOWN), identity(B, Role.UNKNOWN), identity(A, Role.TANKER, 40 * 60)]
    event = only(encounters(side_by_side(0, 41 * 60), known))
    assert 40 * 60 - minute_of(event.start) <= 24 * 60


@pytest.mark.parametrize("learnt", [90, 130, 20 * 60])
@pytest.mark.parametrize(
    ("then", "code"),
    [
        (identity(B, Role.EXCLUDED, ship_type=52), "excluded_type"),
    ],
)
def test_what_is_learnt_of_the_partner_takes_it_back(learnt: float, then: Identity, code: str) -> None:
    """While open, and for a day after it has been closed."""
    later = identity(B, then.role, learnt, ship_type=then.ship_type, shared=then.shared)
    event = only(encounters(side_by_side(0, 120), [identity(A), identity(B, Role.UNKNOWN), later]))
    assert event.status is Status.RETRACTED
    assert minute_of(event.detected) == learnt
    assert code in {reason.code for reason in event.against}
    assert " Taken back: MMSI 273000002 " in event.summary


def test_a_listed_vessel_stays_whatever_it_says_of_itself() -> None:
    later = identity(B, Role.EXCLUDED, 90, shared=True, watchlists=LISTED)
    events = encounters(side_by_side(0, 120), [identity(A), identity(B, watchlists=LISTED), later])
    event = only(event for event in events if event.encounter)
    assert event.status is Status.OPEN
    assert event.vessel.ssvid == f"{B:09d}"
    assert {"shared_mmsi"} <= {reason.code for reason in event.against}


def test_what_was_no_encounter_when_it_ended_is_not_raised_later() -> None:
    """One hull while it lasted; that the two moved as one is forgotten before the day is over."""
    under_way = np.arange(-60, 0, 5)
    north = under_way * 6 * 1852 / 60
    rows = [ticks(A, under_way, 0, north, sog=6.0), ticks(B, under_way, 40, north, sog=6.0)]
    rows += side_by_side(0, 120, 40)
    draughts = [identity(A, minute=minute, draught=8.0 + minute / 1000) for minute in range(300, 30 * 60, 60)]
    one: dict[str, Any] = {"name": "ONE", "callsign": "UAAA", "size": Dimensions(80, 20, 8, 8)}
    draughts = [msgspec.structs.replace(each, name="ONE", callsign="UAAA") for each in draughts]
    assert not encounters(rows, [identity(A, **one), identity(B, **one), *draughts])


# --- who is named


def test_three_ships_name_each_other() -> None:
    minutes = every(0, 60)
    rows = [ticks(A, minutes), ticks(B, minutes, 60), ticks(C, minutes, -60)]
    events = latest(encounters(rows, (identity(A), identity(B), identity(C))))
    named = {
        (event.vessel.ssvid, event.encounter.vessel.ssvid): event.encounter.others
        for event in events
        if event.encounter
    }
    a, b, c = f"{A:09d}", f"{B:09d}", f"{C:09d}"
    assert named == {(a, b): (c,), (a, c): (b,), (b, c): (a,)}


def test_who_comes_after_the_other_has_left_is_not_of_the_raft() -> None:
    minutes = every(0, 240)
    first = [60 if minute <= 100 else 3000 for minute in minutes]
    second = [-60 if minute >= 140 else -3000 for minute in minutes]
    rows = [ticks(A, minutes), ticks(B, minutes, first), ticks(C, minutes, second)]
    events = latest(encounters(rows, (identity(A), identity(B), identity(C))))
    assert len(events) == 2
    assert [event.encounter.others for event in events if event.encounter] == [(), ()]


# --- where


@pytest.mark.parametrize(
    ("fences", "raised"),
    [
        ([fence("roads", 5000, policy=Policy.SUPPRESS)], False),
        ([fence("roads", 5000, policy=Policy.SCORE)], True),
        ([fence("roads", 5000, policy=Policy.SUPPRESS), fence("spot", 900, policy=Policy.WATCH)], True),
        ([fence("roads", 5000, policy=Policy.WATCH), fence("berth", 900, policy=Policy.SUPPRESS)], False),
        ([fence("a", 5000, policy=Policy.SUPPRESS), fence("z", 900, policy=Policy.SCORE)], False),
        ([fence("berth", 5000, policy=Policy.SUPPRESS, east=9000)], True),
    ],
)
def test_the_smallest_fence_that_decides_decides(fences: list[object], raised: bool) -> None:
    assert bool(encounters(side_by_side(0, 60), fences=fences)) is raised  # type: ignore[arg-type]


def test_a_watched_fence_is_a_reason() -> None:
    here = [fence("roads", 5000, FenceKind.ROADS, Policy.WATCH)]
    event = only(encounters(side_by_side(0, 60), fences=here))
    assert {"watched_area"} <= {reason.code for reason in event.reasons}
    assert [(relation.id, relation.relation) for relation in event.geofences] == [("roads", "inside")]
    assert event.summary.endswith(" Area: Fence roads.")


def test_across_180_degrees() -> None:
    minutes, line = every(0, 60), (180.0, 50.0)
    rows = [ticks(A, minutes, -50, origin=line), ticks(B, minutes, 50, origin=line)]
    assert rows[0]["lon"][0] > 0 > rows[1]["lon"][0]
    event = only(encounters(rows))
    assert event.encounter is not None
    assert event.encounter.min_distance_kilometers == pytest.approx(0.1, abs=0.001)
    assert abs(event.position.lon) == pytest.approx(180, abs=1e-4)
    west, _, east, _ = event.bounding_box
    assert (east - west) % 360 < 0.01


def test_two_at_the_very_same_place_are_neighbours() -> None:
    event = only(encounters(side_by_side(0, 60, metres=0)))
    assert event.encounter is not None
    assert event.encounter.min_distance_kilometers == 0


# --- the same, however it comes


def meetings(number: int) -> list[Instant]:
    """Three vessels that come and go, fall silent, get known; some hours of ticks, a few late."""
    seed = np.random.default_rng(number)
    minutes = np.arange(0, seed.choice([120, 480, 900]), 5)
    rows = []
    for i, mmsi in enumerate((A, B, C)):
        length = len(minutes)
        east = np.repeat(seed.choice([0, 60, 300, 600, 4000], length // 20 + 1), 20)[:length] + 40.0 * i
        sog = np.repeat(seed.choice([0.3, 0.3, 6.0], length // 10 + 1), 10)[:length]
        row = ticks(mmsi, minutes, east + seed.normal(0, 10, length), sog=sog)
        rows.append(row[seed.random(length) < seed.choice([1.0, 0.6, 0.15])])
    roles = [Role.TANKER, Role.TANKER, Role.UNKNOWN, Role.OTHER, Role.EXCLUDED]

    def role() -> Role:
        return roles[int(seed.integers(len(roles)))]

    known = [identity(mmsi, role(), size=Dimensions(80, 20, 8, 8)) for mmsi in (A, B, C)]
    for _ in range(int(seed.integers(4))):
        mmsi, minute = int(seed.choice([A, B, C])), int(seed.integers(200)) * 5
        known.append(identity(mmsi, role(), minute, shared=bool(seed.random() < 0.3)))
    known = list({(each.mmsi, each.time): each for each in known}.values())
    fed = instants(rows, known)
    # some ticks are told up to an hour after their time
    late: list[Instant] = []
    for instant in fed:
        delay = int(seed.choice([0, 0, 0, 5, 35, 60])) * MINUTE
        late.append(Instant(instant.time, instant.ticks[:0], instant.identities))
        late.append(Instant(instant.time + delay, instant.ticks))
    return sorted(late, key=lambda instant: instant.time)


def run(
    fed: Sequence[Instant], *, copy: bool = False, pieces: bool = False, backwards: bool = False
) -> list[bytes]:
    stage = meeting_stage([fence("berth", 200, policy=Policy.SUPPRESS, east=4000)])
    events: list[Event] = []
    kept: dict[str, bytes] = {}
    for i, instant in enumerate(fed):
        if copy:
            other = meeting_stage([fence("berth", 200, policy=Policy.SUPPRESS, east=4000)])
            other.restore(stage.snapshot())
            stage = other
        if pieces and i % 3 == 0:
            for name, piece in stage.changes().items():
                if piece is None:
                    kept.pop(name, None)
                else:
                    kept[name] = piece
            stage = meeting_stage([fence("berth", 200, policy=Policy.SUPPRESS, east=4000)])
            stage.load(kept)
        stage.feed(instant)
        following = fed[i + 1].time if i + 1 < len(fed) else END
        if following > instant.time and not backwards:
            events += stage.advance(following)
    if backwards:
        stage = meeting_stage([fence("berth", 200, policy=Policy.SUPPRESS, east=4000)])
        for instant in reversed(fed):
            stage.feed(instant)
        events = stage.advance(END)
    for group in _by_id(events).values():
        assert [event.revision for event in group] == list(range(1, len(group) + 1))
        assert all(a.detected <= b.detected for a, b in pairwise(group))
        assert all(event.start <= event.detected for event in group)
    return [to_json(event) for event in events]


def _by_id(events: Sequence[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for event in events:
        found.setdefault(event.id, []).append(event)
    return found


@settings(max_examples=8, deadline=None, derandomize=True)
@given(st.integers(0, 2**32))
def test_neither_a_copy_at_every_instant_nor_the_order_of_its_parts_changes_anything(number: int) -> None:
    fed = meetings(number)
    expected = run(fed)
    assert run(fed, copy=True) == expected
    assert run(fed, pieces=True) == expected
    assert sorted(run(fed, backwards=True)) == sorted(expected)


def test_an_instant_that_is_worked_off_already_changes_nothing() -> None:
    stage = meeting_stage()
    fed = instants(side_by_side(0, 60), (identity(A), identity(B)))
    for instant in fed:
        stage.feed(instant)
    expected = stage.advance(at(60) + 1)
    assert expected
    stage.feed(fed[3])
    assert stage.overtaken == 1
    assert not stage.advance(at(60) + 1)


def test_nothing_is_kept_of_what_is_over() -> None:
    """Two meet every day: the state does not grow, and is empty a day after.

    For the first three days it does: what is `probable` then waits for what is learnt of its place.
    """
    stage = meeting_stage()
    sizes = []
    for day in range(9):
        start = day * 24 * 60
        known = (identity(A), identity(B)) if day == 0 else ()
        for instant in instants(side_by_side(start, start + 120, 200), known):
            stage.feed(instant)
        assert stage.advance(at(start + 24 * 60) + 1)
        sizes.append(len(stage.snapshot()))
    assert max(sizes[4:]) == min(sizes[4:])
    stage.advance(at(11 * 24 * 60))
    assert len(stage.snapshot()) < 680, "only who the two are is left"
