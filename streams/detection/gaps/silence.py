"""Silence: one vessel that is not heard any more, until it is heard again and its draught is known.

This is what one vessel shows. Whether reception explains it is judged where all vessels are compared
(`judgement`).
"""

import math

import msgspec
import numpy as np

from geofences.surroundings import Surroundings, bounds, middle
from models.event import (
    Detector,
    Event,
    EventType,
    Evidence,
    Gap,
    Level,
    Reason,
    Status,
    event_id,
)
from models.time import HOUR, Millis, to_text
from models.vessel import Identity
from streams.detection.explanation import hours, position, sample, vessel_of
from streams.detection.gaps.hearing import (
    Hearing,
    expected_silence,
    known_for,
    plausible_knots,
    positions_before,
)
from streams.detection.gaps.settings import GapSettings
from streams.tracking.track import KNOT, Segment, known_speed, metres_between


class Spot(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A position of the vessel at one end of its silence."""

    time: Millis
    lon: float
    lat: float
    sog: float
    cog: float
    status: int


class Silence(msgspec.Struct, array_like=True, gc=False):
    """A silence that may be a gap."""

    start: Millis  # when the vessel was last heard
    off: Spot
    expected: Millis
    knots: float  # that it can keep
    positions: int  # steps with one in the 12 hours before
    draught: float | None  # before
    back: Millis | None = None  # when it was heard again
    on: Spot | None = None
    over: bool = False  # its end has been told
    draughts_heard: int = 0  # since it is back
    receivers: list[str] = []  # of the first position after it
    # what was passed on
    id: str | None = None
    revision: int = 0
    told: float | None = None  # the draught after it, with which it was told last
    paused: bool = False  # it has been slow since, and may have loaded or discharged then


def is_known(hearing: Hearing, last: Millis, s: GapSettings) -> bool:
    """Whether enough is known of how a vessel was heard up to `last` to say that it fell silent."""
    long_enough = known_for(hearing, last) >= s.min_heard_hours * HOUR
    return long_enough and positions_before(hearing, last) >= s.min_positions


def propose(
    hearing: Hearing, last: Millis, segment: Segment, draught: float | None, s: GapSettings
) -> Silence | None:
    """The silence of a vessel last heard at `last`, whose track ended with `segment`; None if it is ordinary.

    It is ordinary where too little is known of how the vessel is heard, and where its last position is not
    from the time when it fell silent.
    """
    if not is_known(hearing, last, s) or last - segment.time > HOUR:
        return None
    return Silence(
        start=last,
        off=Spot(segment.time, segment.lon, segment.lat, known_speed(segment), segment.cog, segment.status),
        expected=expected_silence(hearing, s),
        knots=plausible_knots(hearing, s),
        positions=positions_before(hearing, last),
        draught=draught,
    )


def build_event(
    silence: Silence,
    identity: Identity,
    instant: Millis,
    status: Status,
    retraction: Reason | None,
    surroundings: Surroundings,
    detector: Detector,
) -> Event:
    """What one vessel tells of its silence. Level and score are decided by `judgement`."""
    off, on = silence.off, silence.on
    if silence.id is None:
        silence.id = event_id(EventType.GAP, (identity.mmsi,), silence.start, off.lon, off.lat)
    silence.revision += 1
    spots = [off] if on is None else [off, on]
    lon, lat = np.array([spot.lon for spot in spots]), np.array([spot.lat for spot in spots])
    end = instant if silence.back is None else silence.back
    metres = None if on is None else metres_between(off.lon, off.lat, on.lon, on.lat)
    known = silence.draughts_heard > 1
    return Event(
        id=silence.id,
        type=EventType.GAP,
        revision=silence.revision,
        status=status,
        level=Level.POSSIBLE,
        start=to_text(silence.start),
        end=None if status is Status.OPEN else to_text(end),
        detected=to_text(instant),
        position=position(*middle(lon, lat)),
        bounding_box=bounds(lon, lat),
        distances=surroundings.distances((lon[0], lon[-1]), (lat[0], lat[-1])),
        vessel=vessel_of(identity),
        gap=Gap(
            duration_hours=hours(end - silence.start),
            expected_hours=hours(silence.expected),
            off_position=position(off.lon, off.lat),
            on_position=None if on is None else position(on.lon, on.lat),
            distance_km=None if metres is None else round(metres / 1000, 2),
            implied_speed_knots=None
            if on is None or metres is None
            else round(metres / max(on.time - off.time, 1) / KNOT, 2),
            speed_before_knots=None if math.isnan(off.sog) else round(off.sog, 1),
            plausible_speed_knots=round(silence.knots, 1),
            positions_before=silence.positions,
            draught_before_meters=silence.draught,
            draught_after_meters=identity.draught if known else None,
        ),
        geofences=surroundings.relations(lon, lat),
        score=0.0,
        reasons=(),
        against=() if retraction is None else (retraction,),
        summary="",
        evidence=Evidence(
            positions=tuple(
                sample(spot.time, identity.mmsi, spot.lon, spot.lat, spot.sog, spot.cog) for spot in spots
            ),
            receivers=tuple(silence.receivers),
        ),
        detector=detector,
    )
