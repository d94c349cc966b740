"""The container: the same bytes for the same members, every changed byte found, hostile files refused."""

import stat
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Final

import pytest

from streams.evidence import container, members
from streams.evidence.container import Container, ContainerWriter
from streams.evidence.errors import EvidenceError

MEMBERS: Final = {members.README: b"# Evidence\n", "lines/1.txt": b"!AIVDM\n" * 40, members.SIGHTINGS: b""}


def sealed() -> bytes:
    file = BytesIO()
    writer = ContainerWriter(file)
    for name, content in MEMBERS.items():
        writer.add(name, [content[:5], content[5:]], len(content))
    writer.close()
    return file.getvalue()


def opened(path: Path, data: bytes) -> Container:
    path.write_bytes(data)
    return Container(path)


def test_members_come_back_and_other_tools_read_them(tmp_path: Path) -> None:
    with opened(tmp_path / "a.zip", sealed()) as found:
        assert {name: found.read(name) for name in found.names} == MEMBERS
        assert found.faults == []
    assert sealed() == sealed()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None


def test_every_changed_byte_is_found(tmp_path: Path) -> None:
    whole = sealed()
    for at in range(len(whole)):
        data = whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :]
        try:
            with opened(tmp_path / "a.zip", data) as found:
                assert found.faults, f"byte {at} of {len(whole)}"
        except EvidenceError:
            pass
    for cut in (whole[:-1], whole[: len(whole) // 2], whole + b"\0", b"PK" + whole, b""):
        try:
            with opened(tmp_path / "a.zip", cut) as found:
                assert found.faults
        except EvidenceError:
            pass


def _one(name: str, content: bytes = b"x", **fields: object) -> Callable[[zipfile.ZipFile], None]:
    def add(archive: zipfile.ZipFile) -> None:
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        for field, value in fields.items():
            setattr(info, field, value)
        archive.writestr(info, content)

    return add


def _twice(archive: zipfile.ZipFile) -> None:
    _one(members.README)(archive)
    with pytest.warns(UserWarning, match="Duplicate name"):
        _one(members.README, b"y")(archive)


def _bomb(archive: zipfile.ZipFile) -> None:
    with archive.open("lines/1.txt", "w") as member:
        for _ in range(65):
            member.write(bytes(1 << 20))


def _overlap(archive: zipfile.ZipFile) -> None:
    _one(members.README, b"first")(archive)
    _one(members.SIGHTINGS, b"second")(archive)
    archive.filelist[1].header_offset = archive.filelist[0].header_offset


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (_one("../README.md"), "leads out of it"),
        (_one("/README.md"), "leads out of it"),
        (_one("lines\\..\\..\\x"), "leads out of it"),
        (_one("C:README.md"), "leads out of it"),
        (_one("lines/01.txt"), "which no evidence has"),
        (_one("run.sh"), "which no evidence has"),
        (_one("lines/"), "which no evidence has"),
        (_one(members.README, external_attr=(stat.S_IFLNK | 0o777) << 16), "is a link"),
        (_one(members.README, external_attr=(stat.S_IFIFO | 0o777) << 16), "is no regular file"),
        (_one(members.README, compress_type=zipfile.ZIP_LZMA), "packed in a way"),
        (_one(members.README, bytes((8 << 20) + 1)), "more than it ever has"),
        (_twice, "is in it twice"),
        (_bomb, "a zip bomb"),
        (_overlap, "a zip bomb"),
    ],
)
def test_what_is_hostile_is_refused_in_a_sentence(
    build: Callable[[zipfile.ZipFile], None], why: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        build(archive)
    with pytest.raises(EvidenceError) as refused:
        Container(path)
    assert why in str(refused.value)
    assert str(refused.value).startswith(f"{path}: refused: ")


def test_a_directory_that_would_fill_memory_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(container, "_LARGEST_DIRECTORY", 100)
    with pytest.raises(EvidenceError, match="its directory has"):
        opened(tmp_path / "x.zip", sealed())


def test_a_size_that_is_not_true_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        _one("lines/1.txt", bytes(100_000))(archive)
        archive.filelist[0].file_size = 10
    with Container(path) as found, pytest.raises(EvidenceError, match="can't be unpacked"):
        found.read("lines/1.txt")
