"""Fuzzing: the driver finds what it looks for, some cases find nothing, and what it found stays mended."""

import io
import zipfile
from pathlib import Path

import pytest

from streams.decoding.records.values import number
from streams.ingest.sources.address import AddressError, parse_address
from streams.recordings.content import Access
from streams.recordings.errors import SourceError
from streams.recordings.inputs import find_inputs
from tests.streams.recordings import fuzz_cases, fuzz_documents, fuzzing
from tests.streams.recordings.fuzz_seeds import Seed, made_up


def test_some_cases_of_every_format(tmp_path: Path) -> None:
    made = list(made_up())
    assert len(made) > 15
    for at in range(0, 48, 4):
        name, data, reading = fuzz_cases.case(at, made)
        fuzzing.run_case(data, reading, tmp_path, whole=at == 0)
        assert name


def test_examples_of_every_document_are_read_and_changed_ones_at_most_refused(tmp_path: Path) -> None:
    known = fuzz_documents.kinds()
    for kind in known:
        for example in kind.examples:
            if kind.name not in ("evidence", "wire", "hashes"):  # read as several kinds, or no whole one
                kind.read(example, tmp_path / "document")
    for at in range(150):
        data, kind = fuzz_documents.document(at, known)
        fuzz_documents.read_document(data, kind, tmp_path)


def test_what_is_raised_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(fuzzing, "inspect", broken)
    monkeypatch.setattr(fuzzing, "seeds", lambda: [Seed("text", b"!AIVDM,1,1,,A,,0*26\n")])
    kinds = fuzzing.fuzz(0, 3, 60, tmp_path)
    assert sum(kinds.values()) == 3
    assert "ZeroDivisionError" in next(iter(kinds))
    assert len(list(tmp_path.glob("*.bin"))) == 3


@pytest.mark.parametrize("separator", ["\x1c", "\x1f", "\x85", "\u2003"])
def test_numbers_with_any_space_around_them(separator: str) -> None:
    assert number(f"{separator}42.5{separator}") == 42.5


@pytest.mark.parametrize(("signature", "at"), [(b"PK\x01\x02", 42), (b"PK\x05\x06", 16)])
def test_a_zip_archive_whose_directory_points_nowhere(signature: bytes, at: int, tmp_path: Path) -> None:
    """Behind its end, or before its start."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("one.nmea", b"!AIVDM,1,1,,A,,0*26\n")
    data = bytearray(packed.getvalue())
    data[data.index(signature) + at + 2] = 1
    path = tmp_path / "broken.zip"
    path.write_bytes(data)
    (found,) = find_inputs([str(path)])
    assert found.name.endswith("one.nmea")
    with pytest.raises(SourceError, match="missing from the zip archive"):
        list(found.content.chunks(Access()))


@pytest.mark.parametrize(
    "data",
    [
        b'{"\xff": 1}',
        b"[" * 100_000,
        b"\x81\xa1\xff\x01",
        b"\x91" * 100_000,
        b'{"time":"2024-02-19T12:00:00Z","kind":"image","lat":1,"lon":1' + b"0" * 400 + b"}",
        b'{"time":1,"lat":1,"lon":1' + b"0" * 5_000 + b"}",
    ],
)
def test_no_utf8_too_deep_and_too_many_digits_are_refused_by_every_reader(
    data: bytes, tmp_path: Path
) -> None:
    """The decoders have exceptions of their own for these."""
    for kind in fuzz_documents.kinds():
        fuzz_documents.read_document(data, kind, tmp_path)


@pytest.mark.parametrize("text", ["http://[:80", "serial://[", "tcp://[", "a" * 5_000])
def test_an_address_that_can_not_be_taken_apart_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)
