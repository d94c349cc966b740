"""An event as text for a terminal, a mail or a message: short lines that no name can break or forge."""

from collections.abc import Iterator
from typing import Protocol

from models.event import Event, EventType, Position, Reason, Status, Vessel
from models.sighting import NOBODY
from models.time import HOUR, duration_text, from_text
from streams.output.sanitize import sanitize


def heading(event: Event) -> str:
    """Level, type and vessels, like "Probable encounter: OCEAN STAR and KUM SONG 9"."""
    kind = f"{event.level} {event.type.replace('_', ' ')}".capitalize()
    return f"{kind}: {' and '.join(name_of(vessel) for vessel in event.vessels or (event.vessel,))}"


def name_of(vessel: Vessel) -> str:
    """Its name, or else its MMSI, as far as they are known."""
    return sanitize(vessel.name) or ("unknown vessel" if vessel.ssvid == NOBODY else f"MMSI {vessel.ssvid}")


def described(vessel: Vessel) -> str:
    """Everything known about a vessel, on one line."""
    facts = [
        "no MMSI" if vessel.ssvid == NOBODY else f"MMSI {vessel.ssvid}",
        f"IMO {vessel.imo}" if vessel.imo else "no IMO number",
        f"flag {vessel.flag}" if vessel.flag else "",
        vessel.type,
        f"call sign {vessel.callsign}" if vessel.callsign else "",
        f"{vessel.length_meters} m long" if vessel.length_meters else "",
        f"draught {vessel.draught_meters:g} m" if vessel.draught_meters else "",
    ]
    return sanitize(f"{vessel.name or 'no name'} ({', '.join(filter(None, facts))})")


def listed(vessel: Vessel) -> list[str]:
    """The watchlists that a vessel is on, or may be, one line for each."""
    number = {"imo": "IMO", "mmsi": "MMSI", "callsign": "name and call sign", "name": "name"}
    return [
        sanitize(
            f"{hit.list} {hit.entry}, by its {number.get(hit.matched_on, hit.matched_on)}"
            + (f" ({hit.caveat})" if hit.caveat else "")
        )
        for hit in vessel.watchlists
    ]


def place(event: Event) -> str:
    """The position, and the fences that the event touches."""
    fences = [f"{_ends(event)}{fence.relation} {fence.name}" for fence in event.geofences]
    return sanitize(", ".join([coordinates(event.position), *fences]))


def area(event: Event) -> str:
    """The first fence, or else the position."""
    for fence in event.geofences:
        return sanitize(f"{_ends(event)}{fence.relation} {fence.name}")
    return coordinates(event.position)


def _ends(event: Event) -> str:
    """What comes before a fence of a silence that is over: its position lies between the ends, its fences at
    one of them."""
    over = event.end is not None and event.type in (EventType.GAP, EventType.DARK_PORT_VISIT)
    return "began or ended " if over else ""


def coordinates(position: Position) -> str:
    north, east = "N" if position.lat >= 0 else "S", "E" if position.lon >= 0 else "W"
    return f"{abs(position.lat):.3f}°{north} {abs(position.lon):.3f}°{east}"


class Lasting(Protocol):
    """An event, or what is kept of one."""

    @property
    def start(self) -> str: ...
    @property
    def end(self) -> str | None: ...


def period(event: Lasting) -> str:
    """Start and end in UTC, to the minute."""
    start, end = short(event.start), short(event.end) if event.end else "still open"
    return f"{start} to {end} UTC" if event.end else f"{start} UTC, {end}"


def lasted(event: Event) -> str | None:
    """The duration, as the event itself states it; None while it is open and does not state one."""
    if event.encounter:
        hours = event.encounter.duration_hours
    elif event.loitering:
        hours = event.loitering.total_time_hours
    elif event.port_visit:
        hours = event.port_visit.duration_hours
    elif event.gap:
        hours = event.gap.duration_hours
    elif event.dark_port_visit:
        hours = event.dark_port_visit.duration_hours
    elif event.dark_encounter:
        hours = event.dark_encounter.longest_hours
    elif event.end:
        return duration_text(from_text(event.end) - from_text(event.start))
    else:
        return None
    return duration_text(round(hours * HOUR))


def reasons(given: tuple[Reason, ...]) -> list[str]:
    return [sanitize(reason.text) for reason in given]


def changes(before: Event, after: Event) -> list[str]:
    """What a later revision changes, the most important first."""
    return list(_changes(before, after))


def unchanged(count: int) -> str:
    """What is said of so many revisions in a row of which `changes` finds none."""
    return f"{count} revisions without a change of status, level, score, duration or reasons"


def _changes(before: Event, after: Event) -> Iterator[str]:
    if before.status != after.status:
        yield "retracted" if after.status is Status.RETRACTED else f"{before.status} → {after.status}"
    if before.level != after.level:
        yield f"{before.level} → {after.level}"
    if before.score != after.score:
        yield f"score {before.score:.2f} → {after.score:.2f}"
    if lasted(before) != lasted(after):
        yield f"{lasted(before) or 'open'} → {lasted(after) or 'open'}"
    if [name_of(vessel) for vessel in before.vessels] != [name_of(vessel) for vessel in after.vessels]:
        yield "vessel names changed"
    yield from _differing("for it", before.reasons, after.reasons)
    yield from _differing("against it", before.against, after.against)


def _differing(what: str, before: tuple[Reason, ...], after: tuple[Reason, ...]) -> Iterator[str]:
    """Reasons that were added or dropped, by code: their texts change with every revision."""
    for lead, old, new in ((what, before, after), (f"no longer {what}", after, before)):
        known = {reason.code for reason in old}
        for reason in new:
            if reason.code not in known:
                yield sanitize(f"{lead}: {reason.text}")


def short(time: str) -> str:
    return time[:16].replace("T", " ")
