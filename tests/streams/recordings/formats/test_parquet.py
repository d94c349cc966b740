"""Tables of Parquet, whatever the types of their columns."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from models.frame import Frame
from models.source_hints import SourceHints
from streams.decoding.decoder import Decoder
from streams.recordings.errors import SourceError
from streams.recordings.formats.columns import NO_COLUMNS
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.parquet import parquet_frames

TEXTS = ["42.5", "n/a", "42.7"]
NAMES = ["EAST", "", "EAST"]


def read(path: Path, **columns: Any) -> Decoder:
    known: dict[str, Any] = {
        "mmsi": [273_351_250] * 3,
        "time": [1_700_000_000, 1_700_000_060, 1_700_000_120],
        "lat": [42.5, None, 42.7],
        "lon": [132.5] * 3,
        "name": NAMES,
    }
    table = pa.table(known | columns)
    pa.parquet.write_table(table.append_column("lat", pa.array([0.0] * 3)), path)  # another of that name
    decoder = Decoder("a")
    for frame in frames(path, []):
        decoder.feed(frame)
    decoder.end()
    return decoder


def frames(path: Path, notes: list[str]) -> Iterator[Frame]:
    return parquet_frames("a", str(path), Cutting(1 << 18, 50_000, SourceHints(), NO_COLUMNS, notes.append))


def said(decoder: Decoder) -> tuple[list[list[Any]], list[str]]:
    out = decoder.advance(decoder.watermark)
    positions = out.reports.positions[["time", "mmsi", "lon", "lat"]]
    return positions.tolist(), [row["name"].decode() for row in out.reports.statics]


@pytest.mark.parametrize(
    "columns",
    [
        {"lat": pa.array(TEXTS).dictionary_encode(), "name": pa.array(NAMES).dictionary_encode()},
        {"lat": pa.array(TEXTS, pa.string_view()), "name": pa.array(NAMES, pa.string_view())},
        {"lat": pa.array(TEXTS, pa.large_string()), "name": pa.array(NAMES, pa.large_string())},
        {"lat": pa.array([each.encode() for each in TEXTS], pa.large_binary())},
        {"destination": [["A", "B"]] * 3, "vessel": [{"flag": "RU"}] * 3},
    ],
)
def test_a_table_says_the_same_whatever_the_types_of_its_columns(
    columns: dict[str, Any], tmp_path: Path
) -> None:
    assert said(read(tmp_path / "a", **columns)) == said(read(tmp_path / "b"))


@pytest.mark.parametrize("name", ["mmsi", "time"])
def test_numbers_that_have_lost_digits_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=f"its column {name} has floating-point numbers of 32 bits"):
        read(tmp_path / "a", **{name: pa.array([273_351_250.0] * 3, pa.float32())})


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_days_without_a_time_of_day_are_refused(kind: pa.DataType, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="its column time has days without a time of day"):
        read(tmp_path / "a", time=pa.array([19_700] * 3, pa.int32()).cast(pa.date32()).cast(kind))


@pytest.mark.parametrize(
    "geometry",
    [
        pa.array(["POINT (132.5 42.5)", None, "x"]).dictionary_encode(),
        pa.array([b"\0", None, b""], pa.large_binary()),
        pa.array([1, 2, 3]),
        pa.nulls(3),
        pa.array([{"x": "a", "y": 1}] * 3),
        pa.array([{"a": 1}] * 3),
    ],
)
def test_a_geometry_column_may_hold_anything_and_be_there_twice(geometry: pa.Array, tmp_path: Path) -> None:
    table = pa.table({"mmsi": [273_351_250] * 3, "time": [1_700_000_000] * 3, "geometry": geometry})
    pa.parquet.write_table(table.append_column("geometry", geometry), tmp_path / "a")
    lines = b"".join(frame.data for frame in frames(tmp_path / "a", []))
    assert lines.count(b"\n") == 3


def test_columns_inside_of_others_are_read(tmp_path: Path) -> None:
    vessel = {"mmsi": 273_351_250, "name": "EAST", "time": "none"}
    place = {"lat": 42.5, "lon": 132.5, "of": {"speed": 7.5}}
    table = pa.table(
        {
            "time": pa.array([1_700_000_000_000] * 2, pa.timestamp("ms")),
            "vessel": pa.array([vessel, vessel]),
            "position": pa.array([place, None]),
        }
    )
    pa.parquet.write_table(table, tmp_path / "a")
    notes: list[str] = []
    decoder = Decoder("a")
    for frame in frames(tmp_path / "a", notes):
        decoder.feed(frame)
    decoder.end()
    found = decoder.advance(decoder.watermark).reports
    at = found.positions[0]
    assert (at["mmsi"], at["time"], at["sog"]) == (273_351_250, 1_700_000_000_000, pytest.approx(7.5))
    assert (at["lat"], at["lon"]) == pytest.approx((42.5, 132.5), abs=1e-5)
    assert found.statics["name"].tolist() == [b"EAST"]
    assert notes == [
        "read as a table by the names of its columns: time=time, mmsi=mmsi, name=name, lat=lat, lon=lon, "
        "sog=speed"
    ]


def test_positions_that_no_column_holds_are_missed_aloud(tmp_path: Path) -> None:
    notes: list[str] = []
    place = pa.array([[132.5, 42.5]])
    pa.parquet.write_table(
        pa.table({"mmsi": [273_351_250], "name": ["EAST"], "place": place}), tmp_path / "a"
    )
    list(frames(tmp_path / "a", notes))
    assert notes == [
        "read as a table by the names of its columns: mmsi=mmsi, name=name; no column is known to hold "
        "positions (its columns: mmsi, name); cells of place have several values, and are not read"
    ]
