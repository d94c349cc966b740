"""Crossings of drawn fences: a vessel comes in, or leaves.

Rule. A vessel is in a fence from its first tick inside the outline on. It has left with its first tick that
is farther than `leave_metres` outside, so noise at the edge makes no series of crossings. Only ticks from the
time on from which the version counts are looked at, so it does not matter what was known before.

No crossing is told where a vessel is first heard inside within `settle_minutes` of the beginning of a
version: it was there already. Nor where an edit of the outline puts it in or out: the vessel did not cross.
A vessel heard inside that was not heard outside nearby within `forget_days` is told as first heard there.
A new track of an MMSI (after a leap, or a silence elsewhere) goes on from the one before, unless two ships
are heard under the number: then each track stands for itself.

Source: the hysteresis is that of port visits (Global Fishing Watch's anchorages); the numbers are judgement.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Final, Literal

import msgspec
import numpy as np

from geofences.drawn import fence_of
from geofences.fence import Fence, outline_digest
from geofences.index import FenceIndex, Hits
from models.drawn_fence import MOST_FENCES, FenceVersion
from models.report import Rows
from models.time import BEGINNING, DAY, END, HOUR, MINUTE, Millis
from streams.detection.reasons import Weights

_BACKFILL: Final = 2 * HOUR
"""Milliseconds for which a version that has ended is kept for ticks that come late: the reach of
interpolation, an hour, and a margin."""
_MOST_ENDED: Final = 10_000
"""Deleted fences whose last version is remembered, so that an older one that is sent again counts no more;
beyond it the first go first. Judgement: as many as the feed keeps versions."""
_BLOCKS: Final = 64
"""Pieces of the state of one fence, by MMSI."""


class FenceCrossingWeights(Weights, frozen=True, forbid_unknown_fields=True):
    """An ordinary crossing has a low score: it is an observation, and no sign of anything."""

    base: float = 0.05
    probable: float = 0.15
    border: float = 0.2
    crossed: float = 0.05
    """For: its track was on both sides."""
    stayed: float = 0.05
    """For: it was heard inside, then outside."""
    first_heard: float = 0.02
    """Against: it was not heard outside before."""
    unheard: float = 0.05
    """Against: it was not heard for long between the two sides."""
    inside_before: float = 0.01
    """Against: when it came in is not known."""
    type_changed: float = 0.05
    """Against: a tanker that now reports another ship type."""
    rounded: float = 0.02
    """Against: its positions are rounded so coarsely that it may be on the other side."""


class FenceCrossingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is in a drawn fence, and what is told of it."""

    leave_metres: float = 500.0
    """Metres outside the outline from which on a vessel has left. Source: judgement; ten times what
    positions usually scatter."""
    near_km: float = 50.0
    """Kilometres outside the outline within which positions are remembered, so that a crossing is seen from
    both sides. Source: judgement; two hours at 13 knots."""
    settle_minutes: float = 60.0
    """Minutes after a fence begins to count in which a vessel that is first heard inside was there already.
    Source: the reach of interpolation; an anchored ship reports every 3 minutes, a satellite hears it once an
    hour or so."""
    silence_hours: float = 1.0
    """Hours between the two sides from which on the crossing is only `possible`. Source: judgement; the reach
    of interpolation."""
    forget_days: float = 7.0
    """Days without a position after which it is not known any more on which side a vessel was. Source: as
    long as vessels are followed (`vessel.idle_days`)."""
    candidate_hours: float = 24.0
    """Hours for which a crossing waits for the vessel to be known as one that counts. Source: the design."""
    most_near: int = 100_000
    """Tracks remembered in and around all fences together; beyond it those not heard for longest go first.
    Source: judgement; about 40 MB."""
    weights: FenceCrossingWeights = FenceCrossingWeights()

    def __post_init__(self) -> None:
        if min(self.leave_metres, self.silence_hours, self.forget_days) <= 0 or self.most_near < 1:
            raise ValueError(
                "leave_metres, silence_hours and forget_days must be above 0, most_near at least 1"
            )
        if self.near_km * 1000 <= self.leave_metres:
            raise ValueError("near_km must reach farther than leave_metres")
        if self.settle_minutes > 120:
            raise ValueError("settle_minutes must be at most 120")
        if self.forget_days > 366 or self.near_km > 500:
            raise ValueError("forget_days must be at most 366, near_km at most 500")


class Place(msgspec.Struct, frozen=True, array_like=True):
    """A tick of a vessel. Degrees, knots; NaN where not known."""

    time: Millis
    lon: float
    lat: float
    sog: float
    cog: float
    error: float = 0.0  # metres that it may be off for being rounded


class Crossing(msgspec.Struct, frozen=True, array_like=True):
    """What was found: `before` is on the other side, `after` on this one."""

    side: Literal["entry", "exit"]
    fence: str
    fence_name: str
    version: int
    valid_from: Millis | None
    mmsi: int
    before: Place | None
    after: Place
    since: Millis | None  # of an exit: its first position inside
    entry_seen: bool  # of an exit
    receivers: tuple[str, ...]


class _Track(msgspec.Struct, array_like=True):
    """One vessel in or near one fence, by its MMSI and track segment."""

    outline: str  # of the version that was in force
    last: Place
    inside: bool
    since: Millis | None = None  # its first position inside, while it is
    entry_seen: bool = False


_Tracks = dict[int, dict[int, _Track]]
"""By MMSI and number of the track."""


class FenceCrossings:
    """State: the versions of the fences, and who is in or near each. The names of the pieces that change are
    added to `changed`."""

    def __init__(
        self,
        s: FenceCrossingSettings,
        given: Iterable[Fence],
        is_shared: Callable[[int], bool],
        changed: set[str],
    ) -> None:
        """`given` are versions from files: they count from the beginning of the run. `is_shared` says whether
        two ships are heard under an MMSI."""
        self._s, self._changed, self._is_shared = s, changed, is_shared
        self._given = tuple(sorted(given, key=lambda fence: fence.key))
        self._drawn: dict[str, list[FenceVersion]] = {}  # taken, by id; in the order of their versions
        self._ended: dict[str, int] = {}  # the last version of fences that were deleted and are forgotten
        self._tracks: dict[str, _Tracks] = {}  # by fence
        self._index = FenceIndex(self._given)
        self._outlines: list[str] = []  # by number of the fence in the index
        self._begins = self._ends = np.empty(0, np.int64)
        self._note_versions()

    @property
    def idle(self) -> bool:
        """Whether there is no fence at all."""
        return not self._index.fences

    def take(self, version: FenceVersion) -> bool:
        """Let a version count from its `valid_from` on. Returns whether it does: not if it is known, or there
        are too many fences. Raises PolygonError where it has no area."""
        known = self._latest(version.id)
        if version.version <= known or (not known and self._count() >= MOST_FENCES):
            return False
        fence_of(version)
        self._drawn.setdefault(version.id, []).append(version)
        self._changed.add("versions/drawn")
        self._note_versions()
        return True

    def watch(self, ticks: Rows, stations: tuple[tuple[str, ...], ...]) -> Iterator[Crossing]:
        """The crossings in these ticks. Those of one vessel come in the order of time."""
        if self.idle or not len(ticks):
            return
        lon, lat = ticks["lon"], ticks["lat"]
        inside = _pairs(self._index.containing(lon, lat))
        reach = self._s.leave_metres * np.exp2(np.ceil(np.log2(1 + ticks["error"] / self._s.leave_metres)))
        staying = _pairs(self._index.near_each(lon, lat, reach)) | inside  # wherever a rounded one may be
        near = _pairs(self._index.near(lon, lat, self._s.near_km * 1000)) | staying
        pairs = set(near)
        for number, fence in enumerate(self._index.fences):  # who was near and is far away now
            if tracks := self._tracks.get(fence.id):
                known = np.fromiter(tracks, np.uint32)
                pairs.update((row, number) for row in np.flatnonzero(np.isin(ticks["mmsi"], known)).tolist())
        for row, number in sorted(pairs):
            time = int(ticks["time"][row])
            if not self._begins[number] <= time < self._ends[number]:
                continue
            pair, fence = (row, number), self._index.fences[number]
            tick = ticks[row]
            place = Place(time, *(float(tick[name]) for name in ("lon", "lat", "sog", "cog", "error")))
            mmsi = int(tick["mmsi"])
            found = self._step(
                number, mmsi, int(tick["segment"]), place, pair in inside, pair in staying, pair in near
            )
            if found is not None:
                before, track = found
                entered = track.inside
                yield Crossing(
                    "entry" if entered else "exit",
                    fence.id,
                    fence.name,
                    fence.version,
                    fence.valid_from,
                    mmsi,
                    before.last if before else None,
                    place,
                    before.since if before and not entered else None,
                    bool(before and before.entry_seen and not entered),
                    tuple(sorted(name for name in stations[int(tick["stations"])] if name)),
                )

    def _step(
        self, number: int, mmsi: int, segment: int, place: Place, inside: bool, staying: bool, near: bool
    ) -> tuple[_Track | None, _Track] | None:
        """Note where a vessel is now. Returns how it was before, and is now, if that is a crossing."""
        fence = self._index.fences[number]
        tracks = self._tracks.setdefault(fence.id, {}).setdefault(mmsi, {})
        at = self._track_of(tracks, mmsi, segment)
        known = tracks.get(at)
        if known is not None and place.time <= known.last.time:
            return None
        if known is not None and place.time - known.last.time > self._s.forget_days * DAY:
            known = None
        self._changed.add(_piece(fence.id, mmsi))
        was_inside = known is not None and known.inside
        now = inside or (was_inside and staying)
        outline = self._outlines[number]
        edited = known is not None and known.outline != outline
        if edited and not inside:
            now = False  # another outline: nothing holds the vessel in it
        track = _Track(outline, place, now)
        if now:
            stays = known is not None and was_inside
            track.since = known.since if known and stays else place.time
            track.entry_seen = (known.entry_seen if stays else not edited) if known else False
        tracks.pop(at, None)
        if now or near:
            tracks[segment] = track
        elif not tracks:
            del self._tracks[fence.id][mmsi]
        if edited or now == was_inside:
            return None
        if known is None and self._settles(fence, place):
            return None  # it was there when the fence began
        return known, track

    def _track_of(self, tracks: dict[int, _Track], mmsi: int, segment: int) -> int:
        """The number of the track that this one goes on from: its own, or that of the same ship before."""
        alone = segment in tracks or not tracks or self._is_shared(mmsi)
        return segment if alone else max(tracks, key=lambda number: (tracks[number].last.time, number))

    def _settles(self, fence: Fence, place: Place) -> bool:
        """Whether the version has begun so lately that who is inside was there already."""
        begun = fence.valid_from
        return begun is not None and place.time - begun < self._s.settle_minutes * MINUTE

    def prune(self, instant: Millis) -> None:
        """Forget versions that have ended, and vessels that were not heard for long."""
        ended = False
        for id, versions in list(self._drawn.items()):
            while len(versions) > 1 and versions[1].begins < instant - _BACKFILL:
                versions.pop(0)
                ended = True
            over = versions[0].deleted and versions[0].begins < instant - _BACKFILL
            if over and len(versions) == 1 and all(fence.id != id for fence in self._given):
                self._ended[id] = self._drawn.pop(id)[-1].version
                ended = True
        while len(self._ended) > _MOST_ENDED:
            del self._ended[next(iter(self._ended))]
        if ended:
            self._changed.update(("versions/drawn", "versions/ended"))
            self._note_versions()
        self._forget(instant - self._s.forget_days * DAY - _BACKFILL)

    def _forget(self, oldest: float) -> None:
        """Forget tracks not heard since `oldest`, those of fences that are no more, and what is too much."""
        for id in [id for id in self._tracks if id not in self._index.by_id]:
            self._changed.update(_piece(id, mmsi) for mmsi in self._tracks.pop(id))
        for each in [each for each in self._every() if each[0] < oldest]:
            self._drop(*each[1:])
        if (surplus := sum(1 for _ in self._every()) - self._s.most_near) > 0:
            for each in heapq.nsmallest(surplus, self._every()):
                self._drop(*each[1:])

    def _every(self) -> Iterator[tuple[Millis, int, int, str]]:
        """All tracks: when last heard, MMSI, number and fence."""
        for id, by_mmsi in self._tracks.items():
            for mmsi, tracks in by_mmsi.items():
                yield from ((track.last.time, mmsi, number, id) for number, track in tracks.items())

    def _drop(self, mmsi: int, number: int, id: str) -> None:
        """Forget one track, if it is there."""
        tracks = self._tracks.get(id, {}).get(mmsi, {})
        if tracks.pop(number, None) is not None:
            self._changed.add(_piece(id, mmsi))
            if not tracks:
                del self._tracks[id][mmsi]

    # --- versions

    def _latest(self, id: str) -> int:
        """The highest version known of a fence; 0 for none."""
        known = [fence.version for fence in self._given if fence.id == id]
        known += [each.version for each in self._drawn.get(id, ())]
        return max(known, default=self._ended.get(id, 0))

    def _count(self) -> int:
        """How many fences there are that are not deleted."""
        drawn = {id for id, versions in self._drawn.items() if not versions[-1].deleted}
        return len(drawn | {fence.id for fence in self._given if fence.valid_to is None})

    def _note_versions(self) -> None:
        """Have the index, and the times of its fences, agree with the versions. Each ends where the next one
        begins."""
        fences: list[Fence] = []
        for id in sorted({*self._drawn, *(fence.id for fence in self._given)}):
            given = [fence for fence in self._given if fence.id == id]
            drawn = self._drawn.get(id, [])
            begins = [each.valid_from if each.valid_from is not None else BEGINNING for each in given]
            ends = [*begins[1:], drawn[0].begins if drawn else END][: len(given)]
            for fence, end in zip(given, ends, strict=True):
                until = min(END if fence.valid_to is None else fence.valid_to, end)
                fences.append(_until(fence, until))
            after = [*(each.begins for each in drawn[1:]), END][: len(drawn)]
            fences += (
                _until(fence_of(each, each.begins), end)
                for each, end in zip(drawn, after, strict=True)
                if not each.deleted
            )
        self._index = FenceIndex(fences)
        self._outlines = list(map(outline_digest, fences))
        self._begins = np.array(
            [BEGINNING if each.valid_from is None else each.valid_from for each in fences], np.int64
        )
        self._ends = np.array([END if each.valid_to is None else each.valid_to for each in fences], np.int64)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        near = {_piece(id, mmsi) for id, by_mmsi in self._tracks.items() for mmsi in by_mmsi}
        return {"versions/drawn", "versions/ended", *near}

    def piece(self, kind: str, rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind == "versions":
            return (self._drawn if rest == "drawn" else self._ended) or None
        id, _, block = rest.rpartition("/")
        found = [
            (mmsi, number, track)
            for mmsi, tracks in self._tracks.get(id, {}).items()
            if mmsi % _BLOCKS == int(block)
            for number, track in tracks.items()
        ]
        return found or None

    def load(self, pieces: Iterable[tuple[str, str, bytes]]) -> None:
        """Replace the state by these pieces: kind, the rest of the name, and what it holds."""
        self._drawn, self._ended, self._tracks = {}, {}, {}
        for kind, rest, data in pieces:
            if (kind, rest) == ("versions", "drawn"):
                self._drawn = msgspec.msgpack.decode(data, type=dict[str, list[FenceVersion]])
            elif kind == "versions":
                self._ended = msgspec.msgpack.decode(data, type=dict[str, int])
            elif kind == "near":
                by_mmsi = self._tracks.setdefault(rest.rpartition("/")[0], {})
                for mmsi, number, track in msgspec.msgpack.decode(data, type=list[tuple[int, int, _Track]]):
                    by_mmsi.setdefault(mmsi, {})[number] = track
        self._note_versions()


def _piece(id: str, mmsi: int) -> str:
    """The name of the piece of the state that has this vessel in this fence."""
    return f"near/{id}/{mmsi % _BLOCKS}"


def _pairs(hits: Hits) -> set[tuple[int, int]]:
    """Rows and numbers of fences that belong together."""
    return set(zip(hits[0].tolist(), hits[1].tolist(), strict=True))


def _until(fence: Fence, end: Millis) -> Fence:
    return replace(fence, valid_to=None if end == END else end)
