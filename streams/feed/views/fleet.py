"""The fleet: the latest position of every vessel, kept ready, so that many pages can ask for it often.

Every change of a vessel has a number. A client that asks again with the number it got last receives only what
has changed since, and misses nothing, although the ticks of one instant reach the log in several parts.
"""

import asyncio
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from models.box import Box
from models.last_position import LastPosition
from models.time import BEGINNING, HOUR, Millis
from models.vessel import Identity
from streams.feed.log import FeedLog
from streams.feed.views import vessels

_BATCH: Final = 1_000
WINDOW: Final = HOUR
"""A refresh looks at the vessels whose latest tick is at most this much older than the newest tick of all."""
WHOLE: Final = 600.0
"""Seconds after which a refresh looks at all vessels, and forgets those that the log has dropped."""


@dataclass(frozen=True, slots=True)
class _Row:
    number: int  # of the change
    time: Millis  # of the tick
    lon: float
    lat: float
    tanker: bool
    listed: bool
    json: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which vessels a request asks for."""

    box: Box | None = None
    tankers: bool = False
    listed: bool = False
    mmsis: frozenset[int] = frozenset()
    since: Millis | None = None
    """Only vessels whose latest tick is after this time."""
    after: int = 0
    """Only vessels that have changed after the change with this number."""

    def matches(self, mmsi: int, row: _Row) -> bool:
        return (
            (self.since is None or row.time > self.since)
            and (not self.tankers or row.tanker)
            and (not self.listed or row.listed)
            and (not self.mmsis or mmsi in self.mmsis)
            and (self.box is None or self.box.contains(row.lon, row.lat))
        )


class Fleet:
    def __init__(self, log: FeedLog) -> None:
        self._log = log
        self._rows: dict[int, _Row] = {}  # by MMSI, in the order of their changes
        self._heard: dict[int, Millis] = {}
        self._lock = asyncio.Lock()
        self._version: tuple[str, str] | None = None
        self._newest: Millis = BEGINNING
        self._whole_at = 0.0
        self._epoch = ""
        self._number = 0

    def after(self, position: str) -> int | None:
        """The number of a change from a position that `select` gave.

        None if the position is from another process, or from before the log began anew.
        """
        epoch, _, number = position.partition(".")
        known = epoch == self._epoch and number.isdecimal() and len(number) < 19
        return int(number) if known and int(number) <= self._number else None

    def select(self, wanted: Wanted, limit: int) -> tuple[list[bytes], str]:
        """The JSON of the vessels in the order of their changes, and the position after the last of them."""
        found: list[_Row] = []
        for mmsi, row in reversed(self._rows.items()):
            if row.number <= wanted.after:
                break
            if wanted.matches(mmsi, row):
                found.append(row)
        chosen = found[::-1][:limit]
        last = chosen[-1].number if len(chosen) < len(found) else self._number
        return [row.json for row in chosen], f"{self._epoch}.{last}"

    async def refresh(self) -> None:
        """Take over what has changed in the log."""
        async with self._lock:
            version = await self._log.version()
            if version == self._version:
                return
            if self._version is None or version[0] != self._version[0]:
                self._rows, self._heard, self._newest, self._whole_at = {}, {}, BEGINNING, 0.0
                self._epoch = secrets.token_hex(4)
            whole = time.monotonic() >= self._whole_at
            heard = await self._log.heard_at(BEGINNING if whole else self._newest - WINDOW)
            if whole:
                self._forget(self._heard.keys() - heard.keys())
                self._whole_at = time.monotonic() + WHOLE
            changed = [mmsi for mmsi, at in heard.items() if self._heard.get(mmsi, BEGINNING) < at]
            for start in range(0, len(changed), _BATCH):
                some = changed[start : start + _BATCH]
                positions = await self._log.whereabouts(some)
                self._take(positions, await self._log.identities(some))
                self._heard |= {mmsi: heard[mmsi] for mmsi in some}
            self._newest = max(heard.values(), default=self._newest)
            self._version = version

    def _forget(self, mmsis: Iterable[int]) -> None:
        for mmsi in mmsis:
            del self._heard[mmsi]
            self._rows.pop(mmsi, None)

    def _take(self, positions: list[LastPosition], identities: Iterable[Identity]) -> None:
        for at, vessel in zip(positions, vessels.on_map(positions, identities), strict=True):
            self._number += 1
            self._rows.pop(at.mmsi, None)
            self._rows[at.mmsi] = _Row(
                self._number,
                at.time,
                at.lon,
                at.lat,
                vessel.tanker,
                vessel.listed,
                msgspec.json.encode(vessel),
            )
