"""The tables of an archive: their columns, and rows made of ticks, identities and events.

docs/archive.md describes every column.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from models.event import Event, to_json
from models.report import Rows
from models.time import Millis, from_text
from models.vessel import Identity, flag_of
from streams.output.event_files import COLUMNS, cells
from streams.output.sanitize import sanitize

_TIME: Final = pa.timestamp("ms", "UTC")
_NUMBERS: Final = {
    "revision": pa.int32(), "score": pa.float64(), "lat": pa.float64(), "lon": pa.float64(),
    "mmsi": pa.int32(), "imo": pa.int32(), "other_mmsi": pa.int32(), "other_imo": pa.int32(),
    "duration_hours": pa.float64(), "median_distance_km": pa.float64(), "min_hull_gap_m": pa.float64(),
}  # fmt: skip
_TIMES: Final = ("start", "end", "detected")

TICKS: Final = pa.schema(
    [
        ("time", _TIME), ("mmsi", pa.int32()), ("segment", pa.int32()), ("lon", pa.float64()),
        ("lat", pa.float64()), ("sog", pa.float32()), ("cog", pa.float32()), ("heading", pa.float32()),
        ("status", pa.int16()), ("backfilled", pa.bool_()),
    ]
)  # fmt: skip
IDENTITIES: Final = pa.schema(
    [
        ("time", _TIME), ("mmsi", pa.int32()), ("name", pa.string()), ("callsign", pa.string()),
        ("imo", pa.int32()), ("sent_imo", pa.int32()), ("flag", pa.string()), ("role", pa.string()),
        ("ship_type", pa.int16()), ("length_m", pa.int32()), ("beam_m", pa.int32()),
        ("draught_m", pa.float64()), ("class_b", pa.bool_()), ("first", _TIME), ("gone", pa.bool_()),
        ("listed", pa.bool_()), ("watchlists", pa.string()),
    ]
)  # fmt: skip
EVENTS: Final = pa.schema(
    [
        *((name, _TIME if name in _TIMES else _NUMBERS.get(name, pa.string())) for name in COLUMNS),
        ("mmsis", pa.list_(pa.int32())), ("imos", pa.list_(pa.int32())), ("json", pa.string()),
    ]
)  # fmt: skip
VISITS: Final = pa.schema(
    [
        ("id", pa.string()), ("revision", pa.int32()), ("status", pa.string()), ("level", pa.string()),
        ("detected", _TIME), ("mmsi", pa.int32()), ("imo", pa.int32()), ("name", pa.string()),
        ("flag", pa.string()), ("port", pa.string()), ("port_name", pa.string()), ("country", pa.string()),
        ("arrived", _TIME), ("departed", _TIME), ("duration_hours", pa.float64()),
        ("stopped_hours", pa.float64()), ("confidence", pa.int16()), ("lon", pa.float64()),
        ("lat", pa.float64()), ("fences", pa.list_(pa.string())),
    ]
)  # fmt: skip
SCHEMAS: Final = {"ticks": TICKS, "identities": IDENTITIES, "events": EVENTS, "visits": VISITS}
PARTITIONED_BY: Final = {"ticks": "time", "identities": "time", "events": "detected", "visits": "detected"}
"""The column whose day is the partition."""


def tick_table(ticks: Rows) -> Any:
    columns = [pa.array(ticks["time"], pa.int64()).cast(_TIME)]
    for name in TICKS.names[1:]:
        kind = TICKS.field(name).type
        values = ticks[name]
        if pa.types.is_floating(kind):  # NaN is how ticks say that nothing is known
            columns.append(pa.array(values.astype(kind.to_pandas_dtype()), kind, mask=np.isnan(values)))
        else:
            columns.append(pa.array(values, pa.from_numpy_dtype(values.dtype)).cast(kind))
    return pa.table(columns, TICKS)


def identity_row(one: Identity) -> dict[str, Any]:
    size = one.dimensions
    return {
        "time": one.time, "mmsi": one.mmsi, "name": _text(one.name), "callsign": _text(one.callsign),
        "imo": one.imo, "sent_imo": one.sent_imo, "flag": flag_of(one.mmsi), "role": str(one.role),
        "ship_type": one.ship_type, "length_m": size and size.length, "beam_m": size and size.beam,
        "draught_m": one.draught, "class_b": one.class_b, "first": one.first or None, "gone": one.gone,
        "listed": one.listed, "watchlists": json.dumps(msgspec.to_builtins(one.watchlists)),
    }  # fmt: skip


def event_row(event: Event) -> dict[str, Any]:
    row: dict[str, Any] = dict(zip(COLUMNS, cells(event), strict=True))
    for name, value in row.items():
        if name in _TIMES:
            row[name] = _millis(value)
        elif name in ("mmsi", "imo", "other_mmsi", "other_imo"):
            row[name] = _number(value)
        elif isinstance(value, str):
            row[name] = sanitize(value)
    row["mmsis"] = list(event.mmsis)
    row["imos"] = sorted({int(ship.imo) for ship in event.vessels if ship.imo})
    row["json"] = to_json(event).decode()
    return row


def visit_row(event: Event) -> dict[str, Any] | None:
    """A call at a port; None for an event of another type."""
    if (call := event.port_visit) is None:
        return None
    return {
        "id": event.id, "revision": event.revision, "status": event.status, "level": event.level,
        "detected": _millis(event.detected), "mmsi": int(event.vessel.ssvid),
        "imo": _number(event.vessel.imo), "name": _text(event.vessel.name), "flag": event.vessel.flag,
        "port": call.port, "port_name": call.port_name, "country": call.country,
        "arrived": _millis(event.start), "departed": _millis(event.end),
        "duration_hours": call.duration_hours, "stopped_hours": call.stopped_hours,
        "confidence": call.confidence, "lon": event.position.lon, "lat": event.position.lat,
        "fences": [fence.id for fence in event.geofences],
    }  # fmt: skip


def row_table(name: str, rows: Sequence[dict[str, Any]]) -> Any:
    """Rows of one table, as `identity_row` and its like make them."""
    schema = SCHEMAS[name]
    return pa.table([pa.array([row[field.name] for row in rows], field.type) for field in schema], schema)


def _text(value: str | None) -> str | None:
    return None if value is None else sanitize(value)


def _number(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() else None


def _millis(text: str | None) -> Millis | None:
    return None if text is None else from_text(text)
