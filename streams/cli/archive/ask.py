"""`tankerwatch ask`: questions that investigators ask an archive."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from streams.cli.archive.answer import AnswerFormat, Form, show
from streams.cli.archive.query import Archive
from streams.cli.errors import help_unless_command
from streams.cli.options import values

if TYPE_CHECKING:
    from geofences.fence import Fence

app = typer.Typer(rich_markup_mode=None)

Vessel = Annotated[
    str, typer.Argument(metavar="VESSEL", help="IMO number (seven digits), MMSI (nine digits), or name.")
]
At = Annotated[str, typer.Argument(metavar="TIME", help="Such as 2026-03-01T12:00:00Z (UTC).")]
Fences = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE", help="GeoJSON file of your own fences. Can be given several times."),
]
_PLACE: Final = "LAT,LON, or a fence: its id, UN/LOCODE, or name or part of it."


@app.callback(invoke_without_command=True)
def _ask(context: typer.Context) -> None:
    """Questions to an archive, each with its answer as rows. `tankerwatch query` takes any other in SQL."""
    help_unless_command(context)


@app.command("called-then-near", short_help="Called at A, and later within N miles of B.")
def called_then_near(
    folder: Archive,
    called: Annotated[str, typer.Argument(metavar="A", help="A port: fence, UN/LOCODE, or name.")],
    near: Annotated[str, typer.Argument(metavar="B", help=_PLACE)],
    miles: Annotated[float, typer.Option(metavar="N", min=0, help="Nautical miles from B.")] = 10.0,
    days: Annotated[float, typer.Option(metavar="DAYS", min=0, help="Days after the call.")] = 50.0,
    fence: Fences = None,
    form: Form = AnswerFormat.TABLE,
) -> None:
    """Which vessels called at A, and later were within N nautical miles of B?

    Calls are port visits, which are found for vessels that count: tankers and listed ones.
    """
    from streams.archive import questions
    from streams.archive.database import Database
    from streams.archive.naming import find_place

    known = _fences(fence)
    places = find_place(called, known), find_place(near, known)
    _show(questions.called_then_near(Database(folder), *places, miles, days), form)


@app.command(short_help="Who met a vessel.")
def met(folder: Archive, vessel: Vessel, form: Form = AnswerFormat.TABLE) -> None:
    """Who met this vessel? Its encounters, and possible ones in silences."""
    from streams.archive import questions
    from streams.archive.database import Database
    from streams.archive.naming import find_ship

    database = Database(folder)
    _show(questions.met(database, find_ship(database, vessel)), form)


@app.command(short_help="Where a vessel was at a time.")
def where(
    folder: Archive,
    vessel: Vessel,
    time: At,
    days: Annotated[
        float, typer.Option(metavar="DAYS", min=0, help="Days before and after the time to look at.")
    ] = 30.0,
    form: Form = AnswerFormat.TABLE,
) -> None:
    """Where was this vessel at this time? If it was not heard then: where before and after."""
    from streams.archive import questions
    from streams.archive.database import Database
    from streams.archive.naming import find_ship

    database = Database(folder)
    _show(questions.where(database, find_ship(database, vessel), values.time(time), days), form)


@app.command(short_help="When a vessel was not heard.")
def silent(
    folder: Archive,
    vessel: Vessel,
    hours: Annotated[
        float, typer.Option(metavar="HOURS", min=1, help="Only silences longer than this.")
    ] = 6.0,
    form: Form = AnswerFormat.TABLE,
) -> None:
    """When was this vessel not heard? A silence alone says nothing of why: reception may be poor."""
    from streams.archive import questions
    from streams.archive.database import Database
    from streams.archive.naming import find_ship

    database = Database(folder)
    _show(questions.silent(database, find_ship(database, vessel), hours), form)


@app.command(short_help="Who was near a place at a time.")
def near(
    folder: Archive,
    place: Annotated[str, typer.Argument(metavar="PLACE", help=_PLACE)],
    time: At,
    miles: Annotated[float, typer.Option(metavar="N", min=0, help="Nautical miles from the place.")] = 5.0,
    minutes: Annotated[
        float, typer.Option(metavar="MINUTES", min=0, help="Minutes before and after the time.")
    ] = 30.0,
    fence: Fences = None,
    form: Form = AnswerFormat.TABLE,
) -> None:
    """Who was within N nautical miles of this place at this time?"""
    from streams.archive import questions
    from streams.archive.database import Database
    from streams.archive.naming import find_place

    found = find_place(place, _fences(fence))
    _show(questions.near(Database(folder), found, values.time(time), miles, minutes), form)


def _fences(files: list[str] | None) -> "Sequence[Fence]":
    from streams.deployment.config import RunFiles
    from streams.deployment.reference_data import load_all_fences

    return load_all_fences(RunFiles(None, tuple(files or ())))


def _show(rows: list[dict[str, Any]], form: AnswerFormat) -> None:
    show(list(rows[0]) if rows else [], rows, form)
