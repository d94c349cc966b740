"""Lone ticks: vessels that are heard rarely, and where others were at those moments.

A vessel that is silent for longer than ticks are interpolated over has ticks at the times of its own fixes.
To compare it with another vessel, the other's place at that very moment is found between two of its ticks:
neighbours on the grid, or two lone ticks between which it can only have drifted.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geofences.distance import EARTH_RADIUS_M, haversine_m, unit_vectors, unwrap
from models.report import Rows, joined
from models.tick import TICK, no_ticks
from models.time import MINUTE, Millis
from streams.detection.encounters.encounter import Key
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.nearby import pairs_within
from streams.detection.neighbours import SEGMENTS, Neighbours, tracks
from streams.tracking.grid import at_or_after
from streams.tracking.track import KNOT

MARGIN: Final = 10 * MINUTE
"""Lone ticks are kept this much longer than a silence that counts: a late one may still come."""


class Meeting(NamedTuple):
    """A lone tick, and where another vessel was at its time; None where it was not heard."""

    lone: Rows
    other: Rows | None
    key: Key


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

    def take(
        self,
        rows: Rows,
        wanted: Callable[[int], bool],
        followed: Mapping[int, Iterable[Key]],
        known: Container[Key],
    ) -> tuple[list[Meeting], set[Millis]]:
        """Take in all ticks of an instant; `neighbours` have those on the grid already.

        Returns the meetings that these ticks complete, and the steps that lone ticks were added to. Meetings
        are those near enough for a contact of which at least one MMSI is `wanted`, or farther apart if the
        pair is `known`, and those of pairs `followed` (by track) however far apart.
        """
        fresh = joined([rows[rows["time"] % self._step != 0], self._first_of_runs(rows)], TICK)
        added = self._add(fresh)
        if not self._ticks:
            return [], added
        times = set(np.unique(rows["time"][rows["time"] % self._step == 0]).tolist())
        found: dict[tuple[Key, Millis], Meeting] = {}
        apart: list[Meeting] = []
        for lone, track in [*self._near_dense(times | added, rows, added, wanted, found, apart)]:
            self._meet(lone, track, found, lone_only=False)
        for lone, track in [*self._together(added), *self._on_the_way(fresh)]:
            if wanted(int(lone["mmsi"])) or wanted(track // SEGMENTS):
                self._meet(lone, track, found, lone_only=False)
        for lone, own in zip(fresh, tracks(fresh).tolist(), strict=True):
            for key in followed.get(own, ()):
                one, other = key[0] * SEGMENTS + key[2], key[1] * SEGMENTS + key[3]
                self._meet(lone, other if one == own else one, found, lone_only=True)
        met = {key for key, _ in found}
        for meeting in apart:
            if meeting.key in known or meeting.key in met:
                found.setdefault((meeting.key, int(meeting.lone["time"])), meeting)
        return [found[each] for each in sorted(found)], added

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
        self._ticks = {time: np.frombuffer(rows, TICK) for time, rows in data.items()}
        self._tracks = {time: tracks(rows) for time, rows in self._ticks.items()}

    # --- which lone ticks, and who may be near them

    def _first_of_runs(self, rows: Rows) -> Rows:
        """Ticks on the grid before which the vessel has none: a lone fix may lie on the grid by chance."""
        parts: list[Rows] = []
        for time in np.unique(rows["time"][rows["time"] % self._step == 0]).tolist():
            now = rows[rows["time"] == time]
            parts.append(now[~self._neighbours.has(time - self._step, tracks(now))])
        return joined(parts, TICK)

    def _add(self, fresh: Rows) -> set[Millis]:
        steps = -(-fresh["time"] // self._step) * self._step
        added: set[Millis] = set(np.unique(steps).tolist())
        for time in added:
            together = joined([self._ticks.get(time, no_ticks()), fresh[steps == time]], TICK)
            self._ticks[time] = together[np.lexsort([together["time"], tracks(together)])]
            self._tracks[time] = tracks(self._ticks[time])
        return added

    def _near_dense(
        self,
        times: Iterable[Millis],
        rows: Rows,
        added: set[Millis],
        wanted: Callable[[int], bool],
        found: dict[tuple[Key, Millis], Meeting],
        apart: list[Meeting],
    ) -> Iterable[tuple[Rows, int]]:
        """Lone ticks between two instants, and the vessels that have ticks near them at the second one.

        Where the other vessel has ticks at both instants and none between them, the meeting is `found` here,
        for all at once, or noted as too far `apart`. The rest is returned: a lone tick, and a track.
        """
        s = self._settings
        for time in sorted(times):
            lone = self._ticks.get(time, no_ticks())
            lone = lone[lone["time"] != time]
            there = self._neighbours.at(time) if time in added else rows[rows["time"] == time]
            if not len(lone) or not len(there):
                continue
            metres = s.keep_metres + s.under_way_knots * KNOT * self._step
            i, j = pairs_within(_points(lone), _points(there), metres / EARTH_RADIUS_M)
            one, other = lone["mmsi"][i], there["mmsi"][j]
            is_wanted = {mmsi: wanted(mmsi) for mmsi in {*one.tolist(), *other.tolist()}}
            either = [is_wanted[a] or is_wanted[b] for a, b in zip(one.tolist(), other.tolist(), strict=True)]
            keep = (one != other) & np.array(either, bool)
            if keep.any():
                i, j = i[keep], j[keep]
                yield from self._between_instants(time, lone.take(i), there.take(j), found, apart)

    def _between_instants(
        self,
        time: Millis,
        lone: Rows,
        after: Rows,
        found: dict[tuple[Key, Millis], Meeting],
        apart: list[Meeting],
    ) -> Iterable[tuple[Rows, int]]:
        """The same for lone ticks and the ticks of another vessel at the instant after them, row by row."""
        other = tracks(after)
        before, dense = self._neighbours.find_all(time - self._step, other)
        dense &= ~np.isin(other, self._tracks[time])
        yield from zip(lone.compress(~dense), other[~dense].tolist(), strict=True)
        lone, after, before = lone.compress(dense), after.compress(dense), before.compress(dense)
        there = _between(before, after, lone["time"])
        near = haversine_m(lone["lon"], lone["lat"], there["lon"], there["lat"]) <= self._contact_metres
        for i, (own, track) in enumerate(zip(tracks(lone).tolist(), other[dense].tolist(), strict=True)):
            meeting = Meeting(lone[i], there[i], _key(own, track))
            if near[i]:
                found.setdefault((meeting.key, int(lone["time"][i])), meeting)
            else:
                apart.append(meeting)

    def _together(self, added: Iterable[Millis]) -> Iterable[tuple[Rows, int]]:
        """Lone ticks of the same time that are near each other: heard in the same pass of a satellite."""
        for step in sorted(added):
            every = self._ticks[step]
            _, number, count = np.unique(every["time"], return_inverse=True, return_counts=True)
            every = every.compress(count[number] > 1)
            if not len(every):
                continue
            points = _points(every)
            i, j = pairs_within(points, points, self._contact_metres / EARTH_RADIUS_M)
            time, track = every["time"], tracks(every)
            met = (time[i] == time[j]) & (track[i] < track[j])
            yield from zip(every.take(i[met]), track[j[met]].tolist(), strict=True)

    def _on_the_way(self, fresh: Rows) -> Iterable[tuple[Rows, int]]:
        """Lone ticks near the way that another vessel drifted between two lone ticks."""
        if not len(fresh):
            return
        s = self._settings
        own = np.unique(tracks(fresh))  # a leg ends with one of these ticks; there may be a million others
        of_own = [self._ticks[step].compress(np.isin(number, own)) for step, number in self._tracks.items()]
        theirs = _by_track(of_own)
        track = tracks(theirs)
        before, after = theirs[:-1], theirs[1:]
        took = (after["time"] - before["time"]).astype("f8")
        metres = haversine_m(before["lon"], before["lat"], after["lon"], after["lat"])
        drifted = (track[1:] == track[:-1]) & (took > self._step) & (took <= s.silence)
        drifted &= np.maximum(before["sog"], after["sog"]) < s.drift_knots
        drifted &= metres <= s.drift_knots * KNOT * took
        drifted &= np.isin(after["time"], fresh["time"])
        (legs,) = np.nonzero(drifted)
        if not len(legs):
            return
        every = _by_track(list(self._ticks.values()))
        number = tracks(every)
        middle = _points(before.take(legs)) + _points(after.take(legs))
        middle /= np.linalg.norm(middle, axis=1, keepdims=True)
        reach = (s.keep_metres + metres[legs] / 2) / EARTH_RADIUS_M
        i, j = pairs_within(middle, _points(every), reach)
        leg, time = legs[i], every["time"][j]
        met = (before["time"][leg] < time) & (time < after["time"][leg]) & (track[leg] != number[j])
        yield from zip(every.take(j[met]), track[leg[met]].tolist(), strict=True)

    # --- where the other one was

    def _meet(
        self, lone: Rows, track: int, found: dict[tuple[Key, Millis], Meeting], *, lone_only: bool
    ) -> None:
        """Add the meeting of a lone tick with another vessel; with `lone_only` also if that was not heard."""
        time = int(lone["time"])
        key = _key(_track(lone), track)
        if key[0] == key[1] or (key, time) in found:
            return
        other = self._place(track, time)
        if other is not None or lone_only:
            found[key, time] = Meeting(lone, other, key)

    def _place(self, track: int, time: Millis) -> Rows | None:
        """Where a vessel was at a time, as a TICK row; None where that is not known."""
        s, step = self._settings, self._step
        exact = self._neighbours.find(time, track)
        if exact is not None:
            return exact
        end = at_or_after(time, step)
        for row in self._lone(end, track):
            if row["time"] == time:
                return row
        last = max([*self._ticks, *self._neighbours.times], default=time)
        before = self._nearest(track, time, range(end, time - s.silence, -step))
        after = self._nearest(track, time, range(end, min(last, time + s.silence) + 1, step))
        if before is None or after is None:
            return None
        took = int(after["time"] - before["time"])
        if took > step:
            slow = max(before["sog"], after["sog"]) < s.drift_knots
            metres = haversine_m(before["lon"], before["lat"], after["lon"], after["lat"])
            if took > s.silence or not slow or metres > s.drift_knots * KNOT * took:
                return None
        return _between(before, after, time)

    def _nearest(self, track: int, time: Millis, steps: range) -> Rows | None:
        """The tick of a vessel that is nearest in time: after it where `steps` ascend, else before it."""
        later = steps.step > 0
        for end in steps:
            there = [
                row for row in self._lone(end, track) if (row["time"] > time if later else row["time"] < time)
            ]
            at = end if later else end - self._step
            if (at > time) == later and at != time:
                on_grid = self._neighbours.find(at, track)
                if on_grid is not None:
                    there.append(on_grid)
            if there:
                nearest: Rows = min(there, key=lambda row: abs(int(row["time"]) - time))
                return nearest
        return None

    def _lone(self, step: Millis, track: int) -> Iterable[Rows]:
        """The ticks of a vessel in a step."""
        numbers = self._tracks.get(step)
        if numbers is None:
            return ()
        first = int(numbers.searchsorted(track))
        if first == len(numbers) or numbers[first] != track:
            return ()
        return self._ticks[step][first : numbers.searchsorted(track, "right")]


def _by_track(parts: Sequence[Rows]) -> Rows:
    """Ticks in order of their tracks, and of time."""
    rows = joined(parts, TICK)
    return rows.take(np.lexsort([rows["time"], tracks(rows)]))


def _between(before: Rows, after: Rows, time: Any) -> Rows:
    """The ticks of vessels between two of their ticks, a row or many."""
    share = (time - before["time"]) / (after["time"] - before["time"])
    if np.ndim(share):
        row = before.copy()
        row[share >= 0.5] = after[share >= 0.5]
    else:
        row = (after if share >= 0.5 else before).copy()
    row["time"] = time
    row["lon"] = unwrap(before["lon"] + share * unwrap(after["lon"] - before["lon"]))
    row["lat"] = before["lat"] + share * (after["lat"] - before["lat"])
    row["sog"] = before["sog"] + share * (after["sog"] - before["sog"])
    return row


def _key(one: int, other: int) -> Key:
    """The pair of two tracks."""
    low, high = sorted((one, other))
    return (low // SEGMENTS, high // SEGMENTS, low % SEGMENTS, high % SEGMENTS)


def _track(row: Rows) -> int:
    return int(row["mmsi"]) * SEGMENTS + int(row["segment"])


def _points(rows: Rows) -> npt.NDArray[np.float64]:
    return unit_vectors(rows["lon"], rows["lat"]).T
