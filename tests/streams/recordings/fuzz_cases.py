"""Cases for fuzzing.py: recordings of all formats, and ways to change their bytes."""

import bz2
import gzip
import io
import os
import random
import re
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import zstandard

from models.source_hints import DateOrder, SourceHints
from streams.recordings.formats.known import FORMATS
from streams.recordings.recording import Reading
from tests.scenarios import simulated
from tests.streams import format_writers as writers

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


@dataclass(frozen=True, slots=True)
class Seed:
    name: str
    data: bytes


def seeds() -> list[Seed]:
    """What cases are made from: recordings, and what is made up."""
    return [*_recorded(), *_made_up()]


def _recorded() -> Iterator[Seed]:
    folders = [os.environ.get("TANKERWATCH_DATA"), os.environ.get("TANKERWATCH_CASES")]
    for folder in filter(None, folders):
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.suffix not in (".md", ".py"):
                data = path.read_bytes()
                yield Seed(path.name, gzip.decompress(data) if path.suffix == ".gz" else data)


def _made_up() -> Iterator[Seed]:
    lines = simulated.recording("cho_do", 1)[:400]
    whole = list(simulated.recording("cho_do", 1, "none")[:400])
    yield Seed("tag blocks", "\n".join(lines).encode())
    messages = list(writers.heard(whole))
    texts: dict[str, Iterator[str]] = {
        "aisstream": writers.aisstream(messages),
        "aiscatcher": writers.aiscatcher(messages, sentences=True),
        "aiscatcher fields": writers.aiscatcher(messages, sentences=False),
        "marinecadastre": writers.marinecadastre(messages, lower=False),
        "marinecadastre 2025": writers.marinecadastre(messages, lower=True),
        "danish": writers.danish(messages),
    }
    for name, rows in texts.items():
        yield Seed(name, "\n".join(row.rstrip("\n") for row in rows).encode())
    with tempfile.TemporaryDirectory() as folder:
        for geo in (False, True):
            path = Path(folder, "table.parquet")
            writers.parquet(messages[:60], path, geo=geo)
            yield Seed(f"parquet {geo}", path.read_bytes())
    for name, text in _MADE_UP.items():
        yield Seed(name, text.encode())


_MADE_UP: Final = {
    "canboat": '{"timestamp":"2024-03-01-10:00:00.000","prio":4,"src":43,"dst":255,"pgn":129038,'
    '"description":"AIS Class A Position Report","fields":{"Message ID":1,"User ID":273000001,'
    '"Longitude":131.9,"Latitude":42.7,"COG":12.0,"SOG":3.20,"Heading":11.0,'
    '"Nav Status":"Under way using engine"}}\n'
    '{"timestamp":"2024-03-01-10:00:10.000","prio":6,"src":43,"dst":255,"pgn":129794,"description":"AIS '
    'Class A Static and Voyage Related Data","fields":{"User ID":273000001,"IMO number":9074729,"Name":"A",'
    '"Type of ship":"Tanker","Length":180.0,"Beam":30.0,"Draft":9.50}}',
    "signal k": '{"context":"vessels.urn:mrn:imo:mmsi:273000001","updates":[{'
    '"timestamp":"2024-03-01T10:00:00Z","$source":"ais","values":[{"path":"navigation.position","value":{"longitude":131.9,"latitude":42.7}},'
    '{"path":"navigation.speedOverGround","value":1.5},'
    '{"path":"","value":{"name":"A","mmsi":"273000001"}}]}]}',
    "digitraffic": '{"topic":"vessels-v2/230000001/location","payload":{"time":1709287200,"sog":1.2,'
    '"cog":33.0,"navStat":0,"rot":0,"posAcc":true,"raim":false,"heading":30,"lon":24.9,"lat":60.1}}',
    "gpsd": '{"class":"AIS","device":"/dev/x","type":1,"repeat":0,"mmsi":273000001,"scaled":true,"status":0,'
    '"turn":0,"speed":1.2,"accuracy":false,"lon":131.9,"lat":42.7,"course":33.0,"heading":30,"second":12}',
    "hex log": "1709287200.5 041032fb4000e7b1a0f6b3e1c0700000000000\n1709287201 0x141032FB40",
    "gfw": "mmsi,timestamp,distance_from_shore,distance_from_port,speed,course,lat,lon,is_fishing,source\n"
    "273000001,1709287200,1000.0,2000.0,1.2,33.0,42.7,131.9,-1,gfw",
    "marinetraffic": "MMSI,SHIP_ID,LAT,LON,SPEED,HEADING,COURSE,STATUS,TIMESTAMP,DSRC\n"
    "273000001,1,42.7,131.9,12,30,33,0,2024-03-01T10:00:00,TER",
    "no header": "273000001;2024-03-01 10:00:00;42,7;131,9;1,2\n273000002;2024-03-01 10:01:00;42,8;131,8;0,2",
    "geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point",'
    '"coordinates":[131.9,42.7]},"properties":{"mmsi":273000001,"time":"2024-03-01T10:00:00Z"}}]}',
    "sightings": "time,lat,lon,received,kind,mmsi\n"
    "2024-02-19T12:00:00Z,31.0,124.6,2024-02-19T20:00:00Z,image,",
    "watchlist": "imo,name,list,entry,listed_on\n4889246,EXAMPLE,NEW LIST,17,2025-01-10",
}


def case(number: int, seeds: Sequence[Seed]) -> tuple[str, bytes, Reading]:
    """A case: what it is made from, its bytes, and how they are read."""
    chance = random.Random(number)
    seed = chance.choice(seeds)
    data = seed.data
    if not data.startswith(b"PAR1"):
        data = _window(data, chance)
    for _ in range(chance.choice((0, 1, 1, 2, 3, 8, 30))):
        data = chance.choice(_MUTATIONS)(data, chance, seeds)
    if chance.random() < 0.2:
        data = chance.choice(_PACKERS)(data)
        for _ in range(chance.choice((0, 0, 1, 3))):
            data = chance.choice(_MUTATIONS)(data, chance, seeds)
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
    other = _window(chance.choice(seeds).data, chance)[: chance.choice((200, 4_000))]
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
    zstandard.compress,
    _zip,
    _tar,
    lambda data: gzip.compress(_tar(data)),
)
