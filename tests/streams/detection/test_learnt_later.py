"""Events of the first days, before it is known where ships rest, and what becomes of them afterwards."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.event import Event, EventType, Level
from models.report import Rows
from models.tick import Instant
from models.time import END
from models.vessel import Identity, Role, WatchlistHit
from streams.stages.meeting_stage import MeetingStage
from tests.streams.detection.gaps.silences import all_events, others, tanker
from tests.streams.detection.meetings import Meeting
from tests.streams.track_factories import (
    A,
    B,
    fixes,
    identity,
    instants,
    meeting_stage,
    ticks,
)

DAY = 24 * 60
LATER = np.arange(1.5 * DAY, 4 * DAY, 60)
"""Minutes from which others lie at rest at the place, each hour."""
ALONE: Sequence[int] = ()
CROWD = range(477_000_001, 477_000_007)


def resting(crowd: Sequence[int]) -> tuple[list[Rows], list[Identity]]:
    """Other ships within a kilometre, and one far away that only makes the days of data pass."""
    rows = [ticks(mmsi, LATER, 300 + i * 100, 200, sog=0.1) for i, mmsi in enumerate(crowd)]
    rows.append(ticks(477_999_999, np.arange(0, 4 * DAY, 60), 400_000, 0, sog=9.0))
    return rows, [identity(mmsi, Role.OTHER) for mmsi in (*crowd, 477_999_999)]


def encounter(crowd: Sequence[int], known: list[Identity] | None = None) -> list[Instant]:
    meeting = Meeting(3, 180)
    rows, others = resting(crowd)
    return instants([meeting.rows(A, A), meeting.rows(B, B), *rows], [*(known or meeting.known), *others])


def revisions(found: Sequence[Instant], restart: bool = False) -> list[Event]:
    """The revisions of the only encounter. With `restart` the stage is copied at every sixth hour."""
    stage, events = meeting_stage(), []
    for instant in found:
        stage.feed(instant)
        events += stage.advance(instant.time - 1)
        if restart and instant.time % (6 * 3_600_000) == 0:
            stage = copy(stage)
    events += stage.advance(END)
    return revisions_of(events, EventType.ENCOUNTER)


def revisions_of(events: Sequence[Event], kind: EventType) -> list[Event]:
    found = [event for event in events if event.type is kind]
    assert len({event.id for event in found}) == 1
    return found


def copy(stage: MeetingStage) -> MeetingStage:
    other = meeting_stage()
    other.restore(stage.snapshot())
    return other


@pytest.mark.parametrize("restart", [False, True])
def test_an_encounter_is_lowered_once_ships_rest_there(restart: bool) -> None:
    found = revisions(encounter(CROWD), restart)
    assert Level.PROBABLE in {event.level for event in found}
    assert found[-1].level is Level.POSSIBLE
    assert "resting_place" in [reason.code for reason in found[-1].against]
    assert [event.revision for event in found] == list(range(1, len(found) + 1))


def test_an_encounter_stays_where_nobody_rests() -> None:
    found = revisions(encounter(ALONE))
    assert found[-1].level is Level.PROBABLE


def test_an_encounter_of_a_listed_vessel_stays() -> None:
    meeting = Meeting(3, 180)
    listed, other = meeting.known
    hit = WatchlistHit("list", "1", "imo")
    known = [identity(A, minute=-300, size=listed.dimensions, watchlists=(hit,)), other]
    assert revisions(encounter(CROWD, known))[-1].level is Level.PROBABLE


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize(("crowd", "last"), [(CROWD, Level.POSSIBLE), (ALONE, Level.PROBABLE)])
def test_a_loitering(crowd: Sequence[int], last: Level, restart: bool) -> None:
    """The tanker is slow, and then silent for long while others are heard."""
    hours = np.arange(36 * 60, 96 * 60, 30)
    there = [fixes(mmsi, hours, 200 + 50 * i, 200, sog=0.1) for i, mmsi in enumerate(crowd)]
    heard = [*tanker((0, 9), (21, 22), knots=0.05), *others((0, 96))]
    found = revisions_of(all_events(*heard, *there, restarts=restart), EventType.LOITERING)
    assert Level.PROBABLE in {event.level for event in found}
    assert found[-1].level is last
    assert [event.revision for event in found] == list(range(1, len(found) + 1))
