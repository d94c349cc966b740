"""One run of `tankerwatch replay`: from its options to its outputs and the exit code.

The stages are imported when a large recording is being decoded already, in another process.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from models.event import Event
from models.frame import Reject
from models.report import Rows
from models.tick import Instant, no_ticks
from streams.cli import decoder_process
from streams.cli.archive.drawn import with_drawn_fences
from streams.cli.archive.replay_archive import archiving, both
from streams.cli.decoder_process import decoded_ahead, intake_of, received
from streams.cli.errors import UsageError, complain, notify
from streams.cli.files import STANDARD, Output, check_outputs
from streams.cli.interrupt import Interrupt
from streams.cli.options.detection import DetectionInputs, DetectionOptions, load_detection
from streams.cli.options.inputs import InputOptions, find_recordings
from streams.decoding.settings import DecoderSettings
from streams.output.console import Headline, headline, show_events, show_progress, show_summary
from streams.output.event_files import EventWriter
from streams.output.format import Format
from streams.output.reject_files import to_json as reject_to_json
from streams.output.sanitize import sanitize
from streams.recordings.arrivals import Source, arrivals
from streams.recordings.content import Access
from streams.recordings.diagnosis import no_record
from streams.recordings.summary import Summary
from streams.runtime.forked import Forked
from streams.sightings.files import SightingFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Where the results go: names of files, `-` for standard output, None for nowhere."""

    events: str | None = None
    """None means standard output too, unless that is a terminal or another output goes there."""
    form: Format = Format.JSONL
    report: str | None = None
    rejects: str | None = None
    archive: str | None = None
    """A folder."""

    def resolved(self) -> str | None:
        """Where the events go."""
        others = (self.report, self.rejects)
        if self.events is None and not sys.stdout.isatty() and STANDARD not in others:
            return STANDARD
        return self.events


def run(
    files: Sequence[str],
    inputs: InputOptions,
    detection: DetectionOptions,
    outputs: Outputs,
    processes: int | None = None,
) -> int:
    """Replay the files, in one to three processes or as many as seem best, and return the exit code.

    Raises UsageError before anything is read, and Failed where an output can't be written to its end.
    """
    interrupt = Interrupt()
    events = outputs.resolved()
    watched = sys.stderr.isatty() and not (events == STANDARD and sys.stdout.isatty())
    console = Console(stderr=True)
    progress = _Progress(console if watched else None, interrupt)
    with interrupt.listen():  # unpacking archives may take long
        recordings = find_recordings(files, inputs, Access(interrupt), archives=True)
    check_outputs(
        {"--out": events, "--report": outputs.report, "--rejects": outputs.rejects},
        [*recordings.files, *detection.files],
    )
    if outputs.archive is not None:  # it takes the lines as they are read
        processes = processes or 1
    processes = decoder_process.processes(processes, recordings.read)
    if processes > 1 and outputs.archive is not None:
        raise UsageError(
            f"--processes {processes}: an archive takes the lines as they are read; leave one of them out"
        )

    def sources(on_read: Callable[[int], object]) -> Sequence[Source]:
        return recordings.sources(decoder, Access(interrupt, on_read))

    loaded: DetectionInputs | None = None
    decoder = DecoderSettings()
    if detection.settings is not None:
        loaded = load_detection(detection, inputs.hints)
        decoder = loaded.rules.settings.decoder
    told = sources(progress.on_read)
    with ExitStack() as last:  # the report is written after all other files are closed
        with ExitStack() as opened:
            opened.enter_context(interrupt.listen())
            decoding: Forked | None = None
            if processes > 1:
                with suppress(OSError):  # no further process is allowed: one finds the same
                    intake = intake_of(told, decoder, detection.report_filter, inputs.hints)
                    decoding = opened.enter_context(decoded_ahead(intake, sources, interrupt))
            from streams.cli.vessel_process import followed_ahead
            from streams.recordings.replay import Replay
            from streams.stages.warm_up import unfold_coastline, warm_up_stages

            loaded = with_drawn_fences(loaded or load_detection(detection, inputs.hints), recordings)
            page = last.enter_context(Output(outputs.report)) if outputs.report else None
            found = _Findings(keep_history=page is not None)
            rejects = opened.enter_context(Output(outputs.rejects)) if outputs.rejects else None
            if events:
                found.writer = EventWriter(opened.enter_context(Output(events)), outputs.form)
                opened.callback(found.writer.close)
            core = loaded.core(told)
            archive = opened.enter_context(archiving(outputs.archive, recordings, told, loaded, inputs))
            if decoding:
                ahead = decoding
                # the other process looks through the files first; what is loaded meanwhile, the one that is
                # made next has, too
                warm_up_stages()
                unfold_coastline()
                if processes > 2:  # before the progress is shown, which takes a thread
                    with suppress(OSError):  # as above: two find the same
                        ahead = opened.enter_context(followed_ahead(core, decoding))
                decoded = received(ahead, progress.on_read)
            else:
                read = archive.kept(told) if archive else told
                decoded = arrivals(core.intake, read, lambda: interrupt.asked)
            opened.enter_context(progress.shown(recordings.read, recordings.passes))
            replay = Replay(
                core,
                on_event=both(found.add, archive.event if archive else None),
                on_reject=_reject_writer(rejects),
                on_instant=both(found.add_ticks, archive.instant if archive else None),
                on_progress=progress.on_progress,
                mmsis=loaded.mmsis,
            )
            summary = replay.follow(decoded)
            if summary.empty and not interrupt.asked:
                summary.problems.append(no_record(recordings.names))
            if archive:
                archive.finish(stopped=interrupt.asked)
        if summary.lines:
            show_events(console, found.latest.values())
            console.print()
            show_summary(console, summary)
            for sentence in () if interrupt.asked else loaded.unheard(summary):
                notify(sentence)
            for file in loaded.sightings:
                console.print(sanitize(_told(file)), markup=False, highlight=False, soft_wrap=True)
        if page:
            page.write(found.report(loaded, summary))
    if outputs.report and outputs.report != STANDARD:
        console.print(f"Report: {sanitize(outputs.report)}", markup=False, highlight=False, soft_wrap=True)
    complain(*summary.problems)
    if interrupt.asked:
        so_far = "this is what was found so far" if summary.lines else "nothing had been read"
        console.print(f"Ended by Ctrl-C: {so_far}.", soft_wrap=True)
        return 128 + signal.SIGINT
    return 1 if summary.problems else 0


@dataclass(slots=True)
class _Findings:
    """What a run has found: what is shown of each event; for the report all revisions and the ticks."""

    keep_history: bool
    writer: EventWriter | None = None
    latest: dict[str, Headline] = field(default_factory=dict)
    _history: list[Event] = field(default_factory=list)
    _ticks: list[Rows] = field(default_factory=list)

    def add(self, event: Event) -> None:
        self.latest[event.id] = headline(event)
        if self.keep_history:
            self._history.append(event)
        if self.writer:
            self.writer.write(event)

    def add_ticks(self, instant: Instant) -> None:
        if self.keep_history:
            self._ticks.append(instant.ticks)

    def report(self, inputs: DetectionInputs, summary: Summary) -> str:
        """The HTML page."""
        from geofences.land import land_clip
        from streams.output.report import plot_thresholds, render

        settings, fences = inputs.rules.settings, inputs.rules.surroundings.fences
        thresholds = plot_thresholds(settings)
        return render(self._history, self._tracks(), fences, summary, land_clip, thresholds, settings.ledger)

    def _tracks(self) -> dict[int, Rows]:
        """The ticks of every vessel by MMSI, sorted by time."""
        ticks = np.concatenate([no_ticks(), *self._ticks])
        ticks = ticks[np.lexsort([ticks["time"], ticks["mmsi"]])]
        heard, first = np.unique(ticks["mmsi"], return_index=True)
        return dict(zip(heard.tolist(), np.split(ticks, first[1:]), strict=True)) if len(ticks) else {}


def _told(file: SightingFile) -> str:
    """What was read from a file of sightings: all of its rows."""
    repeated = f", {file.repeated:,} of them only repeat another" if file.repeated else ""
    ignored = f"; ignored: {', '.join(file.ignored)}" if file.ignored else ""
    return f"Sightings: {file.file}: {file.rows:,} rows{repeated}{ignored}"


def _reject_writer(file: Output | None) -> Callable[[Reject], None]:
    def write(reject: Reject) -> None:
        if file:
            file.write_bytes(reject_to_json(reject) + b"\n")

    return write


class _Progress:
    """A line on the terminal that shows how far the run is; nothing without a console."""

    def __init__(self, console: Console | None, interrupt: Interrupt) -> None:
        self._console = console if console and console.is_interactive else None
        self._interrupt = interrupt
        self._read = 0
        self._bar: Progress | None = None
        self._text = "looking through the files"

    @contextmanager
    def shown(self, files: Sequence[str], passes: int) -> Iterator[None]:
        """Show it for these files, each of which is read so many times."""
        if self._console is None:
            yield
            return
        columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
        whole = all(map(os.path.isfile, files))  # the size of a pipe is unknown, and then no bar is shown
        if whole:
            columns.insert(1, BarColumn(bar_width=None))
        with Progress(*columns, console=self._console, transient=True, expand=whole) as self._bar:
            self._bar.add_task(self._text, total=passes * sum(map(os.path.getsize, files)) if whole else None)
            yield

    def on_read(self, count: int) -> None:
        self._read += count
        self._update()

    def on_progress(self, summary: Summary) -> None:
        self._text = show_progress(summary)
        self._update()

    def _update(self) -> None:
        if self._bar:
            text = "ending, Ctrl-C again stops at once" if self._interrupt.asked else self._text
            self._bar.update(self._bar.task_ids[0], completed=self._read, description=text)
