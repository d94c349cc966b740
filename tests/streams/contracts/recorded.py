"""Messages for outsiders, made by the code that makes them in a running system."""

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, cast

import msgspec
from shapely import box

from geofences.catalogue import load_catalogue
from geofences.fence import Fence, FenceKind, Policy
from models.event import Event
from models.frame import Frame, Reject
from models.tick import Instant
from models.time import END, HOUR, MINUTE, SECOND, Millis, from_text
from streams.decoding.decoder import Decoder
from streams.decoding.settings import DecoderSettings
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import (
    FactsFrame,
    Origin,
    RawFrame,
    Registration,
    TicksFrame,
)
from streams.pipeline.case_operator import CaseOperator
from streams.pipeline.checkpoint import Checkpoint, StoredState
from streams.pipeline.operator import OutgoingRecord
from streams.pipeline.operators import DecoderOperator, VesselOperator
from streams.pipeline.partition_runner import PartitionRunner
from streams.simulator.scenario import simulate
from streams.stages.core import Core
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from tests.scenarios import simulated
from tests.scenarios.runs import (
    RULES,
    find,
    frames,
)
from tests.streams.detection.chains.stories import KOREAN, A, B, C, D, E, Story, direct, passed_on
from tests.streams.detection.gaps import silences
from tests.streams.nmea_lines import (
    class_a,
    payload,
    sentence,
    static,
    tag,
)

TOPICS = Topics()
GARBAGE: tuple[bytes, ...] = (
    b"no sentence at all",
    b"\xff\xfe binary \x00",
    b"!AIVDM,1,1,,A,15M67F0000G?ufbE`FepT@3n00Sa,0*00",
    b"$GPGGA,1*56",
    sentence("", 0).encode(),
    sentence("15", 0).encode(),
    b"!AIVDM,1,1,,A,15M67F0000G?ufbE`FepT@3n00Sa,0",
    sentence(static(257_000_001)[:56], total=2, number=1, sequence="3").encode(),
    sentence(*class_a(257_000_001)).encode(),
    b"x" * 6_000,
)
DATA = b"".join(line + b"\n" for line in GARBAGE)
TUG = 52


def recording(scenario: str) -> tuple[str, ...]:
    return simulated.recording(scenario, 1)


@cache
def events(scenario: str) -> tuple[Event, ...]:
    """All revisions of all events of a simulated scenario."""
    return tuple(simulated.events(scenario, 1))


@cache
def closed() -> tuple[Event, ...]:
    """The transfer off Cho-do, and then hours without contact."""
    lines, end = _cho_do()
    lines += [tag(end + hour * HOUR) + sentence(*class_a(257_000_001)) for hour in range(1, 7)]
    return tuple(find({"a": frames("a", lines)}))


@cache
def taken_back() -> tuple[Event, ...]:
    """The transfer off Cho-do with a partner that later turns out to be a tug."""
    return tuple(find({"a": frames("a", tug_lines())}))


@cache
def gaps() -> tuple[Event, ...]:
    """A tanker that is silent for a day and comes back elsewhere with another draught, among other ships."""
    rows = silences.tanker((0, 8), (30, 34), draught=4.0, after=6.0, knots=3.0)
    return tuple(silences.run(*rows, *silences.others((0, 34))))


@cache
def chains() -> tuple[Event, ...]:
    """A cargo that is passed on, one that goes straight to Nampo, and one whose draughts contradict."""
    contrary = Story()
    contrary.visit(D, "vostochny", 0, 20, (6.0, 4.0))
    contrary.meet(D, E, 3, draughts=(0.8, -0.7))
    contrary.visit(D, "nampo", 8, 20, (4.0, 6.0))
    stories = (passed_on(Story(), (A, B, C)), direct(Story(), KOREAN), contrary)
    return tuple(event for story in stories for event in story.revisions())


def dark_visits() -> tuple[Event, ...]:
    """The same off Vostochny, where nobody else is heard."""
    rows = silences.tanker((0, 8), (38, 42), draught=4.0, after=6.0, origin=(133.08, 42.2))
    return tuple(silences.run(*rows, fences=load_catalogue()))


@cache
def identities() -> tuple[Event, ...]:
    """Anomalies of a tanker that takes another name, call sign and IMO number at sea."""
    return tuple(event for event in events("imo_changed") if event.identity)


@cache
def sighted() -> tuple[Event, ...]:
    """What others saw off Cho-do: tankers that are never heard, a boat, and one that a patrol names."""
    made = simulate("never_heard", 3, "normal")
    first = made.sightings[0]
    boat = msgspec.structs.replace(first, lon=124.8, lat=38.6, length=20.0, reference="BOAT", source="PATROL")
    unsized = msgspec.structs.replace(boat, lat=38.63, length=None, name="EXAMPLE", imo=9_074_729)
    core, found = Core(["a"], RULES), list[Event]()
    core.see([*made.sightings, boat, unsized])
    for frame in frames("a", made.lines):
        found += core.feed(frame).events
    return tuple(event for event in (*found, *core.end("a").events) if event.dark_vessel)


def position_anomalies() -> tuple[Event, ...]:
    """A tanker whose positions jump, and one whose position is frozen."""
    found = (*events("spoofed_twice"), *events("frozen_position"))
    return tuple(event for event in found if event.position_anomaly)


@cache
def dark_encounters() -> tuple[Event, ...]:
    """Two tankers that are silent near each other for 16 hours. Both come back with other draughts; in a
    first recording only one of them does."""
    spans = (0, 8), (24, 30)
    first = silences.tanker(*spans, knots=1.0, draught=8.0, after=6.0)
    found: list[Event] = []
    for after in (4.0, 5.8):
        second = silences.tanker(*spans, knots=1.0, draught=4.0, after=after, mmsi=B, east=8000.0)
        found += silences.all_events(*first, *second, *silences.others((0, 30)))
    return tuple(event for event in found if event.dark_encounter)


@cache
def tug_lines() -> tuple[str, ...]:
    """The transfer off Cho-do, but nobody heard what the partner is, until it says that it is a tug."""
    lines, end = _cho_do()
    met = next(event.encounter for event in events("cho_do") if event.encounter)
    mmsi = int(met.vessel.ssvid)
    name = [(ord(letter) & 63, 6) for letter in "HARBOUR TUG".ljust(20, "@")]
    text, _ = payload(
        (5, 6), (0, 2), (mmsi, 30), (0, 2), (0, 30), (0, 42), *name, (TUG, 8),
        (0, 30), (0, 4), (0, 20), (0, 8), (0, 120), (0, 1), (0, 1),
    )  # fmt: skip
    lines = [line for line in lines if f",{text[:6]}" not in line]
    for number in range(6):
        time = end + number * 10 * MINUTE
        for part, (at, fill) in enumerate(((text[:60], 0), (text[60:], 2)), 1):
            lines.append(tag(time) + sentence(at, fill, total=2, number=part, sequence=str(number)))
    return tuple(lines)


def _cho_do() -> tuple[list[str], Millis]:
    lines = list(recording("cho_do"))
    return lines, max(int(line.partition("c:")[2][:10]) for line in lines if "c:" in line) * SECOND


def published(found: Sequence[Event]) -> list[OutgoingRecord]:
    """Events as messages."""
    merger = CaseOperator(RULES, TOPICS)
    facts = FactsFrame(wire.VERSION, "meetings", Origin(0, 0, 0), END, list(found))
    return merger.process(wire.encode(facts), 0)


@cache
def crossings() -> tuple[Event, ...]:
    """An entry into a drawn fence off Nampo, and the exit."""
    rules = Rules(RULES.settings, (*RULES.surroundings.fences, DRAWN), RULES.watchlist)
    core, found = Core(["a"], rules), list[Event]()
    for frame in frames("a", simulated.recording("full_run", 1)[-3500:]):
        found += core.feed(frame).events
    found += core.end("a").events
    kinds = ("fence_entry", "fence_exit")
    return tuple(next(event for event in found if event.type == kind) for kind in kinds)


DRAWN: Final = Fence(
    "drawn-0123456789ab",
    "Roads off Nampo",
    FenceKind.DRAWN,
    None,
    None,
    Policy.SCORE,
    "drawn by Kim",
    box(124.5, 38.4, 125.2, 38.9),
    valid_from=from_text("2024-10-30T00:00:00Z"),
)


def registration() -> Registration:
    return Registration(wire.VERSION, "roof", "udp://:10110")


def raw_frames() -> list[RawFrame]:
    lines = "".join(f"{line}\n" for line in recording("cho_do")[:2]).encode()
    start = 1_705_795_200_000
    return [
        RawFrame(wire.VERSION, "roof", "lines", 0, data=lines, received=[start, start + 40]),
        RawFrame(wire.VERSION, "roof", "idle", 0, first_line=3, received=[start + 5_000]),
        RawFrame(wire.VERSION, "roof", "end", 0, first_line=3),
        RawFrame(wire.VERSION, "roof", "lines", 0, data=b"!AIVDM,\n", cuts=[(0, 5_000, "0" * 64)]),
    ]


def as_json(message: msgspec.Struct) -> Any:
    """A message in MessagePack as what it says in JSON: binary as base64."""
    return msgspec.json.decode(msgspec.json.encode(msgspec.msgpack.decode(wire.encode(message))))


@cache
def instants() -> tuple[Instant, ...]:
    """Ticks and identities of the transfer off Cho-do, as they travel to the sink."""

    class Registered:
        def up_to(self, offset: int) -> list[str]:
            return ["a"]

    decoder = DecoderOperator(0, 1, Settings(), TOPICS)
    vessels = VesselOperator(0, Registered(), RULES, TOPICS)
    data = "".join(f"{line}\n" for line in recording("cho_do")).encode()
    raw = [
        RawFrame(wire.VERSION, "a", "lines", 0, data=data),
        RawFrame(wire.VERSION, "a", "end", 0),
    ]
    reports = [out for at, frame in enumerate(raw) for out in decoder.process(wire.encode(frame), at)]
    reports = [out for out in reports if out.topic == TOPICS.reports]
    outs = [out for at, frame in enumerate(reports) for out in vessels.process(frame.value, at)]
    ticks = [wire.decode(out.value, TicksFrame) for out in outs if out.topic == TOPICS.ticks]
    return tuple(part.instant() for frame in ticks for part in frame.instants)


def rejects() -> list[Reject]:
    """What a decoder makes of garbage."""
    decoder = Decoder("a.nmea", DecoderSettings())
    decoder.feed(Frame("a.nmea", DATA))
    decoder.end()
    return list(decoder.advance(decoder.watermark).rejects)


def dead_letters() -> list[OutgoingRecord]:
    """Of lines, by the host of a decoder; and of what is no frame, by the runner."""
    host = DecoderOperator(0, 1, Settings(), TOPICS)
    outs = [
        *host.process(wire.encode(RawFrame(wire.VERSION, "roof", "lines", 0, data=DATA)), 7),
        *host.process(wire.encode(RawFrame(wire.VERSION, "roof", "end", 0)), 8),
    ]
    return [*(out for out in outs if out.topic == TOPICS.rejects), *asyncio.run(_no_frames())]


async def _no_frames() -> list[OutgoingRecord]:
    sent: list[OutgoingRecord] = []

    async def send(out: OutgoingRecord) -> Any:
        sent.append(out)
        there: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        there.set_result(None)
        return there

    class Nothing:
        async def take_over(self) -> StoredState:
            return StoredState(-1, {})

        async def save(self, *_: Any) -> None: ...

    runner = PartitionRunner(
        TOPICS.raw,
        lambda number: DecoderOperator(number, 1, Settings(), TOPICS),
        lambda _: cast(Checkpoint, Nothing()),
        send,
        TOPICS,
        500,
    )
    await runner.load({0: 0})
    await runner.take(0, 0, b"\xc1 no MessagePack")
    await runner.take(0, 1, wire.encode(RawFrame(99, "roof", "lines", 0)))
    await runner.checkpoint()
    return sent


def headers(out: OutgoingRecord) -> dict[str, str]:
    return {name: value.decode() for name, value in out.headers.items()}
