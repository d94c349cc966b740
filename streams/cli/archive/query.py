"""`tankerwatch query`: SQL over an archive."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.archive.answer import AnswerFormat, Form, show

Archive = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", help="Folder that `tankerwatch archive` or `tankerwatch replay --archive` wrote."
    ),
]


def query(
    folder: Archive,
    sql: Annotated[
        str, typer.Argument(metavar="SQL", help="A query of DuckDB, such as 'SELECT * FROM visits'.")
    ],
    form: Form = AnswerFormat.TABLE,
) -> None:
    """Ask an archive in SQL. `tankerwatch ask` has questions that are ready.

    Tables: events, revisions, visits, visit_revisions, ticks, identities and vessels; docs/archive.md
    describes them. Times are UTC. Needs DuckDB, the extra `query`.
    """
    from streams.archive.database import Database, rows_of

    table = Database(folder).table(sql)
    show(table.column_names, rows_of(table), form)
