"""Clock links: the differences between the clocks of two stations, and which stations they connect.

A difference is sure once enough of the last transmissions in common agree about it, and another one takes its
place in the same way.
"""

from collections import Counter
from typing import Final

import msgspec
import numpy as np

from models.time import Millis
from streams.decoding.leading_stations import UTC_GROUP
from streams.decoding.lines.byte_spans import Int64Array

UTC: Final = 0
"""Universal time among the numbers of stations. It takes the place of the station without a name."""
_MOST_LINKS: Final = 65_536


Group = tuple[int, ...]
"""Numbers of stations in order."""


class Link(msgspec.Struct, array_like=True):
    """The clock of the second station less that of the first, in milliseconds."""

    first: int
    second: int
    difference: Millis | None = None
    spread: Millis = 0
    common: int = 0
    doubts: list[Millis] = []

    def take(self, difference: Millis, agreeing: int, of: int, tolerance: Millis) -> bool:
        """Take one difference in; whether that of the link is another one now."""
        if self.difference is not None and abs(difference - self.difference) <= tolerance:
            self.common += 1
            self.doubts = []
            return False
        self.doubts = [*self.doubts, difference][-of:]
        ordered = sorted(self.doubts)
        for start in range(len(ordered) - agreeing + 1):
            some = ordered[start : start + agreeing]
            if some[-1] - some[0] <= tolerance:
                self.difference, self.spread = some[len(some) // 2], some[-1] - some[0]
                self.common, self.doubts = len(some), []
                return True
        return False


class ClockLinks:
    """The links of one source. `agreeing` of the last `of` differences have to lie within `tolerance`."""

    def __init__(self, agreeing: int, of: int, tolerance: Millis) -> None:
        self._rule = agreeing, of, tolerance
        self._links: dict[tuple[int, int], Link] = {}
        self._near: dict[int, list[tuple[int, Link]]] = {}
        self._group_of: dict[int, Group] = {}

    def learn(self, first: int, second: int, difference: Millis) -> bool:
        """Take in by how much the second clock was ahead of the first; whether that changes their link."""
        if first > second:
            first, second, difference = second, first, -difference
        link = self._links.get((first, second))
        if link is None:
            if len(self._links) >= _MOST_LINKS:
                return False
            link = self._links[first, second] = Link(first, second)
        before = link.difference
        if not link.take(difference, *self._rule):
            return False
        self._connect(link, new=before is None)
        return True

    def _connect(self, link: Link, *, new: bool) -> None:
        if new:
            self._near.setdefault(link.first, []).append((link.second, link))
            self._near.setdefault(link.second, []).append((link.first, link))
        one, other = (self._group_of.get(number, (number,)) for number in (link.first, link.second))
        group = tuple(sorted({*one, *other}))
        self._group_of.update(dict.fromkeys(group, group))

    def common(self) -> Counter[int]:
        """Transmissions of each station that agree with others."""
        counts: Counter[int] = Counter()
        for link in self._links.values():
            counts.update({link.first: link.common, link.second: link.common})
        return counts

    def near(self, number: int) -> list[tuple[int, Link]]:
        """The stations that a connected one is linked with, by links that are sure."""
        return self._near[number]

    def groups(self) -> list[Group]:
        """The stations that are connected with each other, the group of UTC first.

        A group is another object as soon as anything about one of its links is another.
        """
        return [group for number, group in sorted(self._group_of.items()) if number == group[0]]

    def dump(self) -> list[Link]:
        return list(self._links.values())

    def load(self, links: list[Link]) -> None:
        self._links = {(link.first, link.second): link for link in links}
        self._near, self._group_of = {}, {}
        for link in links:
            if link.difference is not None:
                self._connect(link, new=True)


def labels(groups: list[Group]) -> Int64Array:
    """The group of each station: the lowest number in it, or UTC_GROUP."""
    result = np.arange(max((group[-1] for group in groups), default=-1) + 1)
    for group in groups:
        result[list(group)] = UTC_GROUP if group[0] == UTC else group[0]
    return result
