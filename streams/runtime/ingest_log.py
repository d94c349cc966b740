"""What ingest logs, and how seldom the same."""

import logging
import time
from typing import Final

from streams.runtime import logs

LOG: Final = logging.getLogger("tankerwatch.ingest")


def say(level: int, event: str, **fields: object) -> None:
    """Log an event with its fields."""
    logs.say(LOG, level, event, **fields)


class Rarely:
    """Says yes at once and then once in so many seconds."""

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._next = float("-inf")

    def __call__(self) -> bool:
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def reset(self) -> None:
        self._next = float("-inf")
