"""What Schemathesis has to know besides the OpenAPI document. It loads this module by name."""

import os
from contextlib import suppress
from typing import Any, Final

import schemathesis

from models.time import from_text
from tests.streams.feed.write_examples import FENCE

KNOWN: Final = {
    name: os.environ.get(f"TANKERWATCH_SIEGE_{name.upper()}", "").split(",")
    for name in ("id", "mmsi")
    if f"TANKERWATCH_SIEGE_{name.upper()}" in os.environ
}
"""Values of path parameters that the feed knows, where whoever runs this names some."""


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """Drop boxes whose south is not below their north, or whose west is their east, and periods that end
    before they start: JSON Schema cannot say that."""
    if {"start", "end"} <= (query or {}).keys():
        with suppress(ValueError, TypeError, OverflowError):
            if from_text(query["start"]) > from_text(query["end"]):
                return False
    box = (query or {}).get("bbox")
    numbers: Any = box.split(",") if isinstance(box, str) else box
    try:
        west, south, east, north = map(float, numbers)
    except (ValueError, TypeError):
        return True  # not valid in a way that the document describes
    valid = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90
    return not valid or (south < north and west != east)


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Put an event or a vessel of the feed in the place of every other one that nobody knows."""
    for name, known in KNOWN.items():
        if name in (path_parameters or {}) and len(str(path_parameters[name])) % 2:
            path_parameters = {**path_parameters, name: known[len(str(path_parameters[name])) % len(known)]}
    return path_parameters


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Put a polygon in the place of any other object as `geometry`: JSON Schema cannot say which are none."""
    if isinstance(body, dict) and isinstance(body.get("geometry"), dict):
        return {**body, "geometry": FENCE["geometry"]}
    return body
