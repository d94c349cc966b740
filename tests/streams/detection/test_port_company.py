"""Who lay alongside during a port visit: tanker A at a berth, B beside it for some hours."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from models.event import Event, EventType
from models.report import Rows
from models.tick import Instant
from models.time import END
from models.vessel import Dimensions, Role
from streams.detection.encounters.pair_sample import PairSample, VesselSample
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.port_company import PortCompany, PortCompanySettings
from tests.streams.track_factories import (
    A,
    B,
    at,
    fence,
    fixes,
    identity,
    instants,
    meeting_stage,
    minute_of,
    run_stage,
    statics,
    ticks,
    vessel_stage,
)

PORT = fence("berth", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="RUABC")
HOURS = 60.0
BERTHED = (10 * HOURS, 70 * HOURS)
"""Minutes in which A lies at the berth, in the middle of the port."""


def caller() -> list[Instant]:
    """A comes in, lies still for 60 hours, and leaves."""
    minutes = np.arange(0, 80 * HOURS, 10)
    begin, end = BERTHED
    away = np.maximum(begin - minutes, minutes - end).clip(0) * 8 * 1852 / 60
    sog = np.where(away > 0, 8.0, 0.0)
    return run_stage(vessel_stage([PORT]), fixes(A, minutes, away, 0, sog=sog), statics(A))


def beside(begin: float, end: float, metres: float = 35, sog: float = 0.1) -> Rows:
    """B, so many metres from A's antenna; both are 20 m wide and head north."""
    return ticks(B, np.arange(begin, end + 1, 5), metres, 0, sog=sog)


def visits(*others: Rows, restart: bool = False) -> list[Event]:
    size = Dimensions(80, 40, 10, 10)
    known = [identity(A, minute=0, size=size), identity(B, Role.OTHER, 0, size=size)]
    stage, events = meeting_stage([PORT]), []
    parts: Sequence[Sequence[Instant]] = (caller(), instants(others, known))
    for instant in sorted((each for part in parts for each in part), key=lambda each: each.time):
        stage.feed(instant)
        events += stage.advance(instant.time)
        if restart and instant.time % (5 * 3_600_000) == 0:
            other = meeting_stage([PORT])
            other.restore(stage.snapshot())
            stage = other
    events += stage.advance(END)
    return [event for event in events if event.type is EventType.PORT_VISIT]


def alongside(event: Event) -> list[tuple[float, float]]:
    assert event.port_visit is not None
    assert {each.vessel.ssvid for each in event.port_visit.alongside} <= {str(B)}
    return [(minute_of(each.start), minute_of(each.end)) for each in event.port_visit.alongside]


@pytest.mark.parametrize("restart", [False, True])
def test_a_visit_says_who_lay_alongside_and_when(restart: bool) -> None:
    """Also what was long ago when the visit ends, and twice where the other came twice."""
    found = visits(beside(12 * HOURS, 15 * HOURS), beside(60 * HOURS, 62 * HOURS), restart=restart)
    assert alongside(found[-1]) == [(12 * HOURS, 15 * HOURS), (60 * HOURS, 62 * HOURS)]
    assert f"Alongside it lay the vessel (MMSI {B}" in found[-1].summary
    assert "for 3 h" in found[-1].summary


def test_what_comes_late_joins_two_times_alongside() -> None:
    kept = PortCompany(PortCompanySettings(), EncounterSettings(), lambda mmsi: identity(mmsi), set())
    beside_each_other = VesselSample(131.0, 43.0, 0.1, math.nan, 0.0, 5)
    for minute in (0, 200, 100):  # silences of up to 110 minutes are no break
        kept.note(A, B, PairSample(at(minute), 30.0, 10.0, True, beside_each_other, beside_each_other))
    known = kept.piece(A)
    assert known is not None
    assert [(stay.start, stay.last) for stay in known.stays] == [(at(0), at(200))]


@pytest.mark.parametrize(
    "other",
    [
        beside(12 * HOURS, 12 * HOURS + 25),
        beside(12 * HOURS, 15 * HOURS, metres=120),
        beside(12 * HOURS, 15 * HOURS, sog=4.0),
        beside(2, 5 * HOURS),
    ],
    ids=["briefly", "at the next berth", "passing", "before the visit"],
)
def test_others_are_not_named(other: Rows) -> None:
    found = visits(other)
    assert found
    assert not alongside(found[-1])
    assert "Alongside" not in found[-1].summary
