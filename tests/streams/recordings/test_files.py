"""Sources: frames of whole lines, and one clear sentence for everything that can be wrong with a file."""

import gzip
import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.frame import Frame
from streams.recordings.files import Interrupted, SourceError, open_source


def lines_of(frames: list[Frame]) -> list[bytes]:
    return [line for frame in frames for line in frame.data.removesuffix(b"\n").split(b"\n")]


def read(path: Path, frame_bytes: int = 1 << 20) -> list[Frame]:
    return list(open_source(str(path), frame_bytes=frame_bytes))


text = st.binary(max_size=20).map(lambda data: data.translate(None, b"\n\0"))


@given(st.lists(text, min_size=1), st.integers(1, 8), st.integers(20, 60), st.booleans())
def test_frames_hold_every_line(lines: list[bytes], number: int, size: int, ended: bool) -> None:
    lines = [b"no archive", *lines]
    data = b"\n".join(lines) + (b"\n" if ended or not lines[-1] else b"")
    frames = list(open_source("-", stdin=io.BytesIO(data), frame_lines=number, frame_bytes=size))
    assert b"".join(frame.data for frame in frames).removesuffix(b"\n") == data.removesuffix(b"\n")
    following = 1
    for frame in frames:
        count = frame.data.count(b"\n")
        assert frame.source == "-"
        assert frame.first_line == following
        assert 1 <= count <= number
        assert frame.data.endswith(b"\n")
        following += count


def test_gzip_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "recording.nmea"
    path.write_bytes(gzip.compress(b"one\r\ntwo\r\n") + gzip.compress(b"three") + b"\0" * 512)
    assert lines_of(read(path)) == [b"one\r", b"two\r", b"three"]


def test_gzip_that_unpacks_to_much_comes_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "recording.nmea.gz"
    path.write_bytes(gzip.compress((b"x" * 63 + b"\n") * (1 << 18)))
    frames = read(path)
    assert sum(frame.data.count(b"\n") for frame in frames) == 1 << 18
    assert max(len(frame.data) for frame in frames) <= 1 << 20


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "recording.nmea"
    long = b"x" * 300_000
    path.write_bytes(b"one\n" + long + b"\ntwo\n" + long)
    frames = read(path, frame_bytes=8192)
    assert max(len(frame.data) for frame in frames) < 3 * 8192
    assert lines_of(frames) == [b"one", long[:8192], b"two", long[:8192]]
    cuts = [(frame.first_line + cut.index, cut.length, cut.sha256) for frame in frames for cut in frame.cuts]
    digest = hashlib.sha256(long).hexdigest()
    assert cuts == [(2, 300_000, digest), (4, 300_000, digest)]


def test_standard_input_is_named() -> None:
    with pytest.raises(SourceError, match="standard input: is empty"):
        list(open_source("-", stdin=io.BytesIO()))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nothing: there is no such file; check the name"):
        read(tmp_path / "nothing")


def test_directory(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is a directory; name the files in it"):
        read(tmp_path)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "recording.nmea"
    path.write_bytes(b"one\n")
    if os.access(path, os.R_OK):  # a superuser reads everything, so the refusal is played
        monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match=r"cannot be opened \(Permission denied\); check its permissions"):
        read(path)


def refuse(*_: object, **__: object) -> None:
    raise PermissionError(13, "Permission denied")


@pytest.mark.parametrize("data", [b"", gzip.compress(b"", mtime=0)], ids=["plain", "gzip"])
def test_empty_file(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "empty").write_bytes(data)
    with pytest.raises(SourceError, match="empty: is empty; give a recording"):
        read(tmp_path / "empty")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_binary_data(tmp_path: Path, pack: type[bytes]) -> None:
    (tmp_path / "image").write_bytes(pack(b"\x89PNG\r\n\0\0\n"))
    with pytest.raises(SourceError, match=r"holds binary data \(a NUL at byte 6\), not lines of text"):
        read(tmp_path / "image")


@pytest.mark.parametrize("harm", ["truncated", "corrupt"])
def test_harmed_gzip_gives_what_came_before(tmp_path: Path, harm: str) -> None:
    text = b"".join(hashlib.sha256(b"%d" % number).hexdigest().encode() + b"\n" for number in range(20_000))
    data = bytearray(gzip.compress(text))
    middle = len(data) // 2
    if harm == "truncated":
        del data[middle:]
    else:
        data[middle : middle + 64] = b"\xff" * 64
    (tmp_path / "harmed.gz").write_bytes(data)
    expected = "breaks off at byte" if harm == "truncated" else "is corrupt near byte"
    came: list[Frame] = []
    with pytest.raises(SourceError, match=rf"harmed\.gz: the gzip data {expected} \d+ of the file; .* again"):
        came.extend(open_source(str(tmp_path / "harmed.gz")))  # extend keeps what came before the error
    lines = lines_of(came)
    sound = 9_000  # lines well before the harm; those after it may be anything
    assert lines[:sound] == text.split(b"\n")[:sound]


def test_what_follows_gzip_data_is_told_apart_from_harm(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\n")
    (tmp_path / "more.gz").write_bytes(packed + b"\0\0" + b"no gzip")
    came: list[Frame] = []
    with pytest.raises(SourceError, match=rf"the gzip data ends at byte {len(packed) + 2} of the file, and"):
        came.extend(open_source(str(tmp_path / "more.gz")))
    assert lines_of(came) == [b"one"]


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"BZh9", b"\x28\xb5\x2f\xfd"])
def test_other_packing_is_named(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "packed").write_bytes(head + b"rest")
    with pytest.raises(
        SourceError, match=r"packed: is .*, which is not read; unpack it, or pack it with gzip"
    ):
        read(tmp_path / "packed")


class Trickle:
    """A pipe in which bytes come one by one, and then none for long: until somebody interrupts."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def read1(self, size: int, /) -> bytes:
        byte = self._data.read(1)
        if not byte:
            raise Interrupted
        return byte


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_interrupted_it_ends_with_the_whole_lines_that_had_come(pack: type[bytes]) -> None:
    pipe = Trickle(pack(b"one\ntwo\nthr"))
    assert lines_of(list(open_source("-", stdin=pipe))) == [b"one", b"two"]
    assert list(open_source("-", stdin=Trickle(pack(b"on")))) == []


def test_frames_carry_the_name_and_bytes_are_counted_as_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\n" * 100_000)
    (tmp_path / "x").write_bytes(packed)
    counts: list[int] = []
    frames = open_source(str(tmp_path / "x"), name="a name", on_read=counts.append)
    assert {frame.source for frame in frames} == {"a name"}
    assert sum(counts) == len(packed)
    with pytest.raises(SourceError, match=r"^a name: there is no such file"):
        list(open_source(str(tmp_path / "missing"), name="a name"))
