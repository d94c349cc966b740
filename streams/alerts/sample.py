"""The samples that `tankerwatch alerts test` sends: no one can take them for real ones."""

from models.event import (
    Detector,
    Distances,
    Encounter,
    Event,
    EventType,
    Evidence,
    Level,
    Position,
    Reason,
    Status,
    Vessel,
)
from streams.alerts.alert import CapShare, TimeLeft
from streams.ledger.delivery import Barrels


def sample_time_left(limit: float) -> TimeLeft:
    """A limit of hours that no chain has passed."""
    return TimeLeft(
        below_hours=limit,
        hours_left=0.0,
        as_of="2000-01-01T01:00:00Z",
        behind_hours=0.0,
        port="TEST",
        port_name="nowhere",
        ssvid="000000001",
        earliest_arrival="2000-01-01T01:00:00Z",
    )


def sample_share(share: float, counted: str) -> CapShare:
    """A share of the cap that no deliveries have passed."""
    return CapShare(
        year=2000,
        share=share,
        counted=counted,
        cap_barrels=0.0,
        as_of="2000-01-01T01:00:00Z",
        seen=0,
        possible=0,
        dark=0,
        without_size=0,
        barrels_seen=Barrels(),
        barrels_with_possible=Barrels(),
    )


def sample() -> Event:
    """An encounter of two vessels that do not exist, at a place where nothing is."""
    first = Vessel(id="000000001", ssvid="000000001", name="TEST ONE", type="tanker")
    other = Vessel(id="000000002", ssvid="000000002", name="TEST TWO", type="tanker")
    return Event(
        id="0" * 24,
        type=EventType.ENCOUNTER,
        revision=1,
        status=Status.OPEN,
        level=Level.POSSIBLE,
        start="2000-01-01T00:00:00Z",
        end=None,
        detected="2000-01-01T01:00:00Z",
        position=Position(lat=0.0, lon=0.0),
        bounding_box=(0.0, 0.0, 0.0, 0.0),
        distances=Distances(),
        vessel=first,
        encounter=Encounter(
            vessel=other,
            median_distance_kilometers=0.05,
            median_speed_knots=0.5,
            min_distance_kilometers=0.05,
            min_hull_gap_meters=None,
            median_hull_gap_meters=None,
            duration_hours=1.0,
            heading_difference_degrees=None,
            position_count=12,
            draught_change_meters=None,
            type="tanker-tanker",
        ),
        score=0.0,
        reasons=(Reason(code="test", text="this is a test of a rule", weight=0.0),),
        summary="TEST: this is a test of tankerwatch's alerts. Nothing was seen.",
        evidence=Evidence(),
        detector=Detector(name="test", version="0", settings_hash=""),
    )
