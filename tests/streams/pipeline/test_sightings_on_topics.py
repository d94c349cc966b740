"""Sightings through topics: the pipeline finds what a replay finds; what is no sighting is a dead letter."""

import numpy as np
import pytest

from models.event import Event, to_json
from models.sighting import Sighting
from models.time import HOUR
from streams.deployment import wire
from streams.deployment.wire import RawFrame, ReportsFrame
from streams.pipeline.operator import OutgoingRecord
from streams.pipeline.operators import DecoderOperator
from streams.sightings.fields import to_line
from streams.simulator.scenario import simulate
from streams.stages.core import Core
from tests.scenarios.runs import RULES, frames
from tests.streams.pipeline.test_operators import SETTINGS, TOPICS, Cluster


def replayed(lines: list[str], sightings: tuple[Sighting, ...]) -> list[bytes]:
    core, events = Core(["a"], RULES), list[Event]()
    core.see(sightings)
    for frame in frames("a", lines, 300):
        events += core.feed(frame).events
    return [to_json(event) for event in [*events, *core.end("a").events]]


@pytest.mark.parametrize(
    ("scenario", "raw", "spread", "first", "crashes"),
    [
        ("sighted_call", 2, 3, "lines", 0.2),
        ("never_heard", 1, 4, "sightings", 0.2),
        ("never_heard", 2, 1, "lines", 0.0),
    ],
)
def test_the_pipeline_finds_what_replay_finds(
    scenario: str, raw: int, spread: int, first: str, crashes: float
) -> None:
    recording = simulate(scenario, 2, "normal")
    cluster = Cluster(raw, spread, seed=5, crashes=crashes)
    data = b"".join(to_line(each) + b"\n" for each in recording.sightings)
    seen = [RawFrame(wire.VERSION, "b", "sightings", 1, 1, data), RawFrame(wire.VERSION, "b", "end", 1)]
    heard = [
        RawFrame(wire.VERSION, "a", "lines", 1, frame.first_line, frame.data)
        for frame in frames("a", recording.lines, 300)
    ]
    heard.append(RawFrame(wire.VERSION, "a", "end", 1))
    order = [*heard, *seen] if first == "lines" else [*seen, *heard]
    for frame in order:
        cluster.send(OutgoingRecord(TOPICS.raw, wire.encode(frame), "ab".index(frame.source) % raw))
    cluster.run()
    assert (cluster.restarts > 0) is (crashes > 0)
    assert cluster.events == replayed(recording.lines, recording.sightings)
    assert b'"sightings":[{' in b"".join(cluster.events)


def test_a_live_sighting_counts_from_when_it_was_received() -> None:
    operator = DecoderOperator(0, 2, SETTINGS, TOPICS)
    sighting = Sighting(time=HOUR, lon=125.0, lat=38.5, received=HOUR, reference="x")
    data = to_line(sighting) + b"\n{bad\n"
    frame = RawFrame(wire.VERSION, "s", "sightings", 0, 7, data, [3 * HOUR, 3 * HOUR])
    out = operator.process(wire.encode(frame), 0)
    reports = [wire.decode(each.value, ReportsFrame) for each in out if each.topic == TOPICS.reports]
    assert [len(each.sightings) for each in reports] == [1, 0]  # the first partition has it
    assert reports[0].sightings[0].received == 3 * HOUR
    assert 0 < 3 * HOUR - reports[0].watermark < HOUR
    (dead,) = [each for each in out if each.topic == TOPICS.rejects]
    assert dead.value == b"{bad"
    assert dead.headers["line"] == b"8"
    assert b"no_sighting: not JSON" in dead.headers["reason"]
    assert np.all([each.watermark == reports[0].watermark for each in reports])
