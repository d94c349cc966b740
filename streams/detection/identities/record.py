"""What is kept of the identity of a vessel that counts, and what of it waits to be told."""

from typing import Final

import msgspec

from models.flag import country_codes
from models.time import HOUR, MINUTE, Millis
from models.vessel import Identity, MatchedOn, Role, WatchlistHit, flag_of
from streams.detection.identities.callsigns import country_of, is_one_country
from streams.detection.identities.link import Link
from streams.detection.identities.settings import IdentityAnomalySettings
from streams.detection.identities.spelling import is_other_callsign, is_other_name, is_other_size

CHANGED: Final = "changed"
INCONSISTENT: Final = "inconsistent"
DUPLICATED: Final = "duplicated"
KEPT: Final = 12
"""Changes that are kept of one vessel: those of the event that is open."""


class Turn(msgspec.Struct, array_like=True, gc=False):
    """A change of one field of a vessel's static data."""

    time: Millis  # when the new value was confirmed
    field: str  # "name", "callsign", "imo", "size" or "mmsi"
    before: str
    after: str
    heard: Millis = 0  # for how long the vessel was heard since
    back: bool = False  # it went back to what it was before
    away: Millis = 0  # the length of its last long silence, if it ended shortly before
    doubtful: bool = False  # a typing error explains it


class Doubt(msgspec.Struct, array_like=True, gc=False):
    """Something that does not fit, and for how long the vessel was heard with it."""

    since: Millis
    heard: Millis = 0


class Case(msgspec.Struct, array_like=True, gc=False):
    """An event that was published."""

    id: str
    start: Millis
    lon: float
    lat: float
    at: Millis  # the time of that position
    revision: int = 0
    grounds: tuple[str, ...] = ()  # when it was published last
    event: bytes = b""  # as it was published last


class Record(msgspec.Struct, array_like=True, gc=False):
    """One MMSI. Its last position is known only while something of it waits to be told."""

    identity: Identity
    time: Millis = 0
    lon: float = 0.0
    lat: float = 0.0
    turns: list[Turn] = []
    doubts: dict[str, Doubt] = {}  # by the code of the reason
    links: list[Link] = []
    cases: dict[str, Case] = {}  # those that are open, by kind
    shared_since: Millis = 0  # two ships under the MMSI since then
    gone: Millis = 0  # when it was given up

    def is_watched(self, s: IdentityAnomalySettings) -> bool:
        """Whether its positions are needed."""
        waiting = any(doubt.heard < needed(code, s) for code, doubt in self.doubts.items())
        untold = bool(self.doubts) and INCONSISTENT not in self.cases
        shared = bool(self.shared_since) and DUPLICATED not in self.cases
        return bool(self.turns or self.links) or waiting or untold or shared


def needed(code: str, s: IdentityAnomalySettings) -> Millis:
    """For how long a vessel has to be heard with something that does not fit."""
    return round(s.missing_hours * HOUR if code == "imo_missing" else s.settle_minutes * MINUTE)


def doubts_of(identity: Identity, s: IdentityAnomalySettings) -> set[str]:
    """The codes of what does not fit in what a vessel says of itself."""
    found = set()
    sent, size = identity.sent_imo, identity.dimensions
    if sent and identity.imo is None and sent <= _LAST_IMO:
        found.add("imo_invalid")
    large = size is not None and size.length >= s.missing_metres
    if sent == 0 and identity.imo is None and identity.role is Role.TANKER and large:
        found.add("imo_missing")
    if identity.doubtful:
        found.add("no_country")
    elif identity.callsign and (country := country_of(identity.callsign)) is not None:
        flag = flag_of(identity.mmsi)
        if flag is not None and not is_one_country(country, flag):
            found.add("callsign_flag")
    if other_flag(identity) is not None:
        found.add("list_flag")
    return found


def other_flag(identity: Identity) -> WatchlistHit | None:
    """The first entry of a list that names a flag which is not that of the vessel's MMSI; None if all agree.

    Only entries in force that have its IMO number. None, too, where one of the lists names the MMSI's flag.
    """
    flag, other = flag_of(identity.mmsi), None
    if flag is None or identity.doubtful:
        return None
    for hit in identity.watchlists:
        if not hit.in_force or hit.matched_on != MatchedOn.IMO:
            continue
        codes = country_codes(hit.flag)
        if any(is_one_country(code, flag) for code in codes):
            return None
        if codes and other is None:
            other = hit
    return other


_LAST_IMO: Final = 9_999_999
"""Above are official numbers of flag states, which may be sent instead (ITU-R M.1371, message 5)."""


def turns_of(before: Identity, now: Identity, time: Millis) -> list[Turn]:
    """The real changes from one identity of an MMSI to the next; what was not known before is none."""
    turns = []
    if before.name and now.name and is_other_name(before.name, now.name):
        turns.append(Turn(time, "name", before.name, now.name))
    if before.callsign and now.callsign and is_other_callsign(before.callsign, now.callsign):
        turns.append(Turn(time, "callsign", before.callsign, now.callsign))
    if before.imo and now.imo and before.imo != now.imo:
        turns.append(Turn(time, "imo", str(before.imo), str(now.imo)))
    a, b = before.dimensions, now.dimensions
    if a is not None and b is not None and is_other_size(a, b):
        turns.append(Turn(time, "size", f"{a.length} by {a.beam} m", f"{b.length} by {b.beam} m"))
    return turns


def completed(before: Identity, now: Identity) -> Identity:
    """What is known now, with what was known before where nothing is said now."""
    missing = {
        field: getattr(before, field)
        for field in ("name", "callsign", "imo", "ship_type", "dimensions")
        if getattr(now, field) is None and getattr(before, field) is not None
    }
    return msgspec.structs.replace(now, **missing) if missing else now
