"""`tankerwatch inspect`: what is in recordings, and what a replay would make of them."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any

import typer

from streams.cli.errors import complain
from streams.cli.files import STANDARD, Output, check_outputs
from streams.cli.options.groups import with_option_groups
from streams.cli.options.inputs import InputOptions, Recordings, find_recordings

if TYPE_CHECKING:
    from streams.recordings.inspection import Inspection, OutcomeSeen, VesselSeen


@with_option_groups
def inspect(
    files: Recordings,
    *,
    vessels: Annotated[
        bool, typer.Option("--vessels", help="List the vessels, too; in JSON they are always there.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Write JSON, one object on a line for each file.")
    ] = False,
    html: Annotated[
        str | None,
        typer.Option(
            "--html", metavar="FILE", help="Also write a page with a map of each file; - for standard output."
        ),
    ] = None,
    inputs: InputOptions,
) -> None:
    """Say what is in recordings: format, times, outcomes of lines, messages, vessels, stations and gaps.

    It reads files as `replay` does, without looking for events. The exit code is 1 if a file can't be used.
    """
    import msgspec

    from streams.output.inspection_page import render
    from streams.recordings.diagnosis import holds_no_record, no_record
    from streams.recordings.inspection import inspect as look
    from streams.recordings.position_counts import PositionCounts
    from streams.recordings.recording import Recording

    recordings = find_recordings(files, inputs)
    check_outputs({"--html": html}, recordings.files)
    reading = inputs.reading()
    problems: list[str] = []
    empty = True
    with Output(html) if html else nullcontext() as page:
        shown = []
        for name, each in zip(recordings.names, recordings.inputs, strict=True):
            places = PositionCounts()
            found = look(name, Recording(name, each.content, reading), reading, places if page else None)
            problems += found.problems
            empty = empty and holds_no_record({each: seen.lines for each, seen in found.outcomes.items()})
            if page:
                shown.append((found, places))
            if html == STANDARD:
                continue
            if json:
                typer.echo(msgspec.json.encode(found).decode())
            elif found.lines or not found.problems:  # of what could not be opened there is nothing to show
                typer.echo("\n".join(_text(found, vessels)) + "\n")
        if page:
            page.write(render(shown))
    if empty and not problems:
        problems.append(no_record(recordings.names))
    complain(*problems)
    raise typer.Exit(1 if problems else 0)


def _text(found: "Inspection", vessels: bool) -> Iterator[str]:
    from models.time import to_text
    from streams.output.sanitize import sanitize

    yield sanitize(found.name)
    yield f"  format      {found.format or 'not known'}"
    if found.first is not None and found.last is not None:
        yield f"  time        {to_text(found.first)} to {to_text(found.last)}"
    told = ", ".join(f"{where} ({count:,})" for where, count in found.times.items())
    poor = "; of poor quality" if found.poor_times else ""
    yield f"  time from   {told + ', by sentences' if told else 'nowhere'}{poor}"
    yield f"  lines       {found.lines:,}"
    for outcome, seen in found.outcomes.items():
        yield f"    {outcome.replace('_', ' '):<20} {seen.lines:>12,}{_example(seen)}"
    total = sum(found.messages.values())
    kinds = ", ".join(f"type {kind}: {count:,}" for kind, count in found.messages.items())
    yield f"  messages    {total:,}{f' ({kinds})' if kinds else ''}"
    yield f"  vessels     {len(found.vessels):,}"
    if found.area is not None:
        west, south, east, north = found.area
        yield f"  area        {west:.4f},{south:.4f},{east:.4f},{north:.4f} (west, south, east, north)"
    stations = ", ".join(f"{sanitize(name)} ({count:,})" for name, count in list(found.stations.items())[:10])
    more = f" and {len(found.stations) - 10:,} more" if len(found.stations) > 10 else ""
    yield f"  stations    {stations + more or 'none named'}"
    for start, end in found.gaps:
        yield f"  nothing heard from {to_text(start)} to {to_text(end)}"
    for note in found.notes:
        yield f"  note: {sanitize(note)}"
    for vessel in found.vessels if vessels else ():
        yield f"  {_vessel(vessel)}"


def _example(seen: "OutcomeSeen") -> str:
    from streams.output.sanitize import sanitize

    return f"  {seen.reason}; line {seen.line}: {sanitize(seen.example)}" if seen.reason else ""


def _vessel(vessel: "VesselSeen") -> str:
    from models.time import to_text
    from streams.output.sanitize import sanitize

    said: list[Any] = [vessel.ssvid, vessel.flag, *(f"IMO {imo}" for imo in vessel.imos), *vessel.names]
    said += [f"type {kind}" for kind in vessel.types]
    positions = "position" if vessel.positions == 1 else "positions"
    known = ", ".join(sanitize(each) for each in said if each)
    return f"{known}: {vessel.positions:,} {positions}, {to_text(vessel.first)} to {to_text(vessel.last)}"
