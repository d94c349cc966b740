"""Answers from an archive, printed as a table, CSV or JSON."""

import csv
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from streams.cli.errors import notify
from streams.output.sanitize import sanitize


class AnswerFormat(StrEnum):
    """How an answer is printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


Form = Annotated[AnswerFormat, typer.Option("--format", help="How to print the rows.")]

_LONGEST: Final = 200
"""Characters of a cell in a table on a terminal."""


def show(columns: Sequence[str], rows: Sequence[dict[str, Any]], form: AnswerFormat) -> None:
    """Print the rows on standard output. No rows are said on standard error."""
    if form is AnswerFormat.JSON:
        json.dump([{name: _json(row[name]) for name in columns} for row in rows], sys.stdout, indent=2)
        sys.stdout.write("\n")
    elif form is AnswerFormat.CSV:
        from streams.output.event_files import safe_cell

        writer = csv.writer(sys.stdout, lineterminator="\n")
        if columns:
            writer.writerow(columns)
        writer.writerows([safe_cell(_text(name, row[name])) for name in columns] for row in rows)
    elif rows:
        _show_table(columns, rows)
    if not rows:
        notify("no rows")


def _show_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    filled = [name for name in columns if any(row[name] is not None for row in rows)]
    table = Table(*filled)
    cut = False
    for row in rows:
        cells = [sanitize(str(_text(name, row[name]))) for name in filled]
        cut = cut or any(len(cell) > _LONGEST for cell in cells)
        shown = (cell if len(cell) <= _LONGEST else f"{cell[: _LONGEST - 3]}..." for cell in cells)
        table.add_row(*map(Text, shown))
    Console(width=None if sys.stdout.isatty() else 400, highlight=False).print(table)
    if cut:
        notify(f"texts of more than {_LONGEST} characters are cut; --format csv or json has them whole")


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return _moment(value)
    if isinstance(value, list):
        return [_json(each) for each in value]
    if isinstance(value, dict):
        return {str(name): _json(each) for name, each in value.items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _text(name: str, value: Any) -> Any:
    if value is None:
        return ""
    if name.endswith(("mmsi", "mmsi_then")) and isinstance(value, int):
        return f"{value:09d}"
    if isinstance(value, datetime | date):
        return _moment(value)
    if isinstance(value, list | dict):
        return json.dumps(_json(value))
    return value if isinstance(value, bool | int | float) else str(value)


def _moment(value: date) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds" if value.microsecond else "seconds").replace(
            "+00:00", "Z"
        )
    return value.isoformat()
