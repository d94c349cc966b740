"""An event in words, for a terminal, a letter, a message: short lines that no name can break or forge."""

from collections.abc import Iterator

from models.event import Event, Position, Reason, Status, Vessel
from models.time import HOUR, duration_text, from_text
from streams.output.sanitize import plain


def heading(event: Event) -> str:
    """What it is and who takes part: "Probable encounter: OCEAN STAR and KUM SONG 9"."""
    kind = f"{event.level} {event.type.replace('_', ' ')}".capitalize()
    return f"{kind}: {' and '.join(called(vessel) for vessel in event.vessels)}"


def called(vessel: Vessel) -> str:
    return plain(vessel.name) or f"MMSI {vessel.ssvid}"


def described(vessel: Vessel) -> str:
    """All that is known of a vessel, on one line."""
    facts = [
        f"MMSI {vessel.ssvid}",
        f"IMO {vessel.imo}" if vessel.imo else "no IMO number",
        f"flag {vessel.flag}" if vessel.flag else "",
        vessel.type,
        f"call sign {vessel.callsign}" if vessel.callsign else "",
        f"{vessel.length_meters} m long" if vessel.length_meters else "",
        f"draught {vessel.draught_meters:g} m" if vessel.draught_meters else "",
    ]
    return plain(f"{vessel.name or 'no name'} ({', '.join(filter(None, facts))})")


def listed(vessel: Vessel) -> list[str]:
    """The watchlists that a vessel is on, a line each."""
    return [plain(f"{hit.list} {hit.entry}, by its {hit.matched_on.upper()}") for hit in vessel.watchlists]


def place(event: Event) -> str:
    """Where: the position, and the fences that it touches."""
    fences = [f"{fence.relation} {fence.name}" for fence in event.geofences]
    return plain(", ".join([coordinates(event.position), *fences]))


def area(event: Event) -> str:
    """Where, in few words: the first fence, else the position."""
    for fence in event.geofences:
        return plain(f"{fence.relation} {fence.name}")
    return coordinates(event.position)


def coordinates(position: Position) -> str:
    north, east = "N" if position.lat >= 0 else "S", "E" if position.lon >= 0 else "W"
    return f"{abs(position.lat):.3f}°{north} {abs(position.lon):.3f}°{east}"


def period(event: Event) -> str:
    """From when to when, in minutes of UTC."""
    start, end = short(event.start), short(event.end) if event.end else "still open"
    return f"{start} to {end} UTC" if event.end else f"{start} UTC, {end}"


def lasted(event: Event) -> str | None:
    """How long, as the event itself counts."""
    if event.encounter:
        hours = event.encounter.duration_hours
    elif event.loitering:
        hours = event.loitering.total_time_hours
    elif event.port_visit:
        hours = event.port_visit.duration_hours
    elif event.end:
        return duration_text(from_text(event.end) - from_text(event.start))
    else:
        return None
    return duration_text(round(hours * HOUR))


def reasons(given: tuple[Reason, ...]) -> list[str]:
    return [plain(reason.text) for reason in given]


def changes(before: Event, after: Event) -> list[str]:
    """What a later revision says otherwise, the weightiest first."""
    return list(_changes(before, after))


def _changes(before: Event, after: Event) -> Iterator[str]:
    if before.status != after.status:
        yield "taken back" if after.status is Status.RETRACTED else f"{before.status} → {after.status}"
    if before.level != after.level:
        yield f"{before.level} → {after.level}"
    if before.score != after.score:
        yield f"score {before.score:.2f} → {after.score:.2f}"
    if lasted(before) != lasted(after):
        yield f"{lasted(before) or '?'} → {lasted(after) or '?'}"
    if [called(vessel) for vessel in before.vessels] != [called(vessel) for vessel in after.vessels]:
        yield "vessels named otherwise"
    yield from _differing("for it", before.reasons, after.reasons)
    yield from _differing("against it", before.against, after.against)


def _differing(what: str, before: tuple[Reason, ...], after: tuple[Reason, ...]) -> Iterator[str]:
    """Reasons that came or went; their numbers are in other words each time."""
    for lead, old, new in ((what, before, after), (f"no longer {what}", after, before)):
        known = {reason.code for reason in old}
        for reason in new:
            if reason.code not in known:
                yield plain(f"{lead}: {reason.text}")


def short(time: str) -> str:
    return time[:16].replace("T", " ")
