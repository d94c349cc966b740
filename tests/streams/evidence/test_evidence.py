"""Evidence from end to end: made of a replay, checked elsewhere, and what was changed is found and named."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.event import Event, from_json
from streams.cli.main import run
from streams.evidence import members, rerun
from streams.evidence.checking import check as evidence_check
from streams.evidence.container import Container, ContainerWriter
from streams.evidence.errors import EvidenceError
from tests.scenarios import simulated
from tests.streams.evidence.authority import Authority, serving

Streams = pytest.CaptureFixture[str]

SETTINGS: Final = "[decoder]\nopening_lines = 50\n"
REPLAY: Final = ("--settings", "my.toml", "--watchlist", "mine.csv", "--sightings", "seen.csv")
INPUTS: Final = ("--input", "one.nmea", "--input", "two.nmea")


def _write_inputs(folder: Path) -> None:
    """Two recordings, of which one is out of order, and files for the options."""
    lines = simulated.recording("satellite", 3, "none")
    blocks = [lines[at : at + 20] for at in range(0, len(lines), 20)]
    backwards = [line for block in reversed(blocks[::2]) for line in block]
    (folder / "one.nmea").write_text("\n".join(backwards) + "\n")
    (folder / "two.nmea").write_text("\r\n".join(line for block in blocks[1::2] for line in block))
    (folder / "my.toml").write_text(SETTINGS)
    (folder / "mine.csv").write_text('mmsi,name,list,entry\n352476530,"Say ""Hope"", ship",mine,7\n')
    (folder / "seen.csv").write_text(
        "time,lat,lon,received,kind\n2024-02-19T12:00:00Z,31.0,124.6,2024-02-19T20:00:00Z,image\n"
    )


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with recordings, the events in them, and evidence for an encounter: evidence.zip."""
    folder = tmp_path_factory.mktemp("evidence")
    _write_inputs(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        # a coast takes most of the time, and is the same in every report
        patch.setattr(rerun, "land_clip", lambda *_: {"type": "MultiPolygon", "coordinates": []})
        assert run(["replay", "one.nmea", "two.nmea", *REPLAY, "--out", "events.jsonl"]) == 0
        assert make(folder, "evidence.zip") == 0
        yield folder


@pytest.fixture(autouse=True)
def _in_case(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(case)


def encounter(folder: Path) -> list[Event]:
    """All revisions of the encounter that was found."""
    events = [from_json(line) for line in (folder / "events.jsonl").read_bytes().splitlines()]
    (found,) = {event.id for event in events if event.encounter}
    return [event for event in events if event.id == found]


def make(folder: Path, out: str, *options: str) -> int:
    name = encounter(folder)[0].id
    return run(["evidence", name, "--events", "events.jsonl", *INPUTS, *REPLAY, *options, "--out", out])


def check(capsys: Streams, path: Path | str, code: int, *options: str) -> str:
    """What a check says on both streams, without the start of errors."""
    capsys.readouterr()
    found = run(["evidence", "check", str(path), *options])
    shown = capsys.readouterr()
    told = shown.out + shown.err.replace("tankerwatch: error: ", "")
    assert found == code, told
    return told


def rebuilt(path: Path, out: Path, change: Mapping[str, Callable[[bytes], bytes | None]]) -> Path:
    """A bundle with other members, and with a manifest and a seal that fit them. None takes a member out."""
    with Container(path) as container, out.open("w+b") as file:
        writer = ContainerWriter(file)
        for name in container.names:
            content: bytes | None = container.read(name)
            if name in change and content is not None:
                content = change[name](content)
            if content is not None and name != members.SUMS:
                writer.add(name, [content], len(content))
        writer.add(members.SUMS, [writer.sums], len(writer.sums))
        writer.close()
    return out


def test_it_gives_the_same_events_in_another_place(
    case: Path, tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "moved.zip"
    moved.write_bytes((case / "evidence.zip").read_bytes())
    monkeypatch.chdir(tmp_path)
    told = check(capsys, "moved.zip", 0)
    revisions = encounter(case)
    assert f"event {revisions[0].id}: {len(revisions)} revisions, the same byte for byte" in told
    assert "The lines give these events again, byte for byte." in told
    with zipfile.ZipFile(moved) as archive:
        archive.extractall("unpacked")
    unpacked = tmp_path / "unpacked"
    published = (case / "events.jsonl").read_bytes().splitlines(keepends=True)
    kept = (unpacked / "events.jsonl").read_bytes()
    assert kept == b"".join(line for line in published if from_json(line).id == revisions[0].id)
    for row in (unpacked / members.SUMS).read_text().splitlines():
        digest, name = row.split("  ")
        assert hashlib.sha256((unpacked / name).read_bytes()).hexdigest() == digest
    _check_lines(case / "one.nmea", unpacked / "lines/1")
    _check_lines(case / "two.nmea", unpacked / "lines/2")
    readme = (unpacked / members.README).read_text()
    assert "tankerwatch replay one.nmea two.nmea --watchlist mine.csv" in readme
    assert hashlib.sha256((case / "one.nmea").read_bytes()).hexdigest() in readme


def _check_lines(recording: Path, lines: Path) -> None:
    """Every line is in the bundle once, as it was, with its number."""
    original = recording.read_bytes().removesuffix(b"\n").split(b"\n")
    kept = lines.with_suffix(".txt").read_bytes().removesuffix(b"\n").split(b"\n")
    frames = [json.loads(row) for row in lines.with_suffix(".numbers.jsonl").read_text().splitlines()]
    runs = [run for frame in frames for run in frame["numbers"]]
    numbers = [first + index for first, count in runs for index in range(count)]
    assert sorted(numbers) == list(range(1, len(original) + 1))
    assert kept == [original[number - 1] for number in numbers]


def test_what_was_changed_with_its_manifest_is_named(case: Path, tmp_path: Path, capsys: Streams) -> None:
    """Whoever writes the manifest and the seal anew is found by the replay."""

    def told(name: str, change: Callable[[bytes], bytes | None]) -> str:
        return check(capsys, rebuilt(case / "evidence.zip", tmp_path / "x.zip", {name: change}), 1)

    event = encounter(case)[-1]

    def forge(data: bytes) -> bytes:
        _, rest = data.split(b"\n", 1)
        return rest.replace(b'"level":"probable"', b'"level":"possible"', 1)

    forged = told("events.jsonl", forge)
    assert f"event {event.id}, revision 1: the replay gives it, but it is not in events.jsonl" in forged
    assert 'level is "possible" in events.jsonl, and "probable" by the replay' in forged
    silent = told("lines/2.txt", lambda data: data.replace(b"!AIVDM", b"!AIVXM"))
    assert f"event {event.id}, revision" in silent
    assert "report.html: is not what the lines" in silent
    nobody = told("events.jsonl", lambda data: data.replace(b'"ssvid":"412801722"', b'"ssvid":"?"'))
    assert "it can't be replayed (ValueError" in nobody
    assert "lines/2.txt: is missing" in told("lines/2.txt", lambda _: None)


def test_what_was_changed_alone_is_named_and_not_replayed(
    case: Path, tmp_path: Path, capsys: Streams
) -> None:
    whole = case / "evidence.zip"
    copy = tmp_path / "x.zip"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(copy, "w") as new:
        for info in old.infolist():
            content = old.read(info).replace(b"Hope", b"Pope") if "watch" in info.filename else old.read(info)
            new.writestr(info, content)
    told = check(capsys, copy, 1)
    assert "watchlist.jsonl: was changed" in told
    assert "the seal at its end is missing or changed" in told
    assert "not replayed" in told


@settings(max_examples=25, deadline=None)
@given(at=st.integers(min_value=0), change=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_found(case: Path, at: int, change: int) -> None:
    data = bytearray((case / "evidence.zip").read_bytes())
    data[at % len(data)] ^= change
    (case / "flipped.zip").write_bytes(data)
    try:
        verdict = evidence_check(case / "flipped.zip")
    except EvidenceError:
        return
    assert verdict.faults
    assert not verdict.good


def test_another_version_says_so_and_compares(
    case: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streams.evidence import checking
    from streams.evidence.versions import versions

    monkeypatch.setattr(checking, "versions", lambda: versions() | {"code": "0" * 64, "numpy": "9.9"})
    told = check(capsys, "evidence.zip", 0)
    assert "another version of tankerwatch made it" in told
    assert "there, 9.9 here" in told
    assert "the same byte for byte" in told


def test_a_mismatch_is_said_before_anything_is_written(case: Path, capsys: Streams) -> None:
    name = encounter(case)[0].id
    others = ["--events", "events.jsonl", "--out", "no.zip"]
    assert run(["evidence", name, *others, *INPUTS, "--settings", "my.toml"]) == 1
    told = capsys.readouterr().err
    assert "settings, fences or lists are not those that it was written with" in told
    assert not Path("no.zip").exists()
    assert run(["evidence", "0" * 24, *others, *INPUTS, *REPLAY]) == 1
    assert "no event of events.jsonl has this id" in capsys.readouterr().err
    assert run(["evidence", "encounter", *others, *INPUTS, *REPLAY]) == 2
    assert "neither an event id (24 of 0-9 and a-f) nor a file" in capsys.readouterr().err


def test_it_may_begin_with_the_state_of_the_stages(case: Path, capsys: Streams) -> None:
    assert make(case, "late.zip", "--snapshot-at", "2024-02-19T14:00:00Z") == 0
    told = check(capsys, "late.zip", 0)
    assert "What came before the state that it begins with has to be believed." in told
    with Container("late.zip") as late, Container("evidence.zip") as whole:
        assert late.read(members.EVENTS) == whole.read(members.EVENTS)
        assert len(late.read(members.lines_of(2))) < len(whole.read(members.lines_of(2)))
    assert make(case, "later.zip", "--snapshot-at", "2024-02-19T23:00:00Z") == 1
    assert "give an earlier time to --snapshot-at" in capsys.readouterr().err


def test_the_same_inputs_give_the_same_bytes_and_an_authority_may_stamp_them(
    case: Path, tmp_path: Path, capsys: Streams
) -> None:
    authority = Authority(tmp_path)
    with serving(authority):
        assert make(case, "stamped.zip", "--timestamp", authority.url) == 0
    with zipfile.ZipFile("stamped.zip") as again, zipfile.ZipFile("evidence.zip") as first:
        assert again.namelist() == [*first.namelist(), members.STAMP]
        assert {name: again.read(name) == first.read(name) for name in first.namelist()} == dict.fromkeys(
            first.namelist(), True
        )
        (last,) = again.infolist()[-1:]
    start = (case / "stamped.zip").read_bytes()[: last.header_offset]
    assert (case / "evidence.zip").read_bytes().startswith(start)
    trusted = ("--authority", str(authority.certificate))
    assert "root.pem vouches for" in check(capsys, "stamped.zip", 0, *trusted)
    assert "there is no time stamp to check" in check(capsys, "evidence.zip", 1, *trusted)


def test_minimal_claims_no_more_than_it_can(case: Path, tmp_path: Path, capsys: Streams) -> None:
    assert make(case, "minimal.zip", "--minimal") == 0
    assert "positions and contacts only" in capsys.readouterr().out
    told = check(capsys, "minimal.zip", 0)
    assert "The claimed positions and contacts come out again" in told
    assert "Levels, scores and reasons are as published, and not proved by it." in told
    assert "the same byte for byte" not in told
    event = encounter(case)[-1]
    with Container("minimal.zip") as bundle, Container("evidence.zip") as whole:
        claims = json.loads(bundle.read(members.CLAIMS))
        lines = bundle.read(members.lines_of(2)).splitlines()
        assert set(lines) < set(whole.read(members.lines_of(2)).splitlines())
        assert b"This is the report of a minimal bundle" in bundle.read(members.REPORT)
        assert b"This bundle is minimal" in bundle.read(members.README)
    (claim,) = claims["claims"]
    assert claim.keys() == {"event", "revision", "positions", "unprovedPositions", "contact"}
    assert claim["positions"]
    assert claim["contact"]["instants"] > 1
    known = {(one.time, one.ssvid, one.lat, one.lon) for one in event.evidence.positions}
    assert {(one["time"], one["ssvid"], one["lat"], one["lon"]) for one in claim["positions"]} <= known

    # A position that the lines do not show is not claimed.
    sample = event.evidence.positions[0]
    moved = f'"lat":{sample.lat + 0.01:.5f}'.encode()

    def change(data: bytes) -> bytes:
        return data.replace(b'"lat":%s' % str(sample.lat).encode(), moved).replace(
            b'"probable"', b'"possible"'
        )

    forged = rebuilt(Path("minimal.zip"), tmp_path / "forged.zip", {"events.jsonl": change})
    assert "claims.json: is not what the lines and the events of the bundle give" in check(capsys, forged, 1)
