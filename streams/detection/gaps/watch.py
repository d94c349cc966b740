"""Watches for silences of the vessels that events may be raised for, and proposes them as gaps.

A silence is proposed while it lasts, told once more when the vessel is back with a position that fits its
track, and once more when it has sent its draught again; once more still whenever that changes while the
vessel sails on, since crews switch on first, type later, and mistype. Level and publication are decided by
`judgement`, where all vessels are compared.
"""

from typing import Protocol

from geofences.surroundings import Surroundings
from models.event import Detector, Event, Reason, Status
from models.time import END, HOUR, MINUTE, Millis
from models.vessel import Identity
from streams.detection.explanation import NOT_OF_INTEREST
from streams.detection.fixes import Fixes, Step
from streams.detection.gaps.hearing import Hearing, add_step, begin_run, expected_silence
from streams.detection.gaps.settings import GapSettings
from streams.detection.gaps.silence import Silence, Spot, build_event, is_known, propose
from streams.tracking.places import main_track
from streams.tracking.track import Segment


class HeardVessel(Protocol):
    """What is read and changed of a vessel's state."""

    last: Millis
    identity: Identity
    segments: list[Segment]
    hearing: Hearing | None
    silence: Silence | None


class WatchedTrack(Protocol):
    """The new fixes of one track of it."""

    @property
    def step(self) -> Step: ...
    @property
    def nth(self) -> int: ...
    @property
    def fixes(self) -> Fixes: ...
    @property
    def receivers(self) -> set[str]: ...


class GapWatch:
    """Has no state of its own: what is found so far is kept in the states of the vessels."""

    def __init__(self, surroundings: Surroundings, detector: Detector, settings: GapSettings) -> None:
        self._surroundings = surroundings
        self._detector = detector
        self._settings = settings
        self.rhythm = round(settings.rhythm_minutes * MINUTE)
        """A longer silence is part of a vessel's rhythm; milliseconds."""

    def hear(self, vessel: HeardVessel, time: Millis) -> None:
        """Anything is heard of the vessel, before `vessel.last` moves on."""
        if vessel.hearing is not None and time - vessel.last > self.rhythm:
            begin_run(vessel.hearing, vessel.last, time, self._settings)
        silence = vessel.silence
        if silence is not None and silence.back is None and time > silence.start:
            silence.back = time

    def observe(self, vessel: HeardVessel, track: WatchedTrack, instant: Millis) -> list[Event]:
        """Take in the fixes of one step on the vessel's track: it may be back with them."""
        first = track.step.first[track.nth]
        if vessel.hearing is None:
            vessel.hearing = Hearing(since=first)
        add_step(vessel.hearing, track.step.knots[track.nth], self._settings)
        silence = vessel.silence
        if silence is None or silence.back is None or first < silence.back:
            return []
        # also where the speed is not known
        silence.paused |= not track.step.knots[track.nth] >= self._settings.under_way_knots
        if silence.over:
            return []
        fixes, i = track.fixes, track.fixes.new
        silence.on = Spot(
            fixes.time[i],
            fixes.lon[i],
            fixes.lat[i],
            fixes.knots[i],
            fixes.cog[i],
            fixes.status[i],
        )
        silence.receivers = sorted(track.receivers)
        return self._end(vessel, silence, instant)

    def may_propose(self, vessel: HeardVessel) -> bool:
        """Whether `look` and `settle` may find anything before the vessel is heard again."""
        hearing = vessel.hearing
        known = hearing is not None and is_known(hearing, vessel.last, self._settings)
        return known or vessel.silence is not None

    def due(self, vessel: HeardVessel, instant: Millis) -> Millis:
        """The first instant after this one at which `look` may find anything, unless before that the
        vessel is heard, or something new is known of it, or its silence is taken back."""
        if vessel.hearing is None:
            return END
        longest = max(self._settings.notice, expected_silence(vessel.hearing, self._settings) + 1)
        return vessel.last + longest if vessel.last + longest > instant else END

    def look(self, vessel: HeardVessel, instant: Millis) -> list[Event]:
        """Propose the silence of a vessel that is not heard, once it has lasted for long enough."""
        silence, s = vessel.silence, self._settings
        silent = instant - vessel.last
        if vessel.hearing is None or silent < s.notice or silent <= expected_silence(vessel.hearing, s):
            return []
        if silence is not None and silence.back is None:
            return []
        number = main_track(vessel)  # type: ignore[arg-type]
        segment = next((each for each in vessel.segments if each.number == number), None)
        if segment is None:
            return []
        proposed = propose(vessel.hearing, vessel.last, segment, vessel.identity.draught, s)
        if proposed is None:
            return []
        events = [] if silence is None or silence.over else self._end(vessel, silence, instant)
        vessel.silence = proposed
        return events + self._publish(vessel, proposed, instant, Status.OPEN)

    def settle(self, vessel: HeardVessel, instant: Millis) -> list[Event]:
        """Let go of a silence that is over: with the vessel's draught, or when that was waited for in vain.

        Another draught is waited for as long as the vessel is under way: it can have changed only in the
        silence, and one that was mistyped is typed in anew.
        """
        silence, s = vessel.silence, self._settings
        if silence is None or silence.back is None:
            return []
        events: list[Event] = []
        waited = instant - silence.back
        if not silence.over and waited > s.return_hours * HOUR:
            events += self._end(vessel, silence, instant)
        if silence.over and silence.draughts_heard > 1 and silence.id is not None:
            if self._is_news(vessel, silence):
                events += self._publish(vessel, silence, instant, Status.CLOSED)
            self._tell(vessel, silence)
        if silence.over and waited > s.settle_hours * HOUR:
            vessel.silence = None
        return events

    def _tell(self, vessel: HeardVessel, silence: Silence) -> None:
        """The vessel's draught was told with its silence; let go of that if no other is waited for."""
        if self._is_news(vessel, silence):
            silence.told = vessel.identity.draught
        if silence.paused or silence.draught is None:
            vessel.silence = None

    def _is_news(self, vessel: HeardVessel, silence: Silence) -> bool:
        """Whether the vessel's draught is another one than was told with its silence."""
        told, now = silence.told, vessel.identity.draught
        if now is None:
            return False
        return told is None or abs(round(now - told, 1)) >= self._settings.draught_metres

    def reconsider(self, vessel: HeardVessel, instant: Millis) -> list[Event]:
        """The vessel counts now: tell of the silence that waited for that."""
        silence = vessel.silence
        if silence is None or silence.id is not None:
            return []
        return self._publish(vessel, silence, instant, Status.CLOSED if silence.over else Status.OPEN)

    def take_back(self, vessel: HeardVessel, instant: Millis) -> list[Event]:
        """The vessel does not count: take its silence back, if it was told and goes on."""
        silence, vessel.silence = vessel.silence, None
        if silence is None or silence.id is None or silence.over:
            return []
        vessel.silence = silence
        why = NOT_OF_INTEREST.reason(self._settings, vessel.identity.ship_type)
        events = self._publish(vessel, silence, instant, Status.RETRACTED, why)
        vessel.silence = None
        return events

    def is_kept(self, vessel: HeardVessel, instant: Millis) -> bool:
        """Whether a vessel that is silent for long is still waited for."""
        silence = vessel.silence
        waiting = silence is not None and silence.id is not None and silence.back is None
        return waiting and instant - vessel.last <= self._settings.kept_days * 24 * HOUR

    def _end(self, vessel: HeardVessel, silence: Silence, instant: Millis) -> list[Event]:
        silence.over = True
        events = self._publish(vessel, silence, instant, Status.CLOSED)
        if events and silence.draughts_heard > 1:
            self._tell(vessel, silence)
        return events

    def _publish(
        self,
        vessel: HeardVessel,
        silence: Silence,
        instant: Millis,
        status: Status,
        retraction: Reason | None = None,
    ) -> list[Event]:
        if not (vessel.identity.of_interest or silence.id is not None):  # what was told is ended
            return []
        return [
            build_event(
                silence, vessel.identity, instant, status, retraction, self._surroundings, self._detector
            )
        ]
