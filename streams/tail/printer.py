"""Printers of events: two lines for people, JSON Lines for programs."""

import sys
from typing import Final, Protocol, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from models.event import Event, Level, Status, to_json
from streams.output import event_text
from streams.output.sanitize import sanitize

_INDENT: Final = 4


class Printer(Protocol):
    """Prints one revision of an event."""

    compares: bool
    """Whether it uses the revision before."""

    def print(self, event: Event, before: Event | None) -> None: ...


class JsonLines:
    """One line of JSON for each revision, as it was published."""

    compares = False

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out

    def print(self, event: Event, before: Event | None) -> None:
        self._out.write(to_json(event).decode("utf-8", "replace") + "\n")
        self._out.flush()


class Lines:
    """Two lines for each revision: when, what, who, how long, where; then the summary or what has changed."""

    compares = True

    def __init__(self, console: Console) -> None:
        self._console = console

    def print(self, event: Event, before: Event | None) -> None:
        self._show(head(event, self._console.width), 0)
        self._show(Text.assemble(_below(event, before), "  ", (sanitize(event.id), "dim")), _INDENT)

    def _show(self, text: Text, indent: int) -> None:
        self._console.print(Padding(text, (0, 0, 0, indent)), highlight=False)


def head(event: Event, width: int) -> Text:
    """When, what and who; how long and where if they fit on the line, since the summary has them too."""
    retracted = event.status is Status.RETRACTED
    level = {Level.PROBABLE: "bold red", Level.POSSIBLE: "yellow"}[event.level]
    line = Text.assemble(
        (event_text.short(event.detected), "dim"),
        "  ",
        (str(event.level), "dim strike" if retracted else level),
        f" {event.type.replace('_', ' ')}  ",
        (" and ".join(event_text.name_of(vessel) for vessel in event.vessels), "bold"),
    )
    for fact in (event_text.lasted(event), event_text.area(event)):
        if fact and line.cell_len + cell_len(fact) + 2 <= width:
            line.append(f"  {fact}")
    return line


def _below(event: Event, before: Event | None) -> str:
    if event.status is Status.RETRACTED:
        why = "; ".join(event_text.reasons(event.against))
        return f"revision {event.revision}: retracted{': ' + why if why else ''}"
    if before is not None:
        changes = "; ".join(event_text.changes(before, event)) or "no change"
        return f"revision {event.revision}: {changes}"
    later = f"revision {event.revision}: " if event.revision > 1 else ""
    return later + sanitize(event.summary)
