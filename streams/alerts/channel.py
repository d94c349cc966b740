"""Channels: deliver one message to one receiver, and say how that went."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from streams.alerts.message import Message


class Result(StrEnum):
    DELIVERED = "delivered"  # the receiver has confirmed it
    AWAY = "away"  # it can't be reached, or asks us to wait: no other message would get through either
    REFUSED = "refused"  # refuses this message for now
    NEVER = "never"  # refuses this message for good
    GONE = "gone"  # the receiver wants no more messages at all


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    reason: str = ""
    """For people: what the receiver said, or what was wrong."""
    wait: float | None = None
    """Seconds that the receiver asks for before the next attempt."""
    unsure: bool = False
    """Whether the receiver may have taken it all the same: it was sent, and no answer came, or none that
    tells."""


class Channel(Protocol):
    async def send(self, message: Message) -> Outcome:
        """Deliver a message. Faults of the receiver are outcomes, not exceptions."""
        ...
