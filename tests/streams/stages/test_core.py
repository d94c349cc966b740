"""What the whole rests on: the same lines give the same events, however they arrive."""

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from models.event import Event, sort_key, to_json
from models.frame import Frame
from streams.stages.core import Core, Output
from tests.scenarios.runs import RULES, frames
from tests.scenarios.simulated import recording, revisions

SCENARIOS = ("cho_do", "raft", "satellite", "shared_mmsi", "bunkering", "dark_partner")
SLOW = settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # shrinking would replay recordings for minutes
    suppress_health_check=[HealthCheck.too_slow],
)
"""Each example replays whole recordings."""


def lines_of(scenario: str, noise: str) -> tuple[str, ...]:
    return recording(scenario, 3, noise)


def expected(scenario: str, noise: str) -> tuple[bytes, ...]:
    found = revisions(scenario, 3, noise)
    assert found, f"{scenario} must find something, or the comparison says nothing"
    return found


def new_core(*sources: str) -> Core:
    return Core(sources, RULES)


def replay(parts: Sequence[Frame], restore_at: Sequence[int] = ()) -> tuple[bytes, ...]:
    """The events of frames fed in this order; before the frames named the core is replaced by its copy."""
    sources = sorted({frame.source for frame in parts})
    core = new_core(*sources)
    events: list[Event] = []
    for i, frame in enumerate(parts):
        if i in restore_at:
            core = copied(core, sources)
        events += core.feed(frame).events
    for source in sources:
        core = copied(core, sources) if restore_at else core
        events += core.end(source).events
    assert events == sorted(events, key=sort_key)
    return tuple(to_json(event) for event in events)


def copied(core: Core, sources: Sequence[str]) -> Core:
    """A new core that goes on from the snapshot of another."""
    other = new_core(*sources)
    other.restore(core.snapshot())
    return other


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("size", [1, 41])
def test_cutting_into_frames_changes_nothing(scenario: str, size: int) -> None:
    lines = lines_of(scenario, "normal")
    # frames of one line are slow, so only the middle is cut into these
    middle = range(len(lines) // 2, len(lines) // 2 + 200) if size == 1 else range(len(lines))
    parts = [
        *numbered(lines, range(middle.start), 997),
        *numbered(lines, middle, size),
        *numbered(lines, range(middle.stop, len(lines)), 997),
    ]
    if scenario == "shared_mmsi":  # a negative: nothing to find, so compare what leads there
        assert facts(parts) == facts(frames("a", lines, 997))
        return
    assert replay(parts) == expected(scenario, "normal")


def numbered(lines: Sequence[str], which: range, size: int) -> list[Frame]:
    """These of the lines, in frames of `size` lines that know their number in the whole."""
    return [
        Frame("a", part.data, which.start + part.first_line)
        for part in frames("a", lines[which.start : which.stop], size)
    ]


def facts(parts: Sequence[Frame]) -> list[object]:
    """Ticks and identities of a run, for recordings without events."""
    core = new_core("a")
    outputs: list[Output] = [core.feed(frame) for frame in parts] + [core.end("a")]
    instants = [instant for output in outputs for instant in output.instants]
    assert sum(len(instant.ticks) for instant in instants) > 100
    return [
        (i.time, i.ticks[["time", "mmsi", "segment", "lon", "lat"]].tolist(), i.identities) for i in instants
    ]


@SLOW
@given(
    st.sampled_from(["cho_do", "raft", "satellite"]),
    st.lists(st.integers(1, 400), min_size=5, max_size=40),
    st.sets(st.integers(0, 30), min_size=1, max_size=8),
)
def test_a_snapshot_anywhere_changes_nothing(scenario: str, sizes: list[int], at: set[int]) -> None:
    lines = lines_of(scenario, "heavy")
    parts: list[Frame] = []
    for size in sizes:
        start = parts[-1].first_line - 1 + parts[-1].data.count(b"\n") if parts else 0
        parts += frames("a", lines[start : start + size], size)[:1]
        parts[-1] = Frame("a", parts[-1].data, start + 1)
    start = sum(part.data.count(b"\n") for part in parts)
    parts.append(Frame("a", "".join(f"{line}\n" for line in lines[start:]).encode(), start + 1))
    assert replay(parts, sorted(at)) == expected(scenario, "heavy")


@SLOW
@given(st.sampled_from(["cho_do", "raft", "satellite", "bunkering"]), st.integers(0, 2**32))
def test_disorder_within_the_lateness_changes_nothing(scenario: str, seed: int) -> None:
    messages = whole_messages(lines_of(scenario, "normal"))
    rng = np.random.default_rng(seed)
    # the recording itself is up to 30 s out of order, so 85 more are within the 120 of the lateness
    keys = [time + rng.uniform(0, 85) for time, _ in messages]
    order = np.argsort(keys, kind="stable")
    shuffled = [line for i in order for line in messages[i][1]]
    assert shuffled != list(lines_of(scenario, "normal"))
    assert replay(frames("a", shuffled, 500)) == expected(scenario, "normal")


@SLOW
@given(st.sampled_from(["cho_do", "raft", "satellite"]), st.integers(0, 2**32), st.sampled_from([0, 60, 600]))
def test_two_sources_that_lag_are_merged(scenario: str, seed: int, skew: int) -> None:
    """Messages dealt out to two sources, one of which arrives `skew` seconds after the other.

    A message and its duplicates go to the same source: across sources they are not looked for.
    """
    dealt: dict[str, list[tuple[float, list[str]]]] = {"a": [], "b": []}
    for time, lines in whole_messages(lines_of(scenario, "normal")):
        payload = "".join(line.split(",")[5] for line in lines)
        dealt["ab"[crc32(payload.encode(), seed) % 2]].append((time, lines))
    arriving = [(time, "a", lines) for time, lines in dealt["a"]]
    arriving += [(time + skew, "b", lines) for time, lines in dealt["b"]]
    arriving.sort(key=lambda each: each[0])
    parts = [
        Frame(source, "".join(f"{line}\n" for line in together).encode())
        for start in range(0, len(arriving), 25)
        for source in "ab"
        if (
            together := [
                line for _, by, lines in arriving[start : start + 25] if by == source for line in lines
            ]
        )
    ]
    assert without_receivers(replay(parts)) == without_receivers(expected(scenario, "normal"))


def test_the_same_lines_through_two_sources_change_nothing() -> None:
    lines = lines_of("cho_do", "normal")
    both = [
        part for pair in zip(frames("a", lines, 200), frames("b", lines, 200), strict=True) for part in pair
    ]
    assert replay(both) == expected("cho_do", "normal")


def whole_messages(lines: Sequence[str]) -> list[tuple[float, list[str]]]:
    """Lines by message, parts together, each with the time of its tag block in seconds."""
    messages: list[tuple[float, list[str]]] = []
    for line in lines:
        part = re.search(r"VDM,(\d),(\d),", line)
        if part and int(part[2]) > 1 and messages:
            messages[-1][1].append(line)
            continue
        time = re.search(r"c:(\d+)", line)
        messages.append((float(time[1]) if time else messages[-1][0], [line]))
    return messages


def without_receivers(events: Sequence[bytes]) -> list[bytes]:
    return [re.sub(rb'"receivers":\[[^]]*\]', b"", event) for event in events]
