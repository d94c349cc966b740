"""Compaction: one file in the place of many. Whatever ends the archiver, readers see each row once."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from models.time import DAY, HOUR, from_text
from streams.archive import compaction, folder
from streams.archive.compaction import Compaction
from streams.archive.database import Database
from streams.archive.events import archived_events
from streams.archive.folder import REMOVED_AFTER, archived, open_folder, read_manifest
from streams.archive.writer import Writer
from tests.streams.archive.test_archive import Killed
from tests.streams.factories import event

EVENTS = [event(number, minutes=number * 60) for number in range(60)]
LATER = from_text(EVENTS[-1].detected) + DAY


def files(path: Path) -> list[Path]:
    return archived(path, read_manifest(path), "events", ".parquet")


@pytest.mark.parametrize("seed", range(4))
def test_killed_anywhere_nothing_is_lost_or_doubled(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(compaction, "MANY", 5)
    path, written, killed = tmp_path / "archive", 0, 0

    def dies(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **more: Any) -> Any:
            assert readers_agree()
            if chance.random() < 0.1:
                raise Killed
            found = real(*arguments, **more)
            if chance.random() < 0.1:
                raise Killed
            return found

        return call

    def readers_agree() -> bool:
        """At every moment a reader sees each event once that a commit has, and no other."""
        seen = [one.id for one in archived_events(path)]
        known = [one.id for one in EVENTS[: read_manifest(path).offsets.get("test", 0)]]
        return sorted(seen) == sorted(known)

    with open_folder(path):
        pass
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine goes on
    monkeypatch.setattr(Path, "replace", dies(Path.replace))
    while written < len(EVENTS) or killed < 3:
        try:
            with open_folder(path) as opened:
                writer = Writer(opened)
                merging = Compaction(opened)
                for _ in range(chance.randint(1, 8)):
                    at = opened.manifest.offsets.get("test", 0)
                    for one in EVENTS[at : at + 2]:
                        writer.event(one)
                    opened.manifest.offsets["test"] = min(at + 2, len(EVENTS))
                    if made := merging.make(LATER, opened.manifest):
                        made.adopt(writer)
                    writer.commit()
        except Killed:
            killed += 1
        written = read_manifest(path).offsets.get("test", 0)
    assert readers_agree()
    assert any("merged" in each.name for each in files(path))


def test_a_past_day_becomes_one_file_and_the_others_go_an_hour_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "archive"
    with open_folder(path) as opened:
        writer = Writer(opened)
        merging = Compaction(opened)
        for one in EVENTS:
            writer.event(one)
            writer.commit()
        now = folder.utc_now()
        assert merging.make(from_text(EVENTS[0].detected), opened.manifest) is None  # nothing is past
        before, reader = len(files(path)), Database(path)
        while made := merging.make(now + 2 * HOUR, opened.manifest):
            assert made.adopt(writer)
            writer.commit()
        days = {each.parent for each in files(path)}
        assert len(files(path)) == len(days) < before == len(EVENTS)
        assert {each["id"] for each in reader.rows("SELECT id FROM events")} == {one.id for one in EVENTS}
        assert [row["id"] for row in Database(path).rows("SELECT id FROM revisions ORDER BY detected")] == [
            one.id for one in EVENTS
        ]
        assert len(list((path / "events").rglob("*.parquet"))) == len(EVENTS) + len(days)
        monkeypatch.setattr(folder, "utc_now", lambda: now + REMOVED_AFTER + HOUR)
        writer.commit()
    assert sorted((path / "events").rglob("*.parquet")) == files(path)
    assert sum(pq.ParquetFile(each).metadata.num_rows for each in files(path)) == len(EVENTS)


def test_a_day_with_a_damaged_file_is_left_out_and_others_are_merged(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    with open_folder(path) as opened:
        writer = Writer(opened)
        for one in EVENTS:
            writer.event(one)
            writer.commit()
        damaged = files(path)[0]
        damaged.write_bytes(b"damaged")
        of_its_day = [each for each in files(path) if each.parent == damaged.parent]
        merging, now = Compaction(opened), folder.utc_now()
        while made := merging.make(now + 2 * HOUR, opened.manifest):
            assert made.adopt(writer)
            writer.commit()
        writer.commit()
    left = files(path)
    assert [each for each in left if each.parent == damaged.parent] == of_its_day
    assert len(left) == len(of_its_day) + len({each.parent for each in left}) - 1
    assert not list(path.rglob("*.part"))
