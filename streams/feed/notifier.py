"""A notifier: wakes everyone who waits for something to change."""

import asyncio


class Notifier:
    """A condition without a state. A task that finds nothing new and then waits must not await in between:
    then it misses no notification."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def notify(self) -> None:
        """Wake everyone who waits now."""
        self._event.set()
        self._event.clear()

    async def wait(self, seconds: float | None = None) -> bool:
        """Wait for the next notification, or for so many seconds. Returns whether there was one."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False
