"""Live recorder: replays raw frames of a deployment until some events have come, and keeps what that took."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from models.event import Event, sort_key
from models.sighting import Sighting
from models.source_hints import SourceHints
from streams.evidence.bundle import Bundle, SourceLines
from streams.evidence.live import Step, live_arrivals
from streams.evidence.order import row_of
from streams.evidence.raw_lines import RawLines
from streams.evidence.request import Request, Wanted, check_events
from streams.evidence.rerun import core_of
from streams.evidence.versions import versions
from streams.evidence.vessel_lines import VesselLines
from streams.evidence.witness import Witness
from streams.recordings.summary import Summary
from streams.recordings.temporary import TemporaryFile


class LiveRecorder:
    """The first replay of frames that came over Kafka."""

    def __init__(self, request: Request, steps: Iterator[Step]) -> None:
        self._request, self._steps = request, steps
        self._file = TemporaryFile()
        self.lines: list[RawLines] = []
        """Of each source that is in it, by their first frames."""
        self.order: list[bytes] = []
        """Rows of order.jsonl."""
        self.sightings: list[Sighting] = []
        self._numbers: dict[str, int] = {}  # of sources, from 1
        self._hints: list[SourceHints] = []
        self._chosen: dict[str, VesselLines] = {}
        self._heard = Witness.of(request.published)
        self._wanted = Wanted(request.published)

    def run(self, on_progress: Callable[[Summary], None]) -> tuple[Bundle, tuple[Event, ...], bytes | None]:
        """Raises EvidenceError where other events come out than were published."""
        request = self._request
        state = None if request.state is None else request.state.snapshot
        core = core_of((), self._bundle(), request.rules, (), state)
        arrivals = live_arrivals(core.intake, self._kept())
        replay = self._heard.listening(core, lambda: self._wanted.are_in(self._heard.events), on_progress)
        replay.follow(arrivals)
        events = tuple(sorted(self._heard.events, key=sort_key))
        check_events(request, events)
        return self._bundle(), events, None if request.minimal else state

    def _bundle(self) -> Bundle:
        request = self._request
        begins = request.state
        return Bundle(
            events=self._wanted.ids,
            vessels=tuple(sorted(self._heard.mmsis)),
            minimal=request.minimal,
            snapshot_at=None if begins is None or request.minimal else begins.time,
            steps=len(self.order),
            sources=tuple(
                SourceLines(kept.source, kept.lines, None, hints)
                for kept, hints in zip(self.lines, self._hints, strict=True)
            ),
            hints=SourceHints(),
            selection=request.selection,
            versions=versions(),
            command=request.command,
            inputs=tuple(request.inputs),
            live=True,
            problems=tuple(request.problems),
        )

    def _kept(self) -> Iterator[Step]:
        for step in self._steps:
            if step.drawn is not None:
                if not self._request.minimal:  # no position or contact depends on what was drawn
                    self.order.append(row_of(step, 0))
                yield step
                continue
            kept = self._of_vessels(step) if self._request.minimal else step
            number = self._numbers.get(step.source)
            if number is None:
                self._numbers[step.source] = number = len(self.lines) + 1
                self.lines.append(RawLines(step.source, self._file))
                self._hints.append(step.hints)
            if kept.lines is not None:
                self.lines[number - 1].add(kept.lines)
            self.sightings += kept.sightings
            self.order.append(row_of(kept, number))
            yield step

    def _of_vessels(self, step: Step) -> Step:
        """What a minimal bundle keeps of a frame: that it came, and the lines of its vessels."""
        lines = None
        if step.lines is not None:
            chosen = self._chosen.get(step.source)
            if chosen is None:
                decoder = self._request.rules.settings.decoder
                chosen = self._chosen[step.source] = VesselLines(self._heard.mmsis, decoder, step.hints)
            lines = chosen.of(step.lines)
        received = step.received
        if step.lines is not None and lines is None and step.lines.received is not None:
            received = int(step.lines.received[-1])  # so that the source goes on all the same
        return replace(step, lines=lines, sightings=(), received=received)
