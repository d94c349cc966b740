"""Answers of the API: JSON of what msgspec encodes, without a second model of it."""

import asyncio
import gzip
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

LARGE: Final = 100_000
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


def json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`content` may hold `msgspec.Raw`, what is JSON already."""
    return Response(_ENCODER.encode(content), status, headers, "application/json")


async def packed(request: Request, content: Any) -> Response:
    """As `json`, for what is large: compressed in another thread, for those who take it so."""
    data = _ENCODER.encode(content)
    if len(data) < LARGE or "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(data, media_type="application/json")
    data = await asyncio.to_thread(gzip.compress, data, 1)
    return Response(
        data, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}, media_type="application/json"
    )


def file(content: Any, media: str, name: str) -> Response:
    """Text, or bytes as they are made, to be saved under this name."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if isinstance(content, str | bytes):
        return Response(content, headers=headers, media_type=media)
    return StreamingResponse(content, headers=headers, media_type=media)
