"""The `tankerwatch` command: puts the subcommands together and prints every error as one line.

The modules of the commands import what they work with only when they run, so that help appears at once.
"""

import gc
import io
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Annotated, Final, NoReturn

import typer

from models.errors import InputError, TankerwatchError
from streams.cli import alerts, events, settings
from streams.cli.analysis import evidence
from streams.cli.analysis.explain import explain
from streams.cli.analysis.facilitators import facilitators
from streams.cli.analysis.inspect import inspect
from streams.cli.analysis.ledger import ledger
from streams.cli.archive import ask
from streams.cli.archive.archive import archive
from streams.cli.archive.export import export
from streams.cli.archive.query import query
from streams.cli.archive.rescreen import rescreen
from streams.cli.errors import Failed, complain, help_unless_command, misused, notify, reason, remedy
from streams.cli.evaluate import evaluate
from streams.cli.feed import feed
from streams.cli.formats import formats
from streams.cli.ingest import ingest
from streams.cli.old_spellings import current_spelling
from streams.cli.publish import publish
from streams.cli.reference import fences, watchlist
from streams.cli.replay import replay
from streams.cli.serve import serve
from streams.cli.simulate import simulate
from streams.cli.sink import sink
from streams.cli.status import status
from streams.cli.worker import worker
from streams.runtime.environment import PREFIX
from streams.runtime.secrecy import password_in

INTERRUPTED: Final = 128 + signal.SIGINT
BROKEN_PIPE: Final = 128 + signal.SIGPIPE

app = typer.Typer(
    name="tankerwatch",
    epilog="Exit codes: 0 done, 1 some input could not be read to its end (the rest was processed) or an "
    "output could not be written, 2 wrong usage, 130 ended by Ctrl-C.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(short_help="Find suspected transfers in recorded AIS files.")(replay)
app.command(short_help="Show recordings on a page in the browser.")(serve)
app.command(short_help="Publish recordings to Kafka with their own times.")(publish)
app.command(short_help="Send live feeds and recordings to Kafka.")(ingest)
app.command(short_help="Run the pipeline's stages, on Kafka and Redis.")(worker)
app.command(short_help="Keep events and vessels in Redis.")(sink)
app.command(short_help="Serve events and vessels as a page, an API and a stream.")(feed)
app.command(short_help="Say whether the pipeline is healthy, and how far behind.")(status)
app.add_typer(events.app, name="events", short_help="Show events on the terminal: tail, show.")
app.add_typer(alerts.app, name="alerts", short_help="Send events by webhook, e-mail, Slack and MQTT.")
app.command(short_help="List the formats of recordings that can be read.")(formats)
app.command(short_help="Say what is in recordings, and how they are read.")(inspect)
app.command(short_help="Make a recording of a scenario, and the truth about it.")(simulate)
app.command(short_help="Score events against the truth of a simulation.")(evaluate)
app.command(short_help="Show how an event came to its score and its level.")(explain)
app.add_typer(evidence.app, name="evidence", short_help="Prove events to others: make, check.")
app.command(short_help="Count deliveries of oil to North Korea, in barrels.")(ledger)
app.command(short_help="List vessels that deal with listed ones again and again.")(facilitators)
app.command(short_help="Keep what a deployment takes in and finds, in files.")(archive)
app.add_typer(ask.app, name="ask", short_help="Ask an archive: who met, where, when silent, who was near.")
app.command(short_help="Ask an archive in SQL.")(query)
app.command(short_help="Tell which past events touch vessels of a new list.")(rescreen)
app.command(short_help="Write events as GeoJSON, CSV, GeoParquet or KML.")(export)
app.add_typer(fences.app, name="fences", short_help="The geofences: list, show, check, export.")
app.add_typer(watchlist.app, name="watchlist", short_help="Lists of vessels: check, show, import.")
app.add_typer(settings.app, name="settings", short_help="The thresholds of all detectors: show.")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tankerwatch {version('tankerwatch')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _tankerwatch(
    context: typer.Context,
    _: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Watch tankers in AIS data and explain suspected ship-to-ship transfers."""
    help_unless_command(context)


def main() -> NoReturn:
    """Entry point of the command `tankerwatch`."""
    code = run()
    gc.freeze()  # at its end Python looks for garbage among all objects: half a second of a small replay
    sys.exit(code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default that of the process, and return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # like every file we write
    command = typer.main.get_command(app)
    try:
        arguments = current_spelling(sys.argv[1:] if arguments is None else arguments)
        _warn_of_secrets(arguments)
        _warn_of_variables()
        code = command.main(arguments, prog_name="tankerwatch", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except Failed as error:
        code = error.exit_code
        complain(*error.sentences)
    except TankerwatchError as error:
        code = 2 if isinstance(error, InputError) else 1
        complain(*error.problems)
    except typer.TyperException as error:
        code = error.exit_code
        complain(misused(error))
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except (BrokenPipeError, SystemExit):  # the reader of our output has closed it; typer exits then
        code = BROKEN_PIPE
    except OSError as error:
        code = 1
        complain(f"{error.filename or 'standard output'}: {reason(error)}; {remedy(error)}")
    _drop_output()
    return int(code)


def _warn_of_secrets(arguments: Sequence[str]) -> None:
    if any(map(password_in, arguments)):
        notify(
            "a password stands on the command line, where every program on this machine can read it; put the "
            "address into a variable (TANKERWATCH_REDIS), or into a file that a variable names "
            "(TANKERWATCH_REDIS_FILE)"
        )


def _warn_of_variables() -> None:
    if any(name.startswith(PREFIX) for name in os.environ):  # or nothing has to be loaded for it
        from streams.cli.options.variables import unread

        for sentence in unread(os.environ):
            notify(sentence)


def _drop_output() -> None:
    """Drop what standard output could not take, so that the interpreter doesn't try again as it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
