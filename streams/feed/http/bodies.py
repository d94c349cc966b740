"""Bodies of requests: JSON of a known shape, of bounded length, within bounded time."""

import asyncio
from http import HTTPStatus
from typing import Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from streams.feed.http.problems import Problem, invalid

T = TypeVar("T", bound=msgspec.Struct)
LONGEST: Final = 64_000
PATIENCE: Final = 10.0
"""Seconds in which a body has to come."""


async def read(request: Request, shape: type[T]) -> T:
    """Raises Problem for what is none, too long or too slow."""
    data = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for part in request.stream():
                data += part
                if len(data) > LONGEST:
                    raise Problem(
                        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                        f"longer than {LONGEST} bytes; send less",
                        {"Connection": "close"},
                    )
    except (TimeoutError, ClientDisconnect):
        raise invalid(f"the body did not come within {PATIENCE:.0f} s; send it at once") from None
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        fields = ", ".join(shape.__struct_fields__)
        raise invalid(f"body: {error}; give a JSON object of {fields}") from None
