"""What a loitering of tanker A says of its encounters meanwhile: with B, which comes to it."""

from collections.abc import Sequence

import numpy as np
import pytest

from models.event import Event, EventType, Status, to_json
from models.report import Rows
from models.tick import Instant
from models.time import END, HOUR, MINUTE, from_text
from models.vessel import Identity, Role
from streams.stages.meeting_stage import MeetingStage
from tests.streams.track_factories import (
    A,
    B,
    at,
    fixes,
    identity,
    instants,
    latest,
    meeting_stage,
    minute_of,
    run_stage,
    statics,
    ticks,
    vessel_stage,
)

NOTHING = "No encounter with another vessel "
MEANWHILE = "Meanwhile it was in an encounter with the vessel (MMSI 273000002, flag RU)."


def at_rest(hours: float = 8) -> list[Instant]:
    """VesselStage's instants of A: under way, slow for some hours, under way for two more."""
    minutes = np.arange(0, 95 + hours * 60 + 125, 5)
    slow = (minutes >= 95) & (minutes < 95 + hours * 60)
    sog = np.where(slow, 0.5, 10.0)
    return run_stage(vessel_stage(), fixes(A, minutes, np.cumsum(sog) * 1852 / 12, sog=sog), statics(A))


def visitor(found: Sequence[Instant], start: float, end: float) -> Rows:
    """Ticks of B, 40 m beside A in these minutes."""
    rows = np.concatenate([instant.ticks for instant in found])
    rows = rows[(rows["time"] >= at(start)) & (rows["time"] <= at(end))].copy()
    rows["mmsi"], rows["lat"] = B, rows["lat"] + 40 / 111_195
    return rows


def cargo_ship(minute: float = 0, role: Role = Role.OTHER) -> Identity:
    return identity(B, role, minute)


def meet(stage: MeetingStage, *parts: Sequence[Instant]) -> list[Event]:
    for part in parts:
        for instant in part:
            stage.feed(instant)
    events = stage.advance(END)
    for event in events:
        assert "partner was seen" not in event.summary
    return sorted(events, key=lambda event: (event.detected, event.id, event.revision))


def loiterings(events: Sequence[Event]) -> list[Event]:
    found = [event for event in events if event.type is EventType.LOITERING]
    latest(found)  # revisions follow one another
    return found


def codes(event: Event) -> set[str]:
    return {reason.code for reason in event.against} & {"alone", "in_encounter"}


def test_alone_is_said_of_what_was_found() -> None:
    *open_ones, closed = loiterings(meet(meeting_stage(), at_rest()))
    assert len(open_ones) > 1
    for event in open_ones:
        assert event.summary.endswith(f"{NOTHING}has been found so far.")
    assert closed.summary.endswith(f"{NOTHING}was found.")
    assert codes(closed) == {"alone"}


def test_an_encounter_meanwhile_is_named_from_then_on() -> None:
    alone = at_rest()
    events = meet(meeting_stage(), alone, instants([visitor(alone, 400, 480)], [cargo_ship()]))
    (encounter,) = {event.id for event in events if event.encounter}
    for event in loiterings(events):
        met = minute_of(event.detected) >= 430
        assert codes(event) == ({"in_encounter"} if met else {"alone"})
        assert event.summary.endswith(MEANWHILE) is met
        assert [r.value for r in event.against if r.code == "in_encounter"] == ([encounter] if met else [])


def test_the_score_is_the_same_with_and_without() -> None:
    alone = at_rest()
    without = loiterings(meet(meeting_stage(), alone))
    events = meet(meeting_stage(), alone, instants([visitor(alone, 400, 480)], [cargo_ship()]))
    assert [event.score for event in loiterings(events)] == [event.score for event in without]


def test_an_encounter_before_it_is_not_named() -> None:
    """It was over before the vessel was slow for long: B met A a day before."""
    alone = at_rest()
    day = 24 * 60
    minutes = np.arange(-day, -day + 60, 5)
    before = [ticks(A, minutes), ticks(B, minutes, 40)]
    events = meet(meeting_stage(), instants(before, [identity(A, minute=-day), cargo_ship(-day)]), alone)
    assert any(event.encounter for event in events)
    assert {code for event in loiterings(events) for code in codes(event)} == {"alone"}


def test_found_only_after_the_loitering_was_closed() -> None:
    """B is heard by satellite: its ticks come up to an hour late."""
    alone = at_rest()
    end = 95 + 8 * 60
    late = [Instant(at(end + 40), visitor(alone, end - 45, end - 10), (cargo_ship(end + 40),))]
    *earlier, closed, revised = loiterings(meet(meeting_stage(), alone, late))
    assert {code for event in earlier for code in codes(event)} == {"alone"}
    assert (closed.status, codes(closed)) == (Status.CLOSED, {"alone"})
    assert (revised.status, codes(revised)) == (Status.CLOSED, {"in_encounter"})
    assert revised.revision == closed.revision + 1
    assert minute_of(revised.detected) == end + 40
    assert revised.summary.endswith(MEANWHILE)
    assert (revised.start, revised.end, revised.evidence) == (closed.start, closed.end, closed.evidence)


@pytest.mark.parametrize("after", [20, 20 * 60])
def test_an_encounter_that_is_taken_back_is_no_longer_named(after: float) -> None:
    """B turns out to be a tug, soon or within a day after the loitering was closed."""
    alone = at_rest()
    end = 95 + 8 * 60
    known = [cargo_ship(role=Role.UNKNOWN), cargo_ship(end + 125 + after, Role.EXCLUDED)]
    events = meet(meeting_stage(), alone, instants([visitor(alone, 400, 480)], known))
    assert any(event.encounter and event.status is Status.RETRACTED for event in events)
    *_, named, revised = loiterings(events)
    assert (codes(named), codes(revised)) == ({"in_encounter"}, {"alone"})
    assert (revised.status, revised.revision) == (Status.CLOSED, named.revision + 1)


def test_one_that_is_taken_back_passes_as_it_is() -> None:
    minutes = np.arange(0, 600, 5)
    listed_off = statics(A, (500, 506), ship_type=70)
    found = run_stage(
        vessel_stage(), fixes(A, minutes, sog=0.5), statics(A, (300, 306), ship_type=0), listed_off
    )
    proposed = [event for instant in found for event in instant.events]
    passed = loiterings(meet(meeting_stage(), found))
    retracted = [event for event in proposed if event.status is Status.RETRACTED]
    assert [event for event in passed if event.status is Status.RETRACTED] == retracted


@pytest.mark.parametrize("cut", range(1, 24, 2))
def test_a_snapshot_anywhere_changes_nothing(cut: int) -> None:
    alone = at_rest()
    end = 95 + 8 * 60
    known = [cargo_ship(), cargo_ship(end + 200, Role.EXCLUDED)]
    parts = [*alone, *instants([visitor(alone, 400, 480)], known)]
    parts.append(Instant(at(end + 40), visitor(alone, end - 45, end - 10)))
    expected = [to_json(event) for event in meet(meeting_stage(), parts)]

    stage, events = meeting_stage(), list[Event]()
    border = from_text("2024-03-01T12:00:00Z") + cut * HOUR // 2
    for early in (True, False):
        for instant in parts:
            if (instant.time <= border) is early:
                stage.feed(instant)
        if early:
            events += stage.advance(border - 7 * MINUTE)
            other = meeting_stage()
            other.restore(stage.snapshot())
            stage = other
    events += stage.advance(END)
    events.sort(key=lambda event: (event.detected, event.id, event.revision))
    assert [to_json(event) for event in events] == expected


def test_events_of_an_instant_that_comes_too_late_are_passed_on() -> None:
    """Its ticks change nothing any more, but no event is lost."""
    alone = at_rest()
    (late,) = [instant for instant in alone if instant.events and instant.events[0].status is Status.CLOSED]
    stage = meeting_stage()
    for instant in alone:
        if instant is not late:
            stage.feed(instant)
    before = loiterings(stage.advance(END))
    stage.feed(late)
    assert stage.overtaken == (1 if len(late.ticks) or late.identities else 0)
    (event,) = stage.advance(END)
    assert event.status is Status.CLOSED
    assert event.revision == before[-1].revision + 1
