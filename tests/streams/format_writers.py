"""Writers of other formats for the tests: what a receiver heard as NMEA, written as others publish it.

pyais decodes the sentences, so what is written does not come from the decoder under test.
"""

import csv
import json
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
from pyais import decode


@dataclass(frozen=True, slots=True)
class Heard:
    """One message: when it was heard (seconds), by whom, its sentences and its fields as pyais names them."""

    time: int
    station: str
    sentences: list[str]
    fields: dict[str, Any]

    @property
    def utc(self) -> datetime:
        return datetime.fromtimestamp(self.time, UTC)


def heard(lines: Iterable[str]) -> Iterator[Heard]:
    """The messages of lines with tag blocks, as the simulator writes them."""
    pending: list[str] = []
    told = (0, "")
    for line in lines:
        _, tag, sentence = line.split("\\")
        names = dict(part.split(":", 1) for part in tag.rpartition("*")[0].split(","))
        if "c" in names:
            told = int(names["c"]), names["s"]
        pending.append(sentence)
        total, number = (int(part) for part in sentence.split(",")[1:3])
        if number == total:
            yield Heard(*told, pending, decode(*pending).asdict(enum_as_int=True))
            pending = []


def aisstream(messages: Iterable[Heard]) -> Iterator[str]:
    """Frames of aisstream.io."""
    for message in messages:
        said = message.fields
        kind = said["msg_type"]
        body = {"MessageID": kind, "RepeatIndicator": 0, "UserID": said["mmsi"], "Valid": True}
        if kind in (1, 2, 3, 18):
            name = "StandardClassBPositionReport" if kind == 18 else "PositionReport"
            body |= {
                "Longitude": said["lon"],
                "Latitude": said["lat"],
                "Sog": said["speed"],
                "Cog": said["course"],
                "TrueHeading": said["heading"],
                "Timestamp": said["second"],
                "NavigationalStatus": said.get("status", 15),
            }
        elif kind == 27:
            name = "LongRangeAisBroadcastMessage"
            body |= {"Longitude": said["lon"], "Latitude": said["lat"], "Sog": said["speed"]}
            body |= {"Cog": said["course"], "NavigationalStatus": said["status"]}
        elif kind == 5:
            name = "ShipStaticData"
            body |= {
                "ImoNumber": said["imo"],
                "CallSign": said["callsign"],
                "Name": said["shipname"].ljust(20),
                "Type": said["ship_type"],
                "Dimension": _sides(said),
                "Eta": {"Month": 0, "Day": 0, "Hour": 24, "Minute": 60},
                "MaximumStaticDraught": said["draught"],
                "Destination": said["destination"],
            }
        elif kind == 24:
            name = "StaticDataReport"
            is_b = said["partno"] == 1
            body |= {"PartNumber": is_b, "ReportA": {"Valid": not is_b, "Name": said.get("shipname", "")}}
            body["ReportB"] = {
                "Valid": is_b,
                "ShipType": said.get("ship_type", 0),
                "CallSign": said.get("callsign", ""),
                "Dimension": _sides(said),
            }
        else:
            name = "UnknownMessage"
        about = {"MMSI": said["mmsi"], "time_utc": f"{message.utc:%Y-%m-%d %H:%M:%S.%f}891 +0000 UTC"}
        yield json.dumps({"Message": {name: body}, "MessageType": name, "MetaData": about})


def _sides(said: dict[str, Any]) -> dict[str, int]:
    names = ("to_bow", "to_stern", "to_port", "to_starboard")
    return {side: said.get(name, 0) for side, name in zip("ABCD", names, strict=True)}


def aiscatcher(messages: Iterable[Heard], sentences: bool) -> Iterator[str]:
    """Lines of AIS-catcher (`-o 5`), with the sentences in `nmea` or only with the decoded fields."""
    for message in messages:
        said = dict(message.fields)
        found = {
            "class": "AIS",
            "device": "AIS-catcher",
            "rxtime": f"{message.utc:%Y%m%d%H%M%S}",
            "rxuxtime": message.time,
            "scaled": True,
            "type": said.pop("msg_type"),
            **{name: said[name] for name in said if not isinstance(said[name], bytes)},
        }
        found["shiptype"] = found.pop("ship_type", 0)
        if sentences:
            found["nmea"] = message.sentences
        yield json.dumps(found)


@dataclass(slots=True)
class _Known:
    """What is known about vessels so far, for tables that repeat it in every row."""

    by_mmsi: dict[int, dict[str, Any]] = field(default_factory=dict)

    def rows(self, messages: Iterable[Heard]) -> Iterator[tuple[Heard, dict[str, Any]]]:
        """The messages with a position, and what was known about their vessels by then."""
        for message in messages:
            said = message.fields
            known = self.by_mmsi.setdefault(said["mmsi"], {})
            if said["msg_type"] in (5, 24):
                known |= {name: said[name] for name in said if said[name] not in (None, "", 0)}
            elif "lon" in said:
                yield message, known


def _length(known: dict[str, Any], *sides: str) -> Any:
    total = sum(known.get(side, 0) for side in sides)
    return total or ""


def marinecadastre(messages: Iterable[Heard], lower: bool) -> Iterator[str]:
    """The layout of NOAA up to 2024, or (lower case) that from 2025 on."""
    if lower:
        yield (
            "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
            "vessel_type,status,"
            "length,width,draft,cargo,transceiver"
        )
    else:
        yield (
            "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,"
            "Width,"
            "Draft,Cargo,TransceiverClass"
        )
    for message, known in _Known().rows(messages):
        said = message.fields
        place = [f"{said['lat']:.5f}", f"{said['lon']:.5f}"]
        cells = [
            f"{said['mmsi']}",
            f"{message.utc:%Y-%m-%d %H:%M:%S}" if lower else f"{message.utc:%Y-%m-%dT%H:%M:%S}",
            *(reversed(place) if lower else place),
            f"{said['speed']:.1f}",
            f"{said['course']:.1f}",
            f"{said.get('heading', 511):.1f}",
            known.get("shipname", ""),
            f"IMO{known['imo']}" if "imo" in known else "",
            known.get("callsign", ""),
            known.get("ship_type", ""),
            said.get("status", 15),
            _length(known, "to_bow", "to_stern"),
            _length(known, "to_port", "to_starboard"),
            known.get("draught", ""),
            known.get("ship_type", ""),
            "B" if said["msg_type"] == 18 else "A",
        ]
        yield ",".join(str(cell) for cell in cells)


_DANISH_STATUS = {0: "Under way using engine", 1: "At anchor", 5: "Moored", 7: "Engaged in fishing"}
_DANISH_TYPE = {8: "Tanker", 7: "Cargo", 3: "Fishing", 6: "Passenger", 5: "Tug"}


def danish(messages: Iterable[Heard]) -> Iterator[str]:
    """The layout of the Danish Maritime Authority."""
    yield (
        "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,"
        "Callsign,Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,"
        "ETA,Data source type,A,B,C,D"
    )
    for message, known in _Known().rows(messages):
        said = message.fields
        sides = [known.get(side, "") for side in ("to_bow", "to_stern", "to_port", "to_starboard")]
        heading = said.get("heading", 511)
        cells = [
            f"{message.utc:%d/%m/%Y %H:%M:%S}",
            "Class B" if said["msg_type"] == 18 else "Class A",
            said["mmsi"],
            f"{said['lat']:.6f}",
            f"{said['lon']:.6f}",
            _DANISH_STATUS.get(said.get("status", 15), "Unknown value"),
            "",
            "" if said["speed"] > 102.2 else f"{said['speed']:.1f}",
            "" if said["course"] >= 360 else f"{said['course']:.1f}",
            "" if heading > 359 else heading,
            known.get("imo", "Unknown"),
            known.get("callsign", "Unknown"),
            known.get("shipname", ""),
            _DANISH_TYPE.get(known.get("ship_type", 0) // 10, "Undefined"),
            "No additional information",
            _length(known, "to_port", "to_starboard"),
            _length(known, "to_bow", "to_stern"),
            "GPS",
            known.get("draught", ""),
            known.get("destination", "Unknown"),
            "",
            "AIS",
            *sides,
        ]
        yield ",".join(str(cell) for cell in cells)


def parquet(messages: Iterable[Heard], path: Path, *, geo: bool = False) -> None:
    """A table with a column for each field, times as timestamps; with `geo` positions as points in WKB."""
    rows = list(csv.DictReader(marinecadastre(messages, lower=True)))
    moments = [datetime.fromisoformat(row.pop("base_date_time")).replace(tzinfo=UTC) for row in rows]
    columns: dict[str, Any] = {name: [row[name] for row in rows] for name in rows[0]}
    for name in ("longitude", "latitude", "sog", "cog", "heading"):
        columns[name] = [float(value) for value in columns[name]]
    columns["mmsi"] = [int(value) for value in columns["mmsi"]]
    columns["timestamp"] = moments
    if geo:
        places = zip(columns.pop("longitude"), columns.pop("latitude"), strict=True)
        columns["geometry"] = [struct.pack("<BIdd", 1, 1, *place) for place in places]
    table = pyarrow.table(columns)
    if geo:
        about = {
            "version": "1.1.0",
            "primary_column": "geometry",
            "columns": {"geometry": {"encoding": "WKB"}},
        }
        table = table.replace_schema_metadata({"geo": json.dumps(about)})
    pyarrow.parquet.write_table(table, path, row_group_size=1_000)
