"""What was seen of a silent vessel: which sightings it can have been, and what they make of its silence.

A gap stays one event, because the AIS was silent all the time. Its sightings divide it into stretches in
which the vessel was neither heard nor seen.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from models.event import Event, Gap, Reason
from models.sighting import Seen, Sighting, seen_of
from models.time import HOUR, Millis, duration_text, from_text
from streams.detection.gaps.reasons import SIGHTED, SIGHTED_FITTING
from streams.detection.gaps.settings import GapSettings
from streams.detection.sightings.settings import SightingSettings
from streams.tracking.track import metres_between

REACH: Final = "reach"
"""How a sighting was matched that names nobody: only this silent vessel can have been there."""
_MOST: Final = 20
"""Sightings of one silence that are kept."""


class Silence(NamedTuple):
    """The silence of one vessel: the gap as it was proposed, and when it began and ended; None: it lasts."""

    mmsi: int
    gap: str  # id of the event
    event: Event
    start: Millis
    end: Millis | None


class Attached(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A sighting that is taken for one of the vessel, and how it was matched: `imo`, `mmsi` or `reach`."""

    sighting: Sighting
    matched_on: str

    @property
    def named(self) -> bool:
        """Whether the sighting names the vessel by a number."""
        return self.matched_on != REACH


def attach(kept: Sequence[Attached], new: Attached) -> list[Attached]:
    """Those that were kept and a new one, by time; the earliest go where they are too many."""
    others = [each for each in kept if each.sighting.id != new.sighting.id]
    return sorted([*others, new], key=lambda each: (each.sighting.time, each.sighting.id))[-_MOST:]


def silence_of(mmsi: int, event: Event) -> Silence:
    """The silence that a gap is."""
    end = None if event.end is None else from_text(event.end)
    return Silence(mmsi, event.id, event, from_text(event.start), end)


def required_knots(silence: Silence, sighting: Sighting, s: SightingSettings) -> float | None:
    """Knots at which the vessel of a gap must have sailed to have been seen there, in a straight line.

    None if the sighting is not of the time of its silence, or asks for more than it can have done.
    """
    _, _, event, start, end = silence
    gap = event.gap
    assert gap is not None
    if sighting.time < start or (end is not None and sighting.time > end):
        return None
    legs = [(gap.off_position, sighting.time - start)]
    if end is not None and gap.on_position is not None:
        legs.append((gap.on_position, end - sighting.time))
    most, needed = s.speed_factor * gap.plausible_speed_knots, 0.0
    for place, lasted in legs:
        metres = metres_between(place.lon, place.lat, sighting.lon, sighting.lat)
        metres = max(0.0, metres - s.accuracy(sighting.accuracy) - s.slack_metres)
        knots = 0.0 if not metres else metres / 1852 / (max(lasted, 1) / HOUR)
        if knots > most:
            return None
        needed = max(needed, knots)
    return round(needed, 1)


def with_sightings(event: Event, attached: Sequence[Attached], s: SightingSettings) -> Event:
    """A gap with those of its sightings that fit it as it stands."""
    if not attached or event.gap is None:
        return event
    silence = silence_of(0, event)
    fitting = [each for each in attached if required_knots(silence, each.sighting, s) is not None]
    if not fitting:
        return event
    end = from_text(event.end or event.detected)
    times = [from_text(event.start), *(each.sighting.time for each in fitting), end]
    longest = max(after - before for before, after in pairwise(times))
    seen = tuple(seen_of(each.sighting, s.accuracy_metres, each.matched_on) for each in fitting)
    gap = msgspec.structs.replace(
        event.gap, sightings=seen, longest_unseen_hours=round(max(longest, 0) / HOUR, 2)
    )
    return msgspec.structs.replace(event, gap=gap)


def sighting_reasons(gap: Gap, s: GapSettings) -> list[Reason]:
    """For: that it was seen while it was silent. The last sighting that names it stands for all."""
    named = [each for each in gap.sightings if each.matched_on != REACH]
    if named:
        number = "IMO number" if named[-1].matched_on == "imo" else "MMSI"
        return [SIGHTED.reason(s, when=_clock(named[-1].time), what=described(named[-1]), number=number)]
    if gap.sightings:
        last = gap.sightings[-1]
        return [SIGHTED_FITTING.reason(s, when=_clock(last.time), what=described(last))]
    return []


def sighting_sentence(gap: Gap) -> str:
    """What the summary says of sightings; empty without them."""
    if not gap.sightings or gap.longest_unseen_hours is None:
        return ""
    last = gap.sightings[-1]
    where = f"{abs(last.lat):.3f}°{'N' if last.lat >= 0 else 'S'} "
    where += f"{abs(last.lon):.3f}°{'E' if last.lon >= 0 else 'W'}"
    longest = duration_text(round(gap.longest_unseen_hours * HOUR))
    who = "It was seen" if last.matched_on != REACH else "A vessel that fits it was seen"
    unseen = f" Neither heard nor seen it was for {longest} at a stretch."
    return f" {who} meanwhile, last at {_clock(last.time)} UTC at {where}, by {described(last)}.{unseen}"


def described(seen: Seen) -> str:
    """By what it was seen, in a sentence: `satellite image S1A-1234`."""
    kind = {"image": "satellite image", "radar": "radar", "patrol": "patrol"}.get(seen.kind, "others")
    return f"{kind} {seen.reference}" if seen.reference else kind


def _clock(time: str) -> str:
    return time[:16].replace("T", " ")
