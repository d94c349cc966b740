"""Numbers that a stage tells of itself to whoever watches it. Nothing depends on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.time import BEGINNING, END, Millis


@dataclass(frozen=True, slots=True)
class OperatorStats:
    watermark: Millis
    """How far event time has come: BEGINNING while none is known, END when all sources have ended."""
    vessels: int | None = None
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Lines by what became of them."""


def slowest(watermarks: list[Millis]) -> Millis:
    """The least of those that have not ended."""
    if not watermarks:
        return BEGINNING
    return min((mark for mark in watermarks if mark != END), default=END)
