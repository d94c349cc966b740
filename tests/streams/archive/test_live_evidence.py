"""Evidence for events of a deployment: from its archive alone, others get the same events again."""

import asyncio
import random
import shutil
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import msgspec
import pytest
import zstandard
from aiokafka import AIOKafkaProducer

from models.event import Event, to_json
from models.frame import Frame
from models.time import DAY, from_text
from streams.archive import folder as folders
from streams.archive.events import archived_events
from streams.archive.folder import ArchiveError, Folder, archived, open_folder, read_manifest
from streams.archive.hashes import HASHES, held, read
from streams.archive.journal import Journal, Position
from streams.archive.live_evidence import check_hashes
from streams.archive.raw import REGISTERED, Place, read_frames
from streams.archive.retention import Retention
from streams.archive.snapshots import SnapshotMaker, load_snapshot, snapshots
from streams.archive.writer import Writer
from streams.cli.main import run
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.wire import RawFrame
from streams.evidence import members, rerun
from streams.evidence.live import live_arrivals
from streams.recordings.replay import Replay
from streams.stages.core import Core
from tests.scenarios.runs import RULES, find, frames
from tests.scenarios.simulated import recording
from tests.streams.archive.test_archive import commits, writes
from tests.streams.deployments import make_topics, new_deployment, process, reading, register
from tests.waiting import PATIENCE, eventually, wait_until

Streams = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _no_coast(monkeypatch: pytest.MonkeyPatch) -> None:
    """A coast takes most of the time, and is the same in every report."""
    monkeypatch.setattr(rerun, "land_clip", lambda *_: {"type": "MultiPolygon", "coordinates": []})


LINES: Final = recording("full_run", 1, "none")[:5_000]
BLOCKS: Final = [LINES[at : at + 20] for at in range(0, len(LINES), 20)]
SOURCES: Final = {
    name: [line for block in BLOCKS[at::2] for line in block] for at, name in enumerate(("one", "two"))
}
"""The first days of a voyage, heard by two sources."""


def write(folder: Folder, seed: int) -> None:
    """Archive these sources as an archiver does that gets their frames in any order between partitions."""
    chance, writer = random.Random(seed), Writer(folder)
    folder.manifest.kind = "kafka"
    maker = SnapshotMaker(writer, RULES)
    for number, name in enumerate(SOURCES):
        writer.frame(Frame(name, b""), kind=REGISTERED, at=Place(-1, number, number, number))
    made = [
        [(name, frame, "lines") for frame in frames(name, lines, 100)] + [(name, Frame(name, b""), "end")]
        for name, lines in SOURCES.items()
    ]
    # they are sent in turn, and read as Kafka gives them out
    waiting = [
        [
            (each, Place(partition, offset, 1_000 + 2 * offset + partition, 1))
            for offset, each in enumerate(of)
        ]
        for partition, of in enumerate(made)
    ]
    while any(waiting):
        for _ in range(chance.randint(1, 30)):
            if mine := chance.choice(waiting):
                (_, frame, kind), at = mine.pop(0)
                writer.frame(frame, kind=kind, at=at)
        unread = [of[0][1].sent for of in waiting if of]
        folder.manifest.complete = min(unread, default=10**6) - 1
        writer.commit()
        while maker.advance(chance.randint(1, 20)):
            pass
    for event in EVENTS:
        writer.event(event)
    writer.commit()


EVENTS: Final[list[Event]] = []


@pytest.fixture(scope="module")
def deployment_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not EVENTS:
        EVENTS.extend(find({name: frames(name, lines, 100) for name, lines in SOURCES.items()}))
    path = tmp_path_factory.mktemp("archives") / "archive"
    with open_folder(path) as folder:
        write(folder, 1)
    return path


def evidence(path: Path, out: Path, ids: Sequence[str], *more: str) -> int:
    return run(["evidence", *ids, "--archive", str(path), "--out", str(out), *more])


def test_a_snapshot_does_not_depend_on_how_frames_were_archived(
    deployment_archive: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    with open_folder(other) as folder:
        write(folder, 2)
    one, two = ([load_snapshot(path) for path in snapshots(each)] for each in (deployment_archive, other))
    assert len(one) >= 2
    assert [(each.time, each.state, each.position.offsets) for each in one] == [
        (each.time, each.state, each.position.offsets) for each in two
    ]
    # and the rest of the journal gives the rest of the events
    for snapshot in one[-1:]:
        core, events = Core((), RULES), list[Event]()
        core.restore(snapshot.state)
        steps = Journal(deployment_archive, snapshot.position).steps()
        Replay(core, on_event=events.append).follow(live_arrivals(core.intake, steps))
        assert events
        assert EVENTS[-len(events) :] == events


def test_evidence_begins_with_the_last_snapshot_and_a_changed_byte_is_found(
    deployment_archive: Path, tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = EVENTS[-1].id
    first = next(event.detected for event in EVENTS if event.id == last)
    out = tmp_path / "evidence.zip"
    assert evidence(deployment_archive, out, [last]) == 0
    begins = max(
        one.time for one in map(load_snapshot, snapshots(deployment_archive)) if one.time < from_text(first)
    )
    with zipfile.ZipFile(out) as bundle:
        about = msgspec.json.decode(bundle.read(members.BUNDLE))
        assert about["snapshot_at"] == begins
        lines = [bundle.read(members.lines_of(number)).decode().splitlines() for number in (1, 2)]
        page = bundle.read(members.REPORT).decode()
    shown = msgspec.json.decode(page.partition('id="data">')[2].partition("</script>")[0])
    # some lines may have waited for their outcome when the state was taken, and some may now
    assert abs(shown["summary"]["lines"] - sum(map(len, lines))) < 50 < len(LINES) - sum(map(len, lines))
    assert {source["name"] for source in about["sources"]} == set(SOURCES)
    for source, mine in zip(about["sources"], lines, strict=True):
        heard = SOURCES[source["name"]]
        assert 0 < len(mine) < len(heard)
        at = heard.index(mine[0])
        assert heard[at : at + len(mine)] == mine
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    capsys.readouterr()
    assert run(["evidence", "check", str(out)]) == 0
    assert "the same byte for byte" in capsys.readouterr().out
    data = bytearray(out.read_bytes())
    data[len(data) // 2] ^= 1
    Path("changed.zip").write_bytes(data)
    assert run(["evidence", "check", "changed.zip"]) == 1


def test_minimal_evidence_has_only_the_lines_of_its_vessels(
    deployment_archive: Path, tmp_path: Path, capsys: Streams
) -> None:
    (met,) = {event.id for event in EVENTS if event.encounter}
    out = tmp_path / "minimal.zip"
    assert evidence(deployment_archive, out, [met], "--minimal") == 0
    capsys.readouterr()
    assert run(["evidence", "check", str(out)]) == 0
    assert "claimed positions and contacts come out again" in capsys.readouterr().out
    with zipfile.ZipFile(out) as bundle:
        claims = msgspec.json.decode(bundle.read(members.CLAIMS))["claims"]
        assert members.SNAPSHOT not in bundle.namelist()
    assert claims[0]["contact"]["instants"] > 10
    assert claims[0]["unprovedPositions"] == 0


@pytest.mark.parametrize("changed", ["raw", "snapshots", "rules", HASHES])
def test_an_archive_that_was_changed_is_named(
    deployment_archive: Path, tmp_path: Path, changed: str, capsys: Streams
) -> None:
    path = tmp_path / "archive"
    shutil.copytree(deployment_archive, path)
    count, faults = check_hashes(path)
    assert faults == []
    assert count > 10
    target = path / changed
    targets = sorted(target.rglob("*.zst")) if target.is_dir() else [target]
    for target in targets:
        data = bytearray(target.read_bytes())
        if changed == "raw":
            data[0] ^= 1  # so that not even its beginning can be read
        at = data.rfind(b'"sha256":"') + 12 if changed == HASHES else len(data) // 2
        data[at] = ord("0") if data[at] != ord("0") else ord("1")
        target.write_bytes(data)
    _, faults = check_hashes(path)
    assert all(any(target.name in fault for fault in faults) for target in targets)
    assert evidence(path, tmp_path / "evidence.zip", [EVENTS[-1].id]) == 2
    assert ("were changed" if changed == HASHES else "was changed since") in capsys.readouterr().err
    assert not (tmp_path / "evidence.zip").exists()


def test_what_the_stages_can_not_use_does_not_stop_the_archiver(
    deployment_archive: Path, tmp_path: Path
) -> None:
    """A damaged snapshot: the one before is taken. A damaged raw file: no more snapshots, but frames."""
    path = tmp_path / "archive"
    shutil.copytree(deployment_archive, path)
    made = snapshots(path)
    with open_folder(path) as folder:
        made[-1].write_bytes(b"damaged")
        writer = Writer(folder)
        maker = SnapshotMaker(writer, RULES)
        assert maker._position == load_snapshot(made[-2]).position
        other = load_snapshot(made[-2])
        for each in made[:-1]:  # of a version whose states had another form
            each.write_bytes(
                zstandard.compress(msgspec.msgpack.encode(msgspec.structs.replace(other, state=b"\x80")))
            )
        maker = SnapshotMaker(writer, RULES)
        assert maker._position == Position()
        for each in archived(path, folder.manifest, "raw", ".zst"):
            each.write_bytes(b"damaged")
        assert not maker.advance(10)
        assert not maker.advance(10)
        writer.frame(Frame("one", b"!"), at=Place(0, 1_000, 10**6, 1))
        writer.commit()


def test_what_was_kept_for_long_enough_is_deleted_and_hashes_say_so(
    deployment_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "archive"
    shutil.copytree(deployment_archive, path)
    before = held(read(path / HASHES, read_manifest(path).chain)[0])
    now = folders.utc_now()
    for module in ("folder", "retention", "writer"):
        monkeypatch.setattr(f"streams.archive.{module}.utc_now", lambda: now + 10 * DAY)
    with open_folder(path) as folder:
        writer = Writer(folder)
        Retention(folder, 11).apply(writer)
        assert writer.empty
        Retention(folder, 9).apply(writer)
        writer.commit()
        manifest = read_manifest(path)
        assert archived(path, manifest, "raw", ".zst") == []
        assert (path / next(name for name in before if name.startswith("raw/"))).exists()  # who reads it may
        rows = read(path / HASHES, manifest.chain)[0]
        assert {row.file for row in rows if row.what == "deleted"} == {
            name for name in before if not name.startswith("rules/")
        }
        monkeypatch.setattr("streams.archive.folder.utc_now", lambda: now + 11 * DAY)
        writer.commit()
    assert list(path.rglob("raw/*/*.zst")) == []
    assert check_hashes(path) == (1, [])
    assert list(archived_events(path)) != []


def test_only_the_archive_of_a_deployment_takes_the_place_of_recordings(
    deployment_archive: Path, tmp_path: Path, capsys: Streams
) -> None:
    out = tmp_path / "evidence.zip"
    assert run(["evidence", EVENTS[0].id, "--out", str(out)]) == 2
    assert "--archive" in capsys.readouterr().err
    assert evidence(deployment_archive, out, [EVENTS[0].id], "--events", "e.jsonl") == 2
    assert evidence(deployment_archive, out, ["0" * 24]) == 1
    assert "no event of the archive" in capsys.readouterr().err
    with pytest.raises(ArchiveError):
        check_hashes(tmp_path)


@pytest.mark.services
async def test_from_kafka_to_evidence_whatever_kills_the_archiver(
    deployment_archive: Path, kafka: str, redis_server: str, tmp_path: Path, capsys: Streams
) -> None:
    """Worker, sink and archiver as processes; the archiver is killed while it commits all the time."""
    deployment = msgspec.structs.replace(new_deployment(kafka, redis_server), raw_partitions=2)
    await make_topics(deployment)
    await register(deployment, *SOURCES)
    chance, path, log = random.Random(3), tmp_path / "archive", tmp_path / "log"
    sent = [
        (partition, encoded)
        for pair in zip(*(_raw_frames(name) for name in SOURCES), strict=False)
        for partition, encoded in enumerate(pair)
    ]
    rounds = 2
    with process(deployment, log, "worker"), process(deployment, log, "sink"):
        for number in range(rounds):
            before = commits(path)
            await _send(deployment, sent[len(sent) * number // rounds : len(sent) * (number + 1) // rounds])
            with process(deployment, log, "archive", str(path), "--every", "0.1") as running:
                await asyncio.to_thread(
                    wait_until, partial(writes, path, before), "a commit, or its beginning"
                )
                # not for anything: the moment is to be any, soon or late in a commit, or after it
                await asyncio.sleep(chance.random() * chance.choice((0.02, 0.2, 1.0)))
                running.kill()
        async with reading(deployment) as (events, _):

            async def over() -> bool:
                return len(await events.since(count=1000)) >= len(EVENTS)

            await eventually(over, "the events")
            assert [entry.json for entry in await events.since(count=1000)] == list(map(to_json, EVENTS))
    with process(deployment, log, "archive", str(path), "--once") as running:
        assert await asyncio.to_thread(running.wait, PATIENCE) == 0, log.read_text()
    count, faults = check_hashes(path)
    assert faults == []
    assert count > 5
    published = list(archived_events(path))
    offsets = [
        (placed.partition, placed.offset)
        for file in archived(path, read_manifest(path), "raw", ".zst")
        for placed in _places(file)
    ]
    assert len(set(offsets)) == len(offsets)
    ends = {name: offset for name, offset in read_manifest(path).offsets.items() if "raw" in name}
    assert len(offsets) == sum(ends.values()) + 2 == len(sent) + 2
    ids = [event.id for event in published if event.type in ("encounter", "chain")]
    out = tmp_path / "evidence.zip"
    capsys.readouterr()
    assert evidence(path, out, ids) == 0, capsys.readouterr().err
    assert run(["evidence", "check", str(out)]) == 0, capsys.readouterr().err


def _places(path: Path) -> list[Place]:
    return [header.at for header, _ in read_frames(path) if header.at is not None]


def _raw_frames(name: str) -> list[bytes]:
    made = [
        RawFrame(wire.VERSION, name, "lines", 1, frame.first_line, frame.data)
        for frame in frames(name, SOURCES[name], 100)
    ]
    return [wire.encode(frame) for frame in (*made, RawFrame(wire.VERSION, name, "end", 1))]


async def _send(deployment: Deployment, sent: Sequence[tuple[int, bytes]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=deployment.broker, acks="all") as producer:
        for partition, value in sent:
            await producer.send(deployment.topics.raw, value, partition=partition)
