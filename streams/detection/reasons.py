"""Reasons: every ground for or against an event, with its sentence, its threshold and its weight.

Each detector has one table of them, with what makes each level. Its events, the legend of the page and
`docs/reference/reasons.md` are all made from that table, so they cannot disagree.
"""

from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Final, Protocol

import msgspec

from models.event import EventType, Level, Reason, Scoring, Status
from models.innocent import Hypothesis

_MEASURES: Final = {"minutes": ("h", 60.0), "hours": ("h", 1.0), "metres": ("m", 1.0), "km": ("km", 1.0)}
"""Unit of a reason by the word in a setting's name that says its unit, and how many of these make one."""


class Side(StrEnum):
    """Which way a reason counts."""

    FOR = "for"
    AGAINST = "against"
    RETRACTION = "retraction"  # why an event was taken back; listed in its `against`


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What reasons add to a score, or take from it: 0 to 1, counted in steps of 0.01.

    The source of the weights is judgement. They were tried on true and on ordinary events
    (docs/measurements/weights.md), for which two weights of gaps were raised.
    """

    base: float = 0.0
    """Score of a `possible` event before any reason counts."""
    probable: float = 0.4
    """What a `probable` event has more than a `possible` one before any reason counts."""
    border: float = 0.5
    """Scores of `probable` events start here; those of `possible` ones end 0.01 below."""
    cap: float = 1.0
    """Highest score there is; the lowest is 0."""
    watchlist: float = 0.12
    """For: the vessel is on a watchlist."""
    listed_later: float = 0.05
    """For: the vessel was put on a watchlist later."""
    listed_before: float = 0.01
    """For: the vessel was on a watchlist before."""
    watchlist_weak: float = 0.02
    """For: the vessel may be on a watchlist, by a weak match."""
    weak_match: float = 0.1
    """Against: the vessel counts only by a weak match with a watchlist."""
    shared_mmsi: float = 0.15
    """Against: two ships are heard under the MMSI."""
    doubtful_mmsi: float = 0.05
    """Against: the MMSI is not a number that ships are given."""
    off_track: float = 0.05
    """Against: positions of the vessel lay off its track: jamming, spoofing or another ship."""
    leapt: float = 0.15
    """Against: the positions of the vessel leapt there, faster than a ship."""
    retraction: float = 0.5
    """Against: the event has been taken back."""

    def __post_init__(self) -> None:
        for name, value in msgspec.structs.asdict(self).items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} must be from 0 to 1")
        if not 0 < self.border <= self.cap:
            raise ValueError("border must be above 0 and at most cap")
        if self.base >= self.border:
            raise ValueError("base must be less than border")
        if not self.border <= self.base + self.probable <= self.cap:
            raise ValueError("base and probable together must be at least border and at most cap")

    def scoring(self, level: Level, status: Status) -> Scoring:
        """How the score of an event is made. One that is taken back may fall to 0."""
        border = round(self.border, 2)
        if level is Level.POSSIBLE:
            return Scoring(base=round(self.base, 2), cap=round(border - 0.01, 2))
        floor = 0.0 if status is Status.RETRACTED else border
        return Scoring(base=round(self.base + self.probable, 2), cap=round(self.cap, 2), floor=floor)


class Weighted(Protocol):
    """A detector's settings."""

    @property
    def weights(self) -> Weights: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonType:
    """One row of a table of reasons."""

    code: str
    side: Side
    text: str
    """The sentence, a template for `str.format`."""
    weight: str
    """Name of the setting, among the detector's weights, that holds its weight."""
    thresholds: tuple[str, ...] = ()
    """Names of the settings that the value may be compared with."""
    unit: str | None = None
    """Of value and threshold: `h`, `m`, `km`; None where there is no measure."""
    plotted: bool = False
    """Whether the threshold is a line in the plot of distances."""
    hypotheses: tuple[Hypothesis, ...] = ()
    """Innocent explanations that a reason against supports, or a reason for contradicts."""

    def reason(
        self,
        settings: Weighted,
        value: float | str | None = None,
        *,
        threshold: str | None = None,
        share: float = 1.0,
        **words: object,
    ) -> Reason:
        """This reason in an event.

        `threshold` names one of several thresholds, the first without it; `share` (0 to 1) is how much of
        the weight counts; `words` fill the template, beside `value` and `threshold`.
        """
        name = threshold or next(iter(self.thresholds), None)
        limit = None if name is None else measure(settings, name)
        return Reason(
            code=self.code,
            text=self.text.format(value=value, threshold=limit, **words),
            value=value,
            threshold=limit,
            unit=self.unit,
            weight=round(getattr(settings.weights, self.weight) * share, 2),
        )


class Effect(StrEnum):
    """What a condition does to the level of an event."""

    POSSIBLE = "makes it `possible`"
    PROBABLE = "makes it `probable`"
    LIMIT = "`possible` at most, unless an exception holds"
    EXCEPTION = "an exception"
    BAR = "`possible` at most, without exception"


@dataclass(frozen=True, slots=True)
class LevelRule:
    """One condition that decides about the level."""

    code: str
    """Its name: the code of the reason that states it, where there is one."""
    effect: Effect
    text: str


class Conditions(Container[str]):
    """The codes of the conditions that hold, each looked into only where somebody asks for it."""

    def __init__(self, holds: dict[str, bool | Callable[[], bool]]) -> None:
        self._holds = holds

    def __contains__(self, code: object) -> bool:
        name = str(code)
        holds = self._holds.get(name, False)
        if callable(holds):
            holds = self._holds[name] = holds()
        return holds


@dataclass(frozen=True, slots=True)
class ReasonTable:
    """All reasons of one type of event, and what makes each level."""

    type: EventType
    defaults: Weighted
    """The detector's settings as they are by default."""
    rows: tuple[ReasonType, ...]
    levels: tuple[LevelRule, ...] = ()
    bearing: dict[tuple[Side, str], tuple[Hypothesis, ...]] = field(init=False, repr=False, compare=False)
    """On which innocent explanations the reasons bear, by side and code; only those that bear on any."""
    codes: dict[Effect, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    """The conditions that have each effect."""

    def level(self, conditions: Container[str]) -> Level | None:
        """The level of an event for which the conditions with these codes hold; None where it has none."""
        if not self._holds(Effect.PROBABLE, conditions):
            return Level.POSSIBLE if self._holds(Effect.POSSIBLE, conditions) else None
        limited = self._holds(Effect.LIMIT, conditions) and not self._holds(Effect.EXCEPTION, conditions)
        return Level.POSSIBLE if limited or self._holds(Effect.BAR, conditions) else Level.PROBABLE

    def _holds(self, effect: Effect, conditions: Container[str]) -> bool:
        """Whether one of the conditions with an effect holds; the others need not be looked into then."""
        return any(code in conditions for code in self.codes[effect])

    def scoring(self, weights: Weights, level: Level, status: Status, conditions: Container[str]) -> Scoring:
        """How the score of an event is made, with those of the conditions that are rules for levels."""
        met = dict.fromkeys(rule.code for rule in self.levels if rule.code in conditions)
        return msgspec.structs.replace(weights.scoring(level, status), conditions=tuple(met))

    def limits(self, conditions: Container[str]) -> list[str]:
        """Those of these conditions that an event can't be `probable` with, in the order of the table."""
        if self.level(conditions) is not Level.POSSIBLE:
            return []
        against = (Effect.LIMIT, Effect.BAR)
        return [rule.code for rule in self.levels if rule.code in conditions and rule.effect in against]

    def __post_init__(self) -> None:
        """Codes are the contract with consumers: one code means one thing on each side."""
        twice = [
            key for key, count in Counter((row.side, row.code) for row in self.rows).items() if count > 1
        ]
        if twice:
            raise ValueError(f"{self.type}: more than one reason {twice}")
        bearing = {(row.side, row.code): row.hypotheses for row in self.rows if row.hypotheses}
        codes = {each: tuple(rule.code for rule in self.levels if rule.effect is each) for each in Effect}
        object.__setattr__(self, "bearing", bearing)
        object.__setattr__(self, "codes", codes)


def measure(settings: Weighted, name: str) -> float:
    """A threshold in the unit in which reasons state it: minutes as hours, to two digits."""
    _, divisor = _measure_of(name)
    value: float = getattr(settings, name)
    return round(value / divisor, 2)


def unit_of(name: str) -> str:
    """The unit in which reasons state the threshold that this setting holds."""
    return _measure_of(name)[0]


def score(scoring: Scoring, reasons: Sequence[Reason], against: Sequence[Reason]) -> float:
    """Base plus the weights of the reasons, less those against; at least the floor and at most the cap.

    Summed in whole hundredths, so that the numbers shown add up exactly.
    """
    total = _hundredths(scoring.base)
    total += sum(_hundredths(reason.weight) for reason in reasons)
    total -= sum(_hundredths(reason.weight) for reason in against)
    return max(_hundredths(scoring.floor), min(total, _hundredths(scoring.cap))) / 100


def _hundredths(weight: float) -> int:
    return round(weight * 100)


@cache
def _measure_of(name: str) -> tuple[str, float]:
    return next(_MEASURES[word] for word in name.split("_") if word in _MEASURES)
