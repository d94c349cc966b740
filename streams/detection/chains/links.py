"""Whether oil can have passed in a fact, and with what confidence: at a source, in a meeting, at an end."""

from typing import Final

from geofences.distance import haversine_m
from models.event import Level
from models.time import HOUR
from streams.detection.chains.book import FactBook
from streams.detection.chains.facts import Berth, Fact, Side
from streams.detection.chains.settings import ChainSettings

KMH_PER_KNOT: Final = 1.852
_NEAR_HOURS: Final = 1.0
"""What lies within this time of sailing is one place: a fact's position is the middle of many."""


class Links:
    """Judges single facts, and whether one can follow another. Has no state of its own."""

    def __init__(self, book: FactBook, settings: ChainSettings) -> None:
        self._book = book
        self._s = settings

    def load(self, call: Fact) -> float:
        """Confidence that a vessel loaded oil in a call; 0 where it is no source."""
        s, side = self._s, call.sides[0]
        if call.country not in s.source_countries or not side.tanker:
            return 0.0
        change = side.draught_change or 0.0
        loaded = change >= s.draught_metres
        if call.berth is Berth.OIL:
            confidence = 1.0
        elif call.berth is Berth.GENERAL or loaded:
            confidence = s.weak_source
        else:
            return 0.0
        if change <= -s.draught_metres:
            confidence *= s.contrary_draught
        return confidence * self._level(call) * (1.0 if call.seen else s.dark_load)

    def discharge(self, call: Fact, carried: bool) -> float:
        """Confidence that a vessel brought its oil ashore in a call; 0 where it is no end.

        `carried` says that it received the oil from another vessel: then its own type is no bar.
        """
        s, side = self._s, call.sides[0]
        if call.country not in s.end_countries or not (side.tanker or carried):
            return 0.0
        confidence = s.roads_factor if call.berth is Berth.ROADS else 1.0
        if (side.draught_change or 0.0) >= s.draught_metres:
            confidence *= s.contrary_draught
        if not side.tanker:
            confidence *= s.other_type
        return confidence * self._level(call) * (1.0 if call.seen else s.dark_discharge)

    def transfer(self, meeting: Fact, giver: Side, receiver: Side) -> float:
        """Confidence that oil passed from one vessel to the other; 0 where bunkers explain the meeting."""
        s = self._s
        gave, got = giver.draught_change or 0.0, receiver.draught_change or 0.0
        if self.bunkering(meeting, giver, receiver):
            return 0.0
        confidence = s.transfer_confidence
        if gave > -s.draught_metres and got < s.draught_metres:
            confidence *= s.silent_draught
        for change in (gave, -got):
            if change >= s.draught_metres:
                confidence *= s.contrary_draught
        if not receiver.tanker:
            confidence *= s.other_type
        return confidence * self._level(meeting)

    def bunkering(self, meeting: Fact, giver: Side, receiver: Side) -> bool:
        """Whether the meeting is explained by bunkers or stores.

        It lay in a port's zones outside North Korea, or one of the two serves many ships; and neither draught
        shows a cargo.
        """
        s = self._s
        if self._cargo_shown(giver, receiver):
            return False
        in_port = meeting.country is not None and meeting.country not in s.end_countries
        return in_port or self.serves(meeting, giver) or self.serves(meeting, receiver)

    def shows_oil(self, giver: Side, receiver: Side) -> bool:
        """Whether a meeting is a sign of oil by itself: of two tankers, or a draught shows a cargo."""
        return (giver.tanker and receiver.tanker) or self._cargo_shown(giver, receiver)

    def filled(self, side: Side) -> bool:
        """Whether a vessel's draught shows that it took a cargo."""
        return (side.draught_change or 0.0) >= self._s.cargo_metres

    def emptied(self, side: Side) -> bool:
        """Whether a vessel's draught shows that it gave one."""
        return (side.draught_change or 0.0) <= -self._s.cargo_metres

    def deeper(self, side: Side) -> bool:
        """Whether a vessel's draught rose."""
        return (side.draught_change or 0.0) >= self._s.draught_metres

    def _cargo_shown(self, giver: Side, receiver: Side) -> bool:
        gave, got = giver.draught_change or 0.0, receiver.draught_change or 0.0
        return max(got, -gave) >= self._s.cargo_metres

    def serves(self, meeting: Fact, side: Side) -> bool:
        """Whether a vessel met so many others about that time that it looks like a bunker tanker."""
        s, ship = self._s, self._book.ship(side)
        partners = {
            self._book.ship(other)
            for fact in self._book.of(ship)
            if not fact.is_call
            and fact.until >= meeting.start - s.bunkering
            and fact.start <= meeting.until + s.bunkering
            and (other := self._book.other(fact, ship)) is not None
        }
        return len(partners) >= s.bunker_partners

    def can_follow(self, earlier: Fact, later: Fact) -> bool:
        """Whether a vessel can have come from one fact to the other. Those of a raft overlap in time."""
        metres = float(haversine_m(earlier.lon, earlier.lat, later.lon, later.lat))
        hours = max((later.start - earlier.until) / HOUR, _NEAR_HOURS)
        return metres / 1000 / hours <= self._s.max_knots * KMH_PER_KNOT

    def _level(self, fact: Fact) -> float:
        # a visit is `possible` where its arrival and departure were not seen; the stop itself was
        if fact.is_call and fact.seen:
            return 1.0
        return self._s.possible_factor if fact.level is Level.POSSIBLE else 1.0
