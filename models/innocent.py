"""The innocent explanation of an event that its own reasons speak for most."""

from enum import StrEnum

import msgspec


class Hypothesis(StrEnum):
    """Innocent explanations. They exclude each other, so an event names only the best one."""

    BUNKERING = "bunkering"
    WAITING = "waiting"
    BERTH = "berth"
    TOW = "tow"
    BREAKDOWN = "breakdown"
    JAMMING = "jamming"
    OUTAGE = "outage"
    RECEPTION = "reception"
    OTHER_SHIP = "other_ship"
    PASSAGE = "passage"
    OTHER_PORT = "other_port"
    TRADE = "trade"
    SALE = "sale"
    WRONG_DATA = "wrong_data"
    SMALL_CRAFT = "small_craft"


class InnocentExplanation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One hypothesis, what speaks for it, and by how much."""

    hypothesis: Hypothesis
    text: str
    support: float  # weights of the reasons for it, less those of the reasons that contradict it
    reasons: tuple[str, ...]  # codes, among the event's `against`
