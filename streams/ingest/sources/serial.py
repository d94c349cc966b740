"""A live source at a serial port: a receiver on RS-232, RS-422 or USB."""

import os
import termios
from collections.abc import Callable
from typing import Final

from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.sources.address import AddressError, SerialAddress
from streams.ingest.sources.reconnect import FeedError, keep_connected, readable
from streams.runtime.backoff import Delays
from streams.runtime.logs import get_logger

log = get_logger(__name__)

_READ: Final = 1 << 12


class SerialFeed:
    """Opens the port again after it was unplugged. Raises AddressError for a speed that does not exist."""

    def __init__(self, address: SerialAddress, counters: Counters, delays: Delays) -> None:
        self._address, self._counters, self._delays = address, counters, delays
        speed = getattr(termios, f"B{address.baud}", None)
        if speed is None or address.baud == 0:
            raise AddressError(
                f"{address.text}: {address.baud} baud is not a speed of serial ports; AIS receivers use 38400"
            )
        self._speed: int = speed

    async def run(self, intake: Intake) -> None:
        async def attempt(connected: Callable[[], None]) -> None:
            await self._read(intake, connected)

        await keep_connected(attempt, intake, self._counters, self._delays)

    async def _read(self, intake: Intake, connected: Callable[[], None]) -> None:
        port = os.open(self._address.device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _set_up(port, self._speed)
            log.info("connected", source=intake.source)
            while True:
                await readable(port)
                data = os.read(port, _READ)
                if not data:
                    raise FeedError("the port is gone")
                connected()
                await intake.feed(data)
        finally:
            os.close(port)


def _set_up(port: int, speed: int) -> None:
    """Raw, 8N1, no handshake."""
    try:
        *_, control = termios.tcgetattr(port)
        flags = termios.CS8 | termios.CREAD | termios.CLOCAL
        control[termios.VMIN], control[termios.VTIME] = 1, 0
        termios.tcsetattr(port, termios.TCSANOW, [0, 0, flags, 0, speed, speed, control])
    except termios.error as error:
        raise FeedError(f"no serial port ({error.args[-1]})") from None
