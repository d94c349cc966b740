"""Truth: what really happened in a recording, by the simulator or by people who reviewed its events."""

import msgspec

from models.event import EventType, Level


class TrueEvent(msgspec.Struct, frozen=True):
    """An event that a perfect detector finds. `end` is null where the recording ends first."""

    type: EventType
    mmsis: tuple[int, ...]  # sorted
    start: str
    end: str | None
    note: str = ""
    level: Level | None = None
    """The level that the rule gives; null where every level is right."""


class Truth(msgspec.Struct, frozen=True):
    """The truth file of one recording, or what people made of the events that they reviewed."""

    scenario: str
    seed: int
    noise: str
    tracks: int
    events: tuple[TrueEvent, ...]
    dismissed: tuple[TrueEvent, ...] | None = None
    """In reviews: what has been found and is not true. Of everything else nothing is known then."""

    allowed: tuple[TrueEvent, ...] = ()
    """In simulations: what may be found, up to its level, and need not be. It counts neither way."""

    @property
    def name(self) -> str:
        return (
            self.scenario
            if self.dismissed is not None
            else f"{self.scenario} seed {self.seed} noise {self.noise}"
        )
