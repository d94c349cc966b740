"""What events say of watchlists: that a vessel is listed, was listed later or before, or may be.

A weak match (by name, or by an MMSI under another IMO number) may be another ship. It is told as weak, and an
event that rests on weak matches alone is at most `possible`.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from models.event import Reason
from models.innocent import Hypothesis
from models.time import Millis, from_text
from models.vessel import Identity, ListingStatus, MatchedOn, WatchlistHit
from streams.detection.reasons import Effect, LevelRule, ReasonType, Side, Weighted

WATCHLIST: Final = ReasonType(
    code="watchlist",
    side=Side.FOR,
    text="{vessel} is on {value} ({entry}), matched by {number}{since}{age}",
    weight="watchlist",
)
LISTED_LATER: Final = ReasonType(
    code="listed_later",
    side=Side.FOR,
    text="{vessel} was listed later: on {value} ({entry}) from {day}, matched by {number}",
    weight="listed_later",
)
LISTED_BEFORE: Final = ReasonType(
    code="listed_before",
    side=Side.FOR,
    text="{vessel} was on {value} ({entry}) until it was taken off on {day}, matched by {number}",
    weight="listed_before",
)
WATCHLIST_WEAK: Final = ReasonType(
    code="watchlist_weak",
    side=Side.FOR,
    text="{vessel} may be on {value} ({entry}), by a weak match: {how}",
    weight="watchlist_weak",
)
WEAK_MATCH: Final = ReasonType(
    code="weak_match",
    side=Side.AGAINST,
    text="{vessel} counts only by a weak match with a watchlist, so it may be another ship",
    weight="weak_match",
    hypotheses=(Hypothesis.OTHER_SHIP,),
)
LISTING: Final = (WATCHLIST, LISTED_LATER, LISTED_BEFORE, WATCHLIST_WEAK)
"""The reasons for, in every table of a detector that knows of watchlists."""
WEAK_RULE: Final = LevelRule("weak_match", Effect.BAR, "it counts only by a weak match with a watchlist")

_NUMBERS: Final = {
    MatchedOn.IMO: "IMO number",
    MatchedOn.MMSI: "MMSI",
    MatchedOn.CALLSIGN: "name and call sign",
    MatchedOn.NAME: "name",
}
_HOW: Final = {
    MatchedOn.MMSI: "it has the MMSI of the entry, but sends another IMO number",
    MatchedOn.CALLSIGN: "it sends the name and the call sign of the entry, and no IMO number to compare",
    MatchedOn.NAME: "it sends the name of the entry, which other ships may have, too",
}


def listing_reasons(
    hits: Sequence[WatchlistHit], vessel: str, start: Millis, s: Weighted
) -> Iterator[Reason]:
    """For: how a vessel stands on watchlists. `start` is when the event began.

    The first entry of each kind stands for all; an entry in force says more than the others.
    """
    kinds: dict[str, WatchlistHit] = {}
    for hit in hits:
        kinds.setdefault("weak" if hit.weak else hit.status, hit)
    listed = kinds.get(ListingStatus.LISTED)
    if listed is not None:
        yield WATCHLIST.reason(
            s,
            listed.list,
            vessel=vessel,
            entry=listed.entry,
            number=_number(listed),
            since=_since(listed, start),
            age=f" (the list as of {listed.as_of})" if listed.as_of else "",
        )
        return
    if (later := kinds.get(ListingStatus.LISTED_LATER)) is not None:
        yield LISTED_LATER.reason(
            s, later.list, vessel=vessel, entry=later.entry, day=later.listed_on, number=_number(later)
        )
    if (before := kinds.get(ListingStatus.DELISTED)) is not None:
        yield LISTED_BEFORE.reason(
            s, before.list, vessel=vessel, entry=before.entry, day=before.delisted_on, number=_number(before)
        )
    weak = kinds.get("weak")
    if weak is not None and weak.status == ListingStatus.LISTED:
        how = _HOW[MatchedOn(weak.matched_on)]
        yield WATCHLIST_WEAK.reason(s, weak.list, vessel=vessel, entry=weak.entry, how=how)


def watchlist(identity: Identity, start: Millis, s: Weighted) -> Iterator[Reason]:
    """For: how a vessel stands on watchlists; `start` is when the event began."""
    return listing_reasons(identity.watchlists, _named(identity), start, s)


def weak_match(identity: Identity, s: Weighted) -> Iterator[Reason]:
    """Against, where the vessel counts only by a weak match."""
    if identity.weakly_listed:
        yield WEAK_MATCH.reason(s, vessel=_named(identity))


def by_weak_match(identities: Collection[Identity]) -> bool:
    """Whether an event with these vessels rests on weak matches alone."""
    if not any(vessel.watchlists for vessel in identities):
        return False  # as most
    counting = [vessel.weakly_listed for vessel in identities if vessel.of_interest]
    return bool(counting) and all(counting)


def _named(identity: Identity) -> str:
    return identity.name or f"MMSI {identity.mmsi:09d}"


def _number(hit: WatchlistHit) -> str:
    return _NUMBERS[MatchedOn(hit.matched_on)]


def _since(hit: WatchlistHit, start: Millis) -> str:
    if hit.listed_on is None:
        return ""
    if from_text(hit.listed_on) > start:
        return f", from {hit.listed_on} on, after this began"
    return f", listed since {hit.listed_on}"
