"""`tankerwatch replay`: recordings in, explained events out."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from geofences.catalogue import load_catalogue
from geofences.fence import Fence, FenceError, load_fences
from geofences.land import land_clip
from models.event import Event
from models.frame import Reject
from models.report import Rows
from models.tick import Instant, no_ticks
from models.time import BEGINNING, END, Millis, from_text
from models.watchlist import Watchlist, WatchlistError, shipped_watchlist
from streams import settings as settings_file
from streams.core import Core, Selection
from streams.output import EventWriter, Format
from streams.place import Places
from streams.rejects import to_json as reject_to_json
from streams.replay import Replay, Source
from streams.report import limits_of, render
from streams.source import open_source
from streams.summary import Summary
from streams.terminal import show_events, show_progress, show_summary


class UsageError(typer.BadParameter):
    """Wrong usage: exit code 2."""


def replay(
    files: Annotated[
        list[str],
        typer.Argument(help="AIS recordings, plain or gzip; - is stdin. Merged by time.", metavar="FILES…"),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            help="Where events go: a file, or - for stdout. Default: stdout unless it is a terminal."
        ),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="Format of the events.")] = Format.JSONL,
    report: Annotated[Path | None, typer.Option(help="Write a self-contained HTML page here.")] = None,
    start: Annotated[
        str | None, typer.Option(help="Leave out reports before this time (UTC, ISO 8601).")
    ] = None,
    end: Annotated[str | None, typer.Option(help="Leave out reports from this time on.")] = None,
    mmsi: Annotated[
        list[int] | None, typer.Option(help="Only events that one of these vessels takes part in.")
    ] = None,
    bbox: Annotated[
        str | None,
        typer.Option(
            help="Leave out positions outside WEST,SOUTH,EAST,NORTH (degrees; west > east crosses 180)."
        ),
    ] = None,
    fence: Annotated[
        list[Path] | None, typer.Option(help="GeoJSON file of further fences, beside the catalogue.")
    ] = None,
    watchlist: Annotated[
        list[Path] | None,
        typer.Option(help="CSV of watched vessels (imo,mmsi,name,list,entry), beside ours."),
    ] = None,
    settings: Annotated[Path | None, typer.Option(help="TOML file of thresholds that differ.")] = None,
    rejects: Annotated[
        Path | None, typer.Option(help="Write every line that became no message here.")
    ] = None,
    base_time: Annotated[
        str | None, typer.Option(help="Time of lines that carry none, where the file has no time yet.")
    ] = None,
) -> None:
    """Find suspected transfers, loitering and port visits of tankers in recorded AIS files."""
    console = Console(stderr=True)
    with _usage():
        chosen = Selection(_time("--start", start, BEGINNING), _time("--end", end, END), _box(bbox))
        base = None if base_time is None else _time("--base-time", base_time, 0)
        values = settings_file.load(settings) if settings else settings_file.Settings()
        places = Places(_fences(fence or []))
        lists = shipped_watchlist().merge(*(Watchlist.load(path) for path in watchlist or []))
    if len(set(files)) < len(files):
        raise UsageError("a file is given twice; name each once")
    latest: dict[str, Event] = {}
    history: list[Event] = []
    tracks = _TrackLog()
    wanted = {f"{number:09d}" for number in mmsi or []}
    with ExitStack() as stack:
        if out is None and not sys.stdout.isatty():
            out = "-"
        writer = EventWriter(stack.enter_context(_open(out)), form) if out is not None else None
        reject_file = stack.enter_context(_open(str(rejects))) if rejects else None

        def on_event(event: Event) -> None:
            if wanted and not wanted.intersection(vessel.ssvid for vessel in event.vessels):
                return
            latest[event.id] = event
            if report:
                history.append(event)
            if writer:
                writer.write(event)

        def on_reject(reject: Reject) -> None:
            if reject_file:
                reject_file.write(reject_to_json(reject).decode() + "\n")

        run = Replay(
            Core(files, places, lists, values, chosen, base),
            on_event=on_event,
            on_reject=on_reject,
            on_instant=tracks.add if report else _ignore,
            on_progress=stack.enter_context(_progress(console)),
            stopped=stack.enter_context(_interrupt()),
        )
        summary = run.run([Source(name, open_source(name)) for name in files])
        if writer:
            writer.close()
    show_events(console, latest.values())
    console.print()
    show_summary(console, summary)
    for problem in summary.problems:
        console.print(f"[bold red]Not read whole:[/bold red] {problem}", soft_wrap=True, highlight=False)
    if report:
        page = render(history, tracks.tracks(), places.fences, summary, land_clip, limits_of(values))
        with _usage():
            report.write_text(page, "utf-8")
        console.print(f"Report: {report}", soft_wrap=True, highlight=False)
    if summary.problems:
        raise typer.Exit(1)


class _TrackLog:
    """The ticks of a run, for the map of the report."""

    def __init__(self) -> None:
        self._ticks: list[Rows] = []

    def add(self, instant: Instant) -> None:
        self._ticks.append(instant.ticks)

    def tracks(self) -> dict[int, Rows]:
        """By MMSI, the ticks of every vessel, sorted by time."""
        ticks = np.concatenate([no_ticks(), *self._ticks])
        ticks = ticks[np.lexsort([ticks["time"], ticks["mmsi"]])]
        heard, first = np.unique(ticks["mmsi"], return_index=True)
        return dict(zip(heard.tolist(), np.split(ticks, first[1:]), strict=True)) if len(ticks) else {}


def _ignore(_: object) -> None:
    pass


@contextmanager
def _usage() -> Iterator[None]:
    """Turn errors in what the user gave into one clear message and exit code 2."""
    try:
        yield
    except (FenceError, WatchlistError, settings_file.SettingsError) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        raise UsageError(
            f"{error.filename}: can't be written ({error.strerror}); choose another place"
        ) from error


def _fences(files: Sequence[Path]) -> list[Fence]:
    fences = {fence.id: fence for fence in load_catalogue()}
    for path in files:
        for fence in load_fences(path):
            fences[fence.id] = fence  # a user's fence of the same id replaces ours
    return list(fences.values())


def _time(option: str, text: str | None, default: Millis) -> Millis:
    if text is None:
        return default
    try:
        return from_text(text)
    except ValueError as error:
        raise UsageError(
            f"{option}: {text!r} is no time; give ISO 8601 like 2026-03-01T12:00:00Z (UTC without a zone)"
        ) from error


def _box(text: str | None) -> tuple[float, float, float, float] | None:
    if text is None:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError as error:
        raise UsageError(f"--bbox: {text!r} is not WEST,SOUTH,EAST,NORTH in degrees") from error
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south < north <= 90):
        raise UsageError(f"--bbox: {text!r} must have longitudes in -180..180 and south < north in -90..90")
    return west, south, east, north


@contextmanager
def _open(path: str) -> Iterator[TextIO]:
    if path == "-":
        yield sys.stdout
        return
    with _usage():
        stream = open(path, "w", encoding="utf-8", newline="")  # noqa: SIM115  (closed below)
    with stream:
        yield stream


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Summary], None]]:
    """A line that moves while a person watches; nothing when the output is piped."""
    if not console.is_terminal:
        yield _ignore
        return
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("reading")
        yield lambda summary: bar.update(task, description=show_progress(summary))


@contextmanager
def _interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks the run to end; what was found so far is still told."""
    asked: list[bool] = []
    before = signal.signal(signal.SIGINT, lambda *_: asked.append(True))
    try:
        yield lambda: bool(asked)
    finally:
        signal.signal(signal.SIGINT, before)
