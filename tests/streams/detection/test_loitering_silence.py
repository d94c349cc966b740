"""A silence next to a loitering: a fact if it is the vessel's own, none if reception explains it."""

import pytest

from models.event import Event, EventType, Level
from streams.detection.explanation import ANCHORED
from tests.streams.detection.gaps.silences import all_events, others, tanker
from tests.streams.track_factories import latest

SPANS = (0.0, 9.0), (21.0, 33.0)
"""Hours in which the tanker is heard, at anchor."""


def found(*heard: tuple[float, float], restarts: bool = False) -> list[Event]:
    """The loiterings of the tanker among ships that are heard in these spans of hours."""
    around = others(*heard) if heard else []
    events = all_events(*tanker(*SPANS, status=ANCHORED[0]), *around, restarts=restarts)
    return [event for event in latest(events) if event.type is EventType.LOITERING]


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize(
    ("heard", "level"), [([(0.0, 33.0)], Level.PROBABLE), ([*SPANS], Level.POSSIBLE), ([], Level.POSSIBLE)]
)
def test_only_a_silence_of_its_own_makes_a_ship_at_anchor_probable(
    heard: list[tuple[float, float]], level: Level, restarts: bool
) -> None:
    before, after = found(*heard, restarts=restarts)
    assert {event.level for event in (before, after)} == {level}
    assert all("silence" in {reason.code for reason in event.reasons} for event in (before, after))
