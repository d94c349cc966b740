"""A crowded anchorage of real ships moved to the open sea, with transfers put in: they are found."""

import os
from itertools import takewhile
from pathlib import Path

import pytest

from models.event import EventType, Level
from streams.simulator.evaluation import latest
from tests.scenarios import moved_traffic
from tests.scenarios.real_traffic import measured

pytestmark = pytest.mark.cases

AWAY = [(150 + 1.5 * i, 20 + 0.8 * (i % 4)) for i in range(15)]
BESIDE = [(162.70 + 0.03 * i, 29.75) for i in range(5)]
"""Degrees, some 15 km from the crowd's middle."""
HOURS = 72
"""Of the recording. The transfers begin in its first 60 hours and take 7 at most."""


def test_transfers_are_found_and_the_crowd_is_ordinary(tmp_path: Path) -> None:
    source = Path(os.environ["TANKERWATCH_CASES"], "detection", "anchorage_suez_2021-03.nmea.gz")
    true = moved_traffic.transfers(moved_traffic.start_of(source), AWAY + BESIDE, seed=7)
    whole = moved_traffic.moved(source, east=130, north=0, sized=False)
    end = moved_traffic.start_of(source) + HOURS * 3600
    ships = takewhile(lambda message: message[0] < end, whole)
    made = tmp_path / "moved.nmea"
    made.write_bytes(moved_traffic.recording([ships, *map(moved_traffic.messages, true)]))
    events = [event for event in latest(measured(made).events) if event.type is EventType.ENCOUNTER]
    levels = {event.mmsis: event.level for event in events}
    assert sum(each.mmsis in levels for each in true) >= 18
    assert all(levels[each.mmsis] is Level.PROBABLE for each in true[: len(AWAY)])
    others = [event for event in events if event.mmsis not in {each.mmsis for each in true}]
    assert sum(event.level is Level.PROBABLE for event in others) <= 3
