"""The stages between topics find what a replay finds: over any partitions, in any order, after any crash."""

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import numpy as np
import pytest

from models.event import Event, from_json, to_json
from models.time import END
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame
from streams.pipeline.case_operator import CaseOperator
from streams.pipeline.operator import Operator, OutgoingRecord
from streams.pipeline.operators import DecoderOperator, MeetingOperator, VesselOperator
from streams.stages.settings import Settings
from streams.stages.watermark import Watermarks
from tests.once import once
from tests.scenarios.runs import (
    RULES,
    find,
    frames,
)
from tests.scenarios.simulated import recording

TOPICS = Topics()
SETTINGS = Settings()
Place = tuple[str, int]


@cache
def sources(scenario: str) -> dict[str, tuple[str, ...]]:
    """A recording dealt out to four sources that overlap in time."""
    lines = recording(scenario, 5)
    out: dict[str, list[str]] = {"a": [], "b": [], "c": [], "d": []}
    quarter = len(lines) / 3
    for i, line in enumerate(lines):
        whole = "VDM,1,1," in line  # parts of a message stay together
        out["abcd"[min(int(i / quarter) + (i % 2 if whole else 0), 3)]].append(line)
    return {name: tuple(part) for name, part in out.items()}


def expected(scenario: str) -> list[bytes]:
    return once(f"events of four sources {scenario}", lambda: _expected(scenario)).splitlines()


def _expected(scenario: str) -> bytes:
    found = find({name: frames(name, part, 300) for name, part in sources(scenario).items()})
    assert len(found) > 1
    return b"\n".join(to_json(event) for event in found)


class Registered:
    """All sources are registered before the first frame."""

    def up_to(self, offset: int) -> Iterable[str]:
        return list("abcd")[: offset + 1]


class Cluster:
    """Topics as lists, an operator for each partition that is read; they crash and start from checkpoints.

    It is not a broker: it only hands frames from operator to operator in orders that a broker allows.
    """

    def __init__(self, raw: int, spread: int, seed: int, crashes: float) -> None:
        self.logs: dict[Place, list[bytes]] = defaultdict(list)
        self._spread, self._crashes = spread, crashes
        self._rng = np.random.default_rng(seed)
        self._hosts: dict[Place, Operator] = {}
        for place in [(TOPICS.raw, n) for n in range(raw)] + [(TOPICS.reports, n) for n in range(spread)]:
            self._hosts[place] = self._new(place)
        for place in [(TOPICS.ticks, 0), (TOPICS.facts, 0)]:
            self._hosts[place] = self._new(place)
        self._read = dict.fromkeys(self._hosts, 0)
        self._kept: dict[Place, tuple[dict[str, bytes], int]] = {place: ({}, 0) for place in self._hosts}
        self.restarts = 0

    def _new(self, place: Place) -> Operator:
        topic, partition = place
        if topic == TOPICS.raw:
            return DecoderOperator(partition, self._spread, SETTINGS, TOPICS)
        if topic == TOPICS.reports:
            return VesselOperator(partition, Registered(), RULES, TOPICS)
        if topic == TOPICS.ticks:
            return MeetingOperator(self._spread, RULES, TOPICS)
        return CaseOperator(RULES, TOPICS)

    def run(self) -> None:
        while behind := [place for place, at in self._read.items() if at < len(self.logs[place])]:
            place = behind[self._rng.integers(len(behind))]
            for _ in range(self._rng.integers(1, 20)):
                if self._read[place] < len(self.logs[place]):
                    self._work(place)
            if self._rng.random() < self._crashes:
                pieces, self._read[place] = self._kept[place]
                self._hosts[place] = self._new(place)
                if pieces:
                    self._hosts[place].load(dict(pieces))
                self.restarts += 1
            elif self._rng.random() < 0.3:
                self._checkpoint(place)

    def _checkpoint(self, place: Place) -> None:
        pieces = dict(self._kept[place][0])
        for name, piece in self._hosts[place].changes().items():
            if piece is None:
                pieces.pop(name, None)
            else:
                pieces[name] = piece
        self._kept[place] = pieces, self._read[place]

    def _work(self, place: Place) -> None:
        at = self._read[place]
        for out in self._hosts[place].process(self.logs[place][at], at):
            self.send(out)
        self._read[place] = at + 1

    def send(self, out: OutgoingRecord) -> None:
        self.logs[out.topic, out.partition or 0].append(out.value)

    @property
    def events(self) -> list[bytes]:
        """The revisions published, each once; a second copy has to be the same."""
        once = dict.fromkeys(self.logs[TOPICS.events, 0])
        return list(once)


def publish(cluster: Cluster, raw: int, scenario: str, one_after_another: bool) -> None:
    queues = {
        name: [
            wire.encode(RawFrame(wire.VERSION, name, "lines", 3, frame.first_line, frame.data))
            for frame in frames(name, part, 300)
        ]
        + [wire.encode(RawFrame(wire.VERSION, name, "end", 3))]
        for name, part in sources(scenario).items()
    }
    order = [(name, i) for name, queue in queues.items() for i in range(len(queue))]
    if not one_after_another:
        order.sort(key=lambda each: each[1])
    for name, i in order:
        cluster.send(OutgoingRecord(TOPICS.raw, queues[name][i], "abcd".index(name) % raw))


@pytest.mark.parametrize(
    ("scenario", "raw", "spread", "one_after_another", "crashes"),
    [
        ("cho_do", 1, 1, False, 0.0),
        ("cho_do", 2, 8, True, 0.0),
        ("raft", 2, 3, True, 0.2),
        ("japan_sea", 1, 8, False, 0.2),
        ("bunkering", 4, 2, True, 0.3),
    ],
)
def test_the_pipeline_finds_what_replay_finds(
    scenario: str, raw: int, spread: int, one_after_another: bool, crashes: float
) -> None:
    cluster = Cluster(raw, spread, seed=7, crashes=crashes)
    publish(cluster, raw, scenario, one_after_another)
    cluster.run()
    assert cluster.events == expected(scenario)
    assert (cluster.restarts > 0) is (crashes > 0)
    keys = [(e.id, e.revision) for e in map(event_of, cluster.events)]
    assert len(keys) == len(set(keys)), "two revisions of one number differ"


def event_of(data: bytes) -> Event:
    return from_json(data)


@pytest.mark.parametrize("second", ["b", "a"])
def test_a_source_that_starts_after_all_have_ended_is_followed(second: str) -> None:
    """The last of the old ones ends everything; then another registers, with later times; or it was only
    taken for dead, and speaks again.
    """
    cluster = Cluster(2, 3, seed=3, crashes=0.2)
    lines = recording("cho_do", 5)
    middle = len(lines) // 3
    for name, part, registry in (("a", lines[:middle], 0), (second, lines[middle:], "ab".index(second))):
        queue = [
            RawFrame(wire.VERSION, name, "lines", registry, frame.first_line, frame.data)
            for frame in frames(name, part, 300)
        ]
        for frame in [*queue, RawFrame(wire.VERSION, name, "end", registry)]:
            cluster.send(OutgoingRecord(TOPICS.raw, wire.encode(frame), "ab".index(name)))
        cluster.run()

    def seen(events: Iterable[bytes]) -> set[object]:
        found = {event.id: event for event in map(from_json, events)}
        return {(e.type, e.level, e.status, tuple(v.ssvid for v in e.vessels)) for e in found.values()}

    assert seen(cluster.events) == seen(expected("cho_do"))


def test_a_source_that_sends_again_is_waited_for_again() -> None:
    marks = Watermarks()
    for name, mark in (("a", 100), ("b", 300)):
        marks.register(name)
        marks.update(name, mark)
    marks.update("a", END)
    assert marks.low == 300
    marks.update("a", 200)
    assert marks.low == 200
    marks.update("a", 150)
    assert marks.low == 200


def test_the_decoder_operator_knows_which_sources_are_open() -> None:
    host = DecoderOperator(0, 1, SETTINGS, TOPICS)

    def take(source: str, kind: str, offset: int) -> None:
        host.process(wire.encode(RawFrame(wire.VERSION, source, kind, 0)), offset)

    take("a", "idle", 0)
    take("b", "idle", 1)
    take("a", "idle", 2)
    assert host.open_sources == {"a": 2, "b": 1}
    take("a", "end", 3)
    other = DecoderOperator(0, 1, SETTINGS, TOPICS)
    other.load({name: piece for name, piece in host.changes().items() if piece is not None})
    assert other.open_sources == {"b": -1}
    take("a", "idle", 4)
    assert host.open_sources == {"a": 4, "b": 1}


def test_bytes_that_are_not_a_frame_are_refused() -> None:
    host = DecoderOperator(0, 1, SETTINGS, TOPICS)
    with pytest.raises(wire.WireError, match="not a frame"):
        host.process(b"garbage", 0)
    with pytest.raises(wire.WireError, match="version 99"):
        host.process(wire.encode(RawFrame(99, "a", "lines", 0)), 1)
    assert host.process(wire.encode(RawFrame(wire.VERSION, "a", "lines", 0, 1, b"!nonsense\n")), 2)
