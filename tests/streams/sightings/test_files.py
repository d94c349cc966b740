"""Files of sightings: every row is a sighting, a repetition, or a fault with its place and the remedy."""

import json
from pathlib import Path

import pytest

from models.sighting import Sighting, SightingKind
from models.time import HOUR, from_text
from streams.sightings.fields import FIELDS, SightingError, read_line, to_line
from streams.sightings.files import load_sightings, read_sightings

TIME = from_text("2024-03-05T12:00:00Z")
FULL = Sighting(
    time=TIME,
    lon=124.8,
    lat=38.5,
    received=TIME + 5 * HOUR,
    accuracy=150.0,
    length=96.5,
    kind=SightingKind.IMAGE,
    mmsi=1_234_567,
    imo=9_074_729,
    name="SEA STAR",
    reference="S1A-0042",
    source="a provider",
)
GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "id": "S1A-0042",
            "geometry": {"type": "Point", "coordinates": [124.8, 38.5, 0]},
            "properties": {
                "acquisitionTime": "2024-03-05T12:00:00Z",
                "Received at": "2024-03-05T17:00:00Z",
                "accuracyMetres": 150,
                "length_m": 96.5,
                "sensor": "SAR",
                "mmsi": "001234567",
                "IMO number": "IMO 9074729",
                "ship_name": "SEA STAR",
                "provider": "a provider",
                "cloud": 0.3,
            },
        }
    ],
}


def test_every_layout_says_the_same() -> None:
    csv = (
        "Time;X;Y;Received;Accuracy (m);Length (m);Type;MMSI;IMO;Vessel name;Scene ID;Provider;Cloud\n"
        '1709640000;124.8;38.5;1709658000000;150;96.5;satellite;001234567;9074729;"SEA STAR";S1A-0042;'
        "a provider;0.3\n"
    )
    for text in (csv, json.dumps(GEOJSON), json.dumps(GEOJSON["features"][0]), to_line(FULL).decode()):
        found = read_sightings(text.encode(), "file")
        assert found.sightings == (FULL,)
        assert found.rows == 1
    assert read_sightings(json.dumps(GEOJSON).encode(), "file").ignored == ("cloud",)
    assert read_line(to_line(FULL)) == FULL


def test_only_time_and_place_are_needed() -> None:
    (found,) = read_sightings(b"time,lon,lat\n2024-03-05 12:00:00,124.8,38.5\n", "file").sightings
    assert found == Sighting(time=TIME, lon=124.8, lat=38.5, received=TIME)


def test_what_repeats_a_sighting_is_counted_and_the_first_news_of_it_holds() -> None:
    rows = "".join(f"2024-03-05T12:00:00Z,124.8,38.5,2024-03-05T{hour}:00:00Z\n" for hour in (20, 14, 20))
    found = read_sightings(f"time,lon,lat,received\n{rows}\n".encode(), "file")
    assert (found.rows, found.repeated) == (3, 2)
    assert found.sightings[0].received == TIME + 2 * HOUR


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"time": "yesterday"}, "time: 'yesterday'; give it as"),
        ({"time": "2024-03-05"}, "time: '2024-03-05'; give it as"),
        ({"time": ""}, "time: missing"),
        ({"lon": 200}, "lon: '200'; give degrees"),
        ({"lat": "north"}, "lat: 'north'; give degrees"),
        ({"lat": "nan"}, "lat: 'nan'; give degrees"),
        ({"accuracy": 0}, "accuracy: '0'; give metres"),
        ({"length": 9999}, "length: '9999'; give metres"),
        ({"imo": "9074720"}, "imo: 9074720 has a wrong check digit"),
        ({"mmsi": "12345"}, "mmsi: '12345'; give 9 digits"),
        ({"kind": "rumour"}, "kind: 'rumour'; choose one of image, radar, patrol, other"),
        ({"received": "2024-03-05T11:00:00Z"}, "received: 2024-03-05T11:00:00Z is before the time"),
    ],
)
def test_a_fault_names_row_field_and_remedy(change: dict[str, object], said: str) -> None:
    good = {"time": "2024-03-05T12:00:00Z", "lon": 124.8, "lat": 38.5}
    rows = [good, {**good, **change}, good]
    names = sorted({*good, *change})
    csv = "\n".join([",".join(names), *(",".join(str(row.get(name, "")) for name in names) for row in rows)])
    lines = "\n".join(json.dumps(row) for row in rows)
    for text, place in ((csv, "line 3"), (lines, "line 2")):
        with pytest.raises(SightingError) as caught:
            read_sightings(text.encode(), "a.csv")
        (problem,) = caught.value.problems
        assert problem.startswith(f"a.csv: {place}: {said}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("name,lat\nA,1\n", "no column for time (or timestamp"),
        ("time,lon,longitude,lat\n", "two columns for lon"),
        ('time,lon,lat\n"x', "not CSV"),
        ("time,lon,lat\n1,2,3,4\n", "4 cells below 3 columns"),
        ('{"type": "FeatureCollection", "features": [3]}', "feature 0: not a GeoJSON Feature"),
        (
            '{"type": "Feature", "geometry": {"type": "Polygon"}}',
            "geometry: 'Polygon'; a sighting is a Point",
        ),
        ('{"type": "Feature"', "line 1 column 19: not JSON"),
        ("{}\n[]\n", "line 2: not a JSON object"),
        ("\xff", "not UTF-8"),
    ],
)
def test_what_is_no_file_of_sightings_is_said(text: str, said: str) -> None:
    with pytest.raises(SightingError) as caught:
        read_sightings(text.encode("latin-1"), "a")
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_the_faults_of_all_files_are_said_at_once(tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_text("time,lon,lat\n" + "x,y,z\n" * 200)
    good.write_text("time,lon,lat\n2024-03-05T12:00:00Z,1,2\n")
    with pytest.raises(SightingError) as caught:
        load_sightings([tmp_path / "none.csv", bad, good])
    assert "can't be read" in caught.value.problems[0]
    assert "more faults are not listed" in caught.value.problems[-1]
    assert [each.rows for each in load_sightings([good])] == [1]


def test_text_from_others_cannot_forge_lines() -> None:
    line = json.dumps(
        {"time": 1709640000, "lon": 1, "lat": 2, "name": "A\n\x1b[31mB\u2028C", "source": "x" * 999}
    )
    found = read_line(line.encode())
    assert found.name == "A [31mB C"
    assert len(found.source) == 200


def test_the_page_of_sightings_names_every_field() -> None:
    page = Path("docs/sightings.md").read_text("utf-8")
    assert [name for name in FIELDS if f"`{name}`" not in page] == []
