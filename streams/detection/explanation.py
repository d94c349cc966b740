"""How an event names vessels, distances and times, and the reasons that several detectors share."""

import math
from collections.abc import Collection, Sequence
from importlib.metadata import version
from typing import Final

import numpy as np

from geofences.distance import Floats
from models.event import Detector, EventType, Position, Reason, Sample, Vessel
from models.innocent import Hypothesis
from models.time import HOUR, MINUTE, Millis, duration_text, to_text
from models.vessel import TANKER_TYPES, Identity, Leap, Role, flag_of
from streams.detection.reasons import Effect, LevelRule, ReasonType, Side, Weighted

VERSION: Final = version("tankerwatch")
RECEIVERS: Final = 32
"""Receivers that the evidence of one event names at most."""
ANCHORED: Final = (1, 5)
"""Navigational status at anchor and moored (ITU-R M.1371)."""
MOORED: Final = 5
"""Navigational status moored (ITU-R M.1371)."""
NOT_COMMANDED: Final = 2
"""Navigational status not under command (ITU-R M.1371)."""
_KNOWN_TO: Final = 10
"""Metres. No distance in a sentence is finer than a position: the better of the two classes of accuracy that
AIS knows is 10 m (ITU-R M.1371, position accuracy)."""

_DIGITS: Final = (5, 5, 1, 1, 1, 0, 0)
"""After the point, of the numbers of a position in the evidence."""
_SURELY: Final = 0.499_999
"""A number that is no farther from a whole one is rounded to it, whatever its last bits are."""
_MARGIN: Final = 15 * MINUTE
"""Milliseconds. What is measured on the time grid may end a few steps after the last position."""
_TOLD_OFF_TRACK: Final = 3
"""Positions off the track from which an event says so. Fewer are the wild fixes of every day. Judgement."""

LEAP_DOUBTED: Final = 24 * HOUR
"""Milliseconds after a leap for which what begins there is doubted. Judgement: ships are rarely jammed or
spoofed for longer, and a track that a leap put right should not be doubted for ever."""

WATCHED_AREA: Final = ReasonType(
    code="watched_area",
    side=Side.FOR,
    text="in a watched area: {name}",
    weight="watched_area",
)
TYPE_CHANGED: Final = ReasonType(
    code="type_changed",
    side=Side.AGAINST,
    text="MMSI {mmsi} was confirmed as a tanker and now reports another ship type",
    weight="type_changed",
)
SHARED_MMSI: Final = ReasonType(
    code="shared_mmsi",
    side=Side.AGAINST,
    text="two ships are heard under MMSI {mmsi}, in two places at once",
    weight="shared_mmsi",
    hypotheses=(Hypothesis.OTHER_SHIP,),
)
DOUBTFUL_MMSI: Final = ReasonType(
    code="doubtful_mmsi",
    side=Side.AGAINST,
    text="MMSI {mmsi} is not a number that ships are given, so neither its flag nor its identity is sure",
    weight="doubtful_mmsi",
)
ROUNDED: Final = ReasonType(
    code="rounded_positions",
    side=Side.AGAINST,
    text="its positions are rounded: it may have been up to {value:.0f} m from where they say",
    weight="rounded",
    thresholds=("leave_metres",),
    unit="m",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
COARSE: Final = ReasonType(
    code="coarse_positions",
    side=Side.AGAINST,
    text="most of its positions are rounded, and may be off by up to {value:.0f} m: they do not tell whether "
    "a vessel was near it",
    weight="coarse",
    thresholds=("coarse_metres",),
    unit="m",
)
OFF_TRACK: Final = ReasonType(
    code="off_track",
    side=Side.AGAINST,
    text="{value} positions of MMSI {mmsi} lay off its track, up to {far}, {when}; they are left out. The "
    "cause may be jamming, spoofing or another ship under its number",
    weight="off_track",
    hypotheses=(Hypothesis.JAMMING,),
)
LEAPT: Final = ReasonType(
    code="leapt",
    side=Side.AGAINST,
    text="at {when} UTC the positions of MMSI {mmsi} leapt {value:g} km, farther than a ship comes in "
    "{after}: those before it or those since are false, by jamming or spoofing, or another ship's",
    weight="leapt",
    unit="km",
    hypotheses=(Hypothesis.JAMMING,),
)
LEAPT_RULE: Final = LevelRule(
    "leapt", Effect.BAR, "the positions of a vessel leapt there less than a day before, faster than any ship"
)
FALSE_PLACE: Final = ReasonType(
    code="false_place",
    side=Side.RETRACTION,
    text="the positions of MMSI {mmsi} leapt {value:g} km off its track to there and came back to it: by "
    "jamming or spoofing, or because another ship uses its number",
    weight="retraction",
    unit="km",
)
JAMMED: Final = ReasonType(
    code="jammed_region",
    side=Side.AGAINST,
    text="positions of {value} ships jumped in this region, those of MMSI {mmsi} {when} UTC: "
    "jamming or spoofing there at the time",
    weight="jamming",
    hypotheses=(Hypothesis.JAMMING,),
)
NOT_OF_INTEREST: Final = ReasonType(
    code="excluded_type",
    side=Side.RETRACTION,
    text="the vessel turned out to be none that counts: by its ship type, flag, IMO number or a watchlist",
    weight="retraction",
)


def type_changed(identity: Identity, s: Weighted) -> list[Reason]:
    """Against, where a tanker now says that it is something else."""
    if identity.role is not Role.TANKER or identity.ship_type in TANKER_TYPES:
        return []
    return [TYPE_CHANGED.reason(s, identity.ship_type, mmsi=mmsi_text(identity))]


def number_doubts(identity: Identity, start: Millis, end: Millis, s: Weighted) -> list[Reason]:
    """Against: what speaks against the MMSI and its positions between two times."""
    reasons = []
    if identity.shared:
        reasons.append(SHARED_MMSI.reason(s, mmsi=mmsi_text(identity)))
    if identity.doubtful:
        reasons.append(DOUBTFUL_MMSI.reason(s, mmsi=mmsi_text(identity)))
    runs = [run for run in identity.places.off_track if run.start <= end and run.end >= start]
    if (positions := sum(run.positions for run in runs)) >= _TOLD_OFF_TRACK:
        far = max(run.kilometers for run in runs)
        distance = f"{far:.0f} km" if far >= 10 else f"{far:.1f} km"
        times = f"between {clock(runs[0].start)} and {clock(max(run.end for run in runs))} UTC"
        when = times if len(runs) == 1 else f"{len(runs)} times {times}"
        reasons.append(OFF_TRACK.reason(s, positions, mmsi=mmsi_text(identity), far=distance, when=when))
    if (leap := leap_of(identity, start)) is not None:
        after = duration_text(max(leap.after, MINUTE))
        when = clock(leap.time)
        reasons.append(LEAPT.reason(s, leap.kilometers, mmsi=mmsi_text(identity), when=when, after=after))
    return reasons


def leap_of(identity: Identity, start: Millis) -> Leap | None:
    """The leap by which a vessel came where something began at a time, if that is not long ago."""
    leaps = (leap for leap in identity.places.leaps if 0 <= start - leap.time <= LEAP_DOUBTED)
    return max(leaps, key=lambda leap: leap.time, default=None)


def false_place(identity: Identity, segment: int, start: Millis, end: Millis, s: Weighted) -> Reason | None:
    """Why what happened on a track segment does not hold: the vessel came back to its own track.

    Not where two ships are known to use the number: then either track is a ship's.
    """
    if identity.shared:
        return None
    for run in identity.places.off_track:
        if run.segment == segment and run.start <= start and end <= run.end + _MARGIN:
            return FALSE_PLACE.reason(s, run.kilometers, mmsi=mmsi_text(identity))
    return None


def clock(time: Millis) -> str:
    return to_text(time)[:16].replace("T", " ")


def detector(kind: EventType, settings_hash: str) -> Detector:
    """The detector of a type of event, as its events name it."""
    return Detector(name=kind.value, version=VERSION, settings_hash=settings_hash)


def mmsi_text(identity: Identity) -> str:
    return f"{identity.mmsi:09d}"


def vessel_of(identity: Identity) -> Vessel:
    mmsi = mmsi_text(identity)
    size = identity.dimensions
    return Vessel(
        id=mmsi,
        ssvid=mmsi,
        name=identity.name,
        flag=flag_of(identity.mmsi),
        type=identity.role.value,
        imo=f"{identity.imo}" if identity.imo else None,
        callsign=identity.callsign,
        length_meters=size.length if size else None,
        beam_meters=size.beam if size else None,
        ais_ship_type=identity.ship_type,
        draught_meters=identity.draught,
        watchlists=identity.watchlists,
    )


def called(identity: Identity) -> str:
    """The vessel in a sentence: what it is, its name, its MMSI and flag."""
    kind = {"tanker": "tanker", "unknown": "vessel of unconfirmed type"}.get(identity.role.value, "vessel")
    name = f" {identity.name}" if identity.name else ""
    flag = flag_of(identity.mmsi)
    return f"{kind}{name} (MMSI {mmsi_text(identity)}{', flag ' + flag if flag else ''})"


def about(metres: float) -> str:
    """A distance in a sentence, as fine as positions are known: `less than 10 m`, `about 40 m`."""
    return f"less than {_KNOWN_TO} m" if metres < _KNOWN_TO else f"about {round(metres, -1):.0f} m"


def retracted(retraction: Reason | None) -> str:
    """The sentence that ends the summary of an event that is taken back; empty for others."""
    return f" Taken back: {retraction.text}." if retraction else ""


def hours(duration: Millis) -> float:
    return round(duration / HOUR, 2)


def sample(time: Millis, mmsi: int, lon: float, lat: float, sog: float, cog: float = math.nan) -> Sample:
    """One position in the evidence. Knots and degrees; NaN becomes null."""
    speed, course = (None if math.isnan(each) else round(float(each), 1) for each in (sog, cog))
    return Sample(to_text(time), f"{mmsi:09d}", round(float(lat), 5), round(float(lon), 5), speed, course)


def samples(times: Sequence[Millis], mmsis: Sequence[int], rows: Floats) -> tuple[Sample, ...]:
    """Positions in the evidence, one a row: longitude, latitude, speed, course, heading, distance and hull
    gap, or the first few of these. Degrees, knots and metres; NaN becomes null."""
    told = rounded(rows, _DIGITS[: rows.shape[1]])
    cells = told.astype(object)
    cells[np.isnan(told)] = None
    columns = cells.T.tolist()
    text = {time: to_text(time) for time in set(times)}
    number = {mmsi: f"{mmsi:09d}" for mmsi in set(mmsis)}
    lon, lat, *others = columns
    return tuple(map(Sample, map(text.__getitem__, times), map(number.__getitem__, mmsis), lat, lon, *others))


def rounded(rows: Floats, digits: Sequence[int]) -> Floats:
    """What `round` gives for each number, with as many digits as its column is to have.

    `round` looks at the exact value, which makes a difference only in the middle between two results.
    """
    scale = 10.0 ** np.array(digits)
    scaled = rows * scale
    whole = np.rint(scaled)
    found: Floats = whole / scale
    for row, column in np.argwhere(np.abs(scaled - whole) > _SURELY).tolist():
        found[row, column] = round(float(rows[row, column]), digits[column])
    return found


def position(lon: float, lat: float) -> Position:
    return Position(lat=round(lat, 5), lon=round(lon, 5))


def merge_receivers(known: list[str], new: Collection[str]) -> list[str]:
    """Add stations to a sorted list, up to RECEIVERS of them."""
    if len(known) >= RECEIVERS:
        return known
    others = [name for name in new if name and name not in known]
    return sorted({*known, *others})[:RECEIVERS] if others else known
