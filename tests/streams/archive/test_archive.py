"""Archives: whatever ends the writer, nothing is lost or there twice; raw frames replay to the same."""

import asyncio
import json
import os
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.event import to_json
from models.time import MINUTE
from streams.archive import folder as folders
from streams.archive.folder import ArchiveError, archived, open_folder, read_manifest
from streams.archive.raw import read_frames
from streams.archive.raw_names import RAW
from streams.archive.tables import SCHEMAS
from streams.archive.writer import Writer
from streams.cli.main import run
from streams.deployment import wire
from streams.deployment.wire import RawFrame
from tests.scenarios.runs import frames
from tests.streams.contracts.recorded import recording
from tests.streams.deployments import make_topics, new_deployment, process, send, ticks_frame
from tests.streams.factories import START, event, tick
from tests.streams.feed.recorded import found
from tests.waiting import PATIENCE, wait_until


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    """All archived rows of a table."""
    parts = [pq.ParquetFile(each).read() for each in archived(path, read_manifest(path), table, ".parquet")]
    found: list[dict[str, Any]] = pa.concat_tables([SCHEMAS[table].empty_table(), *parts]).to_pylist()
    return found


def raw_lines(path: Path) -> list[tuple[str, int, bytes]]:
    """All archived lines, with source and number."""
    return [
        (header.source, frame.number(index), line)
        for each in archived(path, read_manifest(path), RAW, ".zst")
        for header, frame in read_frames(each)
        for index, line in enumerate(frame.data.splitlines())
    ]


def commits(path: Path) -> int:
    return read_manifest(path).number if (path / "manifest.json").exists() else 0


def writes(path: Path, before: int) -> bool:
    """Whether a commit has begun, or was made since the one with this number."""
    return commits(path) > before or any(path.rglob("*/*.part"))


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("seed", range(6))
def test_a_writer_killed_anywhere_loses_and_doubles_nothing(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work goes on from what the manifest says, as the archiver does it."""
    chance = random.Random(seed)
    given = [event(number, minutes=number * 7 * 60) for number in range(40)]
    lines = recording("cho_do")[:400]

    def dies(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            if chance.random() < 0.02:
                raise Killed
            if chance.random() < 0.02:
                real(*arguments, **more)
                raise Killed
            return real(*arguments, **more)

        return call

    monkeypatch.setattr(os, "fsync", dies(lambda _: None))  # the machine goes on
    for owner, name in ((Path, "replace"), (Path, "write_bytes"), (pq, "write_table")):
        monkeypatch.setattr(owner, name, dies(getattr(owner, name)))
    path = tmp_path / "archive"
    killed = 0
    while True:
        try:
            with open_folder(path) as folder:
                writer = Writer(folder)
                at = folder.manifest.offsets.get("test", 0)
                while at < len(given):
                    until = min(at + chance.randint(1, 6), len(given))
                    for number in range(at, until):
                        writer.event(given[number])
                        for frame in frames("a", lines[number * 10 : number * 10 + 10], 10):
                            writer.frame(frame)
                    folder.manifest.offsets["test"] = at = until
                    writer.commit()
            break
        except Killed:
            killed += 1
    assert killed
    assert sorted(row["id"] for row in rows(path, "events")) == sorted(one.id for one in given)
    assert sorted(line for _, _, line in raw_lines(path)) == sorted(line.encode() for line in lines)
    assert not list(path.rglob("*.part"))


def test_files_of_a_commit_that_are_not_renamed_yet_are_read(tmp_path: Path) -> None:
    with open_folder(tmp_path) as folder:
        writer = Writer(folder)
        writer.event(event())
        writer.commit()
    (file,) = archived(tmp_path, read_manifest(tmp_path), "events", ".parquet")
    file.rename(file.with_name(file.name + ".part"))
    assert len(rows(tmp_path, "events")) == 1
    with open_folder(tmp_path):
        assert file.exists()


def test_folders_that_can_not_be_used_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "letter.txt").write_text("")
    with pytest.raises(ArchiveError, match="not empty, and no archive"), open_folder(tmp_path):
        pass
    busy = tmp_path / "busy"
    with open_folder(busy), pytest.raises(folders.ArchiveBusy, match="another process"), open_folder(busy):
        pass
    (tmp_path / "manifest.json").write_text(json.dumps({"format": "tankerwatch archive", "version": 99}))
    with pytest.raises(ArchiveError, match="version 99"):
        read_manifest(tmp_path)


def test_replay_archives_a_run_once_and_replays_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, out, again = tmp_path / "log.nmea", tmp_path / "out.jsonl", tmp_path / "again.jsonl"
    log.write_text("\n".join(recording("cho_do")) + "\n")
    path = tmp_path / "archive"
    for _ in range(2):
        assert run(["replay", str(log), "--archive", str(path), "--out", str(out)]) == 0
    assert "has this run already" in capsys.readouterr().err
    published = out.read_text().splitlines()
    assert sorted(row["json"] for row in rows(path, "events")) == sorted(published)
    instants, _ = found("cho_do")
    assert len(rows(path, "ticks")) == sum(len(instant.ticks) for instant in instants)
    assert len(rows(path, "identities")) == sum(len(instant.identities) for instant in instants)
    assert [line.decode() for *_, line in raw_lines(path)] == list(recording("cho_do"))
    assert {row["id"] for row in rows(path, "visits")} == {
        row["id"] for row in rows(path, "events") if row["type"] == "port_visit"
    }

    assert run(["replay", str(path), "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()

    assert run(["replay", str(path), "--archive", str(tmp_path / "other"), "--out", str(again)]) == 2
    assert "is archived already" in capsys.readouterr().err
    options = ["--archive", str(path), "--out", str(again)]
    assert run(["replay", str(log), "--bbox", "0,0,1,1", *options]) == 2
    assert "is in the archive" in capsys.readouterr().err
    assert run(["inspect", str(path)]) == 2
    assert "an archive; `tankerwatch replay" in capsys.readouterr().err


async def test_an_archiver_killed_at_any_moment_archives_every_message_once(
    tmp_path: Path, kafka: str
) -> None:
    """Real Kafka; stages that send again; the process is killed while it commits all the time."""
    deployment = new_deployment(kafka, "redis://127.0.0.1:1")
    await make_topics(deployment)
    chance, path, log = random.Random(1), tmp_path / "archive", tmp_path / "log"
    lines = recording("cho_do")[:3_000]
    made = list(frames("a", lines, 10))
    raw = [
        (b"a", wire.encode(RawFrame(wire.VERSION, "a", "lines", 0, one.first_line, one.data))) for one in made
    ]
    ticks = [
        (None, ticks_frame(number, [tick(273_000_000, number)], done=START + number * MINUTE))
        for number in range(300)
    ]
    events = [event(number, minutes=number) for number in range(300)]
    told = [(one.id.encode(), to_json(one)) for one in events]

    for start in range(0, 300, 100):
        chosen = slice(start, start + 100)
        await send(deployment, deployment.topics.raw, raw[chosen])
        # a restarted stage sends again what it sent last
        await send(deployment, deployment.topics.ticks, ticks[max(0, start - 20) : start + 100])
        await send(deployment, deployment.topics.events, told[max(0, start - 20) : start + 100])
        before = commits(path)
        with process(deployment, log, "archive", str(path), "--every", "0.1") as running:
            wait_until(partial(writes, path, before), "a commit, or one that has begun")
            # not for anything: the moment is to be any, soon or late in a commit, or after it
            await asyncio.sleep(chance.random() * chance.choice((0.02, 0.2, 2.0)))
            running.kill()
    with process(deployment, log, "archive", str(path), "--once") as running:
        assert await asyncio.to_thread(running.wait, PATIENCE) == 0, log.read_text()

    assert [line for *_, line in raw_lines(path)] == [line.encode() for line in lines]
    assert sorted(row["id"] for row in rows(path, "events")) == sorted(one.id for one in events)
    assert len(rows(path, "ticks")) == len({row["time"] for row in rows(path, "ticks")}) == 300
    assert read_manifest(path).gaps == []
