"""Placing: sentences into their place in time and into their message, one after another."""

from typing import Final

import numpy as np

from models.report import Rows
from models.time import Millis
from streams.decoding.accounting import LineAccounting
from streams.decoding.byte_spans import ByteSpans, Int64Array
from streams.decoding.dedup import HELD
from streams.decoding.outcome import Outcome
from streams.decoding.payload import content_outcome
from streams.decoding.reassembly import Assemblies, Assembly
from streams.decoding.sentence import Sentence
from streams.decoding.source_clock import SourceClock

CHANNELS: Final = {b"A": 0, b"1": 0, b"B": 1, b"2": 1}
OTHER_CHANNEL: Final = 2


class MessageBuilder:
    """Makes messages of sentences, and accounts for those that make none.

    `turn` is the running number of the sentence at hand, by which messages made elsewhere are put in order.
    """

    def __init__(self, timeline: SourceClock, accounts: LineAccounting, part_timeout: Millis) -> None:
        self.assemblies = Assemblies()
        self.turn = 0
        self._timeline = timeline
        self._accounts = accounts
        self._part_timeout = part_timeout
        self._turns: list[int] = []
        self._rows: list[tuple[int, ...]] = []  # in the columns of HELD, without the station
        self._stations: list[str] = []
        self._payloads: list[bytes] = []

    def place(self, sentence: Sentence, believed: bool) -> None:
        if sentence.number > 1:
            self._continue(sentence, believed)
            return
        time, verdict = self._judge(sentence, believed)
        if verdict is not None:
            self._reject(sentence, verdict, time)
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
        pushed_out = self.assemblies.start(key, assembly)
        if pushed_out is not None:
            self._abandon(pushed_out, Outcome.PART_TIMED_OUT)

    def expire(self) -> None:
        """Give up messages that have waited too long for their other parts."""
        for assembly in self.assemblies.expire(self._timeline.now):
            self._abandon(assembly, Outcome.PART_TIMED_OUT)

    def end(self) -> None:
        self.expire()
        for assembly in self.assemblies.clear():
            self._abandon(assembly, Outcome.PART_WAITING)

    def take(self) -> tuple[Int64Array, Rows, list[str], ByteSpans]:
        """The messages since the last call: their turns, rows, stations and payloads."""
        rows = np.zeros(len(self._rows), HELD)
        if self._rows:
            names = ("time", "line", "lines", "type", "fill", "channel")
            for name, column in zip(names, zip(*self._rows, strict=True), strict=True):
                rows[name] = column
        taken = np.array(self._turns, np.int64), rows, self._stations, ByteSpans.of(self._payloads)
        self._turns, self._rows, self._stations, self._payloads = [], [], [], []
        return taken

    def _continue(self, sentence: Sentence, believed: bool) -> None:
        """A part after the first. One without a time of its own is judged as the first part was."""
        key = sentence.key
        assembly = self.assemblies.get(key)
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
                    self.assemblies.drop(key)
                    self._abandon(assembly, Outcome.PART_TIMED_OUT)
                    assembly = None
        if verdict is None and (assembly is None or assembly.has(sentence.number)):
            verdict = Outcome.PART_ORPHAN
        if verdict is not None:
            self._reject(sentence, verdict, time)
            return
        assert assembly is not None
        assembly.parts.append(sentence)
        if assembly.complete:
            self.assemblies.drop(key)
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
                self._reject(part, wrong, time)
            return
        first = parts[0]
        channel = CHANNELS.get(first.channel, OTHER_CHANNEL)
        self._turns.append(self.turn)
        self._rows.append((time, first.line, len(parts), kind, fill, channel))
        self._stations.append(first.station)
        self._payloads.append(payload)

    def _supersede(self, key: bytes) -> None:
        assembly = self.assemblies.drop(key)
        if assembly is not None:
            overdue = assembly.deadline < self._timeline.now
            self._abandon(assembly, Outcome.PART_TIMED_OUT if overdue else Outcome.PART_SUPERSEDED)

    def _abandon(self, assembly: Assembly, outcome: Outcome) -> None:
        for part in assembly.parts:
            self._reject(part, outcome, assembly.time)

    def _reject(self, sentence: Sentence, outcome: Outcome, time: Millis | None) -> None:
        self._accounts.reject(sentence.raw, sentence.line, outcome, time)
