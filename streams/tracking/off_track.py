"""Off track: the positions of one MMSI that its track goes on without, in runs, of which a few are kept."""

from typing import Protocol

import msgspec

from models.time import MINUTE, SECOND, Millis
from models.vessel import ON_OWN_TRACK, Leap, OffTrack
from streams.tracking.resolution import Resolution
from streams.tracking.track import KNOT, Fix, Segment, TrackSettings, metres_between


class OffTrackVessel(Protocol):
    """What is read and changed of a vessel's state."""

    segments: list[Segment]
    off_track: list[OffTrack]


def off_track_of(vessel: OffTrackVessel) -> tuple[OffTrack, ...]:
    """The runs of wild fixes that are over: the track was heard again after them."""
    heard = max((segment.time for segment in vessel.segments if segment.believed), default=0)
    return tuple(run for run in vessel.off_track if run.end < heard)


def jump_of(vessel: OffTrackVessel, s: TrackSettings) -> OffTrack | None:
    """The confirmed run of positions off the track that goes on, as it began; None if there is none.

    It stays the same for as long as the run goes on.
    """
    if len(vessel.segments) < 2:
        return None
    heard = max(segment.time for segment in vessel.segments if segment.believed)
    waiting = {segment.number for segment in vessel.segments if not segment.believed}
    for run in reversed(vessel.off_track):
        if run.track_lon is None or run.track_lat is None:
            continue
        if run.segment in waiting and run.end >= heard and run.positions >= s.confirmed_fixes:
            km = round(metres_between(run.track_lon, run.track_lat, run.lon, run.lat) / 1000, 1)
            return msgspec.structs.replace(
                run, end=run.start, positions=s.confirmed_fixes, kilometers=km, meanwhile=0
            )
    return None


def tail(wrong: Segment, fix: Fix, number: int = ON_OWN_TRACK) -> OffTrack:
    """The fixes since a track was last confirmed, as seen from a fix at the place that was right.

    `number` is that of the track, if it had none but these; -1 if nothing says that they are false.
    """
    start, fixes = (wrong.run, wrong.run_fixes) if wrong.leap is None else (wrong.leap.time, wrong.fixes)
    metres = metres_between(wrong.lon, wrong.lat, fix[3], fix[4])
    return OffTrack(
        start,
        wrong.time,
        fixes,
        round(metres / 1000, 1),
        wrong.lon,
        wrong.lat,
        number,
        track_lon=fix[3],
        track_lat=fix[4],
        knots=_implied(metres, fix[0] - wrong.time),
        at=wrong.time,
    )


def _implied(metres: float, dt: Millis) -> float:
    """Knots that a way in so many milliseconds implies."""
    return round(metres / max(dt, SECOND) / KNOT, 1)


def note_off_track(vessel: OffTrackVessel, segment: Segment, fix: Fix, s: TrackSettings) -> None:
    """Count a fix that lies off the track: with the run before it at the same place, or as a new run."""
    time, lon, lat = fix[0], fix[3], fix[4]
    track = next(other for other in vessel.segments if other.believed)
    metres = metres_between(track.lon, track.lat, lon, lat)
    km, knots = round(metres / 1000, 1), _implied(metres, time - track.time)
    off = OffTrack(
        *(time, time, 1, km, lon, lat, segment.number, track.lon, track.lat, knots, time, segment.others)
    )
    patience = s.silence_minutes * MINUTE
    for i, run in enumerate(vessel.off_track):
        if run.segment == segment.number and (time - run.end <= patience or track.time < run.end):
            vessel.off_track[i] = _merged(run, off)
            return
    add_off_track(vessel, off, s)


def add_off_track(vessel: OffTrackVessel, run: OffTrack, s: TrackSettings) -> None:
    """Remember a run; the two that are nearest in time are merged when there are too many."""
    runs = sorted([*vessel.off_track, run], key=lambda each: (each.start, each.end, each.segment))
    if len(runs) > s.kept_off_track:
        i = min(range(len(runs) - 1), key=lambda k: (runs[k + 1].start - runs[k].end, k))
        runs[i : i + 2] = [_merged(runs[i], runs[i + 1])]
    vessel.off_track = runs


def leap_between(segment: Segment, track: Segment, rounded: Resolution, s: TrackSettings) -> Leap | None:
    """How a place was reached from a track, if no ship could have come there."""
    first = segment.held[0] if segment.held else None
    lon, lat = (first[3], first[4]) if first else (segment.lon, segment.lat)
    metres, after = metres_between(track.lon, track.lat, lon, lat), max(segment.run - track.time, 0)
    beyond = rounded.beyond(metres, track.lon, track.lat, lon, lat)
    if beyond <= s.jitter_metres + s.never_join_knots * KNOT * after:
        return None
    return Leap(segment.run, segment.number, round(metres / 1000, 1), after)


def _merged(a: OffTrack, b: OffTrack) -> OffTrack:
    """Two runs as one, at the place of the longer one."""
    longer = a if a.positions >= b.positions else b
    return OffTrack(
        min(a.start, b.start),
        max(a.end, b.end),
        a.positions + b.positions,
        max(a.kilometers, b.kilometers),
        longer.lon,
        longer.lat,
        -1 if b.segment == ON_OWN_TRACK else b.segment,  # between the two it may have been right
        longer.track_lon,
        longer.track_lat,
        longer.knots,
        longer.at,
        max(a.meanwhile, b.meanwhile),
    )
