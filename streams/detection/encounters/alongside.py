"""Alongside: the longest time without a break for which the hulls of two vessels in contact were close.

A bridged silence is no break. A median of three samples decides, so a single position that is off does not.
"""

from collections.abc import Sequence

from models.time import Millis
from streams.detection.encounters.pair_sample import PairSample
from streams.detection.encounters.settings import EncounterSettings


class Alongside:
    def __init__(self) -> None:
        self.longest: Millis = 0
        self.from_to = (0, 0)  # samples
        self._begun = 0
        self._run: Millis = 0
        self._close = False

    def copy(self) -> "Alongside":
        other = Alongside()
        other.longest, other.from_to = self.longest, self.from_to
        other._begun, other._run, other._close = self._begun, self._run, self._close
        return other

    def take(
        self,
        samples: Sequence[PairSample],
        i: int,
        counted: Sequence[Millis],
        joined: Sequence[bool],
        s: EncounterSettings,
    ) -> None:
        """Take sample `i` in contact, the one after the last, once the next one is known."""
        was_close = self._close
        three = sorted([each.at_most for each in samples[max(i - 1, 0) : i + 2]])
        self._close = three[len(three) // 2] <= s.alongside_metres
        if not (self._close and was_close and joined[i]):
            self._begun, self._run = i, 0
        else:
            self._run += counted[i]
        if self._run > self.longest:
            self.longest, self.from_to = self._run, (self._begun, i + 1)
