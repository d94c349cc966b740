"""How long to wait before the next attempt: doubling, with jitter so that many clients don't come at once."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delays:
    """The first and the longest wait, in seconds."""

    first: float = 1.0
    longest: float = 60.0


class Backoff:
    """Waits of `first`, twice that, … up to `longest`, each shortened by up to half."""

    def __init__(self, delays: Delays | None = None) -> None:
        self._delays = delays or Delays()
        self._next = self._delays.first

    def next(self) -> float:
        wait = self._next
        self._next = min(wait * 2, self._delays.longest)
        return wait * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """The attempt succeeded: the next failure starts over."""
        self._next = self._delays.first
