"""Digitraffic of Fintraffic, REST and MQTT (https://www.digitraffic.fi/en/marine-traffic)."""

from streams.decoding.lines.time_text import TextRules
from streams.decoding.records import values
from streams.decoding.records.dialects.fields import (
    Object,
    eta_of,
    first_of,
    object_of,
    scaled,
    second_of,
    sides,
    time_of,
)
from streams.decoding.records.record import Record


def digitraffic(found: Object, rules: TextRules) -> list[Record] | None:
    if found.get("type") in ("VESSEL_LOCATION", "VESSEL_METADATA", "STATUS") and "data" in found:
        found = object_of(found["data"])
        if "status" in found:
            return []
    inner = object_of(found.get("properties"))
    said = {**found, **inner}
    if not said.keys() & {"navStat", "refA", "referencePointA", "timestampExternal"}:
        return None
    place = object_of(found.get("geometry")).get("coordinates")
    lon, lat = (
        place[:2] if isinstance(place, list) and len(place) >= 2 else (said.get("lon"), said.get("lat"))
    )
    external = said.get("timestampExternal")
    if "navStat" in said:
        return [
            Record(
                mmsi=values.mmsi(said.get("mmsi")),
                kind=1,
                time=time_of(
                    external if external is not None else first_of(said, "time", "timestamp"), rules
                ),
                lon=values.number(lon),
                lat=values.number(lat),
                sog=values.number(said.get("sog")),
                cog=values.number(said.get("cog")),
                heading=values.number(said.get("heading")),
                status=values.status(said.get("navStat")),
                second=second_of(said.get("timestamp") if external is not None else None),
            )
        ]
    eta = values.whole(said.get("eta")) or 0
    return [
        Record(
            mmsi=values.mmsi(said.get("mmsi")),
            kind=5,
            time=time_of(said.get("timestamp"), rules),
            imo=values.imo(said.get("imo")),
            name=values.text(said.get("name")),
            callsign=values.text(first_of(said, "callSign", "callsign")),
            destination=values.text(said.get("destination")),
            ship_type=values.ship_type(first_of(said, "shipType", "type")),
            size=sides(*(first_of(said, f"ref{side}", f"referencePoint{side}") for side in "ABCD")),
            draught=scaled(said.get("draught"), 0.1),
            eta=eta_of(eta >> 16 & 15, eta >> 11 & 31, eta >> 6 & 31, eta & 63),
        )
    ]
