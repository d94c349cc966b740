"""Port visits: one tanker and a port whose fence reaches 3 km from the middle; through VesselStage."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from geofences.fence import Fence, FenceKind, Policy
from models.event import Event, Level, PortVisit, Status
from models.report import Rows
from streams.detection.port_visit import PortVisitSettings, Visit
from tests.streams.track_factories import (
    A,
    events_of,
    fence,
    fixes,
    latest,
    minute_of,
    run_stage,
    statics,
    vessel_stage,
)

Leg = tuple[float, float, float]
"""Minutes at a place (metres east of the middle) with a reported speed."""

PORT = fence("berth", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="RUABC")
NEAR, OUT = 3900.0, 4200.0
"""Outside the polygon but within a kilometre of it; further out."""


def fixes_along(*legs: Leg, every: float = 10) -> Rows:
    """A fix at the beginning of each leg and every ten minutes in it; a ship under way goes to and fro."""
    minutes: list[float] = []
    east: list[float] = []
    north: list[float] = []
    sog: list[float] = []
    at = 0.0
    for duration, place, knots in legs:
        new = np.arange(0, duration, every).tolist()
        minutes += [at + minute for minute in new]
        east += [place] * len(new)
        north += [i % 2 * knots * 1852 / 60 * every if knots > 3 else 0.0 for i in range(len(new))]
        sog += [knots] * len(new)
        at += duration
    return fixes(A, minutes, east, north, sog=sog)


def visits(*rows: Rows, fences: Sequence[Fence] = (PORT,), ship_type: int = 80) -> list[Event]:
    events = events_of(run_stage(vessel_stage(fences), *rows, statics(A, ship_type=ship_type)))
    return [event for event in events if event.port_visit]


def only_visit(events: list[Event]) -> tuple[Event, PortVisit]:
    (event,) = latest([event for event in events if event.port_visit])
    assert event.port_visit is not None
    return event, event.port_visit


BEFORE: Leg = (60, OUT, 5)
AFTER: Leg = (330, OUT, 5)
"""Long enough for the call to be over."""


def test_a_call_seen_from_arrival_to_departure() -> None:
    events = visits(fixes_along(BEFORE, (30, 0, 4), (300, 0, 0.1), (30, 0, 4), AFTER))
    event, visit = only_visit(events)
    assert (minute_of(event.start), minute_of(event.end)) == (60, 60 + 350)
    assert (event.status, event.level, visit.confidence) == (Status.CLOSED, Level.PROBABLE, 4)
    assert (visit.port, visit.country, visit.entry_seen, visit.exit_seen) == ("RUABC", "RU", True, True)
    assert visit.stopped_hours == 5
    tanker = "The tanker (MMSI 273000001, flag RU)"
    assert [event.summary for event in events] == [
        f"{tanker} has been seen in Fence berth (RU) for 40 min so far.",
        f"{tanker} has been seen in Fence berth (RU) for 5 h 00 min so far.",  # at 18:00 UTC
        f"{tanker} was in Fence berth (RU) for 5 h 50 min and is now outside. The visit ends when it "
        "has stayed outside for 4 h.",
        f"{tanker} called at Fence berth (RU) for 5 h 50 min.",
    ]


@pytest.mark.parametrize(("edge", "leaves"), [(NEAR, False), (OUT, True)])
def test_in_at_the_polygon_out_a_kilometre_beyond(edge: float, leaves: bool) -> None:
    assert not visits(fixes_along((600, edge, 0.1))), "nobody comes in by lying off"
    events = latest(visits(fixes_along(BEFORE, (60, 0, 0.1), (330, edge, 0.1), (60, 0, 0.1), AFTER)))
    assert len(events) == (2 if leaves else 1)


@pytest.mark.parametrize(
    ("knots", "stopped"),
    [
        ([0.3] * 6, None),  # slow, but never below 0.2
        ([0.1] * 6, 1),
        ([0.1] * 2 + [0.4] * 4, 1),  # up to 0.5 it goes on
        ([0.1] * 3 + [0.6] * 3, 0.5),
        ([0.1] * 3 + [0.6] * 6 + [0.1] * 3, 1),
        ([0.6] * 3 + [0.1] + [0.6] * 3, None),  # one fix alone may be wild
    ],
)
def test_a_stop_begins_below_0_2_knots_and_ends_above_0_5(knots: list[float], stopped: float | None) -> None:
    legs: list[Leg] = [(10, 0, speed) for speed in knots]
    events = visits(fixes_along(BEFORE, *legs, (20, 0, 4), AFTER))
    assert [event.port_visit.stopped_hours for event in latest(events) if event.port_visit] == (
        [] if stopped is None else [stopped]
    )


def test_who_passes_through_does_not_call() -> None:
    assert not visits(fixes_along(BEFORE, (60, 0, 6), AFTER))


@pytest.mark.parametrize(
    ("legs", "confidence", "level"),
    [
        ([(60, 0, 0.1)], 2, Level.POSSIBLE),
        ([BEFORE, (60, 0, 0.1)], 3, Level.PROBABLE),
        ([(60, 0, 0.1), AFTER], 3, Level.PROBABLE),
        ([BEFORE, (60, 0, 0.1), AFTER], 4, Level.PROBABLE),
    ],
)
def test_confidence_counts_what_was_seen(legs: list[Leg], confidence: int, level: Level) -> None:
    event, visit = only_visit(visits(fixes_along(*legs)))
    assert (visit.confidence, event.level) == (confidence, level)


def test_a_border_crossed_in_silence_is_not_seen() -> None:
    before, inside = fixes(A, [0], OUT, sog=0.1), fixes(A, [61, 71, 81], sog=0.1)
    after = fixes(A, np.arange(143, 500, 10), OUT, sog=0.1)
    event, visit = only_visit(visits(before, inside, after))
    assert (visit.confidence, visit.entry_seen, visit.exit_seen) == (2, False, False)
    assert {"no_entry", "no_exit"} <= {reason.code for reason in event.against}


@pytest.mark.parametrize(("hours", "called_at"), [(3.9, False), (4.1, True)])
def test_a_silence_inside_stands_for_a_stop(hours: float, called_at: bool) -> None:
    inside = fixes(A, [60, 70, 70 + hours * 60, 80 + hours * 60], sog=4.0)
    events = latest(visits(fixes_along(BEFORE), inside))
    assert bool(events) is called_at
    for event in events:
        assert "silent" in {reason.code for reason in event.reasons}


@pytest.mark.parametrize(("minutes", "number"), [(230, 1), (250, 2)])
@pytest.mark.parametrize("heard_outside", [True, False])
def test_back_within_four_hours_is_the_same_call(minutes: float, number: int, heard_outside: bool) -> None:
    """Whether or not the vessel is heard all the while that it is away."""
    rows = fixes_along(BEFORE, (60, 0, 0.1), (minutes - 10, OUT, 3), (60, 0, 0.1), AFTER)
    if not heard_outside:
        since = (rows["time"] - rows["time"][0]) / 60_000
        rows = rows[(since <= 130) | (since >= 110 + minutes)]
    events = latest(visits(rows))
    assert len(events) == number
    for event in events:
        assert event.port_visit is not None
        assert event.port_visit.stopped_hours <= 2, "away is not stopped"
        assert "silent" not in {reason.code for reason in event.reasons}, (
            "silent outside is not silent inside"
        )


def test_roads_and_berth_of_one_port_are_one_call_named_after_the_berth() -> None:
    roads = fence("a roads", 2000, FenceKind.ROADS, Policy.WATCH, locode="RUABC", east=8000)
    legs: list[Leg] = [(120, 8000, 0.1), (60, 5000, 6), (120, 0, 0.1)]
    event, visit = only_visit(visits(fixes_along((60, 12_500, 5), *legs, AFTER), fences=[PORT, roads]))
    assert visit.port_name == "Fence berth"
    assert visit.stopped_hours == pytest.approx(4, abs=0.2)
    assert {relation.id for relation in event.geofences} == {"a roads", "berth"}


def test_two_ports_are_two_calls() -> None:
    other = fence("other", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="RUXYZ", east=7000)
    events = latest(
        visits(fixes_along(BEFORE, (60, 0, 0.1), (10, 3500, 11), (60, 7000, 0.1)), fences=[PORT, other])
    )
    assert [(event.port_visit.port, event.status) for event in events if event.port_visit] == [
        ("RUABC", Status.CLOSED),
        ("RUXYZ", Status.OPEN),
    ]


def test_one_wild_fix_is_no_call_not_even_the_first() -> None:
    minutes = np.arange(0, 300, 10)
    for wild in (0, 10):
        east = np.full(len(minutes), 60_000.0)
        east[wild] = 0
        assert not visits(fixes(A, minutes, east, sog=0.0))


def test_a_vessel_never_heard_again_has_left_its_port_for_all_that_is_known() -> None:
    """Forgotten after a week, the call ends where it was last heard."""
    stage = vessel_stage([PORT])
    other = fixes(A + 1, np.arange(0, 9 * 24 * 60, 30), 90_000)
    event, visit = only_visit(
        events_of(run_stage(stage, fixes_along(BEFORE, (60, 0, 0.1)), statics(A), other))
    )
    assert (event.status, minute_of(event.end), visit.confidence) == (Status.CLOSED, 110, 3)


def test_waits_for_the_type() -> None:
    rows = fixes_along(BEFORE, (60, 0, 0.1), AFTER)
    assert not visits(rows, ship_type=70)
    (event,) = events_of(run_stage(vessel_stage([PORT]), rows, statics(A, (600, 606))))
    assert (minute_of(event.detected), minute_of(event.start), event.status) == (610, 60, Status.CLOSED)


@pytest.mark.parametrize("values", [{"stop_knots": 0.6}, {"leave_metres": -1.0}, {"min_confidence": 5}])
def test_impossible_thresholds(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        PortVisitSettings(**values)  # type: ignore[arg-type]


def test_visits_of_states_of_versions_before_are_read() -> None:
    visit = Visit(
        1, 0, 1.0, 2.0, True, 3, 1.0, 2.0, 4, 5, receivers=["r"], id="i", level="possible", fixes=(9, 9, 1.0)
    )
    before = msgspec.to_builtins(visit)[:-1]
    assert msgspec.convert(before, Visit) == msgspec.structs.replace(visit, fixes=(0, 0, 0.0))
