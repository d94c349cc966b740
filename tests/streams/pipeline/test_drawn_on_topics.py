"""Drawn fences through topics: what counts from when is announced, and with that a replay finds the same."""

from pathlib import Path

import msgspec
import pytest

from geofences.drawn import fences_of, read_outline
from geofences.fence import Fence, dump_fences, read_fences
from models.drawn_fence import FenceVersion
from models.event import Event, from_json, to_json
from models.time import HOUR, from_text, to_text
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.wire import RawFrame
from streams.pipeline.operator import OutgoingRecord
from streams.pipeline.operators import DecoderOperator
from streams.pipeline.rebuild import lacking
from streams.stages.core import Core
from streams.stages.rules import Rules
from tests.scenarios.runs import RULES, frames
from tests.scenarios.simulated import recording
from tests.streams.pipeline.test_operators import SETTINGS, TOPICS, Cluster

ROADS = (124.5, 38.4, 125.2, 38.9)
"""West, south, east, north of Nampo's roads, with room around."""


def drawn(version: int, since: str | None, box: tuple[float, ...] = ROADS, **other: object) -> FenceVersion:
    west, south, east, north = box
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = read_outline({"type": "Polygon", "coordinates": [ring]})
    made = FenceVersion(
        id="drawn-1",
        version=version,
        name="Roads",
        area=area,
        since=since,
        by="me",
        drawn=since or "2026-03-01T00:00:00Z",
    )
    return msgspec.structs.replace(made, **other)


def frame_of(version: FenceVersion) -> RawFrame:
    return RawFrame(wire.VERSION, "drawn fences", "fences", -1, 1, msgspec.json.encode(version) + b"\n")


def exported(versions: list[FenceVersion]) -> tuple[Fence, ...]:
    """As the file of an export says them, in which each version ends where the next one begins."""
    return read_fences(dump_fences(fences_of(versions)).encode(), "drawn.geojson")


def part(begin: str, end: str) -> list[str]:
    """The lines of a day in which a tanker calls at Nampo."""
    times = from_text(begin) // 1000, from_text(end) // 1000
    lines = [line for line in recording("full_run", 1) if "VDM,1,1," in line or "VDM,2," in line]
    told = [int(line.partition("c:")[2][:10]) if "c:" in line else times[0] for line in lines]
    return [line for line, time in zip(lines, told, strict=True) if times[0] <= time < times[1]]


def replayed(lines: list[str], fences: tuple[Fence, ...]) -> list[bytes]:
    core, events = Core(["a"], Rules(SETTINGS, (*RULES.surroundings.fences, *fences), RULES.watchlist)), []
    for frame in frames("a", lines, 300):
        events += core.feed(frame).events
    found: list[Event] = [*events, *core.end("a").events]
    return [to_json(event) for event in found]


@pytest.mark.parametrize(("raw", "spread", "crashes"), [(2, 3, 0.2)])
def test_a_replay_with_the_announced_fences_finds_what_the_pipeline_found(
    raw: int, spread: int, crashes: float
) -> None:
    lines = part("2024-10-31T11:00:00Z", "2024-11-01T03:00:00Z")
    parts = list(frames("a", lines, 300))
    events = list(map(from_json, replayed(lines, exported([drawn(1, "2000-01-01T00:00:00Z")]))))
    entries = [from_text(e.end) for e in events if e.type == "fence_entry" and e.end]
    exits = [from_text(event.end) for event in events if event.type == "fence_exit" and event.end]
    first, second = to_text(entries[0] - HOUR), to_text(entries[0] + HOUR)
    east = (124.8, *ROADS[1:])
    ask = [
        drawn(1, first),
        drawn(2, second, east, name="Roads, less"),
        drawn(2, second, name="too late"),  # somebody else was quicker
        drawn(3, to_text(exits[-1] + HOUR), east, deleted=True),
    ]
    cluster = Cluster(raw, spread, seed=5, crashes=crashes)
    for number, frame in enumerate(parts):
        send = RawFrame(wire.VERSION, "a", "lines", 0, frame.first_line, frame.data)
        cluster.send(OutgoingRecord(TOPICS.raw, wire.encode(send), 0))
        if number == 0:
            for version in ask:
                cluster.send(OutgoingRecord(TOPICS.raw, wire.encode(frame_of(version)), raw - 1))
    cluster.send(OutgoingRecord(TOPICS.raw, wire.encode(RawFrame(wire.VERSION, "a", "end", 0)), 0))
    cluster.run()
    assert (cluster.restarts > 0) is (crashes > 0)
    told = [msgspec.json.decode(data, type=FenceVersion) for data in cluster.logs[TOPICS.fences, 0]]
    versions = sorted({each.key: each for each in told}.values(), key=lambda each: each.key)
    assert [each.name for each in versions] == ["Roads", "Roads, less", "Roads"]
    assert cluster.events == replayed(lines, exported(versions))
    found = [event for event in map(from_json, cluster.events) if event.fence_crossing]
    assert {event.type for event in found} == {"fence_entry", "fence_exit"}
    assert {event.fence_crossing.version for event in found if event.fence_crossing} == {1, 2}


def test_a_fence_counts_where_nothing_waits_and_where_everything_has_ended() -> None:
    """Drawn before any data it counts with the first; after the last end at once, and with later data; while
    data comes, from the next instant on. A version that is sent again once its fence was deleted changes
    nothing."""
    lines = part("2024-10-31T11:00:00Z", "2024-11-01T03:00:00Z")
    half = len(lines) // 2
    cluster = Cluster(2, 3, seed=5, crashes=0.2)

    def send(*sent: RawFrame) -> list[FenceVersion]:
        for frame in sent:
            at = 1 if frame.kind == "fences" else 0
            cluster.send(OutgoingRecord(TOPICS.raw, wire.encode(frame), at))
        cluster.run()
        told = [msgspec.json.decode(data, type=FenceVersion) for data in cluster.logs[TOPICS.fences, 0]]
        return sorted({each.key: each for each in told}.values(), key=lambda each: each.key)

    def data(name: str, registry: int, some: list[str], ended: bool = True) -> list[RawFrame]:
        sent = [
            RawFrame(wire.VERSION, name, "lines", registry, each.first_line, each.data)
            for each in frames(name, some, 300)
        ]
        return [*sent, RawFrame(wire.VERSION, name, "end", registry)] if ended else sent

    assert send(frame_of(drawn(1, None))) == []  # nothing is known of when
    (first,) = send(*data("a", 0, lines[:half]))
    assert "2024-10-31T11:00:00Z" <= (first.valid_from or "") <= "2024-10-31T12:00:00Z"
    east = (124.8, *ROADS[1:])
    _, second = send(frame_of(drawn(2, first.valid_from, east)))  # late, and after the end
    assert second.valid_from is not None
    assert second.valid_from > "2024-10-31T12:00:00Z"
    send(*data("b", 1, lines[half:-300], ended=False))
    send(frame_of(drawn(3, first.valid_from, deleted=True)))
    versions = send(*data("b", 1, lines[-300:]))
    assert [each.deleted for each in versions] == [False, False, True]
    assert (versions[2].valid_from or "") > second.valid_from
    assert send(frame_of(drawn(2, None, name="again"))) == versions
    found = [event for event in map(from_json, cluster.events) if event.fence_crossing]
    expected = [e for e in map(from_json, replayed(lines, exported(versions))) if e.fence_crossing]
    assert found
    assert {(e.id, e.end) for e in found} == {(e.id, e.end) for e in expected}


def test_a_line_that_is_no_fence_is_a_dead_letter() -> None:
    good = drawn(1, "2024-03-01T12:00:00Z")
    bad = msgspec.structs.replace(good, since="soon")
    data = b"".join(msgspec.json.encode(each) + b"\n" for each in (good, bad)) + b"{}\n"
    frame = RawFrame(wire.VERSION, "drawn fences", "fences", -1, 1, data)
    out = DecoderOperator(0, 2, SETTINGS, TOPICS).process(wire.encode(frame), 0)
    assert [each.topic for each in out] == [TOPICS.reports, TOPICS.rejects, TOPICS.rejects]
    assert wire.decode(out[0].value, wire.ReportsFrame).drawn == [good]
    assert all(each.headers["reason"].startswith(b"no_fence: ") for each in out[1:])


def test_a_rebuild_warns_of_drawn_fences_that_its_files_lack(tmp_path: Path) -> None:
    versions = [
        drawn(1, "2024-10-31T12:00:00Z"),
        drawn(1, "2024-10-31T12:00:00Z", id="gone"),
        drawn(2, "2024-10-31T13:00:00Z", id="gone", deleted=True),
    ]
    (warning,) = lacking(versions, Deployment())
    assert "Roads (drawn-1)" in warning
    assert "gone" not in warning
    file = tmp_path / "drawn.geojson"
    file.write_text(dump_fences(fences_of(versions[:1])))
    assert not lacking(versions, Deployment(fences=str(file)))
    edited = [versions[0], drawn(2, "2024-10-31T14:00:00Z", name="Roads, wider")]
    (warning,) = lacking(edited, Deployment(fences=str(file)))
    assert "Roads, wider (drawn-1)" in warning
    deleted = [versions[0], drawn(2, "2024-10-31T14:00:00Z", deleted=True)]
    (warning,) = lacking(deleted, Deployment(fences=str(file)))
    assert "Roads (drawn-1, deleted)" in warning
    file.write_text(dump_fences(fences_of(deleted)))  # in which the fence ends where it was deleted
    assert not lacking(deleted, Deployment(fences=str(file)))
