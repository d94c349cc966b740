"""Which revisions of events an export has: by default the latest of each event that stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from models.event import Event, Status, sort_key


@dataclass(frozen=True, slots=True)
class Choice:
    """The revisions to export, in the order of `sort_key`, and how many events were left out as retracted."""

    revisions: list[Event]
    left_out: int


def choose(events: Iterable[Event], every: bool = False, retracted: bool = False) -> Choice:
    """Choose from revisions in any order; a revision that is there twice counts once.

    With `every` all revisions are chosen, also of events that were retracted later: `status` says so. Without
    it the highest of each event is, and events that are retracted are left out unless `retracted` is set.
    """
    found = {(event.id, event.revision): event for event in events}
    if every:
        return Choice(sorted(found.values(), key=sort_key), 0)
    latest: dict[str, Event] = {}
    for event in sorted(found.values(), key=lambda event: event.revision):
        latest[event.id] = event
    chosen = [event for event in latest.values() if retracted or event.status != Status.RETRACTED]
    return Choice(sorted(chosen, key=sort_key), len(latest) - len(chosen))
