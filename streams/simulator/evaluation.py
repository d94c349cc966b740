"""How well events agree with the truth, of simulations or by reviews: matches, misses, errors in time.

An event matches a true one of the same type and the same vessels if their times overlap; one to one, the
largest overlap first. An event found at a lower level than the true one counts as missed, and not as false.
What the truth allows and does not ask for counts neither way, unless its level is too high. A type is
scored over all recordings together. Where reviews stand for the truth, only events that somebody confirmed
or dismissed are counted.
"""

from collections.abc import Iterable, Sequence
from statistics import fmean, median

import msgspec

from models.event import Event, EventType, Level, Status
from models.time import END, MINUTE, Millis, from_text
from models.truth import TrueEvent, Truth


class Miss(msgspec.Struct, frozen=True):
    """A true event without a found one (`missed`), or the other way round (`false`)."""

    recording: str  # scenario, seed and noise
    type: EventType
    mmsis: tuple[int, ...]
    start: str
    end: str | None
    level: Level | None = None  # of a false one, or of one found at too low a level
    id: str | None = None


class Score(msgspec.Struct, frozen=True):
    """One event type. Ratios are null where nothing can be counted; errors in minutes, found minus true."""

    type: EventType
    true: int
    found: int
    matched: int
    precision: float | None
    recall: float | None
    start_error: float | None  # median of the absolute errors
    end_error: float | None  # the same, where both have ended
    start_bias: float | None  # mean of the signed errors
    end_bias: float | None
    false_probable: int  # false ones of level `probable`
    allowed: int = 0  # that the truth allows and does not ask for; not among `found`


class Evaluation(msgspec.Struct, frozen=True):
    scores: tuple[Score, ...]
    missed: tuple[Miss, ...]
    false: tuple[Miss, ...]


class _Pair(msgspec.Struct, frozen=True):
    true: TrueEvent
    found: Event


def latest(events: Iterable[Event]) -> list[Event]:
    """The highest revision of each id, without retracted events, by start."""
    highest: dict[str, Event] = {}
    for event in events:
        if event.id not in highest or event.revision > highest[event.id].revision:
            highest[event.id] = event
    kept = (event for event in highest.values() if event.status is not Status.RETRACTED)
    return sorted(kept, key=lambda event: (event.start, event.id))


def evaluate(recordings: Iterable[tuple[Iterable[Event], Truth]]) -> Evaluation:
    """Compare the events of each recording with its truth, and count all together."""
    pairs: list[_Pair] = []
    missed: list[Miss] = []
    false: list[Miss] = []
    allowed: list[Event] = []
    for revisions, truth in recordings:
        found = latest(revisions)
        matches = _match(truth.events, found)
        low = {i: found[j] for i, j in matches if _too_low(truth.events[i], found[j])}
        pairs += [_Pair(truth.events[i], found[j]) for i, j in matches if i not in low]
        name = truth.name
        hit, used = {i for i, _ in matches} - set(low), {j for _, j in matches}
        if truth.dismissed is not None:
            wrong = {j for _, j in _match(truth.dismissed, found)}
            used |= {j for j in range(len(found)) if j not in wrong}  # nobody knows whether those are true
        rest = [event for j, event in enumerate(found) if j not in used]
        free = {j for i, j in _match(truth.allowed, rest) if not _too_high(truth.allowed[i], rest[j])}
        allowed += [rest[j] for j in sorted(free)]
        missed += [
            Miss(
                name, true.type, true.mmsis, true.start, true.end,
                low[i].level if i in low else None, low[i].id if i in low else None,
            )
            for i, true in enumerate(truth.events)
            if i not in hit
        ]  # fmt: skip
        false += [
            Miss(name, event.type, event.mmsis, event.start, event.end, event.level, event.id)
            for j, event in enumerate(rest)
            if j not in free
        ]
    scores = (_score(kind, pairs, missed, false, allowed) for kind in EventType)
    return Evaluation(
        tuple(score for score in scores if score.true or score.found or score.allowed),
        tuple(missed),
        tuple(false),
    )


def matched(truth: Truth, found: Sequence[Event]) -> list[tuple[TrueEvent, Event]]:
    """The true events that were found, at whatever level, each with what was found of it."""
    return [(truth.events[i], found[j]) for i, j in _match(truth.events, found)]


def _too_low(true: TrueEvent, found: Event) -> bool:
    return true.level is Level.PROBABLE and found.level is Level.POSSIBLE


def _too_high(allowed: TrueEvent, found: Event) -> bool:
    return allowed.level is Level.POSSIBLE and found.level is Level.PROBABLE


def _span(event: TrueEvent | Event) -> tuple[Millis, Millis]:
    return from_text(event.start), END if event.end is None else from_text(event.end)


def _match(true: Sequence[TrueEvent], found: Sequence[Event]) -> list[tuple[int, int]]:
    """Pairs of indices; the largest overlap first, ties in the order given.

    An event may name more MMSIs than the truth: those that a vessel had before.
    """
    overlaps = []
    for i, one in enumerate(true):
        begin, end = _span(one)
        for j, event in enumerate(found):
            if event.type is one.type and set(one.mmsis) <= set(event.mmsis):
                first, last = _span(event)
                overlap = min(end, last) - max(begin, first)
                if overlap >= 0:
                    overlaps.append((-overlap, i, j))
    matches: list[tuple[int, int]] = []
    hit: set[int] = set()
    used: set[int] = set()
    for _, i, j in sorted(overlaps):
        if i not in hit and j not in used:
            matches.append((i, j))
            hit.add(i)
            used.add(j)
    return matches


def _score(
    kind: EventType,
    pairs: Sequence[_Pair],
    missed: Sequence[Miss],
    false: Sequence[Miss],
    allowed: Sequence[Event],
) -> Score:
    mine = [pair for pair in pairs if pair.true.type is kind]
    wrong = [miss for miss in false if miss.type is kind]
    matched = len(mine)
    true = matched + sum(miss.type is kind for miss in missed)
    found = matched + len(wrong)
    starts = [_minutes(pair.true.start, pair.found.start) for pair in mine]
    ends = [_minutes(pair.true.end, pair.found.end) for pair in mine if pair.true.end and pair.found.end]
    return Score(
        type=kind,
        true=true,
        found=found,
        matched=matched,
        precision=matched / found if found else None,
        recall=matched / true if true else None,
        start_error=median(map(abs, starts)) if starts else None,
        end_error=median(map(abs, ends)) if ends else None,
        start_bias=fmean(starts) if starts else None,
        end_bias=fmean(ends) if ends else None,
        false_probable=sum(miss.level is Level.PROBABLE for miss in wrong),
        allowed=sum(event.type is kind for event in allowed),
    )


def _minutes(true: str | None, found: str | None) -> float:
    assert true is not None
    assert found is not None
    return (from_text(found) - from_text(true)) / MINUTE
