"""The vessel index: every vessel of a log by what it calls itself, now and before, for the search."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from models.time import BEGINNING, HOUR, Millis, to_text
from models.vessel import Identity, Role, flag_of
from streams.feed.log import FeedLog

_BATCH: Final = 1_000
WINDOW: Final = HOUR
"""A refresh looks at the vessels that were heard at most this much before the newest of all."""
WHOLE: Final = 600.0
"""Seconds after which a refresh looks at all vessels, and forgets those that the log has dropped."""


class VesselFound(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A vessel that a search has found. `former` is the earlier name that matches, if the present one does
    not."""

    mmsi: int
    name: str | None
    former: str | None
    imo: str | None
    callsign: str | None
    flag: str | None
    tanker: bool
    listed: bool
    heard: str


@dataclass(frozen=True, slots=True)
class _Entry:
    identity: Identity | None
    former: tuple[str, ...]
    present: str
    """What it is known by now, as `words_of` writes it; words are between blanks."""
    text: str
    """The same with former names and numbers."""


class VesselIndex:
    def __init__(self, log: FeedLog) -> None:
        self._log = log
        self.lists: set[str] = set()
        """Names of the watchlists that any of them has been on."""
        self._entries: dict[int, _Entry] = {}
        self._heard: dict[int, Millis] = {}
        self._lock = asyncio.Lock()
        self._version: tuple[str, str] | None = None
        self._whole_at = 0.0

    async def refresh(self) -> None:
        """Take over what has changed in the log."""
        async with self._lock:
            version = await self._log.version()
            if version == self._version:
                return
            if self._version is None or version[0] != self._version[0]:
                self._entries, self._heard, self._whole_at = {}, {}, 0.0
            whole = time.monotonic() >= self._whole_at
            newest = max(self._heard.values(), default=BEGINNING)
            heard = await self._log.heard_at(BEGINNING if whole else newest - WINDOW)
            if whole:
                for mmsi in self._heard.keys() - heard.keys():
                    del self._heard[mmsi]
                    self._entries.pop(mmsi, None)
                self._whole_at = time.monotonic() + WHOLE
            changed = [mmsi for mmsi, at in heard.items() if self._heard.get(mmsi, BEGINNING) < at]
            for start in range(0, len(changed), _BATCH):
                some = changed[start : start + _BATCH]
                await self._take(some)
                self._heard |= {mmsi: heard[mmsi] for mmsi in some}
            self._version = version

    async def _take(self, mmsis: Sequence[int]) -> None:
        known = {one.mmsi: one for one in await self._log.identities(mmsis)}
        self.lists |= {hit.list for one in known.values() for hit in one.watchlists if hit.in_force}
        anew = [mmsi for mmsi in mmsis if self._is_new(mmsi, known.get(mmsi))]
        for mmsi, history in zip(anew, await self._log.histories(anew), strict=True):
            self._entries[mmsi] = _entry(mmsi, known.get(mmsi), history)

    def _is_new(self, mmsi: int, identity: Identity | None) -> bool:
        before = self._entries.get(mmsi)
        return before is None or before.identity != identity

    def find(self, text: str, limit: int) -> list[VesselFound]:
        """The vessels in whose names and numbers every word of the text occurs, best first."""
        words = searched(text)
        if not words:
            return []
        ranked = [
            (_rank(entry, words), -self._heard[mmsi], mmsi)
            for mmsi, entry in self._entries.items()
            if mmsi in self._heard and all(word in entry.text for word in words)
        ]
        return [self._found(mmsi, words) for _, _, mmsi in sorted(ranked)[:limit]]

    def _found(self, mmsi: int, words: list[str]) -> VesselFound:
        entry = self._entries[mmsi]
        who = entry.identity
        former = None
        if not all(word in entry.present for word in words):
            said = ((name, words_of(name)) for name in reversed(entry.former))
            former = next((name for name, text in said if any(word in text for word in words)), None)
        return VesselFound(
            mmsi=mmsi,
            name=who.name if who else None,
            former=former,
            imo=f"{who.imo:07d}" if who and who.imo else None,
            callsign=who.callsign if who else None,
            flag=flag_of(mmsi),
            tanker=who is not None and who.role is Role.TANKER,
            listed=who is not None and who.listed,
            heard=to_text(self._heard[mmsi]),
        )


def words_of(text: str) -> str:
    """In capitals, with a blank before and after every word; only letters and digits count."""
    return f" {' '.join(''.join(c if c.isalnum() else ' ' for c in text.upper()).split())} "


def searched(text: str) -> list[str]:
    """The words of a search. `IMO` and `MMSI` before a number say nothing more than the number."""
    words = words_of(text).split()
    numbers = any(word.isdecimal() for word in words)
    return [word for word in words if not (numbers and word in ("IMO", "MMSI"))]


def _entry(mmsi: int, identity: Identity | None, history: Iterable[Identity]) -> _Entry:
    def told(one: Identity) -> list[str]:
        return [one.name or "", one.callsign or "", f"{one.imo:07d}" if one.imo else ""]

    before = list(history)
    now = [*(told(identity) if identity else []), f"{mmsi:09d}"]
    name = identity.name if identity else None
    former = tuple(dict.fromkeys(one.name for one in before if one.name and one.name != name))
    present = words_of(" ".join(now))
    text = present + words_of(" ".join(part for one in before for part in told(one)))
    return _Entry(identity, former, present, text)


def _rank(entry: _Entry, words: list[str]) -> int:
    """0: its name begins so, or a whole word or number of today is meant; 1: words of today begin so; 2: it
    occurs today; 3: it occurred before."""
    if entry.present.startswith(f" {' '.join(words)}") or all(f" {word} " in entry.present for word in words):
        return 0
    if all(f" {word}" in entry.present for word in words):
        return 1
    return 2 if all(word in entry.present for word in words) else 3
