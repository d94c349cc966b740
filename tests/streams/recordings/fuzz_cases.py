"""Cases for fuzzing.py: recordings of all formats, and ways to change their bytes."""

import bz2
import gzip
import io
import lzma
import random
import re
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from typing import Final

import zstandard

from models.source_hints import DateOrder, SourceHints
from streams.recordings.formats.known import FORMATS
from streams.recordings.recording import Reading
from tests.streams.recordings.fuzz_seeds import Seed, chosen
from tests.streams.recordings.fuzz_structures import STRUCTURED

_WINDOW: Final = 24_000
"""Bytes of a seed that a case starts from."""
_TIMES: Final = (0, 1_700_000_000_000, -62_135_596_800_000, 253_402_300_799_000)
_ZONES: Final = ("", "Asia/Seoul", "+09:00", "America/New_York")
_NUMBERS: Final = (
    b"0", b"-1", b"1e308", b"NaN", b"inf", b"", b"9223372036854775808", b"4294967296", b"255", b"91", b"181",
    b"-0.0", b"0.1e-400", b"1970-01-01T00:00:00Z", b"9999-12-31", b"0001-01-01", b"24:00:00", b"60", b"null",
)  # fmt: skip
_PIECES: Final = (
    b"\0", b"\n", b"\r", b"\r\n", b'"', b"'", b"\\", b",", b";", b"\t", b"{", b"}", b"[", b"]", b"\xff\xfe",
    b"\xef\xbb\xbf", b"\xc3", b"*", b"!AIVDM,", b"!AIVDM,2,1,,A,", b"\\c:1*53\\", b"$PGHP,1,",
    b"\\g:1-2-3*00\\", b"\x1f\x8b", b"PAR1", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"\xe2\x80\xa8",
    b"\x0b", b"\x85",
)  # fmt: skip


def case(number: int, seeds: Sequence[Seed]) -> tuple[str, bytes, Reading]:
    """A case: what it is made from, its bytes, and how they are read."""
    chance = random.Random(number)
    seed = chosen(chance, seeds)
    data = seed.data
    if not data.startswith(b"PAR1"):
        data = _window(data, chance)
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 2, 4))):
            data = chance.choice(STRUCTURED)(data, chance)
    data = mutated(data, chance, seeds, chance.choice((0, 0, 1, 1, 2, 3, 8, 30)))
    if chance.random() < 0.2:
        data = chance.choice(_PACKERS)(data)
        data = mutated(data, chance, seeds, chance.choice((0, 0, 1, 3)))
    hints = SourceHints(
        chance.choice((None, None, *_TIMES)),
        chance.choice(_ZONES),
        chance.choice(list(DateOrder)),
        chance.choice((None, 1_900_000_000_000)),
    )
    reading = Reading(
        frame_bytes=chance.choice((1 << 18, 1 << 14)),
        frame_lines=chance.choice((50_000, 50_000, 41, 1)),
        format=chance.choice((None, None, None, *FORMATS)),
        keep_order=chance.random() < 0.3,
        hints=hints if chance.random() < 0.5 else SourceHints(),
    )
    return seed.name, data, reading


def mutated(data: bytes, chance: random.Random, seeds: Sequence[Seed], times: int) -> bytes:
    """The bytes, changed so often."""
    for _ in range(times):
        data = chance.choice(_MUTATIONS)(data, chance, seeds)
    return data


def _window(data: bytes, chance: random.Random) -> bytes:
    if len(data) <= _WINDOW:
        return data
    at = data.find(b"\n", chance.randrange(len(data) - _WINDOW)) + 1
    head = data[: data.find(b"\n") + 1] if chance.random() < 0.7 else b""  # tables begin with names
    return (head if len(head) < 4_000 else b"") + data[at : at + _WINDOW]


Mutation = Callable[[bytes, random.Random, Sequence[Seed]], bytes]


def _flip(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    changed = bytearray(data)
    for _number in range(chance.choice((1, 1, 4, 40))):
        if changed:
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _drop(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + data[at + chance.choice((1, 3, 50, 2_000)) :]


def _put(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 2, 300)) + data[at:]


def _again(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    at, to = (chance.randrange(len(data) + 1) for _ in range(2))
    piece = data[at : at + chance.choice((5, 100, 5_000))]
    return data[:to] + piece + data[to:]


def _number(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?", data))
    if not found:
        return data
    start, end = chance.choice(found).span()
    return data[:start] + chance.choice(_NUMBERS) + data[end:]


def _shuffle(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    lines = data.split(b"\n")
    if chance.random() < 0.5:
        chance.shuffle(lines)
    else:
        head, lines = lines[:1], lines[1:]
        chance.shuffle(lines)
        lines = head + lines
    return b"\n".join(lines)


def _splice(data: bytes, chance: random.Random, seeds: Sequence[Seed]) -> bytes:
    other = _window(chosen(chance, seeds).data, chance)[: chance.choice((200, 4_000))]
    at = data.find(b"\n", chance.randrange(len(data) + 1)) + 1
    return data[:at] + other + (b"\n" if chance.random() < 0.5 else b"") + data[at:]


def _field(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    """One field of a row or an object is taken out, doubled or put elsewhere."""
    parts = re.split(rb"([,;\t:{}\[\]])", data)
    one, other = (chance.randrange(len(parts)) for _ in range(2))
    parts[other] = parts[one]
    if chance.random() < 0.5:
        parts[one] = b""
    return b"".join(parts)


def _ends(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    return data.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"\n\0")))


def _encode(data: bytes, chance: random.Random, _: Sequence[Seed]) -> bytes:
    text = data.decode("latin-1")
    return text.encode(chance.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32")))


_MUTATIONS: Final[tuple[Mutation, ...]] = (
    _flip, _flip, _drop, _put, _put, _again, _number, _number, _shuffle, _splice, _field, _field, _ends,
    _encode,
)  # fmt: skip


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.log", data)
        archive.writestr("two.log.gz", gzip.compress(data[:5_000]))
    return out.getvalue()


def _tar(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        entry = tarfile.TarInfo("one.log")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


_PACKERS: Final[tuple[Callable[[bytes], bytes], ...]] = (
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zstandard.compress,
    lambda data: zstandard.compress(data[: len(data) // 2]) + zstandard.compress(data[len(data) // 2 :]),
    _zip,
    _tar,
    lambda data: gzip.compress(_tar(data)),
)
