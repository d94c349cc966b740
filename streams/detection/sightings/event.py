"""The event of a vessel that was seen and not heard: its reasons for and against, and its sentence."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from statistics import median

import msgspec
import numpy as np

from geofences.surroundings import Surroundings, bounds, middle
from models.event import Detector, Event, EventType, Evidence, Level, Reason, Status, Vessel
from models.sighting import NOBODY, DarkVessel, HeardNear, Sighting, SilentCandidate, seen_of
from models.time import Millis, duration_text, from_text, to_text
from models.vessel import Identity, MmsiKind, flag_of, mmsi_kind
from models.watchlist import Watchlist
from streams.detection.explanation import DOUBTFUL_MMSI, WATCHED_AREA, number_doubts, position, retracted
from streams.detection.gaps.seen import described
from streams.detection.hypotheses import best
from streams.detection.listing import WEAK_MATCH, listing_reasons
from streams.detection.reasons import score
from streams.detection.sightings.reasons import (
    LENGTH_UNKNOWN,
    NAMED,
    NAMED_ELSEWHERE,
    REASONS,
    SEEN_AGAIN,
    SILENT_KNOWN,
    SIZEABLE,
    SMALL,
    UNEXPLAINED,
    UNHEARD_AREA,
)
from streams.detection.sightings.settings import SightingSettings
from streams.tracking.track import metres_between


class Around(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What was known around one sighting when it was judged."""

    heard: int = 0  # vessels heard within `around_km`
    nearest: tuple[HeardNear, ...] = ()
    candidates: tuple[SilentCandidate, ...] = ()
    elsewhere: str = ""  # why the vessel that it names can't have been there


class SeenOnce(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A sighting in an event, with what was known around it."""

    sighting: Sighting
    around: Around


def build_event(
    id: str,
    revision: int,
    seen: Sequence[SeenOnce],
    status: Status,
    instant: Millis,
    retraction: Reason | None,
    surroundings: Surroundings,
    watchlist: Watchlist,
    identity_of: Callable[[int], Identity],
    detector: Detector,
    s: SightingSettings,
) -> Event:
    """One revision, from the sightings of what may be one vessel, by time; there is at least one."""
    sightings = [each.sighting for each in seen]
    start, end = sightings[0].time, sightings[-1].time
    lon = np.array([each.lon for each in sightings])
    lat = np.array([each.lat for each in sightings])
    vessel, dark = _vessel(sightings, start, watchlist), _dark(seen, s)
    geofences = surroundings.relations(lon, lat)
    watched = surroundings.watched_fence(geofences)
    reasons = list(_for(vessel, dark, sightings, watched, start, s))
    against = list(_against(seen, dark, s))
    if vessel.ssvid != NOBODY:
        mmsi = int(vessel.ssvid)
        doubts = number_doubts(identity_of(mmsi), start, end, s)
        if mmsi_kind(mmsi) is not MmsiKind.SHIP and not any(
            each.code == DOUBTFUL_MMSI.code for each in doubts
        ):
            doubts.append(DOUBTFUL_MMSI.reason(s, mmsi=vessel.ssvid))
        against += doubts
    if vessel.watchlists and all(hit.weak for hit in vessel.watchlists):
        against.append(WEAK_MATCH.reason(s, vessel=_named(vessel)))
    if retraction is not None:
        against.append(retraction)
    scoring = REASONS.scoring(s.weights, Level.POSSIBLE, status, {"sighting"})
    return Event(
        id=id,
        type=EventType.DARK_VESSEL,
        revision=revision,
        status=status,
        level=Level.POSSIBLE,
        start=to_text(start),
        end=None if status is Status.OPEN else to_text(end),
        detected=to_text(instant),
        position=position(*middle(lon, lat)),
        bounding_box=bounds(lon, lat),
        distances=surroundings.distances((lon[0], lon[-1]), (lat[0], lat[-1])),
        vessel=vessel,
        dark_vessel=dark,
        geofences=geofences,
        score=score(scoring, reasons, against),
        scoring=scoring,
        reasons=tuple(reasons),
        against=tuple(against),
        innocent_explanation=best(REASONS, reasons, against),
        summary=_summary(dark, sightings, watched, s) + retracted(retraction),
        evidence=Evidence(),
        detector=detector,
    )


def _vessel(sightings: Sequence[Sighting], start: Millis, watchlist: Watchlist) -> Vessel:
    """The vessel as the latest sighting names it that names one."""
    named = next((each for each in reversed(sightings) if each.imo or each.mmsi or each.name), sightings[-1])
    mmsi = f"{named.mmsi:09d}" if named.mmsi else NOBODY
    lengths = [each.length for each in sightings if each.length is not None]
    return Vessel(
        id=mmsi,
        ssvid=mmsi,
        name=named.name,
        flag=flag_of(named.mmsi) if named.mmsi else None,
        imo=f"{named.imo}" if named.imo else None,
        length_meters=round(median(lengths)) if lengths else None,
        watchlists=watchlist.match(mmsi=named.mmsi or 0, time=start, imo=named.imo, name=named.name),
    )


def _dark(seen: Sequence[SeenOnce], s: SightingSettings) -> DarkVessel:
    last = seen[-1].around
    lengths = [each.sighting.length for each in seen if each.sighting.length is not None]
    return DarkVessel(
        sightings=tuple(seen_of(each.sighting, s.accuracy_metres) for each in seen),
        length_meters=round(median(lengths), 1) if lengths else None,
        heard_vessels=last.heard,
        heard_near=last.nearest,
        candidates=last.candidates,
    )


def _for(
    vessel: Vessel,
    dark: DarkVessel,
    sightings: Sequence[Sighting],
    watched: str | None,
    start: Millis,
    s: SightingSettings,
) -> Iterator[Reason]:
    if dark.heard_vessels:
        yield UNEXPLAINED.reason(s, around=f"{s.around_km:g}", heard=dark.heard_vessels)
    if watched is not None:
        yield WATCHED_AREA.reason(s, name=watched)
    if dark.length_meters is not None and dark.length_meters >= s.small_metres:
        yield SIZEABLE.reason(s, dark.length_meters)
    if len(sightings) > 1:
        lasted = duration_text(sightings[-1].time - sightings[0].time)
        yield SEEN_AGAIN.reason(s, count=len(sightings), duration=lasted, km=_widest_km(sightings))
    if who := _named(vessel):
        yield NAMED.reason(s, who=who)
    yield from listing_reasons(vessel.watchlists, vessel.name or _named(vessel), start, s)


def _against(seen: Sequence[SeenOnce], dark: DarkVessel, s: SightingSettings) -> Iterator[Reason]:
    if not dark.heard_vessels:
        yield UNHEARD_AREA.reason(s, around=f"{s.around_km:g}")
    if dark.length_meters is None:
        yield LENGTH_UNKNOWN.reason(s)
    elif dark.length_meters < s.small_metres:
        yield SMALL.reason(s, dark.length_meters)
    if dark.candidates:
        yield SILENT_KNOWN.reason(s, names=_names(dark))
    why = next((each.around.elsewhere for each in reversed(seen) if each.around.elsewhere), "")
    if why:
        yield NAMED_ELSEWHERE.reason(s, why=why)


def _widest_km(sightings: Sequence[Sighting]) -> float:
    """The distance of the two that are farthest apart."""
    pairs = combinations(sightings, 2)
    return max(metres_between(one.lon, one.lat, two.lon, two.lat) for one, two in pairs) / 1000


def _named(vessel: Vessel) -> str:
    parts = [
        vessel.name or "",
        f"IMO {vessel.imo}" if vessel.imo else "",
        f"MMSI {vessel.ssvid}" if vessel.ssvid != NOBODY else "",
    ]
    return ", ".join(filter(None, parts))


def _names(dark: DarkVessel) -> str:
    return ", ".join(each.name or f"MMSI {each.ssvid}" for each in dark.candidates)


def _summary(
    dark: DarkVessel, sightings: Sequence[Sighting], watched: str | None, s: SightingSettings
) -> str:
    size = f" of about {dark.length_meters:.0f} m" if dark.length_meters is not None else ""
    last = dark.sightings[-1]
    when = to_text(from_text(last.time))[:16].replace("T", " ")
    where = f" (watched area: {watched})" if watched else ""
    times = f" {len(sightings)} times, last" if len(sightings) > 1 else ""
    text = f"A vessel{size} was seen{times} at {when} UTC by {described(last)}{where}. "
    if dark.heard_vessels:
        text += f"No vessel that was heard within {s.around_km:g} km fits it ({dark.heard_vessels} heard)."
    else:
        text += f"Nobody was heard within {s.around_km:g} km."
    if dark.candidates:
        return f"{text} It may be a vessel that is followed and was silent then: {_names(dark)}."
    return f"{text} It fits no silent vessel that is followed."
