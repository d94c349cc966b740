"""What lies around a position: fences, shore, ports."""

import math
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, partial
from typing import Final, Generic, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import shapely

from geofences.distance import Floats, expand, ports_of, shore_distance_km, unwrap
from geofences.fence import PASSING_KINDS, PORT_KINDS, Fence, FenceKind, Policy
from geofences.grown import Grown
from geofences.index import FenceIndex, Hits
from geofences.polygon import polygonal
from geofences.sea_way import SeaWay
from geofences.world_ports import world_ports
from models.event import Distances, FenceRelation


class SurroundingsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    near_metres: float = 1000.0
    """An event names a fence as `near` if it comes this close to it without being inside. Judgement."""


_REMEMBERED: Final = 32_768
"""Positions of which it is remembered what lies around them: every revision of an event asks for its own."""

Around = tuple[frozenset[int], frozenset[int]]
"""Numbers of the fences that something is inside of, and of those that it is inside of or near."""
_NOWHERE: Final[Around] = frozenset(), frozenset()

T = TypeVar("T")


class _Remembered(Generic[T]):
    """What is known by position; of some that were asked for lately it is remembered."""

    def __init__(self, look_up: Callable[[Floats, Floats], list[T]]) -> None:
        self._look_up = look_up
        self._known: dict[complex, T] = {}  # by longitude and latitude in one number, as it is smaller

    def __call__(self, lon: Sequence[float], lat: Sequence[float]) -> list[T]:
        positions = list(map(complex, lon, lat))
        try:
            return [self._known[each] for each in positions]
        except KeyError:
            self._learn(positions)
        return [self._known[each] for each in positions]

    def at(self, lon: float, lat: float) -> T:
        """The same for one position."""
        known = self._known.get(complex(lon, lat))
        return self([lon], [lat])[0] if known is None else known

    def _learn(self, positions: list[complex]) -> None:
        missing = [each for each in dict.fromkeys(positions) if each not in self._known]
        if len(self._known) + len(missing) > _REMEMBERED:
            self._known.clear()
            missing = list(dict.fromkeys(positions))
        asked = np.array(missing)
        self._known.update(zip(missing, self._look_up(asked.real, asked.imag), strict=True))


class Surroundings:
    """The fences of a run, and what detectors ask of them. Read only, shared by all stages."""

    def __init__(self, fences: Iterable[Fence], settings: SurroundingsSettings | None = None) -> None:
        self._settings = settings or SurroundingsSettings()
        self.index = FenceIndex(sorted(fences, key=lambda fence: fence.id))
        self.fences = self.index.fences
        self.ports = sorted({fence.call for fence in self.fences if fence.kind in PORT_KINDS})
        number = {call: i for i, call in enumerate(self.ports)}
        ports = [number[f.call] if f.kind in PORT_KINDS else -1 for f in self.fences]
        self._port = np.array([*ports, -1], np.int64)  # the last one is for "in no fence"
        self._ways: dict[str, SeaWay] = {}  # made when they are asked for
        self._port_areas: dict[tuple[float, float], Grown] = {}
        passing = [f.kind in PASSING_KINDS for f in self.fences]
        self._passing = np.array([*passing, False], bool)  # the last one is for "in no fence"
        self._suppress = np.array([f.policy is Policy.SUPPRESS for f in self.fences], bool)
        self._decides = self._suppress | np.array([f.policy is Policy.WATCH for f in self.fences], bool)
        self._area = np.array([f.geometry.area for f in self.fences])
        self._sts = np.array([f.kind is FenceKind.STS_AREA for f in self.fences], bool)
        self._shores_km: _Remembered[float] = _Remembered(
            lambda lon, lat: shore_distance_km(lon, lat).tolist()
        )
        self._ports_km = _Remembered(self._look_up_ports)
        self._around = _Remembered(self._look_up_fences)
        self._watch = self._sts | np.array([f.policy is Policy.WATCH for f in self.fences], bool)

    def suppressed(self, hits: Hits, length: int) -> npt.NDArray[np.bool_]:
        """In which of `length` rows nothing is raised; `hits` are from the index.

        Where fences with the policies `suppress` and `watch` overlap, the smaller one decides. So a berth
        inside watched roads is suppressed, and a zone that a user watches inside an anchorage is watched.
        """
        rows, fences = hits
        decides = self._decides[fences]
        rows, fences = rows[decides], fences[decides]
        order = np.argsort(-self._area[fences], kind="stable")
        out = np.zeros(length, bool)
        out[rows[order]] = self._suppress[fences[order]]
        return out

    @property
    def watched_fences(self) -> list[Fence]:
        """The fences whose policy is `watch`, and the areas known for transfers."""
        return [fence for fence, watch in zip(self.fences, self._watch.tolist(), strict=True) if watch]

    def sts(self, hits: Hits, length: int) -> npt.NDArray[np.bool_]:
        """Which rows lie in an area known for transfers."""
        return self._any(hits, self._sts, length)

    def watched(self, lon: Floats, lat: Floats) -> npt.NDArray[np.bool_]:
        """Which positions lie in a fence whose policy is `watch`, or in an area known for transfers."""
        return self._any(self.index.containing(lon, lat), self._watch, len(lon))

    def is_watched(self, lon: float, lat: float) -> bool:
        """Whether one position lies in such a fence or area."""
        return bool(self.watched(np.array([lon]), np.array([lat]))[0])

    def watched_fence(self, relations: Iterable[FenceRelation]) -> str | None:
        """The name of the first of these fences that was entered and whose policy is `watch`."""
        fences = self.index.by_id
        entered = (each for each in relations if each.relation == "inside")
        return next((each.name for each in entered if fences[each.id].policy is Policy.WATCH), None)

    def port_of(self, hits: Hits, length: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Number of the port's fence, and of the port, that each row lies in; -1 for none, the first by
        id."""
        rows, fences = hits
        fence = np.full(length, -1, np.int64)
        is_port = self._port[fences] >= 0
        fence[rows[is_port][::-1]] = fences[is_port][::-1]
        return fence, self._port[fence]

    def ports_near(
        self, lon: Floats, lat: Floats, metres: float, join_metres: float
    ) -> list[tuple[int, ...]]:
        """Numbers of the ports that each position is in, between whose fences it is, or near which it is.

        `metres` is how far from a port counts as near. Fences of one port that are no further apart than
        `join_metres` are one area with what lies between them.
        """
        key = float(metres), float(join_metres)
        if key not in self._port_areas:
            wholes = [
                polygonal(shapely.union_all([fence.geometry for fence in self.port_fences(port)]))
                for port in range(len(self.ports))
            ]
            grow = partial(expand, metres=metres, join_metres=join_metres)
            self._port_areas[key] = Grown(wholes, metres + join_metres, grow)
        near: list[tuple[int, ...]] = [()] * len(lon)
        rows, ports = self._port_areas[key].find(lon, lat)
        for row, port in zip(rows.tolist(), ports.tolist(), strict=True):
            near[row] = (*near[row], port)
        return near

    def passing(self, fence: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Which fences, by number, are locks or fairways; False for -1."""
        flags: npt.NDArray[np.bool_] = self._passing[fence]
        return flags

    def port_fences(self, port: int) -> list[Fence]:
        return [fence for fence in self.fences if fence.kind in PORT_KINDS and fence.call == self.ports[port]]

    def sea_km(self, call: str, lon: float, lat: float, within: float = math.inf) -> float | None:
        """Kilometres by sea, at least, from a position in degrees to a port, by its code; 0 inside its zones.

        At least, because up to 5 km of what a coarse coastline has as land count as water. None where no way
        is known, or none as short as `within` kilometres.
        """
        way = self._ways.get(call)
        if way is None:
            way = self._ways[call] = SeaWay(call, self.port_fences(self.ports.index(call)))
        return way.km(lon, lat, within)

    def relations(self, lon: Floats, lat: Floats) -> tuple[FenceRelation, ...]:
        """The fences that any of the positions is inside of, or near, sorted by id."""
        return self.named(self.around(lon.tolist(), lat.tolist()))

    def around(self, lon: Sequence[float], lat: Sequence[float]) -> Around:
        """The same by number, which can be put together with that of other positions."""
        return together(self._around(lon, lat))

    def named(self, around: Around) -> tuple[FenceRelation, ...]:
        """What events say of these fences, sorted by id."""
        inside, near = around
        return tuple(
            FenceRelation(
                id=self.fences[i].id,
                name=self.fences[i].name,
                kind=self.fences[i].kind.value,
                country=self.fences[i].country,
                relation="inside" if i in inside else "near",
            )
            for i in sorted(near)
        )

    def _look_up_fences(self, lon: Floats, lat: Floats) -> list[Around]:
        inside = self.index.containing(lon, lat)
        found = [_NOWHERE] * len(lon)
        near = self.index.near(lon, lat, self._settings.near_metres)
        for which, hits in enumerate((inside, near)):
            for row, fence in zip(*(column.tolist() for column in hits), strict=True):
                fences = frozenset((fence,))
                found[row] = together([found[row], (_NOWHERE[0] if which else fences, fences)])
        return found

    def all_inside(self, fence: str, lon: Floats, lat: Floats) -> bool:
        """Whether all of the positions lie inside the fence with this id."""
        return bool(shapely.intersects_xy(self.index.by_id[fence].geometry, lon, lat).all())

    def distances(self, lon: tuple[float, float], lat: tuple[float, float]) -> Distances:
        """Kilometres from shore and port at start and end.

        A port is one of the catalogue (its fences) or of the World Port Index (a point).
        """
        shores, ports = (far(lon, lat) for far in (self._shores_km, self._ports_km))
        return Distances(
            start_distance_from_shore_km=rounded(shores[0], 2),
            end_distance_from_shore_km=rounded(shores[1], 2),
            start_distance_from_port_km=rounded(ports[0], 2),
            end_distance_from_port_km=rounded(ports[1], 2),
        )

    def expect(self, places: Iterable[tuple[float, float]]) -> None:
        """Look these positions (longitude, latitude) up, for `distances` and `relations`: all at once is far
        faster."""
        if known := [*places]:
            lon, lat = zip(*known, strict=True)
            self._shores_km(lon, lat)
            self._ports_km(lon, lat)
            self._around(lon, lat)

    def port_km(self, lon: float, lat: float) -> float:
        """Kilometres from a position in degrees to the nearest port, as in `distances`."""
        return self._ports_km.at(lon, lat)

    def shore_km(self, lon: float, lat: float) -> float:
        """Kilometres from a position in degrees to the shore."""
        return self._shores_km.at(lon, lat)

    def shores_km(self, lon: Sequence[float], lat: Sequence[float]) -> list[float]:
        """The same for many positions."""
        return self._shores_km(lon, lat)

    def _look_up_ports(self, lon: Floats, lat: Floats) -> list[float]:
        nearest: list[float] = np.fmin(self._fenced_km(lon, lat), world_ports().nearest(lon, lat)[1]).tolist()
        return nearest

    @cached_property
    def _fenced_km(self) -> Callable[[Floats, Floats], Floats]:
        """Kilometres from positions to the nearest fence of a port."""
        return ports_of(self.fences)

    @staticmethod
    def _any(hits: Hits, flags: npt.NDArray[np.bool_], length: int) -> npt.NDArray[np.bool_]:
        out = np.zeros(length, bool)
        rows, fences = hits
        out[rows[flags[fences]]] = True
        return out


def together(places: Iterable[Around]) -> Around:
    """What several places are inside of, or near, as if they were one."""
    inside, near = zip(_NOWHERE, *set(places), strict=True)
    return frozenset().union(*inside), frozenset().union(*near)


def rounded(value: float | None, digits: int) -> float | None:
    """Rounded for an event; null for NaN and infinity, which JSON lacks."""
    if value is None or not np.isfinite(value):
        return None
    return round(float(value), digits) + 0.0


def middle(lon: Floats, lat: Floats) -> tuple[float, float]:
    """The mean position in degrees, also across 180°."""
    return float(unwrap(lon[0] + unwrap(lon - lon[0]).mean())), float(lat.mean())


def bounds(lon: Floats, lat: Floats) -> tuple[float, float, float, float]:
    """West, south, east, north, rounded; west > east where the box spans 180°."""
    away = unwrap(lon - lon[0])
    west, east = unwrap(lon[0] + away.min()), unwrap(lon[0] + away.max())
    return (
        round(float(west), 5),
        round(float(lat.min()), 5),
        round(float(east), 5),
        round(float(lat.max()), 5),
    )
