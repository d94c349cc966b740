"""Channels: hand one message to one receiver, and say what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from streams.alerts.message import Message


class Result(StrEnum):
    DELIVERED = "delivered"  # the receiver has confirmed it
    AWAY = "away"  # it can't be reached, or wants to be left alone: nothing else would get through either
    REFUSED = "refused"  # this message, for the moment
    NEVER = "never"  # this message, for good
    GONE = "gone"  # the receiver wants no more messages at all


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    reason: str = ""
    """For people: what the receiver said, what was wrong."""
    wait: float | None = None
    """Seconds that the receiver asks for before the next attempt."""


class Channel(Protocol):
    async def send(self, message: Message) -> Outcome:
        """Raises nothing that a receiver can bring about."""
        ...
