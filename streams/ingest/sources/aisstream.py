"""A live source at aisstream.io: a WebSocket that sends one JSON text for each message.

Each text is taken in as a line, as it is; the Decoder reads it (`streams/decoding/records`).
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

import aiohttp

from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.sources.address import AddressError, AisstreamAddress
from streams.ingest.sources.reconnect import FeedError, keep_connected
from streams.runtime.backoff import Delays
from streams.runtime.logs import get_logger

log = get_logger(__name__)

KEY: Final = "AISSTREAM_API_KEY"
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""
WORLD: Final[Box] = (-180.0, -90.0, 180.0, 90.0)
_CONNECT_SECONDS: Final = 15.0
_LONGEST: Final = 1 << 20


class AisstreamFeed:
    def __init__(
        self,
        address: AisstreamAddress,
        key: str | None,
        boxes: Sequence[Box],
        counters: Counters,
        delays: Delays,
    ) -> None:
        if not key:
            raise AddressError(
                f"{address.text}: needs a key of aisstream.io in the environment variable {KEY}"
            )
        self._url, self._counters, self._delays = address.url, counters, delays
        self._subscription = {"APIKey": key, "BoundingBoxes": _corners(boxes or [WORLD])}

    async def run(self, intake: Intake) -> None:
        async def attempt(connected: Callable[[], None]) -> None:
            try:
                await self._read(intake, connected)
            except aiohttp.ClientError as error:
                raise FeedError(f"no connection ({type(error).__name__}: {error})") from None

        await keep_connected(attempt, intake, self._counters, self._delays)

    async def _read(self, intake: Intake, connected: Callable[[], None]) -> None:
        async with aiohttp.ClientSession() as session:
            async with asyncio.timeout(_CONNECT_SECONDS):
                socket = await session.ws_connect(self._url, heartbeat=30, max_msg_size=_LONGEST)
                await socket.send_json(self._subscription)  # within three seconds, or the server hangs up
            log.info("connected", source=intake.source)
            async with socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.ERROR:
                        raise FeedError(f"broken connection ({socket.exception()})")
                    if message.type not in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
                        continue
                    data = message.data if isinstance(message.data, bytes) else message.data.encode()
                    _refuse_error(data)
                    connected()
                    # in JSON, line feeds stand only between its parts, where a space means the same
                    await intake.feed(data.strip().replace(b"\n", b" ") + b"\n")


def _refuse_error(data: bytes) -> None:
    """The server reports errors, such as a bad key, in a message of the same kind as the data."""
    if b'"error"' not in data[:200]:
        return
    with suppress(ValueError, AttributeError):
        text = json.loads(data).get("error")
        if text:
            raise FeedError(f"aisstream.io says: {text}")


def _corners(boxes: Sequence[Box]) -> list[list[list[float]]]:
    """Boxes as the server expects them: two corners, latitude first; across 180 degrees, two boxes."""
    parts: list[Box] = []
    for west, south, east, north in boxes:
        if west <= east:
            parts.append((west, south, east, north))
        else:
            parts += [(west, south, 180.0, north), (-180.0, south, east, north)]
    return [[[south, west], [north, east]] for west, south, east, north in parts]
