"""Event files: JSON Lines, GeoJSON and CSV."""

import csv
import io
import json
from typing import Any, Final, Protocol

from models.event import Event, to_json
from streams.output.format import Format as Format  # re-exported
from streams.output.sanitize import sanitize

COLUMNS: Final = (
    "id", "type", "revision", "status", "level", "score", "start", "end", "detected", "lat", "lon", "mmsi",
    "name", "flag", "imo", "watchlists", "other_mmsi", "other_name", "other_flag", "other_imo",
    "other_watchlists", "duration_hours", "median_distance_km", "min_hull_gap_m", "port", "geofences",
    "summary",
)  # fmt: skip
"""Columns of the CSV. It has one row for each revision, with the main fields of the JSON."""

_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""Characters that start a formula in a spreadsheet. East Asian ones also take those of full width."""


class TextSink(Protocol):
    """Anything that takes text, such as an open file."""

    def write(self, text: str, /) -> object: ...
    def flush(self) -> object: ...


class EventWriter:
    """Writes revisions in one format to a text stream. GeoJSON is complete only after `close`."""

    def __init__(self, stream: TextSink, form: Format) -> None:
        self._stream, self._form, self._count = stream, form, 0
        if form is Format.CSV:
            stream.write(_row(COLUMNS))
        elif form is Format.GEOJSON:
            stream.write('{"type":"FeatureCollection","features":[')

    def write(self, event: Event, case: str | None = None) -> None:
        """Write a revision. `case` is the chain that the event is a leg of; only GeoJSON has it."""
        if self._form is Format.JSONL:
            self._stream.write(to_json(event).decode() + "\n")
        elif self._form is Format.CSV:
            self._stream.write(_row(cells(event)))
        else:
            self._stream.write(",\n" * bool(self._count) + json.dumps(_feature(event, case), sort_keys=True))
        self._count += 1

    def close(self) -> None:
        if self._form is Format.GEOJSON:
            self._stream.write("]}\n")
        self._stream.flush()


def _feature(event: Event, case: str | None) -> dict[str, Any]:
    """A GeoJSON Feature: a point, the rest of the event as properties."""
    content = json.loads(to_json(event)) | ({"case": case} if case is not None else {})
    place = content.pop("position")
    west, south, east, north = content.pop("boundingBox")
    return {
        "type": "Feature",
        "id": event.id,
        "bbox": [west, south, east, north],
        "geometry": {"type": "Point", "coordinates": [place["lon"], place["lat"]]},
        "properties": content,
    }


def cells(event: Event) -> tuple[Any, ...]:
    """The event as one row of a table: a value for each of COLUMNS, None where there is none."""
    met, meeting = event.encounter, event.encounter or event.dark_encounter
    other = meeting.vessel if meeting else None
    slow, call = event.loitering, event.port_visit
    port = call or event.dark_port_visit
    length = (
        met.duration_hours if met
        else slow.total_time_hours if slow
        else call.duration_hours if call
        else event.gap.duration_hours if event.gap
        else event.dark_port_visit.duration_hours if event.dark_port_visit
        else event.dark_encounter.longest_hours if event.dark_encounter
        else None
    )  # fmt: skip
    return (
        event.id, event.type, event.revision, event.status, event.level, event.score, event.start, event.end,
        event.detected, event.position.lat, event.position.lon, event.vessel.ssvid, event.vessel.name,
        event.vessel.flag, event.vessel.imo, _lists(event.vessel), other and other.ssvid,
        other and other.name, other and other.flag, other and other.imo, other and _lists(other), length,
        met and met.median_distance_kilometers, met and met.min_hull_gap_meters, port and port.port,
        "; ".join(fence.name for fence in event.geofences), event.summary,
    )  # fmt: skip


def _lists(vessel: Any) -> str:
    return "; ".join(
        f"{hit.list} {hit.entry}" + (f" ({hit.caveat})" if hit.caveat else "") for hit in vessel.watchlists
    )


def _row(cells: tuple[Any, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()


def safe_cell(cell: Any) -> Any:
    """Make a cell safe. Text stays on one line, and gets an apostrophe in front if it would start a
    formula."""
    if not isinstance(cell, str):
        return cell
    return "'" * cell.lstrip().startswith(_FORMULA) + sanitize(cell)
