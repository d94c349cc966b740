"""What came out, against what has to come out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from geofences.fence import Fence
from models.event import from_json, to_json
from models.sighting import Sighting
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import (
    FactsFrame,
    Origin,
    ReportsFrame,
    TicksFrame,
)
from streams.pipeline.operator import Operator, OutgoingRecord
from streams.pipeline.operators import DecoderOperator, MeetingOperator, VesselOperator
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from tests.faults.cluster import Cluster
from tests.scenarios.runs import (
    RULES,
    find,
    frames,
)

Between = ReportsFrame | TicksFrame | FactsFrame
Stream = tuple[str, int, int]
"""What was sent ("reports", "ticks", or whose facts), from which partition, to which."""


def replayed(
    sources: dict[str, tuple[str, ...]], sightings: Sequence[Sighting] = (), drawn: Sequence[Fence] = ()
) -> list[bytes]:
    """All revisions of all events that a replay of these sources and sightings finds, in order; with these
    fences drawn by hand."""
    rules = RULES
    if drawn:
        rules = Rules(Settings(), (*RULES.surroundings.fences, *drawn), RULES.watchlist)
    found = find({name: frames(name, part) for name, part in sources.items()}, rules, sightings)
    return [to_json(event) for event in found]


@dataclass(frozen=True)
class Outcome:
    """Counts of one comparison; `wrong` says what differs, in words."""

    events: int
    repeated: int
    wrong: list[str]


def compare_events(published: Sequence[bytes], expected: Sequence[bytes]) -> Outcome:
    """The first of each revision, in order, has to be what replay finds; a repetition has to be the same."""
    first: dict[tuple[str, int], bytes] = {}
    wrong = []
    for value in published:
        event = from_json(value)
        known = first.setdefault((event.id, event.revision), value)
        if known != value:
            wrong.append(f"{event.id}:{event.revision} was published with two contents")
    got = list(first.values())
    missing = [value for value in expected if value not in set(got)]
    extra = [value for value in got if value not in set(expected)]
    if missing:
        wrong.append(
            f"{len(missing)} of {len(expected)} revisions are missing, the first is {missing[0]!r:.300}"
        )
    if extra:
        wrong.append(f"{len(extra)} revisions are not those of replay, the first is {extra[0]!r:.300}")
    if not missing and not extra and got != list(expected):
        wrong.append("the revisions are in another order than in replay")
    return Outcome(len(got), len(published) - len(first), wrong)


def compare_log(entries: Sequence[tuple[str, int, bytes]], expected: Sequence[bytes]) -> list[str]:
    """What is wrong with the event log: a revision twice, one missing, or another order than in replay."""
    counts = Counter((id_, revision) for id_, revision, _ in entries)
    wrong = [
        f"{id_}:{n} is in the event log {count} times" for (id_, n), count in counts.items() if count > 1
    ]
    if not wrong and [each[2] for each in entries] != list(expected):
        wrong.append(
            f"the event log has {len(entries)} entries that are not replay's {len(expected)} in order"
        )
    return wrong


class Registered:
    """All sources are registered before the first frame."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = list(sources)

    def up_to(self, offset: int) -> Iterable[str]:
        return self._sources[: offset + 1]


class Streams:
    """What the stages sent to each other, each frame once."""

    def __init__(self, topics: Topics) -> None:
        self._kinds: dict[str, type[Between]] = {
            topics.reports: ReportsFrame,
            topics.ticks: TicksFrame,
            topics.facts: FactsFrame,
        }
        self._once: dict[Stream, dict[Origin, bytes]] = {}
        self._latest: dict[Stream, Origin] = {}
        self.repeated = 0
        self.wrong: list[str] = []

    def add(self, topic: str, partition: int, value: bytes) -> None:
        frame = wire.decode(value, self._kinds[topic])
        stage = frame.stage if isinstance(frame, FactsFrame) else topic.rsplit(".")[-1]
        name = (stage, frame.origin.partition, partition)
        stream = self._once.setdefault(name, {})
        known = stream.setdefault(frame.origin, value)
        if known is not value:
            self.repeated += 1
            if known != value:
                self.wrong.append(f"{frame.origin} of {topic} was sent with two contents")
        elif len(stream) > 1 and frame.origin < self._latest[name]:
            self.wrong.append(f"{frame.origin} of {topic} came after {self._latest[name]}")
        self._latest[name] = max(self._latest.get(name, frame.origin), frame.origin)

    def contents(self) -> dict[Stream, list[bytes]]:
        """The frames of each stream, with origins counted from 0: a repetition in the stage before moves the
        offsets of what comes after it. Of the meetings the events alone: how they are dealt out to frames
        depends on whose ticks come first.
        """
        out: dict[Stream, list[bytes]] = {}
        for name, stream in self._once.items():
            kind: type[Between] = FactsFrame
            if name[0] in ("reports", "ticks"):
                kind = ReportsFrame if name[0] == "reports" else TicksFrame
            offsets = {offset: n for n, offset in enumerate(sorted({origin.offset for origin in stream}))}
            values: list[bytes] = []
            for origin, value in stream.items():
                frame: Between = wire.decode(value, kind)
                if isinstance(frame, FactsFrame) and name[0] == "meetings":
                    values += [to_json(event) for event in frame.events]
                else:
                    place = Origin(origin.partition, offsets[origin.offset], origin.part)
                    values.append(wire.encode(msgspec.structs.replace(frame, origin=place)))
            out[name] = values
        return out


def undisturbed(raw: Sequence[bytes], sources: Sequence[str], spread: int) -> Streams:
    """What a run without any fault sends between the stages, for one partition of raw frames."""
    topics, settings = Topics(), Settings()
    hosts: dict[tuple[str, int], Operator] = {(topics.raw, 0): DecoderOperator(0, spread, settings, topics)}
    for number in range(spread):
        hosts[topics.reports, number] = VesselOperator(number, Registered(sources), RULES, topics)
    hosts[topics.ticks, 0] = MeetingOperator(spread, RULES, topics)
    streams = Streams(topics)
    sent: Counter[tuple[str, int]] = Counter()

    def send(out: OutgoingRecord) -> None:
        place = out.topic, out.partition or 0
        if out.topic in (topics.reports, topics.ticks, topics.facts):
            streams.add(*place, out.value)
        sent[place] += 1
        if place in hosts:
            for more in hosts[place].process(out.value, sent[place] - 1):
                send(more)

    for value in raw:
        send(OutgoingRecord(topics.raw, value, 0))
    return streams


async def between_stages(cluster: Cluster) -> Streams:
    topics = cluster.topics
    streams = Streams(topics)
    for topic, partitions in ((topics.reports, cluster.spread), (topics.ticks, 1), (topics.facts, 1)):
        for partition in range(partitions):
            for value in (await cluster.read(topic, partition)).values:
                streams.add(topic, partition, value)
    return streams
