"""Documents for fuzzing.py: what is read besides recordings. One may be refused, and no more is raised.

Fences, lists of vessels, sightings, settings, rules of alerts, events, evidence, archives, messages between
the parts of a deployment, and what a source sends.
"""

import io
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np
import zstandard

from geofences.drawn import read_version
from geofences.fence import read_fences
from models.box import read_box
from models.errors import TankerwatchError
from models.event import to_json
from models.frame import Frame
from streams.alerts import rules as alert_rules
from streams.archive import hashes
from streams.archive.folder import read_manifest
from streams.archive.raw import Place, encode_frame, read_frames
from streams.cli.errors import Failed
from streams.cli.files import read_event
from streams.deployment import wire
from streams.evidence.checking import check
from streams.evidence.container import Container, ContainerWriter
from streams.ingest.framing import LineCutter
from streams.ingest.sources.address import parse_address
from streams.ingest.sources.mqtt import with_vessel
from streams.sightings.fields import read_line
from streams.sightings.files import load_sightings
from streams.stages import settings
from streams.watchlists.files import read_list
from tests.streams.factories import event
from tests.streams.recordings.fuzz_cases import mutated
from tests.streams.recordings.fuzz_seeds import Seed
from tests.streams.recordings.fuzz_structures import STRUCTURED


class Kind(NamedTuple):
    """One kind of document: what its names end in, examples, and how it is read.

    `refuses` are the exceptions by which its reader refuses one.
    """

    name: str
    examples: tuple[bytes, ...]
    read: Callable[[bytes, Path], object]
    refuses: tuple[type[Exception], ...] = (TankerwatchError,)


def kinds() -> list[Kind]:
    """All kinds, with examples from the repository and made-up ones."""
    root = Path(__file__).parents[3]
    lists = tuple(path.read_bytes() for path in sorted((root / "tests/streams/watchlists/samples").iterdir()))
    fences = (root / "geofences/catalogue/watch_areas.geojson").read_bytes()
    frame = Frame("tcp://a", b"!AIVDM,1,1,,A,,0*26\n" * 3, 1, np.array([1, 2, 3]) * 10**12)
    framed = encode_frame(frame, at=Place(0, 7, 10**12, 1))
    return [
        Kind("fences", (fences, _FENCE), lambda data, _: read_fences(data, "a.geojson")),
        Kind("drawn", (_DRAWN,), lambda data, _: read_version(data), (ValueError,)),
        Kind("list", (*lists, b"imo,name,list\n4889246,EXAMPLE,NEW"), _list),
        Kind("sightings", _SIGHTINGS, lambda data, path: load_sightings([_file(path, data)])),
        Kind("sighting", (_SIGHTINGS[1],), lambda data, _: read_line(data)),
        Kind("settings", (_SETTINGS,), lambda data, path: settings.load(_file(path, data))),
        Kind("alerts", ((root / "streams/alerts/example.toml").read_bytes(),),
             lambda data, path: alert_rules.load(_file(path, data))),
        Kind("event", (to_json(event()),), lambda data, _: read_event(data, "a", 1), (Failed,)),
        Kind("evidence", (_sealed(),), _evidence),
        Kind("raw", (_packed(framed),), lambda data, path: list(read_frames(_file(path, data)))),
        Kind("manifest", (_MANIFEST,), _manifest),
        Kind("hashes", (_row(),), lambda data, path: hashes.read(_file(path, data), hashes.Chain(1, 10**6))),
        Kind("wire", tuple(wire.encode(each) for each in _frames()), _wire, (wire.WireError,)),
        Kind("framing", (frame.data,), _framing),
        Kind("mqtt", (b'{"lat":60.1,"lon":24.9,"time":1709287200}',),
             lambda data, _: with_vessel("vessels-v2/230000001/location", data)),
        Kind("address", (b"tcp://example.org:10110", b"mqtt://a/b/#", b"http://:80", b"udp://[::1]:9"),
             lambda data, _: parse_address(data.decode("utf-8", "surrogateescape"))),
        Kind("box", (b"124,38,126,40",), lambda data, _: read_box(data.decode("latin-1")), (ValueError,)),
    ]  # fmt: skip


def read_document(data: bytes, kind: Kind, folder: Path) -> None:
    """Raises what a reader raises that is no refusal."""
    said = "read"
    try:
        kind.read(data, folder / "document")
    except kind.refuses as error:
        said = str(error)
    assert said, "refused without a word"


def document(number: int, known: Sequence[Kind]) -> tuple[bytes, Kind]:
    """A case: its bytes, and its kind."""
    chance = random.Random(f"document {number}")
    kind = chance.choice(known)
    data = chance.choice(kind.examples)
    if chance.random() < 0.6:
        for _ in range(chance.choice((1, 1, 2, 4))):
            data = chance.choice(STRUCTURED)(data, chance)
    seeds = [Seed(kind.name, each) for each in kind.examples]
    return mutated(data, chance, seeds, chance.choice((0, 0, 1, 2, 8))), kind


def _file(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _list(data: bytes, path: Path) -> None:
    _, reading = read_list(_file(path, data))
    assert all(reading.problems), "a problem without a word"


def _evidence(data: bytes, path: Path) -> None:
    with Container(_file(path, data)) as found:
        for name in found.names:
            found.read(name)
    check(path)


def _manifest(data: bytes, path: Path) -> None:
    folder = path.with_name("archive")
    folder.mkdir(exist_ok=True)
    _file(folder / "manifest.json", data)
    read_manifest(folder)


def _wire(data: bytes, _: Path) -> None:
    fault: wire.WireError | None = None
    for kind in (wire.RawFrame, wire.ReportsFrame, wire.TicksFrame, wire.FactsFrame, wire.Registration):
        try:
            found = wire.decode(data, kind)
            if isinstance(found, wire.ReportsFrame):
                found.reports()
        except wire.WireError as error:
            fault = error
    if fault is not None:
        raise fault


def _framing(data: bytes, _: Path) -> None:
    cutter = LineCutter(longest=100, block_lines=3)
    blocks = [*cutter.feed(data, 1), *cutter.end_line(2)]
    blocks += filter(None, [cutter.take()])
    assert sum(map(len, blocks)) == data.count(b"\n") + (data[-1:] not in (b"", b"\n")), "lines are missing"


def _sealed() -> bytes:
    file = io.BytesIO()
    writer = ContainerWriter(file)
    for name, content in {"README.txt": b"a" * 50, "events.jsonl": to_json(event())}.items():
        writer.add(name, [content], len(content))
    writer.close()
    return file.getvalue()


def _packed(data: bytes) -> bytes:
    return zstandard.compress(data * 2) + zstandard.compress(data)


def _row() -> bytes:
    entry = hashes.Entry(1, "raw", "raw/date=2026-03-01/00000001-a.zst", 3, "0" * 64)
    return (
        msgspec.json.encode(hashes.Row(**msgspec.structs.asdict(entry), row=1, previous=hashes.NOTHING))
        + b"\n"
    )


def _frames() -> list[msgspec.Struct]:
    origin = wire.Origin(0, 1, 2)
    return [
        wire.RawFrame(
            version=1, source="a", kind="lines", registry=0, data=b"a\n", first_line=1, received=[1]
        ),
        wire.FactsFrame(1, "meetings", origin, 5, [event()]),
        wire.ReportsFrame(1, origin, "a", 0, 5, 5, b"", b"", []),
    ]


_FENCE: Final = (
    b'{"type":"Feature","properties":{"id":"a","name":"A","kind":"anchorage","country":"KP","policy":"watch","source":"x"},'
    b'"geometry":{"type":"Polygon","coordinates":[[[124,38],[125,38],[125,39],[124,38]]]}}'
)
_DRAWN: Final = (
    b'{"id":"drawn-a","version":1,"name":"A","since":"2024-03-01T00:00:00Z","by":"B","drawn":"2024-03-01T00:00:00Z",'
    b'"area":{"type":"MultiPolygon","coordinates":[[[[124,38],[125,38],[125,39],[124,38]]]]}}'
)
_SIGHTINGS: Final = (
    b"time,lat,lon,received,kind,mmsi\n2024-02-19T12:00:00Z,31.0,124.6,2024-02-19T20:00:00Z,image,\n",
    b'{"time":"2024-02-19T12:00:00Z","lat":31.0,"lon":124.6,"received":"2024-02-19T20:00:00Z","kind":"image"}',
    b'{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":'
    b'[124.6,31.0]},"properties":{"time":"2024-02-19T12:00:00Z","kind":"image"}}]}',
)
_SETTINGS: Final = b"[meeting.encounter]\nalongside_metres = 40\n[vessel.grid]\nstep_minutes = 5\n"
_MANIFEST: Final = (
    b'{"format":"tankerwatch archive","version":1,"number":3,"files":["raw/date=2026-03-01/3-a.0.zst"],'
    b'"kind":"kafka","offsets":{"ais.raw/0":5},"gaps":[{"topic":"ais.raw","partition":0,"first":1,"last":2}]}'
)
