"""What Schemathesis has to know beside the OpenAPI document. Loaded by it, by name."""

from typing import Any

import schemathesis

from models.box import read_box


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """That a box's south is below its north, and its west is not its east, JSON Schema can't say."""
    box = (query or {}).get("bbox")
    numbers: Any = box.split(",") if isinstance(box, str) else box
    try:
        west, south, east, north = map(float, numbers)
        read_box(f"{west},{min(south, north)},{east},{max(south, north) + 1}")
    except (ValueError, TypeError):
        return True  # wrong in a way that the document tells
    return south < north and west != east
