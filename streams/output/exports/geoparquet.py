"""GeoParquet 1.1: one row for each feature, geometries as WKB (https://geoparquet.org/releases/v1.1.0/)."""

import json
from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.event import Event
from models.time import from_text
from streams.output.exports.features import FIELDS, NUMBERS, TIMES, Feature, features
from streams.output.exports.writers import ByteSink

ROWS: Final = 1_000
"""Rows of a row group, and the most that are kept in memory. Writing them takes some ten ms, in which a feed
serves nobody."""
_TIME: Final = pa.timestamp("ms", "UTC")


def _type(name: str) -> Any:
    if name in TIMES:
        return _TIME
    kind = NUMBERS.get(name)
    return pa.int32() if kind is int else pa.float64() if kind is float else pa.string()


SCHEMA: Final = pa.schema([*((name, _type(name)) for name in FIELDS), ("geometry", pa.binary())])


class GeoParquetWriter:
    """Longitude before latitude, on WGS 84 (OGC:CRS84, which is what a file without `crs` has)."""

    def __init__(self, sink: ByteSink) -> None:
        self._file = _Counted(sink)
        self._writer = pq.ParquetWriter(self._file, SCHEMA, compression="zstd")
        self._rows: list[Feature] = []
        self._kinds: set[str] = set()
        self._box: tuple[float, float, float, float] | None = None

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self._rows += features(event)
            if len(self._rows) >= ROWS:
                self._write()

    def close(self) -> None:
        self._write()
        column: dict[str, Any] = {"encoding": "WKB", "geometry_types": sorted(self._kinds)}
        if self._box is not None:
            column["bbox"] = list(self._box)
        told = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
        self._writer.add_key_value_metadata({"geo": json.dumps(told)})
        self._writer.close()

    def _write(self) -> None:
        rows, self._rows = self._rows, []
        if not rows:
            return
        columns = [pa.array([_value(name, row) for row in rows], _type(name)) for name in FIELDS]
        for row in rows:
            self._kinds.add(row.geometry.geom_type)
            west, south, east, north = row.geometry.bounds
            w, s, e, n = self._box or row.geometry.bounds
            self._box = (min(w, west), min(s, south), max(e, east), max(n, north))
        shapes = pa.array([row.geometry.wkb for row in rows], pa.binary())
        self._writer.write_table(pa.table([*columns, shapes], SCHEMA))


def _value(name: str, feature: Feature) -> Any:
    value = feature.attributes[name]
    return value if value is None or name not in TIMES else from_text(value)


class _Counted:
    """A sink as the file that Arrow writes to: it asks how far it has come."""

    closed = False

    def __init__(self, sink: ByteSink) -> None:
        self._sink, self._written = sink, 0

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._sink.write(part)
        self._written += len(part)
        return len(part)

    def tell(self) -> int:
        return self._written

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass
