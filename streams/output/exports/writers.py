"""Writers of exports: features in, one file out, piece by piece, so that memory does not grow with them."""

import csv
import io
import json
from collections.abc import Iterable
from typing import Final, Protocol

import shapely

from models.event import Event
from streams.output.event_files import COLUMNS, cells, safe_cell
from streams.output.exports.features import Feature, features
from streams.output.exports.form import ExportForm


class ByteSink(Protocol):
    """Anything that takes bytes, such as an open file."""

    def write(self, data: bytes, /) -> object: ...


class ExportWriter(Protocol):
    """Writes events. The file is complete only after `close`."""

    def add(self, events: Iterable[Event]) -> None: ...
    def close(self) -> None: ...


def open_export(sink: ByteSink, form: ExportForm) -> ExportWriter:
    """A writer of this format. What a format needs is loaded only when it is asked for."""
    if form is ExportForm.CSV:
        return CsvWriter(sink)
    if form is ExportForm.GEOJSON:
        return GeoJsonWriter(sink)
    if form is ExportForm.KML:
        from streams.output.exports.kml import KmlWriter

        return KmlWriter(sink)
    from streams.output.exports.geoparquet import GeoParquetWriter

    return GeoParquetWriter(sink)


class CsvWriter:
    """A row for each event. Texts that a spreadsheet would take for a formula get an apostrophe in front."""

    def __init__(self, sink: ByteSink) -> None:
        self._sink = sink
        self._rows([COLUMNS])

    def add(self, events: Iterable[Event]) -> None:
        self._rows(cells(event) for event in events)

    def _rows(self, rows: Iterable[Iterable[object]]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([safe_cell(cell) for cell in row] for row in rows)
        self._sink.write(text.getvalue().encode("utf-8", "backslashreplace"))

    def close(self) -> None:
        pass


_HEAD: Final = b'{"type":"FeatureCollection","features":['


class GeoJsonWriter:
    """RFC 7946, with flat properties."""

    def __init__(self, sink: ByteSink) -> None:
        self._sink, self._before = sink, _HEAD

    def add(self, events: Iterable[Event]) -> None:
        for feature in (each for event in events for each in features(event)):
            self._sink.write(self._before + json.dumps(_geojson(feature)).encode())
            self._before = b",\n"

    def close(self) -> None:
        self._sink.write((_HEAD if self._before is _HEAD else b"") + b"]}\n")


def _geojson(feature: Feature) -> dict[str, object]:
    geometry = shapely.geometry.mapping(feature.geometry)
    return {"type": "Feature", "geometry": geometry, "properties": feature.attributes}
