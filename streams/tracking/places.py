"""Places: to which track of an MMSI each fix belongs, and which of the tracks are believed.

A fix that no track reaches begins a new place. So a wild fix, jamming, or a second ship under the same MMSI
becomes a track of its own instead of a zigzag. The vessel's own fixes decide which place is believed:

- The first place is believed at once. It gives way to the first other one that is confirmed while it is not.
- After a silence, or when the MMSI has been heard elsewhere since, a fix that the ship could reach, but not
  at the speed it had, waits until a few more confirm it. What the fix itself reports proves nothing then.
- A track that took a wrong fix in, after a silence or by a leap, is won back by a few fixes that go on from
  where it was before.
- A second place is believed once it has gone on for 75 minutes while the first was silent: the ship has
  moved. Jamming moves positions for 10 to 60 minutes at a time. A track that was believed before wins back
  as soon as it is confirmed again.
- If the first was there for less than that since a silence, and the second is where a drift from before the
  silence may have led, the first was jamming: the track goes on at the second place.
- Both are believed, and the MMSI is known as shared, once both have gone on together for 75 minutes with
  many fixes each, one between those of the other. Jamming silences one place while the other one is heard.

Fixes of a place that is not believed are left out of the track and remembered as off it; if the place is
believed later, they are emitted then. The rule is this project's judgement. What it has to tell apart is
described by the reports of GNSS interference in the Baltic and the Black Sea (EASA SIB 2022-02, C4ADS 2019,
"Above Us Only Stars"), where positions of many ships jump to one airport, circle, or drift.
"""

from typing import Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.time import MINUTE, Millis
from models.vessel import Leap, OffTrack, Places, Stay
from streams.tracking.off_track import (
    add_off_track,
    jump_of,
    leap_between,
    note_off_track,
    off_track_of,
    tail,
)
from streams.tracking.plain_fixes import PlainVessel, go_on_plainly
from streams.tracking.resolution import NOT_ROUNDED, Resolution
from streams.tracking.track import (
    DRIFT_KNOTS,
    KNOT,
    Fix,
    Place,
    Segment,
    TrackSettings,
    begin,
    credible,
    drop_dead,
    expected,
    free_number,
    is_confirmed,
    known_speed,
    metres_between,
    move,
    own_speed,
    reaches,
)

_HELD: Final = 16
"""Fixes that wait on a place that is not believed: one for each of so many parts of the time it takes."""
_LEAST_KNOWN: Final = 0.5
"""A track that a vessel comes back to has at least this many times the fixes of the place in between, for
that to be false. Else a recording that begins with jamming would make the ship's own track the false one.
Source: judgement."""
_BY_ONE: Final = 6
"""So many are looked at one by one after a fix that is not plain: others like it may follow."""
_HOME: Final = 110 * MINUTE
"""A track is won back from where it was at most this long ago. Source: the silence that counts as contact."""


class PlacedVessel(PlainVessel, Protocol):
    """What is read and changed of a vessel's state."""

    off_track: list[OffTrack]


class Placed(msgspec.Struct):
    """Where the fixes of one vessel in one step belong."""

    numbers: npt.NDArray[np.uint16]  # the track of each row
    keep: npt.NDArray[np.bool_]  # whether the row is on a believed track
    breaks: npt.NDArray[np.bool_]  # whether the row begins its track anew
    late: list[tuple[Fix, int, bool]] = []  # fixes of earlier steps: fix, track, whether it begins that anew


def place_fixes(
    vessel: PlacedVessel, rows: Rows, s: TrackSettings, rounded: Resolution = NOT_ROUNDED
) -> Placed:
    """Put the fixes of one MMSI, sorted by time, on its tracks, fix by fix. `rounded` is what they are
    rounded to: no way is one that this explains.

    Changes the vessel: its tracks move on, places begin and end, and what lies off the track is noted.
    """
    placed = Placed(np.zeros(len(rows), np.uint16), *np.zeros((2, len(rows)), bool))
    at, by_one = 0, 0
    while at < len(rows):
        if at >= by_one and rounded == NOT_ROUNDED:
            plain = go_on_plainly(vessel, rows[at:], placed.numbers[at:], s)
            placed.keep[at : at + plain] = True
            at, by_one = at + plain, at + plain + _BY_ONE
        else:
            _place(vessel, rows, at, placed, rounded, s)
            at += 1
    # a track can end in the step that began it: what it had is off the track then
    alive = {segment.number for segment in vessel.segments}
    if not alive.issuperset(placed.numbers.tolist()):
        placed.keep &= np.isin(placed.numbers, list(alive))
    placed.late = [late for late in placed.late if late[1] in alive]
    return placed


def _place(
    vessel: PlacedVessel, rows: Rows, i: int, placed: Placed, rounded: Resolution, s: TrackSettings
) -> None:
    """Put one of the fixes on its track."""
    fix: Fix = rows[i].item()
    drop_dead(vessel.segments, fix[0], s)
    segment = _track_of(vessel.segments, fix, rounded, s)
    if segment.believed:
        _go_on(vessel, segment, fix)
    elif (number := _wait(vessel, segment, fix, rounded, s)) is not None:
        _emit_held(segment, number, placed, i, rows)
    placed.keep[i], placed.numbers[i] = segment.believed, segment.number


def is_shared(vessel: PlacedVessel, instant: Millis, s: TrackSettings) -> bool:
    """Whether the MMSI has been two ships lately."""
    return instant - vessel.shared_at <= s.shared_hours * 60 * MINUTE


def places_of(vessel: PlacedVessel, instant: Millis, circle: Stay | None, s: TrackSettings) -> Places:
    """Where the MMSI is heard; `circle` is the one that its positions go round."""
    return Places(
        shared=is_shared(vessel, instant, s),
        segment=main_track(vessel),
        off_track=off_track_of(vessel),
        leaps=leaps_of(vessel),
        jump=jump_of(vessel, s),
        frozen=still_of(vessel),
        circle=circle,
    )


def main_track(vessel: PlacedVessel) -> int:
    """Number of the track that is the vessel's own, not another ship's: the one that was believed first."""
    return next((segment.number for segment in vessel.segments if segment.believed), 0)


def still_of(vessel: PlacedVessel) -> Stay | None:
    """Where a vessel with one track lies still although it reports speed; None if it does not."""
    if len(vessel.segments) != 1:
        return None
    segment = vessel.segments[0]
    if segment.still is None:
        return None
    return Stay(segment.still.time, segment.still.lon, segment.still.lat, segment.still.knots)


def leaps_of(vessel: PlacedVessel) -> tuple[Leap, ...]:
    """How the believed tracks began that no ship could have made."""
    found = (segment.leap for segment in vessel.segments if segment.believed)
    return tuple(sorted((leap for leap in found if leap is not None), key=lambda leap: leap.time))


def restart(segment: Segment, place: Place, run: Millis, fixes: int, s: TrackSettings) -> None:
    """The track has to be confirmed again: it was silent, or took a leap that its speed does not explain.

    It was at `place` before. If that was not confirmed either, what was confirmed last is remembered: else a
    second wild fix would make the ship's own place forgotten.
    """
    if segment.before is None or segment.run_fixes >= s.confirmed_fixes:
        segment.before = place
    segment.run, segment.run_fixes = run, fixes


def place_of(segment: Segment) -> Place:
    """Where a track is at its end."""
    return Place(segment.time, segment.lon, segment.lat, known_speed(segment))


def _track_of(segments: list[Segment], fix: Fix, rounded: Resolution, s: TrackSettings) -> Segment:
    """The track that reaches a fix and is expected nearest to it, or a new one, moved on to the fix."""
    time, _, _, lon, lat, sog = fix[:6]
    newest = max([segment.time for segment in segments], default=time)
    reached: list[tuple[Segment, float]] = []  # with metres
    for segment in segments:
        metres = metres_between(segment.lon, segment.lat, lon, lat)
        metres = rounded.beyond(metres, segment.lon, segment.lat, lon, lat)
        silent, contested = time - segment.time, segment.time < newest
        if reaches(silent, metres, credible(sog, own_speed(segment, s), silent, s), contested, s):
            reached.append((segment, metres))
    if not reached:
        return _begin(segments, fix, _track_won_back(segments, fix, rounded, s), s)
    best, nearest = reached[0]
    if len(reached) > 1:
        best, nearest = min(reached, key=lambda each: metres_between(*expected(each[0], time, s), lon, lat))
    contested, silent = best.time < newest, time - best.time
    was_silent, leapt = silent > s.silence_minutes * MINUTE, False
    if best.believed and nearest > s.jitter_metres:
        own = own_speed(best, s)
        if contested and was_silent and own == own:
            leapt = nearest > s.jitter_metres + s.reported_factor * own * KNOT * silent
        else:
            knots = own if contested or was_silent else credible(sog, own, silent, s)
            leapt = not reaches(silent, nearest, knots, True, s)
    if leapt and (contested or was_silent):
        segment = _begin(segments, fix, best.number, s)
        segment.follows = True
        return segment
    if leapt or (was_silent and (best.believed or contested) and silent > _patience(best, s)):
        restart(best, place_of(best), time, 0, s)
        best.blocks = best.others = 0
        best.held = []
    best.blocks += contested
    move(best, fix)
    best.fixes += 1
    best.run_fixes += 1
    return best


def _patience(segment: Segment, s: TrackSettings) -> float:
    """How long a track may be silent and still goes on without a break, milliseconds.

    A place that is heard rarely may be silent for longer.
    """
    patience = s.silence_minutes * MINUTE
    if not segment.believed and segment.run_fixes >= s.confirmed_fixes:
        patience = max(patience, 3 * (segment.time - segment.run) / (segment.run_fixes - 1))
    return patience


def _track_won_back(segments: list[Segment], fix: Fix, rounded: Resolution, s: TrackSettings) -> int | None:
    """Number of the believed track that a fix goes on with, if that has taken wrong fixes in."""
    return next((g.number for g in segments if g.believed and _goes_on_from(g, fix, rounded, s)), None)


def _begin(segments: list[Segment], fix: Fix, home: int | None, s: TrackSettings) -> Segment:
    """A new place with this fix, which may be the track `home`. The first one is believed."""
    if len(segments) >= s.segments:  # the least certain one gives way
        segments.remove(
            min(segments, key=lambda g: (g.believed or g.was_believed, is_confirmed(g, s), g.time))
        )
    segment = begin(free_number(segments, fix[0]) if segments else 0, fix)
    segment.fixes = segment.run_fixes = 1
    segment.believed = not segments
    segment.blocks = int(bool(segments))
    segment.home = home
    segments.append(segment)
    return segment


def _goes_on_from(segment: Segment, fix: Fix, rounded: Resolution, s: TrackSettings) -> bool:
    """Whether a fix goes on from where a track was before it fell silent or leapt."""
    before = segment.before
    if before is None or (dt := fix[0] - before.time) > _HOME:
        return False
    metres = rounded.apart(before.lon, before.lat, fix[3], fix[4])
    if segment.run_fixes < s.confirmed_fixes:
        return reaches(dt, metres, credible(fix[5], before.knots, dt, s), True, s)
    astray = metres_between(before.lon, before.lat, segment.lon, segment.lat)
    # a drift leads away from where it was, so being nearer to that proves nothing against a track that has
    # gone on for longer than it was silent
    doubtful = not _drifts(before, segment.time, segment.lon, segment.lat, rounded, s)
    doubtful |= segment.time - segment.run <= segment.run - before.time
    return doubtful and metres < astray and _drifts(before, fix[0], fix[3], fix[4], rounded, s)


def _drifts(
    before: Place, time: Millis, lon: float, lat: float, rounded: Resolution, s: TrackSettings
) -> bool:
    """Whether a ship that was slow at a place may have drifted to another one by a time."""
    drift = s.jitter_metres + s.reported_factor * before.knots * KNOT * (time - before.time)
    return before.knots < DRIFT_KNOTS and rounded.apart(before.lon, before.lat, lon, lat) <= drift


def _was_astray(track: Segment, segment: Segment, rounded: Resolution, s: TrackSettings) -> bool:
    """Whether a track took a false place in after a silence, and `segment` is where the ship has been since.

    It was there for no longer than jamming lasts, nor than it had been silent, and had been known for
    longer.
    """
    before, first, lasted = track.before, segment.held[0] if segment.held else None, track.time - track.run
    if before is None or first is None or lasted > min(s.believed_minutes * MINUTE, track.run - before.time):
        return False
    metres = rounded.apart(before.lon, before.lat, first[3], first[4])
    known_for_longer = track.run_fixes <= track.fixes - track.run_fixes
    slow = before.knots < DRIFT_KNOTS
    return known_for_longer and slow and reaches(first[0] - before.time, metres, before.knots, True, s)


def _go_on(vessel: PlacedVessel, segment: Segment, fix: Fix) -> None:
    """A believed track has been heard."""
    for other in vessel.segments:
        if other is segment:
            continue
        if other.believed:
            vessel.shared_at = fix[0]
        else:
            other.others += 1


def _wait(
    vessel: PlacedVessel, segment: Segment, fix: Fix, rounded: Resolution, s: TrackSettings
) -> int | None:
    """A place that is not believed has been heard. Returns the number of its track if it is believed now."""
    note_off_track(vessel, segment, fix, s)
    if segment.run_fixes >= s.confirmed_fixes:
        number = _win(vessel, segment, fix, rounded, s)
        if number is not None:
            return number
    part = round(s.believed_minutes * MINUTE / (_HELD - 1))
    if not segment.held or segment.held[-1][0] // part != fix[0] // part:
        segment.held = [*segment.held, fix][-_HELD:]
    return None


def _win(
    vessel: PlacedVessel, segment: Segment, fix: Fix, rounded: Resolution, s: TrackSettings
) -> int | None:
    """Believe a confirmed place if it is time to. Returns the number under which its track goes on."""
    believed = [other for other in vessel.segments if other.believed]
    heard = max(other.time for other in believed)
    enough = s.believed_minutes * MINUTE
    home = next((other for other in believed if other.number == segment.home), None)
    if (
        home is not None
        and heard < segment.run
        and (segment.follows or segment.run_fixes > min(home.run_fixes, s.confirmed_fixes))
    ):
        _take_over(vessel, segment, home, fix, s)
    elif all(not is_confirmed(other, s) for other in believed):
        for other in believed:
            vessel.segments.remove(other)
            add_off_track(vessel, tail(other, fix), s)
    elif segment.was_believed and heard < segment.run:
        for other in believed:
            # a track that was hardly known before tells little about the one in between
            known = _LEAST_KNOWN * other.fixes <= segment.fixes
            add_off_track(vessel, tail(other, fix, other.number if known else -1), s)
            other.believed = other.was_believed = False
    elif fix[0] - max(heard, segment.run) >= enough:
        if not segment.follows and len(believed) == 1 and _was_astray(believed[0], segment, rounded, s):
            _take_over(vessel, segment, believed[0], fix, s)
        elif not segment.follows:
            segment.leap = leap_between(segment, max(believed, key=lambda other: other.time), rounded, s)
        for other in believed:
            other.believed, other.was_believed = False, True
    elif _together(segment, fix[0] - segment.run, s):
        vessel.shared_at = fix[0]
    else:
        return None
    vessel.off_track = [run for run in vessel.off_track if run.segment != segment.number]
    segment.believed, segment.was_believed, segment.home = True, False, None
    return segment.number


def _together(segment: Segment, lasted: Millis, s: TrackSettings) -> bool:
    """Whether a place and the believed tracks have gone on together, as two ships do."""
    rarer = min(segment.run_fixes, segment.others)
    return (
        lasted >= s.believed_minutes * MINUTE
        and rarer >= s.believed_fixes
        and segment.blocks >= s.together_share * rarer
    )


def _take_over(vessel: PlacedVessel, segment: Segment, home: Segment, fix: Fix, s: TrackSettings) -> None:
    """The place goes on with the track `home`, under its number; that took wrong fixes in, or fell silent."""
    if not segment.follows:
        add_off_track(vessel, tail(home, fix), s)
    vessel.off_track = [run for run in vessel.off_track if run.segment != segment.number]
    vessel.segments.remove(segment)
    vessel.segments[vessel.segments.index(home)] = segment
    segment.number, segment.trail, segment.knots = home.number, home.trail, home.knots
    segment.fixes += home.fixes - (0 if segment.follows else home.run_fixes)
    segment.before = place_of(home) if segment.follows else home.before


def _emit_held(segment: Segment, number: int, placed: Placed, i: int, rows: Rows) -> None:
    """The place is believed now: what it waited with is emitted.

    Its track begins anew with that, unless it follows on the one before.
    """
    first = int(rows["time"][0])
    earlier = [fix for fix in segment.held if fix[0] < first]
    placed.late += [(fix, number, k == 0 and not segment.follows) for k, fix in enumerate(earlier)]
    times = {fix[0] for fix in segment.held}
    again = False
    for k in range(i):  # of this step
        if int(rows["time"][k]) in times and not placed.keep[k]:
            placed.keep[k], placed.numbers[k] = True, number
            placed.breaks[k] = not (earlier or again or segment.follows)
            again = True
    placed.breaks[i] = not (earlier or again or segment.follows)
    segment.held, segment.follows = [], False
