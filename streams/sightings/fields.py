"""One sighting from named fields: a row of CSV, the properties of a GeoJSON point, or a JSON object.

A field may have several names (`ALIASES`). What is wrong is said field by field, with the remedy.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from models.errors import UNDECODABLE, InputError
from models.sighting import Sighting, SightingKind
from models.time import Millis, from_text, to_text
from models.vessel import imo_is_valid

FIELDS: Final = (
    *("time", "lon", "lat", "received", "accuracy", "length", "kind", "mmsi", "imo", "name"),
    *("reference", "source"),
)
"""The fields of a sighting, in the order in which they are written. `time`, `lon` and `lat` are required."""
ALIASES: Final = {
    **dict.fromkeys(("timestamp", "datetime", "date_time", "acquired", "acquisition_time", "seen"), "time"),
    **dict.fromkeys(("longitude", "x"), "lon"),
    **dict.fromkeys(("latitude", "y"), "lat"),
    **dict.fromkeys(("received_at", "known", "available", "published"), "received"),
    **dict.fromkeys(
        ("accuracy_m", "accuracy_metres", "accuracy_meters", "uncertainty", "uncertainty_m"), "accuracy"
    ),
    **dict.fromkeys(("length_m", "length_metres", "length_meters", "vessel_length"), "length"),
    **dict.fromkeys(("type", "sensor", "sensor_type"), "kind"),
    **dict.fromkeys(("imo_number",), "imo"),
    **dict.fromkeys(("vessel_name", "ship_name", "vessel"), "name"),
    **dict.fromkeys(("ref", "id", "image", "image_id", "scene", "scene_id", "detection_id"), "reference"),
    **dict.fromkeys(("provider", "origin"), "source"),
}
_KINDS: Final = {
    **{kind.value: kind for kind in SightingKind},
    **dict.fromkeys(("sar", "optical", "satellite", "eo", "viirs"), SightingKind.IMAGE),
    **dict.fromkeys(("aircraft", "ship", "coastguard", "visual"), SightingKind.PATROL),
}
_EPOCH: Final = re.compile(r"\d{10}(\d{3})?")
"""Seconds or milliseconds since 1970."""
_MAX_ACCURACY: Final = 20_000.0
"""Metres. What is known less exactly places a vessel nowhere."""
_TEXT: Final = 200
"""Characters of a reference, a source or a name."""


class SightingError(InputError):
    """All that is wrong with sightings: `problems`, each with the place and the remedy."""


def plain(field: str) -> str:
    """A field's name in one spelling: `Length (m)` and `lengthM` are length_m, and that is length."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", field.strip())
    name = "_".join(filter(None, re.split(r"[^a-z0-9]+", words.lower())))
    return ALIASES.get(name, name)


def read_line(line: bytes) -> Sighting:
    """A sighting from a JSON object. Raises SightingError with all that is wrong."""
    try:
        given = msgspec.json.decode(line)
    except UNDECODABLE as error:
        raise SightingError(f"not JSON ({error}); give one JSON object a message") from error
    if not isinstance(given, dict):
        raise SightingError("not a JSON object; give one with time, lon and lat")
    return read_fields({plain(name): value for name, value in given.items()})


def read_fields(row: Mapping[str, Any]) -> Sighting:
    """A sighting from fields with plain names; others are ignored. Raises SightingError."""
    given = {name: row[name] for name in FIELDS if not _blank(row.get(name))}
    missing = [name for name in ("time", "lon", "lat") if name not in given]
    problems = [f"{name}: missing; every sighting needs time, lon and lat" for name in missing]
    time, received = _time(given, "time", problems), _time(given, "received", problems)
    if time is not None and received is not None and received < time:
        problems.append(f"received: {to_text(received)} is before the time, {to_text(time)}; swap them")
    lon = _number(given, "lon", -180, 180, "degrees from -180 to 180", problems)
    lat = _number(given, "lat", -90, 90, "degrees from -90 to 90", problems)
    metres = f"metres, above 0 and up to {_MAX_ACCURACY:.0f}"
    accuracy = _number(given, "accuracy", 1e-3, _MAX_ACCURACY, metres, problems)
    length = _number(given, "length", 1, 500, "metres, from 1 to 500", problems)
    mmsi, imo = _digits(given, "mmsi", 9, problems), _digits(given, "imo", 7, problems)
    if imo is not None and not imo_is_valid(imo):
        problems.append(f"imo: {imo} has a wrong check digit; correct it, or leave it out and give the name")
    kind = str(given.get("kind", SightingKind.OTHER)).strip().lower()
    if kind not in _KINDS:
        problems.append(f"kind: {kind[:20]!r}; choose one of {', '.join(SightingKind)}")
    if problems or time is None or lon is None or lat is None:
        raise SightingError(*problems)
    return Sighting(
        time=time,
        lon=lon,
        lat=lat,
        received=time if received is None else received,
        accuracy=accuracy,
        length=length,
        kind=_KINDS[kind],
        mmsi=mmsi,
        imo=imo,
        name=_text(given, "name") or None,
        reference=_text(given, "reference"),
        source=_text(given, "source"),
    )


def to_line(sighting: Sighting) -> bytes:
    """A sighting as the JSON object that `read_line` reads, on one line."""
    return msgspec.json.encode(dict(_told(sighting)))


def _told(sighting: Sighting) -> Iterator[tuple[str, object]]:
    for name in FIELDS:
        value = getattr(sighting, name)
        if name in ("time", "received"):
            yield name, to_text(value)
        elif value not in (None, ""):
            yield name, f"{value:09d}" if name == "mmsi" else value


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _time(given: Mapping[str, Any], name: str, problems: list[str]) -> Millis | None:
    if name not in given:
        return None
    text = str(given[name]).strip()
    try:
        if _EPOCH.fullmatch(text):
            return int(text) * (1000 if len(text) == 10 else 1)
        if "T" in text or " " in text:  # a day alone says too little
            time = from_text(text)
            if time >= 0:
                return time
    except (ValueError, OverflowError):
        pass
    problems.append(f"{name}: {text[:30]!r}; give it as 2024-03-05T12:00:00Z (UTC without an offset)")
    return None


def _number(
    given: Mapping[str, Any], name: str, low: float, high: float, rule: str, problems: list[str]
) -> float | None:
    if name not in given:
        return None
    try:
        value = float(given[name])
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not low <= value <= high:
        problems.append(f"{name}: {str(given[name])[:20]!r}; give {rule}")
        return None
    return value


def _digits(given: Mapping[str, Any], name: str, count: int, problems: list[str]) -> int | None:
    if name not in given:
        return None
    text = str(given[name]).strip()
    if name == "imo" and text[:3].upper() == "IMO":
        text = text[3:].strip()
    if not (text.isascii() and text.isdigit() and len(text) == count and int(text)):
        problems.append(f"{name}: {text[:20]!r}; give {count} digits, or leave it blank")
        return None
    return int(text)


def _text(given: Mapping[str, Any], name: str) -> str:
    """Printable characters only: what others write is shown on pages and terminals."""
    text = " ".join(str(given.get(name, "")).split())
    return "".join(filter(str.isprintable, text))[:_TEXT]
