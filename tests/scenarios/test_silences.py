"""Simulated silences and deliveries by kind, through the whole core, against their truth. Made-up data."""

import pytest

from models.event import Event, EventType, Level, Status
from streams.simulator.evaluation import Evaluation, evaluate, latest
from streams.simulator.scenario import simulate
from tests.scenarios.runs import find, frames

DARK = (EventType.GAP, EventType.DARK_PORT_VISIT, EventType.CHAIN)


def judged(name: str, seed: int, noise: str) -> tuple[list[Event], Evaluation]:
    """What is found in a scenario, and what that is worth; silences, calls in the dark and chains alone."""
    recording = simulate(name, seed, noise)
    events = latest(find({"recording": frames("recording", recording.lines)}))
    dark = [event for event in events if event.type in DARK]
    return dark, evaluate([(dark, recording.truth)])


@pytest.mark.parametrize(("name", "noise"), [("dark_call_12", "heavy"), ("silent_at_berth", "thin60")])
def test_a_call_in_the_dark_is_found_and_nothing_else(name: str, noise: str) -> None:
    _, result = judged(name, 1, noise)
    assert not result.false
    assert not [miss for miss in result.missed if miss.type in DARK]
    matched = {score.type: score.matched for score in result.scores if score.type in DARK}
    assert matched == {EventType.GAP: 1, EventType.DARK_PORT_VISIT: 1}


@pytest.mark.parametrize("name", ["poor_reception", "small_boats"])
def test_reception_and_boats_without_ais_make_nothing_probable(name: str) -> None:
    events, result = judged(name, 2, "none")
    assert not result.false
    assert all(event.level is Level.POSSIBLE for event in events)
    assert bool(events) is (name == "poor_reception")


def test_a_bunker_tanker_of_both_fleets_makes_no_chain() -> None:
    events, _ = judged("bunker_nakhodka", 1, "thin60")
    assert not [event for event in events if event.type is EventType.CHAIN]


def test_where_ships_were_jammed_to_nobody_was() -> None:
    recording = simulate("jammed_to_one_place", 0, "normal")
    revisions = list(find({"recording": frames("recording", recording.lines)}))
    here = {EventType.ENCOUNTER, EventType.LOITERING}
    seen = [event for event in revisions if event.type in here and event.status is not Status.RETRACTED]
    assert {event.level for event in seen} == {Level.POSSIBLE}  # while nobody can know that it is false
    assert all("leapt" in {reason.code for reason in event.against} for event in seen)
    at_the_end = [event for event in latest(revisions) if event.type in here]
    assert {event.status for event in at_the_end} <= {Status.RETRACTED}


@pytest.mark.parametrize("scenario", ["silent_alongside", "new_mmsi"])
def test_a_transfer_heard_by_satellite_is_one_encounter(scenario: str) -> None:
    """With a silence of hours in the middle, or under a new MMSI from then on."""
    recording = simulate(scenario, 4, "passes")
    revisions = find({"recording": frames("recording", recording.lines)})
    assert len({event.id for event in revisions if event.type is EventType.ENCOUNTER}) == 1
