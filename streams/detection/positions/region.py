"""Regions: ships whose positions jump to one place, or from one area at the same time."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from geofences.distance import haversine_m
from geofences.surroundings import middle
from models.time import HOUR, MINUTE, Millis
from streams.detection.positions.jumper import Jump
from streams.detection.positions.settings import PositionAnomalySettings
from streams.tracking.track import metres_between

MEMBERS: Final = 1000
"""Ships that one region holds at most; further ones are left out, and have events of their own."""
SEEDS: Final = 500
"""Jumps that are compared with each other at most, the latest: they may be the beginning of a region."""


class Member(msgspec.Struct, array_like=True, gc=False):
    """A ship of a region, over all its jumps."""

    start: Millis
    end: Millis
    lon: float  # where it jumped to first
    lat: float
    at: Millis
    track_lon: float  # where it was
    track_lat: float
    jumps: dict[Millis, tuple[int, float, float]] = {}  # by start: positions, kilometres, knots


class Region(msgspec.Struct, array_like=True, gc=False):
    """Ships that jump together. Its two middles are those of the ships that it began with."""

    id: str
    start: Millis
    lon: float | None  # where they jump to; None where to places far apart
    lat: float | None
    area_lon: float  # where they were
    area_lat: float
    latest: Millis  # the last false position that is known
    founders: int  # ships that it began with
    members: dict[int, Member] = {}  # by MMSI
    alive: Millis = 0  # when positions of a ship of it were still at the false place
    closed: Millis = 0
    revision: int = 0
    told: tuple[int, ...] = ()
    dirty: bool = True

    def takes(self, jump: Jump, s: PositionAnomalySettings) -> bool:
        """Whether a jump belongs to it."""
        episode = s.episode_hours * HOUR
        if not self.start - episode <= jump.start <= max(self.latest, self.alive) + episode:
            return False
        if self.lon is not None and self.lat is not None and jump.km >= 2 * s.place_km:
            there = metres_between(self.lon, self.lat, jump.lon, jump.lat)
            if there <= s.place_km * 1000:
                return True
        away = metres_between(self.area_lon, self.area_lat, jump.track_lon, jump.track_lat)
        return away <= s.area_km * 1000 and any(
            abs(jump.start - start) <= s.area_minutes * MINUTE
            for member in self.members.values()
            for start in member.jumps
        )

    def is_return(self, mmsi: int, jump: Jump, s: PositionAnomalySettings) -> bool:
        """Whether a jump leads a ship of it from where it jumped to back to where the ships were."""
        if mmsi not in self.members or jump.start < self.start:
            return False
        member = self.members[mmsi]
        left = metres_between(member.lon, member.lat, jump.track_lon, jump.track_lat) <= s.area_km * 1000
        away = metres_between(self.area_lon, self.area_lat, jump.lon, jump.lat)
        return left and away < metres_between(member.lon, member.lat, jump.lon, jump.lat)

    def add(self, mmsi: int, jump: Jump) -> None:
        """Take a jump in, or what is newly known of it."""
        member = self.members.get(mmsi)
        if member is None:
            member = self.members[mmsi] = Member(
                *(jump.start, jump.end, jump.lon, jump.lat, jump.at, jump.track_lon, jump.track_lat)
            )
        member.start, member.end = min(member.start, jump.start), max(member.end, jump.end)
        member.jumps[jump.start] = (jump.positions, jump.km, jump.knots)
        self.latest = max(self.latest, jump.end)
        self.start = min(self.start, jump.start)
        self.dirty = True


class Jamming(NamedTuple):
    """What is known of a ship of a region, for its other events."""

    ships: int  # of the region
    start: Millis
    end: Millis | None  # None while it goes on


class Beginning(NamedTuple):
    """Jumps that make a region."""

    jumps: list[tuple[int, Jump]]  # MMSI and jump
    one_place: bool


def beginning_of(
    seed: tuple[int, Jump], free: Sequence[tuple[int, Jump]], s: PositionAnomalySettings
) -> Beginning | None:
    """The region that a jump begins with others of no region yet, which are sorted; None if there is none."""
    start = np.array([jump.start for _, jump in free], np.int64)
    apart = np.abs(start - seed[1].start)
    places = np.array([(jump.lon, jump.lat, jump.track_lon, jump.track_lat) for _, jump in free])
    own = seed[1]
    there = haversine_m(own.lon, own.lat, places[:, 0], places[:, 1]) <= s.place_km * 1000
    here = haversine_m(own.track_lon, own.track_lat, places[:, 2], places[:, 3]) <= s.area_km * 1000
    # ships of one area that jump less far have jumped near each other whatever the reason
    far = np.array([jump.km for _, jump in free]) >= 2 * s.place_km
    for near, within, least, one_place in (
        (there & far, s.place_hours * HOUR, s.place_ships, True),
        (here, s.area_minutes * MINUTE, s.area_ships, False),
    ):
        chosen = [free[i] for i in np.flatnonzero(near & (apart <= within)).tolist()]
        if len({mmsi for mmsi, _ in chosen}) >= least:
            return Beginning(chosen, one_place)
    return None


def region_of(id: str, found: Beginning) -> Region:
    """The region that these jumps make."""
    jumps = [jump for _, jump in found.jumps]
    lon, lat = (np.array([getattr(jump, name) for jump in jumps]) for name in ("lon", "lat"))
    track_lon, track_lat = (
        np.array([getattr(jump, name) for jump in jumps]) for name in ("track_lon", "track_lat")
    )
    to_lon, to_lat = middle(lon, lat) if found.one_place else (None, None)
    area_lon, area_lat = middle(track_lon, track_lat)
    start = min(jump.start for jump in jumps)
    founders = len({mmsi for mmsi, _ in found.jumps})
    return Region(id, start, to_lon, to_lat, area_lon, area_lat, start, founders)
