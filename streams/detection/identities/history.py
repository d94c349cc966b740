"""The history of a vessel: what it gave itself out as before, under this MMSI and under former ones.

Identities of one MMSI follow each other by real changes (not another spelling) that last for an hour. A
former MMSI is one of which `IdentityAnomalies` knows that the ship goes on under this one. The vessel's id in
events is the MMSI that it was known by first, so it survives a change of MMSI.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import msgspec

from models.event import Event, FormerIdentity, Vessel
from models.time import DAY, MINUTE, Millis, to_text
from models.vessel import Identity, flag_of
from streams.detection.identities.link import Former
from streams.detection.identities.record import turns_of
from streams.detection.identities.settings import IdentityAnomalySettings

TOLD: Final = 5
"""Former identities that an event names, the latest."""
_KEPT: Final = 8
_CONFIDENCE: Final = {"mmsi": 0.9, "imo": 0.9, "callsign": 0.6}
"""How sure it is that an earlier identity was that of the same ship, by what is the same. Judgement: an IMO
number belongs to the hull, but many are entered wrongly."""


class Past(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An identity that a vessel no longer gives itself out as."""

    identity: Identity
    since: Millis  # when it was first heard with it
    until: Millis  # when the next one was known


class History(msgspec.Struct, array_like=True, gc=False):
    """One MMSI that changed."""

    since: Millis  # of what it gives itself out as now
    past: list[Past] = []
    changed: Millis = 0


class Histories:
    """State: the history of each MMSI that changed, one piece each. The names of those that change are added
    to `changed`. `former_of` says under which MMSIs a ship was heard before.
    """

    def __init__(
        self,
        settings: IdentityAnomalySettings,
        former_of: Callable[[int], list[Former]],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._former_of = former_of
        self._changed = changed
        self._known: dict[int, History] = {}

    def learn(self, before: Identity | None, now: Identity, instant: Millis) -> None:
        """Take in what is newly confirmed of a vessel; `before` is what was known until then."""
        if before is None or now.gone or not turns_of(before, now, instant):
            return
        history = self._known.get(now.mmsi) or History(before.first)
        past = history.past
        if instant - history.since >= self._settings.settle_minutes * MINUTE:
            history.past = [*past, Past(_bare(before), history.since, instant)][-_KEPT:]
            history.since = instant
        elif past and not turns_of(past[-1].identity, now, instant):  # it went back at once
            history.since, history.past = past[-1].since, past[:-1]
        history.changed = instant
        self._known[now.mmsi] = history
        self._changed.add(f"history/{now.mmsi}")

    def named(self, event: Event) -> Event:
        """The event, with the history and the lasting id of each of its vessels that has one."""
        changes: dict[str, object] = {}
        if (vessel := self._with_history(event.vessel)) is not event.vessel:
            changes["vessel"] = vessel
        for part in ("encounter", "dark_encounter"):
            if (met := getattr(event, part)) is not None:
                other = self._with_history(met.vessel)
                if other is not met.vessel:
                    changes[part] = msgspec.structs.replace(met, vessel=other)
        for part in ("identity", "position_anomaly"):
            if (anomaly := getattr(event, part)) is not None and anomaly.others:
                others = tuple(map(self._with_history, anomaly.others))
                if others != anomaly.others:
                    changes[part] = msgspec.structs.replace(anomaly, others=others)
        return msgspec.structs.replace(event, **changes) if changes else event

    def prune(self, instant: Millis) -> None:
        """Once a day, forget what changed long ago."""
        if instant % DAY:
            return
        for mmsi, history in list(self._known.items()):
            if instant - history.changed > self._settings.known_days * DAY:
                del self._known[mmsi]
                self._changed.add(f"history/{mmsi}")

    def _with_history(self, vessel: Vessel) -> Vessel:
        mmsi = int(vessel.ssvid)
        past = sorted(self._past(mmsi, "mmsi", {mmsi}), key=lambda each: (each[0].until, each[0].since))
        if not past:
            return vessel
        first = next((one for one, _ in past if one.identity.mmsi != mmsi), None)
        return msgspec.structs.replace(
            vessel,
            id=vessel.id if first is None else f"{first.identity.mmsi:09d}",
            history=tuple(_told(one, what) for one, what in past[-TOLD:]),
        )

    def _past(self, mmsi: int, what: str, seen: set[int]) -> Iterator[tuple[Past, str]]:
        """All former identities, and by what each is known to be of the same ship."""
        history = self._known.get(mmsi)
        if history is not None:
            yield from ((past, what) for past in history.past)
        for former in self._former_of(mmsi):
            other = former.identity
            if other.mmsi not in seen and len(seen) <= TOLD:
                seen.add(other.mmsi)
                own = self._known.get(other.mmsi)
                since = other.first if own is None else own.since
                weaker = min(what, former.what, key=lambda each: _CONFIDENCE[each])
                yield Past(other, since, former.until), weaker if what != "mmsi" else former.what
                yield from self._past(other.mmsi, weaker if what != "mmsi" else former.what, seen)

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"history/{mmsi}" for mmsi in self._known}

    def piece(self, mmsi: int) -> History | None:
        """What one piece holds; None where it is gone."""
        return self._known.get(mmsi)

    def load(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        """Replace the state by these pieces: MMSI and what it holds."""
        self._known = {mmsi: msgspec.msgpack.decode(data, type=History) for mmsi, data in pieces}


def _bare(identity: Identity) -> Identity:
    """An identity without what is not told of it later."""
    return Identity(
        mmsi=identity.mmsi,
        time=identity.time,
        name=identity.name,
        callsign=identity.callsign,
        imo=identity.imo,
        dimensions=identity.dimensions,
        first=identity.first,
    )


def _told(past: Past, what: str) -> FormerIdentity:
    identity = past.identity
    return FormerIdentity(
        ssvid=f"{identity.mmsi:09d}",
        name=identity.name,
        callsign=identity.callsign,
        imo=f"{identity.imo}" if identity.imo else None,
        flag=flag_of(identity.mmsi),
        since=to_text(past.since),
        until=to_text(past.until),
        matched_on=what,
        confidence=_CONFIDENCE[what],
    )
