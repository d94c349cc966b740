"""A live source behind an MQTT broker: Digitraffic, AIS-catcher (`-Q URL`), others that send lines or JSON.

Digitraffic names the vessel in the topic alone (`vessels-v2/MMSI/location`), so its number is put into the
object. Messages are asked for with QoS 0: what comes while the connection is broken is lost, as with TCP.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

import aiomqtt

from streams.ingest.counters import Counters
from streams.ingest.intake import Intake, utc_now
from streams.ingest.sources.address import MqttAddress
from streams.ingest.sources.reconnect import FeedError, keep_connected
from streams.ingest.sources.texts import lines_of
from streams.runtime.backoff import Delays
from streams.runtime.logs import RateLimit, get_logger
from streams.runtime.tasks import finish

log = get_logger(__name__)

USER: Final = "TANKERWATCH_MQTT_USER"
PASSWORD: Final = "TANKERWATCH_MQTT_PASSWORD"  # noqa: S105 (its name)
"""The environment variables with the name and the password for the broker."""
QUEUE: Final = 20_000
"""Messages that may wait for room in the outbox. A broker does not wait, so more are dropped."""
MESSAGE_BYTES: Final = 1 << 20
"""Longer messages are dropped."""
_CONNECT_SECONDS: Final = 15.0
_FAILED: Final = 128  # codes of a subscription from here on are refusals (MQTT 3.1.1, 3.9.3; 5.0, 3.9.3)
_VESSEL: Final = re.compile(r"vessels(?:-v2)?/(\d{1,9})/[a-z]+")
_OBJECT: Final = re.compile(rb"\s*\{(?=\s*\")")
_MMSI: Final = re.compile(rb'"mmsi"\s*:')


class _Queue(asyncio.Queue[aiomqtt.Message]):
    """Messages that wait; tells of each that finds no room."""

    def __init__(self, full: Callable[[], None]) -> None:
        super().__init__(QUEUE)
        self._full = full

    def put_nowait(self, item: aiomqtt.Message) -> None:
        try:
            super().put_nowait(item)
        except asyncio.QueueFull:
            self._full()


class MqttFeed:
    def __init__(
        self,
        address: MqttAddress,
        user: str | None,
        password: str | None,
        counters: Counters,
        delays: Delays,
    ) -> None:
        self._address, self._user, self._password = address, user, password
        self._counters, self._delays = counters, delays
        self._context = ssl.create_default_context() if address.tls else None
        self._complain = RateLimit()

    async def run(self, intake: Intake) -> None:
        """Take messages in until cancelled. Those that have come by then are taken in, too."""

        async def attempt(connected: Callable[[], None]) -> None:
            queue = _Queue(lambda: self._drop(intake, "the buffer is full"))
            try:
                await self._read(intake, queue, connected)
            except aiomqtt.MqttError as error:
                raise FeedError(f"no connection ({error})") from None
            finally:
                await finish(self._take_rest(intake, queue))

        await keep_connected(attempt, intake, self._counters, self._delays)

    async def _read(self, intake: Intake, queue: _Queue, connected: Callable[[], None]) -> None:
        address = self._address
        client = aiomqtt.Client(
            address.host,
            address.port,
            username=self._user,
            password=self._password,
            tls_context=self._context,
            timeout=_CONNECT_SECONDS,
            transport="websockets" if address.websocket else "tcp",
            websocket_path=address.websocket or None,
            queue_type=cast("type[asyncio.Queue[aiomqtt.Message]]", lambda maxsize: queue),
        )
        async with client:
            granted: Any = await client.subscribe([(topic, 0) for topic in address.topics])
            for topic, code in zip(address.topics, granted, strict=False):
                if (code if isinstance(code, int) else code.value) >= _FAILED:
                    raise FeedError(f"the broker refuses the topic {topic}")
            log.info("connected", source=intake.source)
            async for message in client.messages:
                connected()
                await self._take(intake, message)

    async def _take(self, intake: Intake, message: aiomqtt.Message) -> None:
        payload = message.payload
        if not isinstance(payload, bytes):  # an empty one
            return
        if len(payload) > MESSAGE_BYTES:
            self._drop(intake, f"longer than {MESSAGE_BYTES} bytes")
            return
        if lines := lines_of(with_vessel(str(message.topic), payload)):
            await intake.feed(lines, utc_now(), ends_line=True)

    async def _take_rest(self, intake: Intake, queue: _Queue) -> None:
        with suppress(asyncio.QueueEmpty):
            while True:
                await self._take(intake, queue.get_nowait())

    def _drop(self, intake: Intake, reason: str) -> None:
        self._counters.dropped_messages += 1
        if self._complain():
            total = self._counters.dropped_messages
            log.error("messages_dropped", source=intake.source, total=total, reason=reason)


def with_vessel(topic: str, payload: bytes) -> bytes:
    """The payload with the MMSI that Digitraffic says in the topic, if it is an object without one."""
    vessel, opened = _VESSEL.fullmatch(topic), _OBJECT.match(payload)
    if vessel is None or opened is None or _MMSI.search(payload):
        return payload
    return b'{"mmsi":%d,' % int(vessel[1]) + payload[opened.end() :]
