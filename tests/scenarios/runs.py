"""Runs of the whole core on simulated recordings, in memory."""

from collections.abc import Sequence

from geofences.catalogue import load_catalogue
from models.event import Event
from models.frame import Frame
from models.sighting import Sighting
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.stages.core import Core
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from streams.watchlists.shipped import shipped_watchlist

RULES = Rules(Settings(), load_catalogue(), shipped_watchlist())
"""The defaults, with the shipped fences and watchlist."""


def rules_of(settings: Settings) -> Rules:
    """The same with other settings."""
    return Rules(settings, load_catalogue(), shipped_watchlist())


def frames(name: str, lines: Sequence[str], size: int = 50_000) -> list[Frame]:
    """Lines as frames of `size` lines each."""
    return [
        Frame(name, "".join(f"{line}\n" for line in lines[at : at + size]).encode(), at + 1)
        for at in range(0, len(lines), size)
    ]


def find(
    sources: dict[str, Sequence[Frame]], rules: Rules = RULES, sightings: Sequence[Sighting] = ()
) -> list[Event]:
    """All revisions of all events that a replay of these sources finds, in order."""
    events: list[Event] = []
    core = Core(sources, rules)
    core.see(sightings)
    Replay(core, on_event=events.append).run(
        [Source(name, iter(batches)) for name, batches in sources.items()]
    )
    return events
