"""Responses: each kind with its media type, from which the OpenAPI document has it too."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

LARGE: Final = 100_000
"""Bytes of JSON from which it is compressed in another thread."""
_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


class Json(JSONResponse):
    """JSON of anything that msgspec encodes. `msgspec.Raw` stands for what is JSON already."""

    def render(self, content: Any) -> bytes:
        return _ENCODER.encode(content)


class GeoJson(Json):
    media_type = "application/geo+json"


class Csv(StreamingResponse):
    media_type = "text/csv; charset=utf-8"


class GeoParquet(StreamingResponse):
    media_type = "application/vnd.apache.parquet"


class Kml(StreamingResponse):
    media_type = "application/vnd.google-earth.kml+xml"


class Atom(Response):
    media_type = "application/atom+xml"


class EventStream(Response):
    media_type = "text/event-stream"


class Metrics(Response):
    media_type = CONTENT_TYPE_LATEST


async def compressed(request: Request, content: Any) -> Response:
    """JSON that may be large: compressed in another thread, for a client that accepts gzip."""
    data = _ENCODER.encode(content)
    if len(data) < LARGE or "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(data, media_type="application/json")
    data = await asyncio.to_thread(gzip.compress, data, 1)
    headers = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(data, headers=headers, media_type="application/json")


def download(
    content: str | AsyncIterator[bytes], kind: type[Response], name: str, hints: Sequence[str] = ()
) -> Response:
    """A file for the browser to save under this name. `X-Hints` has the hints, as JSON in ASCII."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if hints:
        headers["X-Hints"] = json.dumps(hints)
    if isinstance(content, str):
        return Response(content, headers=headers, media_type=kind.media_type)
    return StreamingResponse(content, headers=headers, media_type=kind.media_type)
