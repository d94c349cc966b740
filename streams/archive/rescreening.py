"""Rescreening: which past events touch vessels that a list names which was not known then.

A vessel is found as `models.watchlist` finds it: by IMO number first, else by MMSI, else, weakly, by name.
What it gave itself out as before is compared, too. How an entry stood is told for the time at which the event
began.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from models.event import Event, FormerIdentity, Vessel
from models.time import from_text
from models.vessel import MatchedOn, WatchlistHit
from models.watchlist import Watchlist

COLUMNS: Final = (
    "start", "end", "type", "level", "status", "mmsi", "imo", "name", "list", "entry", "matched_on", "weak",
    "listing", "listed_on", "delisted_on", "known_then", "event",
)  # fmt: skip
"""Of a row of the answer. docs/archive.md describes them."""
_RANK: Final = tuple(MatchedOn)


def rescreen(events: Iterable[Event], watchlist: Watchlist) -> list[dict[str, Any]]:
    """A row for each event, vessel and entry that match: the surest first, then by start.

    `events` are one revision each. `listing` says whether the vessel was `listed` when the event began, is
    `listed_later`, or was `delisted` before. `known_then` says whether the event names the entry already.
    """
    found = [
        (hit, _row(event, vessel, said, hit))
        for event in events
        for vessel in event.vessels
        for said, hit in _hits(event, vessel, watchlist)
    ]
    found.sort(
        key=lambda each: (
            each[0].weak, _RANK.index(MatchedOn(each[0].matched_on)), each[1]["start"], each[1]["event"],
            each[1]["mmsi"], each[0].list, each[0].entry,
        )
    )  # fmt: skip
    return [row for _, row in found]


def _hits(
    event: Event, vessel: Vessel, watchlist: Watchlist
) -> Iterator[tuple[Vessel | FormerIdentity, WatchlistHit]]:
    """The entries that a vessel matches, each once: by the surest of what it says and has said of itself."""
    best: dict[tuple[str, str], tuple[Vessel | FormerIdentity, WatchlistHit]] = {}
    every: list[Vessel | FormerIdentity] = [vessel, *vessel.history]
    for said in every:
        hits = watchlist.match(
            mmsi=int(said.ssvid),
            time=from_text(event.start),
            imo=int(said.imo) if said.imo and said.imo.isdecimal() else None,
            name=said.name,
            callsign=said.callsign,
        )
        for hit in hits:
            other = best.get((hit.list, hit.entry))
            if other is None or _sureness(hit) < _sureness(other[1]):
                best[hit.list, hit.entry] = said, hit
    yield from best.values()


def _sureness(hit: WatchlistHit) -> tuple[bool, int]:
    return hit.weak, _RANK.index(MatchedOn(hit.matched_on))


def _row(event: Event, vessel: Vessel, said: Vessel | FormerIdentity, hit: WatchlistHit) -> dict[str, Any]:
    known = {(each.list, each.entry) for each in vessel.watchlists}
    return {
        "start": event.start, "end": event.end, "type": str(event.type), "level": str(event.level),
        "status": str(event.status), "mmsi": said.ssvid, "imo": said.imo, "name": said.name,
        "list": hit.list, "entry": hit.entry, "matched_on": hit.matched_on, "weak": hit.weak,
        "listing": hit.status, "listed_on": hit.listed_on, "delisted_on": hit.delisted_on,
        "known_then": (hit.list, hit.entry) in known, "event": event.id,
    }  # fmt: skip
