"""The rule of encounters, on two tankers (A at rest, B at a distance from it) unless told otherwise."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from models.event import Event, Level, Status
from models.report import Rows
from models.vessel import Dimensions, Identity, Role
from streams.detection.encounter import EncounterSettings
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
    minutes = every(0, 120)
    assert not encounters([ticks(A, minutes, sog=2.1), ticks(B, minutes, 100)])
    knots = [0.3] * 10 + [2.0] * 5 + [1.9] * 10  # 2 knots is not below 2
    event = only(encounters(pair(minutes, 100, sog=knots)))
    assert contact(event) == (0, 120, 45 + 45)


@pytest.mark.parametrize(("silence", "duration"), [(60, 30 + 60 + 30), (65, 30 + 30)])
def test_an_hour_of_silence_inside_a_contact_does_not_end_it(silence: float, duration: float) -> None:
    minutes = [*every(0, 30), *every(30 + silence, 60 + silence)]
    event = only(encounters(pair(minutes, 100)))
    assert contact(event) == (0, 60 + silence, duration)


def test_after_a_silence_a_contact_begins_anew_within_500_metres() -> None:
    minutes = [*every(0, 30), *every(95, 125)]
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
    assert (
        only(encounters(rows, (identity(A), identity(B)))).level is Level.PROBABLE
    )  # sizes not known: time decides


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


def co_moving(start: float, hours: float) -> list[Rows]:
    """Under way together, 40 m apart, to a place off which they were at rest before or come to rest."""
    minutes = np.arange(start, start + 60 * hours, 5)
    north = (minutes - (minutes[-1] if start < 0 else start)) * 6 * 1852 / 60
    return [ticks(A, minutes, 0, north, sog=6.0), ticks(B, minutes, 40, north, sog=6.0)]


def at_rest(start: float, end: float) -> list[Rows]:
    return [ticks(A, every(start, end)), ticks(B, every(start, end), 40)]


def test_two_transponders_on_one_hull_are_no_encounter() -> None:
    assert not encounters(co_moving(-60, 1) + at_rest(0, 120))
    assert encounters(co_moving(-15, 0.25) + at_rest(0, 120)), "three instants under way together say nothing"


def test_two_imo_numbers_are_two_ships() -> None:
    rows = co_moving(-60, 1) + at_rest(0, 120)
    assert encounters(rows, (identity(A, imo=9_074_729), identity(B, imo=9_176_187)))
    assert not encounters(rows, (identity(A, imo=9_074_729), identity(B, imo=9_074_729)))


def test_two_that_came_from_different_places_are_two_ships() -> None:
    """Moored together under way they do their transfer all the same, IMO numbers or not."""
    apart = [ticks(A, every(-90, -65), 0), ticks(B, every(-90, -65), 4000)]
    assert encounters(apart + co_moving(-60, 1) + at_rest(0, 120))
    near = [ticks(A, every(-90, -65), 0), ticks(B, every(-90, -65), 300)]
    assert not encounters(near + co_moving(-60, 1) + at_rest(0, 120))


def test_a_day_at_anchor_does_not_make_two_ships_of_one_hull() -> None:
    """The distances noted under way are still good when the two get under way again."""
    assert not encounters(co_moving(-60, 1) + at_rest(0, 30 * 60) + co_moving(30 * 60 + 5, 2))


def test_under_way_together_afterwards_takes_it_back() -> None:
    event = only(encounters(at_rest(0, 90) + co_moving(95, 1)))
    assert event.status is Status.RETRACTED
    assert "one_hull" in {reason.code for reason in event.against}
    assert event.summary.endswith("two transponders on one hull, or a tow.")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"near_metres": 800.0}, "near_metres"),
        ({"slow_knots": 0.0}, "slow_knots"),
        ({"possible_minutes": 130.0}, "possible_minutes"),
        ({"silence_minutes": 300.0}, "silence_minutes"),
        ({"co_moving_instants": 1}, "co_moving_instants"),
        ({"thin_minutes": 90.0}, "thin_minutes"),
        ({"samples": 1}, "samples"),
    ],
)
def test_impossible_thresholds(settings: dict[str, float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EncounterSettings(**settings)  # type: ignore[arg-type]
