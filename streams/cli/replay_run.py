"""One run of `tankerwatch replay`, from its options to the exit code."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from geofences.land import land_clip
from models.event import Event
from models.frame import Reject
from models.report import Rows
from models.tick import Instant, no_ticks
from streams.cli.errors import complain
from streams.cli.files import STANDARD, Output, check_outputs, source_names
from streams.cli.interrupt import Interrupt
from streams.cli.replay_inputs import Options, read_inputs
from streams.output.console import show_events, show_progress, show_summary
from streams.output.event_files import EventWriter
from streams.output.reject_files import to_json as reject_to_json
from streams.output.report import limits_of, render
from streams.output.sanitize import plain
from streams.recordings.files import open_source
from streams.recordings.replay import Replay, Source
from streams.recordings.summary import Summary


def run(options: Options) -> int:
    """Replay the files; the exit code. Raises UsageError before anything is read, Failed on the way."""
    names = source_names(options.files)
    out = options.out
    if out is None and not sys.stdout.isatty() and STANDARD not in (options.report, options.rejects):
        out = STANDARD
    given = [*options.files, *options.fences, *options.watchlists, *filter(None, [options.settings])]
    check_outputs({"--out": out, "--report": options.report, "--rejects": options.rejects}, given)
    inputs = read_inputs(options)
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
                inputs.core(names),
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
                render(
                    history,
                    tracks.tracks(),
                    inputs.places.fences,
                    summary,
                    land_clip,
                    limits_of(inputs.settings),
                )
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
