"""Packed recordings: told by their content, and read up to the byte where they are broken."""

import bz2
import gzip
import hashlib
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.recordings.compression import packing_of, unpacked
from streams.recordings.errors import SourceError
from streams.recordings.recording import Reading, open_recording
from tests.streams.recordings.test_recording import lines_of, read

Pack = Callable[[bytes], bytes]
PACKERS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
}
SKIPPED = b"\x50\x2a\x4d\x18\x04\0\0\0skip"
"""A frame of zstd that is to be skipped."""

every = pytest.mark.parametrize("name", PACKERS)


def distinct_lines(count: int) -> list[bytes]:
    return [hashlib.sha256(b"%d" % number).hexdigest().encode() for number in range(count)]


@every
def test_it_is_known_by_its_first_bytes_and_streams_follow_each_other(tmp_path: Path, name: str) -> None:
    pack, path = PACKERS[name], tmp_path / "recording.nmea"
    path.write_bytes(pack(b"one\r\ntwo\r\n") + pack(b"three") + b"\0" * 512)
    assert lines_of(read(path)) == [b"one\r", b"two\r", b"three"]


def test_zstd_frames_that_are_to_be_skipped_are(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(
        SKIPPED + zstandard.compress(b"one\n") + SKIPPED + zstandard.compress(b"two\n") + SKIPPED
    )
    assert lines_of(read(path)) == [b"one", b"two"]


def test_packed_twice_is_unpacked_twice(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_bytes(gzip.compress(bz2.compress(b"one\n")))
    assert lines_of(read(path)) == [b"one"]


@every
def test_what_unpacks_to_much_comes_in_pieces(tmp_path: Path, name: str) -> None:
    path = tmp_path / "recording"
    path.write_bytes(PACKERS[name]((b"x" * 63 + b"\n") * (1 << 16)))
    frames = read(path)
    assert sum(frame.data.count(b"\n") for frame in frames) == 1 << 16
    assert max(len(frame.data) for frame in frames) <= 1 << 20


@settings(deadline=None, max_examples=40)
@given(st.data(), st.sampled_from([*PACKERS]))
def test_every_whole_line_before_the_end_of_a_cut_file_is_read(data: st.DataObject, name: str) -> None:
    lines = distinct_lines(600)
    packed = PACKERS[name](b"\n".join(lines))
    cut = data.draw(st.integers(20, len(packed) - 1))
    packing = packing_of(packed)
    assert packing is not None
    found, fault = drained(unpacked(chunks(packed[:cut], data.draw(st.integers(1, 70_000))), packing))
    assert b"\n".join(lines).startswith(found)
    assert "breaks off at byte" in fault
    assert len(found) >= sound(packed[:cut], name)


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def drained(pieces: Iterator[bytes]) -> tuple[bytes, str]:
    """All bytes, and the sentence with which they end."""
    found = bytearray()
    try:
        for piece in pieces:
            found += piece
    except SourceError as error:
        return bytes(found), str(error)
    return bytes(found), ""


def sound(packed: bytes, name: str) -> int:
    """How much can be had of a part of packed data, with an unpacker that gets it byte by byte."""
    packing = packing_of(packed)
    assert packing is not None
    unpacker, size = packing.unpacker(), 0
    for at in range(len(packed)):
        size += len(unpacker.decompress(packed[at : at + 1]))
    return size


@settings(deadline=None, max_examples=40)
@given(st.integers(10, 60_000), st.integers(1, 255), st.sampled_from([64, 1 << 16]))
def test_corrupt_gzip_gives_every_byte_before_the_fault(place: int, change: int, size: int) -> None:
    text = b"\n".join(distinct_lines(600))
    packed = bytearray(gzip.compress(text))
    place %= len(packed) - 10
    packed[max(place, 4)] ^= change  # the first bytes say that it is gzip
    packing = packing_of(bytes(packed))
    assert packing is not None
    found, fault = drained(unpacked(chunks(bytes(packed), size), packing))
    before = sound(bytes(packed[:place]), "gzip")
    assert found[:before] == text[:before]
    assert fault or found == text  # a change in the head may mean nothing


@every
def test_a_corrupt_file_names_the_place(tmp_path: Path, name: str) -> None:
    lines = distinct_lines(40_000)
    packed = bytearray(PACKERS[name](b"\n".join(lines)))
    middle = len(packed) // 2
    packed[middle : middle + 64] = b"\xff" * 64
    (tmp_path / "harmed").write_bytes(packed)
    frames = open_recording(str(tmp_path / "harmed"), Reading(frame_lines=100, keep_order=True)).frames()
    text, fault = drained(frame.data for frame in frames)
    found = text.split(b"\n")
    assert f"harmed: the {name} data is corrupt near byte " in fault
    assert fault.endswith("fetch the file again for the rest")
    assert abs(int(fault.partition("near byte ")[2].split()[0]) - middle) < 1 << 20
    assert found[:5_000] == lines[:5_000]


def test_what_follows_gzip_data_is_told_apart_from_harm(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\n")
    (tmp_path / "more.gz").write_bytes(packed + b"\0\0" + b"no gzip")
    frames = open_recording(str(tmp_path / "more.gz")).frames()
    assert lines_of([next(frames)]) == [b"one"]
    with pytest.raises(SourceError, match=rf"the gzip data ends at byte {len(packed) + 2} of the file, and"):
        next(frames)


@pytest.mark.parametrize(
    "head", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x1f\x9d\x90", b"\x04\x22\x4d\x18"]
)
def test_other_packing_is_named(tmp_path: Path, head: bytes) -> None:
    (tmp_path / "packed").write_bytes(head + b"rest")
    with pytest.raises(
        SourceError, match=r"packed: is .*, which is not read; unpack it, or pack it with gzip"
    ):
        read(tmp_path / "packed")
