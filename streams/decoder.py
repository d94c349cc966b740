"""The Decoder: lines of one source in, reports in order of time out, every line accounted for."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
import numpy as np

from models.frame import Cut, Frame, Reject
from models.report import Reports
from models.time import BEGINNING, END, HOUR, MINUTE, SECOND, Millis
from streams.assembly import Assemblies, Assembly
from streams.held import HELD, Held, Messages
from streams.outcome import REASONS, Outcome
from streams.payload import content_outcome, decode_payloads, mmsis
from streams.reader import Reader
from streams.sentence import Sentence
from streams.timeline import Timeline

_CHANNELS: Final = {b"A": 0, b"1": 0, b"B": 1, b"2": 1}
_OTHER_CHANNEL: Final = 2
_MAX_STATIONS: Final = 65_536


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


class _Reject(msgspec.Struct, array_like=True):
    line: int
    outcome: str
    head: bytes
    length: int
    sha256: str
    time: Millis | None


class _State(msgspec.Struct, array_like=True):
    timeline: bytes
    assemblies: bytes
    held: bytes
    outcomes: dict[str, int]
    messages: dict[int, int]
    stations: list[str]
    reader: bytes
    rejects: list[_Reject]
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
        self.outcomes: Counter[str] = Counter()
        """Lines by outcome. Held lines are counted when `advance` works them off, so the numbers sum to the
        lines fed after `end()` and the `advance` that follows it."""
        self.messages: Counter[int] = Counter()
        """Decoded messages by message type, duplicates not counted."""
        self._settings = settings = settings or DecoderSettings()
        self._window = settings.duplicate_window_seconds * SECOND
        self._part_timeout = settings.part_timeout_seconds * SECOND
        self._reader = Reader(settings.prefix_zone_minutes * MINUTE)
        self._timeline = Timeline(
            lateness=settings.lateness_seconds * SECOND,
            max_jump=settings.max_jump_hours * HOUR,
            agreeing=settings.agreeing_lines,
            future_tolerance=settings.future_tolerance_seconds * SECOND,
            max_held=settings.max_held_lines,
            base_time=base_time,
        )
        self._assemblies = Assemblies()
        self._held = Held(self._window)
        self._stations: dict[str, int] = {"": 0}
        self._rejects: list[_Reject] = []
        self._ended = False
        self._rows: list[tuple[int, ...]] = []  # messages of this frame, in the columns of HELD
        self._payloads: list[bytes] = []

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
        lines = frame.data.split(b"\n")
        if not lines[-1]:
            lines.pop()
        received = frame.received.tolist() if frame.received is not None else [None] * len(lines)
        if len(received) != len(lines):
            raise ValueError(f"{len(received)} times of receipt for {len(lines)} lines")
        cuts = {cut.index: cut for cut in frame.cuts}
        longest = self._settings.max_line_bytes
        for index, (line, moment) in enumerate(zip(lines, received, strict=True)):
            number = frame.first_line + index
            if index in cuts or len(line) > longest:
                self._reader.forget()
                self._cut(line, number, cuts.get(index))
                continue
            read = self._reader.read(line, number, moment)
            if isinstance(read, Sentence):
                for sentence, believed in self._timeline.admit(read):
                    self._place(sentence, believed)
            elif read is Outcome.CONTEXT:
                self.outcomes[read] += 1
            else:
                self._reject(line, number, read)
        self._flush()

    def idle(self, received: Millis) -> None:
        """Nothing has come by this time of the ingest's clock: the source holds nobody back."""
        self._timeline.idle(received)

    def end(self) -> None:
        """The source has ended: judge what is held without waiting for more."""
        for sentence, believed in self._timeline.settle():
            self._place(sentence, believed)
        self._expire()
        for assembly in self._assemblies.clear():
            self._abandon(assembly, Outcome.PART_WAITING)
        self._flush()
        self._ended = True

    def advance(self, watermark: Millis) -> Decoded:
        """Release the reports before `watermark`, or before the decoder's own where that is lower."""
        self._expire()
        self.outcomes[Outcome.DUPLICATE] += self._held.settle(self._frontier)
        reports = self._decode(self._held.release(min(watermark, self.watermark)))
        rejects = sorted(self._rejects, key=lambda reject: reject.line)
        self._rejects = []
        return Decoded(reports, tuple(self._explain(reject) for reject in rejects))

    def snapshot(self) -> bytes:
        state = _State(
            timeline=self._timeline.dump(),
            assemblies=self._assemblies.dump(),
            held=self._held.dump(),
            outcomes=dict(sorted(self.outcomes.items())),
            messages=dict(sorted(self.messages.items())),
            stations=list(self._stations),
            reader=self._reader.dump(),
            rejects=self._rejects,
            ended=self._ended,
        )
        return msgspec.msgpack.encode(state)

    def restore(self, state: bytes) -> None:
        """Go on from a snapshot of a decoder with the same settings. Raises msgspec.DecodeError."""
        loaded = msgspec.msgpack.decode(state, type=_State)
        self._timeline.load(loaded.timeline)
        self._assemblies.load(loaded.assemblies)
        self._held.load(loaded.held)
        self.outcomes = Counter(loaded.outcomes)
        self.messages = Counter(loaded.messages)
        self._stations = {name: index for index, name in enumerate(loaded.stations)}
        self._reader.load(loaded.reader)
        self._rejects = loaded.rejects
        self._ended = loaded.ended

    # Placing a sentence in time and in its message

    def _place(self, sentence: Sentence, believed: bool) -> None:
        if sentence.number > 1:
            self._continue(sentence, believed)
            return
        time, verdict = self._judge(sentence, believed)
        if verdict is not None:
            self._reject_sentence(sentence, verdict, time)
        if sentence.total == 1:
            if verdict is None and time is not None:
                self._complete([sentence], time)
            return
        key = sentence.key
        self._supersede(key)
        assembly = Assembly(
            time=time or 0,
            deadline=self._timeline.now + self._part_timeout,
            verdict=verdict or "",
            parts=[] if verdict else [sentence],
        )
        pushed_out = self._assemblies.start(key, assembly)
        if pushed_out is not None:
            self._abandon(pushed_out, Outcome.PART_TIMED_OUT)

    def _continue(self, sentence: Sentence, believed: bool) -> None:
        """A part after the first. One without a time of its own is judged as the first part was."""
        key = sentence.key
        assembly = self._assemblies.get(key)
        if assembly is not None and assembly.deadline < self._timeline.now:
            self._supersede(key)
            assembly = None
        time: Millis | None
        if assembly is not None and sentence.time is None and believed:
            time, verdict = assembly.time, Outcome(assembly.verdict) if assembly.verdict else None
            if sentence.received is not None:
                self._timeline.stamp(None, sentence.received)
        else:
            time, verdict = self._judge(sentence, believed)
            if verdict is None and assembly is not None:
                if assembly.verdict:
                    verdict = Outcome(assembly.verdict)
                elif time is not None and abs(time - assembly.time) > self._part_timeout:
                    self._assemblies.drop(key)
                    self._abandon(assembly, Outcome.PART_TIMED_OUT)
                    assembly = None
        if verdict is None and (assembly is None or assembly.has(sentence.number)):
            verdict = Outcome.PART_ORPHAN
        if verdict is not None:
            self._reject_sentence(sentence, verdict, time)
            return
        assert assembly is not None
        assembly.parts.append(sentence)
        if assembly.complete:
            self._assemblies.drop(key)
            self._complete(assembly.message, assembly.time)

    def _judge(self, sentence: Sentence, believed: bool) -> tuple[Millis | None, Outcome | None]:
        """The sentence's event time, and why it does not count, if so."""
        if not believed:
            return sentence.time, Outcome.IMPLAUSIBLE
        time = self._timeline.stamp(sentence.time, sentence.received)
        if time is None:
            return None, Outcome.NO_TIME
        return time, Outcome.LATE if time < self._timeline.watermark else None

    def _complete(self, parts: list[Sentence], time: Millis) -> None:
        payload = b"".join([part.payload for part in parts]) if len(parts) > 1 else parts[0].payload
        fill = parts[-1].fill
        kind, wrong = content_outcome(payload, fill)
        if wrong is not None:
            for part in parts:
                self._reject_sentence(part, wrong, time)
            return
        first = parts[0]
        channel = _CHANNELS.get(first.channel, _OTHER_CHANNEL)
        station = self._station(first.station)
        self._rows.append((time, 0, kind, fill, channel, len(parts), first.line, station))
        self._payloads.append(payload)

    def _station(self, name: str) -> int:
        index = self._stations.get(name)
        if index is None:
            if len(self._stations) >= _MAX_STATIONS:
                return 0
            index = self._stations[name] = len(self._stations)
        return index

    def _flush(self) -> None:
        """Hand the frame's messages on to those held, as columns."""
        if self._payloads:
            rows = np.array(self._rows, HELD)
            rows["mmsi"] = mmsis(self._payloads)
            self._held.add(rows, self._payloads)
            self._rows, self._payloads = [], []

    def _supersede(self, key: bytes) -> None:
        assembly = self._assemblies.drop(key)
        if assembly is not None:
            overdue = assembly.deadline < self._timeline.now
            self._abandon(assembly, Outcome.PART_TIMED_OUT if overdue else Outcome.PART_SUPERSEDED)

    def _expire(self) -> None:
        for assembly in self._assemblies.expire(self._timeline.now):
            self._abandon(assembly, Outcome.PART_TIMED_OUT)

    def _abandon(self, assembly: Assembly, outcome: Outcome) -> None:
        for part in assembly.parts:
            self._reject_sentence(part, outcome, assembly.time)

    # What comes out

    def _decode(self, messages: Messages) -> Reports:
        rows, payloads = messages.rows, messages.payloads
        names = list(self._stations)
        table: dict[tuple[str, ...], int] = {(): 0}

        def index(heard: Iterable[int]) -> int:
            return table.setdefault(tuple(sorted({names[name] for name in heard} - {""})), len(table))

        distinct, inverse = np.unique(rows["station"], return_inverse=True)
        single = np.array([index((name,)) for name in distinct.tolist()], np.int32)
        stations = single[inverse] if len(rows) else np.empty(0, np.int32)
        for row, heard in messages.stations.items():
            stations[row] = index(heard)
        positions, statics, failed = decode_payloads(rows, payloads, stations)
        good = np.ones(len(rows), bool)
        for row in failed:
            good[row] = False
            self.outcomes[Outcome.UNDECODABLE] += int(rows["lines"][row])
            head = payloads[row]  # the line itself is gone by now
            self._rejects.append(self._describe(head, int(rows["line"][row]), Outcome.UNDECODABLE))
        self.outcomes[Outcome.MESSAGE] += int(rows["lines"][good].sum())
        kinds, counts = np.unique(rows["type"][good], return_counts=True)
        self.messages.update(dict(zip(kinds.tolist(), counts.tolist(), strict=True)))
        return Reports(self.source, positions, statics, tuple(table))

    def _reject_sentence(self, sentence: Sentence, outcome: Outcome, time: Millis | None) -> None:
        self._reject(sentence.raw, sentence.line, outcome, time)

    def _reject(self, line: bytes, number: int, outcome: Outcome, time: Millis | None = None) -> None:
        self.outcomes[outcome] += 1
        self._rejects.append(self._describe(line, number, outcome, time))

    def _cut(self, line: bytes, number: int, cut: Cut | None) -> None:
        """A line that is too long, or whose source has kept only the head of it."""
        length, digest = (cut.length, cut.sha256) if cut else (len(line), hashlib.sha256(line).hexdigest())
        self.outcomes[Outcome.TOO_LONG] += 1
        head = line[: self._settings.max_line_bytes]
        self._rejects.append(_Reject(number, Outcome.TOO_LONG, head, length, digest, None))

    def _describe(self, line: bytes, number: int, outcome: Outcome, time: Millis | None = None) -> _Reject:
        return _Reject(number, outcome, line, len(line), hashlib.sha256(line).hexdigest(), time)

    def _explain(self, reject: _Reject) -> Reject:
        return Reject(
            source=self.source,
            line=reject.line,
            outcome=reject.outcome,
            reason=REASONS[Outcome(reject.outcome)],
            head=reject.head,
            length=reject.length,
            sha256=reject.sha256,
            time=reject.time,
        )
