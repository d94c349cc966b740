"""How long to wait before the next attempt: doubling, with jitter so that many clients don't come at once."""

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delays:
    """The first and the longest wait, in seconds."""

    first: float = 1.0
    longest: float = 60.0


def wait_after(failures: int, delays: Delays) -> float:
    """`first` seconds after one failure, twice that after two, … up to `longest`, shortened by up to half."""
    return min(delays.first * 2.0 ** min(failures - 1, 60), delays.longest) * random.uniform(0.5, 1.0)


class Backoff:
    """The waits of one client, by the failures since it last succeeded."""

    def __init__(self, delays: Delays | None = None) -> None:
        self._delays = delays or Delays()
        self._failures = 0

    def next(self) -> float:
        self._failures += 1
        return wait_after(self._failures, self._delays)

    def reset(self) -> None:
        """The attempt succeeded: the next failure starts over."""
        self._failures = 0
