"""Making of a bundle: replays sources up to the last revision of some events, and keeps what that took.

Everything in the bundle is then replayed once more from what was kept. Only if the same events come out, byte
for byte, it is written.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

import msgspec

from models.errors import unwritten
from models.event import Event, sort_key, to_json
from models.frame import Frame
from models.source_hints import SourceHints
from models.time import DAY, Millis, to_text
from streams.decoding.quick_times import quick_times
from streams.evidence import members, rules_in_force
from streams.evidence.bundle import Bundle, SourceLines
from streams.evidence.bundle import to_json as bundle_to_json
from streams.evidence.comparison import by_revision, compare
from streams.evidence.container import ContainerWriter
from streams.evidence.errors import EvidenceError
from streams.evidence.live_recorder import LiveRecorder
from streams.evidence.raw_lines import RawLines, parts_of
from streams.evidence.readme import readme
from streams.evidence.request import Request, Wanted, check_events
from streams.evidence.rerun import Steps, core_of, rerun
from streams.evidence.time_stamp import stamp
from streams.evidence.versions import versions
from streams.evidence.vessel_lines import VesselLines
from streams.evidence.witness import Witness, ignore
from streams.recordings.arrivals import Source
from streams.recordings.summary import Summary
from streams.recordings.temporary import TemporaryFile

_FINE: Final = 50
"""Lines of the pieces in which frames are worked off where the state is taken that a bundle begins with."""


@dataclass(frozen=True, slots=True)
class Made:
    """A bundle that was written."""

    bundle: Bundle
    events: tuple[Event, ...]
    manifest: str
    """SHA-256 of the manifest: the same on every machine, however it packs."""


def make(request: Request, out: str | Path, on_progress: Callable[[Summary], None] = ignore) -> Made:
    """Write a bundle. Raises EvidenceError where the sources don't give the events that were published."""
    if request.minimal and (nobody := [event.id for event in request.published if not event.vessels]):
        raise EvidenceError(f"event {nobody[0]}: names no vessel, so --minimal has no lines; leave it out")
    first: _Recorder | LiveRecorder
    first = _Recorder(request) if request.steps is None else LiveRecorder(request, request.steps)
    bundle, events, state = first.run(on_progress)
    rules = rules_in_force.dump(request.rules, first.sightings)
    loaded, sightings = rules_in_force.load(rules.__getitem__)
    frames = [lines.frames() for lines in first.lines]
    again = rerun(bundle, loaded, sightings, frames, first.order, state, events, on_progress)
    if not bundle.minimal and (
        faults := compare(by_revision(events), by_revision(again.events), "the replay")
    ):
        raise EvidenceError(
            "the lines that were kept do not give the same events as the recordings; please report this",
            *faults,
        )
    small = {
        members.README: readme(bundle, events).encode(),
        members.BUNDLE: bundle_to_json(bundle),
        members.EVENTS: b"".join(to_json(event) + b"\n" for event in events),
        **again.made,
        **rules,
        **({} if state is None else {members.SNAPSHOT: state}),
    }
    if bundle.live:
        small[members.ORDER] = b"".join(first.order)
    return Made(bundle, events, _write(out, small, first.lines, request.authority))


class _Recorder:
    """The first replay: keeps lines until the last revision of every event has come."""

    def __init__(self, request: Request) -> None:
        self._request = request
        file = TemporaryFile()
        self.lines = [RawLines(source.name, file) for source in request.sources]
        self._steps = Steps()
        self._heard = Witness.of(request.published)
        self._wanted = Wanted(request.published)
        self._reached: Millis | None = None
        self._keeping = request.snapshot_at is None
        self._state = None if request.state is None else request.state.snapshot
        self._begins = None if request.state is None else request.state.time
        self.order: list[bytes] = []  # sources are merged by their times
        self.sightings = request.sightings
        self._firsts: dict[str, Millis | None] = {}

    def run(self, on_progress: Callable[[Summary], None]) -> tuple[Bundle, tuple[Event, ...], bytes | None]:
        request = self._request
        before = self._bundle((), request.hints)
        names = [source.name for source in request.sources]
        core = core_of(names, before, request.rules, request.sightings, self._state)
        sources = [
            Source(source.name, self._steps.counted(self._kept(source, lines)), self._first(source))
            for source, lines in zip(request.sources, self.lines, strict=True)
        ]

        def progress(summary: Summary) -> None:
            self._reached = summary.reached
            on_progress(summary)

        def cut() -> bool:
            if not self._keeping and self._is_reached():
                self._state, self._keeping, self._steps.count = core.snapshot(), True, 0
                self._begins = self._reached
                self._check_start()
            return self._wanted.are_in(self._heard.events)

        summary = self._heard.replay(core, sources, cut, progress)
        events = tuple(sorted(self._heard.events, key=sort_key))
        check_events(request, events)
        if not self._keeping:
            at = to_text(cast(Millis, request.snapshot_at))
            raise EvidenceError(f"the recordings end before {at}; give an earlier time to --snapshot-at")
        unbelieved = any(decoder.report.unbelieved_times for decoder in core.intake.decoders.values())
        limit = request.hints.not_after
        # one that changed nothing is left out: the bundle is the same, whenever it is made
        limit = limit // DAY * DAY if limit is not None and unbelieved else None
        hints = msgspec.structs.replace(request.hints, not_after=limit)
        return self._bundle(tuple(summary.problems), hints), events, self._state

    def _bundle(self, problems: tuple[str, ...], hints: SourceHints) -> Bundle:
        request = self._request
        return Bundle(
            events=self._wanted.ids,
            vessels=tuple(sorted(self._heard.mmsis)),
            minimal=request.minimal,
            snapshot_at=self._begins,
            steps=0 if request.minimal else self._steps.count,
            sources=tuple(
                SourceLines(lines.source, lines.lines, self._firsts.get(lines.source)) for lines in self.lines
            ),
            hints=hints,
            selection=request.selection,
            versions=versions(),
            command=request.command,
            inputs=tuple(request.inputs),
            problems=(*request.problems, *problems),
        )

    def _kept(self, source: Source, lines: RawLines) -> Iterator[Frame]:
        request = self._request
        chosen = None
        if request.minimal:
            chosen = VesselLines(self._heard.mmsis, request.rules.settings.decoder, request.hints)
        for whole in source.frames:
            for frame in parts_of(whole, _FINE) if self._is_near(whole) else [whole]:
                if self._keeping:
                    some = frame if chosen is None else chosen.of(frame)
                    if some is not None:
                        lines.add(some)
                yield frame

    def _is_near(self, frame: Frame) -> bool:
        """Whether the state that the bundle begins with may be within a frame."""
        at = self._request.snapshot_at
        if self._keeping or at is None:
            return False
        times = quick_times(frame.data)
        return times is None or bool((times >= at).any())

    def _first(self, source: Source) -> Callable[[], Millis | None]:
        def first() -> Millis | None:
            self._firsts[source.name] = found = source.first()
            return found

        return first

    def _is_reached(self) -> bool:
        at = self._request.snapshot_at
        return at is None or (self._reached is not None and self._reached >= at)

    def _check_start(self) -> None:
        """Raises EvidenceError where an event was published before the bundle would begin."""
        early = self._heard.events
        if early:
            begins = to_text(cast(Millis, self._reached))
            raise EvidenceError(
                f"event {early[0].id}: its revision {early[0].revision} was published at "
                f"{early[0].detected}, and the bundle would begin with the state of "
                f"{begins}; give an earlier time to --snapshot-at, or leave it out"
            )


def _write(out: str | Path, small: Mapping[str, bytes], lines: Sequence[RawLines], authority: str) -> str:
    """Write all members; a file that was there is replaced only by a whole one."""
    path = Path(out)
    try:
        number, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise EvidenceError(f"{path}: can't be written ({error.strerror}); choose another place") from None
    try:
        with os.fdopen(number, "w+b") as file:
            writer = ContainerWriter(cast(BinaryIO, file))
            for name, content in small.items():
                writer.add(name, [content], len(content))
            for count, one in enumerate(lines, 1):
                writer.add(members.lines_of(count), one.text(), one.bytes)
                writer.add(members.numbers_of(count), one.numbers(), one.index_bytes)
            sums = writer.sums
            writer.add(members.SUMS, [sums], len(sums))
            if authority:
                stamped = stamp(sums, authority)
                writer.add(members.STAMP, [stamped], len(stamped))
            writer.close()
            os.fchmod(file.fileno(), 0o644)
        os.replace(part, path)
    except OSError as error:
        Path(part).unlink(missing_ok=True)
        raise EvidenceError(unwritten(str(path), error.strerror)) from None
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    return hashlib.sha256(sums).hexdigest()
