"""Recordings: frames of whole lines, and one clear sentence for everything that can be wrong with a file."""

import gzip
import hashlib
import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.frame import Frame
from streams.recordings.content import Access
from streams.recordings.errors import Interrupted, SourceError
from streams.recordings.recording import Reading, open_recording


def lines_of(frames: list[Frame]) -> list[bytes]:
    return [line for frame in frames for line in frame.data.removesuffix(b"\n").split(b"\n")]


def read(path: Path, frame_bytes: int = 1 << 20) -> list[Frame]:
    return list(open_recording(str(path), Reading(frame_bytes=frame_bytes)).frames())


def piped(stream: io.BytesIO, frame_bytes: int = 1 << 20, frame_lines: int = 50_000) -> list[Frame]:
    """What is read of standard input."""
    reading = Reading(Access(stdin=stream), frame_bytes, frame_lines)
    return list(open_recording("-", reading).frames())


text = st.binary(max_size=20).map(lambda data: data.translate(None, b"\n\r\0"))


@given(st.lists(text, min_size=1), st.integers(1, 8), st.integers(20, 60), st.booleans())
def test_frames_hold_every_line(lines: list[bytes], number: int, size: int, ended: bool) -> None:
    lines = [b"no archive", *lines]
    data = b"\n".join(lines) + (b"\n" if ended or not lines[-1] else b"")
    frames = piped(io.BytesIO(data), frame_lines=number, frame_bytes=size)
    assert b"".join(frame.data for frame in frames).removesuffix(b"\n") == data.removesuffix(b"\n")
    following = 1
    for frame in frames:
        count = frame.data.count(b"\n")
        assert frame.source == "-"
        assert frame.first_line == following
        assert 1 <= count <= number
        assert frame.data.endswith(b"\n")
        following += count


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
        piped(io.BytesIO())


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nothing: there is no such file; check the name"):
        read(tmp_path / "nothing")


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


def test_a_nul_among_sentences_is_left_to_its_line(tmp_path: Path) -> None:
    lines = [b"!AIVDM,1,1,,A,x,0*00", b"\0\0junk\0", b"!AIVDM,1,1,,A,y,0*00"]
    (tmp_path / "log").write_bytes(b"\n".join(lines))
    assert lines_of(read(tmp_path / "log")) == lines


class Trickle(io.BytesIO):
    """A pipe in which bytes come one by one, and then none for long: until somebody interrupts."""

    def read1(self, size: int | None = -1, /) -> bytes:
        byte = self.read(1)
        if not byte:
            raise Interrupted
        return byte


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_interrupted_it_ends_with_the_whole_lines_that_had_come(pack: type[bytes]) -> None:
    assert lines_of(piped(Trickle(pack(b"one\ntwo\nthr")))) == [b"one", b"two"]
    assert piped(Trickle(pack(b"on"))) == []


def test_frames_carry_the_name_and_bytes_are_counted_as_read(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\n" * 100_000)
    (tmp_path / "x").write_bytes(packed)
    counts: list[int] = []
    reading = Reading(Access(on_read=counts.append), keep_order=True)
    recording = open_recording(str(tmp_path / "x"), reading, "a name")
    assert {frame.source for frame in recording.frames()} == {"a name"}
    assert sum(counts) == len(packed)
    with pytest.raises(SourceError, match=r"^a name: there is no such file"):
        list(open_recording(str(tmp_path / "missing"), name="a name").frames())


def test_a_pipe_is_read_as_its_lines_come() -> None:
    """The first line is enough to begin with: a live feed may give no more for a while."""
    ends = os.pipe()
    with open(ends[0], "rb") as reads, open(ends[1], "wb", buffering=0) as writes:
        reading = Reading(Access(stdin=reads), frame_lines=1, keep_order=True)
        frames = open_recording("-", reading).frames()
        for line in (b"!AIVDM,1\n", b"two\n"):
            writes.write(line)
            assert next(frames).data == line
