"""Possible dark encounters by kind: who falls silent where, comes back where, and who else is there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.event import DarkEncounter, Event, EventType, Level, Status
from models.report import Rows
from models.time import HOUR, MINUTE, from_text
from streams.detection.dark_encounters.settings import DarkEncounterSettings
from streams.detection.dark_encounters.stay import Kind, Place, Stay, together
from tests.streams.detection.gaps.silences import H, all_events, others, tanker
from tests.streams.track_factories import SEA, A, B, C, fixes, latest, statics

S = DarkEncounterSettings()
SPANS = ((0, 8), (24, 30))
"""Hours in which the vessels are heard."""
AROUND = others((0, 30))


def meetings(*rows: Rows, **more: Any) -> list[Event]:
    return [event for event in all_events(*rows, **more) if event.type is EventType.DARK_ENCOUNTER]


def pair(km: float = 8.0, draughts: Sequence[float] = (np.nan,) * 4, **more: Any) -> list[Rows]:
    """Two tankers that sail east slowly, so many kilometres apart, and are silent for 16 hours."""
    first = tanker(*SPANS, mmsi=A, knots=1.0, draught=draughts[0], after=draughts[1], **more)
    second = tanker(*SPANS, mmsi=B, knots=1.0, east=1000 * km, draught=draughts[2], after=draughts[3], **more)
    return [*first, *second]


def detail(event: Event) -> DarkEncounter:
    assert event.dark_encounter is not None
    return event.dark_encounter


def codes(event: Event) -> set[str]:
    return {reason.code for reason in (*event.reasons, *event.against)}


def test_two_that_fall_silent_and_come_back_near_each_other_can_have_met() -> None:
    (event,) = latest(meetings(*pair(), *AROUND))
    met = detail(event)
    assert (event.status, event.level) == (Status.CLOSED, Level.POSSIBLE)
    assert event.mmsis == (A, B)
    assert (met.type, met.rank, met.candidates) == ("both_silent", 1, 1)
    assert met.off_distance_km == pytest.approx(8, abs=0.1)
    assert met.longest_hours == pytest.approx(14, abs=1)
    assert "Nobody saw them meet" in event.summary


@pytest.mark.parametrize("km", [60.0, 300.0])
def test_two_that_are_far_from_each_other_cannot(km: float) -> None:
    assert not meetings(*pair(km), *AROUND, *others((0, 30), first=274_000_000, km=km))


def test_opposite_draughts_speak_for_it_and_the_same_ones_against_it() -> None:
    (passed,) = latest(meetings(*pair(draughts=(8.0, 6.0, 4.0, 5.8)), *AROUND))
    assert passed.level is Level.PROBABLE
    assert "opposite_draughts" in codes(passed)
    (same,) = latest(meetings(*pair(draughts=(8.0, 8.0, 4.0, 4.1)), *AROUND))
    assert same.level is Level.POSSIBLE
    assert "same_draughts" in codes(same)
    assert same.score < passed.score


def test_where_nobody_else_is_heard_it_stays_possible() -> None:
    (event,) = latest(meetings(*pair(draughts=(8.0, 6.0, 4.0, 5.8))))
    assert event.level is Level.POSSIBLE
    assert {"coverage_unknown", "gap_possible"} <= codes(event)


def test_neighbours_that_fall_silent_too_explain_it() -> None:
    assert not meetings(*pair(), *others((0, 8), (24, 30)))


def test_two_that_lie_still_near_each_other_do_not_meet() -> None:
    rows = [
        row
        for i, mmsi in enumerate((A, B))
        for row in (
            fixes(mmsi, np.r_[0 : 8 * H : 10, 24 * H : 30 * H : 10], 3000.0 * i, sog=0.0),
            statics(mmsi, [1, 20, 40]),
        )
    ]
    assert not meetings(*rows, *AROUND)


def waiting(mmsi: int = B, north: float = 0.0) -> list[Rows]:
    """A tanker that drifts some 40 km to the west, and is heard all the time; `north` is in degrees."""
    return tanker((0, 30), mmsi=mmsi, origin=(SEA[0] - 0.5, SEA[1] + north))


def test_one_that_is_silent_can_have_come_to_one_that_loiters() -> None:
    (event,) = latest(meetings(*tanker(*SPANS, knots=1.0), *waiting(), *AROUND))
    met = detail(event)
    assert (met.type, int(event.vessel.ssvid), int(met.vessel.ssvid)) == ("one_silent", A, B)
    assert event.level is Level.POSSIBLE
    assert met.partner_plausible_speed_knots is None
    assert from_text(event.end or "") - from_text(event.start) == pytest.approx(10.5 * HOUR, abs=HOUR)


@pytest.mark.parametrize(("count", "told"), [(5, S.most_a_day), (6, 0)])
def test_of_several_that_wait_the_likeliest_are_named_and_a_crowd_is_ordinary(count: int, told: int) -> None:
    crowd = [row for i in range(count) for row in waiting(B + i, 0.15 * (i - 2) + 0.07)]
    events = latest(meetings(*tanker(*SPANS, knots=1.0), *crowd, *AROUND))
    assert len(events) == told
    assert all(detail(event).candidates == count for event in events)
    assert sorted(detail(event).rank for event in events) == [1, 2, 3][:told]
    assert all("several_vessels" in codes(event) for event in events)


def test_nothing_depends_on_parts_and_restarts() -> None:
    rows = [*pair(draughts=(8.0, 6.0, 4.0, 5.8)), *waiting(C), *AROUND]
    once = meetings(*rows, every=1000 * H * MINUTE)
    assert len({event.id for event in once}) >= 2
    assert meetings(*rows, every=35 * MINUTE, restarts=True) == once


def silence(mmsi: int, off: Place, on: Place, hours: float = 20, knots: float = 10.0) -> Stay:
    return Stay(Kind.SILENT, mmsi, b"", 0, round(hours * HOUR), 0, off, on, knots)


def test_a_way_over_land_is_none() -> None:
    """On both sides of the Kamchatka peninsula, and on one side of it."""
    sea, bay = Place(162.5, 54.0), Place(155.2, 54.5)
    far = DarkEncounterSettings(silent_km=600.0)
    across = silence(A, bay, bay, 90), silence(B, sea, sea, 90)
    along = silence(A, sea, Place(163.0, 53.5), 60), silence(B, Place(163.0, 53.5), sea, 60)
    assert together(*across, far) is None
    assert together(*along, far) is not None
    over = DarkEncounterSettings(silent_km=600.0, land_km=1000.0)
    assert together(*across, over) is not None


@pytest.mark.parametrize(("hours", "can"), [(20.0, True), (9.0, False)])
def test_the_way_takes_its_time(hours: float, can: bool) -> None:
    a = silence(A, Place(134.0, 41.0), Place(135.5, 41.0), hours)  # 126 km, 6.8 hours at 10 knots
    b = silence(B, Place(134.0, 41.1), Place(135.5, 41.1), hours)
    assert (together(a, b, S) is not None) is can
