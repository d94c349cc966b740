"""Settings of identity anomalies: what is believed to be one, and what its reasons weigh."""

import msgspec

from streams.detection.reasons import Weights


class IdentityWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.15
    shared_mmsi: float = 0.15
    """Two ships are heard under the MMSI: for an anomaly of that kind, against the others."""
    doubtful_mmsi: float = 0.05
    """For: the MMSI is not a number that ships are given."""
    changed: float = 0.05
    """For each: the name, the call sign or the size changed."""
    imo_changed: float = 0.15
    """For: the IMO number changed."""
    renumbered: float = 0.1
    """For: the ship goes on under another MMSI."""
    number_back: float = 0.15
    """For: it is heard under its former MMSI again."""
    elsewhere: float = 0.15
    """For: the same IMO number, or call sign and size, comes from two places at once."""
    same_ship_elsewhere: float = 0.15
    """For: both places have the same name or call sign, too."""
    doubt: float = 0.05
    """For each: something that it says does not fit."""
    typing: float = 0.1
    """Against: a typing error explains it."""
    ordinary: float = 0.05
    """Against: ships change their names and numbers when they are sold, or enter them carelessly."""
    silence_between: float = 0.1
    """Against: it was not heard for long before the change, so the number may have gone to another ship."""
    changed_back: float = 0.1
    """Against: it went back to what it said before."""


class IdentityAnomalySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When what vessels say of themselves makes an event. Only vessels that count have such events."""

    settle_minutes: float = 60.0
    """Minutes for which a vessel has to be heard with a new value, or with one that does not fit, before an
    event is raised. Source: judgement; class A sends its static data every 6 minutes."""
    missing_hours: float = 12.0
    """Hours for which a vessel has to be heard without an IMO number before that is told. Source: judgement;
    crews enter it before a voyage."""
    missing_metres: float = 60.0
    """A tanker of this length should have an IMO number. Source: the issue; SOLAS XI-1/3 asks for one from
    300 gross tons on, which is about 45 m."""
    together_hours: float = 24.0
    """Changes that follow within so many hours are one event. Source: judgement."""
    silence_hours: float = 6.0
    """Silence before a change from which the MMSI may have gone to another ship, so that another IMO number
    proves nothing. Source: judgement; no ship is sold and another given its number within hours."""
    apart_km: float = 20.0
    """Kilometres between two places from which one ship cannot be in both. Source: judgement; above what two
    transponders on one hull, a ship and its boat, or a wrong position make of it."""
    both_minutes: float = 120.0
    """Minutes for which two MMSIs have to be heard in two places at once. Source: judgement; above the 10 to
    60 minutes that jamming moves positions at a time."""
    known_days: float = 120.0
    """Days for which the identity of a vessel that counts is kept after it was last heard. Source: as
    `ais.facts`."""
    links: int = 4
    """Other MMSIs with the same IMO number, or call sign and size, that are followed for one vessel. A number
    that more ships send is a default of some device."""
    weights: IdentityWeights = IdentityWeights()

    def __post_init__(self) -> None:
        if min(self.settle_minutes, self.missing_hours, self.together_hours, self.both_minutes) <= 0:
            raise ValueError("settle_minutes, missing_hours, together_hours and both_minutes must be above 0")
        if self.links < 1:
            raise ValueError("links must be at least 1")
