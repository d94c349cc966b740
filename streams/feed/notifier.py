"""A bell: wakes all who wait for something to have changed."""

import asyncio


class Notifier:
    """Whoever looks, finds nothing new and then waits, without awaiting in between, misses no ring."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._event.set()
        self._event.clear()

    async def wait(self, seconds: float | None = None) -> bool:
        """Until it rings, or for so long; whether it rang."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False
