"""Reasons of real events: value and threshold are of one measure, in the unit that is told."""

from decimal import Decimal
from functools import cache
from typing import Final, NamedTuple

import msgspec
import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from models.event import Event, EventType, Reason, Status
from models.vessel import Dimensions
from streams.detection.legend import tables
from streams.detection.reasons import ReasonType, Side
from streams.detection.reasons import measure as measure_of
from streams.simulator.evaluation import latest
from tests.streams.contracts import recorded
from tests.streams.track_factories import (
    A,
    B,
    encounters,
    events_of,
    fence,
    fixes,
    identity,
    run_stage,
    statics,
    ticks,
    vessel_stage,
)

pytestmark = pytest.mark.xdist_group("contracts")

UNITS: Final = {
    "Hours": ("h", 1.0),
    "Meters": ("m", 1.0),
    "Kilometers": ("m", 1000.0),
    "Km": ("km", 1.0),
}
"""Names of fields hold their unit: that of a reason, and how many of it."""
NO_MEASURE: Final = {
    *("at_anchor", "adrift", "not_under_command"),
    *("resting_place", "excluded_type", "type_changed"),
    *("jumped", "one_place", "one_area", "many_ships", "heard_meanwhile", "jammed_region"),
}
"""Numbers without a unit: shares, a number of vessels, and codes."""
TABLES: Final = {table.type: table for table in tables()}


class Measure(NamedTuple):
    field: str = ""
    """The field of the event that says the same, if there is one."""
    above: bool = True
    """On which side of its threshold the value has to be."""


MEASURES: Final = {
    "encounter for duration": Measure("encounter.durationHours"),
    "encounter for alongside": Measure(above=False),
    "encounter for bridged_silence": Measure(above=False),
    "encounter for distance": Measure("encounter.medianDistanceKilometers", above=False),
    "encounter for draught": Measure(),
    "encounter against wide_gap": Measure("encounter.medianHullGapMeters"),
    "encounter against distance": Measure("encounter.medianDistanceKilometers"),
    "encounter against near_port": Measure("distances.startDistanceFromPortKm", above=False),
    "loitering for slow": Measure("loitering.totalTimeHours"),
    "loitering for silence": Measure(),
    "loitering against near_port": Measure("distances.startDistanceFromPortKm", above=False),
    "loitering against near_shore": Measure("loitering.averageDistanceFromShoreKm", above=False),
    "port_visit for inside": Measure("portVisit.durationHours"),
    "port_visit for stop": Measure("portVisit.stoppedHours"),
    "port_visit for silent": Measure(),
    "gap for silent": Measure("gap.durationHours"),
    "gap for draught": Measure(),
    "gap for moved": Measure("gap.distanceKm"),
    "chain for loaded": Measure(),
    "chain for discharged": Measure(),
    "chain against draught_against": Measure(),
    "dark_port_visit for reachable": Measure(),
    "dark_port_visit for draught": Measure(),
    "dark_encounter for together": Measure("darkEncounter.longestHours"),
    "dark_encounter for opposite_draughts": Measure(),
    "dark_encounter for draught": Measure(),
    "dark_vessel for sizeable": Measure("darkVessel.lengthMeters"),
    "dark_vessel against small": Measure("darkVessel.lengthMeters", above=False),
    "position_anomaly for frozen": Measure(),
    "position_anomaly for frozen_at_sea": Measure("distances.startDistanceFromPortKm"),
}


def in_unit(name: str, value: float) -> tuple[str, float]:
    unit, factor = next(unit for part, unit in UNITS.items() if part in name)
    return unit, value * factor


def measured(event: Event, field: str) -> tuple[str, float]:
    value = msgspec.to_builtins(event)
    for step in field.split("."):
        value = value[step]
    return in_unit(field, value)


def row_of(event: Event, side: str, reason: Reason) -> ReasonType:
    """The row of the detector's table that a reason is made from."""
    sides = {"for": {Side.FOR}, "against": {Side.AGAINST}}[side]
    if side == "against" and event.status is Status.RETRACTED:
        sides = {Side.AGAINST, Side.RETRACTION}
    rows = [row for row in TABLES[event.type].rows if row.code == reason.code and row.side in sides]
    weights = TABLES[event.type].defaults.weights
    (row,) = [row for row in rows if len(rows) == 1 or getattr(weights, row.weight) == reason.weight]
    return row


def check(event: Event, reason: Reason, row: ReasonType, measure: Measure) -> None:
    if measure.field:
        unit, value = measured(event, measure.field)
        assert reason.unit == unit, reason
        assert reason.value == pytest.approx(value, abs=0.5 if unit == "m" else 0.01), reason
    if not row.thresholds:
        assert reason.threshold is None, reason
        return
    assert isinstance(reason.threshold, float)
    assert reason.threshold in [measure_of(TABLES[event.type].defaults, name) for name in row.thresholds]
    assert reason.unit == row.unit
    if reason.value is not None:
        assert isinstance(reason.value, float)
        assert abs(reason.value) >= reason.threshold if measure.above else reason.value <= reason.threshold


def rare_events() -> list[Event]:
    """What no scenario has: hulls far apart, antennas far apart and near a port, ships of unknown size, a
    silence alongside, a silence in port."""
    size, minutes = Dimensions(80, 20, 8, 8), np.arange(0, 125, 5)
    apart = [ticks(A, minutes), ticks(B, minutes, 400)]
    before_and_after = np.array([*range(0, 45, 5), *range(400, 445, 5)])
    silence = [ticks(A, before_and_after), ticks(B, before_and_after, 40)]
    port = fence("port", 2000, FenceKind.PORT, Policy.SUPPRESS, locode="RUABC", east=6000)
    waiting = [0, *np.arange(500, 860, 10)]
    silent = fixes(A, [0, 10, 20, 300, 310], [0, 6000, 6000, 6000, 6000], sog=4.0)
    return [
        *encounters(apart, (identity(A, size=size), identity(B, size=size))),
        *encounters(apart, (identity(A), identity(B)), [port]),
        *encounters([ticks(A, minutes), ticks(B, minutes, 80)]),
        *encounters(silence),
        *events_of(run_stage(vessel_stage([port]), silent, statics(A))),
        *events_of(run_stage(vessel_stage(), fixes(A, waiting, np.array(waiting) * 0.1), statics(A))),
        *recorded.gaps(),
        *recorded.dark_visits(),
        *recorded.identities(),
        *recorded.dark_encounters(),
        *recorded.sighted(),
        *recorded.position_anomalies(),
    ]


@cache
def all_events() -> tuple[Event, ...]:
    scenarios = ("cho_do", "dark_partner", "anchorage", "raft")
    recordings = (event for scenario in scenarios for event in recorded.events(scenario))
    return (*recorded.closed(), *recorded.taken_back(), *recorded.chains(), *rare_events(), *recordings)


def test_value_threshold_and_unit_belong_together() -> None:
    seen = set()
    for event in all_events():
        for side, reasons in (("for", event.reasons), ("against", event.against)):
            for reason in reasons:
                row = row_of(event, side, reason)
                name = f"{event.type} {side} {reason.code}"
                if measure := MEASURES.get(name):
                    check(event, reason, row, measure)
                    seen.add(name)
                else:
                    number = isinstance(reason.value, float) and reason.code not in NO_MEASURE
                    assert not number, f"{name}: what does it measure?"
                    assert reason.threshold is reason.unit is None, name
    assert seen == set(MEASURES)


def test_base_and_weights_add_up_to_the_score() -> None:
    """As a reader adds them up, from the decimals shown."""
    for event in all_events():
        assert event.scoring is not None
        total = Decimal(str(event.scoring.base))
        total += sum(Decimal(str(reason.weight)) for reason in event.reasons)
        total -= sum(Decimal(str(reason.weight)) for reason in event.against)
        floor, cap = Decimal(str(event.scoring.floor)), Decimal(str(event.scoring.cap))
        assert Decimal(str(event.score)) == max(floor, min(total, cap))


def test_a_loitering_during_an_encounter_does_not_say_that_nobody_was_there() -> None:
    seen = set()
    for scenario in ("cho_do", "dark_partner", "raft"):
        events = latest(recorded.events(scenario))
        met = [event for event in events if event.encounter]
        for event in events:
            if event.type is EventType.LOITERING:
                during = {one.id for one in met if set(event.mmsis) <= set(one.mmsis) and overlap(one, event)}
                named = [reason.value for reason in event.against if reason.code == "in_encounter"]
                assert set(", ".join(map(str, named)).split(", ")) - {""} == during
                assert ("alone" in {reason.code for reason in event.against}) is not bool(during)
                assert ("No encounter" in event.summary) is not bool(during)
                seen.add(bool(during))
    assert seen == {True, False}


def overlap(one: Event, other: Event) -> bool:
    return one.start <= (other.end or "9") and other.start <= (one.end or "9")
