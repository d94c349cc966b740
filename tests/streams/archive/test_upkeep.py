"""The archiver beside its upkeep, and on a disk that is full for a while; Kafka is a list of messages."""

import asyncio
import errno
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from models.event import to_json
from streams.archive import compaction, follow, upkeep
from streams.archive.compaction import Compaction
from streams.archive.events import archived_events
from streams.archive.folder import Folder, archived, open_folder, read_manifest
from streams.archive.follow import Follower, FollowSettings
from streams.archive.live_evidence import check_hashes
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.wire import RawFrame
from tests.streams.archive.test_archive import raw_lines
from tests.streams.deployments import new_deployment
from tests.streams.factories import event
from tests.waiting import PATIENCE

EVENTS = [event(number, minutes=number * 60) for number in range(30)]
LINES = [f"line {number}".encode() for number in range(30)]


class Messages:
    """As much of a consumer as the archiver uses: two events and a raw frame at a time."""

    def __init__(self, deployment: Deployment) -> None:
        self.events, self.raw = (
            TopicPartition(name, 0) for name in (deployment.topics.events, deployment.topics.raw)
        )
        self.values = {
            self.events: [to_json(each) for each in EVENTS],
            self.raw: [
                wire.encode(RawFrame(wire.VERSION, "a", "lines", 0, number + 1, line + b"\n"))
                for number, line in enumerate(LINES)
            ],
        }
        self.at = dict.fromkeys(self.values, 0)
        self.all_given = threading.Event()

    def assignment(self) -> set[TopicPartition]:
        return set(self.at)

    async def beginning_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(partitions, 0)

    async def end_offsets(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {each: len(self.values[each]) for each in partitions}

    async def position(self, partition: TopicPartition) -> int:
        return self.at[partition]

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.at[partition] = offset

    async def stop(self) -> None:
        pass

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        if self.at[self.events] == len(EVENTS):
            self.all_given.set()
        found = {}
        for partition, values in self.values.items():
            first, self.at[partition] = self.at[partition], min(self.at[partition] + 2, len(values))
            if records := [
                SimpleNamespace(value=values[offset], offset=offset, timestamp=1_000 + offset)
                for offset in range(first, self.at[partition])
            ]:
                found[partition] = records
        return found


@pytest.fixture
def deployment(monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setattr(compaction, "MANY", 5)
    monkeypatch.setattr(follow, "ROOM_SECONDS", 0.01)
    monkeypatch.setattr(upkeep, "EVERY_SECONDS", 0.0)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return new_deployment("127.0.0.1:1", "redis://127.0.0.1:1")


async def archive(deployment: Deployment, path: Path, messages: Messages, patch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: Any) -> None: ...

    async def read(*_: Any) -> Messages:
        return messages

    patch.setattr(follow, "ensure_topics", nothing)
    patch.setattr(follow, "reader", read)
    with open_folder(path) as folder:
        settings = FollowSettings(every_seconds=0.0, once=True, snapshots=False)
        await asyncio.wait_for(Follower(deployment, folder, settings).run(), PATIENCE)


def check(path: Path) -> None:
    assert sorted(each.id for each in archived_events(path)) == sorted(each.id for each in EVENTS)
    assert [line for *_, line in raw_lines(path)] == LINES
    assert check_hashes(path)[1] == []
    assert not list(path.rglob("*.part"))


def merged(path: Path) -> bool:
    found = archived(path, read_manifest(path), "events", ".parquet")
    return any("merged" in each.name for each in found)


async def test_what_comes_is_archived_while_a_file_is_being_made(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, messages, real = tmp_path / "archive", Messages(deployment), Compaction._merged
    made_after: list[int] = []

    def make(self: Compaction, *arguments: Any) -> Any:
        assert messages.all_given.wait(PATIENCE)
        made_after.append(read_manifest(path).offsets.get(f"{messages.events.topic}/0", 0))
        return real(self, *arguments)

    monkeypatch.setattr(Compaction, "_merged", make)
    await archive(deployment, path, messages, monkeypatch)
    assert made_after[0] == len(EVENTS)
    assert merged(path)
    check(path)


@pytest.mark.parametrize("full_for", [1, 7])
async def test_a_full_disk_is_waited_for_and_nothing_is_lost_or_doubled(
    full_for: int, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every write fails from some moment on, after a part of its bytes, until there is room again."""
    path, messages, real = tmp_path / "archive", Messages(deployment), Folder.part
    failed = 0

    def part(self: Folder, name: str) -> Path:
        nonlocal failed
        found = real(self, name)
        if self.manifest.number == 7 and failed < full_for:
            failed += 1
            with found.open("ab") as file:
                file.write(b"half of it")
            raise OSError(errno.ENOSPC, "No space left on device")
        return found

    monkeypatch.setattr(Folder, "part", part)
    await archive(deployment, path, messages, monkeypatch)
    assert failed == full_for
    assert merged(path)
    check(path)


async def test_without_room_for_one_file_the_many_stay_and_the_archiver_goes_on(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, messages = tmp_path / "archive", Messages(deployment)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(compaction, "check_room", full)
        await archive(deployment, path, messages, patch)
    assert not merged(path)
    check(path)
    messages.values[messages.events].append(to_json(EVENTS[0]))
    await archive(deployment, path, messages, monkeypatch)
    assert merged(path)
    check(path)
