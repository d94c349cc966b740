"""Receivers: the stations that heard each vessel at an instant, looked up for those that are asked for."""

from collections.abc import Iterable

import numpy as np

from models.tick import Instant


class Receivers:
    """By MMSI. Few vessels are asked for: those of pairs."""

    def __init__(self, parts: Iterable[Instant]) -> None:
        self._parts = []
        self._found: dict[int, tuple[str, ...]] = {}
        for part in parts:
            mmsis = part.ticks["mmsi"]
            order = np.argsort(mmsis, kind="stable")
            self._parts.append((mmsis[order], part.ticks["stations"][order], part.stations))

    def of(self, mmsi: int) -> tuple[str, ...]:
        """The stations, sorted, as they are in the tables of the parts; none for a vessel without ticks."""
        if mmsi not in self._found:
            self._found[mmsi] = self._look_up(mmsi)
        return self._found[mmsi]

    def _look_up(self, mmsi: int) -> tuple[str, ...]:
        sets: set[tuple[str, ...]] = set()
        for mmsis, stations, table in self._parts:
            first, end = mmsis.searchsorted(np.uint32(mmsi)), mmsis.searchsorted(np.uint32(mmsi), "right")
            sets.update(table[number] for number in set(stations[first:end].tolist()))
        return sets.pop() if len(sets) == 1 else tuple(sorted({name for names in sets for name in names}))
