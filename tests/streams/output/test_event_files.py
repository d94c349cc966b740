"""Event files, also with hostile names."""

import csv
import io
import json

import pytest

from models.event import Event, from_json, to_json
from models.vessel import Dimensions, WatchlistHit
from streams.output.event_files import COLUMNS, EventWriter, Format
from tests.streams.track_factories import (
    A,
    B,
    encounters,
    events_of,
    fixes,
    identity,
    run_stage,
    statics,
    ticks,
    vessel_stage,
)

SIZE = Dimensions(80, 20, 8, 8)


def sample_events(name: str = "OCEAN STAR", lon: float = 135.0) -> list[Event]:
    """An encounter with everything known about both vessels, and a loitering event."""
    minutes = list(range(0, 65, 5))
    hits = (WatchlistHit("a list", "entry 1", "imo"),)
    known = [
        identity(
            A, name=name, imo=9_074_729, size=SIZE, watchlists=hits, callsign="=X", draught=7.5, ship_type=80
        ),
        identity(B, size=SIZE),
    ]
    rows = [ticks(A, minutes, origin=(lon, 40.0)), ticks(B, minutes, 40, origin=(lon, 40.0))]
    slow = fixes(A, range(0, 300, 5), sog=0.5)
    return encounters(rows, known) + events_of(run_stage(vessel_stage(), slow, statics(A)))


def written(form: Format, events: list[Event]) -> str:
    stream = io.StringIO()
    writer = EventWriter(stream, form)
    for event in events:
        writer.write(event)
    writer.close()
    return stream.getvalue()


def test_json_lines_read_back_are_the_same_events() -> None:
    events = sample_events()
    lines = written(Format.JSONL, events).splitlines()
    assert [from_json(line) for line in lines] == events
    assert [to_json(from_json(line)).decode() for line in lines] == lines


@pytest.mark.parametrize("number", [0, 1, None])
def test_geojson_is_a_collection_of_points(number: int | None) -> None:
    events = sample_events(lon=180.0)[:number]
    collection = json.loads(written(Format.GEOJSON, events))
    assert collection["type"] == "FeatureCollection"
    assert len(collection["features"]) == len(events)
    for feature, event in zip(collection["features"], events, strict=True):
        assert feature["type"] == "Feature"
        assert feature["geometry"] == {
            "type": "Point",
            "coordinates": [event.position.lon, event.position.lat],
        }
        assert len(feature["bbox"]) == 4
        assert feature["properties"]["type"] == event.type
        assert feature["properties"]["revision"] == event.revision
        assert not {"position", "boundingBox"} & feature["properties"].keys()


def test_csv_has_a_row_for_every_revision() -> None:
    events = sample_events()
    header, *rows = csv.reader(io.StringIO(written(Format.CSV, events)))
    assert tuple(header) == COLUMNS
    assert [(row[header.index("id")], row[header.index("type")]) for row in rows] == [
        (event.id, event.type) for event in events
    ]
    first = dict(zip(header, rows[0], strict=True))
    assert (first["mmsi"], first["other_mmsi"], first["watchlists"]) == (
        f"{A:09d}",
        f"{B:09d}",
        "a list entry 1",
    )
    assert (first["median_distance_km"], first["min_hull_gap_m"]) == ("0.04", "24.0")
    assert dict(zip(header, rows[-1], strict=True))["other_mmsi"] == ""


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x","y")', "=A,B", "\t=1", "  =1"]
)
def test_a_name_cannot_be_a_formula(name: str) -> None:
    text = written(Format.CSV, sample_events(name)[:1])
    (row,) = csv.DictReader(io.StringIO(text))
    assert not row["name"].lstrip().startswith(("=", "+", "-", "@"))
    assert row["name"].startswith("'")


def test_a_name_cannot_start_a_row_or_a_line() -> None:
    events = sample_events('A",B\nC;<b>')[:1]
    assert len(list(csv.DictReader(io.StringIO(written(Format.CSV, events))))) == 1
    assert len(written(Format.JSONL, events).splitlines()) == 1
