"""Inspection: what is said about a recording is what is in it."""

from pathlib import Path

from streams.recordings.inspection import inspect
from streams.recordings.recording import Reading, open_recording

ROW = "273111111,2023-01-11T{time},42.5,{lon},10.1,90.4,91.0,TEST SHIP,IMO9074729\n"
HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO\n"


def test_what_is_in_a_table(tmp_path: Path) -> None:
    rows = [ROW.format(time=f"00:{minute:02}:00", lon=132 + minute / 10) for minute in (0, 1, 2, 30, 31)]
    path = tmp_path / "recording"
    path.write_text(HEADER + "".join(rows) + "0,2023-01-11T00:32:00,1,2,3,4,5,NOBODY,\n")
    reading = Reading()
    found = inspect("a", open_recording(str(path), reading), reading)
    assert found.format == "csv"
    assert {name: seen.lines for name, seen in found.outcomes.items()} == {
        "message": 5, "context": 1, "no_mmsi": 1,
    }  # fmt: skip
    assert found.lines == 7
    assert found.outcomes["no_mmsi"].line == 7
    assert found.outcomes["no_mmsi"].example.startswith("0,2023")
    assert found.messages == {1: 5}
    assert list(found.times) == ["the column of times"]
    (vessel,) = found.vessels
    assert (vessel.ssvid, vessel.flag, vessel.names, vessel.imos) == (
        "273111111",
        "RU",
        ["TEST SHIP"],
        [9074729],
    )
    assert (vessel.positions, vessel.last - vessel.first) == (5, 31 * 60_000)
    assert found.area is not None
    assert [round(side, 3) for side in found.area] == [132.0, 42.5, 135.1, 42.5]
    assert [end - start for start, end in found.gaps] == [27 * 60_000]
    assert found.problems == []


def test_what_cannot_be_used_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_text("x,y,z,w\n1,2,3,4\n")
    found = inspect("a", open_recording(str(path)), Reading())
    assert len(found.problems) == 1
    assert "--columns" in found.problems[0]
    assert found.vessels == []


def test_a_table_whose_mmsis_a_spreadsheet_shortened_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("MMSI,Time,Lat,Lon\n" + "2.73E+08,2024-01-01T00:00:00,42.5,132.5\n" * 2)
    found = inspect("a", open_recording(str(path), Reading()), Reading())
    assert found.problems == [
        "a: has no MMSI in 2 rows; spreadsheets shorten such numbers (2.73E+08), so write the table "
        "again with all nine digits, or name the right column, such as --columns mmsi=MMSI"
    ]
