"""Reasons of real events: value and threshold are of one measure, in the unit that is told."""

from typing import Final, NamedTuple

import msgspec
import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from models.event import Event, Reason
from models.vessel import Dimensions
from streams.stages.settings import Settings
from tests.streams.contracts import recorded
from tests.streams.track_factories import (
    A,
    B,
    encounters,
    events_of,
    fence,
    fixes,
    hear,
    statics,
    ticks,
    vessel_stage,
    who,
)

pytestmark = pytest.mark.xdist_group("contracts")

UNITS: Final = {
    "Hours": ("h", 1.0),
    "hours": ("h", 1.0),
    "minutes": ("h", 1 / 60),
    "Meters": ("m", 1.0),
    "metres": ("m", 1.0),
    "Kilometers": ("m", 1000.0),
    "Km": ("km", 1.0),
}
"""Names of fields and settings hold their unit: that of a reason, and how many of it."""
NO_MEASURE: Final = {"at_anchor", "excluded_type", "type_changed"}
"""Numbers without a unit: a share, and codes."""
DETECTORS: Final = Settings().vessel.detectors
SETTINGS: Final = (
    msgspec.to_builtins(DETECTORS.loitering)
    | msgspec.to_builtins(DETECTORS.port_visit)
    | msgspec.to_builtins(Settings().meeting.encounter)
)


class Measure(NamedTuple):
    field: str
    """The field of the event that says the same, if there is one,"""
    thresholds: tuple[str, ...] = ()
    """the settings (or a number and its unit) that the value may be compared with,"""
    above: bool = True
    """and on which side of that it has to be."""


MEASURES: Final = {
    "encounter for duration": Measure("encounter.durationHours", ("possible_minutes",)),
    "encounter for alongside": Measure("encounter.minHullGapMeters", ("alongside_metres",), above=False),
    "encounter for distance": Measure("encounter.medianDistanceKilometers", ("100 m",), above=False),
    "encounter for draught": Measure("", ("0.3 m",)),
    "encounter against wide_gap": Measure("encounter.minHullGapMeters", ("wide_gap_metres",)),
    "encounter against distance": Measure("encounter.medianDistanceKilometers", ("250 m",)),
    "encounter against near_port": Measure("distances.startDistanceFromPortKm", ("10 km",), above=False),
    "loitering for slow": Measure("loitering.totalTimeHours", ("min_hours", "min_hours_sts")),
    "loitering against near_port": Measure("distances.startDistanceFromPortKm", ("10 km",), above=False),
    "loitering against near_shore": Measure("distances.startDistanceFromShoreKm", ("5 km",), above=False),
    "port_visit for inside": Measure("portVisit.durationHours"),
    "port_visit for stop": Measure("portVisit.stoppedHours"),
    "port_visit for silent": Measure("", ("silence_hours",)),
}


def in_unit(name: str, value: float) -> tuple[str, float]:
    unit, factor = next(found for part, found in UNITS.items() if part in name)
    return unit, value * factor


def told(event: Event, field: str) -> tuple[str, float]:
    value = msgspec.to_builtins(event)
    for step in field.split("."):
        value = value[step]
    return in_unit(field, value)


def compared_with(threshold: str) -> tuple[str, float]:
    if threshold in SETTINGS:
        return in_unit(threshold, SETTINGS[threshold])
    number, unit = threshold.split()
    return unit, float(number)


def check(event: Event, reason: Reason, measure: Measure) -> None:
    if measure.field:
        unit, value = told(event, measure.field)
        assert reason.unit == unit, reason
        assert reason.value == pytest.approx(value, abs=0.5 if unit == "m" else 0.01), reason
    valid = [compared_with(threshold) for threshold in measure.thresholds]
    if not valid:
        assert reason.threshold is None, reason
        return
    assert isinstance(reason.threshold, float)
    assert (reason.unit, reason.threshold) in valid, reason
    if reason.value is not None:
        assert isinstance(reason.value, float)
        assert abs(reason.value) >= reason.threshold if measure.above else reason.value <= reason.threshold


def made() -> list[Event]:
    """What no scenario has: hulls far apart, antennas far apart and near a port, a silence in port."""
    size, minutes = Dimensions(80, 20, 8, 8), np.arange(0, 125, 5)
    apart = [ticks(A, minutes), ticks(B, minutes, 400)]
    port = fence("port", 2000, FenceKind.PORT, Policy.SUPPRESS, locode="RUABC", east=6000)
    silent = fixes(A, [0, 10, 20, 300, 310], [0, 6000, 6000, 6000, 6000], sog=4.0)
    return [
        *encounters(apart, (who(A, size=size), who(B, size=size))),
        *encounters(apart, (who(A), who(B)), [port]),
        *events_of(hear(vessel_stage([port]), silent, statics(A))),
    ]


def test_value_threshold_and_unit_belong_together() -> None:
    found = [*recorded.closed(), *recorded.taken_back(), *made()]
    for scenario in ("cho_do", "dark_partner", "anchorage", "raft"):
        found += recorded.events(scenario)
    seen = set()
    for event in found:
        for side, reasons in (("for", event.reasons), ("against", event.against)):
            for reason in reasons:
                name = f"{event.type} {side} {reason.code}"
                if measure := MEASURES.get(name):
                    check(event, reason, measure)
                    seen.add(name)
                else:
                    number = isinstance(reason.value, float) and reason.code not in NO_MEASURE
                    assert not number, f"{name}: what does it measure?"
                    assert reason.threshold is reason.unit is None, name
    assert seen == set(MEASURES)
