"""`tankerwatch replay`: every option, and every kind of bad input in one clear line."""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from models.event import from_json
from streams.cli.main import run
from tests.scenarios import simulated

Streams = pytest.CaptureFixture[str]

LINES = [f"{line}\n" for line in simulated.recording("satellite", 3, "none")]
UNTIMED = "!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n"
FENCE: dict[str, Any] = {
    "type": "Feature",
    "properties": {"id": "mine", "name": "All of it", "kind": "sts_area", "policy": "watch"},
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[100, 0], [150, 0], [150, 50], [100, 50], [100, 0]]],
    },
}


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a recording in it, where commands run."""
    monkeypatch.chdir(tmp_path)
    Path("all.nmea").write_text("".join(LINES))


def replay(capsys: Streams, *arguments: str, code: int = 0) -> tuple[str, str]:
    """What a replay writes on standard output and on standard error."""
    assert run(["replay", *arguments]) == code
    shown = capsys.readouterr()
    return shown.out, shown.err


def errors(told: str) -> list[str]:
    start = "tankerwatch: error: "
    return [line.removeprefix(start) for line in told.splitlines() if line.startswith(start)]


def test_events_on_stdout_and_a_summary_on_stderr(capsys: Streams) -> None:
    out, told = replay(capsys, "all.nmea")
    events = [from_json(line) for line in out.encode().splitlines()]
    kinds = {(event.type.value, event.level.value) for event in events}
    assert ("encounter", "probable") in kinds
    lines = told.splitlines()
    table = lines[lines.index("Lines by outcome") + 1 : lines.index("Events")]
    counts = [int(line.split()[-1].replace(",", "")) for line in table]
    assert sum(counts[:-1]) == counts[-1] == len(LINES)
    assert table[-1].split()[:2] == ["lines", "read"]
    assert "Suspected ship-to-ship transfer" in told


def test_files_in_any_order_gzip_and_stdin_give_the_same(
    capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, _ = replay(capsys, "all.nmea")
    half = len(LINES) // 2
    Path("first.nmea").write_text("".join(LINES[:half]))
    Path("second").write_bytes(gzip.compress("".join(LINES[half:]).encode()))
    assert replay(capsys, "second", "first.nmea", "--out", "events.jsonl")[0] == ""
    assert Path("events.jsonl").read_text() == whole
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(Path("second").read_bytes())))
    assert replay(capsys, "first.nmea", "-")[0] == whole


def test_csv_geojson_rejects_and_report(capsys: Streams) -> None:
    Path("all.nmea").write_text("\x1b[31m\u202e no sentence\n" + "".join(LINES))
    replay(capsys, "all.nmea", "--format", "csv", "--out", "events.csv", "--rejects", "rejects.jsonl")
    rows = list(csv.DictReader(io.StringIO(Path("events.csv").read_text())))
    found, told = replay(capsys, "all.nmea", "--format", "geojson", "--report", "re\x1b[31mport.html")
    features = json.loads(found)["features"]
    assert [row["id"] for row in rows] == [feature["id"] for feature in features] != []
    rejected = Path("rejects.jsonl").read_bytes()
    assert json.loads(rejected)["head"] == "\x1b[31m\u202e no sentence"
    assert rejected.isascii()
    assert Path("re\x1b[31mport.html").read_text().startswith("<!")
    assert told.splitlines()[-1] == r"Report: re\x1b[31mport.html"


def test_mmsi_chooses_the_events_that_are_told_and_counted(capsys: Streams) -> None:
    out, _ = replay(capsys, "all.nmea")
    mmsi = json.loads(out.splitlines()[0])["vessel"]["ssvid"]
    kept, _ = replay(capsys, "all.nmea", "--mmsi", mmsi, "--mmsi", "1")
    assert 0 < len(kept.splitlines()) < len(out.splitlines())
    assert all(mmsi in line for line in kept.splitlines())
    nothing, told = replay(capsys, "all.nmea", "--mmsi", "1")
    assert nothing == ""
    assert "Events: none" in told


def test_time_and_box_leave_reports_out(capsys: Streams) -> None:
    _, told = replay(capsys, "all.nmea", "--end", "2000-01-01")
    assert "No events." in told
    assert " 0 vessels" in told
    assert "no position lies within --end; `tankerwatch inspect FILE` shows" in told
    out, told = replay(capsys, "all.nmea", "--bbox", "-10,-80,-5,-75")
    assert (out, "no position lies within --bbox" in told) == ("", True)
    assert replay(capsys, "all.nmea", "--start", "2000-01-01", "--bbox=-180,-90,180,90")[0] != ""


def test_vessels_that_were_not_heard_are_told(capsys: Streams) -> None:
    heard = json.loads(replay(capsys, "all.nmea")[0].splitlines()[0])["vessel"]["ssvid"]
    out, told = replay(capsys, "all.nmea", "--mmsi", heard, "--mmsi", "2190047")
    assert out
    assert told.splitlines()[-1] == "tankerwatch: not heard: --mmsi 002190047"
    told = replay(capsys, "all.nmea", "missing.nmea", "--mmsi", "2190047", code=1)[1]
    assert "not heard" not in told  # it may be in what could not be read
    Path("static.nmea").write_text(
        "\\c:1700000000*5C\\!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n"
        "!AIVDM,2,2,1,A,88888888880,2*25\n"
    )
    told = replay(capsys, "static.nmea", "--end", "2000-01-01")[1]
    assert "1 messages" in told
    assert "no position lies within" not in told  # there was none before
    assert run(["inspect", "missing.nmea"]) == 1
    shown = capsys.readouterr()
    assert (shown.out, errors(shown.err)[0][:12]) == ("", "missing.nmea")


def test_the_name_of_the_file_tells_the_format(capsys: Streams) -> None:
    replay(capsys, "all.nmea", "--out", "events.CSV")
    assert Path("events.CSV").read_text().startswith("id,type,")
    replay(capsys, "all.nmea", "--out", "events.csv", "--format", "jsonl")
    assert json.loads(Path("events.csv").read_text().splitlines()[0])["id"] in replay(capsys, "all.nmea")[1]


def test_the_name_of_the_file_tells_the_packing(capsys: Streams) -> None:
    whole, _ = replay(capsys, "all.nmea")
    replay(capsys, "all.nmea", "--out", "events.jsonl.gz")
    assert gzip.decompress(Path("events.jsonl.gz").read_bytes()).decode() == whole
    assert run(["export", "events.jsonl.gz", "--out", "events.csv.gz"]) == 0
    assert gzip.decompress(Path("events.csv.gz").read_bytes()).startswith(b"id,")
    Path("cut.gz").write_bytes(Path("events.jsonl.gz").read_bytes()[:-100])
    assert run(["export", "cut.gz", "--out", "events.csv"]) == 1
    assert "cut.gz: the gzip data breaks off or is corrupt (" in capsys.readouterr().err
    _, told = replay(capsys, "all.nmea", "--out", "events.jsonl.zst", code=2)
    assert "events.jsonl.zst: nothing is packed as .zst; end the name in .gz" in told


def test_own_fence_watchlist_and_settings_have_their_say(capsys: Streams) -> None:
    Path("fence.geojson").write_text(json.dumps(FENCE))
    out, _ = replay(capsys, "all.nmea", "--fence", "fence.geojson")
    mmsi = json.loads(out.splitlines()[0])["vessel"]["ssvid"]
    assert '"mine"' in out
    Path("watched.csv").write_text(f"imo,mmsi,name,list,entry\n,{mmsi},X,my list,17\n")
    out, _ = replay(capsys, "all.nmea", "--watchlist", "watched.csv")
    assert '"my list"' in out
    Path("mine.toml").write_text(
        "[meeting.encounter]\npossible_minutes = 99_999\nprobable_minutes = 99_999\n"
    )
    out, _ = replay(capsys, "all.nmea", "--settings", "mine.toml")
    assert '"type":"encounter"' not in out


def test_what_can_be_read_is_processed(capsys: Streams) -> None:
    whole, _ = replay(capsys, "all.nmea")
    Path("cut.gz").write_bytes(gzip.compress(b"# nothing\n" * 9)[:-9])
    Path("folder").mkdir()
    out, told = replay(capsys, "missing.nmea", "folder", "all.nmea", "cut.gz", code=1)
    assert out == whole
    assert [line.partition(":")[0] for line in sorted(errors(told))] == ["cut.gz", "folder", "missing.nmea"]


def test_no_times_at_all_need_a_base_time(capsys: Streams) -> None:
    Path("untimed.nmea").write_text(UNTIMED * 2)
    (error,) = errors(replay(capsys, "untimed.nmea", code=1)[1])
    assert error.startswith("untimed.nmea: tells no time, so 2 AIS messages could not be used;")
    assert "--base-time" in error
    told = replay(capsys, "untimed.nmea", "--base-time", "2026-03-01T12:00:00Z")[1]
    assert not errors(told)
    assert "all of it has the one that was given, 2026-03-01T12:00:00Z: nothing that lasts" in told


def test_input_that_gives_nothing_is_told(capsys: Streams) -> None:
    contents = {
        "README.md": (b"# a project\nand words\n", "looks like plain text"),
        "table.csv": (b"MMSI,BaseDateTime,LAT,LON\n1,2,3,4\n", "the column of times"),
        "frames.jsonl": (b'{"Message": {}}\n', "looks like JSON"),
        "ports.xml": (b'<ports><port name="A"/></ports>\n', "looks like JSON or XML"),
        "gps.log": (b"$GPGGA,120000,,,,,0,,,,,,,,*65\n", "looks like NMEA without AIS"),
        "events.jsonl": (b'{"id":"a7b767a4ab5d76c0eee3fb6a","type":"gap","vessel":{}}\n', "holds events"),
        "image": (b"\x89PNG\r\n\0\0\n", "binary data"),
        "a.zip": (b"PK\x03\x04rest", "the zip archive is broken"),
        "empty": (b"", "is empty"),
    }
    for name, (data, _) in contents.items():
        Path(name).write_bytes(data)
    broken = UNTIMED.replace("*24", "*25")
    Path("sums.nmea").write_text(broken)  # the table tells enough of that
    assert "bad checksum  1" in replay(capsys, "sums.nmea")[1]
    told = sorted(errors(replay(capsys, *contents, code=1)[1]))
    assert len(told) == len(contents)
    for error, (name, (_, words)) in zip(told, sorted(contents.items()), strict=True):
        assert error.startswith(f"{name}: ")
        assert words in error
        assert ";" in error  # what to do


def test_polls_and_parts_without_a_record_are_no_problem_beside_others(capsys: Streams) -> None:
    Path("poll1.json").write_text("[]\n")
    Path("poll2.json").write_text('{"vessels": []}')
    parquet.write_table(pa.table({"mmsi": pa.array([], pa.int64()), "time": pa.array([], pa.int64()),
                                  "lon": pa.array([], pa.float64()), "lat": pa.array([], pa.float64())}),
                        "part.parquet")  # fmt: skip
    Path("header.csv").write_text("mmsi,time,lat,lon\n")
    Path("hub.json").write_text('[{"ERROR":false,"USERNAME":"a","FORMAT":"HUMAN","RECORDS":0},[]]')
    empty = ["poll1.json", "poll2.json", "part.parquet", "header.csv", "hub.json"]
    told = replay(capsys, "all.nmea", *empty)[1]
    assert not errors(told)
    assert told.count("it holds no record") == len(empty), told
    (error,) = errors(replay(capsys, *empty, code=1)[1])
    assert error == "poll1.json and 4 more recordings: hold no record; give at least one that does"
    Path("unread.json").write_text('{"vessels": []}\n{"station": "quay", "uptime": 7}\n')
    (error,) = errors(replay(capsys, "all.nmea", "unread.json", code=1)[1])
    assert error.startswith("unread.json: holds no AIS message")
    (error,) = errors(replay(capsys, "poll1.json", code=1)[1])
    assert error == "poll1.json: holds no record; give a recording with at least one"
    assert run(["inspect", "poll1.json"]) == 1
    assert run(["inspect", "poll1.json", "all.nmea"]) == 0


def test_wrong_usage_is_told_before_anything_is_written(capsys: Streams) -> None:
    Path("dir").mkdir()
    Path("open.geojson").write_text(
        json.dumps({**FENCE, "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [5, 6]]]}})
    )
    Path("bad.csv").write_text("imo,mmsi,name,list,entry\n1234568,,X,L,1\n")
    Path("unknown.toml").write_text("[decodr]\n")
    Path("impossible.toml").write_text("[meeting.encounter]\nnear_metres = 900\n")
    Path("misspelt.toml").write_text("[meeting.encounter]\nnear_meters = 900\n")
    Path("elsewhere.toml").write_text("near_metres = 900\n")
    Path("table.toml").write_text("[encounter]\nnear_metres = 900\n")
    Path("text.toml").write_text('[meeting.encounter]\nnear_metres = "900"\n')
    Path("link.nmea").symlink_to("all.nmea")
    before = sorted(path.name for path in Path().iterdir())
    for arguments, words in [
        (["all.nmea"], "all.nmea is given twice"),
        (["link.nmea"], "link.nmea and all.nmea are the same file"),
        (["--fence", "open.geojson"], "open.geojson: feature 0 ('mine'): coordinates[0]: 3 positions"),
        (["--watchlist", "bad.csv"], "bad.csv: line 2: column imo: 1234568 has a wrong check digit"),
        (["--settings", "unknown.toml"], "unknown key 'decodr' (did you mean decoder?); valid here: decoder"),
        (["--settings", "misspelt.toml"], "unknown key 'near_meters' (did you mean near_metres"),
        (
            ["--settings", "elsewhere.toml"],
            "unknown key 'near_metres' (there is surroundings.near_metres and",
        ),
        (["--settings", "table.toml"], "unknown key 'encounter' (there is meeting.encounter)"),
        (["--settings", "text.toml"], "meeting.encounter.near_metres: should be a number, not text"),
        (["--settings", "impossible.toml"], "impossible.toml: meeting.encounter: near_metres must be"),
        (["--start", "noon"], "--start: 'noon' is not a time"),
        (["--base-time", "0001-01-01"], "--base-time: '0001-01-01' is not a time"),
        (["--start", "2024-01-02", "--end", "2024-01-01"], "nothing lies between them"),
        (["--bbox", "1,2,3"], "'1,2,3' is not WEST,SOUTH,EAST,NORTH"),
        (["--bbox", "1,20,3,nan"], "'1,20,3,nan' is not a box"),
        (["--out", "events.xlsx"], "events.xlsx would not be a .xlsx file; end its name in .jsonl or"),
        (["--out", "dir"], "dir: can't be written (Is a directory)"),
        (["--report", "none/x.html"], "none/x.html: can't be written (No such file or directory)"),
        (["--out", "./all.nmea"], "--out: ./all.nmea is also an input"),
        (["--rejects", "bad.csv", "--watchlist", "bad.csv"], "--rejects: bad.csv is also an input"),
        (["--out", "new", "--report", "./new"], "--report: ./new is also written by --out"),
        (["--out", "-", "--rejects", "-"], "--rejects: standard output is also written by --out"),
    ]:
        out, told = replay(capsys, "all.nmea", *arguments, code=2)
        assert out == ""
        (line,) = told.splitlines()
        assert words in line
    assert sorted(path.name for path in Path().iterdir()) == before
    assert Path("all.nmea").read_text() == "".join(LINES)


def test_names_of_files_cannot_reach_the_terminal(capsys: Streams) -> None:
    evil = "\x1b[31m\n[red]\u202e\udce9"
    Path(f"{evil}.txt").write_text("words\n")
    Path(f"{evil}.nmea").write_text(UNTIMED)
    base = ["--base-time", "2026-01-01", "--rejects", "rejects.jsonl"]
    _, told = replay(capsys, f"{evil}.txt", f"{evil}.nmea", evil, *base, code=1)
    assert all(line.isprintable() for line in told.splitlines())
    assert len(errors(told)) == 2
    assert r"\x1b[31m\n[red]\u202e\udce9.txt: holds no AIS message" in told
    assert json.loads(Path("rejects.jsonl").read_text())["source"] == r"\x1b[31m\n[red]\u202e\udce9.txt"
    assert replay(capsys, "all.nmea", "--fence", evil, code=2)[1].count("\n") == 1
