"""How an event came to its score and its level, from what the event holds and the tables of reasons."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import Final

import msgspec

from models.event import Event, EventType, Level, Reason, Scoring
from models.innocent import InnocentExplanation
from streams.detection import legend
from streams.detection.hypotheses import ranked
from streams.detection.reasons import ReasonTable, ReasonType, Side, Weighted, measure
from streams.output import event_text
from streams.stages.settings import Settings

_UNITS: Final = {
    "minutes": "min", "hours": "h", "days": "days", "metres": "m", "km": "km", "knots": "kn"
}  # fmt: skip
"""Units by the word in a setting's name."""


class Weighed(msgspec.Struct, frozen=True, rename="camel"):
    """One reason, with the names of the settings that its weight and its threshold are from.

    The values are those of the run that made the event. `weight_setting` is null for a code that this
    version does not know.
    """

    side: Side
    code: str
    text: str
    value: float | str | None
    threshold: float | str | None
    unit: str | None
    weight: float
    weight_setting: str | None
    threshold_settings: tuple[str, ...]  # one of them holds the threshold


class RuleHeld(msgspec.Struct, frozen=True):
    """A rule for levels whose condition held. In its text, settings have their default values: an event tells
    the values of its run only with its reasons."""

    code: str
    effect: str
    text: str


class RevisionChange(msgspec.Struct, frozen=True):
    """One revision, and what it changed against the one before."""

    revision: int
    detected: str
    status: str
    level: Level
    score: float
    changes: tuple[str, ...]


class Link(msgspec.Struct, frozen=True):
    """An event that this one rests on, or that rests on it."""

    relation: str
    event: str  # id
    type: str | None
    level: Level | None
    score: float | None
    summary: str | None  # null, like the three before, where the event was not given


class Derivation(msgspec.Struct, frozen=True, rename="camel"):
    """Everything that the score and the level of one event follow from."""

    id: str
    type: EventType
    revision: int
    status: str
    level: Level
    score: float
    summary: str
    detected: str
    last_position: str | None  # the time of the latest position that it rests on
    scoring: Scoring | None  # null in events of before there was one
    base_settings: tuple[str, ...]
    reasons: tuple[Weighed, ...]
    against: tuple[Weighed, ...]
    sum: float | None  # base, plus reasons, less those against; before floor and cap
    rules: tuple[RuleHeld, ...]
    level_by_rules: Level | None  # null where no condition is known
    innocent: tuple[InnocentExplanation, ...]  # all that the reasons speak for, the best one first
    revisions: tuple[RevisionChange, ...]
    links: tuple[Link, ...]
    detector: str
    settings_hash: str


def derive(event_id: str, events: Iterable[Event]) -> Derivation | None:
    """The derivation of an event, by its highest revision among these; None if it is not among them."""
    given = list(events)
    revisions = {each.revision: each for each in given if each.id == event_id}
    if not revisions:
        return None
    history = [revisions[number] for number in sorted(revisions)]
    event = history[-1]
    table = _tables().get(event.type)
    return Derivation(
        id=event.id,
        type=event.type,
        revision=event.revision,
        status=event.status,
        level=event.level,
        score=event.score,
        summary=event.summary,
        detected=event.detected,
        last_position=max((sample.time for sample in event.evidence.positions), default=None),
        scoring=event.scoring,
        base_settings=_base_settings(event, table),
        reasons=tuple(_weighed(each, Side.FOR, table) for each in event.reasons),
        against=tuple(_weighed(each, Side.AGAINST, table) for each in event.against),
        sum=_sum(event),
        rules=_rules(event, table),
        level_by_rules=table.level(event.scoring.conditions) if table and event.scoring else None,
        innocent=tuple(ranked(table, event.reasons, event.against)) if table else (),
        revisions=tuple(_history(history)),
        links=tuple(_links(event, given)),
        detector=f"{event.detector.name} {event.detector.version}",
        settings_hash=event.detector.settings_hash,
    )


@cache
def _tables() -> Mapping[EventType, ReasonTable]:
    return {table.type: table for table in legend.tables()}


@cache
def setting_of(kind: type) -> str:
    """The name in a settings file of the table that settings of this type are read from."""
    return next(name for name, value in _sections("", Settings()) if type(value) is kind)


def _sections(name: str, value: msgspec.Struct) -> Iterator[tuple[str, msgspec.Struct]]:
    yield name, value
    for field in value.__struct_fields__:
        inner = getattr(value, field)
        if isinstance(inner, msgspec.Struct):
            yield from _sections(f"{name}.{field}".lstrip("."), inner)


def _weighed(reason: Reason, side: Side, table: ReasonTable | None) -> Weighed:
    row = _row(reason.code, side, table)
    section = setting_of(type(table.defaults)) if table else ""
    return Weighed(
        side=row.side if row else side,
        code=reason.code,
        text=reason.text,
        value=reason.value,
        threshold=reason.threshold,
        unit=reason.unit,
        weight=reason.weight,
        weight_setting=f"{section}.weights.{row.weight}" if row else None,
        threshold_settings=tuple(f"{section}.{name}" for name in _thresholds(row, reason, table)),
    )


def _thresholds(row: ReasonType | None, reason: Reason, table: ReasonTable | None) -> Sequence[str]:
    """The settings that may hold the threshold, first those whose defaults it equals: an event does not tell
    which settings were in force."""
    if row is None or table is None:
        return ()
    return sorted(row.thresholds, key=lambda name: measure(table.defaults, name) != reason.threshold)


def _row(code: str, side: Side, table: ReasonTable | None) -> ReasonType | None:
    sides = (Side.FOR,) if side is Side.FOR else (Side.AGAINST, Side.RETRACTION)
    rows = (row for row in table.rows if row.code == code and row.side in sides) if table else iter(())
    return next(rows, None)


def _base_settings(event: Event, table: ReasonTable | None) -> tuple[str, ...]:
    if table is None or event.scoring is None:
        return ()
    names = ("base", "probable") if event.level is Level.PROBABLE else ("base",)
    defaults: Weighted = table.defaults
    return tuple(f"{setting_of(type(defaults))}.weights.{name}" for name in names)


def _sum(event: Event) -> float | None:
    """In whole hundredths, as the score is made."""
    if event.scoring is None:
        return None
    total = round(event.scoring.base * 100)
    total += sum(round(reason.weight * 100) for reason in event.reasons)
    total -= sum(round(reason.weight * 100) for reason in event.against)
    return total / 100


def _rules(event: Event, table: ReasonTable | None) -> tuple[RuleHeld, ...]:
    held = event.scoring.conditions if event.scoring else ()
    rules = (rule for rule in table.levels if rule.code in held) if table else iter(())
    return tuple(RuleHeld(rule.code, rule.effect.value, _filled(rule.text, table)) for rule in rules)


def _filled(text: str, table: ReasonTable | None) -> str:
    """The text of a rule with the default value of each setting that it names, and its unit."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        default = getattr(table.defaults, name, None) if table else None
        if default is None:
            return found[0]  # a level
        shown = f"{default:g}" if isinstance(default, int | float) else ", ".join(sorted(default))
        unit = next((_UNITS[word] for word in name.split("_") if word in _UNITS), "")
        return f"{' '.join(filter(None, (shown, unit)))} (`{name}`)"

    return re.sub(r"`(\w+)`", value, text)


def _history(history: Sequence[Event]) -> Iterator[RevisionChange]:
    yield _revision(history[0], ())
    for before, after in pairwise(history):
        yield _revision(after, (*event_text.changes(before, after), *_reweighed(before, after)))


def _revision(event: Event, changes: tuple[str, ...]) -> RevisionChange:
    return RevisionChange(event.revision, event.detected, event.status, event.level, event.score, changes)


def _reweighed(before: Event, after: Event) -> Iterator[str]:
    """Reasons that stayed, with another value or weight."""
    pairs = (("for it", before.reasons, after.reasons), ("against it", before.against, after.against))
    for side, old, new in pairs:
        for was, reason in _same(old, new):
            if (was.value, was.weight) == (reason.value, reason.weight):
                continue
            parts = [f"{_shown(was.value)} → {_shown(reason.value)}"] if was.value != reason.value else []
            if was.weight != reason.weight:
                parts.append(f"weight {was.weight:.2f} → {reason.weight:.2f}")
            yield f"{side}, {reason.code}: {', '.join(parts)}"


def _same(old: Sequence[Reason], new: Sequence[Reason]) -> Iterator[tuple[Reason, Reason]]:
    """Each reason before and after; a code that occurs several times is paired in order."""
    known: dict[str, list[Reason]] = {}
    for reason in old:
        known.setdefault(reason.code, []).append(reason)
    for reason in new:
        if before := known.get(reason.code):
            yield before.pop(0), reason


def _shown(value: float | str | None) -> str:
    return "none" if value is None else value if isinstance(value, str) else f"{value:g}"


def _links(event: Event, given: Iterable[Event]) -> Iterator[Link]:
    latest: dict[str, Event] = {}
    for each in given:
        if each.id not in latest or each.revision > latest[each.id].revision:
            latest[each.id] = each
    for relation, other in links_from(event):
        yield _link(relation, other, latest.get(other))
    for other_event in latest.values():
        for relation, target in links_from(other_event):
            if target == event.id:
                yield _link(f"it is the {relation} of", other_event.id, other_event)


def links_from(event: Event) -> Iterator[tuple[str, str]]:
    """The ids of the events that an event names, each with what that event is to it."""
    if event.chain:
        for leg in event.chain.legs:
            yield leg.kind, leg.event
    if event.dark_port_visit:
        yield "gap", event.dark_port_visit.gap
    for reason in (*event.reasons, *event.against):
        if reason.code == "in_encounter" and isinstance(reason.value, str):
            for other in reason.value.split(", "):
                yield "encounter meanwhile", other


def _link(relation: str, id: str, event: Event | None) -> Link:
    if event is None:
        return Link(relation, id, None, None, None, None)
    return Link(relation, id, event.type, event.level, event.score, event.summary)
