"""Everything about one event on a terminal: summary, reasons, vessels, measurements, revisions, reviews."""

from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import itemgetter

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from models.event import ChainLeg, Event, EventType, Reason
from models.sighting import DarkVessel
from streams.output import event_text
from streams.output.sanitize import sanitize
from streams.tail.source import Known


def show(console: Console, known: Known) -> None:
    """Print the latest revision of an event, what each revision changed, and what reviewers said."""
    event = known.revisions[-1]
    _line(console, Text(event_text.heading(event), "bold"))
    _line(
        console, Text(f"event {event.id}, revision {event.revision}, {event.status}, score {event.score:.2f}")
    )
    _line(console, Text(""))
    _line(console, Text(sanitize(event.summary)))
    _part(console, "When and where", [*_when(event), event_text.place(event)])
    _part(console, "For it", [_weighed(reason, "+") for reason in event.reasons])
    _part(console, "Against it", [_weighed(reason, "-") for reason in event.against])
    vessels = [
        line
        for vessel in event.vessels
        for line in (event_text.described(vessel), *(f"  listed: {hit}" for hit in event_text.listed(vessel)))
    ]
    _part(console, "Vessels", vessels)
    _part(console, "Measured", _measured(event))
    heard = ", ".join(event.evidence.receivers) or "unknown receivers"
    _part(console, "Evidence", [sanitize(f"{len(event.evidence.positions)} positions, heard by {heard}")])
    _part(console, "Revisions", _revisions(known.revisions))
    _part(
        console,
        "Reviews",
        [
            sanitize(f"{event_text.short(one.time)}  {one.disposition} by {one.by}: {one.note}")
            for one in known.reviews
        ],
    )


def _when(event: Event) -> list[str]:
    lasted = event_text.lasted(event)
    return [event_text.period(event) + (f", {lasted}" if lasted else "")]


def _weighed(reason: Reason, sign: str) -> str:
    met = []
    if reason.value is not None:
        met.append(_measure(reason.value, reason.unit))
    if reason.threshold is not None:
        met.append(f"threshold {_measure(reason.threshold, reason.unit)}")
    numbers = f" ({', '.join(met)})" if met else ""
    return sanitize(f"{sign}{reason.weight:.2f}  {reason.text}{numbers}")


def _measure(value: float | str, unit: str | None) -> str:
    return value if isinstance(value, str) else f"{value:g}{f' {unit}' if unit else ''}"


def _measured(event: Event) -> list[str]:
    if met := event.encounter:
        gap = (
            ""
            if met.min_hull_gap_meters is None
            else f", smallest gap between the hulls {met.min_hull_gap_meters:.0f} m"
        )
        return [
            f"median distance {met.median_distance_kilometers * 1000:.0f} m, "
            f"smallest {met.min_distance_kilometers * 1000:.0f} m{gap}",
            f"{met.median_speed_knots:g} kn, {met.position_count} positions, {met.type}",
            *([f"draught changed by {met.draught_change_meters:+g} m"] if met.draught_change_meters else []),
            *([f"others in the raft: {', '.join(map(sanitize, met.others))}"] if met.others else []),
        ]
    if slow := event.loitering:
        return [
            f"{slow.total_distance_km:g} km in {slow.total_time_hours:g} h, {slow.average_speed_knots:g} kn"
        ]
    if call := event.port_visit:
        seen = [name for name, was in (("entry", call.entry_seen), ("exit", call.exit_seen)) if was]
        return [
            sanitize(f"{call.port_name} ({call.port}), confidence {call.confidence} of 4"),
            f"stopped for {call.stopped_hours:g} h, {' and '.join(seen) or 'neither entry nor exit'} seen",
        ]
    if silence := event.gap:
        moved = "" if silence.distance_km is None else f", moved by {silence.distance_km:g} km"
        return [
            f"silent for {silence.duration_hours:g} h{moved}",
            f"{silence.neighbours_heard} of {silence.neighbours_before} vessels near it were heard on",
        ]
    if chain := event.chain:
        legs = [
            f"{_kind(leg, event)} {leg.start[:16].replace('T', ' ')}: {_leg(leg)} (event {leg.event}, "
            f"revision {leg.revision})"
            for leg in chain.legs
        ]
        times = [
            f"earliest at {arrival.port_name} {arrival.earliest_arrival[:16].replace('T', ' ')} UTC: MMSI "
            f"{arrival.ssvid}, {arrival.distance_km:.0f} km"
            for arrival in chain.arrivals
        ]
        return [sanitize(line) for line in (*legs, *times)]
    if visit := event.dark_port_visit:
        return [
            sanitize(
                f"{port.port_name} ({port.port}): up to {port.longest_stay_hours:g} h, "
                f"{port.distance_from_off_km:.0f} km from where it fell silent"
            )
            for port in visit.ports
        ]
    if anomaly := event.identity:
        return [
            sanitize(
                f"{change.time[:16].replace('T', ' ')} UTC: {change.field} {change.before} → {change.after}"
            )
            for change in anomaly.changes
        ]
    if dark := event.dark_vessel:
        return list(map(sanitize, _seen(dark)))
    if (wrong := event.position_anomaly) and wrong.kind in ("jumps", "region"):
        farthest = "" if wrong.farthest_km is None else f", {wrong.farthest_km:g} km away at the farthest"
        return [f"{wrong.positions} positions of {wrong.vessel_count} vessels, {wrong.jumps} jumps{farthest}"]
    if meeting := event.dark_encounter:
        other = "was silent, too" if meeting.type == "both_silent" else "was heard, and loitered"
        return [
            sanitize(f"the other vessel: {event_text.name_of(meeting.vessel)}, which {other}"),
            f"together for up to {meeting.longest_hours:g} h; number {meeting.rank} of {meeting.candidates}",
        ]
    return []


def _seen(dark: DarkVessel) -> Iterator[str]:
    for seen in dark.sightings:
        size = "length not told" if seen.length_meters is None else f"{seen.length_meters:g} m"
        yield f"seen {seen.time[:16].replace('T', ' ')} UTC by {seen.kind} {seen.reference or ''}, {size}"
    yield f"{dark.heard_vessels} vessels were heard around"
    for each in dark.candidates:
        yield f"may be {each.name or f'MMSI {each.ssvid}'}, silent then (gap {each.gap})"


def _kind(leg: ChainLeg, event: Event) -> str:
    """A call at which the vessel was not heard, and nobody else saw it, is only possible."""
    sighted = any(reason.code == f"sighted_{leg.kind}" for reason in event.reasons)
    return leg.kind if leg.type != EventType.DARK_PORT_VISIT or sighted else f"possible {leg.kind}"


def _leg(leg: ChainLeg) -> str:
    return (
        f"MMSI {leg.from_ssvid} to MMSI {leg.ssvid}"
        if leg.from_ssvid
        else f"MMSI {leg.ssvid}, {leg.port_name}"
    )


def _revisions(revisions: tuple[Event, ...]) -> list[str]:
    first = revisions[0]
    start = f"{first.level}, {first.status}, score {first.score:.2f}"
    lines = [f"{first.revision}  {event_text.short(first.detected)}  {start}"]
    changed = ((after, "; ".join(event_text.changes(before, after))) for before, after in pairwise(revisions))
    for changes, some in groupby(changed, key=itemgetter(1)):
        row = [event for event, _ in some]
        if changes or len(row) == 1:
            lines += [
                f"{one.revision}  {event_text.short(one.detected)}  {changes or 'no change'}" for one in row
            ]
        else:
            times = f"{event_text.short(row[0].detected)} to {event_text.short(row[-1].detected)}"
            lines.append(
                f"{row[0].revision} to {row[-1].revision}  {times}  {len(row)} revisions without a change"
            )
    return lines


def _part(console: Console, title: str, lines: list[str]) -> None:
    if lines:
        _line(console, Text(""))
        _line(console, Text(title, "bold"))
        for line in lines:
            _line(console, Text(line), 2)


def _line(console: Console, text: Text, indent: int = 0) -> None:
    """Print a line, wrapped at words on a terminal and in one piece otherwise."""
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent)), highlight=False)
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True, highlight=False)
