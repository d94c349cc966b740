"""Request: what a file of evidence is to be made of, and whether the right events come out of that."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from models.event import Event
from models.sighting import Sighting
from models.source_hints import SourceHints
from models.time import Millis
from streams.evidence.bundle import InputFile, Selection
from streams.evidence.comparison import by_revision, compare
from streams.evidence.errors import EvidenceError
from streams.evidence.live import Step
from streams.recordings.arrivals import Source
from streams.stages.rules import Rules

_DRAWN: Final = ", or a fence was drawn while they were behind, and counts from another time than there"


@dataclass(frozen=True, slots=True)
class State:
    """The stages as of a time: a snapshot of Core."""

    time: Millis
    snapshot: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a bundle is made of.

    The seam to other origins of lines: `sources` may give frames from anywhere, with the numbers of their
    lines, if they begin with the first line, or with the one that follows `state`. Lines of a deployment are
    `steps` instead, in the order in which its stages worked them off.
    """

    published: Sequence[Event]
    """The revisions that are known of the events, at least the last one of each."""
    where: str
    """Where these come from, for sentences."""
    sources: Sequence[Source] = ()
    steps: Iterator[Step] | None = None
    rules: Rules
    sightings: Sequence[Sighting] = ()
    hints: SourceHints = field(default_factory=SourceHints)
    selection: Selection = field(default_factory=Selection)
    state: State | None = None
    snapshot_at: Millis | None = None
    """Keep lines only from here on, and the state of the stages before them."""
    minimal: bool = False
    authority: str = ""
    """URL of an authority for time stamps (RFC 3161) that is asked for one; empty: none is."""
    command: str = ""
    inputs: Sequence[InputFile] = ()
    """Read at the end: more may come while the lines are read."""
    problems: Sequence[str] = ()
    """What the lines are known to lack, a sentence each."""

    @property
    def why_others(self) -> str:
        """A sentence for where other events come out than were published."""
        if self.steps is None:
            return (
                f"the recordings do not give the events in {self.where}; give the same recordings, options "
                "and version as for the replay that wrote it"
            )
        return (
            f"the raw frames in {self.where} do not give the events in it; the workers ran with other "
            "settings or another version than the archiver, or began before it, or had to be rebuilt"
            f"{_DRAWN if any(event.fence_crossing for event in self.published) else ''}"
        )


class Wanted:
    """The last known revision of each event."""

    def __init__(self, published: Sequence[Event]) -> None:
        self._last: dict[str, int] = {}
        for event in published:
            self._last[event.id] = max(self._last.get(event.id, 0), event.revision)
        self._looked_at = 0  # revisions that were there at the last look

    @property
    def ids(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(sorted(self._last))

    def are_in(self, events: Sequence[Event]) -> bool:
        """Whether all of them have come. Asked again only when more events have."""
        if len(events) == self._looked_at:
            return False
        self._looked_at = len(events)
        found = {event.id: event.revision for event in events}
        return all(found.get(name, 0) >= last for name, last in self._last.items())


def check_events(request: Request, events: Sequence[Event]) -> None:
    """Raises EvidenceError where a replay has not given what was published."""
    faults = compare(by_revision(request.published), by_revision(events), request.where, all_of_them=False)
    if not faults:
        return
    rules = any("detector.settingsHash" in fault for fault in faults)
    what = "settings, fences or lists are not those that it was written with (detector.settingsHash)"
    raise EvidenceError(
        f"nothing was written: {request.why_others}",
        *([f"{request.where}: {what}"] if rules else []),
        *faults,
    )
