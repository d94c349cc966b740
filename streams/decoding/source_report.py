"""Source report: what was decided about the times of a source, and how sure that is."""

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np

from models.station_clock import Clocks
from models.time import HOUR, MINUTE, SECOND, Millis, to_text
from streams.decoding.lines.byte_spans import Int64Array
from streams.decoding.lines.frame_columns import FrameColumns
from streams.decoding.lines.outcome import REASONS, Outcome
from streams.decoding.lines.source_times import TIME_NAMES, TimeKind
from streams.decoding.time_survey import SURE_SECONDS, Survey, concentration

_POOR: Final = 0.5
"""Concentration of the UTC seconds in payloads, below which the times of a source are of poor quality."""
_MOST_OWN: Final = 1_000  # MMSIs whose own messages are counted
_LONGEST: Final = 60  # characters of a line that are quoted


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """The first line whose time could not be read."""

    line: int
    outcome: str
    text: str


class _Counts(msgspec.Struct, array_like=True):
    times: list[int]
    seconds: list[int]
    unchecked_tags: int = 0
    unbelieved_times: int = 0
    own: dict[int, int] = {}
    refusal: Refusal | None = None


class SourceNotes:
    """Counts along the way what the report will say."""

    def __init__(self) -> None:
        self._counts = _Counts([0] * len(TimeKind), [0] * 60)

    def count(self, columns: FrameColumns, seconds_off: Int64Array) -> None:
        """Take a frame in; `seconds_off` are its messages by time less UTC second."""
        counts = self._counts
        kinds = np.bincount(columns.kind, minlength=len(TimeKind))
        counts.times = [before + more for before, more in zip(counts.times, kinds.tolist(), strict=True)]
        counts.seconds = [a + b for a, b in zip(counts.seconds, seconds_off.tolist(), strict=True)]
        counts.unchecked_tags += columns.unchecked_tags
        counts.unbelieved_times += columns.unbelieved_times
        if counts.refusal is None and columns.faults:
            for index, (piece, outcome, _) in sorted(columns.faults):
                if outcome in (Outcome.UNKNOWN_ZONE, Outcome.UNKNOWN_DATE_ORDER):
                    text = piece.decode("latin-1")
                    text = text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
                    counts.refusal = Refusal(int(columns.numbers(np.array([index]))[0]), outcome, text)
                    break

    def count_own(self, mmsis: Int64Array) -> None:
        """Take in messages that ships or stations sent themselves."""
        for mmsi, count in zip(*np.unique(mmsis, return_counts=True), strict=True):
            number = int(mmsi)
            if number in self._counts.own or len(self._counts.own) < _MOST_OWN:
                self._counts.own[number] = self._counts.own.get(number, 0) + int(count)

    def report(
        self, survey: Survey, pieces: dict[str, int], clocks: Clocks, base_time: Millis | None = None
    ) -> "SourceReport":
        counts = self._counts
        times = {kind: counts.times[kind] for kind in TimeKind if counts.times[kind]}
        return SourceReport(
            survey,
            times,
            tuple(counts.seconds),
            counts.unchecked_tags,
            counts.unbelieved_times,
            pieces,
            dict(counts.own),
            counts.refusal,
            clocks,
            base_time if set(times) == {TimeKind.NONE} else None,
        )

    def dump(self) -> bytes:
        return msgspec.msgpack.encode(self._counts)

    def load(self, data: bytes) -> None:
        self._counts = msgspec.msgpack.decode(data, type=_Counts)


class SourceReport(msgspec.Struct, frozen=True):
    """What is known about the times, the tag blocks and the sentences of one source so far."""

    survey: Survey
    times: dict[TimeKind, int]
    """Sentences by where their time comes from."""
    seconds: tuple[int, ...]
    """Messages by time less the UTC second in the payload, modulo 60 s."""
    unchecked_tags: int = 0
    """Tag blocks whose checksum is missing or wrong."""
    unbelieved_times: int = 0
    """Times before AIS began, or after now."""
    pieces: dict[str, int] = {}
    """By outcome, sentences on lines that another sentence speaks for."""
    own: dict[int, int] = {}
    """By MMSI, messages that a ship or station sent itself (VDO)."""
    refusal: Refusal | None = None
    clocks: Clocks = Clocks()
    only_time: Millis | None = None
    """The time that was given for the whole source, where no sentence of it tells another."""

    @property
    def problem(self) -> str | None:
        """Why lines of the source were refused and what to do, after its name: one sentence."""
        if self.refusal is None:
            return None
        reason = REASONS[Outcome(self.refusal.outcome)]
        return f"line {self.refusal.line} ({self.refusal.text}) and others like it were refused: {reason}"

    @property
    def poor(self) -> bool:
        """Whether the times disagree with the UTC seconds in the payloads."""
        return sum(self.seconds) >= SURE_SECONDS and concentration(self.seconds) < _POOR

    def sentences(self) -> Iterator[str]:
        """What a reader of the summary has to know."""
        yield from self._about_kinds()
        if self.only_time is not None:
            yield (
                f"tells no time, so all of it has the one that was given, {to_text(self.only_time)}: nothing "
                "that lasts can be found in it, such as an encounter, loitering or a gap"
            )
        if self.unchecked_tags and self.survey.rules.trust_tags:
            yield f"{_count(self.unchecked_tags, 'tag block')} could not be checked: no good checksum"
        elif self.unchecked_tags:
            yield f"{_count(self.unchecked_tags, 'tag block')} with a missing or wrong checksum did not count"
        if self.unbelieved_times:
            yield (
                f"{_count(self.unbelieved_times, 'time')} of before AIS began or after today did not count: "
                "seconds since a start, a counter, or a clock that is wrong"
            )
        if self.poor:
            yield (
                f"its times are of poor quality: they disagree with the UTC seconds in "
                f"{sum(self.seconds):,} messages"
            )
        yield from self.clocks.sentences()
        if self.pieces:
            counts = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in sorted(self.pieces.items()))
            yield f"lines with several sentences held these besides: {counts}"
        if self.own:
            ships = ", ".join(f"{mmsi:09} ({n:,})" for mmsi, n in sorted(self.own.items())[:5])
            more = f" and {len(self.own) - 5:,} others" if len(self.own) > 5 else ""
            yield f"own reports (VDO), messages by MMSI: {ships}{more}"

    def _about_kinds(self) -> Iterator[str]:
        ignored = set(self.survey.rules.ignored)
        for kind in self.survey.counters:
            yield f"{TIME_NAMES[kind]} counts something else and was not believed"
        for difference in self.survey.differences:
            better, other = TIME_NAMES[difference.better], TIME_NAMES[difference.other]
            use = "only the first counts" if difference.other in ignored else "they agree"
            yield (
                f"{_count(difference.lines, 'line')} of the first ones told two times: {other} is "
                f"{_span(difference.median)} {better}; {use}"
            )


def _count(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"


def _span(time: Millis) -> str:
    """A difference in words: `1 h 40 min later than`."""
    size = abs(time)
    if size < SECOND:
        return "the same as"
    for unit, name, smaller, small in ((HOUR, "h", MINUTE, "min"), (MINUTE, "min", SECOND, "s")):
        if size >= unit:
            rest = size % unit // smaller
            text = f"{size // unit} {name}" + (f" {rest} {small}" if rest else "")
            break
    else:
        text = f"{size / SECOND:.1f} s"
    return f"{text} {'later' if time > 0 else 'earlier'} than"
