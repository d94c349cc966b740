"""What an encounter's event says: numbers, reasons and sentence."""

import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from models.event import Encounter, Event
from models.vessel import Dimensions, Role, WatchlistHit
from tests.streams.track_factories import (
    A,
    B,
    encounters,
    fence,
    identity,
    latest,
    ticks,
)

MINUTES = np.arange(0, 125, 5)
SHIP = Dimensions(80, 20, 8, 8)


def only_encounter(events: list[Event]) -> tuple[Event, Encounter]:
    (event,) = latest(events)
    assert event.encounter is not None
    return event, event.encounter


def reason(event: Event, code: str) -> object:
    (found,) = [each for each in (*event.reasons, *event.against) if each.code == code]
    return found.value


def codes(event: Event) -> set[str]:
    return {each.code for each in (*event.reasons, *event.against)}


def test_numbers() -> None:
    metres = np.where(MINUTES < 60, 60.0, 40.0)
    rows = [ticks(A, MINUTES, sog=0.2, heading=350), ticks(B, MINUTES, metres, sog=0.6, heading=10)]
    event, met = only_encounter(encounters(rows, (identity(A), identity(B, Role.OTHER))))
    assert (met.median_distance_kilometers, met.min_distance_kilometers) == (0.04, 0.04)
    assert met.median_speed_knots == 0.4
    assert met.heading_difference_degrees == 20
    assert (met.duration_hours, met.position_count) == (2.0, 25)
    assert met.min_hull_gap_meters is None
    assert event.summary == (
        "Suspected ship-to-ship transfer: the tanker (MMSI 273000001, flag RU) and the vessel "
        "(MMSI 273000002, flag RU) were slow and within 500 m of each other, typically about 40 m apart, for "
        "2 h 00 min."
    )
    assert {"duration", "alongside", "size_unknown"} <= codes(event)


def test_the_sentence_names_the_distance_that_was_kept() -> None:
    rows = [ticks(A, MINUTES), ticks(B, MINUTES, np.where(MINUTES == 0, 400.0, 700.0))]
    assert (
        " within 750 m of each other, typically about 700 m apart,"
        in only_encounter(encounters(rows))[0].summary
    )


def test_alongside() -> None:
    rows = [ticks(A, MINUTES), ticks(B, MINUTES, 40)]
    event, met = only_encounter(encounters(rows, (identity(A, size=SHIP), identity(B, size=SHIP))))
    assert met.min_hull_gap_meters == 24
    assert " typically with about 20 m between the hulls," in event.summary
    assert reason(event, "alongside") == 24
    assert "size_unknown" not in codes(event)


def test_draught_against_what_it_was_when_the_contact_began() -> None:
    rows = [ticks(A, MINUTES), ticks(B, MINUTES, 40)]
    known = [identity(A, draught=9.0), identity(B, draught=5.0)]
    later = [identity(A, minute=100, draught=7.8), identity(B, minute=100, draught=5.2)]
    event, met = only_encounter(encounters(rows, known + later, until=24 * 60))
    assert met.draught_change_meters == -1.2
    texts = [each.text for each in event.reasons if each.code == "draught"]
    text = "MMSI 273000001 reports 1.2 m less draught than when the contact began"
    assert texts == [text], "0.2 m say nothing"


@pytest.mark.parametrize("listed_one", [A, B])
def test_the_one_that_matters_more_comes_first(listed_one: int) -> None:
    hits = (WatchlistHit("a list", "entry 1", "mmsi"),)
    known = [identity(mmsi, watchlists=hits if mmsi == listed_one else ()) for mmsi in (A, B)]
    event, _ = only_encounter(encounters([ticks(A, MINUTES), ticks(B, MINUTES, 40)], known))
    assert event.vessel.ssvid == f"{listed_one:09d}"
    assert reason(event, "watchlist") == "a list"


def test_what_speaks_against() -> None:
    near = fence("harbour", 2000, FenceKind.PORT, Policy.SUPPRESS, east=5000)
    rows = [ticks(A, MINUTES, status=1), ticks(B, MINUTES, 300, status=5)]
    event, _ = only_encounter(encounters(rows, (identity(A), identity(B, Role.UNKNOWN)), [near]))
    assert {"at_anchor", "near_port", "distance", "type_unknown"} <= {each.code for each in event.against}
    assert reason(event, "near_port") == pytest.approx(3.0, abs=0.05)


def test_no_sentence_is_finer_than_positions_are() -> None:
    """Antennas jitter by metres: hulls that are drawn touching were not within 0 m."""
    rows = [ticks(A, MINUTES), ticks(B, MINUTES, 12)]
    event, met = only_encounter(encounters(rows, (identity(A, size=SHIP), identity(B, size=SHIP))))
    assert met.min_hull_gap_meters == 0
    assert "with less than 10 m between the hulls" in event.summary
    assert " 0 m" not in " ".join((event.summary, *(each.text for each in event.reasons)))


@pytest.mark.parametrize(("reach", "text"), [(5000, "roads"), (50, "roads (in part)")])
def test_a_fence_that_only_part_of_it_lay_in(reach: float, text: str) -> None:
    here = [fence("roads", reach, FenceKind.ROADS, Policy.WATCH)]
    rows = [ticks(A, MINUTES, MINUTES), ticks(B, MINUTES, MINUTES + 40)]
    event, _ = only_encounter(encounters(rows, fences=here))
    assert event.summary.endswith(f" Area: Fence {text}.")
    assert [each.text for each in event.reasons if each.code == "watched_area"] == [
        f"in a watched area: Fence {text}"
    ]


def test_evidence_is_thinned_evenly_and_keeps_both_ends() -> None:
    minutes = np.arange(0, 24 * 60, 5)
    event, met = only_encounter(encounters([ticks(A, minutes), ticks(B, minutes, 40)], until=40 * 60))
    times = [sample.time for sample in event.evidence.positions if sample.ssvid == f"{A:09d}"]
    assert met.position_count == len(minutes)
    assert len(times) == 60
    assert (times[0], times[-1]) == (event.start, event.end)
    assert len(event.evidence.positions) == 120
