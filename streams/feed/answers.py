"""Answers of the API: JSON of what msgspec encodes, without a second model of it."""

from typing import Any

import msgspec
from starlette.responses import Response, StreamingResponse

_ENCODER = msgspec.json.Encoder(order="deterministic")


def json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`content` may hold `msgspec.Raw`, what is JSON already."""
    return Response(_ENCODER.encode(content), status, headers, "application/json")


def file(content: Any, media: str, name: str) -> Response:
    """Text, or bytes as they are made, to be saved under this name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if isinstance(content, str | bytes):
        return Response(content, headers=headers, media_type=media)
    return StreamingResponse(content, headers=headers, media_type=media)
