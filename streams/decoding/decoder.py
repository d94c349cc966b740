"""The Decoder: lines of one source in, reports in order of time out, every line accounted for."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.frame import Cut, Frame, Reject
from models.report import Reports, joined
from models.source_hints import SourceHints
from models.station_clock import Clocks
from models.time import BEGINNING, END, HOUR, SECOND, Millis
from streams.decoding.accounting import LineAccounting, Rejected
from streams.decoding.dedup import HELD, DuplicateBuffer, Messages
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.lines.context_columns import ContextMemory
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.names import KnownNames, Names
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import ATTACHED_CHANNEL
from streams.decoding.message_builder import MessageBuilder, Placed
from streams.decoding.opening import Opening, line_count
from streams.decoding.payload_columns import decode_columns
from streams.decoding.reassembly import Assemblies
from streams.decoding.sentence_batch import SentenceBatch
from streams.decoding.settings import DecoderSettings, clock_settings, first_rules
from streams.decoding.source_clock import SourceClock
from streams.decoding.source_report import SourceNotes, SourceReport
from streams.decoding.station_clocks import StationClocks
from streams.decoding.time_survey import Survey, survey
from streams.decoding.transmissions import Pieces, Transmissions

_STATE: Final = "state"
_PAGE: Final = "transmissions/"
_MOST_PAIRS: Final = 65_536
_NUMBER_BITS: Final = 32
_LEAST_REACH: Final = 256  # sentences looked at after one that had to be held


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of an advance: reports sorted by time, and a reject for every line that became nothing."""

    reports: Reports
    rejects: tuple[Reject, ...] = ()


class _State(msgspec.Struct, array_like=True):
    clock: bytes
    clocks: bytes
    assemblies: bytes
    held: bytes
    outcomes: dict[str, int]
    messages: dict[int, int]
    stations: list[str]
    opening: bytes
    survey: Survey
    notes: bytes
    pieces: dict[str, int]
    memory: bytes
    rejects: list[Rejected]
    last_line: int
    ended: bool


class Decoder:
    """Decodes NMEA 0183 lines of one source: a deterministic stage.

    However the lines are cut into frames, and in whatever order messages come within the allowed lateness,
    the reports are the same: lateness is judged line by line, and duplicates are found in order of event
    time among messages that are held until none can come before them.

    `hints` are what the user says about the source.
    """

    def __init__(
        self, source: str, settings: DecoderSettings | None = None, hints: SourceHints | None = None
    ) -> None:
        """Raises ValueError where the hints name a zone that is not known."""
        self.source = source
        self.messages: Counter[int] = Counter()
        """Decoded messages by message type, duplicates not counted."""
        self._settings = settings = settings or DecoderSettings()
        hints = hints or SourceHints()
        self._window = settings.duplicate_window_seconds * SECOND
        self._rules = first_rules(settings, hints)
        self._opening = Opening(source, settings.opening_lines)
        self._survey = Survey(self._rules)
        self._base_time = hints.base_time
        self._notes = SourceNotes()
        self._memory = ContextMemory()
        self._clock = SourceClock(
            lateness=settings.lateness_seconds * SECOND,
            max_jump=settings.max_jump_hours * HOUR,
            agreeing=settings.agreeing_lines,
            future_tolerance=settings.future_tolerance_seconds * SECOND,
            max_held=settings.max_held_lines,
            base_time=hints.base_time,
        )
        self._clocks = StationClocks(clock_settings(settings))
        self._accounts = LineAccounting(source)
        self._part_timeout = settings.part_timeout_seconds * SECOND
        self._assemblies = Assemblies(self._part_timeout, settings.part_timeout_lines)
        self._stations, self._names = Names(), KnownNames()
        self._builder = MessageBuilder(
            self._clock, self._accounts, self._assemblies, self._stations, self._part_timeout
        )
        self._pairs: dict[int, tuple[str, ...]] = {}  # names of two stations, by their numbers
        self._transmissions = Transmissions(self._window)
        self._held = DuplicateBuffer(self._window, self._transmissions)
        self._last_line = 0
        self._ended = False

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def outcomes(self) -> Counter[str]:
        """Lines by outcome. Held lines are counted when `advance` works them off, so the numbers sum to the
        lines fed after `end()` and the `advance` that follows it."""
        return self._accounts.outcomes

    @property
    def report(self) -> SourceReport:
        """What is known about the source so far."""
        pieces = dict(self._accounts.pieces)
        return self._notes.report(self._survey, pieces, self.clocks, self._base_time)

    @property
    def clocks(self) -> Clocks:
        """What is known about the clocks of the stations so far."""
        return self._clocks.report(list(self._stations))

    @property
    def watermark(self) -> Millis:
        """All reports before it can be released, their duplicates known. It moves by whole seconds.

        BEGINNING until a time is known, END after `end`.
        """
        frontier = self._frontier
        return frontier if frontier in (BEGINNING, END) else frontier - self._window

    @property
    def _frontier(self) -> Millis:
        mark = self._clock.watermark
        if self._ended:
            return END
        return mark if mark == BEGINNING else mark // SECOND * SECOND

    def feed(self, frame: Frame) -> None:
        """Take lines in. Raises ValueError after `end`, or where `received` has not one time a line."""
        if self._ended:
            raise ValueError(f"{self.source} has ended")
        if not self._opening.open:
            self._take_in(frame)
            return
        if frame.received is not None and len(frame.received) != line_count(frame.data):
            raise ValueError(f"{len(frame.received)} times of receipt for {line_count(frame.data)} lines")
        if frame.received is not None and self._opening.holds:
            self._open()
            self._take_in(frame)
            return
        head, rest = self._opening.keep(frame)
        if head.received is not None:
            self._take_in(head)
        if rest is not None:
            self._open()
            self._take_in(rest)

    def idle(self, received: Millis) -> None:
        """Nothing has come by this time of the ingest's clock: the source holds nobody back."""
        self._clock.idle(received)

    def end(self) -> None:
        """The source has ended: judge what is held without waiting for more."""
        if self._opening.open:
            self._open()
        for sentence, believed in self._clock.settle():
            self._builder.place(sentence, believed)
        self._builder.end()
        self._hold([])
        self._ended = True

    def reopen(self) -> None:
        """The source had not ended after all: it goes on from the times that it had reached."""
        self._ended = False

    def advance(self, watermark: Millis) -> Decoded:
        """Release the reports before `watermark`, or before the decoder's own where that is lower."""
        self._builder.expire(self._last_line)
        self._accounts.count(Outcome.DUPLICATE, self._held.settle(self._frontier))
        self._transmissions.forget(self._frontier)
        reports = self._decode(self._held.release(min(watermark, self.watermark)))
        return Decoded(reports, self._accounts.take())

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        pages = self._transmissions.changes()
        return {_STATE: self._dump(), **{_PAGE + name: page for name, page in pages.items()}}

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from the pieces of a decoder with the same settings. Raises msgspec.DecodeError."""
        pages = {name: page for name, page in pieces.items() if name.startswith(_PAGE)}
        self._transmissions.load({name.removeprefix(_PAGE): page for name, page in pages.items()})
        self._load(pieces[_STATE])

    def snapshot(self) -> bytes:
        return msgspec.msgpack.encode((self._dump(), self._transmissions.dump()))

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot of a decoder with the same settings. Raises msgspec.DecodeError."""
        own, pages = msgspec.msgpack.decode(state, type=tuple[bytes, dict[str, bytes]])
        self._transmissions.load(pages)
        self._load(own)

    def _dump(self) -> bytes:
        state = _State(
            clock=self._clock.dump(),
            clocks=self._clocks.dump(),
            assemblies=self._assemblies.dump(),
            held=self._held.dump(),
            outcomes=dict(sorted(self.outcomes.items())),
            messages=dict(sorted(self.messages.items())),
            stations=list(self._stations),
            opening=self._opening.dump(),
            survey=self._survey,
            notes=self._notes.dump(),
            pieces=dict(sorted(self._accounts.pieces.items())),
            memory=self._memory.dump(),
            rejects=self._accounts.rejected,
            last_line=self._last_line,
            ended=self._ended,
        )
        return msgspec.msgpack.encode(state)

    def _load(self, state: bytes) -> None:
        loaded = msgspec.msgpack.decode(state, type=_State)
        self._clock.load(loaded.clock)
        self._clocks.load(loaded.clocks)
        self._assemblies.load(loaded.assemblies)
        self._held.load(loaded.held)
        self._accounts.load(loaded.outcomes, loaded.pieces, loaded.rejects)
        self.messages = Counter(loaded.messages)
        self._stations.reset(loaded.stations)
        self._names, self._pairs = KnownNames(), {}
        self._opening.load(loaded.opening)
        self._survey = loaded.survey
        self._notes.load(loaded.notes)
        self._rules = loaded.survey.rules
        self._memory.load(loaded.memory)
        self._last_line = loaded.last_line
        self._ended = loaded.ended

    # What comes in

    def _open(self) -> None:
        """Decide by the first lines how times are read, and work off those that waited for that."""
        self._survey = survey(self._opening.frames, self._settings.max_line_bytes, self._rules)
        self._rules = self._survey.rules
        batches = [self._read(frame) for frame in self._opening.close()]
        if self._settings.clock_agreeing_transmissions:
            for batch, corrected in zip(batches, self._clocks.begin([b.told for b in batches]), strict=True):
                batch.correct(corrected)
        for batch in batches:
            self._hold(self._work_off(batch))

    def _take_in(self, frame: Frame) -> None:
        batch = self._read(frame)
        if self._settings.clock_agreeing_transmissions:
            batch.correct(self._clocks.correct(batch.told))
        self._hold(self._work_off(batch))

    def _read(self, frame: Frame) -> SentenceBatch:
        """The sentences of a frame. What is no sentence is accounted for."""
        columns = FrameColumns(frame, self._settings.max_line_bytes, self._rules, self._names)
        columns.settle(self._rules, self._memory, self._stations)
        self._count_others(frame, columns)
        self._last_line = frame.number(columns.lines.size - 1) if columns.lines.size else self._last_line
        batch = SentenceBatch(columns, self._stations)
        self._notes.count(columns, batch.seconds_off)
        return batch

    def _count_others(self, frame: Frame, columns: FrameColumns) -> None:
        """Account for what is no sentence: context lines, lines that are too long, and faults."""
        cuts = {cut.index: cut for cut in frame.cuts}
        for index in np.flatnonzero(columns.lines.too_long).tolist():
            line = columns.lines.line(index)
            cut = cuts.get(index) or Cut(index, len(line), hashlib.sha256(line).hexdigest())
            self._accounts.cut(line[: self._settings.max_line_bytes], frame.number(index), cut)
        for index, fault in columns.faults:
            self._accounts.reject(fault.piece, frame.number(index), fault.outcome, lines=fault.lines)
        if columns.context_lines:
            self._accounts.count(Outcome.CONTEXT, columns.context_lines)

    def _work_off(self, batch: SentenceBatch) -> list[Placed]:
        """Take sentences through the clock, in columns as far as that goes, and make messages of them."""
        placed: list[Placed] = []
        at, reach = 0, batch.size
        while at < batch.size:
            taken = self._clock.take(*batch.ahead(at, reach))
            if taken is None:
                self._builder.turn = at
                for sentence, believed in self._clock.admit(batch.sentence(at)):
                    self._builder.place(sentence, believed)
                at, reach = at + 1, _LEAST_REACH
                continue
            first = batch.whole(at, taken, self._accounts)
            batch.pair(
                at, taken, self._assemblies, self._part_timeout, self._settings.part_timeout_lines, first
            )
            placed.append(batch.messages(at, taken, first))
            for index in batch.one_by_one(at, taken):
                self._clock.move(taken, index - at)
                self._builder.turn = index
                self._builder.place(batch.sentence(index), bool(taken.believed[index - at]))
            self._clock.move(taken, taken.size)
            at, reach = at + taken.size, reach * 8
        return placed

    def _hold(self, placed: list[Placed]) -> None:
        """Hand the messages on to those held, in the order in which they were completed."""
        built = self._builder.take()
        if built is not None:
            placed = [*placed, built]
        if not placed:
            return
        if len(placed) == 1:
            self._held.add(*placed[0][1:])
            return
        rows = joined([part.rows for part in placed], HELD)
        texts = ByteSpans.join([part.payloads for part in placed])
        turns = np.concatenate([part.turns for part in placed])
        if np.any(turns[1:] < turns[:-1]):
            order = np.argsort(turns, kind="stable")
            rows, texts = rows.take(order), texts.take(order)
        self._held.add(rows, texts)

    # What comes out

    def _decode(self, messages: Messages) -> Reports:
        rows, payloads = messages.rows, messages.payloads
        stations, table = _hearers(messages, list(self._stations), self._pairs)
        positions, statics = decode_columns(rows, payloads, stations)
        self._accounts.count(Outcome.MESSAGE, int(rows["lines"].sum()))
        self._notes.count_own(rows["mmsi"][rows["own"]])
        counted = rows["channel"] != ATTACHED_CHANNEL  # a record is one message
        counts = enumerate(np.bincount(rows["type"][counted]).tolist())
        self.messages.update({kind: count for kind, count in counts if count})
        return Reports(self.source, positions, statics, table)


def _hearers(
    messages: Messages, names: list[str], known: dict[int, tuple[str, ...]]
) -> tuple[npt.NDArray[np.int32], tuple[tuple[str, ...], ...]]:
    """Who has heard each message: an index into a table of groups of stations, and that table.

    `known` keeps the names of pairs for later calls.
    """
    table: dict[tuple[str, ...], int] = {(): 0}

    def group(heard: Iterable[int]) -> tuple[str, ...]:
        return tuple(sorted({names[name] for name in heard} - {""}))

    own = messages.rows["station"]
    single = np.zeros(len(names), np.int32)
    single[own] = 1
    for number in np.flatnonzero(single).tolist():
        name = names[number]
        single[number] = table.setdefault((name,) if name else (), len(table))
    stations = single[own]
    begins = np.flatnonzero(np.diff(messages.heard, prepend=-1))
    others = np.diff(np.append(begins, len(messages.heard)))
    row, by = messages.heard[begins], messages.by[begins]
    two = others == 1
    if len(known) > _MOST_PAIRS:
        known.clear()
    pairs, which = np.unique(own[row[two]].astype(np.int64) << _NUMBER_BITS | by[two], return_inverse=True)
    indices = np.empty(len(pairs), np.int32)
    for at, pair in enumerate(pairs.tolist()):
        if pair not in known:
            known[pair] = group((pair >> _NUMBER_BITS, pair & (1 << _NUMBER_BITS) - 1))
        indices[at] = table.setdefault(known[pair], len(table))
    stations[row[two]] = indices[which]
    for at in np.flatnonzero(~two).tolist():
        heard = messages.by[begins[at] : begins[at] + others[at]].tolist()
        stations[row[at]] = table.setdefault(group((*heard, int(own[row[at]]))), len(table))
    return stations, tuple(table)
