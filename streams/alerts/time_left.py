"""The time left: which open chains have come closer to their earliest arrival than a rule allows.

A chain tells the earliest arrival, and no revision comes while only time passes. So the arrival is held
against event time: the newest tick or detection in the log. Each limit is told once for each chain, and again
only after a revision that put the arrival farther away than the limit. What is withheld counts as not told,
so it is told afterwards, with the time that is left then.
"""

import math
from collections.abc import Iterator, MutableMapping
from typing import Final

import msgspec

from models.event import Event, Level, Status
from models.time import DAY, HOUR, Millis, from_text, to_text
from streams.alerts.alert import Alert, Kind, TimeLeft, subject
from streams.output import event_text
from streams.output.sanitize import sanitize

BEHIND: Final = 0.25
"""Hours by which data lie behind the clock before a message says so."""
FORGOTTEN: Final = 30 * DAY
"""How long after the end of its window a chain is forgotten."""


class WatchedChain(msgspec.Struct, frozen=True):
    """A chain as of its last revision."""

    entry: str
    revision: int
    level: Level
    status: str
    detected: str
    score: float
    heading: str
    arrival: Millis | None = None  # the earliest; None if the oil can't arrive, has arrived, or is given up
    window_ends: Millis = 0  # no later arrival is taken for this cargo
    port: str = ""
    port_name: str = ""
    ssvid: str = ""
    told: tuple[float, ...] = ()  # limits that were told, and above which the time left has not risen since
    ever_told: bool = False
    vessels: tuple[int, ...] = ()
    place: tuple[float, float] | None = None


Chains = MutableMapping[str, WatchedChain]


def watch(chains: Chains, entry: str, event: Event) -> None:
    """Take in a revision of a chain."""
    chain, before = event.chain, chains.get(event.id)
    if chain is None or (before is not None and event.revision <= before.revision):
        return
    told = before.told if before else ()
    vessels, place = subject(event)
    one = WatchedChain(
        entry=entry,
        revision=event.revision,
        level=event.level,
        status=event.status,
        detected=event.detected,
        score=event.score,
        heading=event_text.heading(event),
        window_ends=from_text(chain.window_ends),
        ever_told=before is not None and before.ever_told,
        vessels=vessels,
        place=place,
    )
    if event.status is Status.OPEN and not chain.delivered:
        left = math.inf
        if chain.arrivals:
            soonest = min(chain.arrivals, key=lambda each: each.earliest_arrival)
            arrival = from_text(soonest.earliest_arrival)
            left = (arrival - from_text(event.detected)) / HOUR
            one = msgspec.structs.replace(
                one, arrival=arrival, port=soonest.port, port_name=soonest.port_name, ssvid=soonest.ssvid
            )
        told = tuple(limit for limit in told if left < limit)
    chains[event.id] = msgspec.structs.replace(one, told=told)


def due(chains: Chains, limits: tuple[float, ...], time: Millis, now: Millis) -> Iterator[Alert]:
    """The alerts that are due at this event time, by the clock `now`, until they are told."""
    for id, one in list(chains.items()):
        if one.window_ends < time - FORGOTTEN:
            del chains[id]
            continue
        if one.arrival is None or time > one.window_ends:
            continue
        for limit in sorted(limits, reverse=True):
            if limit not in one.told and one.arrival - time < limit * HOUR:
                yield _alert(id, one, limit, time, now)


def tell(chains: Chains, alert: Alert) -> None:
    """Mark it as told."""
    assert alert.time_left is not None
    one = chains[alert.event]
    told = (*one.told, alert.time_left.below_hours)
    chains[alert.event] = msgspec.structs.replace(one, told=told, ever_told=True)


def take_back(chains: Chains, alert: Alert, tried: bool) -> None:
    """It was withheld: mark it as not told. If it was `tried`, a retraction is due all the same."""
    assert alert.time_left is not None
    if (one := chains.get(alert.event)) is not None:
        told = tuple(limit for limit in one.told if limit != alert.time_left.below_hours)
        ever = one.ever_told and (tried or not alert.first)
        chains[alert.event] = msgspec.structs.replace(one, told=told, ever_told=ever)


def _alert(id: str, one: WatchedChain, limit: float, time: Millis, now: Millis) -> Alert:
    assert one.arrival is not None
    left = TimeLeft(
        below_hours=limit,
        hours_left=max(0, (one.arrival - time) * 10 // HOUR) / 10,
        as_of=to_text(time),
        behind_hours=round(max(0, now - time) / HOUR, 1),
        port=one.port,
        port_name=one.port_name,
        ssvid=one.ssvid,
        earliest_arrival=to_text(one.arrival),
    )
    return Alert(
        entry=one.entry,
        event=id,
        revision=one.revision,
        kind=Kind.TIME_LEFT,
        type="chain",
        level=one.level,
        status=one.status,
        detected=one.detected,
        score=one.score,
        heading=one.heading,
        summary=sentence(left),
        since=now,
        time_left=left,
        vessels=one.vessels,
        place=one.place,
        first=not one.ever_told,
    )


def sentence(left: TimeLeft) -> str:
    """What it says, for people."""
    at = f"{event_text.short(left.earliest_arrival)} UTC"
    who = f"MMSI {left.ssvid} can be at {left.port_name} ({left.port})"
    if left.hours_left > 0:
        text = f"At the earliest, {who} at {at}, {left.hours_left:g} h after"
    else:
        text = f"At the earliest, {who} at {at}, which is not after"
    text += f" the newest data, of {event_text.short(left.as_of)} UTC. The limit is {left.below_hours:g} h."
    if left.behind_hours > BEHIND:
        text += f" The data lay {left.behind_hours:g} h behind the clock when this was found."
    return sanitize(text)
