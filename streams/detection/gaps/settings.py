"""Settings of gaps: when a silence is one, what makes it `probable`, and what its reasons weigh."""

import msgspec

from models.time import HOUR, Millis
from streams.detection.reasons import Weights


class GapWeights(Weights, frozen=True, forbid_unknown_fields=True):
    base: float = 0.2
    silent: float = 0.15
    """For: the length of the silence; the full weight from `full_hours` on, proportionally less before."""
    neighbours_heard: float = 0.15
    """For: other vessels near it were heard in the hours after it fell silent."""
    watched_area: float = 0.1
    """For: it fell silent, or was heard again, in a watched area."""
    draught: float = 0.1
    """For: it came back with another draught."""
    moved: float = 0.05
    """For: it was heard again far from where it fell silent."""
    sighted: float = 0.1
    """For: it was seen while it was silent, by somebody who names it."""
    sighted_fitting: float = 0.05
    """For: a vessel that was seen can only have been this silent one."""
    coverage_unknown: float = 0.05
    """Against: hardly any other vessel was heard there."""
    leaves_coverage: float = 0.1
    """Against: its course led to where no vessel is heard."""
    often_lost: float = 0.2
    """Against: other vessels often fall silent there."""
    neighbours_silent: float = 0.2
    """Against: most vessels around, or of the whole feed, fell silent with it."""
    in_harbour: float = 0.1
    """Against: it lay in a port or where ships rest."""
    renumbered: float = 0.05
    """Against: the ship is heard under another MMSI."""
    class_b: float = 0.05
    """Against: its transponder is of class B, which is weaker."""
    type_changed: float = 0.05
    """Against: a tanker that now reports another ship type."""
    jamming: float = 0.1
    """Against: positions of its ship and of others jumped at the time."""


class GapSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Thresholds of gaps. Hours are hours of silence."""

    notice_hours: float = 3.0
    """VesselStage proposes a gap from this silence on, so that reception can be judged while the hours around
    its beginning are still known. Nothing is published yet."""
    possible_hours: float = 6.0
    """Silence from which a gap is `possible`. Source: the design; GFW's products show gaps from 6 hours."""
    probable_hours: float = 12.0
    """Silence from which it is `probable`. Hours in which nobody was heard around do not count. Source: GFW's
    definition of a gap event."""
    harbour_possible_hours: float = 24.0
    """The same for a vessel at rest in a port or where ships rest. Source: judgement; crews switch AIS off
    at berths."""
    harbour_probable_hours: float = 48.0
    """The same for `probable`."""
    class_b_possible_hours: float = 12.0
    """The same for class B. Source: judgement; 2 W or 5 W instead of 12.5 W, and rarer reports."""
    class_b_probable_hours: float = 24.0
    """The same for `probable`."""
    elsewhere_factor: float = 1.5
    """A ship that is heard under another MMSI can have come there at so many times its plausible speed, in a
    straight line. Else the gap goes on. Source: judgement; ships are known to be faster than they were."""
    rhythm_factor: float = 2.0
    """A silence is no gap before it is this many times as long as those that are usual for the vessel.
    Source: judgement."""
    rhythm_minutes: float = 30.0
    """Minutes. A longer silence is part of a vessel's rhythm. Source: judgement; ten reports at anchor."""
    rhythm_runs: int = 8
    """Times of being heard that the rhythm is made from."""
    min_positions: int = 6
    """Five-minute steps with a position that the vessel needs in the 12 hours before. Source: judgement; GFW
    asks for 14 positions by satellite. A vessel that is heard once or twice a day has none."""
    min_heard_hours: float = 1.0
    """Hours that a vessel must be known for: how it is heard is not known sooner. Source: judgement."""
    return_hours: float = 2.0
    """Hours after its return for which a position that fits its track is waited for. Source: the time after
    which a second place is believed (`track.believed_minutes`), and a margin."""
    settle_hours: float = 24.0
    """Hours after its return for which its draught and its ship type are waited for; for a changed draught,
    as long as it is under way. Source: judgement; crews switch AIS on first and type later."""
    kept_days: float = 60.0
    """Days for which a silent vessel is kept. Source: the run from the Baltic to Korea, some 50 days."""
    most_silences: int = 20_000
    """Silences that are followed at once. Beyond it go first those of vessels that are on no list, then of
    those without an IMO number, then of those heard only briefly before. Source: about as many tankers as
    there are in the world; some 40 MB."""
    moved_km: float = 50.0
    """Kilometres between the two ends from which on it has moved far. Source: judgement."""
    draught_metres: float = 0.3
    """A change of draught counts from here on. Source: the design."""
    speed_knots: float = 10.0
    """Knots that any vessel that counts is taken to be able to keep, at least. Source: the design."""
    under_way_knots: float = 3.0
    """Slower steps do not count for a vessel's own speed; slower than `rest_knots` it is at rest."""
    rest_knots: float = 1.0
    """Slower than this a vessel is at rest. Source: judgement; ships swing at anchor."""
    harbour_km: float = 30.0
    """A vessel at rest closer than this to a port is in its harbour or its roads. Source: judgement, as for
    loitering."""
    full_hours: float = 48.0
    """Silence from which it has its full weight. Source: judgement."""
    weights: GapWeights = GapWeights()

    def __post_init__(self) -> None:
        if self.notice_hours < 2:
            raise ValueError("notice_hours must be at least 2")
        for kind in ("", "harbour_", "class_b_"):
            possible, probable = self.least_hours(kind)
            if not self.notice_hours <= possible <= probable:
                raise ValueError(
                    f"{kind}possible_hours must be at least notice_hours, and at most {kind}probable_hours"
                )
        if not 0 < self.rhythm_minutes < self.notice_hours * 60:
            raise ValueError("rhythm_minutes must be above 0 and below notice_hours")
        if self.most_silences < 1:
            raise ValueError("most_silences must be at least 1")
        if self.rhythm_factor < 1:
            raise ValueError("rhythm_factor must be at least 1")
        if min(self.rhythm_runs, self.min_positions) < 2:
            raise ValueError("rhythm_runs and min_positions must be at least 2")
        if min(self.full_hours, self.speed_knots) <= 0:
            raise ValueError("full_hours and speed_knots must be above 0")

    @property
    def notice(self) -> Millis:
        return round(self.notice_hours * HOUR)

    def least_hours(self, kind: str) -> tuple[float, float]:
        """Hours of silence from which a gap of a kind ("", "harbour_", "class_b_") has each level."""
        if kind == "harbour_":
            return self.harbour_possible_hours, self.harbour_probable_hours
        if kind == "class_b_":
            return self.class_b_possible_hours, self.class_b_probable_hours
        return self.possible_hours, self.probable_hours
