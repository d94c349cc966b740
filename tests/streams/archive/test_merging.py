"""Merging: one raw file in the place of many. Whatever ends the archiver, each frame is there once."""

import errno
import hashlib
import os
import random
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.frame import Frame
from models.time import DAY, HOUR
from streams.archive import folder as folders
from streams.archive import merging
from streams.archive.folder import archived, open_folder, read_manifest
from streams.archive.hashes import HASHES, held, lineage, read
from streams.archive.journal import SOURCES, Journal, Position
from streams.archive.live_evidence import check_hashes
from streams.archive.merging import Merging
from streams.archive.raw import REGISTERED, Place
from streams.archive.raw_names import commits_of, is_merged
from streams.archive.retention import Retention
from streams.archive.source import archived_sources
from streams.archive.writer import Writer
from streams.recordings.content import Access
from tests.scenarios.runs import frames
from tests.scenarios.simulated import recording
from tests.streams.archive.test_archive import Killed

LINES = recording("full_run", 1, "none")[:3_000]


def raw_files(path: Path) -> list[Path]:
    return archived(path, read_manifest(path), "raw", ".zst")


def told(path: Path, position: Position | None = None) -> list[tuple[int, int, bytes]]:
    """The lines of an archive in the order of its journal, with the sources that register and end."""
    steps = Journal(path, position).steps()
    return [(len(each.registers), each.ends, each.lines.data if each.lines else b"") for each in steps]


def merged(path: Path, later: int = 2 * HOUR, worked_off: int | None = None) -> None:
    with open_folder(path) as opened:
        writer = Writer(opened)
        work = Merging(opened, lambda: worked_off)
        while made := work.make(folders.utc_now() + later, opened.manifest):
            assert made.adopt(writer)
            writer.commit()


@pytest.fixture(scope="module")
def separate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sources in one partition and one in another, in commits of their own."""
    path = tmp_path_factory.mktemp("merging") / "archive"
    blocks = list(frames("any", LINES, 50))
    with open_folder(path) as opened:
        opened.manifest.kind = "kafka"
        writer = Writer(opened)
        offsets = {0: 0, 1: 0}
        for number, block in enumerate(blocks):
            partition = number % 3 // 2
            frame = Frame(("one", "two", "three")[number % 3], block.data, block.first_line)
            writer.frame(frame, at=Place(partition, offsets[partition], 1_000 + number, -1))
            offsets[partition] += 1
            if number % 4 == 3:
                writer.commit()
        writer.commit()
    return path


def test_the_same_frames_come_from_fewer_files_from_any_place_and_hashes_prove_them(
    separate: Path, tmp_path: Path
) -> None:
    path = tmp_path / "archive"
    shutil.copytree(separate, path)
    before, small = told(path), raw_files(path)
    cursor = Journal(path)
    steps = cursor.steps()
    places = [cursor.position for _ in steps]
    last = commits_of(small[-1]).last
    merged(path, worked_off=last // 2)
    assert all(commits_of(each).last <= last // 2 for each in raw_files(path) if is_merged(each))
    assert told(path) == before
    merged(path)
    after = raw_files(path)
    series = {(each.parent, each.name.partition("-")[2].partition(".zst")[0]) for each in small}
    assert len(after) == len(series) < len(small)
    assert told(path) == before
    for place in places[:: len(places) // 5]:
        assert told(path, place) == told(separate, place)
    for one, other in zip(archived_sources(path), archived_sources(separate), strict=True):
        sent, expected = (list(each.source(Access()).frames) for each in (one, other))
        assert [each.data for each in sent] == [each.data for each in expected]
    rows = read(path / HASHES, read_manifest(path).chain)[0]
    assert sorted(held(rows)) == sorted(str(each.relative_to(path)) for each in after)
    parts = [part.file for found in lineage(rows)[1].values() for part in found]
    single = {str(each.relative_to(path)) for each in after if not is_merged(each)}
    assert sorted([*parts, *single]) == sorted(str(each.relative_to(path)) for each in small)
    assert check_hashes(path) == (len(after), [])


def test_registrations_come_in_their_order_whatever_the_days_of_their_files(tmp_path: Path) -> None:
    """A source registers with the day of its last line, and others meanwhile with those of theirs."""
    path, offsets, registrations = tmp_path / "archive", count(), count()
    with open_folder(path) as opened:
        opened.manifest.kind = "kafka"
        writer = Writer(opened)

        def send(source: str, day: int, registry: int) -> None:
            at = next(offsets)
            line = Frame(source, b"!\n", received=np.array([day * DAY], np.int64))
            writer.frame(line, at=Place(0, at, at, registry))

        send("old", 1, -1)
        send("new", 2, -1)
        writer.commit()
        registering = (("new",), ("old",), ("new",), ("new", "old"))
        for sources in registering:
            for source in sources:
                at = next(registrations)
                writer.frame(Frame(source, b""), kind=REGISTERED, at=Place(SOURCES, at, 0, at))
            writer.commit()
        for registry in range(next(registrations)):
            send("new", 2, registry)
        send("late", 3, registry)
        writer.commit()
    for _ in ("separate", "merged"):
        files: list[Path] = []
        steps = Journal(path, on_file=files.append).steps()
        found = [next(steps).registers]
        assert "date=1970-01-04" not in {each.parent.name for each in files}  # opened when it is its turn
        found += [each.registers for each in steps]
        assert found == [(), (), *((source,) for sources in registering for source in sources), ()]
        merged(path)


def test_what_a_merged_file_was_not_made_of_is_found(separate: Path, tmp_path: Path) -> None:
    """Also where its own row fits, as whoever writes the rows can make it."""
    path = tmp_path / "archive"
    shutil.copytree(separate, path)
    merged(path)
    whole = next(filter(is_merged, raw_files(path)))
    data = bytearray(whole.read_bytes())
    data[len(data) // 2] ^= 1
    name = str(whole.relative_to(path))
    with open_folder(path) as opened:
        writer = Writer(opened)
        writer.folder.part(name).write_bytes(data)
        writer.written(name, "raw", len(data), hashlib.sha256(data))
        writer.commit()
    (fault,) = check_hashes(path)[1]
    assert "was not made of raw/date=" in fault


def test_what_was_changed_stays_as_it_is_and_the_rest_is_merged(separate: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive"
    shutil.copytree(separate, path)
    changed = raw_files(path)[1]
    changed.write_bytes(changed.read_bytes()[:-1] + b"!")
    merged(path)
    assert changed in raw_files(path)
    assert any(map(is_merged, raw_files(path)))
    assert not list(path.rglob("*.part"))


def test_where_the_rows_were_changed_nothing_is_merged_and_they_are_read_once(
    separate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, reads = tmp_path / "archive", 0
    shutil.copytree(separate, path)
    rows, small = path / HASHES, raw_files(path)
    rows.write_bytes(rows.read_bytes().replace(b'"bytes":', b'"bytes":1', 1))

    def counted(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(*arguments)

    monkeypatch.setattr(merging, "read", counted)
    with open_folder(path) as opened:
        work, later = Merging(opened, lambda: None), folders.utc_now() + 2 * HOUR
        assert not any(work.make(later, opened.manifest) for _ in range(3))
    assert raw_files(path) == small
    assert reads == 1


def test_they_are_kept_as_long_as_they_would_have_been(
    separate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, now = tmp_path / "archive", folders.utc_now()
    shutil.copytree(separate, path)
    for module in ("folder", "retention", "writer"):
        monkeypatch.setattr(f"streams.archive.{module}.utc_now", lambda: now + 10 * DAY)
    merged(path)
    with open_folder(path) as opened:
        writer = Writer(opened)
        Retention(opened, 9).apply(writer)
        assert set(writer.leaving) == {str(each.relative_to(path)) for each in raw_files(path)}
        writer.commit()
    assert raw_files(path) == []
    assert check_hashes(path) == (0, [])


@pytest.mark.parametrize("seed", range(3))
def test_killed_anywhere_nothing_is_lost_or_doubled(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(merging, "MANY", 4)
    path, killed = tmp_path / "archive", 0
    given = list(frames("a", LINES[:1_600], 40))

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

    def done() -> int:
        return read_manifest(path).offsets.get("test", 0)

    def readers_agree() -> bool:
        """At every moment a reader has each frame once that a commit has, and no other."""
        return [lines for _, _, lines in told(path)] == [frame.data for frame in given[: done()]]

    with open_folder(path) as opened:
        opened.manifest.kind = "kafka"
        opened.replace_manifest()
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the machine goes on
    monkeypatch.setattr(Path, "replace", dies(Path.replace))
    while done() < len(given) or killed < 3:
        try:
            with open_folder(path) as opened:
                writer = Writer(opened)
                work = Merging(opened, lambda: None)
                for _ in range(chance.randint(1, 8)):
                    at = opened.manifest.offsets.get("test", 0)
                    for number in range(at, min(at + 2, len(given))):
                        place = Place(0, number, number, -1)
                        writer.frame(given[number], at=place)
                    opened.manifest.offsets["test"] = min(at + 2, len(given))
                    if made := work.make(folders.utc_now(), opened.manifest):
                        made.adopt(writer)
                    writer.commit()
        except Killed:
            killed += 1
    assert readers_agree()
    monkeypatch.undo()
    with open_folder(path):  # what the last one left is finished
        pass
    assert readers_agree()
    assert any(map(is_merged, raw_files(path)))
    assert check_hashes(path) == (len(raw_files(path)), [])
    assert not list(path.rglob("*.part"))


def test_where_there_is_no_room_for_the_one_the_others_stay_until_there_is(
    separate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "archive"
    shutil.copytree(separate, path)
    small = raw_files(path)

    def full(_: Path) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(merging, "_chunks", full)
        merged(path)
    assert raw_files(path) == small
    assert not list(path.rglob("*.part"))
    merged(path)
    assert len(raw_files(path)) < len(small)
