"""Folders and archives: every file in them is a recording of its own."""

import gzip
import io
import os
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import zstandard

from streams.recordings.content import Access
from streams.recordings.errors import SourceError
from streams.recordings.inputs import find_inputs, given_twice
from streams.recordings.recording import Reading, Recording, open_recording
from tests.streams.recordings.test_recording import lines_of

FILES = {
    "day2.nmea": b"three\nfour",
    "day1.nmea.gz": gzip.compress(b"one\ntwo\n"),
    "deep/er/day3.nmea": b"five\r\n",
    "notes.txt": b"# notes\n",
    ".hidden": b"hidden\n",
}
READ = {
    "day1.nmea.gz": [b"one", b"two"],
    "day2.nmea": [b"three", b"four"],
    "deep/er/day3.nmea": [b"five\r"],
    "notes.txt": [b"# notes"],
}


def folder(path: Path) -> str:
    for name, data in FILES.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return str(path)


def zipped(path: Path, packing: int = zipfile.ZIP_DEFLATED) -> str:
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.mkdir("deep")
        for name, data in FILES.items():
            archive.writestr(name, data)
    return str(path)


def tar_of(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("link.nmea")
        link.type, link.linkname = tarfile.SYMTYPE, "day2.nmea"
        archive.addfile(link)
    return buffer.getvalue()


def tarred(path: Path, pack: Callable[[bytes], bytes] = bytes) -> str:
    path.write_bytes(pack(tar_of(FILES)))
    return str(path)


def read_all(path: str, glob: str = "*") -> dict[str, list[bytes]]:
    """The lines of every recording, by its name below the path."""
    found = [Recording(each.name, each.content, Reading()) for each in find_inputs([path], glob)]
    return {each.name.removeprefix(f"{path}/"): lines_of(list(each.frames())) for each in found}


MAKERS: dict[str, Callable[[Path], str]] = {
    "folder": folder,
    "zip": zipped,
    "zip stored": lambda path: zipped(path, zipfile.ZIP_STORED),
    "zip bzip2": lambda path: zipped(path, zipfile.ZIP_BZIP2),
    "tar": tarred,
    "tar.gz": lambda path: tarred(path, gzip.compress),
    "tar.zst": lambda path: tarred(path, zstandard.compress),
}


@pytest.mark.parametrize("kind", MAKERS)
def test_every_file_is_a_recording_and_the_glob_chooses(tmp_path: Path, kind: str) -> None:
    path = MAKERS[kind](tmp_path / "given")
    found = read_all(path)
    assert found == READ
    assert list(found) == sorted(READ)
    assert list(read_all(path, "*.nmea")) == ["day2.nmea", "deep/er/day3.nmea"]
    assert list(read_all(path, "deep/*/*")) == ["deep/er/day3.nmea"]
    assert read_all(path) == READ, "they can be read again"


def test_names_given_several_times_in_an_archive_are_kept_apart(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(tar_of({"a": b"old\n"})[:1024] + tar_of({"a": b"new\n"}))
    assert read_all(str(tmp_path / "a.tar")) == {"a": [b"old"], "a+": [b"new"]}


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "folder"])
def test_nothing_that_fits_is_told(tmp_path: Path, kind: str) -> None:
    path = MAKERS[kind](tmp_path / "given")
    with pytest.raises(SourceError, match=r"given: (is an archive without|holds no) files that fit"):
        read_all(path, "*.csv")


JOINED = [b"three", b"four", b"one", b"two", b"five\r", b"# notes"]
"""Of an archive that is read from its start: all files that are not hidden, in their order."""


@pytest.mark.parametrize("kind", ["tar", "tar.gz", "zip", "zip stored", "zip bzip2", "zip written to a pipe"])
def test_an_archive_on_standard_input_is_one_recording(tmp_path: Path, kind: str) -> None:
    data = zip_to_a_pipe(FILES) if kind not in MAKERS else Path(MAKERS[kind](tmp_path / "a")).read_bytes()
    frames = open_recording("-", Reading(Access(stdin=io.BytesIO(data)))).frames()
    assert lines_of(list(frames)) == JOINED


def zip_to_a_pipe(files: dict[str, bytes]) -> bytes:
    """Sizes and checksums stand behind each file, since nothing can be changed before it."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(cast(Any, pipe), "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return bytes(pipe.data)


def test_an_archive_within_an_archive_is_one_recording(tmp_path: Path) -> None:
    inner = Path(zipped(tmp_path / "inner.zip")).read_bytes()
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner.zip", inner)
        archive.writestr("inner.tgz", gzip.compress(tar_of(FILES)))
        archive.writestr("piped.zip", zip_to_a_pipe(FILES))
    assert read_all(str(path)) == dict.fromkeys(("inner.tgz", "inner.zip", "piped.zip"), JOINED)


def read_broken(path: Path) -> tuple[list[bytes], list[str]]:
    """Lines of all recordings, and what is wrong with them."""
    lines, faults = [], []
    for each in find_inputs([str(path)]):
        try:
            for frame in Recording(each.name, each.content, Reading(frame_lines=100)).frames():
                lines += lines_of([frame])
        except SourceError as error:
            faults.append(str(error))
    return lines, faults


LONG = b"".join(b"%06d %s\n" % (number, os.urandom(20).hex().encode()) for number in range(20_000))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["tar", "tar.gz"])
def test_a_tar_archive_that_breaks_off_gives_what_is_there(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    whole = pack(tar_of({"first": b"one\n", "second": LONG}))
    path = tmp_path / "cut.tar"
    path.write_bytes(whole[: len(whole) // 2])
    lines, faults = read_broken(path)
    assert lines[:5_000] == [b"one", *LONG.split(b"\n")[:4_999]]
    assert any("breaks off" in fault for fault in faults)


def test_a_member_that_is_corrupt_in_a_zip_archive_leaves_the_others(tmp_path: Path) -> None:
    path = tmp_path / "harmed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", LONG)
        archive.writestr("b", b"last\n")
    data = bytearray(path.read_bytes())
    data[200_000:200_064] = b"\xff" * 64
    path.write_bytes(data)
    lines, faults = read_broken(path)
    assert lines[:5_000] == LONG.split(b"\n")[:5_000]
    assert lines[-1] == b"last"
    (fault,) = faults
    assert fault.startswith(f"{path}/a: the ")
    assert "corrupt" in fault


@pytest.mark.parametrize("piped", [False, True])
def test_a_zip_archive_that_breaks_off_gives_what_is_there(tmp_path: Path, piped: bool) -> None:
    path, files = tmp_path / "cut.zip", {"first": b"one\n", "second": LONG}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    whole = zip_to_a_pipe(files) if piped else path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    lines, faults = read_broken(path)
    assert lines[:5_000] == [b"one", *LONG.split(b"\n")[:4_999]]
    assert faults[0].startswith(f"{path}/second: the deflate data breaks off")
    assert faults[1].startswith(f"{path}: the zip archive is broken or breaks off; what came before was")
    path.write_bytes(whole[:-30])
    lines, faults = read_broken(path)
    assert lines == [b"one", *LONG.split(b"\n")[:-1]]


def test_an_encrypted_member_is_named(tmp_path: Path) -> None:
    path = Path(zipped(tmp_path / "a.zip", zipfile.ZIP_STORED))
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\x01\x02", data.index(b"day2.nmea") + 1)
    while data[at + 46 : at + 46 + 9] != b"day2.nmea":
        at = data.index(b"PK\x01\x02", at + 1)
    data[at + 8] |= 1
    path.write_bytes(data)
    assert read_broken(path)[1] == [f"{path}/day2.nmea: is encrypted; unpack the archive with its password"]


def test_links_are_followed_and_no_file_is_read_twice(tmp_path: Path) -> None:
    given, elsewhere = tmp_path / "given", tmp_path / "elsewhere"
    given.mkdir()
    elsewhere.mkdir()
    (given / "day.nmea").write_bytes(b"one\n")
    (elsewhere / "far.nmea").write_bytes(b"two\n")
    (given / "a-latest").symlink_to(given / "day.nmea")
    (given / "linked").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(given)
    assert read_all(str(given)) == {"day.nmea": [b"one"], "linked/far.nmea": [b"two"]}


def test_what_can_not_be_read_in_a_folder_is_told_beside_what_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "good").write_bytes(b"one\n")
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "closed").mkdir()
    scandir = os.scandir

    def refuse(path: str) -> object:  # the permissions of a folder do not stop root
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    lines, faults = read_broken(tmp_path)
    assert lines == [b"one"]
    assert faults == [
        f"{tmp_path}/closed: cannot be searched (Permission denied); check its permissions",
        f"{tmp_path}/empty: is empty; give a recording with at least one line",
        f"{tmp_path}/gone: there is no such file; check the name",
    ]


def test_the_glob_chooses_in_archives_of_a_folder(tmp_path: Path) -> None:
    zipped(tmp_path / "a.zip")
    tarred(tmp_path / "b.tgz", gzip.compress)
    (tmp_path / "c.csv").write_bytes(b"no\n")
    path = str(tmp_path)
    assert list(read_all(path, "*.nmea")) == [
        "a.zip/day2.nmea", "a.zip/deep/er/day3.nmea", "b.tgz/day2.nmea", "b.tgz/deep/er/day3.nmea"
    ]  # fmt: skip
    assert list(read_all(path, "*.tgz")) == [f"b.tgz/{name}" for name in READ]
    assert list(read_all(path, "a.zip/*.gz")) == ["a.zip/day1.nmea.gz"]


def test_a_recording_that_is_given_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "day.nmea").write_bytes(b"one\n")
    (tmp_path / "a.tar").write_bytes(tar_of({"x": b"one\n", "y": b"one\n"}))
    folder, file = str(tmp_path), str(tmp_path / "day.nmea")
    assert given_twice(find_inputs([folder])) is None
    assert given_twice(find_inputs([folder, file])) == f"{file} is given twice; name each recording once"
    assert given_twice(find_inputs([file, f"{folder}/../{tmp_path.name}/day.nmea"])) is not None
    assert given_twice(find_inputs(["-", "-"])) == "- is given twice; name each recording once"
