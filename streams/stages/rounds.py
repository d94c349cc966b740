"""Rounds: what is done with vessels at an instant whether they are heard or not.

Who may have anything to tell is asked of columns; these vessels are taken some at a time.
"""

from collections.abc import Iterator

import msgspec

from models.event import Event
from models.time import DAY, HOUR, Millis
from models.vessel import Identity
from streams.detection.vessel_detectors import VesselDetectors
from streams.detection.vessel_state import VesselState
from streams.stages.dormant import Dormant
from streams.stages.fleet import Fleet
from streams.stages.row_order import batched
from streams.stages.settings import VesselSettings


class Rounds:
    """Has no state of its own."""

    def __init__(
        self, fleet: Fleet, dormant: Dormant, detectors: VesselDetectors, settings: VesselSettings
    ) -> None:
        self._fleet = fleet
        self._dormant = dormant
        self._detectors = detectors
        self._settings = settings

    def look_for_gaps(self, instant: Millis) -> list[Event]:
        """Propose the silences that have lasted for long enough, and let go of those that are over."""
        gaps, fleet, events = self._detectors.gaps, self._fleet, list[Event]()
        waiting = fleet.mmsi[fleet.in_use & fleet.silent].tolist() if instant % HOUR == 0 else []
        # silent for an hour when this hour began
        since = min(instant // HOUR * HOUR - HOUR, instant - self._settings.detectors.gap.notice)
        silent = fleet.in_use & (fleet.last <= since) & (fleet.looked <= instant)
        silent &= self._detectors.are_candidates(fleet.interest, fleet.first, instant)
        for some in batched(fleet.mmsi[silent].tolist()):
            slots = fleet.slots(some)
            for mmsi, slot in zip(some, slots.tolist(), strict=True):
                vessel = fleet.whole(mmsi)
                before = vessel.silence
                events += gaps.look(vessel, instant)
                # of a vessel that may come to count only later, nothing is told yet
                fleet.changed[slot] |= vessel.silence is not before
                fleet.silent[slot], fleet.looked[slot] = vessel.silence is not None, gaps.due(vessel, instant)
            fleet.settle()
        for some in batched(waiting):
            for mmsi in some:
                if (vessel := fleet.state(mmsi)).silence is not None:
                    events += gaps.settle(vessel, instant)
            fleet.changed[fleet.slots(some)] = True
            fleet.settle()
        return events

    def close_buckets(self, instant: Millis) -> list[Event]:
        """Judge the buckets of loiterings that end here."""
        events, close = list[Event](), self._detectors.close_buckets
        for vessels in self._in_hand():
            awake = [(vessel, self._fleet.tracks(vessel.mmsi)) for vessel in vessels]
            events += close(awake, instant)
        self._dormant.revise(lambda asleep: events.extend(close(asleep, instant)))
        return events

    def let_go(self, instant: Millis, events: list[Event]) -> list[Identity]:
        """Forget who has not been heard for days, and return them. Adds to `events` what ends with that."""
        gone = list[Identity]()
        for vessel in self._dormant.idle(instant - round(self._settings.idle_days * DAY)):
            events += self._detectors.lose(vessel, instant)
            if self._detectors.gaps.is_kept(vessel, instant):
                continue
            gone.append(msgspec.structs.replace(vessel.identity, time=instant, gone=True))
            self._fleet.changed_elsewhere.append(vessel.mmsi)
            del self._fleet[vessel.mmsi]
        return gone

    def finish(self, instant: Millis) -> list[Event]:
        """All sources have ended: open events once more, as they stand."""
        return [event for vessels in self._in_hand() for event in self._detectors.finish(vessels, instant)]

    def _in_hand(self) -> Iterator[list[VesselState]]:
        """The vessels that are awake and of which a detector has anything in hand or waiting, without their
        tracks, some at a time."""
        for mmsis in batched(self._fleet.in_hand()):
            self._fleet.changed[self._fleet.slots(mmsis)] = True
            yield [self._fleet.state(mmsi) for mmsi in mmsis]
            self._fleet.settle()
