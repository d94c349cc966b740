"""The sample that `tankerwatch alerts test` sends: an event that no one can take for a real one."""

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
