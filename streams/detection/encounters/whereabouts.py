"""Whereabouts: where vessels were at moments between their ticks, for whole columns.

Between two ticks a vessel's place is known if they are neighbours on the grid, or if it can only have drifted
from one to the other.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from geofences.distance import haversine_m, unwrap
from models.report import Rows, joined
from models.tick import TICK
from models.time import MINUTE, Millis
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.ticks.neighbours import Steps
from streams.detection.ticks.packed import Numbers
from streams.runtime.compiled import compiled
from streams.tracking.track import KNOT

Bools = npt.NDArray[np.bool_]
_NONE: Final = -1
_OFTEN: Final = 10 * MINUTE
"""A vessel with ticks no farther apart was heard about then. Judgement: two steps of the grid."""


class _Table(NamedTuple):
    """The ticks of all steps, one step after the other."""

    parts: list[Rows]
    tracks: Numbers
    begins: Numbers  # of each step
    slots: Numbers  # by the number of the step since the first: which of them it is; -1 for none


def places(
    track: Numbers, time: Numbers, grid: Steps, lone: Steps, step: Millis, s: EncounterSettings
) -> tuple[Rows, Bools]:
    """Where each track was at a time, as TICK rows, and for which rows that is known; the others are any.

    `grid` has the ticks at instants, `lone` those of fixes that stand alone.
    """
    if not len(track):
        return np.zeros(0, TICK), np.zeros(0, bool)
    first, last = min([*grid.ticks, *lone.ticks]), max([*grid.ticks, *lone.ticks])
    on_grid, alone = (_table(each, first, last, step) for each in (grid, lone))
    times = np.concatenate([np.empty(0, np.int64), *(each["time"] for each in alone.parts)])
    before, after = _around(
        track,
        time,
        on_grid.tracks,
        on_grid.begins,
        on_grid.slots,
        alone.tracks,
        times,
        alone.begins,
        alone.slots,
        first,
        last,
        step,
        s.silence,
    )
    (there,) = np.nonzero((before != _NONE) & (after != _NONE))
    rows, known = np.zeros(len(track), TICK), np.zeros(len(track), bool)
    exact = there[before[there] == after[there]]
    rows[exact], known[exact] = _rows(on_grid, alone, before[exact]), True
    there = there[before[there] != after[there]]
    one, other = _rows(on_grid, alone, before[there]), _rows(on_grid, alone, after[there])
    took = other["time"] - one["time"]
    faster = np.where(other["sog"] > one["sog"], other["sog"], one["sog"])
    metres = haversine_m(one["lon"], one["lat"], other["lon"], other["lat"])
    drifted = (faster < s.drift_knots) & (took <= s.silence) & (metres <= s.drift_knots * KNOT * took)
    ok = (took <= step) | drifted
    there = there[ok]
    rows[there], known[there] = between(one.compress(ok), other.compress(ok), time[there]), True
    return rows, known


def between(before: Rows, after: Rows, time: Any) -> Rows:
    """The ticks of vessels between two of their ticks, row by row."""
    share = (time - before["time"]) / (after["time"] - before["time"])
    row: Rows = joined([before, after], TICK).take(np.arange(len(before)) + (share >= 0.5) * len(before))
    row["time"] = time
    row["lon"] = unwrap(before["lon"] + share * unwrap(after["lon"] - before["lon"]))
    row["lat"] = before["lat"] + share * (after["lat"] - before["lat"])
    row["sog"] = before["sog"] + share * (after["sog"] - before["sog"])
    row["error"] = np.maximum(before["error"], after["error"])
    row["between"] = after["between"] | (after["time"] - before["time"] > _OFTEN)
    return row


def _table(steps: Steps, first: Millis, last: Millis, step: Millis) -> _Table:
    parts, tracks, begins = [], [np.empty(0, np.int64)], [0]
    slots = np.full((last - first) // step + 1, _NONE, np.int64)
    for slot, (at, rows) in enumerate(steps.ticks.items()):
        parts.append(rows)
        tracks.append(steps.tracks[at])
        begins.append(begins[-1] + len(rows))
        slots[(at - first) // step] = slot
    return _Table(parts, np.concatenate(tracks), np.array(begins, np.int64), slots)


def _rows(on_grid: _Table, alone: _Table, numbers: Numbers) -> Rows:
    """Rows by the numbers of `_around`."""
    out = np.empty(len(numbers), TICK)
    for table, of_table, number in (
        (on_grid, numbers % 2 == 0, numbers // 2),
        (alone, numbers % 2 == 1, numbers // 2),
    ):
        slot = np.where(of_table, np.searchsorted(table.begins, number, "right") - 1, _NONE)
        for each in np.unique(slot[of_table]).tolist():
            (at,) = np.nonzero(slot == each)
            out[at] = table.parts[each].take(number[at] - table.begins[each])
    return out


@compiled
def _around(
    track: Numbers,
    time: Numbers,
    grid: Numbers,
    grid_begins: Numbers,
    grid_slots: Numbers,
    lone: Numbers,
    lone_times: Numbers,
    lone_begins: Numbers,
    lone_slots: Numbers,
    first: int,
    last: int,
    step: int,
    silence: int,
) -> tuple[Numbers, Numbers]:
    """The ticks of each track that are nearest before and after a time, within `silence` milliseconds; the
    same tick twice where there is one at that very time. Twice the place on the grid, or twice the place
    among the lone ticks and 1; -1 for none.

    Steps are looked at from the time on; in a step, what is lone goes before what is on the grid.
    """
    before = np.full(len(track), -1, np.int64)
    after = np.full(len(track), -1, np.int64)
    for q in range(len(track)):
        own, now = track[q], time[q]
        end = -(-now // step) * step
        slot = grid_slots[(now - first) // step] if end == now and first <= now <= last else -1
        at = _find(grid, own, grid_begins[slot], grid_begins[slot + 1]) if slot >= 0 else -1
        if at >= 0:
            before[q] = after[q] = 2 * at
            continue
        slot = lone_slots[(end - first) // step] if first <= end <= last else -1
        if slot >= 0:
            at = _find(lone, own, lone_begins[slot], lone_begins[slot + 1])
            while 0 <= at < lone_begins[slot + 1] and lone[at] == own and lone_times[at] < now:
                at += 1
            if 0 <= at < lone_begins[slot + 1] and lone[at] == own and lone_times[at] == now:
                before[q] = after[q] = 2 * at + 1
                continue
        here = min(end, last + step)
        while here > now - silence and here >= first and before[q] < 0:
            slot = lone_slots[(here - first) // step] if here <= last else -1
            if slot >= 0:
                at = _find(lone, own, lone_begins[slot], lone_begins[slot + 1])
                while 0 <= at < lone_begins[slot + 1] and lone[at] == own and lone_times[at] < now:
                    if before[q] < 0 or lone_times[at] > lone_times[before[q] // 2]:
                        before[q] = 2 * at + 1
                    at += 1
            slot = grid_slots[(here - step - first) // step] if here - step >= first else -1
            if slot >= 0 and before[q] < 0:
                at = _find(grid, own, grid_begins[slot], grid_begins[slot + 1])
                if at >= 0:
                    before[q] = 2 * at
            here -= step
        if before[q] < 0:
            continue
        here = max(end, first)
        while here <= min(last, now + silence) and after[q] < 0:
            slot = lone_slots[(here - first) // step]
            if slot >= 0:
                at = _find(lone, own, lone_begins[slot], lone_begins[slot + 1])
                while 0 <= at < lone_begins[slot + 1] and lone[at] == own and after[q] < 0:
                    if lone_times[at] > now:
                        after[q] = 2 * at + 1
                    at += 1
            slot = grid_slots[(here - first) // step] if here > now else -1
            if slot >= 0 and after[q] < 0:
                at = _find(grid, own, grid_begins[slot], grid_begins[slot + 1])
                if at >= 0:
                    after[q] = 2 * at
            here += step
    return before, after


@compiled
def _find(tracks: Numbers, track: int, low: int, high: int) -> int:
    """The first place of a track between two; -1 for none."""
    end = high
    while low < high:
        middle = (low + high) >> 1
        if tracks[middle] < track:
            low = middle + 1
        else:
            high = middle
    return low if low < end and tracks[low] == track else -1
