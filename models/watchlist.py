"""A watchlist: entries of lists of vessels, and how a vessel is found among them.

A vessel matches an entry by its IMO number, which stays with the hull; else by its MMSI; else by its name
with its call sign, or its name alone. Matches that may well be another ship are weak. `streams/watchlists`
reads entries from files.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

import msgspec

from models.time import Millis, from_text
from models.vessel import ListingStatus, MatchedOn, WatchlistHit

AIS_NAME: Final = 20
"""Characters of a name in AIS (ITU-R M.1371, type 5). A longer name is sent without its end."""
_RANK: Final = tuple(MatchedOn)
_STATUS: Final = tuple(ListingStatus)
Key = TypeVar("Key", int, str)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One vessel on one list. Dates are ISO 8601 days."""

    list: str
    entry: str
    """Which entry of the list it is: a number, or what else the list calls it."""
    names: tuple[str, ...] = ()
    """The present name first, then others that the list gives."""
    imos: tuple[int, ...] = ()
    mmsis: tuple[int, ...] = ()
    callsigns: tuple[str, ...] = ()
    flag: str | None = None
    type: str | None = None
    """Type of ship in the list's own words."""
    deadweight: float | None = None
    """Tonnes."""
    listed_on: str | None = None
    """The day from which the vessel is listed; None if the list does not say."""
    delisted_on: str | None = None
    """The first day on which it is no longer listed."""
    as_of: str | None = None
    """The day, month or year as of which the list stood as it does here; None if not known."""

    def status(self, time: Millis) -> ListingStatus:
        """Whether the vessel is listed at a time. Days begin at 00:00 UTC."""
        if self.listed_on is not None and time < _start(self.listed_on):
            return ListingStatus.LISTED_LATER
        if self.delisted_on is not None and time >= _start(self.delisted_on):
            return ListingStatus.DELISTED
        return ListingStatus.LISTED


class Watchlist:
    """Entries of one or several lists. An empty one matches nothing."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries: Final = tuple(sorted(set(entries), key=msgspec.json.encode))
        self._by_imo = _index((imo, entry) for entry in self.entries for imo in entry.imos)
        self._by_mmsi = _index((mmsi, entry) for entry in self.entries for mmsi in entry.mmsis)
        self._by_name = _index(
            (key, entry) for entry in self.entries for key in {k for n in entry.names for k in _keys(n)}
        )
        dates = {date for entry in self.entries for date in (entry.listed_on, entry.delisted_on) if date}
        self._turns: Final = tuple(sorted(_start(date) for date in dates))

    def merge(self, *others: "Watchlist") -> "Watchlist":
        """One list of the entries of all; an entry that several have comes once."""
        return Watchlist(entry for one in (self, *others) for entry in one.entries)

    def match(
        self,
        *,
        mmsi: int,
        time: Millis,
        imo: int | None = None,
        name: str | None = None,
        callsign: str | None = None,
    ) -> tuple[WatchlistHit, ...]:
        """The entries that a vessel matches by what it sends, and how they stand at a time.

        Each entry of a list comes once, by the best match. Strong matches come before weak ones, entries in
        force before others. A match by name is given only where there is no strong one.
        """
        hits = [*self._hits(mmsi, time, imo, name, callsign)]
        if not hits:  # as for nearly all vessels
            return ()
        best: dict[tuple[str, str], WatchlistHit] = {}
        for hit in sorted(hits, key=_better, reverse=True):
            best[hit.list, hit.entry] = hit  # the best comes last
        found = sorted(best.values(), key=_order)
        if any(not hit.weak for hit in found):
            found = [hit for hit in found if hit.matched_on not in (MatchedOn.CALLSIGN, MatchedOn.NAME)]
        return tuple(found)

    def turns(self, after: Millis, until: Millis) -> bool:
        """Whether an entry begins or ends to count in (after, until]."""
        return any(after < time <= until for time in self._turns)

    @property
    def digest(self) -> str:
        """A hash of all entries, in any order: 32 hexadecimal digits."""
        return hashlib.blake2b(msgspec.json.encode(self.entries), digest_size=16).hexdigest()

    def __len__(self) -> int:
        """How many different entries it has."""
        return len(self.entries)

    def _hits(
        self, mmsi: int, time: Millis, imo: int | None, name: str | None, callsign: str | None
    ) -> Iterator[WatchlistHit]:
        for entry in self._by_imo.get(imo, ()) if imo else ():
            yield _hit(entry, MatchedOn.IMO, time)
        for entry in self._by_mmsi.get(mmsi, ()):
            # The number may have been given to another ship since: an MMSI goes with the flag.
            yield _hit(entry, MatchedOn.MMSI, time, weak=_is_another(imo, entry))
        for entry in self._by_name.get(plain_name(name), ()) if name else ():
            if _is_another(imo, entry):
                continue
            same = callsign is not None and plain_name(callsign) in map(plain_name, entry.callsigns)
            if callsign is not None and entry.callsigns and not same:
                continue
            yield _hit(entry, MatchedOn.CALLSIGN if same else MatchedOn.NAME, time, weak=True)


def plain_name(text: str) -> str:
    """A name as names are compared: its letters and digits, in capitals."""
    return "".join(filter(str.isalnum, text.upper()))


def _keys(name: str) -> set[str]:
    """The forms in which a name may be sent."""
    return {plain_name(name), plain_name(name[:AIS_NAME])} - {""}


def _is_another(imo: int | None, entry: Entry) -> bool:
    """Whether the vessel sends an IMO number that is not the entry's."""
    return imo is not None and bool(entry.imos) and imo not in entry.imos


def _hit(entry: Entry, matched_on: MatchedOn, time: Millis, weak: bool = False) -> WatchlistHit:
    return WatchlistHit(
        list=entry.list,
        entry=entry.entry,
        matched_on=matched_on,
        weak=weak,
        status=entry.status(time),
        listed_on=entry.listed_on,
        delisted_on=entry.delisted_on,
        as_of=entry.as_of,
        ship_type=entry.type,
        deadweight_tonnes=entry.deadweight,
        flag=entry.flag,
    )


def _better(hit: WatchlistHit) -> tuple[object, ...]:
    """Sorts the best of several matches with one entry first: the surest, then the one that knows more.

    Where two files have the same entry, the one that says since when and until when it counts is right.
    """
    return (
        hit.weak,
        _RANK.index(MatchedOn(hit.matched_on)),
        hit.delisted_on is None,
        hit.listed_on is None,
        *(-ord(letter) for letter in (hit.as_of or "").ljust(10)),
        msgspec.json.encode(hit),
    )


def _order(hit: WatchlistHit) -> tuple[object, ...]:
    return _STATUS.index(ListingStatus(hit.status)), hit.weak, hit.list, hit.entry


def _start(day: str) -> Millis:
    return from_text(day)


def _index(rows: Iterable[tuple[Key, Entry]]) -> Mapping[Key, tuple[Entry, ...]]:
    grouped: dict[Key, list[Entry]] = {}
    for key, entry in rows:
        grouped.setdefault(key, []).append(entry)
    return {key: tuple(entries) for key, entries in grouped.items()}
