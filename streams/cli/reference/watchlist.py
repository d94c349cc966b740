"""`tankerwatch watchlist`: checks lists of vessels, shows their entries, and writes them as plain CSV."""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streams.cli.errors import help_unless_command, notify
from streams.cli.files import Output, check_outputs
from streams.cli.options import values
from streams.output.sanitize import sanitize

if TYPE_CHECKING:  # loaded when a command runs, so that its help comes at once
    from models.watchlist import Entry
    from streams.watchlists.reading import ListFormat, Reading

app = typer.Typer()

Lists = Annotated[list[Path], typer.Argument(metavar="PATH", help="Lists of vessels, or folders of lists.")]
_SHOWN: Final = ("list", "entry", "IMO", "MMSI", "names", "call sign", "type", "t", "listed", "delisted")
_DAYS: Final = 365.25
"""Days of a year."""


class Format(StrEnum):
    """How entries are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.callback(invoke_without_command=True)
def _watchlist(context: typer.Context) -> None:
    """Check lists of vessels, show their entries, and write them as plain CSV."""
    help_unless_command(context)


@app.command(short_help="Check lists: layout, number of vessels, every fault.")
def check(paths: Lists) -> None:
    """Check lists: their layout, how many vessels they name, and every fault.

    Faults are printed on standard output, and the exit code is 1 if there is one. Remarks, which keep no list
    from being used, are printed on standard error. docs/watchlists.md describes the layouts.
    """
    from streams.watchlists.files import read_lists

    failed = False
    for layout, reading in read_lists(paths):
        for problem in reading.problems:
            typer.echo(sanitize(problem))
        failed |= bool(reading.problems)
        for remark in reading.remarks:
            typer.echo(sanitize(f"remark: {remark}"), err=True)
        if layout is not None and not reading.problems:
            typer.echo(sanitize(f"{reading.file}: {_summary(layout, reading)}"), err=True)
    if failed:
        raise typer.Exit(1)


@app.command(short_help="Show the entries of the shipped list, or of your own.")
def show(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="PATH", help="Lists of vessels, or folders of lists; none for the shipped one."
        ),
    ] = None,
    imo: Annotated[int | None, typer.Option(metavar="IMO", help="Only entries with this IMO number.")] = None,
    mmsi: Annotated[
        int | None, typer.Option(metavar="MMSI", parser=values.mmsi, help="Only entries with this MMSI.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Only entries with this text in one of their names.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the entries.")] = Format.TABLE,
) -> None:
    """Show the entries of the shipped list, or of lists of your own, and how old they are.

    The age of each list is printed on standard error.
    """
    from models.watchlist import plain_name

    entries = _entries(paths) if paths else _shipped()
    for line in _ages(entries):
        typer.echo(sanitize(line), err=True)
    part = plain_name(name or "")
    found = [
        entry
        for entry in entries
        if (imo is None or imo in entry.imos)
        and (mmsi is None or mmsi in entry.mmsis)
        and (name is None or any(part in plain_name(each) for each in entry.names))
    ]
    if not found:
        notify("no entries")
    _print(found, form)


@app.command("import", short_help="Write lists as one plain CSV file.")
def import_(
    paths: Lists,
    out: Annotated[str, typer.Option(metavar="FILE", help="Write to this file; - is standard output.")] = "-",
) -> None:
    """Write lists as one plain CSV file, which can be edited and given as a watchlist.

    Rows that name no vessel are left out. docs/watchlists.md describes the columns.
    """
    from streams.watchlists import plain
    from streams.watchlists.files import list_files

    check_outputs({"--out": out}, [str(file) for file in list_files(paths)])
    entries = _entries(paths)
    with Output(out) as file:
        file.write(plain.dump(entries))
    notify(f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'} written")


def _entries(paths: Sequence[Path]) -> "list[Entry]":
    """The entries of lists, in the order of the files. Raises WatchlistError with all faults."""
    from streams.watchlists.files import joined, read_lists
    from streams.watchlists.reading import WatchlistError

    readings = [reading for _, reading in read_lists(paths)]
    if problems := [problem for reading in readings for problem in reading.problems]:
        raise WatchlistError(*problems)
    for reading in readings:
        for remark in reading.remarks:
            notify(f"remark: {remark}")
    return joined(readings)


def _shipped() -> "list[Entry]":
    from streams.watchlists.shipped import shipped_watchlist

    return sorted(shipped_watchlist().entries, key=lambda entry: (entry.list, entry.imos, entry.entry))


def _summary(layout: "ListFormat", reading: "Reading") -> str:
    """What was found in a file without faults."""
    entries = reading.entries
    if reading.other_names:
        return f"{layout.describes}: names of {len(reading.other_names)} entries, nothing wrong"
    by_name = sum(not (entry.imos or entry.mmsis) for entry in entries)
    parts = [f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"]
    parts += [f"{sum(bool(entry.imos) for entry in entries)} with an IMO number"]
    parts += [f"{by_name} by name only"] if by_name else []
    parts += [f"{count} left out ({kind})" for kind, count in sorted(reading.left_out.items())]
    return f"{layout.describes}: {', '.join(parts)}; nothing wrong"


def _ages(entries: "Iterable[Entry]") -> Iterable[str]:
    """How old each list is that says so, the oldest part of it first."""
    from datetime import UTC, date, datetime

    dated: dict[str, list[str]] = {}
    for entry in entries:
        dated.setdefault(entry.list, []).append(entry.as_of or "")
    today = datetime.now(UTC).date()
    for name, known in sorted(dated.items()):
        count = f"{len(known)} {'entry' if len(known) == 1 else 'entries'}"
        oldest = min(known)
        if not oldest:
            yield f"{name}: {count}; the list does not say how old it is"
            continue
        age = (today - date.fromisoformat(oldest + "-01-01"[len(oldest) - 4 :])).days / _DAYS
        yield f"{name}: {count}, as of {oldest}: {_age(age)} old"


def _age(years: float) -> str:
    if years >= 2:
        return f"{int(years)} years"
    months = max(int(years * 12), 0)
    return "less than a month" if months == 0 else f"{months} {'month' if months == 1 else 'months'}"


def _print(entries: "Sequence[Entry]", form: Format) -> None:
    if form is Format.JSON:
        import msgspec

        typer.echo(json.dumps(msgspec.to_builtins(list(entries)), ensure_ascii=False, indent=2))
    elif form is Format.CSV:
        from streams.watchlists import plain

        typer.echo(plain.dump(entries), nl=False)
    elif entries:
        _print_table(entries)


def _print_table(entries: "Sequence[Entry]") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*_SHOWN)
    for entry in entries:
        cells = (
            entry.list, entry.entry, ", ".join(map(str, entry.imos)),
            ", ".join(f"{mmsi:09d}" for mmsi in entry.mmsis), "; ".join(entry.names),
            ", ".join(entry.callsigns), entry.type or "",
            "" if entry.deadweight is None else f"{entry.deadweight:,.0f}",
            entry.listed_on or "", entry.delisted_on or "",
        )  # fmt: skip
        table.add_row(*(Text(sanitize(cell)) for cell in cells))
    Console(width=None if sys.stdout.isatty() else 200, highlight=False).print(table)
