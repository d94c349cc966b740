"""`tankerwatch facilitators`: vessels outside the lists that deal with listed ones again and again."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.analysis.event_input import Events, Redis, Settings, gather, settings_of
from streams.output.sanitize import sanitize

if TYPE_CHECKING:  # loaded when the command runs, so that its help comes at once
    from streams.facilitators.facilitator import Facilitator


class Format(StrEnum):
    """How facilitators are printed."""

    TEXT = "text"
    JSON = "json"


def facilitators(
    events: Events = None,
    redis: Redis = False,
    settings: Settings = None,
    form: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.TEXT,
) -> None:
    """List vessels outside the lists that deal with listed or North Korean vessels again and again.

    A vessel is listed here if it met such vessels, or carried the cargo of chains, at least twice. To meet
    them proves nothing: barges and pilots meet everybody. So each comes with whom it met, and with the
    innocent explanation if there are signs of one.
    """
    import msgspec

    from streams.facilitators.facilitator import facilitators as find

    s = settings_of(settings, redis).facilitators
    found = find(gather(events, redis), s)
    if form is Format.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        _print(found)


def _print(found: "list[Facilitator]") -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    if not found:
        console.print("No vessel outside the lists dealt with listed or North Korean ones often enough.")
    for number, one in enumerate(found):
        for line in ([""] if number else []) + _lines(one):
            console.print(sanitize(line), soft_wrap=not sys.stdout.isatty())


def _lines(one: "Facilitator") -> list[str]:
    size = f", {one.length_meters} m" if one.length_meters else ""
    flag = f", flag {one.flag}" if one.flag else ""
    lines = [
        f"{one.name or 'name not known'} ({one.ship}, MMSI {', '.join(one.mmsis)}{flag}, {one.type}{size})",
        f"  {_count(one.times, 'time')} from {one.first_seen[:10]} to {one.last_seen[:10]}: "
        f"{_count(one.meetings, 'meeting')}, {one.probable} of them probable; {_count(one.chains, 'chain')}",
    ]
    for partner in one.partners:
        what = ", ".join(partner.lists) or f"flag {partner.flag}"
        name = partner.name or "name not known"
        lines.append(f"  with {name} ({partner.ship}; {what}): {_count(partner.meetings, 'meeting')}")
    if one.other_partners:
        lines.append(f"  with {_count(one.other_partners, 'other vessel')}")
    lines.append(f"  innocent explanation: {one.innocent or 'too few signs of one'}")
    if one.signs and one.innocent is None:
        lines.append(f"  signs: {'; '.join(one.signs)}")
    return [*lines, f"  events: {', '.join(one.events)}"]


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
