"""Sightings in the stages: they count from when they were received, however lines and sightings arrive."""

from collections.abc import Sequence
from functools import cache

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models.event import Event, EventType, sort_key, to_json
from models.frame import Frame
from models.sighting import Sighting
from models.time import DAY, HOUR, from_text
from streams.simulator.scenario import Recording, simulate
from streams.stages.core import Core
from tests.scenarios.runs import RULES, frames

pytestmark = pytest.mark.xdist_group("sightings")  # one process simulates for all of them
SCENARIOS = ("sighted_call", "never_heard")


@cache
def made(scenario: str) -> Recording:
    return simulate(scenario, 1, "normal")


def found(
    parts: Sequence[Frame], sightings: Sequence[Sighting], restore_at: set[int] | None = None
) -> list[Event]:
    """What a replay finds; before the frames named, the core is replaced by its copy."""
    core = Core(["a"], RULES)
    core.see(sightings)
    events: list[Event] = []
    for i, frame in enumerate(parts):
        if restore_at and i in restore_at:
            state, core = core.snapshot(), Core(["a"], RULES)
            core.restore(state)
        events += core.feed(frame).events
    if restore_at:
        state, core = core.snapshot(), Core(["a"], RULES)
        core.restore(state)
    events += core.end("a").events
    assert events == sorted(events, key=sort_key)
    return events


@cache
def expected(scenario: str) -> tuple[bytes, ...]:
    recording = made(scenario)
    events = found(frames("a", recording.lines), recording.sightings)
    assert any(event.dark_vessel or (event.gap and event.gap.sightings) for event in events)
    return tuple(map(to_json, events))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.sampled_from(SCENARIOS),
    st.integers(300, 4000),
    st.sets(st.integers(0, 40), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
)
def test_frames_snapshots_and_order_change_nothing(
    scenario: str, size: int, at: set[int], rng: object
) -> None:
    recording = made(scenario)
    sightings = list(recording.sightings) * 2  # each twice: a repeated one changes nothing
    rng.shuffle(sightings)  # type: ignore[attr-defined]
    again = found(frames("a", recording.lines, size), sightings, at)
    assert tuple(map(to_json, again)) == expected(scenario)


def test_a_sighting_says_nothing_before_it_was_received() -> None:
    recording = made("sighted_call")
    received = max(each.received for each in recording.sightings) + 2 * HOUR
    later = [msgspec.structs.replace(each, received=received) for each in recording.sightings]
    without = list(map(to_json, found(frames("a", recording.lines), ())))
    events = found(frames("a", recording.lines), later)
    changed = [event for event in events if to_json(event) not in without]
    assert changed
    assert all(from_text(event.detected) >= received for event in changed)


def test_what_is_known_only_after_the_recording_counts_at_its_end() -> None:
    recording = made("sighted_call")
    later = [msgspec.structs.replace(each, received=each.time + 30 * DAY) for each in recording.sightings]
    events = found(frames("a", recording.lines), later)
    gap = [event for event in events if event.type is EventType.GAP][-1]
    assert gap.gap is not None
    assert gap.gap.sightings[0].matched_on == "imo"
    assert gap.detected == events[-1].detected


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_sightings_alone_or_before_any_line_do_no_harm(scenario: str) -> None:
    core = Core(["a"], RULES)
    core.see(made(scenario).sightings)
    assert core.end("a").events == []
