"""Objects by usual names: positions stay with their time and their vessel, and numbers in their unit."""

import json
from typing import Any

import pytest

from tests.streams.decoding.records.decoded import TIME, decoded
from tests.streams.nmea_lines import START

AWAY = {"type": "Point", "coordinates": [129.0, 35.1]}
OLD = {"lat": 41.5, "lon": 131.5, "speed": 3.0, "time": "2023-11-14T21:00:00Z"}
HERE = {"mmsi": 273111111, "lat": 42.5, "lon": 132.5, "sog": 10.1, "timestamp": TIME}
THERE = {"lat": 42.5, "lon": 132.5, "speed": 10.1, "timestamp": TIME}
NESTED: dict[str, dict[str, Any]] = {
    "a port": {**HERE, "destination": {"name": "BUSAN", "coordinates": [129.0, 35.1]}},
    "a receiver": {**HERE, "receiver": AWAY},
    "its own place": {**HERE, "geometry": AWAY},
    "a line": {**HERE, "track": {"type": "LineString", "coordinates": [[129.0, 35.1], [129.1, 35.2]]}},
    "a line as geometry": {**HERE, "geometry": {"type": "LineString", "coordinates": [[129, 35], [1, 2]]}},
    "a second": {**HERE, "position": {"timestamp": 33}},
    "the position before": {**HERE, "last_position": OLD},
    "the position before, first": {"last_position": OLD, "position": THERE, "mmsi": 273111111},
    "the position in it alone has a time": {
        "mmsi": 273111111, "timestamp": 33, "lat": 1, "lon": 2, "position": THERE,
    },
    "another time of static data": {**HERE, "static": {"imo": 9074729, "tstamp": OLD["time"]}},
    "a place without a type": {
        "mmsi": 273111111, "sog": 10.1, "time": TIME, "location": {"coordinates": [132.5, 42.5, 0]},
    },
    "a place by names": {
        "mmsi": 273111111, "sog": 10.1, "time": TIME, "location": {"lat": 42.5, "lon": 132.5},
    },
    "a place by long names": {
        "mmsi": 273111111, "data": {"coordinates": {"latitude": 42.5, "longitude": 132.5, "speed": 10.1}},
        "timestamp": TIME,
    },
    "all of the moment in it": {"mmsi": 273111111, "gps": THERE},
    "the port of its call": {**HERE, "lat": None, "position": THERE, "location": {**AWAY, "name": "BUSAN"}},
    "ArcGIS": {
        "attributes": {"MMSI": 273111111, "SOG": 10.1, "TIMESTAMP": TIME},
        "geometry": {"x": 132.5, "y": 42.5},
    },
    "an empty array beside it": {"data": {"vessel": {"mmsi": 273111111}, "position": THERE, "tracks": []}},
}  # fmt: skip


@pytest.mark.parametrize("found", NESTED.values(), ids=NESTED.keys())
def test_a_position_stays_with_its_time_and_its_vessel(found: dict[str, Any]) -> None:
    _, positions, _ = decoded(json.dumps(found))
    (row,) = positions
    assert [row[name] for name in ("lon", "lat", "sog")] == pytest.approx([132.5, 42.5, 10.1], abs=1e-4)
    assert row["time"] == START


@pytest.mark.parametrize(("named", "kind", "ship_type"), [
    ("type", 5, None), ("type", 24, None), ("type", 80, 80), ("shiptype", 20, 20), ("shipType", 5, 5),
])  # fmt: skip
def test_a_small_type_is_that_of_the_message(named: str, kind: int, ship_type: int | None) -> None:
    _, _, statics = decoded(json.dumps({**HERE, "name": "TEST SHIP", "imo": 9074729, named: kind}))
    (row,) = statics
    assert row["ship_type"] == (ship_type or 0)


@pytest.mark.parametrize(("number", "sent"), [(18, 18), (3, 3), (5, 1), (27, 27), (80, 1)])
def test_a_type_alone_is_that_of_the_message_where_the_record_agrees(number: int, sent: int) -> None:
    _, (row,), statics = decoded(json.dumps({**HERE, "type": number}))
    assert row["type"] == sent
    assert [each["ship_type"] for each in statics] == ([number] if number > 27 else [])


def test_a_time_may_say_its_unit_behind_its_name() -> None:
    found = {"mmsi": 273111111, "lat": 42.5, "lon": 132.5, "timestamp (UTC)": TIME}
    _, (row,), _ = decoded(json.dumps(found))
    assert row["time"] == START


def test_an_event_is_no_report() -> None:
    event = {
        "id": "e", "type": "encounter", "start": TIME, "end": None, "position": {"lat": 42.5, "lon": 132.5},
        "vessel": {"ssvid": "273111111", "name": "TEST SHIP"}, "time": TIME,
    }  # fmt: skip
    decoder, _, _ = decoded(json.dumps(event), json.dumps({"type": "event", "data": event}))
    assert +decoder.outcomes == {"no_report": 2}


def test_units_do_not_change_within_a_feed() -> None:
    place = {"MMSI": 273111111, "LAT": 42.5, "LON": 132.5, "SHIP_ID": 1, "DSRC": "TER"}
    lines = [json.dumps({**place, "SPEED": speed, "TIMESTAMP": 1700000000 + speed}) for speed in (12, 12.4)]
    _, positions, _ = decoded(*lines)
    assert positions["sog"].tolist() == pytest.approx([12, 12.4], abs=1e-4)
    static = {"mmsi": 273111111, "name": "A", "msgtime": TIME, "positionFixingDeviceType": 1}
    _, _, statics = decoded(*(json.dumps({**static, "draught": draught}) for draught in (85, 90.0)))
    assert statics["draught"].tolist() == pytest.approx([8.5, 9], abs=1e-4)
