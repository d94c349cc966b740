"""`tankerwatch ledger`: deliveries of oil to North Korea in barrels, beside the cap."""

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.analysis.event_input import Events, Redis, Settings, gather, settings_of
from streams.cli.errors import UsageError
from streams.output.sanitize import sanitize

if TYPE_CHECKING:  # loaded when the command runs, so that its help comes at once
    from streams.ledger.delivery import Barrels
    from streams.ledger.ledger import Year


class Format(StrEnum):
    """How the ledger is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def ledger(
    events: Events = None,
    redis: Redis = False,
    settings: Settings = None,
    year: Annotated[int | None, typer.Option(metavar="YEAR", help="Only this year. Default: all.")] = None,
    reported: Annotated[
        list[str] | None,
        typer.Option(metavar="YEAR=BARRELS", help="Imports that were reported for a year; can be repeated."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print the ledger.")] = Format.TABLE,
) -> None:
    """Count deliveries of oil to North Korea, in barrels, by year, ship and port.

    A delivery is a call of a tanker at a North Korean port: seen if it lay at a berth, else possible. Calls
    that it may have made while it was silent are possible. Each is counted once. Barrels are a range, by
    draught before and after if it was sent, else by deadweight.
    """
    import msgspec

    from streams.ledger.book import deliveries
    from streams.ledger.ledger import ledger as count

    s = settings_of(settings, redis).ledger
    found = deliveries(gather(events, redis), s)
    years = [each for each in count(found, s, _reported(reported or [])) if year in (None, each.year)]
    if form is Format.JSON:
        typer.echo(msgspec.json.format(msgspec.json.encode(years), indent=2).decode())
    elif form is Format.CSV:
        _print_csv(years)
    else:
        _print(years, year)


def _reported(given: list[str]) -> dict[int, float]:
    """Raises UsageError."""
    out = {}
    for text in given:
        name, _, barrels = text.partition("=")
        try:
            out[int(name)] = float(barrels)
        except ValueError:
            raise UsageError(f"--reported: {text!r} is not YEAR=BARRELS; give it like 2024=150000") from None
    return out


def _print_csv(years: "list[Year]") -> None:
    import csv

    from streams.output.event_files import safe_cell

    writer = csv.writer(sys.stdout, lineterminator="\n")
    parts = [f"barrels_{kind}_{part}" for kind in ("seen", "possible") for part in ("low", "mid", "high")]
    writer.writerow(["year", "ship", "name", "port", "seen", "possible", "dark", *parts])
    for each in years:
        for row in each.rows:
            barrels = [
                round(value)
                for some in (row.barrels_seen, row.barrels_possible)
                for value in (some.low, some.mid, some.high)
            ]
            cells = [row.year, row.ship, safe_cell(row.name), row.port, row.seen, row.possible, row.dark]
            writer.writerow([*cells, *barrels])


def _print(years: "list[Year]", year: int | None) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    if not years:
        console.print(f"No deliveries in {year}." if year is not None else "No deliveries.")
    for each in years:
        table = Table("ship", "port", title=f"Deliveries in {each.year}, barrels: low, middle, high")
        for heading in ("seen", "barrels", "possible", "barrels"):
            table.add_column(heading, justify="right")
        for row in each.rows:
            table.add_row(
                Text(f"{sanitize(row.name)} {row.ship}".strip()), row.port,
                str(row.seen), _range(row.barrels_seen), str(row.possible), _range(row.barrels_possible),
            )  # fmt: skip
        console.print(table)
        console.print(f"Total {_range(each.barrels_total, 'none')} in {_count(each.seen + each.possible)}; "
            f"seen {_range(each.barrels_seen, 'none')}, "
            f"possible {_range(each.barrels_possible, 'none')}.")  # fmt: skip
        console.print(_beside_the_cap(each), soft_wrap=True)
        if each.dark:
            console.print(f"{_count(each.dark)} of the possible ones: the vessel was silent meanwhile.")
        if each.without_size:
            console.print(f"{each.without_size} of them without barrels: the size of the ship is not known.")
        console.print(each.not_seen, soft_wrap=True)


def _beside_the_cap(year: "Year") -> str:
    text = f"The cap is {year.cap_barrels:,.0f} barrels of refined products a year (UNSCR 2397)."
    if year.reported_barrels is not None:
        text += f" Reported imports: {year.reported_barrels:,.0f} barrels."
    if year.cap_passed_by:
        text += f" The low estimates of what was seen alone are above it by {year.cap_passed_by}."
    return text


def _count(number: int) -> str:
    return "1 delivery" if number == 1 else f"{number} deliveries"


def _range(barrels: "Barrels", nothing: str = "-") -> str:
    return f"{barrels.low:,.0f} – {barrels.mid:,.0f} – {barrels.high:,.0f}" if barrels.high else nothing
