"""Event files: JSON Lines as they come, GeoJSON and CSV for other programs."""

import csv
import io
import json
from typing import Any, Final, Protocol

from models.event import Event, to_json
from streams.output.format import Format as Format  # re-exported
from streams.output.sanitize import plain

COLUMNS: Final = (
    "id", "type", "revision", "status", "level", "score", "start", "end", "detected", "lat", "lon", "mmsi",
    "name", "flag", "imo", "watchlists", "other_mmsi", "other_name", "other_flag", "other_imo",
    "other_watchlists", "duration_hours", "median_distance_km", "min_hull_gap_m", "port", "geofences",
    "summary",
)  # fmt: skip
"""Columns of the CSV: one row a revision, what the JSON says flattened."""


_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How formulas begin, also in full width, which spreadsheets of East Asia take for the same."""


class TextSink(Protocol):
    """Where text goes: an open file, or what stands for one."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


class EventWriter:
    """Writes revisions in one format to a text stream. GeoJSON is whole only after `close`."""

    def __init__(self, stream: TextSink, form: Format) -> None:
        self._stream, self._form, self._count = stream, form, 0
        if form is Format.CSV:
            stream.write(_row(COLUMNS))
        elif form is Format.GEOJSON:
            stream.write('{"type":"FeatureCollection","features":[')

    def write(self, event: Event) -> None:
        if self._form is Format.JSONL:
            self._stream.write(to_json(event).decode() + "\n")
        elif self._form is Format.CSV:
            self._stream.write(_row(_cells(event)))
        else:
            self._stream.write(",\n" * bool(self._count) + json.dumps(_feature(event), sort_keys=True))
        self._count += 1

    def close(self) -> None:
        if self._form is Format.GEOJSON:
            self._stream.write("]}\n")
        self._stream.flush()


def _feature(event: Event) -> dict[str, Any]:
    """A GeoJSON Feature: a point, the rest of the event as properties."""
    content = json.loads(to_json(event))
    place = content.pop("position")
    west, south, east, north = content.pop("boundingBox")
    return {
        "type": "Feature",
        "id": event.id,
        "bbox": [west, south, east, north],
        "geometry": {"type": "Point", "coordinates": [place["lon"], place["lat"]]},
        "properties": content,
    }


def _cells(event: Event) -> tuple[Any, ...]:
    met, other = event.encounter, event.encounter.vessel if event.encounter else None
    slow, call = event.loitering, event.port_visit
    length = (
        met.duration_hours if met
        else slow.total_time_hours if slow
        else call.duration_hours if call
        else None
    )  # fmt: skip
    return (
        event.id, event.type, event.revision, event.status, event.level, event.score, event.start, event.end,
        event.detected, event.position.lat, event.position.lon, event.vessel.ssvid, event.vessel.name,
        event.vessel.flag, event.vessel.imo, _lists(event.vessel), other and other.ssvid,
        other and other.name, other and other.flag, other and other.imo, other and _lists(other), length,
        met and met.median_distance_kilometers, met and met.min_hull_gap_meters, call and call.port,
        "; ".join(fence.name for fence in event.geofences), event.summary,
    )  # fmt: skip


def _lists(vessel: Any) -> str:
    return "; ".join(f"{hit.list} {hit.entry}" for hit in vessel.watchlists)


def _row(cells: tuple[Any, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([harmless(cell) for cell in cells])
    return line.getvalue()


def harmless(cell: Any) -> Any:
    """Text from strangers on one line; an apostrophe leads what a spreadsheet would take for a formula."""
    if not isinstance(cell, str):
        return cell
    return "'" * cell.lstrip().startswith(_FORMULA) + plain(cell)
