"""One run of `tankerwatch replay`, from its options to the exit code."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from geofences.catalogue import load_catalogue
from geofences.fence import Fence, FenceError, load_fences
from geofences.land import land_clip
from models.box import Box, read_box
from models.event import Event
from models.frame import Reject
from models.report import Rows
from models.tick import Instant, no_ticks
from models.time import BEGINNING, END, Millis, from_text
from models.watchlist import Watchlist, WatchlistError, shipped_watchlist
from streams import settings as settings_file
from streams.cli.errors import UsageError, complain
from streams.cli.files import STANDARD, Output, check_outputs, source_names
from streams.cli.interrupt import Interrupt
from streams.core import Core, Selection
from streams.format import Format
from streams.output import EventWriter
from streams.place import Places
from streams.plain import plain
from streams.rejects import to_json as reject_to_json
from streams.replay import Replay, Source
from streams.report import limits_of, render
from streams.source import open_source
from streams.summary import Summary
from streams.terminal import show_events, show_progress, show_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says, as it says it."""

    files: list[str]
    out: str | None = None
    form: Format = Format.JSONL
    report: str | None = None
    rejects: str | None = None
    start: str | None = None
    end: str | None = None
    mmsis: frozenset[int] = frozenset()
    bbox: str | None = None
    fences: Sequence[str] = ()
    watchlists: Sequence[str] = ()
    settings: str | None = None
    base_time: str | None = None


def run(options: Options) -> int:
    """Replay the files; the exit code. Raises UsageError before anything is read, Failed on the way."""
    names = source_names(options.files)
    out = options.out
    if out is None and not sys.stdout.isatty() and STANDARD not in (options.report, options.rejects):
        out = STANDARD
    given = [*options.files, *options.fences, *options.watchlists, *filter(None, [options.settings])]
    check_outputs({"--out": out, "--report": options.report, "--rejects": options.rejects}, given)
    selection = Selection(
        _time("--start", options.start, BEGINNING), _time("--end", options.end, END), _box(options.bbox)
    )
    if selection.start >= selection.end:
        raise UsageError(
            f"--start {options.start}, --end {options.end}: nothing lies between them; swap them"
        )
    base = None if options.base_time is None else _time("--base-time", options.base_time, 0)
    settings, fences, watchlist = _inputs(options)
    places = Places(fences)
    interrupt = Interrupt()
    console = Console(stderr=True)
    latest: dict[str, Event] = {}
    history: list[Event] = []
    tracks = _TrackLog()
    with ExitStack() as last:
        page = last.enter_context(Output(options.report)) if options.report else None
        with ExitStack() as files:
            rejects = files.enter_context(Output(options.rejects)) if options.rejects else None
            writer = EventWriter(files.enter_context(Output(out)), options.form) if out else None
            if writer:
                files.callback(writer.close)

            def on_event(event: Event) -> None:
                latest[event.id] = event
                if page:
                    history.append(event)
                if writer:
                    writer.write(event)

            def on_reject(reject: Reject) -> None:
                if rejects:
                    rejects.write_bytes(reject_to_json(reject) + b"\n")

            watched = sys.stderr.isatty() and not (out == STANDARD and sys.stdout.isatty())
            files.enter_context(interrupt.listen())
            on_progress, on_read = files.enter_context(
                _progress(console if watched else None, options.files, interrupt)
            )
            replay = Replay(
                Core(names, places, watchlist, settings, selection, base),
                on_event=on_event,
                on_reject=on_reject,
                on_instant=tracks.add if page else _ignore,
                on_progress=on_progress,
                stopped=lambda: interrupt.asked,
                mmsis=options.mmsis,
            )
            summary = replay.run(
                [
                    Source(name, open_source(path, name=name, waiting=interrupt, on_read=on_read))
                    for name, path in zip(names, options.files, strict=True)
                ]
            )
        if summary.lines:
            show_events(console, latest.values())
            console.print()
            show_summary(console, summary)
        if page:
            page.write(
                render(history, tracks.tracks(), places.fences, summary, land_clip, limits_of(settings))
            )
    if options.report and options.report != STANDARD:
        console.print(f"Report: {plain(options.report)}", markup=False, highlight=False, soft_wrap=True)
    complain(*summary.problems)
    if interrupt.asked:
        found = "this is what was found so far" if summary.lines else "nothing had been read"
        console.print(f"Ended by Ctrl-C: {found}.", soft_wrap=True)
        return 128 + signal.SIGINT
    return 1 if summary.problems else 0


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


def _inputs(options: Options) -> tuple[settings_file.Settings, list[Fence], Watchlist]:
    """Settings, fences and watchlists: ours, and those in the user's files."""
    try:
        settings = (
            settings_file.load(Path(options.settings)) if options.settings else settings_file.Settings()
        )
        fences = {fence.id: fence for fence in load_catalogue()}
        for path in options.fences:
            for fence in load_fences(path):
                fences[fence.id] = fence  # a user's fence of the same id replaces ours
        watchlist = shipped_watchlist().merge(*(Watchlist.load(path) for path in options.watchlists))
    except (FenceError, WatchlistError) as error:
        raise UsageError(*error.problems) from None
    except settings_file.SettingsError as error:
        raise UsageError(str(error)) from None
    return settings, list(fences.values()), watchlist


def _time(option: str, text: str | None, default: Millis) -> Millis:
    if text is None:
        return default
    try:
        time = from_text(text)
        if time < 0:
            raise ValueError("before 1970")
        return time
    except ValueError:
        raise UsageError(
            f"{option}: {text!r} is no time; give ISO 8601 like 2026-03-01T12:00:00Z (UTC without a zone)"
        ) from None


def _box(text: str | None) -> Box | None:
    try:
        return None if text is None else read_box(text)
    except ValueError as error:
        raise UsageError(f"--bbox: {error}") from None


@contextmanager
def _progress(
    console: Console | None, files: Sequence[str], interrupt: Interrupt
) -> Iterator[tuple[Callable[[Summary], None], Callable[[int], None]]]:
    """A line that moves while a person watches: told of what came of the lines, and of bytes read."""
    if console is None or not console.is_interactive:
        yield _ignore, _ignore
        return
    columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    whole = all(os.path.isfile(path) for path in files)  # of a pipe nobody knows how much is to come
    if whole:
        columns.insert(1, BarColumn(bar_width=None))
    read = 0
    with Progress(*columns, console=console, transient=True, expand=whole) as bar:
        task = bar.add_task("reading", total=sum(map(os.path.getsize, files)) if whole else None)

        def on_read(count: int) -> None:
            nonlocal read
            read += count

        def on_progress(summary: Summary) -> None:
            ending = "ending, Ctrl-C again stops at once" if interrupt.asked else None
            bar.update(task, completed=read, description=ending or show_progress(summary))

        yield on_progress, on_read
