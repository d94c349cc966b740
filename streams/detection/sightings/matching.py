"""Matching: which vessel that was heard explains a sighting, and which silent ones it may have been."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from models.sighting import HeardNear, Sighting, SilentCandidate
from models.vessel import Identity
from models.watchlist import plain_name
from streams.detection.gaps.seen import REACH, Silence, required_knots
from streams.detection.sightings.heard import Heard
from streams.detection.sightings.settings import SightingSettings
from streams.tracking.track import metres_between

IdentityOf = Callable[[int], Identity]


class Match(NamedTuple):
    """The silent vessel that a sighting was of, and how that is known: `imo`, `mmsi` or `reach`."""

    mmsi: int
    gap: str
    matched_on: str


def explained(
    sightings: Sequence[Sighting],
    heard: Sequence[Heard],
    taken: Iterable[int],
    identity_of: IdentityOf,
    s: SightingSettings,
) -> dict[str, int]:
    """The MMSI that explains each of these sightings of one time and source, by the sighting's id.

    A vessel explains one sighting, the nearest; those whose MMSI is `taken` explain another already.
    """
    pairs = sorted(
        (metres, sighting.id, each.mmsi)
        for sighting in sightings
        for each in heard
        if (metres := _metres(sighting, each)) <= s.accuracy(sighting.accuracy) + s.slack_metres + each.slack
        and _may_be(sighting, identity_of(each.mmsi), s) is not False
    )
    found: dict[str, int] = {}
    used = set(taken)
    for _, id, mmsi in pairs:
        if id not in found and mmsi not in used:
            found[id] = mmsi
            used.add(mmsi)
    return found


def heard_near(
    sighting: Sighting, heard: Sequence[Heard], identity_of: IdentityOf, s: SightingSettings
) -> tuple[int, tuple[HeardNear, ...]]:
    """How many vessels were heard around, and the nearest of them."""
    near = sorted(
        (metres, each.mmsi) for each in heard if (metres := _metres(sighting, each)) <= s.around_km * 1000
    )
    named = tuple(
        HeardNear(ssvid=f"{mmsi:09d}", name=identity_of(mmsi).name, distance_km=round(metres / 1000, 1))
        for metres, mmsi in near[: s.named]
    )
    return len({mmsi for _, mmsi in near}), named


def heard_elsewhere(
    sighting: Sighting, heard: Sequence[Heard], identity_of: IdentityOf, s: SightingSettings
) -> str:
    """How far away the vessel that a sighting names was heard instead; empty if it was not."""
    away = min(
        (
            _metres(sighting, each)
            for each in heard
            if isinstance(_may_be(sighting, identity_of(each.mmsi), s), str)
        ),
        default=None,
    )
    return "" if away is None else f"it was heard {away / 1000:.1f} km away then"


def silent(
    sighting: Sighting, silences: Iterable[Silence], identity_of: IdentityOf, s: SightingSettings
) -> tuple[Match | None, tuple[SilentCandidate, ...], str]:
    """Which silent vessel a sighting was of; those that it may have been; why the one it names wasn't it.

    It is one that it names by number. One that it does not name it is only if no other can have been there,
    and its length or its name fits.
    """
    fits: list[tuple[tuple[object, ...], Match, SilentCandidate, bool]] = []
    elsewhere = ""
    for silence in silences:
        if silence.start > sighting.time or (silence.end is not None and silence.end < sighting.time):
            continue
        mmsi, gap, event = silence.mmsi, silence.gap, silence.event
        identity = identity_of(mmsi)
        same = _may_be(sighting, identity, s)
        if same is False:
            continue
        knots = required_knots(silence, sighting, s)
        if knots is None:
            if isinstance(same, str):
                elsewhere = elsewhere or "too far from where it fell silent, or from where it was heard again"
            continue
        length = identity.dimensions.length if identity.dimensions else None
        agrees = s.lengths_agree(sighting.length, length) is True
        name = bool(sighting.name) and plain_name(sighting.name or "") == plain_name(identity.name or "")
        matched_on = same if isinstance(same, str) else REACH
        off = event.gap.off_position if event.gap else event.position
        km = metres_between(off.lon, off.lat, sighting.lon, sighting.lat) / 1000
        candidate = SilentCandidate(
            ssvid=f"{mmsi:09d}",
            name=identity.name,
            imo=f"{identity.imo}" if identity.imo else None,
            length_meters=length,
            gap=gap,
            required_speed_knots=knots,
            distance_km=round(km, 1),
        )
        rank = (matched_on == REACH, not name, not agrees, knots, mmsi, gap)
        fits.append((rank, Match(mmsi, gap, matched_on), candidate, name or agrees))
    fits.sort(key=lambda each: each[0])
    candidates = tuple(candidate for _, _, candidate, _ in fits)
    if not fits:
        return None, (), elsewhere
    _, best, _, agrees = fits[0]
    if best.matched_on != REACH or (len(fits) == 1 and agrees):
        return best, candidates, elsewhere
    return None, candidates[: s.named], elsewhere


def _may_be(sighting: Sighting, identity: Identity, s: SightingSettings) -> str | bool:
    """By what number a sighting names a vessel; True where it names none; False where it is another one."""
    if sighting.imo and identity.imo:
        return "imo" if sighting.imo == identity.imo else False
    if sighting.mmsi:
        return "mmsi" if sighting.mmsi == identity.mmsi else False
    length = identity.dimensions.length if identity.dimensions else None
    return s.lengths_agree(sighting.length, length) is not False


def _metres(sighting: Sighting, heard: Heard) -> float:
    return metres_between(heard.lon, heard.lat, sighting.lon, sighting.lat)
