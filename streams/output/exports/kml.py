"""KML 2.2 (OGC 07-147r2): a placemark for each feature, with its attributes as typed data."""

import html
from collections.abc import Iterable
from typing import Any, Final
from xml.sax.saxutils import escape

from shapely import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry

from models.event import Event
from streams.output.exports.features import FIELDS, NUMBERS, Feature, features
from streams.output.exports.writers import ByteSink

NAMESPACE: Final = "http://www.opengis.net/kml/2.2"
_COLOURS: Final = {"probable": "ff2b2bd6", "possible": "ff1f9bf2", "retracted": "ff9a9a9a"}
"""By style: alpha, blue, green, red in hexadecimal."""
_FIELD: Final = {"id": "event_id"}
"""Attributes under another name: readers of KML take `id` for that of the placemark."""
_BALLOON: Final = "<BalloonStyle><text>$[description]</text></BalloonStyle>"


def _head() -> str:
    kinds = {int: "int", float: "double", str: "string"}
    fields = "".join(
        f'<SimpleField type="{kinds[NUMBERS.get(name, str)]}" name="{_FIELD.get(name, name)}"/>'
        for name in FIELDS
    )
    styles = "".join(
        f'<Style id="{name}"><IconStyle><color>{colour}</color></IconStyle>'
        f"<LineStyle><color>{colour}</color><width>2</width></LineStyle>{_BALLOON}</Style>"
        for name, colour in _COLOURS.items()
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="{NAMESPACE}"><Document>'
        "<name>tankerwatch: suspected transfers and calls</name>"
        f'{styles}<Schema name="event" id="event">{fields}</Schema>\n'
    )


class KmlWriter:
    def __init__(self, sink: ByteSink) -> None:
        self._sink = sink
        sink.write(_head().encode())

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self._sink.write("".join(map(_placemark, features(event))).encode("utf-8", "xmlcharrefreplace"))

    def close(self) -> None:
        self._sink.write(b"</Document></kml>\n")


def _placemark(feature: Feature) -> str:
    said = feature.attributes
    retracted = said["status"] == "retracted"
    data = "".join(
        f'<SimpleData name="{_FIELD.get(name, name)}">{escape(str(value))}</SimpleData>'
        for name, value in said.items()
        if value is not None
    )
    end = f"<end>{said['end']}</end>" if said["end"] else ""
    # a balloon shows its description as HTML, and names in it come by radio from strangers
    description = escape(html.escape(("Retracted. " if retracted else "") + said["summary"]))
    return (
        f"<Placemark><name>{escape(_name(said))}</name><description>{description}</description>"
        f"<TimeSpan><begin>{said['start']}</begin>{end}</TimeSpan>"
        f"<styleUrl>#{'retracted' if retracted else said['level']}</styleUrl>"
        f'<ExtendedData><SchemaData schemaUrl="#event">{data}</SchemaData></ExtendedData>'
        f"{_shape(feature.geometry)}</Placemark>\n"
    )


def _name(said: dict[str, Any]) -> str:
    vessels = [
        said[name] or f"MMSI {said[mmsi]}"
        for mmsi, name in (("mmsi", "name"), ("other_mmsi", "other_name"))
        if said[mmsi]
    ]
    kind = str(said["type"]).replace("_", " ")
    track = f", track of MMSI {said['track_mmsi']}" if said["feature"] == "track" else ""
    return f"{'retracted: ' * (said['status'] == 'retracted')}{kind}: {' and '.join(vessels)}{track}"


def _shape(geometry: BaseGeometry) -> str:
    if isinstance(geometry, MultiLineString):
        return f"<MultiGeometry>{''.join(map(_shape, geometry.geoms))}</MultiGeometry>"
    coordinates = f"<coordinates>{_coordinates(geometry)}</coordinates>"
    if isinstance(geometry, LineString):
        return f"<LineString><tessellate>1</tessellate>{coordinates}</LineString>"
    return f"<Point>{coordinates}</Point>"


def _coordinates(geometry: BaseGeometry) -> str:
    return " ".join(f"{lon!r},{lat!r}" for lon, lat in geometry.coords)
