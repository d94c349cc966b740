"""The rule of encounters, on two tankers (A at rest, B at a distance from it) unless told otherwise."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from models.event import Event, Level, Status
from models.report import Rows
from models.vessel import Dimensions, Identity, Role
from streams.detection.encounters.settings import EncounterSettings
from tests.streams.track_factories import (
    A,
    B,
    encounters,
    identity,
    latest,
    minute_of,
    only,
    ticks,
)

SHIP = Dimensions(80, 20, 8, 8)


def every(start: float, end: float) -> list[float]:
    return np.arange(start, end + 1, 5).tolist()


def contact(event: Event) -> tuple[float, float, float]:
    """Start and end in minutes after noon, and minutes of contact."""
    assert event.encounter is not None
    return minute_of(event.start), minute_of(event.end), round(event.encounter.duration_hours * 60)


def pair(
    minutes: list[float], metres: float | Sequence[float], sog: float | Sequence[float] = 0.3
) -> list[Rows]:
    """A at rest, B so many metres east of it at these minutes; both go on, 5 km apart, for five hours."""
    after = every(minutes[-1] + 5, minutes[-1] + 300)
    rest = ticks(A, [*minutes, *after])
    return [rest, ticks(B, minutes, metres, sog=sog), ticks(B, after, 5000.0)]


@pytest.mark.parametrize(
    ("metres", "expected"),
    [
        ([499] * 13, (0, 60, 60)),
        ([501] * 13, None),  # never near enough to begin
        ([499] + [749] * 12, (0, 60, 60)),  # begun within 500 m, kept to 750
        ([749] * 6 + [499] * 7, (30, 60, 30)),  # what came before it was near enough does not count
        ([499] * 7 + [751] + [749] * 20 + [499] * 7, (0, 170, 60)),  # out beyond 750 m, back within 500
    ],
)
def test_a_contact_begins_within_500_metres_and_is_kept_to_750(
    metres: list[float], expected: tuple[float, float, float] | None
) -> None:
    events = encounters(pair(every(0, 5 * len(metres) - 5), metres))
    assert [contact(event) for event in latest(events)] == ([expected] if expected else [])


def test_both_have_to_be_slow() -> None:
    """One that passes another at rest is not: the two do not move alike."""
    minutes = every(0, 120)
    to_and_fro = np.where(np.arange(len(minutes)) % 2, 300, -300)
    assert not encounters([ticks(A, minutes, sog=2.1), ticks(B, minutes, to_and_fro)])
    knots = [0.3] * 10 + [6.1] * 5 + [1.9] * 10
    event = only(encounters(pair(minutes, 100, sog=knots)))
    assert contact(event) == (0, 120, 45 + 45)


@pytest.mark.parametrize(("silence", "duration"), [(110, 30 + 110 + 30), (115, 30 + 30)])
def test_110_minutes_of_silence_inside_a_contact_count(silence: float, duration: float) -> None:
    minutes = [*every(0, 30), *every(30 + silence, 60 + silence)]
    event = only(encounters(pair(minutes, 200)))
    assert contact(event) == (0, 60 + silence, duration)


def test_after_a_silence_a_contact_begins_anew_within_500_metres() -> None:
    minutes = [*every(0, 30), *every(145, 175)]
    event = only(encounters(pair(minutes, [100] * 7 + [700] * 7)))
    assert contact(event) == (0, 30, 30)


@pytest.mark.parametrize(("apart", "number"), [(235, 1), (250, 2)])
def test_contacts_less_than_four_hours_apart_are_one_event(apart: float, number: int) -> None:
    minutes = every(0, 60 + apart + 60)
    metres = [100 if minute <= 60 or minute >= 60 + apart else 3000 for minute in minutes]
    events = latest(encounters(pair(minutes, metres)))
    assert len(events) == number
    assert {event.status for event in events} == {Status.CLOSED}
    if number == 1:
        assert contact(events[0]) == (0, 120 + apart, 120)  # the time between counts for nothing
    else:
        assert [contact(event)[:2] for event in events] == [(0, 60), (60 + apart, 120 + apart)]


@pytest.mark.parametrize(
    ("minutes", "metres", "level"),
    [
        (25, 160, None),
        (30, 160, Level.POSSIBLE),
        (115, 160, Level.POSSIBLE),
        (120, 160, Level.PROBABLE),
        (55, 30, Level.POSSIBLE),
        (60, 30, Level.PROBABLE),  # 30 m between antennas amidships of 16 m ships: 14 m of water
        (60, 67, Level.POSSIBLE),  # 51 m of water
    ],
)
def test_levels(minutes: float, metres: float, level: Level | None) -> None:
    """Two ships abreast, so their hulls are nearer than their antennas by one beam."""
    known = (identity(A, size=SHIP), identity(B, size=SHIP))
    events = encounters(pair(every(0, minutes), metres), known)
    assert [event.level for event in latest(events)] == ([level] if level else [])


def test_hulls_that_never_come_close_stay_possible() -> None:
    rows = pair(every(0, 600), 400)
    event = only(encounters(rows, (identity(A, size=SHIP), identity(B, size=SHIP))))
    assert event.level is Level.POSSIBLE
    assert "wide_gap" in {reason.code for reason in event.against}


@pytest.mark.parametrize(("metres", "level"), [(240, Level.PROBABLE), (260, Level.POSSIBLE)])
def test_without_sizes_the_antennas_decide(metres: float, level: Level) -> None:
    assert only(encounters(pair(every(0, 600), metres))).level is level


def other(mmsi: int) -> Identity:
    return identity(mmsi, Role.OTHER)


def unknown(mmsi: int) -> Identity:
    return identity(mmsi, Role.UNKNOWN)


def tug(mmsi: int) -> Identity:
    return identity(mmsi, Role.EXCLUDED)


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (identity, identity, "tanker-tanker"),
        (other, identity, "other-tanker"),
        (unknown, identity, "tanker-unknown"),
        (other, other, None),
        (unknown, unknown, None),
        (identity, tug, None),
    ],
)
def test_a_tanker_with_any_vessel_that_is_a_partner(
    first: Callable[[int], Identity], second: Callable[[int], Identity], kind: str | None
) -> None:
    events = latest(encounters(pair(every(0, 60), 100), (first(A), second(B))))
    assert [event.encounter.type for event in events if event.encounter] == ([kind] if kind else [])
    assert all(event.vessel.type == "tanker" for event in events), "the tanker comes first"


def co_moving(start: float, hours: float, metres: float = 40) -> list[Rows]:
    """Under way together to a place off which they were at rest before or come to rest."""
    minutes = np.arange(start, start + 60 * hours, 5)
    north = (minutes - (minutes[-1] if start < 0 else start)) * 6 * 1852 / 60
    return [ticks(A, minutes, 0, north, sog=6.0), ticks(B, minutes, metres, north, sog=6.0)]


def at_rest(start: float, end: float, metres: float = 40) -> list[Rows]:
    return [ticks(A, every(start, end)), ticks(B, every(start, end), metres)]


ALIKE: dict[str, Any] = {"name": "ONE", "callsign": "UAAA", "size": SHIP}
UNLIKE: tuple[dict[str, Any], ...] = (
    {"name": "ONE", "callsign": "UAAA"},
    {"name": "TWO", "callsign": "UBBB"},
)


def both(**more: Any) -> tuple[Identity, Identity]:
    return identity(A, **more), identity(B, **more)


def test_two_transponders_on_one_hull_are_no_encounter() -> None:
    rows = co_moving(-60, 1) + at_rest(0, 120)
    assert not encounters(rows, both(**ALIKE))
    brief = encounters(co_moving(-15, 0.25) + at_rest(0, 120), both(**ALIKE))
    assert brief, "three instants under way together say nothing"


def test_hulls_that_overlap_are_one_whatever_they_are_called() -> None:
    named = zip((A, B), UNLIKE, strict=True)
    known = [identity(mmsi, minute=-60, size=SHIP, **names) for mmsi, names in named]
    apart, together = co_moving(-60, 1) + at_rest(0, 120), co_moving(-60, 1, 5) + at_rest(0, 120, 5)
    assert encounters(apart, known)
    assert not encounters(together, known)


def test_names_and_call_signs_make_two_ships() -> None:
    known = [identity(mmsi, **names) for mmsi, names in zip((A, B), UNLIKE, strict=True)]
    event = only(encounters(co_moving(-60, 1) + at_rest(0, 120), known))
    assert event.level is Level.PROBABLE
    assert "may_be_one_hull" not in {reason.code for reason in event.against}


def test_where_nothing_decides_it_stays_possible_with_the_doubt_against_it() -> None:
    event = only(encounters(co_moving(-60, 1) + at_rest(0, 240)))
    assert event.level is Level.POSSIBLE
    assert "may_be_one_hull" in {reason.code for reason in event.against}


def test_one_as_small_as_a_tug_that_moves_with_a_tanker_may_tow_it() -> None:
    sizes = (Dimensions(80, 20, 8, 8), Dimensions(20, 10, 4, 4))
    names = zip((A, B), UNLIKE, sizes, strict=True)
    known = [identity(mmsi, size=size, **texts) for mmsi, texts, size in names]
    assert only(encounters(co_moving(-60, 1) + at_rest(0, 240), known)).level is Level.POSSIBLE
    assert only(encounters(at_rest(0, 240), known)).level is Level.PROBABLE


@pytest.mark.parametrize(("length", "raised"), [(30, False), (45, True)])
def test_pair_trawlers_are_no_encounter(length: int, raised: bool) -> None:
    size = Dimensions(length - 10, 10, 4, 4)
    known = (identity(A, size=size, ship_type=30), identity(B, Role.OTHER, size=size, ship_type=30))
    assert bool(encounters(at_rest(0, 120), known)) is raised


def test_two_imo_numbers_are_two_ships() -> None:
    rows = co_moving(-60, 1) + at_rest(0, 120)
    assert encounters(rows, (identity(A, imo=9_074_729, **ALIKE), identity(B, imo=9_176_187, **ALIKE)))
    assert not encounters(rows, both(imo=9_074_729))


def test_two_imo_numbers_are_two_ships_although_their_hulls_seem_to_overlap() -> None:
    """An antenna that was entered on the wrong side puts one sister into the other."""
    named = zip((A, B), (9_074_729, 9_176_187), strict=True)
    known = [identity(mmsi, minute=-60, size=SHIP, imo=imo) for mmsi, imo in named]
    event = only(encounters(co_moving(-60, 1, 5) + at_rest(0, 240, 5), known))
    assert event.level is Level.PROBABLE
    assert "may_be_one_hull" not in {reason.code for reason in event.against}


@pytest.mark.parametrize(
    ("east", "ahead", "sways", "level", "told"),
    [
        (0.0, 110.0, 0.0, Level.POSSIBLE, {"may_be_tow"}),
        (0.0, 280.0, 20.0, Level.POSSIBLE, {"may_be_tow", "wide_gap"}),
        (0.0, 450.0, 0.0, Level.POSSIBLE, {"wide_gap"}),  # too far for a tow
        (0.0, 198.0, 95.0, Level.PROBABLE, set()),  # adrift: no tow changes its length so much
        (20.0, 0.0, 0.0, Level.PROBABLE, set()),
    ],
)
def test_one_right_ahead_of_the_other_under_way_may_be_its_tug(
    east: float, ahead: float, sways: float, level: Level, told: set[str]
) -> None:
    """Whatever names, IMO numbers and the places that they came from say: these are two, and no transfer."""
    known = [
        identity(mmsi, minute=-90, imo=imo, size=SHIP, **texts)
        for mmsi, imo, texts in zip((A, B), (9_074_729, 9_176_187), UNLIKE, strict=True)
    ]
    minutes = np.arange(0, 181, 5)
    north = minutes * 3 * 1852 / 60
    before = ahead + sways * np.sin(minutes * np.pi / 30)
    rows = [
        *(ticks(A, every(-90, -65)), ticks(B, every(-90, -65), 4000.0)),
        *(ticks(A, minutes, 0.0, north, sog=3.0), ticks(B, minutes, east, north + before, sog=3.0)),
    ]
    event = only(encounters(rows, known))
    assert event.level is level
    codes = {reason.code for reason in event.against}
    assert codes & {"may_be_one_hull", "may_be_tow", "wide_gap"} == told  # two IMO numbers are two hulls


def test_two_that_came_from_different_places_are_two_ships() -> None:
    """Moored together under way they do their transfer all the same, IMO numbers or not."""
    apart = [ticks(A, every(-90, -65), 0), ticks(B, every(-90, -65), 4000)]
    assert encounters(apart + co_moving(-60, 1) + at_rest(0, 120), both(**ALIKE))
    near = [ticks(A, every(-90, -65), 0), ticks(B, every(-90, -65), 300)]
    assert not encounters(near + co_moving(-60, 1) + at_rest(0, 120), both(**ALIKE))


def test_a_day_at_anchor_does_not_make_two_ships_of_one_hull() -> None:
    """The distances noted under way are still good when the two get under way again."""
    rows = co_moving(-60, 1) + at_rest(0, 30 * 60) + co_moving(30 * 60 + 5, 2)
    assert not encounters(rows, both(**ALIKE))


def test_under_way_together_afterwards_takes_it_back() -> None:
    event = only(encounters(at_rest(0, 90) + co_moving(95, 1), both(**ALIKE)))
    assert event.status is Status.RETRACTED
    assert "one_hull" in {reason.code for reason in event.against}
    assert event.summary.endswith("two transponders on one ship, or a pair of trawlers.")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"near_metres": 800.0}, "near_metres"),
        ({"slow_knots": 0.0}, "slow_knots"),
        ({"possible_minutes": 130.0}, "possible_minutes"),
        ({"silence_minutes": 300.0}, "silence_minutes"),
        ({"co_moving_instants": 1}, "co_moving_instants"),
        ({"thin_minutes": 120.0}, "thin_minutes"),
        ({"samples": 3}, "samples"),
    ],
)
def test_impossible_thresholds(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EncounterSettings(**settings)  # type: ignore[arg-type]
