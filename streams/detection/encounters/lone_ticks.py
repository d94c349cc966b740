"""Lone ticks: vessels that are heard rarely, and where others were at those moments.

A vessel that is silent for longer than ticks are interpolated over has ticks at the times of its own fixes.
To compare it with another vessel, the other's place at that very moment is found between two of its ticks:
neighbours on the grid, or two lone ticks between which it can only have drifted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geofences.distance import EARTH_RADIUS_M, haversine_m, unit_vectors
from models.report import Rows, distinct, joined, run_starts
from models.tick import TICK, no_ticks, ticks_from
from models.time import MINUTE, Millis
from streams.detection.encounters.encounter import Key
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.encounters.whereabouts import Bools, places
from streams.detection.ticks.nearby import pairs_within
from streams.detection.ticks.neighbours import Neighbours, Wanted, at_once
from streams.detection.ticks.packed import SEGMENTS, Numbers, tracks
from streams.tracking.track import KNOT

_AT_ONCE: Final = 4096
"""Places that are looked up at once. It bounds the memory: a track may have ticks at every step of hours."""
MARGIN: Final = 10 * MINUTE
"""Lone ticks are kept this much longer than a silence that counts: a late one may still come."""


class Meetings(NamedTuple):
    """Lone ticks, and where another vessel was at the time of each, row by row."""

    lone: Rows
    track: Numbers  # of the other vessel
    other: Rows
    heard: Bools  # whether it was heard; if not, its row says nothing

    def take(self, rows: npt.NDArray[np.intp]) -> "Meetings":
        """Some of them, by their numbers."""
        lone, track, other, heard = self
        return Meetings(lone.take(rows), track.take(rows), other.take(rows), heard.take(rows))

    def only(self, which: Bools) -> "Meetings":
        """Those of them that are true."""
        return self.take(which.nonzero()[0])

    @property
    def pairs(self) -> tuple[Numbers, Numbers]:
        """The two tracks of each, the lower one first."""
        own = tracks(self.lone)
        return np.minimum(own, self.track), np.maximum(own, self.track)

    @property
    def keys(self) -> Numbers:
        """The pair of each, as rows of four."""
        low, high = self.pairs
        return np.stack([low // SEGMENTS, high // SEGMENTS, low % SEGMENTS, high % SEGMENTS], axis=1)


def _all(parts: Sequence[Meetings]) -> Meetings:
    lone, track, other, heard = zip(*parts, strict=True) if parts else ((), (), (), ())
    return Meetings(
        joined(lone, TICK),
        np.concatenate([np.empty(0, np.int64), *track]),
        joined(other, TICK),
        np.concatenate([np.empty(0, bool), *heard]),
    )


class PairCodes:
    """One number for each pair of tracks."""

    def __init__(self, *meetings: Meetings) -> None:
        self._tracks = np.unique(np.concatenate([track for each in meetings for track in each.pairs]))

    def of(self, low: Numbers, high: Numbers) -> Numbers:
        """Of pairs of which there are meetings."""
        return self._tracks.searchsorted(low) * len(self._tracks) + self._tracks.searchsorted(high)

    def of_keys(self, keys: Iterable[Key]) -> Numbers:
        """Of those of these pairs both of which have meetings."""
        key = np.array(list(keys), np.int64).reshape(-1, 4)
        both = key[:, :2] * SEGMENTS + key[:, 2:]
        low, high = both[np.isin(both, self._tracks).all(axis=1)].T
        return self.of(low, high)


class _Asked(NamedTuple):
    """Lone ticks of which it is asked where a track was at the time, row by row."""

    lone: Rows
    track: Numbers


class LoneTicks:
    """Lone ticks of the last two hours, by the step of the grid in which they lie."""

    def __init__(self, neighbours: Neighbours, step: Millis, s: EncounterSettings) -> None:
        self._neighbours = neighbours
        self._step = step
        self._settings = s
        self._contact_metres = max(s.keep_metres, s.near_metres, s.co_moving_metres)
        self._ticks: dict[Millis, Rows] = {}
        """Sorted by track and time, by the instant of the grid that ends the step."""
        self._tracks: dict[Millis, npt.NDArray[np.int64]] = {}  # of these ticks

    def take(self, rows: Rows, wanted: Wanted, followed: Iterable[Key]) -> tuple[Meetings, set[Millis]]:
        """Take in all ticks of an instant; `neighbours` have those on the grid already.

        Returns the meetings that these ticks complete, sorted by pair and time, and the steps that lone ticks
        were added to. Meetings are those of which at least one MMSI is `wanted` and that may be near enough
        for a contact, and those of pairs `followed` however far apart.
        """
        fresh = joined([rows.compress(rows["time"] % self._step != 0), self._first_of_runs(rows)], TICK)
        added = self._add(fresh)
        if not self._ticks:
            return _all([]), added
        times = {time for time in distinct(rows["time"]) if time % self._step == 0}
        asked = self._near_dense(times | added, rows, added, wanted)
        for each in (*self._together(added), *self._on_the_way(fresh)):
            either = wanted(each.lone["mmsi"]) | wanted(each.track // SEGMENTS)
            asked.append(_Asked(each.lone.compress(either), each.track[either]))
        followed = list(followed)
        of_followed = self._of_followed(fresh, followed)
        asked += [self._in_turns(rows, fresh, followed), of_followed]
        asked = [each for each in asked if len(each.track)]
        if not asked:
            return _all([]), added
        return _first_of_each(self._met(asked, len(of_followed.track))), added

    def _of_followed(self, fresh: Rows, followed: Iterable[Key]) -> _Asked:
        """New lone ticks of pairs that are followed, and the track of the other one."""
        pairs: defaultdict[int, list[int]] = defaultdict(list)
        for a, b, segment_a, segment_b in followed:
            one, other = a * SEGMENTS + segment_a, b * SEGMENTS + segment_b
            pairs[one].append(other)
            pairs[other].append(one)
        found = [
            (i, other) for i, own in enumerate(tracks(fresh).tolist()) if own in pairs for other in pairs[own]
        ]
        at, track = np.array(found, np.int64).reshape(-1, 2).T
        return _Asked(fresh.take(at), track)

    def _in_turns(self, rows: Rows, fresh: Rows, followed: Iterable[Key]) -> _Asked:
        """The last ticks on the grid that one of a followed pair has before the next lone tick of the other.

        Two that are heard in turns have no ticks at the same times, though each can only have drifted
        meanwhile. It may be either of the two ticks that comes late.
        """
        late = rows.compress((rows["time"] % self._step == 0) & rows["backfilled"])
        until = dict(zip(tracks(fresh).tolist(), fresh["time"].tolist(), strict=True))
        last = dict(zip(tracks(late).tolist(), late["time"].tolist(), strict=True))
        found: list[Rows] = []
        of: list[int] = []
        for a, b, segment_a, segment_b in followed if until or last else ():
            one, other = a * SEGMENTS + segment_a, b * SEGMENTS + segment_b
            for heard, silent in ((one, other), (other, one)):
                times = {until[silent]} if silent in until else set()
                times |= {last[heard]} if heard in last else set()
                for time in sorted(times):
                    tick = self._last_before(time, heard, silent)
                    if tick is not None:
                        found.append(tick)
                        of.append(silent)
        return _Asked(np.array(found, TICK) if found else no_ticks(), np.array(of, np.int64))

    def _last_before(self, time: Millis, heard: int, silent: int) -> Rows | None:
        """The last tick on the grid of a track up to a time, if the other one has none then."""
        at = time // self._step * self._step
        while at > time - self._settings.silence:
            if (tick := self._neighbours.find(at, heard)) is not None:
                return None if self._neighbours.find(at, silent) is not None else tick
            at -= self._step
        return None

    def _met(self, asked: Sequence[_Asked], followed: int) -> Meetings:
        """Those of which it is known where the other one was, and the last ones, so many, in any case."""
        lone = joined([each.lone for each in asked], TICK)
        track, time = np.concatenate([each.track for each in asked]), lone["time"].copy()
        found = [
            self._places(track[at : at + _AT_ONCE], time[at : at + _AT_ONCE])
            for at in range(0, len(track), _AT_ONCE)
        ]
        other, heard = (
            joined([rows for rows, _ in found], TICK),
            np.concatenate([known for _, known in found]),
        )
        keep = heard | (np.arange(len(track)) >= len(track) - followed)
        keep &= lone["mmsi"] != track // SEGMENTS
        return Meetings(lone, track, other, heard).only(keep)

    def _places(self, track: Numbers, time: Numbers) -> tuple[Rows, Bools]:
        """Where each track was at a time, and for which that is known."""
        own = np.unique(track)
        ticks = _by_track([*self._neighbours.of(own), *self._of(own)])
        return places(track, time, ticks, self._step, self._settings)

    @property
    def steps(self) -> list[Millis]:
        """The steps that ticks are kept for, by their ends."""
        return list(self._ticks)

    def forget(self, instant: Millis) -> list[Millis]:
        """Let go of ticks that are too old to matter. Returns their steps."""
        gone = [time for time in self._ticks if time <= instant - self._settings.silence - MARGIN]
        for time in gone:
            del self._ticks[time], self._tracks[time]
        return gone

    def dump(self, time: Millis) -> bytes | None:
        """The ticks kept for a step; None where there are none."""
        rows = self._ticks.get(time)
        return None if rows is None else rows.tobytes()

    def load(self, data: Mapping[Millis, bytes]) -> None:
        """Go on from what `dump` gave for each step."""
        self._ticks = {time: ticks_from(rows, time) for time, rows in data.items()}
        self._tracks = {time: tracks(rows) for time, rows in self._ticks.items()}

    # --- which lone ticks, and who may be near them

    def _first_of_runs(self, rows: Rows) -> Rows:
        """Ticks on the grid before which the vessel has none: a lone fix may lie on the grid by chance."""
        rows = rows.compress(rows["time"] % self._step == 0)
        track, time = tracks(rows), rows["time"].copy()
        order = np.lexsort([time, track])
        # most go on with another tick of these
        goes_on = (track[order[1:]] == track[order[:-1]]) & (np.diff(time[order]) == self._step)
        open_ = order[np.append(np.ones(min(len(rows), 1), bool), ~goes_on)]
        open_ = open_[np.lexsort([open_, time[open_]])]
        begins = run_starts(time[open_]).tolist()
        parts = [
            at[~self._neighbours.has(int(time[at[0]]) - self._step, track[at])]
            for at in map(open_.__getitem__, map(slice, begins, [*begins[1:], len(open_)]))
        ]
        return rows.take(np.concatenate([np.empty(0, np.intp), *parts]))

    def _add(self, fresh: Rows) -> set[Millis]:
        steps = -(-fresh["time"] // self._step) * self._step
        added: set[Millis] = set(distinct(steps))
        for time in added:
            together = joined([self._ticks.get(time, no_ticks()), fresh.compress(steps == time)], TICK)
            self._ticks[time] = together.take(np.lexsort([together["time"], tracks(together)]))
            self._tracks[time] = tracks(self._ticks[time])
        return added

    def _near_dense(self, times: set[Millis], rows: Rows, added: set[Millis], wanted: Wanted) -> list[_Asked]:
        """Lone ticks between two instants, and the vessels that have ticks near them at the second one."""
        sizes = {time: self._neighbours.count(time) for time in sorted(times & self._ticks.keys())}
        return [self._near_some(some, rows, added, wanted) for some in at_once(sizes)]

    def _near_some(self, times: Iterable[Millis], rows: Rows, added: set[Millis], wanted: Wanted) -> _Asked:
        """The same at some of the instants."""
        lones, theres = list[Rows](), list[Rows]()
        for time in times:
            lone = self._ticks[time].compress(self._ticks[time]["time"] != time)
            if len(lone):
                there = self._neighbours.at(time) if time in added else rows.compress(rows["time"] == time)
                lones.append(lone)
                theres.append(there)
        lone, there = joined(lones, TICK), joined(theres, TICK)
        groups = np.cumsum([0, *map(len, lones)]), np.cumsum([0, *map(len, theres)])
        s = self._settings
        metres = s.keep_metres + s.under_way_knots * KNOT * self._step
        i, j = pairs_within(_points(lone), _points(there), metres / EARTH_RADIUS_M, groups)
        one, other = lone["mmsi"][i], there["mmsi"][j]
        keep = one != other
        keep[keep] = wanted(one[keep]) | wanted(other[keep])
        return _Asked(lone.take(i[keep]), tracks(there)[j[keep]])

    def _together(self, added: Iterable[Millis]) -> Iterable[_Asked]:
        """Lone ticks of the same time that are near each other: heard in the same pass of a satellite."""
        for step in sorted(added):
            every = self._ticks[step]
            times = np.sort(every["time"])
            if not (times[1:] == times[:-1]).any():
                continue
            first, last = (times.searchsorted(every["time"], side) for side in ("left", "right"))
            every = every.compress(last - first > 1)
            points = _points(every)
            i, j = pairs_within(points, points, self._contact_metres / EARTH_RADIUS_M)
            time, track = every["time"], tracks(every)
            met = (time[i] == time[j]) & (track[i] < track[j])
            yield _Asked(every.take(i[met]), track[j[met]])

    def _on_the_way(self, fresh: Rows) -> Iterable[_Asked]:
        """Lone ticks near the way that another vessel drifted between two lone ticks."""
        if not len(fresh):
            return
        s = self._settings
        theirs = _by_track(list(self._of(np.unique(tracks(fresh)))))  # a leg ends with one of these ticks
        track = tracks(theirs)
        before, after = theirs[:-1], theirs[1:]
        took = after["time"] - before["time"]
        (legs,) = ((track[1:] == track[:-1]) & (took > self._step) & (took <= s.silence)).nonzero()
        if not len(legs):
            return
        before, after, took, track = before.take(legs), after.take(legs), took[legs], track[legs]
        metres = haversine_m(before["lon"], before["lat"], after["lon"], after["lat"])
        drifted = np.maximum(before["sog"], after["sog"]) < s.drift_knots
        drifted &= metres <= s.drift_knots * KNOT * took
        drifted &= np.isin(after["time"], fresh["time"])
        if not drifted.any():
            return
        before, after = before.compress(drifted), after.compress(drifted)
        track, metres = track[drifted], metres[drifted]
        every = _by_track(list(self._ticks.values()))
        number = tracks(every)
        middle = _points(before) + _points(after)
        middle /= np.linalg.norm(middle, axis=1, keepdims=True)
        reach = (s.keep_metres + metres / 2) / EARTH_RADIUS_M
        leg, j = pairs_within(middle, _points(every), reach)
        time = every["time"][j]
        met = (before["time"][leg] < time) & (time < after["time"][leg]) & (track[leg] != number[j])
        yield _Asked(every.take(j[met]), track[leg[met]])

    def _of(self, own: Numbers) -> Iterable[Rows]:
        """The ticks of these tracks, ascending; there may be a million others."""
        number = np.concatenate([*self._tracks.values()])
        (rows,) = np.nonzero(own[np.minimum(own.searchsorted(number), len(own) - 1)] == number)
        begins = np.cumsum([0, *map(len, self._tracks.values())])
        ends = rows.searchsorted(begins).tolist()
        for ticks, at, begin, end in zip(self._ticks.values(), begins, ends, ends[1:], strict=False):
            if begin < end:
                yield ticks.take(rows[begin:end] - at)


def _first_of_each(found: Meetings) -> Meetings:
    """The first found of each pair and time, sorted."""
    if len(found.track) < 2:
        return found
    columns = [found.lone["time"], *found.keys.T[::-1]]
    order = np.lexsort(columns)
    ordered = np.stack(columns)[:, order]
    is_first = np.append(True, (ordered[:, 1:] != ordered[:, :-1]).any(axis=0))
    return found.take(order[is_first])


def _by_track(parts: Sequence[Rows]) -> Rows:
    """Ticks in order of their tracks, and of time."""
    rows = joined(parts, TICK)
    return rows.take(np.lexsort([rows["time"], tracks(rows)]))


def _points(rows: Rows) -> npt.NDArray[np.float64]:
    return unit_vectors(rows["lon"], rows["lat"]).T
