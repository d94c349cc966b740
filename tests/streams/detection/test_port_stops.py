"""A stay at a port of several zones is one visit with stops, whatever a ship does there; through VesselStage.

From west to east lie the roads, a lock and the piers of one port with open water between them, as at Nampo,
and a kilometre behind the piers another port.
"""

from collections.abc import Sequence

import numpy as np
import pytest

from geofences.fence import Fence, FenceKind, Policy
from models.event import Event, PortVisit, Status, to_json
from models.report import Reports, Rows
from models.time import END, HOUR, MINUTE
from streams.detection.port_visit import STOPS, Stop
from streams.tracking.track import metres_between
from tests.streams.track_factories import (
    A,
    at,
    events_of,
    fence,
    fixes,
    latest,
    minute_of,
    run_stage,
    statics,
    vessel_stage,
)

ROADS, LOCK, PIERS, OTHER_PORT = 0, 8_000, 16_000, 23_000
"""Metres east of the middle of the roads."""
SEA = -20_000
KNOT = 30.87  # metres a minute
FENCES = (
    fence("roads", 3000, FenceKind.ROADS, Policy.WATCH, locode="KPABC", east=ROADS),
    fence("lock", 2000, FenceKind.LOCK, Policy.SUPPRESS, locode="KPABC", east=LOCK),
    fence("piers", 3000, FenceKind.TERMINAL, Policy.SUPPRESS, locode="KPABC", east=PIERS),
    fence("other", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="KPXYZ", east=OTHER_PORT),
)

Plan = Sequence[tuple[float, float]]
"""Places in metres east, and hours spent at each; between them the ship sails at 8 knots."""


def voyage(plan: Plan, every: float = 5, knots: float = 8, noise: float = 20) -> Rows:
    """Fixes of a ship that sails from place to place; at a place its antenna swings by some metres."""
    east: list[float] = []
    sog: list[float] = []
    swing = np.random.default_rng(1)
    for here, (place, hours) in enumerate(plan):
        if here:
            before = plan[here - 1][0]
            steps = max(int(abs(place - before) / (knots * KNOT * every)), 1)
            east += np.linspace(before, place, steps, endpoint=False).tolist()
            sog += [knots] * steps
        stay = int(hours * 60 / every)
        east += (place + swing.normal(0, noise, stay)).tolist()
        sog += [0.1] * stay
    return fixes(A, np.arange(len(east)) * every, east, sog=sog)


def visits_of(rows: Rows, fences: Sequence[Fence] = FENCES, *more: Rows) -> list[Event]:
    """The visits, as they were published last."""
    events = events_of(run_stage(vessel_stage(fences), rows, *(more or (statics(A),))))
    return [event for event in latest(events) if event.port_visit]


def facts(event: Event) -> PortVisit:
    assert event.port_visit is not None
    return event.port_visit


def zones(event: Event) -> list[str | None]:
    return [stop.zone.id if stop.zone else None for stop in facts(event).stops]


def test_roads_lock_and_piers_are_one_visit_that_goes_on_at_the_end_of_the_data() -> None:
    rows = voyage([(SEA, 1), (ROADS, 8), (LOCK, 1), (PIERS, 30)])
    (event,) = visits_of(rows)
    visit = facts(event)
    assert (event.status, event.end, visit.port_name, visit.confidence) == (
        Status.OPEN,
        None,
        "Fence piers",
        3,
    )
    assert zones(event) == ["roads", "lock", "piers"]
    assert [stop.duration_hours for stop in visit.stops] == pytest.approx([8, 1, 30], abs=0.2)
    assert [stop.end is None for stop in visit.stops] == [False, False, True]
    so_far = (rows["time"][-1] - at(minute_of(event.start))) / HOUR
    assert visit.duration_hours == pytest.approx(so_far, abs=0.01)
    assert "in Fence piers and other zones of its port (RU)" in event.summary
    assert "so far" in event.summary
    named = (visit.start_anchorage, visit.intermediate_anchorage, visit.end_anchorage)
    assert [zone.id for zone in named if zone] == ["roads", "piers", "piers"]


@pytest.mark.parametrize("water", [-30, 4])
def test_has_left_only_when_outside_all_zones_and_the_ways_between(water: float) -> None:
    """Hours on the water between lock and piers, or outside the port."""
    place = (LOCK + PIERS) / 2 - 500 if water > 0 else SEA
    events = visits_of(voyage([(SEA, 1), (ROADS, 2), (place, abs(water)), (PIERS, 2), (SEA, 6)]))
    assert len(events) == (1 if water > 0 else 2)


def test_a_call_at_the_roads_alone_is_named_after_them() -> None:
    (event,) = visits_of(voyage([(SEA, 1), (ROADS, 20), (SEA, 6)]))
    assert (event.status, facts(event).port_name, facts(event).confidence) == (
        Status.CLOSED,
        "Fence roads",
        4,
    )
    assert [stop.zone.at_dock for stop in facts(event).stops if stop.zone] == [False]


@pytest.mark.parametrize(("hours", "calls"), [(1, 0), (3, 0), (6, 1)])
def test_a_ship_that_waits_in_the_lock_and_goes_on_has_not_called(hours: float, calls: int) -> None:
    assert len(visits_of(voyage([(SEA, 1), (LOCK, hours), (SEA, 6)]))) == calls


@pytest.mark.parametrize("knots", [2, 8, 15])
def test_a_ship_that_passes_by_has_not_called(knots: float) -> None:
    assert not visits_of(voyage([(SEA, 1), (OTHER_PORT + 20_000, 6)], knots=knots))


@pytest.mark.parametrize(
    ("plan", "entry", "exit"),
    [
        ([(PIERS, 9), (SEA, 6)], False, True),
        ([(ROADS - 2000, 0), (PIERS, 9), (SEA, 6)], False, True),
        ([(SEA, 1), (PIERS, 9)], True, False),
        ([(PIERS, 9)], False, False),
    ],
)
def test_data_that_begin_or_end_in_the_middle_of_a_visit(plan: Plan, entry: bool, exit: bool) -> None:
    (event,) = visits_of(voyage(plan))
    visit = facts(event)
    assert (visit.entry_seen, visit.exit_seen, visit.confidence) == (entry, exit, 2 + entry + exit)
    assert (event.status is Status.CLOSED) is exit


@pytest.mark.parametrize("hours", [1, 7, 20, 30, 100])
def test_a_silence_inside_is_part_of_the_visit_and_said(hours: float) -> None:
    """Even one so long that the track ends and a new one begins."""
    rows = voyage([(SEA, 1), (PIERS, hours + 10), (SEA, 6)])
    since = (rows["time"] - rows["time"][0]) / HOUR
    (event,) = visits_of(rows[(since < 8) | (since > 8 + hours)])
    assert zones(event) == ["piers"]
    assert facts(event).stops[0].duration_hours == pytest.approx(hours + 10, abs=0.2)
    silences = [reason.value for reason in event.reasons if reason.code == "silent"]
    assert silences == ([] if hours < 4 else [pytest.approx(hours, abs=0.2)])


def test_a_silence_is_no_stop_where_the_ship_has_moved_meanwhile() -> None:
    rows = voyage([(SEA, 1), (ROADS, 5), (PIERS, 5), (SEA, 6)])
    sailing = (rows["time"] - rows["time"][0]) / HOUR
    (event,) = visits_of(rows[(sailing < 3) | (sailing > 9)])
    assert zones(event) == ["roads", "piers"]
    assert all(stop.duration_hours < 5 for stop in facts(event).stops)


def test_shifting_between_berths_and_the_roads_is_one_visit_with_all_its_stops() -> None:
    shifts = [(PIERS - 1500, 3.0), (ROADS, 5.0), (PIERS + 1500, 7.0)] * 3
    (event,) = visits_of(voyage([(SEA, 1), *shifts, (SEA, 6)]))
    assert zones(event) == ["piers", "roads", "piers", "piers", "roads", "piers", "piers", "roads", "piers"]
    assert [stop.duration_hours for stop in facts(event).stops] == pytest.approx([3, 5, 7] * 3, abs=0.3)
    assert facts(event).stopped_hours == pytest.approx(45, abs=1)


def test_what_is_kept_of_a_visit_is_bounded() -> None:
    shifts = [(PIERS - 1500, 0.5), (PIERS + 1500, 1.0)] * STOPS
    (event,) = visits_of(voyage([(SEA, 1), *shifts, (ROADS, 9)]))
    assert len(facts(event).stops) <= STOPS + 1
    assert max(stop.duration_hours for stop in facts(event).stops) > 8
    assert facts(event).stopped_hours == pytest.approx(STOPS * 1.5 + 9, rel=0.05), "all are counted"


@pytest.mark.parametrize("off", [1500, -8_000, -12_000, 4500, 7000])
@pytest.mark.parametrize("knots", [0.0, 0.1, 9.0])
def test_one_wild_fix_changes_nothing(off: float, knots: float) -> None:
    """Within its zone, in another zone, outside the port, in the port beside it; it says any speed."""
    plan = [(SEA, 1), (PIERS, 30), (SEA, 6)]
    rows = voyage(plan)
    (right,) = visits_of(rows)
    wild = voyage(plan)
    wild["lon"][len(wild) // 2] += off * (wild["lon"].max() - wild["lon"].min()) / (PIERS - SEA)
    wild["sog"][len(wild) // 2] = knots
    (event,) = visits_of(wild)
    assert (event.start, event.end, zones(event)) == (right.start, right.end, ["piers"])


def test_going_from_one_port_to_the_next_makes_two_visits() -> None:
    events = visits_of(voyage([(SEA, 1), (PIERS, 5), (OTHER_PORT, 5), (SEA, 8)]))
    assert [(facts(event).port, facts(event).confidence) for event in events] == [("KPABC", 4), ("KPXYZ", 4)]
    first, second = events
    assert first.end is not None
    assert first.end <= second.start


def test_sailing_through_another_ports_zones_ends_no_visit() -> None:
    between = fence("between", 1000, FenceKind.PORT, Policy.SUPPRESS, locode="KPXYZ", east=11_500)
    (event,) = visits_of(voyage([(SEA, 1), (ROADS, 5), (PIERS, 5), (SEA, 6)]), (*FENCES[:3], between))
    assert (zones(event), facts(event).confidence) == (["roads", "piers"], 4)


@pytest.mark.parametrize("border", [ROADS + 3500, ROADS + 3600])
def test_a_ship_at_anchor_on_the_border_of_two_ports_is_in_one(border: float) -> None:
    beside = fence("beside", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="KPXYZ", east=ROADS + 6600)
    plan = [(SEA, 1), (border, 30), (SEA, 6)]
    assert len(visits_of(voyage(plan, noise=150), (FENCES[0], beside))) == 1


def test_the_draught_before_and_after() -> None:
    rows = voyage([(SEA, 1), (PIERS, 20), (SEA, 8)])
    light, laden = statics(A, draught=4.0), statics(A, (900, 906), draught=6.2)
    (event,) = visits_of(rows, FENCES, light, laden)
    assert (facts(event).draught_before_meters, facts(event).draught_after_meters) == (4.0, 6.2)
    assert "from 4.0 to 6.2 m" in event.summary
    (event,) = visits_of(voyage([(PIERS, 20), (SEA, 8)]), FENCES, light, laden)
    assert facts(event).draught_before_meters is None, "it was there before anything was known of it"


def test_a_snapshot_anywhere_changes_no_event() -> None:
    rows = voyage([(SEA, 1), (ROADS, 3), (LOCK, 1), (PIERS, 9), (OTHER_PORT, 3), (SEA, 8)])
    whole = [to_json(event) for event in events_of(run_stage(vessel_stage(FENCES), rows, statics(A)))]
    stage, found = vessel_stage(FENCES), []
    for start in range(at(0), int(rows["time"][-1]), HOUR):
        positions, told = (
            part[(part["time"] >= start) & (part["time"] < start + HOUR)] for part in (rows, statics(A))
        )
        stage.feed(Reports("a", positions, told))
        found += events_of(stage.advance(min(start + HOUR, int(rows["time"][-1])) - MINUTE))
        state, stage = stage.snapshot(), vessel_stage(FENCES)
        stage.restore(state)
    found += events_of(stage.advance(END))
    assert [to_json(event) for event in found] == whole
    assert sum(b'"type":"port_visit"' in line and b'"revision":1,' in line for line in whole) == 2


@pytest.mark.parametrize("lat", [0.0, 38.7, 71.0])
def test_a_stop_is_near_what_lies_within_so_many_metres(lat: float) -> None:
    rng = np.random.default_rng(3)
    stop = Stop(0, 125.0, lat, 0)
    for lon, north in rng.uniform(-0.03, 0.03, (2_000, 2)).tolist():
        metres = metres_between(125.0, lat, 125.0 + lon, lat + north)
        assert stop.near(125.0 + lon, lat + north, 1_000.0) is (metres <= 1_000.0)
