"""Settings of sightings: how exactly a vessel must fit one, and when one that fits nobody is an event."""

import msgspec

from models.time import HOUR, Millis
from streams.detection.reasons import Weights


class SightingWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.15
    unexplained: float = 0.15
    """For: it fits no vessel that was heard around, and others were heard."""
    watched_area: float = 0.1
    """For: it was seen in a watched area."""
    sizeable: float = 0.05
    """For: it is so long that it must have AIS."""
    seen_again: float = 0.05
    """For: it was seen more than once."""
    named: float = 0.05
    """For: the sighting names the vessel."""
    unheard_area: float = 0.1
    """Against: nobody at all was heard around."""
    small: float = 0.1
    """Against: a vessel so short need not have AIS."""
    length_unknown: float = 0.05
    """Against: how long it is was not told."""
    silent_known: float = 0.05
    """Against: it may be a vessel that is followed, and whose gap says so."""
    named_elsewhere: float = 0.1
    """Against: the vessel that the sighting names was elsewhere by its AIS."""


class SightingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How sightings are compared with vessels."""

    accuracy_metres: float = 500.0
    """Metres by which the position of a sighting that tells no accuracy may be wrong. Source: judgement;
    in radar images, ships under way appear beside their place."""
    slack_metres: float = 300.0
    """Metres by which a vessel that was heard may be elsewhere than its positions say, beside the accuracy of
    the sighting: the length of its hull, and the way between two positions. Source: judgement."""
    alone_minutes: float = 15.0
    """Minutes for which the last (or first) position of a vessel that was heard only before (or only after) a
    sighting may explain it, as far as its speed takes it. Source: judgement."""
    wait_hours: float = 3.0
    """Hours after its time at which a sighting is judged: by then every position of its time has come, and
    silences that cover it are known (`detectors.gap.notice_hours`)."""
    memory_hours: float = 72.0
    """Hours for which it is remembered who was heard in and around watched fences and ports. Sightings
    that are known later are only compared with silences. Source: judgement; images are worth telling for
    some days."""
    around_km: float = 30.0
    """Kilometres around watched fences and ports in which that is remembered. Source: judgement."""
    most_positions: int = 1_000_000
    """Positions that are remembered at most; the oldest hours go first. Some 40 MB."""
    most_sightings: int = 20_000
    """Sightings that are remembered at most; the oldest go first."""
    length_share: float = 0.25
    """A length from an image may be wrong by this share. Source: judgement."""
    length_metres: float = 15.0
    """Or by so many metres, whichever is more: the size of a pixel or two."""
    speed_factor: float = 1.1
    """A silent vessel may have been this many times as fast as it is plausible for it. Source: judgement."""
    same_km: float = 2.0
    """Kilometres between two sightings of what may be one vessel, beside their accuracy. Judgement."""
    same_hours: float = 12.0
    """Hours between two sightings of what may be one vessel. Source: judgement; two passes of satellites."""
    small_metres: float = 45.0
    """Metres. Shorter vessels need not have AIS. Source: SOLAS V/19.2.4 asks for it from 300 gross tonnage
    upwards on international voyages; that such ships are some 45 m long is judgement."""
    named: int = 5
    """Candidates, and vessels heard near, that an event names at most."""
    weights: SightingWeights = SightingWeights()

    def __post_init__(self) -> None:
        if min(self.accuracy_metres, self.wait_hours, self.around_km, self.same_hours) <= 0:
            raise ValueError("accuracy_metres, wait_hours, around_km and same_hours must be above 0")
        if self.memory_hours <= self.wait_hours:
            raise ValueError("memory_hours must be more than wait_hours")
        if min(self.most_positions, self.most_sightings, self.named) < 1:
            raise ValueError("most_positions, most_sightings and named must be at least 1")

    @property
    def wait(self) -> Millis:
        return round(self.wait_hours * HOUR)

    @property
    def memory(self) -> Millis:
        return round(self.memory_hours * HOUR)

    def accuracy(self, told: float | None) -> float:
        """Metres by which a position may be wrong; `told` is what the sighting says."""
        return self.accuracy_metres if told is None else told

    def lengths_agree(self, one: float | None, other: float | None) -> bool | None:
        """Whether two lengths in metres may be of one vessel; None where one is not known."""
        if one is None or other is None:
            return None
        return abs(one - other) <= max(self.length_metres, self.length_share * max(one, other))
