"""Dialects: a record of each kind, as its documentation writes it, becomes the message it stands for."""

import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from models.time import from_text
from streams.decoding.lines.time_text import TextRules
from streams.decoding.records.dialects.known import records_of
from tests.streams.decoding.records.decoded import TIME, decoded
from tests.streams.nmea_lines import START


def stream(name: str, **fields: Any) -> str:
    body = {"UserID": 273111111, "Valid": True, **fields}
    about = {"MMSI": 273111111, "time_utc": "2023-11-14 22:13:20.123456789 +0000 UTC"}
    return json.dumps({"MessageType": name, "Message": {name: body}, "MetaData": about})


PLACE: dict[str, Any] = {"Longitude": 132.5, "Latitude": 42.5, "Sog": 10.1, "Cog": 90.4}
POSITIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "aisstream": (
        stream("PositionReport", MessageID=3, TrueHeading=91, Timestamp=20, NavigationalStatus=5, **PLACE),
        {"type": 3, "heading": 91, "status": 5},
    ),
    "aisstream class B": (
        stream("StandardClassBPositionReport", MessageID=18, TrueHeading=91, Timestamp=20, **PLACE),
        {"type": 18, "heading": 91, "status": 15},
    ),
    "aisstream long range": (
        stream(
            "LongRangeAisBroadcastMessage",
            MessageID=27,
            NavigationalStatus=5,
            **{**PLACE, "Sog": 10, "Cog": 90},
        ),
        {"type": 27, "sog": 10, "cog": 90, "status": 5},
    ),
    "gpsd unscaled": (
        '{"class":"AIS","type":1,"mmsi":273111111,"scaled":false,"status":5,"speed":101,"lon":79500000,'
        '"lat":25500000,"course":904,"heading":91,"second":20,"rxtime":"20231114221320"}',
        {"type": 1, "heading": 91, "status": 5},
    ),
    "AIS-catcher without sentences": (
        '{"class":"AIS","device":"AIS-catcher","rxtime":"20231114000000","rxuxtime":1700000000.25,"type":1,'
        '"mmsi":273111111,"status":5,"speed":10.1,"lon":132.5,"lat":42.5,"course":90.400002,"heading":91}',
        {"type": 1, "heading": 91, "status": 5},
    ),
    "Signal K": (
        '{"context":"vessels.urn:mrn:imo:mmsi:273111111","updates":[{"timestamp":"2023-11-14T22:13:20.000Z",'
        '"values":[{"path":"navigation.position","value":{"longitude":132.5,"latitude":42.5}},'
        '{"path":"navigation.speedOverGround","value":5.196},{"path":"navigation.state","value":"moored"},'
        '{"path":"navigation.courseOverGroundTrue","value":1.5778}]}]}',
        {"type": 1, "status": 5},
    ),
    "canboat": (
        '{"timestamp":"2023-11-14-22:13:20.000","prio":4,"src":0,"dst":255,"pgn":129038,"fields":'
        '{"Message ID":1,"User ID":273111111,"Longitude":132.5,"Latitude":42.5,"Time Stamp":"20",'
        '"COG":90.4,"SOG":5.196,'
        '"Heading":91.0,"Nav Status":"Moored"}}',
        {"type": 1, "heading": 91, "status": 5},
    ),
    "Digitraffic REST": (
        '{"mmsi":273111111,"type":"Feature","geometry":{"type":"Point","coordinates":[132.5,42.5]},"properties":'
        '{"mmsi":273111111,"sog":10.1,"cog":90.4,"navStat":5,"heading":91,"timestamp":20,'
        '"timestampExternal":1700000000000}}',
        {"type": 1, "heading": 91, "status": 5},
    ),
    "GeoJSON by usual names": (
        '{"type":"Feature","geometry":{"type":"Point","coordinates":[132.5,42.5]},"properties":{"MMSI":"273111111",'
        f'"Speed Over Ground":"10.1","COG":90.4,"Timestamp":"{TIME}","Nav_Status":"moored"}}}}',
        {"type": 1, "status": 5},
    ),
}


@pytest.mark.parametrize(("line", "expected"), POSITIONS.values(), ids=POSITIONS.keys())
def test_a_position_is_what_the_message_said(line: str, expected: dict[str, Any]) -> None:
    _, positions, statics = decoded(line)
    assert len(statics) == 0
    (row,) = positions
    expected = {"mmsi": 273111111, "lon": 132.5, "lat": 42.5, "sog": 10.1, "cog": 90.4} | expected
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, abs=1e-4), name
    assert abs(int(row["time"]) - START) < 1_000


BEFORE = "2023-11-13T00:00:00Z"
ABOUT: dict[str, Any] = {
    "imo": 9074729, "name": "TEST SHIP", "callsign": "CALL1", "destination": "NAMPO",
}  # fmt: skip
CAPITALS = {name.upper(): value for name, value in ABOUT.items()}
SERVICES: dict[str, dict[str, Any]] = {
    "MarineTraffic, in tenths": {
        "MMSI": "273111111", "SHIP_ID": "1", "LAT": "42.5", "LON": "132.5", "SPEED": "101", "COURSE": "90",
        "HEADING": "91", "STATUS": "5", "TIMESTAMP": "2023-11-14T22:13:20", "DSRC": "TER",
        "SHIPNAME": "TEST SHIP", "SHIPTYPE": "80", "IMO": "9074729", "CALLSIGN": "CALL1",
        "DESTINATION": "NAMPO", "DRAUGHT": "85",
    },
    "AISHub, human readable": {
        "MMSI": 273111111, "TIME": "2023-11-14 22:13:20 GMT", "LONGITUDE": 132.5, "LATITUDE": 42.5, "COG": 90,
        "SOG": 10.1, "HEADING": 91, "NAVSTAT": 5, "TYPE": 80, "DRAUGHT": 8.5, "DEST": "NAMPO", **CAPITALS,
    },
    "AISHub, as sent": {
        "MMSI": 273111111, "TIME": "1700000000", "LONGITUDE": 79500000, "LATITUDE": 25500000, "COG": 900,
        "SOG": 101, "HEADING": 91, "NAVSTAT": 5, "TYPE": 80, "DRAUGHT": 85, "DEST": "NAMPO", **CAPITALS,
    },
    "VT Explorer": {"AIS": {
        "MMSI": 273111111, "TIMESTAMP": "2023-11-14 22:13:20 UTC", "LATITUDE": 42.5, "LONGITUDE": 132.5,
        "COURSE": 90, "SPEED": 10.1, "HEADING": 91, "NAVSTAT": 5, "TYPE": 80, "DRAUGHT": 8.5, **CAPITALS,
    }},
    "Spire, vessels": {
        "mmsi": 273111111, "call_sign": "CALL1", "ship_type": "Tanker", "updated_at": "2023-11-15T00:00:00Z",
        "last_known_position": {
            "timestamp": TIME, "geometry": {"type": "Point", "coordinates": [132.5, 42.5]}, "heading": 91,
            "speed": 10.1, "course": 90, "draught": 8.5, "navigational_status": "moored",
        }, "most_recent_voyage": {"destination": "NAMPO"}, "name": "TEST SHIP", "imo": 9074729,
    },
    "Spire, GraphQL": {
        "updateTimestamp": "2023-11-15T00:00:00Z",
        "staticData": {**ABOUT, "mmsi": 273111111, "shipType": "TANKER_PRODUCT", "timestamp": BEFORE},
        "lastPositionUpdate": {
            "course": 90, "heading": 91, "latitude": 42.5, "longitude": 132.5, "speed": 10.1,
            "timestamp": TIME, "navigationalStatus": "MOORED",
        }, "currentVoyage": {"destination": "NAMPO", "draught": 8.5, "timestamp": BEFORE},
    },
    "annotated": {
        name: {"value": value} for name, value in {
            "mmsi": 273111111, "time": TIME, "lon": 132.5, "lat": 42.5, "sog": 10.1, "cog": 90, "heading": 91,
            "status": 5, "shiptype": 80, "draught": 8.5, **ABOUT,
        }.items()
    },
    "with units and letters": {
        **ABOUT, "mmsi": 273111111, "time": TIME, "lon": "132°30.0'E", "lat": "42.5 N", "sog": "10.1 kn",
        "cog": "90°", "heading": 91, "status": 5, "type": "Tanker", "draught": "8,5 m",
    },
}  # fmt: skip


@pytest.mark.parametrize("found", SERVICES.values(), ids=SERVICES.keys())
def test_objects_of_services_with_units_and_fields_of_their_own(found: dict[str, Any]) -> None:
    _, positions, statics = decoded(json.dumps(found))
    (at,), (said,) = positions, statics
    expected = {
        "mmsi": 273111111,
        "time": START,
        "lon": 132.5,
        "lat": 42.5,
        "sog": 10.1,
        "cog": 90,
        "heading": 91,
    }
    assert {name: at[name] for name in expected} == pytest.approx(expected, abs=1e-4)
    assert (at["mmsi"], at["status"]) == (273111111, 5)
    assert [said[name] for name in ("imo", "ship_type", "name")] == [9074729, 80, b"TEST SHIP"]
    assert (said["callsign"], said["destination"]) in ((b"CALL1", b"NAMPO"), (b"CALL1", b""))
    assert said["draught"] == pytest.approx(8.5)


def test_a_delta_with_updates_of_several_times_is_as_many_positions() -> None:
    def update(second: int, lon: float) -> dict[str, Any]:
        place = {"path": "navigation.position", "value": {"longitude": lon, "latitude": 42.5}}
        return {
            "$source": f"s{second % 2}",
            "timestamp": f"2023-11-14T22:13:{second}.000Z",
            "values": [place],
        }

    speed = {**update(30, 0), "values": [{"path": "navigation.speedOverGround", "value": 5.196}]}
    delta = {
        "context": "vessels.urn:mrn:imo:mmsi:273111111",
        "updates": [update(20, 132.5), update(30, 132.6), speed],
    }
    _, positions, _ = decoded(json.dumps(delta))
    assert positions["lon"].tolist() == pytest.approx([132.5, 132.6])
    assert positions["time"].tolist() == [START, START + 10_000]
    assert positions["sog"].tolist() == pytest.approx([math.nan, 10.1], abs=1e-4, nan_ok=True)


def test_what_one_update_tells_holds_for_the_others_of_its_delta() -> None:
    def value(path: str, value: Any) -> list[dict[str, Any]]:
        return [{"path": path, "value": value}]

    place = value("navigation.position", {"longitude": 132.5, "latitude": 42.5})
    updates: list[dict[str, Any]] = [
        {"values": value("navigation.headingTrue", 0)},
        {"timestamp": "2023-11-14T22:13:20.010Z", "values": value("navigation.speedOverGround", 5.196)},
        {"timestamp": TIME, "values": place},
        {"values": value("navigation.courseOverGroundTrue", 0)},
        {"timestamp": "2023-11-14T22:13:20.990Z", "values": value("", {"mmsi": "273111111"})},
    ]
    _, positions, _ = decoded(json.dumps({"context": "vessels.self", "updates": updates}))
    (row,) = positions
    assert (row["mmsi"], row["time"], row["heading"], row["cog"]) == (273111111, START, 0, 0)
    assert row["sog"] == pytest.approx(10.1)
    _, positions, _ = decoded(
        json.dumps(
            {
                "context": "vessels.urn:mrn:imo:mmsi:273111111",
                "timestamp": TIME,
                "updates": [{"values": place}],
            }
        )
    )
    assert positions["time"].tolist() == [START]


def test_names_of_canboat_in_camel_case_do_not_tell_radians() -> None:
    fields = {"userId": 273111111, "longitude": 132.5, "latitude": 42.5, "cog": 90.0, "sog": 5.196}
    _, positions, _ = decoded(json.dumps({"timestamp": TIME, "pgn": 129038, "fields": fields}))
    assert positions["cog"].tolist() == pytest.approx([90])


def test_angles_of_canboatjs_are_in_radians() -> None:
    fields = {"userId": 273111111, "longitude": 132.5, "latitude": 42.5, "cog": math.pi / 2, "sog": 5.196}
    _, positions, _ = decoded(json.dumps({"timestamp": TIME, "pgn": 129038, "canId": 1, "fields": fields}))
    assert positions["cog"].tolist() == pytest.approx([90])


def test_digitraffic_with_its_topic_before_the_object() -> None:
    line = 'vessels-v2/273111111/location {"time":1700000000,"sog":10.1,"navStat":5,"lon":132.5,"lat":42.5}'
    _, positions, _ = decoded(line)
    assert positions["mmsi"].tolist() == [273111111]


STATICS = {
    "aisstream": stream(
        "ShipStaticData", MessageID=5, ImoNumber=9074729, Name="TEST SHIP      ", CallSign="CALL1", Type=80,
        Dimension={"A": 100, "B": 50, "C": 10, "D": 12}, MaximumStaticDraught=8.5, Destination="NAMPO",
        Eta={"Month": 3, "Day": 11, "Hour": 7, "Minute": 0},
    ),
    "gpsd": '{"class":"AIS","type":5,"mmsi":273111111,"rxuxtime":1700000000,"imo":9074729,"callsign":"CALL1",'
    '"shipname":"TEST SHIP","shiptype":80,"to_bow":100,"to_stern":50,"to_port":10,"to_starboard":12,'
    '"draught":8.5,"destination":"NAMPO","eta":"03-11T07:00Z"}',
    "Digitraffic": '{"timestamp":1700000000000,"mmsi":273111111,"destination":"NAMPO","name":"TEST SHIP",'
    f'"draught":85,"eta":{3 << 16 | 11 << 11 | 7 << 6},"posType":1,"refA":100,"refB":50,"refC":10,"refD":12,'
    '"callSign":"CALL1","imo":9074729,"type":80}',
    "canboat": '{"timestamp":"2023-11-14T22:13:20.000Z","pgn":129794,"fields":{"Message ID":5,'
    '"User ID":273111111,"IMO number":9074729,"Callsign":"CALL1","Name":"TEST SHIP","Type of ship":"Tanker",'
    '"Length":150.0,'
    '"Beam":22.0,"Position reference from Starboard":12.0,"Position reference from Bow":100.0,'
    '"ETA Date":"2023.03.11","ETA Time":"07:00:00","Draft":8.50,"Destination":"NAMPO"}}',
}  # fmt: skip


@pytest.mark.parametrize("line", STATICS.values(), ids=STATICS.keys())
def test_static_data_is_what_the_message_said(line: str) -> None:
    _, positions, statics = decoded(line)
    assert len(positions) == 0
    (row,) = statics
    names = ("mmsi", "imo", "ship_type", "to_bow", "to_stern", "to_port", "to_starboard", "name", "callsign")
    assert [row[name] for name in names] == [273111111, 9074729, 80, 100, 50, 10, 12, b"TEST SHIP", b"CALL1"]
    assert row["destination"] == b"NAMPO"
    assert row["draught"] == pytest.approx(8.5)
    assert row["eta"].tolist() == [3, 11, 7, 0]


def test_both_parts_of_type_24() -> None:
    size = {"A": 20, "B": 10, "C": 3, "D": 4}
    a = stream("StaticDataReport", MessageID=24, PartNumber=False, ReportA={"Valid": True, "Name": "BOAT"})
    b = stream(
        "StaticDataReport",
        MessageID=24,
        PartNumber=True,
        ReportB={"ShipType": 37, "CallSign": "X1", "Dimension": size},
    )
    _, _, statics = decoded(a, b)
    assert sorted(statics["part"].tolist()) == [1, 2]
    assert sorted(statics["name"].tolist()) == [b"", b"BOAT"]
    assert sorted(statics["ship_type"].tolist()) == [0, 37]


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ('{"MessageType":"SubscriptionConfirmation","Message":{}}', "no_report"),
        (stream("SafetyBroadcastMessage", MessageID=14, Text="HELLO"), "no_report"),
        ('{"class":"VERSION","release":"3.25","proto_major":3}', "no_report"),
        ('{"timestamp":"2023-11-14T22:13:20Z","pgn":127245,"fields":{"Position":4.7}}', "no_report"),
        ('{"class":"AIS","type":1,"mmsi":0,"lon":132.5,"lat":42.5,"rxuxtime":1700000000}', "no_mmsi"),
        ('{"class":"AIS","type":1,"mmsi":1263940000000000,"lon":1,"lat":2,"rxuxtime":1700000000}', "no_mmsi"),
        ('{"class":"AIS","type":1,"mmsi":273111111,"lon":132.5,"lat":42.5}', "no_time"),
        ('{"class":"AIS","type":1,"mmsi":2731', "malformed"),
    ],
)
def test_what_makes_no_report_says_why(line: str, outcome: str) -> None:
    decoder, positions, _ = decoded(line)
    assert len(positions) == 0
    assert +decoder.outcomes == {outcome: 1}


def test_what_a_record_does_not_tell_is_null() -> None:
    line = f'{{"mmsi": 273111111, "time": "{TIME}", "lat": 42.5, "lon": 132.5}}'
    _, positions, _ = decoded(line)
    (row,) = positions
    assert [bool(np.isnan(row[name])) for name in ("sog", "cog", "heading")] == [True] * 3
    assert row["status"] == 15


def test_a_payload_in_hexadecimal_is_the_message() -> None:
    payload = "13@:`L001N0ded0O6Fp8wW<00<0t"
    letters = "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
    bits = int("".join(f"{letters.index(letter):06b}" for letter in payload), 2)
    raw = bits.to_bytes(21, "big").hex()
    _, positions, _ = decoded(
        f"{TIME} {raw}", f"1700003600.5,{raw.upper()}1F2A", "2023-11-14T23:00:00Z deadbeefdeadbeef"
    )
    assert positions["mmsi"].tolist() == [218278000, 218278000]
    assert positions["time"].tolist() == [from_text(TIME), START + 3_600_500]
    for sign in " :":
        pairs = sign.join(raw[at : at + 2] for at in range(0, 42, 2))
        _, positions, _ = decoded(f"2023-11-14 22:13:20 {pairs}", f"1700003600.5 {pairs}")
        assert positions["time"].tolist() == [from_text(TIME), START + 3_600_500]


def test_a_time_before_the_object_counts_where_it_tells_none() -> None:
    line = '1700000000483;I;{"context":"vessels.urn:mrn:imo:mmsi:273111111","updates":[{"values":[{"path":'
    line += '"navigation.position","value":{"longitude":132.5,"latitude":42.5}}]}]}'
    _, positions, _ = decoded(line)
    assert positions["time"].tolist() == [START + 483]


ODD: tuple[Any, ...] = (
    *(None, True, "", "x", "nan", "-1e400", "\ud800", "9" * 400, [], [1], {}, {"a": 1}),
    *(-1, 1e308, -1e308, 2**64, 10**30, 1e-320, math.nan, -math.inf, 253402300800, -62135596800),
    *("0001-01-01T00:00:00Z", "2024-13-45T99:99:99Z"),
)
"""What a field may hold that no writer means."""


def mutated(found: Any) -> Iterator[Any]:
    """The same with one thing in it replaced by something odd."""
    for key in list(found) if isinstance(found, dict) else range(len(found)):
        kept = found[key]
        for odd in ODD:
            found[key] = odd
            yield found
        found[key] = kept
        if isinstance(kept, dict | list):
            for _ in mutated(kept):
                yield found


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("line", [*(line for line, _ in POSITIONS.values()), *STATICS.values()])
def test_odd_fields_stop_nothing(line: str) -> None:
    """Each reader is asked itself too, because the Decoder would go on after an exception."""
    start = line.index("{")
    lines = [line[:start] + json.dumps(each) for each in mutated(json.loads(line[start:]))]
    for text in lines:
        for record in records_of(json.loads(text[start:]), TextRules())[1]:
            record.payloads()
    _, positions, statics = decoded(*lines, line)
    assert len(lines) > 100
    assert len(positions) + len(statics) > 0
