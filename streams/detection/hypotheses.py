"""Innocent explanations of an event: they compete, and the one that the reasons speak for most is named.

Every row of a table of reasons says which hypotheses it bears on. A reason against the event supports its
hypotheses with its weight; a reason for the event contradicts its hypotheses with its weight. The score of
an event does not depend on this.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from models.event import Reason
from models.innocent import Hypothesis, InnocentExplanation
from streams.detection.reasons import ReasonTable, Side

TEXTS: Final[Mapping[Hypothesis, str]] = {
    Hypothesis.BUNKERING: "fuel, stores or crew were brought, as by a bunker barge or a supply boat",
    Hypothesis.WAITING: "waiting, as ships do for a berth, orders, weather or daylight",
    Hypothesis.BERTH: "an ordinary stay in a port or at a berth",
    Hypothesis.TOW: "a tow, or two transponders on one hull",
    Hypothesis.BREAKDOWN: "a breakdown",
    Hypothesis.JAMMING: "wrong positions by jamming or spoofing",
    Hypothesis.OUTAGE: "a receiver or a source of data failed",
    Hypothesis.RECEPTION: "the vessel was out of reach of the receivers",
    Hypothesis.OTHER_SHIP: "another ship than the one named",
    Hypothesis.PASSAGE: "the vessel sailed on without a call",
    Hypothesis.OTHER_PORT: "a call at a port of another country",
    Hypothesis.TRADE: "ordinary trade, without a cargo of oil in common",
    Hypothesis.SALE: "the ship was sold, or changed its flag",
    Hypothesis.WRONG_DATA: "somebody entered wrong data, or corrected them",
    Hypothesis.SMALL_CRAFT: "a craft so small that it need not have AIS",
}

_ORDER: Final = {each: i for i, each in enumerate(Hypothesis)}


def ranked(
    table: ReasonTable, reasons: Sequence[Reason], against: Sequence[Reason]
) -> list[InnocentExplanation]:
    """The hypotheses that have support left after what contradicts them, the best one first.

    `reasons` are those for the event. Of equals, the one that Hypothesis lists first comes first.
    """
    support: dict[Hypothesis, int] = {}
    codes: dict[Hypothesis, dict[str, None]] = {}
    for reason in against:
        for each in table.bearing.get((Side.AGAINST, reason.code), ()):
            support[each] = support.get(each, 0) + round(reason.weight * 100)
            codes.setdefault(each, {})[reason.code] = None
    for reason in reasons:
        for each in table.bearing.get((Side.FOR, reason.code), ()):
            support[each] = support.get(each, 0) - round(reason.weight * 100)
    left = [each for each in support if support[each] > 0]
    best = sorted(left, key=lambda each: (-support[each], _ORDER[each]))
    return [
        InnocentExplanation(
            hypothesis=each, text=TEXTS[each], support=support[each] / 100, reasons=tuple(codes[each])
        )
        for each in best
    ]


def best(
    table: ReasonTable, reasons: Sequence[Reason], against: Sequence[Reason]
) -> InnocentExplanation | None:
    """The hypothesis with the most support; None if no reason supports one."""
    return next(iter(ranked(table, reasons, against)), None)
