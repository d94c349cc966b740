"""Witness: takes down of a replay what is said about some events and their vessels."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.event import Event
from models.report import Reports, Rows
from models.tick import Instant, no_ticks
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.recordings.summary import Summary
from streams.stages.core import Core

_COMPACT: Final = 10_000
"""Arrays of rows that are joined at once, so that many small ones don't fill memory."""


def ignore(_: Summary) -> None:
    pass


@dataclass(slots=True)
class Witness:
    """Keeps all revisions of the events `ids`, and the ticks of the vessels `mmsis`.

    With `fixes`, also their positions as they were sent, and the revisions of every event.
    """

    ids: Collection[str]
    mmsis: Collection[int]
    fixes: bool = False
    everyone: bool = False
    """Whether an event may name none of these vessels."""
    events: list[Event] = field(default_factory=list)
    """In the order in which they were published."""
    others: list[Event] = field(default_factory=list)
    """All revisions of other events of these vessels, with `fixes`."""
    sent: list[Rows] = field(default_factory=list)
    _ticks: list[Rows] = field(default_factory=list)

    @classmethod
    def of(cls, events: Iterable[Event], fixes: bool = False) -> "Witness":
        """One that listens for what these events are about."""
        events = tuple(events)
        mmsis = {mmsi for event in events for mmsi in event.mmsis}
        nobody = any(not event.vessels for event in events)
        return cls(frozenset(event.id for event in events), frozenset(mmsis), fixes, nobody)

    def on_event(self, event: Event) -> None:
        if event.id in self.ids:
            self.events.append(event)
        elif self.fixes and not set(self.mmsis).isdisjoint(event.mmsis):
            self.others.append(event)

    def on_instant(self, instant: Instant) -> None:
        self._keep(self._ticks, instant.ticks)

    def on_reports(self, reports: Reports) -> None:
        if self.fixes:
            self._keep(self.sent, reports.positions)

    def _keep(self, kept: list[Rows], rows: Rows) -> None:
        if not len(rows):
            return
        mine = rows[np.isin(rows["mmsi"], np.fromiter(self.mmsis, np.uint32))]
        if len(mine):
            kept.append(mine)
        if len(kept) > _COMPACT:
            kept[:] = [np.concatenate(kept)]

    @property
    def ticks(self) -> Rows:
        return np.concatenate([no_ticks(), *self._ticks])

    def tracks(self) -> dict[int, Rows]:
        """The ticks of every vessel by MMSI, sorted by time."""
        ticks = self.ticks
        ticks = ticks[np.lexsort([ticks["time"], ticks["mmsi"]])]
        heard, first = np.unique(ticks["mmsi"], return_index=True)
        return dict(zip(heard.tolist(), np.split(ticks, first[1:]), strict=True)) if len(ticks) else {}

    def replay(
        self,
        core: Core,
        sources: list[Source],
        cut: Callable[[], bool] = bool,
        on_progress: Callable[[Summary], None] = ignore,
    ) -> Summary:
        """Replay the sources, and listen."""
        return self.listening(core, cut, on_progress).run(sources)

    def listening(
        self, core: Core, cut: Callable[[], bool] = bool, on_progress: Callable[[Summary], None] = ignore
    ) -> Replay:
        """A replay to be run, to which this listens."""
        return Replay(
            core,
            on_event=self.on_event,
            on_instant=self.on_instant,
            on_reports=self.on_reports,
            on_progress=on_progress,
            cut=cut,
            mmsis=frozenset(() if self.everyone else self.mmsis),
        )
