"""The stages between topics: one frame in, frames out. Deterministic, like the stages themselves.

    ais.raw ─► DecoderOperator ─► ais.reports ─► VesselOperator ─► ais.ticks ─► MeetingOperator
          tankerwatch.events ◄─ CaseOperator (case_operator) ◄─ ais.facts ◄──────┘└─► tankerwatch.fences

An operator belongs to one partition of its input topic. What it sends is a function of the frames that it has
taken so far. After a crash it sends the same frames again, with the same origins, and their readers skip what
they have. `streams/app.py` reads, sends and saves checkpoints.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import zip_longest
from typing import Final

import msgspec
import numpy as np

from models.frame import Cut, Frame, Reject
from models.report import Reports
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.tick import Instant
from models.time import BEGINNING, END, Millis
from streams.decoding.decoder import Decoder
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import (
    Origin,
    RawFrame,
    ReportsFrame,
    TicksFrame,
    WireError,
)
from streams.pipeline import batching
from streams.pipeline.drawn_lines import announced, drawn_of, reports_of
from streams.pipeline.operator import (
    OVERTAKEN,
    OperatorStats,
    OutgoingRecord,
    Registry,
    Taken,
    dead_letter,
    slowest,
)
from streams.pipeline.sighting_lines import sightings_of
from streams.pipeline.source_beats import PIECE, SourceBeats
from streams.stages.fence_stage import FenceStage
from streams.stages.meeting_stage import MeetingStage
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from streams.stages.vessel_stage import VesselStage
from streams.stages.watermark import Watermarks

_OF: Final = " of "
_NEWEST: Final = f"newest{_OF}"
_FENCES: Final = "fences:"
"""Begins the names of the pieces of FenceStage, beside those of MeetingStage."""


class DecoderOperator:
    """One Decoder for each source of a partition of `ais.raw`."""

    def __init__(self, partition: int, spread: int, settings: Settings, topics: Topics) -> None:
        self._partition, self._spread = partition, spread
        self._settings, self._topics = settings.decoder, topics
        self._decoders: dict[str, Decoder] = {}
        self._newest: dict[str, Millis] = {}
        self._beats = SourceBeats()
        self._heard: dict[str, int] = {}  # the offset of each source's last frame; not part of the state
        self._changed: set[str] = set()

    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        frame = wire.decode(value, RawFrame)
        if frame.kind == "fences":  # of the feed, which is no source that has lines or a time
            drawn, dead = drawn_of(frame, offset, self._partition, self._topics)
            return [*reports_of(drawn, frame, Origin(self._partition, offset, 0), self._topics), *dead]
        decoder = self._decoders.get(frame.source)
        if decoder is None:
            decoder = Decoder(
                frame.source,
                self._settings,
                SourceHints(frame.base_time, frame.timezone, frame.date_order, frame.not_after),
            )
        sightings, dead = sightings_of(frame, offset, self._partition, self._topics)
        try:
            self._feed(decoder, frame)
        except (ValueError, OverflowError) as error:  # nothing has changed then
            raise WireError(str(error)) from error
        self._decoders[frame.source] = decoder
        self._newest.setdefault(frame.source, BEGINNING)
        self._changed.add(frame.source)
        self._heard[frame.source] = offset
        self._beats.take(frame)
        decoded = decoder.advance(decoder.watermark)
        newest = max([self._newest[frame.source], *_last_times(decoded.reports)])
        self._newest[frame.source] = newest
        return [
            *self._reports(frame, offset, decoded.reports, decoder.watermark, newest, sightings),
            *dead,
            *(self._dead(reject, offset) for reject in decoded.rejects),
        ]

    @property
    def open_sources(self) -> dict[str, int]:
        """Sources that have not ended, and the offset of each one's last frame; -1: before the checkpoint."""
        return {
            name: self._heard.get(name, -1) for name, decoder in self._decoders.items() if not decoder.ended
        }

    @staticmethod
    def _feed(decoder: Decoder, frame: RawFrame) -> None:
        if frame.kind == "end":
            decoder.end()
            return
        if frame.kind not in ("lines", "sightings", "idle"):
            raise WireError(
                f"kind {frame.kind!r} of a raw frame; there are lines, sightings, fences, idle, end"
            )
        if (
            decoder.ended
        ):  # it was taken for dead (streams/pipeline/dead_sources.py), or its name was given again
            decoder.reopen()
        if frame.kind == "lines":
            received = None if frame.received is None else np.array(frame.received, np.int64)
            cuts = tuple(Cut(*cut) for cut in frame.cuts)
            numbers = None if frame.numbers is None else np.array(frame.numbers, np.int64)
            decoder.feed(Frame(frame.source, frame.data, frame.first_line, received, cuts, numbers))
        elif frame.received:
            decoder.idle(frame.received[-1])

    def _reports(
        self,
        frame: RawFrame,
        offset: int,
        reports: Reports,
        watermark: Millis,
        newest: Millis,
        sightings: list[Sighting],
    ) -> Iterable[OutgoingRecord]:
        """The rows of every partition of MMSIs, in one frame if they fit. The last one has the watermark.

        Sightings belong to no MMSI: the first partition has them.
        """
        rows = zip(
            batching.dealt(reports.positions, self._spread),
            batching.dealt(reports.statics, self._spread),
            strict=True,
        )
        for partition, (positions, statics) in enumerate(rows):
            both = (wire.chunks(each, batching.MAX_REPORTS) for each in (positions, statics))
            pieces = list(zip_longest(*both, fillvalue=positions[:0]))
            for number, (some, others) in enumerate(pieces):
                last = number == len(pieces) - 1
                stations, (some, others) = batching.own_stations(reports.stations, some, others)
                out = ReportsFrame(
                    wire.VERSION,
                    Origin(self._partition, offset, number),
                    frame.source,
                    frame.registry,
                    watermark if last else BEGINNING,
                    newest,
                    some.tobytes(),
                    others.tobytes(),
                    stations,
                    sightings if partition == 0 and last else [],
                )
                yield OutgoingRecord(self._topics.reports, wire.encode(out), partition)

    def _dead(self, reject: Reject, offset: int) -> OutgoingRecord:
        return dead_letter(
            self._topics,
            reason=f"{reject.outcome}: {reject.reason}",
            value=reject.head,
            source=reject.source,
            line=reject.line,
            topic=self._topics.raw,
            partition=self._partition,
            offset=offset,
        )

    def changes(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, set()
        pieces: dict[str, bytes | None] = {}
        for name in sorted(changed):
            pieces[_NEWEST + name] = msgspec.msgpack.encode(self._newest[name])
            state = {PIECE: self._beats.piece(name), **self._decoders[name].changes()}
            pieces.update({f"{part}{_OF}{name}": piece for part, piece in state.items()})
        return pieces

    def stats(self) -> OperatorStats:
        outcomes: Counter[str] = Counter()
        for decoder in self._decoders.values():
            outcomes.update(decoder.outcomes)
        marks = [decoder.watermark for decoder in self._decoders.values()]
        of = self.open_sources or self._decoders
        clocks = {name: self._decoders[name].clocks for name in of}
        beats = self._beats.told(self._newest)
        return OperatorStats(slowest(marks), counts=outcomes, clocks=clocks, sources=beats)

    def load(self, pieces: dict[str, bytes]) -> None:
        states: dict[str, dict[str, bytes]] = {}
        for piece, data in sorted(pieces.items()):
            part, _, name = piece.partition(_OF)
            if piece.startswith(_NEWEST):
                self._newest[name] = msgspec.msgpack.decode(data, type=Millis)
            elif part == PIECE:
                self._beats.load(name, data)
            else:
                states.setdefault(name, {})[part] = data
        for name, state in states.items():
            self._decoders[name] = Decoder(name, self._settings)
            self._decoders[name].load(state)


class _VesselState(msgspec.Struct):
    marks: dict[str, Millis]
    registry: int
    told: tuple[Millis, bool]
    taken: dict[str, Origin]


class VesselOperator:
    """VesselStage for one partition of MMSIs, with the watermark over all registered sources."""

    def __init__(
        self,
        partition: int,
        registry: Registry,
        rules: Rules,
        topics: Topics,
        spread: int = 1,
    ) -> None:
        """`spread`: how many partitions there are."""
        self._partition, self._registry, self._topics = partition, registry, topics
        self._stage = VesselStage(rules, spread)
        self._marks = Watermarks()
        self._read = -1  # registrations taken in
        self._told = BEGINNING, False  # how far, and whether all sources had ended
        self._taken = Taken()

    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        frame = wire.decode(value, ReportsFrame)
        reports = frame.reports()
        # the registrations that the frame's sender knew of and no later ones: a function of the frames alone
        new = list(self._registry.up_to(frame.registry)) if frame.registry > self._read else []
        if self._taken.again(str(frame.origin.partition), frame.origin):
            return []
        if frame.drawn:  # nothing waits for whoever draws: it counts from the next instant on
            self._stage.feed(reports)
            late = self._stage.drawn_at_end() if self._marks.low == END else []
            return self._told_of(late, offset) if late else []
        self._read = max(self._read, frame.registry)
        for source in new:
            self._marks.register(source)
        self._marks.register(frame.source)
        self._stage.feed(reports)
        self._marks.update(frame.source, frame.watermark)
        low = self._marks.low
        instants = self._stage.advance(low)
        done, ended = self._stage.done, low == END
        if (done, ended) == self._told and not instants:
            return []
        self._told = done, ended
        return self._told_of(instants, offset)

    def _told_of(self, instants: list[Instant], offset: int) -> list[OutgoingRecord]:
        """The records of these instants, the last of which says how far the stage is."""
        several = [part for instant in instants for part in batching.parts(instant)]
        groups = list(batching.grouped(several)) or [[]]
        return [
            OutgoingRecord(
                self._topics.ticks,
                wire.encode(
                    TicksFrame(
                        wire.VERSION,
                        Origin(self._partition, offset, number),
                        self._told[0] if number == len(groups) - 1 else BEGINNING,
                        self._told[1],
                        group,
                    )
                ),
                0,
            )
            for number, group in enumerate(groups)
        ]

    def changes(self) -> dict[str, bytes | None]:
        state = _VesselState(self._marks.dump(), self._read, self._told, self._taken.highest)
        return {**self._stage.changes(), "host": msgspec.msgpack.encode(state)}

    def skip(self, sources: Iterable[str]) -> None:
        """Take these sources as ended before the first frame, so that nothing waits for them."""
        for source in sources:
            self._marks.register(source)
            self._marks.end(source)

    def stats(self) -> OperatorStats:
        counts = {OVERTAKEN: self._stage.overtaken}
        return OperatorStats(self._marks.low, self._stage.done, self._stage.vessels, counts)

    def load(self, pieces: dict[str, bytes]) -> None:
        kept = msgspec.msgpack.decode(pieces.pop("host"), type=_VesselState)
        self._stage.load(pieces)
        self._marks.load(kept.marks)
        self._read, self._told, self._taken.highest = kept.registry, kept.told, kept.taken


class _MeetingState(msgspec.Struct):
    far: dict[int, tuple[Millis, bool]]
    told: tuple[Millis, bool]
    taken: dict[str, Origin]


class MeetingOperator:
    """MeetingStage, and FenceStage beside it, over the ticks of all partitions of MMSIs."""

    def __init__(self, spread: int, rules: Rules, topics: Topics) -> None:
        self._topics = topics
        self._stage = MeetingStage(rules)
        self._fences = FenceStage(rules)
        # of each partition: how far it is, and whether all its sources have ended
        self._far = dict.fromkeys(range(spread), (BEGINNING, False))
        self._told = BEGINNING, False
        self._taken = Taken()

    def process(self, value: bytes, offset: int) -> list[OutgoingRecord]:
        frame = wire.decode(value, TicksFrame)
        instants = [part.instant() for part in frame.instants]
        partition = frame.origin.partition
        if self._taken.again(str(partition), frame.origin):
            return []
        for instant in instants:
            self._stage.feed(instant)
            self._fences.feed(instant)
        if frame.done != BEGINNING:
            self._far[partition] = frame.done, frame.ended
        done = min(done for done, _ in self._far.values())
        ended = all(ended for _, ended in self._far.values())
        if done == BEGINNING:
            return []
        if (done, ended) == self._told:  # what is drawn after the last end waits for nothing
            late = self._fences.advance(END).taken if ended else []
            return [announced(version, self._topics) for version in late]
        self._told = done, ended
        limit = END if ended else done + 1
        fenced = self._fences.advance(limit)
        events = [*self._stage.advance(limit), *fenced.events]
        facts = batching.facts(self._topics, "meetings", 0, offset, done, events)
        return [*facts, *(announced(version, self._topics) for version in fenced.taken)]

    def changes(self) -> dict[str, bytes | None]:
        state = _MeetingState(self._far, self._told, self._taken.highest)
        fences = {f"{_FENCES}{name}": piece for name, piece in self._fences.changes().items()}
        return {**self._stage.changes(), **fences, "host": msgspec.msgpack.encode(state)}

    def stats(self) -> OperatorStats:
        done, ended = self._told
        return OperatorStats(END if ended else done, done, counts={OVERTAKEN: self._stage.overtaken})

    def load(self, pieces: dict[str, bytes]) -> None:
        kept = msgspec.msgpack.decode(pieces.pop("host"), type=_MeetingState)
        fences = {
            name.removeprefix(_FENCES): pieces.pop(name) for name in list(pieces) if name.startswith(_FENCES)
        }
        self._fences.load(fences)
        self._stage.load(pieces)
        self._far, self._told, self._taken.highest = kept.far, kept.told, kept.taken


def _last_times(reports: Reports) -> list[Millis]:
    return [int(rows["time"][-1]) for rows in (reports.positions, reports.statics) if len(rows)]
