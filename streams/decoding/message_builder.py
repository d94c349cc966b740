"""Message builder: sentences, one after another, into messages, and an outcome for each that makes none."""

from typing import NamedTuple

import numpy as np

from models.report import Rows
from models.time import Millis
from streams.decoding.accounting import LineAccounting
from streams.decoding.dedup import HELD
from streams.decoding.lines.byte_spans import ByteSpans, Int64Array
from streams.decoding.lines.names import Names
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import CHANNELS, OTHER_CHANNEL, Sentence
from streams.decoding.payload import Content, read_content
from streams.decoding.payload_columns import NO_SECOND, read_heads
from streams.decoding.reassembly import Assemblies, Assembly
from streams.decoding.source_clock import SourceClock


class Placed(NamedTuple):
    """Messages: the running number of the sentence that completed each, rows of `HELD`, payloads."""

    turns: Int64Array
    rows: Rows
    payloads: ByteSpans


class MessageBuilder:
    """Builds messages of sentences that are not worked off in columns.

    `turn` is the running number of the sentence at hand, by which messages made elsewhere are put in order.
    """

    def __init__(
        self,
        clock: SourceClock,
        accounts: LineAccounting,
        assemblies: Assemblies,
        stations: Names,
        timeout: Millis,
    ) -> None:
        self.turn = 0
        self._clock = clock
        self._accounts = accounts
        self._assemblies = assemblies
        self._stations = stations
        self._timeout = timeout
        self._turns: list[int] = []
        self._rows: list[tuple[int, ...]] = []  # in the first columns of `HELD`
        self._payloads: list[bytes] = []

    def place(self, sentence: Sentence, believed: bool) -> None:
        """Take the next sentence in; `believed` tells whether its time is."""
        if sentence.total == 1:
            time, verdict = self._judge(sentence, believed)
            if verdict is not None:
                self._reject(sentence, verdict, time)
            elif time is not None:
                self._complete([sentence], time)
            return
        assembly = self._assemblies.find(sentence, self._clock.now) if self._can_join(sentence) else None
        if assembly is not None:
            self._join(assembly, sentence, believed)
        elif sentence.number == 1 or sentence.group:
            self._begin(sentence, believed)
        else:
            time, verdict = self._judge(sentence, believed)
            self._reject(sentence, verdict or Outcome.PART_ORPHAN, time)

    def expire(self, line: int) -> None:
        """Give up messages that have waited too long; `line` is the number of the last line."""
        for assembly in self._assemblies.expire(self._clock.now, line):
            self._abandon(assembly, Outcome.PART_TIMED_OUT)

    def end(self) -> None:
        """The source has ended: no more parts will come."""
        for assembly in self._assemblies.clear():
            overdue = assembly.deadline < self._clock.now
            self._abandon(assembly, Outcome.PART_TIMED_OUT if overdue else Outcome.PART_WAITING)

    def take(self) -> Placed | None:
        """The messages since the last call."""
        if not self._rows:
            return None
        rows = np.zeros(len(self._rows), HELD)
        names = ("time", "line", "station", "lines", "type", "fill", "channel", "own")
        for name, column in zip(names, zip(*self._rows, strict=True), strict=True):
            rows[name] = column
        payloads = ByteSpans.of(self._payloads)
        heads = read_heads(payloads, rows["fill"].astype(np.int64))
        rows["mmsi"], rows["second"] = heads.mmsi, heads.second < NO_SECOND
        taken = Placed(np.array(self._turns, np.int64), rows, payloads)
        self._turns, self._rows, self._payloads = [], [], []
        return taken

    def _can_join(self, sentence: Sentence) -> bool:
        """Whether a part may come after others: a first part does only in a group."""
        return sentence.number > 1 or bool(sentence.group)

    def _begin(self, sentence: Sentence, believed: bool) -> None:
        time, verdict = self._judge(sentence, believed)
        assembly = Assembly(
            key=sentence.key,
            group=sentence.group,
            station=sentence.station,
            time=time or 0,
            told=sentence.time is not None,
            deadline=self._clock.now + self._timeout,
            line=sentence.line,
            timed=sentence.time is not None or sentence.received is not None,
            verdict=verdict or "",
            parts=[sentence],
        )
        if verdict is not None:
            self._reject(sentence, verdict, time)
        if not self._assemblies.room(1):
            self.expire(sentence.line)
        crowded_out = self._assemblies.crowd_out()
        if crowded_out is not None:
            self._abandon(crowded_out, Outcome.PART_TIMED_OUT)
        for superseded in self._assemblies.begin(assembly, self._clock.now):
            self._abandon(superseded, Outcome.PART_SUPERSEDED)

    def _join(self, assembly: Assembly, sentence: Sentence, believed: bool) -> None:
        """Add a part. One without a time of its own is judged as the message is."""
        time: Millis | None = assembly.time
        verdict = Outcome(assembly.verdict) if assembly.verdict else None
        if sentence.time is not None or not believed:
            time, own = self._judge(sentence, believed)
            verdict = verdict or own
        elif sentence.received is not None:
            self._clock.stamp(None, sentence.received)
        if verdict is not None and not assembly.verdict:
            self._abandon(assembly, verdict)
            assembly.verdict = verdict
        if verdict is not None:
            self._reject(sentence, verdict, time)
        assembly.parts.append(sentence)
        assembly.station = assembly.station or sentence.station
        assembly.group = assembly.group or sentence.group
        if sentence.time is not None and time is not None and (sentence.number == 1 or not assembly.told):
            assembly.time, assembly.told, assembly.timed = time, True, True
        if assembly.complete:
            self._assemblies.drop(assembly)
            if not assembly.verdict:
                self._complete(assembly.message, assembly.time)

    def _judge(self, sentence: Sentence, believed: bool) -> tuple[Millis | None, Outcome | None]:
        """The sentence's event time, and why it does not count, if so."""
        if not believed:
            return sentence.time, Outcome.IMPLAUSIBLE
        time = self._clock.stamp(sentence.time, sentence.received, sentence.moves)
        if time is None:
            return None, Outcome.NO_TIME
        return time, Outcome.LATE if time < self._clock.watermark else None

    def _complete(self, parts: list[Sentence], time: Millis) -> None:
        content = read_content(b"".join([part.payload for part in parts]), parts[-1].fill)
        if not isinstance(content, Content):
            for part in parts:
                self._reject(part, content, time)
            return
        first = parts[0]
        station = next((part.station for part in parts if part.station), "")
        channel = CHANNELS.get(first.channel, OTHER_CHANNEL)
        lines = sum(part.lines for part in parts)
        self._turns.append(self.turn)
        self._rows.append(
            (
                time,
                first.line,
                self._stations.number(station),
                lines,
                content.kind,
                content.fill,
                channel,
                first.own,
            )
        )
        self._payloads.append(content.payload)

    def _abandon(self, assembly: Assembly, outcome: Outcome) -> None:
        """Reject the parts of a message that comes to nothing, if they are not rejected already."""
        if not assembly.verdict:
            for part in assembly.parts:
                self._reject(part, outcome, assembly.time)

    def _reject(self, sentence: Sentence, outcome: Outcome, time: Millis | None) -> None:
        self._accounts.reject(sentence.raw, sentence.line, outcome, time, lines=sentence.lines)
