"""Exports of events for other programs: GeoJSON, CSV, GeoParquet, KML, Atom with GeoRSS, MF-JSON."""

import asyncio
import math
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final
from xml.etree import ElementTree

from models.event import Event, Status
from models.last_position import TrackPoint
from models.time import HOUR, Millis, from_text, to_text
from streams.feed.log import FeedLog
from streams.feed.steps import pieces, step
from streams.feed.stream.cases import Cases
from streams.feed.views import event_pages
from streams.output.event_files import EventWriter
from streams.output.exports.form import ExportForm
from streams.output.exports.writers import open_export
from streams.output.format import Format
from streams.output.sanitize import sanitize
from streams.store.event_log import VesselRecord

ATOM: Final = "http://www.w3.org/2005/Atom"
GEORSS: Final = "http://www.georss.org/georss"
ElementTree.register_namespace("", ATOM)
ElementTree.register_namespace("georss", GEORSS)

AROUND: Final = 3 * HOUR
"""How long before its event a track begins, and how long after an event that is over it ends."""


class _Buffer:
    """A TextSink whose content can be taken out piece by piece."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def write(self, text: str) -> None:
        self._parts.append(text)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        text, self._parts = "".join(self._parts), []
        return text.encode()


async def written(pages: AsyncIterator[event_pages.Page], form: Format, cases: Cases) -> AsyncIterator[bytes]:
    """The bytes of a file of all events, page by page. GeoJSON has the `case` of each."""
    buffer = _Buffer()
    writer = EventWriter(buffer, form)
    async for page in pages:
        for some in pieces(page.events):
            async with step():
                for event in some:
                    writer.write(event, cases.of(event.id))
            yield buffer.take()
    writer.close()
    yield buffer.take()


class _Bytes:
    """A ByteSink whose content can be taken out piece by piece."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> None:
        self._parts.append(data)

    def take(self) -> bytes:
        data, self._parts = b"".join(self._parts), []
        return data


async def flat(pages: AsyncIterator[event_pages.Page], form: ExportForm) -> AsyncIterator[bytes]:
    """The bytes of a file of all events with flat attributes, page by page."""
    sink = _Bytes()
    writer = await asyncio.to_thread(open_export, sink, form)  # the first one loads libraries: 0.4 s
    async for page in pages:
        for some in pieces(page.events):
            async with step():
                writer.add(some)
            yield sink.take()
    async with step():
        writer.close()
    yield sink.take()


def atom(events: Iterable[Event], base: str, here: str) -> bytes:
    """An Atom feed (RFC 4287) with a GeoRSS point for each event.

    `base` is the URL of the page, `here` that of the feed itself.
    """
    feed = ElementTree.Element(f"{{{ATOM}}}feed")
    entries = list(events)
    _add(feed, "id", "urn:tankerwatch:events")
    _add(feed, "title", "tankerwatch: suspected transfers and calls")
    _add(feed, "updated", max((event.detected for event in entries), default="1970-01-01T00:00:00Z"))
    _add(_add(feed, "author"), "name", "tankerwatch")
    _add(feed, "link", rel="self", href=here)
    _add(feed, "link", rel="alternate", href=base)
    for event in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", f"urn:tankerwatch:event:{event.id}")
        kind = event.type.replace("_", " ")
        retracted = "retracted: " if event.status == "retracted" else ""
        names = (
            " and ".join(vessel.name or f"MMSI {vessel.ssvid}" for vessel in event.vessels)
            or "unknown vessel"
        )
        _add(entry, "title", f"{retracted}{event.level} {kind}: {names}")
        _add(entry, "updated", event.detected)
        _add(entry, "published", event.start)
        _add(entry, "link", rel="alternate", href=f"{base}?event={event.id}")
        for term in (event.type, event.level, event.status):
            _add(entry, "category", term=term)
        _add(entry, "summary", event.summary, type="text")
        why = [f"For: {reason.text}" for reason in event.reasons]
        why += [f"Against: {reason.text}" for reason in event.against]
        _add(entry, "content", " ".join([event.summary, *why]), type="text")
        point = ElementTree.SubElement(entry, f"{{{GEORSS}}}point")
        point.text = f"{event.position.lat} {event.position.lon}"
    data: bytes = ElementTree.tostring(feed, "utf-8", xml_declaration=True)
    return data


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **more: str) -> ElementTree.Element:
    """Add an element. Control characters become escapes: XML allows them not even as references."""
    child = ElementTree.SubElement(
        parent, f"{{{ATOM}}}{name}", {key: sanitize(value) for key, value in more.items()}
    )
    if text is not None:
        child.text = sanitize(text)
    return child


async def tracks(log: FeedLog, event: Event) -> dict[str, Any]:
    """The vessels' tracks around an event as OGC MF-JSON (19-045r3), with a moving point for each vessel.

    A track has the points that the log still keeps, of an open event up to the newest, and the positions in
    the event's evidence, which are kept as long as the event.
    """
    first = from_text(event.start) - AROUND
    last = math.inf if event.status is Status.OPEN else from_text(event.end or event.detected) + AROUND
    features = []
    for vessel in event.vessels:
        record = await log.vessel(int(vessel.ssvid))
        points = {
            point.time: point for point in (record.track if record else ()) if first <= point.time <= last
        }
        for sample in event.evidence.positions:
            if sample.ssvid == vessel.ssvid:
                at = from_text(sample.time)
                status = points[at].status if at in points else None  # evidence has none
                points[at] = TrackPoint(
                    time=at, lat=sample.lat, lon=sample.lon, speed_knots=sample.speed_knots, status=status
                )
        if points:
            ordered = [points[time] for time in sorted(points)]
            features.append(_moving(vessel.ssvid, vessel.name, ordered))
    return _collection(features)


def vessel_track(record: VesselRecord, start: Millis | None, end: Millis | None) -> dict[str, Any]:
    """A vessel's track between two times as OGC MF-JSON: a moving point for each of its segments.

    Segments are the places where the same MMSI is used at the same time.
    """
    points = [
        point
        for point in record.track
        if (start is None or point.time >= start) and (end is None or point.time <= end)
    ]
    segments: dict[int, dict[Millis, TrackPoint]] = {}
    for point in points:
        segments.setdefault(point.segment, {})[point.time] = point
    name = record.identity.name if record.identity else None
    return _collection(
        [
            _moving(f"{record.mmsi:09d}", name, [some[time] for time in sorted(some)])
            for _, some in sorted(segments.items())
        ]
    )


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "crs": {"type": "Name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        "trs": {"type": "Name", "properties": {"name": "urn:ogc:data:time:iso8601"}},
        "features": features,
    }


def _moving(mmsi: str, name: str | None, points: list[TrackPoint]) -> dict[str, Any]:
    times = [to_text(point.time) for point in points]
    return {
        "type": "Feature",
        "id": mmsi,
        "temporalGeometry": {
            "type": "MovingPoint",
            "datetimes": times,
            "coordinates": [[point.lon, point.lat] for point in points],
            "interpolation": "Linear",
        },
        "temporalProperties": [
            {
                "datetimes": times,
                "speed": {"uom": "KNT", "values": [point.speed_knots for point in points]},
                "status": {"values": [point.status for point in points]},  # of ITU-R M.1371
            }
        ],
        "properties": {"mmsi": mmsi, "name": name},
    }
