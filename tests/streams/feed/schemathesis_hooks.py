"""What Schemathesis has to know beside the OpenAPI document. Loaded by it, by name."""

from typing import Any

import schemathesis


@schemathesis.hook
def filter_query(context: Any, query: Any) -> bool:
    """That a box's south is below its north, and its west is not its east, JSON Schema can't say."""
    box = (query or {}).get("bbox")
    numbers: Any = box.split(",") if isinstance(box, str) else box
    try:
        west, south, east, north = map(float, numbers)
    except (ValueError, TypeError):
        return True  # wrong in a way that the document tells
    valid = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= 90 and -90 <= north <= 90
    return not valid or (south < north and west != east)
