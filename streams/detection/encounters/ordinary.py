"""What is ordinary about an encounter: that it lies where two vessels are near each other anyway.

In harbours, off ports and where ships rest, vessels lie side by side at berths, are supplied by bunker barges
and swing at anchor near one another. There an encounter is at most `possible`. This does not hold in watched
areas, nor for vessels on a watchlist or of a flag that counts: what is looked for must not become ordinary.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from statistics import median
from typing import Final

import msgspec

from geofences.surroundings import Surroundings
from models.event import Reason
from models.innocent import Hypothesis
from models.time import HOUR, MINUTE, Millis
from models.vessel import Identity, flag_of
from streams.detection.encounters import hull
from streams.detection.encounters.company import place_beside
from streams.detection.encounters.contact import Contact
from streams.detection.encounters.encounter import Pair
from streams.detection.encounters.hull import offset
from streams.detection.encounters.pair_sample import VesselSample
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.explanation import mmsi_text
from streams.detection.reasons import Effect, LevelRule, ReasonType, Side
from streams.detection.resting import Rest, RestingPlaces, RestSettings, resting

AT_ANCHOR: Final = ReasonType(
    code="at_anchor",
    side=Side.AGAINST,
    text="both mostly reported that they were at anchor or moored, and their hulls were not seen to touch",
    weight="at_anchor",
    hypotheses=(Hypothesis.WAITING,),
)
MOORED_IN_HARBOUR: Final = ReasonType(
    code="moored",
    side=Side.AGAINST,
    text="{who} mostly reported to be moored, {value:.1f} km from a port: ships lie side by side at berths",
    weight="moored",
    thresholds=("port_km",),
    unit="km",
    hypotheses=(Hypothesis.BERTH,),
)
MOORED_AT_SEA: Final = ReasonType(
    code="moored_at_sea",
    side=Side.FOR,
    text="{who} mostly reported to be moored, {value:.0f} km from the nearest port and {shore:.0f} km from "
    "the shore: to another ship, or to a buoy at sea",
    weight="moored_at_sea",
    thresholds=("roads_km",),
    unit="km",
)
NEAR_PORT: Final = ReasonType(
    code="near_port",
    side=Side.AGAINST,
    text="began {value:.1f} km from a port, closer than {threshold:g} km: ships lie close together there",
    weight="near_port",
    thresholds=("port_km",),
    unit="km",
    hypotheses=(Hypothesis.WAITING, Hypothesis.BERTH),
)
ANCHORED_OFF_PORT: Final = ReasonType(
    code="anchored_off_port",
    side=Side.AGAINST,
    text="{who} mostly reported to be at anchor or moored, {value:.1f} km from a port: ships take on fuel "
    "and stores like this",
    weight="anchored_off_port",
    thresholds=("roads_km",),
    unit="km",
    hypotheses=(Hypothesis.BUNKERING, Hypothesis.WAITING),
)
BERTH_BY_SHORE: Final = ReasonType(
    code="berth_by_shore",
    side=Side.AGAINST,
    text="both {how}, {value:.1f} km from the shore: ships lie like this at berths, and no list has them "
    "all{unknown}",
    weight="berth_by_shore",
    thresholds=("jetty_km",),
    unit="km",
    hypotheses=(Hypothesis.BERTH,),
)
HARBOUR_CRAFT: Final = ReasonType(
    code="harbour_craft",
    side=Side.AGAINST,
    text="MMSI {mmsi} is {value:.0f} m long, the size of craft that serve ships off a port",
    weight="harbour_craft",
    thresholds=("craft_metres",),
    unit="m",
    hypotheses=(Hypothesis.BUNKERING,),
)
_SOME: Final = 60
"""Samples, about, that tell whether a vessel lies still."""
_LEAST: Final = 6
"""Samples in which it was heard that tell it at least. Judgement: chance seldom has so many agree."""
RULES: Final = (
    LevelRule(
        "berths",
        Effect.BAR,
        "both are moored within `port_km` of a port, outside watched areas, and their hulls are typically "
        "farther apart than `berth_gap_metres` or not known to be closer",
    ),
    LevelRule("near_port", Effect.LIMIT, "it began within `port_km` of a port"),
    LevelRule(
        "berth_by_shore",
        Effect.LIMIT,
        "both are moored within `jetty_km` of the shore; or both are moored or lie still there, for "
        "`probable_minutes` with a heading that keeps its direction or for `still_hours`, and their hulls "
        "do not typically lie side by side, within `berth_gap_metres`, or that is not known",
    ),
    LevelRule("resting_place", Effect.LIMIT, "many other ships lay at rest near it over the last days"),
    LevelRule("anchored_off_port", Effect.LIMIT, "one is at anchor or moored within `roads_km` of a port"),
    LevelRule(
        "harbour_craft", Effect.LIMIT, "one is shorter than `craft_metres`, within `roads_km` of a port"
    ),
    LevelRule("watched_area", Effect.EXCEPTION, "it lies in a watched area or one known for transfers"),
    LevelRule("watchlist", Effect.EXCEPTION, "one of the two is on a watchlist"),
    LevelRule("flag", Effect.EXCEPTION, "the flag of one of the two is one of `flags`"),
)


class Ordinary(msgspec.Struct, frozen=True, dict=True):
    """What is known of an encounter's place, and of how the two lie there.

    What takes long to find out is asked for only where it decides.
    """

    contact: Contact
    port_km: float  # from the nearest port, where it began
    shore_km: float  # from the shore
    find_rest: Callable[[], Rest]
    rest_settings: RestSettings
    watched: bool
    anchored: tuple[int, ...]  # MMSIs of those that mostly report to be at anchor or moored
    moored: tuple[int, ...]
    craft: tuple[Identity, ...]  # those of the size of harbour craft
    find_still: Callable[[], tuple[int, ...]]  # those that did not move, as at a berth
    find_beside: Callable[[], bool | None]  # whether their hulls lay side by side; None: not known
    excepted: Mapping[str, bool]  # what it can't be ordinary with, by the codes of RULES

    @cached_property
    def rest(self) -> Rest:
        return self.find_rest()

    @cached_property
    def still(self) -> tuple[int, ...]:
        return self.find_still()

    @cached_property
    def beside(self) -> bool | None:
        return self.find_beside()

    def conditions(self, s: EncounterSettings) -> dict[str, bool | Callable[[], bool]]:
        """Whether each of RULES holds."""
        near, off = self.port_km < s.port_km, self.port_km < s.roads_km
        at_berths = len(self.moored) == 2 and near and not self.watched
        return {
            "berths": at_berths and partial(self._apart, s.berth_gap_metres),
            "near_port": near,
            "berth_by_shore": partial(self._by_shore, s),
            "resting_place": lambda: self.rest.crowded,
            "anchored_off_port": bool(self.anchored) and off,
            "harbour_craft": bool(self.craft) and off,
            "watched_area": self.watched,
            **self.excepted,
        }

    @property
    def is_excepted(self) -> bool:
        """Whether it can't be ordinary, whatever else is known of the place."""
        return self.watched or any(self.excepted.values())

    def is_off_port(self, s: EncounterSettings) -> bool:
        """Whether where it began, and who the two are, make it ordinary, whatever is seen later."""
        return self.port_km < s.port_km or (bool(self.craft) and self.port_km < s.roads_km)

    def _apart(self, metres: float) -> bool:
        """Whether the hulls are typically farther apart, or not known to be closer."""
        gap = self.contact.typical_gap
        return gap is None or gap > metres

    def _by_shore(self, s: EncounterSettings) -> bool:
        """Whether both lie as at a berth, where there may be one.

        Ships lie still side by side for a transfer, too, so then only what they report tells of a berth.
        """
        if self.shore_km >= s.jetty_km:
            return False
        if len(self.moored) == 2:
            return True
        return len({*self.still, *self.moored}) == 2 and not self.beside

    def reasons(self, s: EncounterSettings) -> Iterator[Reason]:
        """For."""
        at_sea = self.port_km >= s.roads_km and self.shore_km >= s.berth_shore_km
        if self.moored and at_sea and not self.rest.crowded:
            km, shore = round(self.port_km, 2), self.shore_km
            yield MOORED_AT_SEA.reason(s, km, shore=shore, who=_who(self.moored))

    def against(self, s: EncounterSettings) -> Iterator[Reason]:
        """Against, outside watched areas the ordinary explanations."""
        if len(self.anchored) == 2 and self._apart(s.alongside_metres):
            yield AT_ANCHOR.reason(s)
        if self.watched:
            return
        km = round(self.port_km, 2)
        if self.moored and km < s.port_km:
            yield MOORED_IN_HARBOUR.reason(s, km, who=_who(self.moored))
        if km < s.port_km:
            yield NEAR_PORT.reason(s, km)
        elif self._by_shore(s):
            as_told = " as far as rounded positions tell" if self.contact.error else ""
            lay = [f"lay still{as_told}"] if self.still else []
            reported = ["mostly reported to be moored"] if self.moored else []
            how = " or ".join(lay + reported)
            unknown = "; whether their hulls lay side by side is not known" if self.beside is None else ""
            yield BERTH_BY_SHORE.reason(s, round(self.shore_km, 2), how=how, unknown=unknown)
        yield from resting(self.rest, s, self.rest_settings)
        if self.anchored and km < s.roads_km:
            yield ANCHORED_OFF_PORT.reason(s, km, who=_who(self.anchored))
        for vessel in self.craft if km < s.roads_km else ():
            assert vessel.dimensions is not None
            yield HARBOUR_CRAFT.reason(s, vessel.dimensions.length, mmsi=mmsi_text(vessel))


class Places:
    """Looks up what is ordinary at a place. Has no state but what it may forget."""

    def __init__(self, surroundings: Surroundings, resting: RestingPlaces, s: EncounterSettings) -> None:
        self._resting = resting
        self._settings = s
        self._watched = lru_cache(maxsize=4096)(surroundings.is_watched)
        self._port_km, self._shore_km = surroundings.port_km, surroundings.shore_km

    def learnt(self, time: Millis) -> bool:
        """Whether it was known at a time where ships rest."""
        return self._resting.learnt(time)

    def remain(self, pair: Pair, middle: VesselSample, time: Millis) -> bool:
        """Whether a contact stays ordinary that was so, and had then this middle; see `Settled`."""
        if self._watched(middle.lon, middle.lat):
            return False
        return pair.settled.surely or self._resting.at(middle.lon, middle.lat, (pair.a, pair.b), time).crowded

    def of(self, contact: Contact, identities: tuple[Identity, Identity], time: Millis) -> Ordinary:
        """What is ordinary about a contact, as known at a time."""
        s, samples = self._settings, contact.samples
        first, middle = samples[0].a, samples[len(samples) // 2].a
        mmsis = (identities[0].mmsi, identities[1].mmsi)
        listed = any(vessel.listed for vessel in identities)
        flagged = any(flag_of(mmsi) in s.flags for mmsi in mmsis)
        return Ordinary(
            contact=contact,
            port_km=self._port_km(first.lon, first.lat),
            shore_km=self._shore_km(first.lon, first.lat),
            find_rest=partial(self._resting.at, middle.lon, middle.lat, mmsis, time),
            rest_settings=self._resting.settings,
            watched=self._watched(first.lon, first.lat) or self._watched(middle.lon, middle.lat),
            anchored=_mostly(contact.anchored, len(samples), mmsis, s),
            moored=_mostly(contact.moored, len(samples), mmsis, s),
            craft=tuple(
                vessel
                for vessel in identities
                if vessel.dimensions is not None and 0 < vessel.dimensions.length < s.craft_metres
            ),
            find_still=partial(lying_still, contact, mmsis, s),
            find_beside=partial(side_by_side, contact, identities, s),
            excepted={"watchlist": listed, "flag": flagged},
        )


def lying_still(contact: Contact, mmsis: tuple[int, int], s: EncounterSettings) -> tuple[int, ...]:
    """Those of the two vessels that lay as at a berth: where they were, over long enough to tell.

    For some hours of calm a ship at anchor stays where it is, too, but it yaws; with the tide it swings. Only
    where it was heard counts: on the way from one fix to the next it may have been anywhere. Positions that
    are rounded tell it only as far as they go, and two at berths must not look like more for that.
    """
    lasted = contact.end - contact.start
    if lasted < s.probable_minutes * MINUTE:
        return ()
    tracks = [each.a for each in contact.samples], [each.b for each in contact.samples]
    heard = [[each for each in track if not each.between] for track in tracks]
    some = [track[:: len(track) // _SOME + 1] for track in heard]
    return tuple(
        mmsi
        for mmsi, track in zip(mmsis, some, strict=True)
        if len(track) >= _LEAST
        and _stays(track, s.still_metres + contact.error)
        and (lasted >= s.still_hours * HOUR or _steady(track, s.still_degrees))
    )


def side_by_side(contact: Contact, vessels: tuple[Identity, Identity], s: EncounterSettings) -> bool | None:
    """Whether the two hulls typically lay close beside each other, not end to end as along a quay; None where
    a size, or the gap, is not known."""
    (a, b), gap = (each.dimensions for each in vessels), contact.typical_gap
    if a is None or b is None or gap is None:
        return None
    if gap > s.berth_gap_metres:
        return False
    some = contact.samples[:: len(contact.samples) // _SOME + 1]
    places = [place for each in some if (place := place_beside(each, s)) is not None]
    ahead = median(abs(hull.between_middles(*place, a, b)[1]) for place in places) if places else math.inf
    return bool(ahead < hull.AHEAD * (a.length + b.length) / 2)


def _stays(track: Sequence[VesselSample], metres: float) -> bool:
    ways = [offset(each.lon, each.lat, track[0].lon, track[0].lat) for each in track]
    east, north = (median(values) for values in zip(*ways, strict=True))
    return _most([math.hypot(x - east, y - north) for x, y in ways]) <= metres


def _steady(track: Sequence[VesselSample], degrees: float) -> bool:
    """Whether a heading is known most of the time, and keeps its direction."""
    headings = [each.heading for each in track if not math.isnan(each.heading)]
    if 2 * len(headings) < len(track):
        return False
    turns = [(each - headings[0] + 180) % 360 - 180 for each in headings]
    middle = median(turns)
    return _most([abs(each - middle) for each in turns]) <= degrees


def _most(values: Sequence[float]) -> float:
    """The value that 9 of 10 do not exceed."""
    return sorted(values)[round(0.9 * (len(values) - 1))]


def _mostly(
    counts: tuple[int, int], samples: int, mmsis: tuple[int, ...], s: EncounterSettings
) -> tuple[int, ...]:
    """Those of the two vessels that report a status most of the time: in so many of the samples."""
    limit = s.status_share * samples
    return tuple(mmsi for mmsi, count in zip(mmsis, counts, strict=True) if count > limit)


def _who(mmsis: Sequence[int]) -> str:
    return "both" if len(mmsis) == 2 else f"MMSI {mmsis[0]:09d}"
