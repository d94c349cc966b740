"""Evidence for what happened at a drawn fence: the archive has the fence as the workers got it."""

import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from geofences.drawn import fences_of
from geofences.fence import dump_fences
from models.drawn_fence import FenceVersion
from models.event import Event, EventType, from_json
from models.source_hints import SourceHints
from models.time import from_text
from streams.archive.folder import open_folder
from streams.archive.follow import Follower, FollowSettings
from streams.cli.archive.drawn import with_drawn_fences
from streams.cli.main import run
from streams.cli.options.detection import DetectionOptions, load_detection
from streams.cli.options.inputs import InputOptions, find_recordings
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.wire import RawFrame, Registration
from streams.evidence import members, rerun
from streams.pipeline.operator import OutgoingRecord
from tests.scenarios.runs import RULES, frames
from tests.streams.pipeline.test_drawn_on_topics import drawn, frame_of, part
from tests.streams.pipeline.test_operators import TOPICS, Cluster


def raw_frames() -> list[bytes]:
    """A tanker's call at Nampo, with a fence around it that was drawn before midnight, and one after it."""
    begins, ends = "2024-10-30T11:00:00Z", "2024-11-01T01:00:00Z"
    sent = [
        RawFrame(wire.VERSION, "a", "lines", 0, frame.first_line, frame.data)
        for frame in frames("a", part(begins, ends), 40)
    ]
    early, late = drawn(1, begins), drawn(1, begins, id="drawn-2", name="Roads, again")
    broken = RawFrame(wire.VERSION, "drawn fences", "fences", -1, 1, b'{"id":"drawn-3"}\n')
    middle = len(sent) // 2
    sent = [sent[0], broken, frame_of(early), *sent[1:middle], frame_of(late), *sent[middle:]]
    return [wire.encode(each) for each in (*sent, RawFrame(wire.VERSION, "a", "end", 0))]


def published(sent: list[bytes]) -> list[bytes]:
    """What the operators make of these frames."""
    cluster = Cluster(1, 1, seed=3, crashes=0.0)
    for value in sent:
        cluster.send(OutgoingRecord(TOPICS.raw, value, 0))
    cluster.run()
    return cluster.events


def archive(path: Path, sent: list[bytes], events: list[bytes]) -> None:
    def take(topic: str, offset: int, value: bytes) -> None:
        record: Any = SimpleNamespace(value=value, offset=offset, timestamp=1_000 + offset)
        follower._take(TopicPartition(topic, 0), record)

    with open_folder(path) as folder:
        follower = Follower(Deployment(), folder, FollowSettings(), RULES)
        take(TOPICS.sources, 0, wire.encode(Registration(wire.VERSION, "a", "made up")))
        for offset, value in enumerate(sent):
            take(TOPICS.raw, offset, value)
        for offset, value in enumerate(events):
            take(TOPICS.events, offset, value)
        folder.manifest.complete = 10**6
        follower._writer.commit()
        assert follower._snapshots is not None
        while follower._snapshots.advance(10):
            pass
        follower._writer.commit()


def test_crossings_of_a_drawn_fence_are_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rerun, "land_clip", lambda *_: {"type": "MultiPolygon", "coordinates": []})
    sent = raw_frames()
    events = published(sent)
    crossings: list[Event] = [event for event in map(from_json, events) if event.fence_crossing]
    assert {(event.type, event.fence_crossing.fence) for event in crossings if event.fence_crossing} == {
        (kind, fence)
        for kind in (EventType.FENCE_ENTRY, EventType.FENCE_EXIT)
        for fence in ("drawn-1", "drawn-2")
    }
    path, out = tmp_path / "archive", tmp_path / "evidence.zip"
    archive(path, sent, events)
    made = run(["evidence", *(event.id for event in crossings), "--archive", str(path), "--out", str(out)])
    assert made == 0, capsys.readouterr().err
    assert run(["evidence", "check", str(out)]) == 0, capsys.readouterr().err
    with zipfile.ZipFile(out) as bundle:
        about = msgspec.json.decode(bundle.read(members.BUNDLE))
        assert [source["name"] for source in about["sources"]] == ["a"]
        assert b"drawn-1" in bundle.read(members.SNAPSHOT)
        drawn_later = bundle.read(members.ORDER)
    assert b"drawn-2" in drawn_later
    assert b"drawn-1" not in drawn_later
    recordings = find_recordings([str(path)], InputOptions(), archives=True)
    assert set(recordings.read) < set(recordings.files)  # of those of fences no progress is told
    archive(tmp_path / "fences", [wire.encode(frame_of(drawn(1, "2024-10-30T11:00:00Z")))], [])
    assert run(["replay", str(tmp_path / "fences")]) == 2
    assert "nothing to replay" in capsys.readouterr().err
    replayed = tmp_path / "events.jsonl"
    assert run(["replay", str(path), "--out", str(replayed)]) == 0
    assert "drawn fences of the archive (Roads, Roads, again) count from" in capsys.readouterr().err
    found = [event for event in map(from_json, replayed.read_bytes().splitlines()) if event.fence_crossing]
    assert {of_first(event) for event in found} == {of_first(event) for event in crossings}
    later = {event.fence_crossing.fence for event in found if event.fence_crossing}
    assert later == {"drawn-1", "drawn-2"}


def of_first(event: Event) -> tuple[str, ...] | None:
    """What a crossing of the first fence says; None for others."""
    crossing = event.fence_crossing
    return None if crossing is None or crossing.fence != "drawn-1" else (event.id, event.type, crossing.after)


def test_a_file_of_before_an_edit_is_taken_on_with_what_the_archive_has(tmp_path: Path) -> None:
    first = drawn(1, "2024-10-30T11:00:00Z")
    edited = drawn(2, "2024-10-30T12:00:00Z", name="Roads, wider")
    deleted = drawn(3, "2024-10-30T13:00:00Z", deleted=True)
    file, sent = tmp_path / "drawn.geojson", raw_frames()
    file.write_text(dump_fences(fences_of([first])))
    options = DetectionOptions(fence=[str(file)])
    cases: list[tuple[list[FenceVersion], list[int | None]]] = [
        ([], [None]), ([edited], [12, None]), ([edited, deleted], [12, 13]), ([deleted], [13]),
    ]  # fmt: skip
    for number, (later, hours) in enumerate(cases):
        path = tmp_path / f"archive-{number}"
        archive(path, [sent[0], *(wire.encode(frame_of(each)) for each in (first, *later)), *sent[3:]], [])
        recordings = find_recordings([str(path)], InputOptions(), archives=True)
        fences = with_drawn_fences(load_detection(options, SourceHints()), recordings).rules.drawn
        ends = [None if hour is None else from_text(f"2024-10-30T{hour}:00:00Z") for hour in hours]
        assert [fence.valid_to for fence in fences if fence.id == "drawn-1"] == ends
