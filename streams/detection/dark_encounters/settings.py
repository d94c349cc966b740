"""Settings of possible dark encounters."""

import msgspec

from models.time import HOUR, Millis
from streams.detection.reasons import Weights


class DarkEncounterWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.1
    together: float = 0.1
    """For: time in which they can have lain together; the full weight from `full_hours` on."""
    near: float = 0.1
    """For: both ends of the silences lie close to each other; the closer, the more."""
    opposite_draughts: float = 0.2
    """For: one came back deeper and the other one less deep."""
    draught: float = 0.05
    """For: one of them came back with another draught."""
    watched_area: float = 0.05
    """For: they can have met in a watched area."""
    same_draughts: float = 0.1
    """Against: both came back with the same draught."""
    gap_possible: float = 0.05
    """Against: a silence is only a `possible` gap."""
    coverage_unknown: float = 0.05
    """Against: nobody else was heard where they fell silent."""
    several_vessels: float = 0.05
    """Against: other vessels can have met it as well."""
    port_in_reach: float = 0.05
    """Against: one of them can have called at a port instead."""
    type_changed: float = 0.05
    """Against: a tanker that now reports another ship type."""


class DarkEncounterSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who can have met in the dark. Distances are great circles, and ways over land do not count."""

    stay_hours: float = 2.0
    """Hours that the two must have had together at one place, at least. Source: the design, which takes two
    hours for a `probable` encounter."""
    stay_share: float = 0.3
    """Share of the shorter silence that they must have had together, at least. Ships that pass through the
    same stretch without reception need nearly all of it for the way. Source: judgement."""
    silent_km: float = 50.0
    """Kilometres between the places where the two fell silent, and between those where they came back, at
    most. Source: judgement; three hours at 10 knots."""
    come_km: float = 100.0
    """Kilometres from a vessel that loiters to where the silent one fell silent, and to where it came back,
    at most. Source: judgement; AIS is switched off well before."""
    apart_hours: float = 24.0
    """Hours between the times at which the two fell silent, and between those at which they came back, at
    most. Source: judgement."""
    port_km: float = 20.0
    """Kilometres. A silence that begins or ends closer to a port, outside watched areas, is no sign of a
    meeting: ships switch AIS off at berths. Source: judgement."""
    still_km: float = 5.0
    """Kilometres. A vessel that fell silent at rest where ships rest, and is heard again so close to it, has
    lain there; so have two vessels that both lay still. Source: as for dark port visits."""
    flags: tuple[int, ...] = (445,)
    """Where a vessel falls silent on a course to where hardly anybody is heard, a meeting is looked for only
    if one of the two is on a watchlist or has an MMSI that begins with one of these (445: North Korea)."""
    land_km: float = 10.0
    """Kilometres of a straight way that may lie over land. Source: the coastline is generalized."""
    most_a_day: int = 3
    """Events raised for one vessel in 24 hours, at most: the likeliest first. Source: judgement."""
    draught_metres: float = 0.3
    """A change of draught counts from here on. Source: the design."""
    full_hours: float = 12.0
    """Time together from which it has its full weight. Source: judgement; a transfer takes 6 to 24 hours."""
    kept_hours: float = 96.0
    """Hours for which a silence that is over is compared with others, after it was told last. At least
    `apart_hours` and the time for which draughts are waited for."""
    crowd: int = 5
    """If a vessel can have met more than this many, they are a crowd that waits, and only those are told in
    which one of the two is on a watchlist or of such a flag. Source: judgement."""
    most_kept: int = 20_000
    """Silences and loiterings that are compared at once; beyond it the oldest go first."""
    weights: DarkEncounterWeights = DarkEncounterWeights()

    def __post_init__(self) -> None:
        if min(self.stay_hours, self.full_hours, self.silent_km, self.come_km) <= 0:
            raise ValueError("stay_hours, full_hours, silent_km and come_km must be above 0")
        if not 0 <= self.stay_share <= 1:
            raise ValueError("stay_share must be from 0 to 1")
        if self.kept_hours < self.apart_hours:
            raise ValueError("kept_hours must be at least apart_hours")
        if min(self.most_a_day, self.most_kept, self.crowd) < 1:
            raise ValueError("most_a_day, most_kept and crowd must be at least 1")

    @property
    def stay(self) -> Millis:
        return round(self.stay_hours * HOUR)

    @property
    def kept(self) -> Millis:
        return round(self.kept_hours * HOUR)
