"""Encounters by kind: under way, in currents, heard rarely, silent, under new names; and what looks alike."""

from collections.abc import Callable

import msgspec
import numpy as np
import pytest

from models.event import Event, Level, Status
from models.tick import Instant
from models.time import END
from models.vessel import ON_OWN_TRACK, OffTrack, Places, Role
from tests.streams.detection.meetings import SMALL, Meeting, spans
from tests.streams.track_factories import A, B, at, identity, latest, meeting_stage, ticks

SEEDS = range(4)
OTHER = 613_999_001
"""A further MMSI for B."""


def named(kind: object) -> str:
    """Short names of tests."""
    return getattr(kind, "__name__", str(kind))


def fives(rng: np.random.Generator, low: float, high: float) -> float:
    """Minutes on the grid."""
    return float(rng.integers(int(low / 5), int(high / 5))) * 5


def under_way(seed: int, rng: np.random.Generator) -> Meeting:
    return Meeting(seed, fives(rng, 130, 300), rng.uniform(0, 5.9))


def thinned_out(seed: int, rng: np.random.Generator) -> Meeting:
    """Up to 80 % of the ticks are missing."""
    meeting = Meeting(seed, fives(rng, 200, 500), rng.uniform(0, 2.5))
    for mmsi, minutes in meeting.heard.items():
        meeting.heard[mmsi] = minutes[rng.random(len(minutes)) > rng.uniform(0, 0.8)]
    return meeting


def rarely_heard(seed: int, rng: np.random.Generator) -> Meeting:
    """One of the two, or both, by satellite."""
    meeting = Meeting(seed, fives(rng, 300, 550), rng.uniform(0, 3))
    meeting.by_satellite(B, rng.uniform(30, 110))
    if seed % 2:
        meeting.by_satellite(A, rng.uniform(30, 110))
    return meeting


def in_one_pass(seed: int, rng: np.random.Generator) -> Meeting:
    """Both by the same satellite, at the same seconds."""
    meeting = Meeting(seed, fives(rng, 300, 550), rng.uniform(0, 3))
    meeting.by_satellite(B, rng.uniform(30, 110))
    meeting.heard[A] = meeting.heard[B]
    return meeting


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kind", "margin"),
    [(under_way, 15), (thinned_out, 60), (rarely_heard, 115), (in_one_pass, 115)],
    ids=named,
)
def test_a_transfer_is_one_probable_encounter(
    seed: int, kind: Callable[[int, np.random.Generator], Meeting], margin: float
) -> None:
    meeting = kind(seed, np.random.default_rng(seed))
    (event,) = meeting.events()
    assert event.level is Level.PROBABLE
    assert spans(event, 0, meeting.until, margin)


def silent_meeting(seed: int, rng: np.random.Generator, both: bool) -> tuple[Meeting, float, float]:
    """40 to 85 minutes alongside before and after 2 to 22 hours in which one or both are silent."""
    before, silence, after = fives(rng, 40, 90), rng.uniform(2, 22) * 60, fives(rng, 40, 90)
    meeting = Meeting(seed, before + silence + after, rng.uniform(0, 2.7))
    meeting.silent(B, before, before + silence)
    if both:
        meeting.silent(A, before - 5, before + silence)
    return meeting, before, silence


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_silence_alongside_is_bridged(seed: int, both: bool) -> None:
    meeting, _, silence = silent_meeting(seed, np.random.default_rng(seed), both)
    (event,) = meeting.events()
    assert spans(event, 0, meeting.until)
    assert event.encounter is not None
    assert event.encounter.bridged_hours == pytest.approx(silence / 60, abs=0.3)
    assert event.encounter.duration_hours == pytest.approx((meeting.until - silence) / 60, abs=0.5)
    assert "bridged_silence" in {reason.code for reason in event.reasons}


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_heard_elsewhere_meanwhile_is_not_bridged(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meeting, before, silence = silent_meeting(seed, rng, both=False)
    minute = before + silence * rng.uniform(0.2, 0.8)
    away = Instant(at(-(-minute // 5) * 5), ticks(B, [minute], 60_000, sog=10.0))
    stage = meeting_stage()
    for instant in sorted([*meeting.instants(), away], key=lambda each: each.time):
        stage.feed(instant)
    found = latest(stage.advance(END))
    assert found
    assert all(event.encounter and event.encounter.bridged_hours == 0 for event in found)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_false_place_after_a_silence_is_forgotten_once_it_is_known(seed: int) -> None:
    """Both are silent for hours; then B is jammed for some minutes, which is known only an hour later."""
    rng = np.random.default_rng(seed)
    before, silence = 80.0, fives(rng, 180, 900)
    again, right = before + silence, before + silence + fives(rng, 15, 40)
    meeting = Meeting(seed, right + 150, rng.uniform(0, 1.5))
    meeting.silent(A, before + 5, again - 5)
    meeting.silent(B, before + 5, right - 5)
    minutes = np.arange(again, right, 5.0)
    jammed = ticks(B, minutes, 3_000 + meeting.knots * 31 * minutes, rng.uniform(500, 4_000))
    run = OffTrack(at(again), at(right - 5), len(minutes), 3.0, 0.0, 0.0, ON_OWN_TRACK)
    told = identity(B, minute=right + 80, size=SMALL, name="DAUGHTER", places=Places(off_track=(run,)))
    stage = meeting_stage()
    extra = [Instant(int(row["time"][0]), row) for row in np.split(jammed, len(jammed))]
    learnt = Instant(told.time, ticks(B, []), (told,))
    for instant in sorted([*meeting.instants(), *extra, learnt], key=lambda each: each.time):
        stage.feed(instant)
    (event,) = [each for each in latest(stage.advance(END)) if each.status is not Status.RETRACTED]
    assert spans(event, 0, meeting.until)
    assert event.encounter is not None
    assert event.encounter.bridged_hours == pytest.approx((right - before) / 60, abs=0.5)


def test_bridging_alone_makes_no_probable() -> None:
    meeting = Meeting(1, 20 + 600 + 20)
    for mmsi in (A, B):
        meeting.silent(mmsi, 25, 615)
    (event,) = meeting.events()
    assert event.level is Level.POSSIBLE


def test_a_closed_event_is_opened_again_under_its_id() -> None:
    meeting = Meeting(2, 60 + 480 + 60)
    for mmsi in (A, B):
        meeting.silent(mmsi, 65, 535)
    stage = meeting_stage()
    for instant in meeting.instants():
        stage.feed(instant)
    found = stage.advance(END)
    assert len({event.id for event in found}) == 1
    statuses = [event.status for event in found]
    closed = statuses.index(Status.CLOSED)
    assert Status.OPEN in statuses[closed:]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ship_that_goes_on_under_another_number_is_in_one_encounter(seed: int) -> None:
    """Its name may change too, and what it says of itself may come late."""
    rng = np.random.default_rng(seed)
    meeting = Meeting(seed, fives(rng, 100, 300), rng.uniform(0, 2.5))
    cut, pause = fives(rng, 15, meeting.until - 60), float(rng.choice([0, 5, 30]))
    minutes = meeting.heard[B]
    meeting.heard[B], meeting.heard[OTHER] = minutes[minutes < cut], minutes[minutes >= cut + pause]
    name = "DAUGHTER" if seed % 2 else "NEW NAME"
    told = cut + pause + float(rng.choice([5, 10, 45]))
    meeting.known.append(identity(OTHER, Role.UNKNOWN, cut + pause))
    meeting.known.append(identity(OTHER, minute=told, name=name, callsign="UBBB", size=SMALL))
    (event,) = meeting.events({OTHER: B})
    assert spans(event, 0, meeting.until)
    assert event.encounter is not None
    changed = {change.field for change in event.encounter.identity_changes}
    assert changed == ({"mmsi"} if seed % 2 else {"mmsi", "name"})
    assert event.mmsis == tuple(sorted((A, B, OTHER)))
    assert {sample.ssvid for sample in event.evidence.positions} == {f"{mmsi:09d}" for mmsi in event.mmsis}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_change_of_type_during_the_contact_takes_nothing_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meeting = Meeting(seed, fives(rng, 130, 300), rng.uniform(0, 2.5))
    first = msgspec.structs.replace(meeting.known[1], role=Role.OTHER, ship_type=70)
    time = at(fives(rng, 5, meeting.until))
    then = msgspec.structs.replace(first, role=Role.EXCLUDED, ship_type=52, name="TUG", time=time)
    meeting.known[1:] = [first, then]
    (event,) = meeting.events()
    assert event.level is Level.PROBABLE
    assert event.encounter is not None
    assert {"name", "ship_type"} == {change.field for change in event.encounter.identity_changes}


def neighbours(seed: int, rng: np.random.Generator) -> Meeting:
    """At anchor 270 m and more between hulls."""
    return Meeting(seed, fives(rng, 500, 1500), 0.1, beside=rng.uniform(300, 480), noise=15)


def convoy(seed: int, rng: np.random.Generator) -> Meeting:
    """In company at 4 to 6 knots, not alongside."""
    return Meeting(seed, fives(rng, 130, 500), rng.uniform(3.7, 6), beside=rng.uniform(120, 480))


def together_at_sea_speed(seed: int, rng: np.random.Generator) -> Meeting:
    return Meeting(seed, fives(rng, 130, 500), rng.uniform(6.2, 12), beside=rng.uniform(30, 480))


def pilot(seed: int, rng: np.random.Generator) -> Meeting:
    """Alongside for a few minutes."""
    return Meeting(seed, fives(rng, 5, 25), rng.uniform(0, 6))


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("kind", "level"),
    [(neighbours, Level.POSSIBLE), (convoy, None), (together_at_sea_speed, None), (pilot, None)],
    ids=named,
)
def test_what_looks_alike_is_not_probable(
    seed: int, kind: Callable[[int, np.random.Generator], Meeting], level: Level | None
) -> None:
    found = kind(seed, np.random.default_rng(seed)).events()
    assert [event.level for event in found] == ([level] if level else [])


def test_neighbours_who_swing_once_are_possible() -> None:
    meeting = Meeting(5, 600, 0.1, beside=330)
    rows = meeting.rows(B, B)
    swing = (rows["time"] >= at(300)) & (rows["time"] <= at(310))
    rows["lon"][swing] = (rows["lon"] + meeting.rows(A, A)["lon"][: len(rows)])[swing] / 2
    rows["lat"][swing] = (rows["lat"] + meeting.rows(A, A)["lat"][: len(rows)])[swing] / 2
    stage = meeting_stage()
    fed = [*Meeting(5, 600, 0.1, beside=330, heard={A: meeting.heard[A]}).instants()]
    fed += [Instant(int(row["time"]), np.array([row])) for row in rows]
    for instant in sorted(fed, key=lambda each: each.time):
        stage.feed(instant)
    (event,) = latest(stage.advance(END))
    assert event.level is Level.POSSIBLE
    assert event.encounter is not None
    assert event.encounter.min_hull_gap_meters is not None
    assert event.encounter.median_hull_gap_meters is not None
    assert event.encounter.min_hull_gap_meters < 200 < event.encounter.median_hull_gap_meters


@pytest.mark.parametrize("seed", SEEDS)
def test_the_moment_drawn_as_closest_is_the_closest(seed: int) -> None:
    meeting = Meeting(seed, 900, noise=20)
    (event,) = meeting.events()
    assert event.encounter is not None
    drawn = [
        sample.hull_gap_meters for sample in event.evidence.positions if sample.hull_gap_meters is not None
    ]
    assert min(drawn) == pytest.approx(event.encounter.min_hull_gap_meters, abs=1)


def run(instants: list[Instant], copy: bool) -> list[Event]:
    stage, events = meeting_stage(), []
    for i, instant in enumerate(instants):
        if copy:
            other = meeting_stage()
            other.restore(stage.snapshot())
            stage = other
        stage.feed(instant)
        events += stage.advance(instants[i + 1].time if i + 1 < len(instants) else END)
    return events


@pytest.mark.parametrize("seed", SEEDS)
def test_a_copy_at_every_instant_changes_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    meeting, _, _ = silent_meeting(seed, rng, both=bool(seed % 2))
    if seed < 2:
        meeting = rarely_heard(seed, rng)
    fed = meeting.instants()
    assert run(fed, copy=True) == run(fed, copy=False)
