"""Seeds for fuzz_cases.py: whole recordings of every format, which the cases change."""

import gzip
import json
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.scenarios import simulated
from tests.streams import format_writers as writers


@dataclass(frozen=True, slots=True)
class Seed:
    name: str
    data: bytes


def seeds() -> list[Seed]:
    """What cases are made from: recordings, and what is made up."""
    return [*_recorded(), *made_up()]


def chosen(chance: random.Random, seeds: Sequence[Seed]) -> Seed:
    """One of them; half of the time one that is made up, of which there are fewer and more kinds."""
    few = [each for each in seeds if each.name.startswith(MADE)]
    return chance.choice(few if few and chance.random() < 0.5 else seeds)


MADE: Final = "made: "
"""How the names of seeds begin that are made up."""


def _recorded() -> Iterator[Seed]:
    folders = [os.environ.get("TANKERWATCH_DATA"), os.environ.get("TANKERWATCH_CASES")]
    for folder in filter(None, folders):
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and path.suffix not in (".md", ".py"):
                data = path.read_bytes()
                yield Seed(path.name, gzip.decompress(data) if path.suffix == ".gz" else data)


def made_up() -> Iterator[Seed]:
    """Seeds of every format that need no file."""
    lines = simulated.recording("cho_do", 1)[:400]
    whole = list(simulated.recording("cho_do", 1, "none")[:400])
    yield Seed(MADE + "tag blocks", "\n".join(lines).encode())
    messages = list(writers.heard(whole))
    said = [(each, sentence) for each in messages for sentence in each.sentences]
    texts: dict[str, Iterator[str]] = {
        "aisstream": writers.aisstream(messages),
        "aiscatcher": writers.aiscatcher(messages, sentences=True),
        "aiscatcher fields": writers.aiscatcher(messages, sentences=False),
        "aiscatcher http": iter([json.dumps({"protocol": "jsonaiscatcher", "msgs": [
            json.loads(each) for each in list(writers.aiscatcher(messages[:40], sentences=False))]})]),
        "aiscatcher nmea": iter([json.dumps([sentence for _, sentence in said[:60]])]),
        "marinecadastre": writers.marinecadastre(messages, lower=False),
        "marinecadastre 2025": writers.marinecadastre(messages, lower=True),
        "danish": writers.danish(messages),
        "times in front": (f"{each.utc:%Y-%m-%d %H:%M:%S} {one}" for each, one in said),
        "times behind": (f"{one},{each.time}" for each, one in said),
        "times of day": (f"{each.utc:%H:%M:%S} {one}" for each, one in said),
        "pghp": (
            f"$PGHP,1,{each.utc:%Y,%m,%d,%H,%M,%S},000,219,,2190047,1,{one[-2:]}*00\r\n{one}\r"
            for each, one in said
        ),
    }  # fmt: skip
    for name, rows in texts.items():
        yield Seed(MADE + name, "\n".join(row.rstrip("\n") for row in rows).encode())
    with tempfile.TemporaryDirectory() as folder:
        for geo in (False, True):
            path = Path(folder, "table.parquet")
            writers.parquet(messages[:60], path, geo=geo)
            yield Seed(f"{MADE}parquet {geo}", path.read_bytes())
    for name, text in _MADE_UP.items():
        yield Seed(MADE + name, text.encode())


_MADE_UP: Final = {
    "canboat": '{"timestamp":"2024-03-01-10:00:00.000","prio":4,"src":43,"dst":255,"pgn":129038,'
    '"description":"AIS Class A Position Report","fields":{"Message ID":1,"User ID":273000001,'
    '"Longitude":131.9,"Latitude":42.7,"COG":12.0,"SOG":3.20,"Heading":11.0,'
    '"Nav Status":"Under way using engine"}}\n'
    '{"timestamp":"2024-03-01-10:00:10.000","prio":6,"src":43,"dst":255,"pgn":129794,"description":"AIS '
    'Class A Static and Voyage Related Data","fields":{"User ID":273000001,"IMO number":9074729,"Name":"A",'
    '"Type of ship":"Tanker","Length":180.0,"Beam":30.0,"Draft":9.50}}',
    "signal k": '{"context":"vessels.urn:mrn:imo:mmsi:273000001","updates":[{'
    '"timestamp":"2024-03-01T10:00:00Z","$source":"ais","values":[{"path":"navigation.position","value":{"longitude":131.9,"latitude":42.7}},'
    '{"path":"navigation.speedOverGround","value":1.5},'
    '{"path":"","value":{"name":"A","mmsi":"273000001"}}]}]}',
    "digitraffic": '{"topic":"vessels-v2/230000001/location","payload":{"time":1709287200,"sog":1.2,'
    '"cog":33.0,"navStat":0,"rot":0,"posAcc":true,"raim":false,"heading":30,"lon":24.9,"lat":60.1}}',
    "gpsd": '{"class":"AIS","device":"/dev/x","type":1,"repeat":0,"mmsi":273000001,"scaled":true,"status":0,'
    '"turn":0,"speed":1.2,"accuracy":false,"lon":131.9,"lat":42.7,"course":33.0,"heading":30,"second":12}',
    "hex log": "1709287200.5 041032fb4000e7b1a0f6b3e1c0700000000000\n1709287201 0x141032FB40",
    "gfw": "mmsi,timestamp,distance_from_shore,distance_from_port,speed,course,lat,lon,is_fishing,source\n"
    "273000001,1709287200,1000.0,2000.0,1.2,33.0,42.7,131.9,-1,gfw",
    "marinetraffic": "MMSI,SHIP_ID,LAT,LON,SPEED,HEADING,COURSE,STATUS,TIMESTAMP,DSRC\n"
    "273000001,1,42.7,131.9,12,30,33,0,2024-03-01T10:00:00,TER",
    "no header": "273000001;2024-03-01 10:00:00;42,7;131,9;1,2\n273000002;2024-03-01 10:01:00;42,8;131,8;0,2",
    "geojson": '{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point",'
    '"coordinates":[131.9,42.7]},"properties":{"mmsi":273000001,"time":"2024-03-01T10:00:00Z"}}]}',
    "xml": '<?xml version="1.0" encoding="UTF-8"?>\n<VESSELS><VESSEL MMSI="273000001" '
    'TIME="2024-03-01 10:00:00 GMT" LONGITUDE="131.9" LATITUDE="42.7" COG="33" SOG="1.2" NAME="A"/>'
    "<vessel><mmsi>273000002</mmsi><positions><position><lat>42.7</lat><lon>131.9</lon>"
    "<timestamp>2024-03-01T10:00:00Z</timestamp></position></positions></vessel></VESSELS>",
    "gpx": '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk>'
    '<name>273000001</name><trkseg><trkpt lat="42.7" lon="131.9"><time>2024-03-01T10:00:00Z</time></trkpt>'
    "</trkseg></trk></gpx>",
    "kml": '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>A</name><Point>'
    "<coordinates>131.9,42.7</coordinates></Point></Placemark></Document></kml>",
    "track": '{"mmsi":273000001,"name":"A","positions":[{"lat":42.7,"lon":131.9,"time":1709287200},'
    '{"lat":42.8,"lon":131.8,"time":"2024-03-01T10:10:00Z","sog":3.1}]}',
    "spire": "created_at,timestamp,mmsi,msg_type,latitude,longitude,speed,course,heading,rot,imo,name,"
    "call_sign,ship_type,length,width,draught,destination,collection_type\n"
    "2024-03-01 10:00:05 UTC,2024-03-01 10:00:00 UTC,273000001,1,42.7,131.9,1.2,33,30,0,,,,,,,,,satellite\n"
    "2024-03-01 10:00:06 UTC,2024-03-01 10:00:01 UTC,273000001,5,,,,,,,9074729,A,UAAA,80,180,30,9.5,B,"
    "satellite",
    "exactearth": "MMSI,Message_ID,Repeat_indicator,Time,Millisecond,Region,Longitude,Latitude,SOG,COG,"
    "Heading,Navigational_status,Vessel_Name,IMO,Ship_Type\n"
    "273000001,1,0,20240301_100000,120,66,131.9,42.7,1.2,33.0,30,0,,,\n"
    "273000001,5,0,20240301_100001,0,66,,,,,,,A,9074729,80",
    "split": "MMSI;Date;Time;Lat_deg;Lat_min;N/S;Lon_deg;Lon_min;E/W;Speed (km/h)\n"
    '273000001;2024-03-01;10:00:00;42;42,0;N;131;54,0;E;2,2\n273000002;2024-03-01;10:00:01;"42";42,1;S;131;54;W;',
    "signal k log": "2024-03-01T10:00:00.000Z;A;!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24\n"
    "1709287200000;A;!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24",
    "grouped": "\\g:1-2-73874,n:157036,s:r003669945,c:1241544035*4A\\"
    "!AIVDM,2,1,9,B,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n"
    "\\g:2-2-73874,n:157037*1A\\!AIVDM,2,2,9,B,88888888880,2*25",
}
