"""What the rows of a table tell of all of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest

from models.frame import Frame
from models.report import Rows
from models.source_hints import DateOrder, SourceHints
from streams.decoding.decoder import Decoder
from streams.recordings import content
from streams.recordings.formats import csv_text
from streams.recordings.recording import open_recording
from tests.streams.recordings.formats.csv_reading import TIME, read


def decoded(frames: Iterable[Frame]) -> Rows:
    decoder = Decoder("a")
    for frame in frames:
        decoder.feed(frame)
    decoder.end()
    return decoder.advance(decoder.watermark).reports.positions


TRAFFIC = "MMSI,LAT,LON,SPEED,COURSE,TIMESTAMP,DSRC\n"


def traffic(speeds: Sequence[str], day: str = "11/01/2023") -> str:
    row = "273111111,42.5{0:02},132.5,{1},90,{2} 00:{0:02}:00,TER\n"
    return "".join(row.format(minute, speed, day) for minute, speed in enumerate(speeds))


def test_all_rows_of_a_file_tell_the_unit_and_the_order_of_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the first ones do not; a pipe leaves out what is not sure any more, and says so."""
    monkeypatch.setattr(csv_text, "_BLOCK", 200)
    monkeypatch.setattr(content, "READ_BYTES", 100)
    text = TRAFFIC + traffic(["10", "11", "12"] * 4) + traffic(["10.5", "11", "12"] * 4, "13/01/2023")
    (tmp_path / "a.csv").write_text(text)
    recording = open_recording(str(tmp_path / "a.csv"))
    positions = decoded(recording.frames())
    assert positions["sog"].tolist() == pytest.approx([10, 11, 12] * 4 + [10.5, 11, 12] * 4)
    assert positions["time"].min() == TIME
    assert not any("tenths" in note or "contradict" in note for note in recording.notes)
    _, positions, _, notes = read(text, hints=SourceHints(date_order=DateOrder.DAY_FIRST), size=100)
    read_so = positions["sog"][~np.isnan(positions["sog"])]
    assert read_so.tolist() == pytest.approx(([1, 1.1, 1.2] * 4)[: len(read_so)])
    assert len(read_so) >= 8
    assert any("contradict" in note and "--units sog=kn" in note for note in notes)


@pytest.mark.parametrize(
    ("kinds", "types", "ship_types"),
    [
        ("1 3 18 27", [1, 3, 18, 27], []), ("30 80 1", [1, 1, 1], [30, 80, 1]), ("Tanker", [1], [80]),
        ("1 7 8", [1, 1, 1], []),
    ],
)  # fmt: skip
def test_a_column_that_is_only_called_type(kinds: str, types: list[int], ship_types: list[int]) -> None:
    rows = "".join(
        f"{273111111 + i},2023-01-11T00:00:00,42.5,132.5,{kind}\n" for i, kind in enumerate(kinds.split())
    )
    _, positions, statics, notes = read("mmsi,time,lat,lon,type\n" + rows)
    assert positions["type"].tolist() == types
    assert statics["ship_type"].tolist() == ship_types
    assert any("column type" in note for note in notes)


def test_a_column_called_type_that_the_user_names_or_that_stands_without_positions() -> None:
    row = "273111111,2023-01-11T00:00:00,42.5,132.5,7\n"
    _, positions, statics, notes = read("mmsi,time,lat,lon,type\n" + row, "ship_type=type")
    assert (positions["type"].tolist(), statics["ship_type"].tolist()) == ([1], [7])
    assert not any("column type" in note for note in notes)
    for kind, ship_type in (("80", 80), ("5", 0), ("7", 0)):
        _, _, statics, _ = read(f"mmsi,time,name,type\n273111111,2023-01-11T00:00:00,A,{kind}\n")
        assert [(each["name"], each["ship_type"]) for each in statics] == [(b"A", ship_type)]


def test_numbers_that_no_ship_has_are_doubted_aloud() -> None:
    text = "mmsi,time,lat,lon,sog,draught\n273111111,1673395200,25500000,79500000,120,85\n"
    notes = " ".join(read(text)[3])
    assert all(f"--units {unit}" in notes for unit in ("lon=deg/600000", "sog=kn/10", "draught=dm"))
    _, positions, _, notes_ = read(text, units="lon=min/10000,lat=deg/600000,sog=kn/10,draught=dm")
    assert [positions[name][0] for name in ("lat", "lon", "sog")] == pytest.approx([42.5, 132.5, 12])
    assert len(notes_) == 1
