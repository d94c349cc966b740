"""Answers of the API: JSON of what msgspec encodes, without a second model of it."""

from typing import Any

import msgspec
from starlette.responses import Response

_ENCODER = msgspec.json.Encoder(order="deterministic")


def json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`content` may hold `msgspec.Raw`, what is JSON already."""
    return Response(_ENCODER.encode(content), status, headers, "application/json")
