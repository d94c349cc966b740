"""The Decoder: lines of one source in, reports in order of time out, every line accounted for."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import numpy as np

from models.frame import Cut, Frame, Reject
from models.report import Reports, joined
from models.time import BEGINNING, END, HOUR, MINUTE, SECOND, Millis
from streams.decoding.accounting import LineAccounting, Rejected
from streams.decoding.byte_spans import ByteSpans
from streams.decoding.context_columns import Names
from streams.decoding.dedup import HELD, DuplicateBuffer, Messages
from streams.decoding.frame_columns import FrameColumns
from streams.decoding.line_reader import LineReader
from streams.decoding.message_builder import MessageBuilder
from streams.decoding.outcome import Outcome
from streams.decoding.payload_columns import Bits, decode_columns
from streams.decoding.sentence import Sentence
from streams.decoding.sentence_batch import Placed, SentenceBatch
from streams.decoding.source_clock import SourceClock

_MAX_STATIONS: Final = 65_536
_LEAST_REACH: Final = 256  # sentences looked at after one that had to be held


class DecoderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How times are judged and messages put together."""

    lateness_seconds: int = 120
    """How far behind its source a line may be. Later ones are counted `late` and change nothing."""
    duplicate_window_seconds: int = 10
    """The same payload on the same channel within this event time is one message heard several times."""
    part_timeout_seconds: int = 30
    """How long a message waits for its other parts, by the progress of its source."""
    max_jump_hours: int = 24
    """A time further ahead of its source is held until other lines agree with it."""
    agreeing_lines: int = 3
    """Consecutive timed lines, within `max_jump_hours` of each other, that make a source start or jump."""
    max_held_lines: int = 1_000
    """Lines held for that at most; then they are judged by what is known."""
    future_tolerance_seconds: int = 300
    """How far a line's time may be ahead of its time of receipt, where an ingest noted that."""
    max_line_bytes: int = 4_096
    """A longer line is cut and rejected."""
    prefix_zone_minutes: int = 0
    """UTC offset of times written as text before the sentence without one of their own."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name == "prefix_zone_minutes":
                if abs(value) > 14 * 60:
                    raise ValueError(f"prefix_zone_minutes must be within 14 hours of UTC, not {value}")
            elif value < (0 if name in ("lateness_seconds", "duplicate_window_seconds") else 1):
                raise ValueError(f"{name} must not be {value}")


@dataclass(frozen=True, slots=True)
class Decoded:
    """What came of an advance: reports sorted by time, and a reject for every line that became nothing."""

    reports: Reports
    rejects: tuple[Reject, ...] = ()


class SourceStage(Protocol):
    """What a decoder of any format is to the rest: a stage for one source that knows its watermark."""

    @property
    def source(self) -> str: ...
    @property
    def watermark(self) -> Millis: ...
    @property
    def outcomes(self) -> Counter[str]: ...
    @property
    def messages(self) -> Counter[int]: ...
    def feed(self, frame: Frame) -> None: ...
    def end(self) -> None: ...
    def advance(self, watermark: Millis) -> Decoded: ...
    def snapshot(self) -> bytes: ...
    def restore(self, state: bytes) -> None: ...


class _State(msgspec.Struct, array_like=True):
    timeline: bytes
    assemblies: bytes
    held: bytes
    outcomes: dict[str, int]
    messages: dict[int, int]
    stations: list[str]
    reader: bytes
    rejects: list[Rejected]
    ended: bool


class Decoder:
    """Decodes NMEA 0183 lines of one source: a deterministic stage.

    However the lines are cut into frames, and in whatever order messages come within the allowed lateness,
    the reports are the same: lateness is judged line by line, and duplicates are found in order of event
    time among messages that are held until none can come before them.

    `base_time` is the time of lines in a source that tells none.
    """

    def __init__(
        self, source: str, settings: DecoderSettings | None = None, base_time: Millis | None = None
    ) -> None:
        self.source = source
        self.messages: Counter[int] = Counter()
        """Decoded messages by message type, duplicates not counted."""
        self._settings = settings = settings or DecoderSettings()
        self._window = settings.duplicate_window_seconds * SECOND
        self._zone = settings.prefix_zone_minutes * MINUTE
        self._reader = LineReader(self._zone)
        self._timeline = SourceClock(
            lateness=settings.lateness_seconds * SECOND,
            max_jump=settings.max_jump_hours * HOUR,
            agreeing=settings.agreeing_lines,
            future_tolerance=settings.future_tolerance_seconds * SECOND,
            max_held=settings.max_held_lines,
            base_time=base_time,
        )
        self._accounts = LineAccounting(source)
        self._part_timeout = settings.part_timeout_seconds * SECOND
        self._placing = MessageBuilder(self._timeline, self._accounts, self._part_timeout)
        self._held = DuplicateBuffer(self._window)
        self._stations: dict[str, int] = {"": 0}
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
    def watermark(self) -> Millis:
        """All reports before it can be released, their duplicates known. It moves by whole seconds.

        BEGINNING until a time is known, END after `end`.
        """
        frontier = self._frontier
        return frontier if frontier in (BEGINNING, END) else frontier - self._window

    @property
    def _frontier(self) -> Millis:
        mark = self._timeline.watermark
        if self._ended:
            return END
        return mark if mark == BEGINNING else mark // SECOND * SECOND

    def feed(self, frame: Frame) -> None:
        """Take lines in. Raises ValueError after `end`, or where `received` has not one time a line."""
        if self._ended:
            raise ValueError(f"{self.source} has ended")
        columns = FrameColumns(frame, self._settings.max_line_bytes)
        odd = self._read(frame, columns)
        self._hold(columns.names, self._work_off(SentenceBatch(columns, odd, LineReader(self._zone))))

    def idle(self, received: Millis) -> None:
        """Nothing has come by this time of the ingest's clock: the source holds nobody back."""
        self._timeline.idle(received)

    def end(self) -> None:
        """The source has ended: judge what is held without waiting for more."""
        for sentence, believed in self._timeline.settle():
            self._placing.place(sentence, believed)
        self._placing.end()
        self._hold(Names(), [])
        self._ended = True

    def reopen(self) -> None:
        """The source had not ended after all: it goes on from the times that it had reached."""
        self._ended = False

    def advance(self, watermark: Millis) -> Decoded:
        """Release the reports before `watermark`, or before the decoder's own where that is lower."""
        self._placing.expire()
        self._accounts.count(Outcome.DUPLICATE, self._held.settle(self._frontier))
        reports = self._decode(self._held.release(min(watermark, self.watermark)))
        return Decoded(reports, self._accounts.take())

    def snapshot(self) -> bytes:
        state = _State(
            timeline=self._timeline.dump(),
            assemblies=self._placing.assemblies.dump(),
            held=self._held.dump(),
            outcomes=dict(sorted(self.outcomes.items())),
            messages=dict(sorted(self.messages.items())),
            stations=list(self._stations),
            reader=self._reader.dump(),
            rejects=self._accounts.rejected,
            ended=self._ended,
        )
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot of a decoder with the same settings. Raises msgspec.DecodeError."""
        loaded = msgspec.msgpack.decode(state, type=_State)
        self._timeline.load(loaded.timeline)
        self._placing.assemblies.load(loaded.assemblies)
        self._held.load(loaded.held)
        self._accounts.load(loaded.outcomes, loaded.rejects)
        self.messages = Counter(loaded.messages)
        self._stations = {name: index for index, name in enumerate(loaded.stations)}
        self._reader.load(loaded.reader)
        self._ended = loaded.ended

    # What comes in

    def _read(self, frame: Frame, columns: FrameColumns) -> list[tuple[int, Sentence]]:
        """Account for the lines that are no sentences; return the sentences that are not in the columns."""
        cuts = {cut.index: cut for cut in frame.cuts}
        sentences: list[tuple[int, Sentence]] = []
        for index, read in columns.read_odd(self._reader):
            if isinstance(read, Sentence):
                sentences.append((index, read))
            elif read is Outcome.CONTEXT:
                self._accounts.count(read)
            elif read is Outcome.TOO_LONG:
                line = columns.lines.line(index)
                cut = cuts.get(index) or Cut(index, len(line), hashlib.sha256(line).hexdigest())
                self._accounts.cut(line[: self._settings.max_line_bytes], frame.number(index), cut)
            else:
                self._accounts.reject(columns.lines.line(index), frame.number(index), read)
        if columns.context_lines:
            self._accounts.count(Outcome.CONTEXT, columns.context_lines)
        return sentences

    def _work_off(self, sequence: SentenceBatch) -> list[Placed]:
        """Take sentences through the timeline, in columns as far as that goes, and place them."""
        placed: list[Placed] = []
        at, reach = 0, sequence.size
        while at < sequence.size:
            taken = self._timeline.take(*sequence.ahead(at, reach))
            if taken is None:
                self._placing.turn = at
                for sentence, believed in self._timeline.admit(sequence.sentence(at)):
                    self._placing.place(sentence, believed)
                at, reach = at + 1, _LEAST_REACH
                continue
            placed.append(sequence.place(at, taken, self._accounts))
            placed += sequence.pair(at, taken, self._placing.assemblies, self._part_timeout)
            for index in sequence.one_by_one(at, taken):
                self._timeline.move(taken, index - at)
                self._placing.turn = index
                self._placing.place(sequence.sentence(index), bool(taken.believed[index - at]))
            self._timeline.move(taken, taken.size)
            at, reach = at + taken.size, reach * 8
        return placed

    def _hold(self, names: Names, placed: list[Placed]) -> None:
        """Hand the frame's messages on to those held, in the order in which they were completed."""
        turns, rows, stations, payloads = self._placing.take()
        if len(rows):
            rows["station"] = [names.number(station) for station in stations]
            placed = [*placed, Placed(turns, rows, payloads)]
        if not placed:
            return
        rows = joined([part.rows for part in placed], HELD)
        texts = ByteSpans.join([part.payloads for part in placed])
        turns = np.concatenate([part.turns for part in placed])
        if np.any(turns[1:] < turns[:-1]):
            order = np.argsort(turns, kind="stable")
            rows, texts = rows.take(order), texts.take(order)
        rows["mmsi"] = Bits(texts).unsigned(8, 30)
        first = np.full(names.size, -1)
        first[rows["station"][::-1]] = np.arange(len(rows))[::-1]
        index, known = np.zeros(names.size, np.int32), names.all
        for number in np.argsort(first, kind="stable").tolist():
            if first[number] >= 0:  # numbered in the order in which they are heard
                index[number] = self._station(known[number])
        rows["station"] = index[rows["station"]]
        self._held.add(rows, texts.compact())

    def _station(self, name: str) -> int:
        index = self._stations.get(name)
        if index is None:
            if len(self._stations) >= _MAX_STATIONS:
                return 0
            index = self._stations[name] = len(self._stations)
        return index

    # What comes out

    def _decode(self, messages: Messages) -> Reports:
        rows, payloads = messages.rows, messages.payloads
        names = list(self._stations)
        table: dict[tuple[str, ...], int] = {(): 0}

        def index(heard: Iterable[int]) -> int:
            return table.setdefault(tuple(sorted({names[name] for name in heard} - {""})), len(table))

        single = np.zeros(len(names), np.int32)
        single[rows["station"]] = 1
        for name in np.flatnonzero(single).tolist():
            single[name] = index((name,))
        stations = single[rows["station"]]
        several = np.flatnonzero(np.diff(messages.heard, prepend=-1))
        for row, heard in zip(
            messages.heard[several].tolist(), np.split(messages.by, several[1:]), strict=False
        ):
            stations[row] = index((*heard.tolist(), int(rows["station"][row])))
        positions, statics, failed = decode_columns(rows, payloads, stations)
        good = np.ones(len(rows), bool)
        for row in failed.tolist():
            good[row] = False
            head = payloads.piece(row)  # the line itself is gone by now
            lines = int(rows["lines"][row])
            self._accounts.reject(head, int(rows["line"][row]), Outcome.UNDECODABLE, lines=lines)
        self._accounts.count(Outcome.MESSAGE, int(rows["lines"][good].sum()))
        counts = enumerate(np.bincount(rows["type"][good]).tolist())
        self.messages.update({kind: count for kind, count in counts if count})
        return Reports(self.source, positions, statics, tuple(table))
