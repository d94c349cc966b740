"""Follows a source of events: prints each revision once, and waits for a source that is away."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import aclosing
from typing import Final

import msgspec

from models.event import Event, Evidence
from models.event_filter import EventFilter
from streams.runtime.backoff import Backoff, Delays
from streams.tail.printer import Printer
from streams.tail.source import Note, Source, Unreachable, Unusable

REMEMBERED: Final = 20_000
"""Number of events that are remembered, to print no revision twice and to say what a later one changes."""


class Tail:
    """Prints the events of a source that match a filter."""

    def __init__(
        self,
        source: Source,
        selection: EventFilter,
        printer: Printer,
        say: Callable[[str], None],
        delays: Delays | None = None,
    ) -> None:
        self._source, self._selection, self._printer, self._say = source, selection, printer, say
        self._backoff = Backoff(delays or Delays(0.5, 10.0))
        self._last: OrderedDict[str, Event] = OrderedDict()
        self._away = False

    async def run(self, once: bool) -> None:
        """Print events until cancelled; with `once`, until all that exist have been printed.

        Raises Unusable, and with `once` also Unreachable.
        """
        while True:
            try:
                # closed here, or an error in between would reach the generator while it is being closed
                async with aclosing(self._source.follow()) as found:
                    async for one in found:
                        self._there()
                        await self._take(one)
                return
            except Unreachable as error:
                if once:
                    raise
                if not self._away:
                    self._away = True
                    self._say(f"{error}; trying again until it answers")
                await asyncio.sleep(self._backoff.next())

    def _there(self) -> None:
        if self._away:
            self._away = False
            self._say(f"{self._source.where}: back")
        self._backoff.reset()

    async def _take(self, one: Event | Note) -> None:
        if isinstance(one, Note):
            self._say(one.text)
            return
        before = self._last.get(one.id)
        if before is not None and before.revision >= one.revision:
            return
        # positions and receivers take ten times the memory of the rest and are not compared
        self._last[one.id] = msgspec.structs.replace(one, evidence=Evidence())
        self._last.move_to_end(one.id)
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        if self._selection.matches(one):
            if before is None and one.revision > 1 and self._printer.compares:
                before = await self._before(one)
            self._printer.print(one, before)

    async def _before(self, event: Event) -> Event | None:
        """The revision before this one, if the source can be asked for it."""
        try:
            known = await self._source.known(event.id)
        except (Unreachable, Unusable):
            return None
        earlier = [one for one in known.revisions if one.revision < event.revision] if known else []
        return max(earlier, key=lambda one: one.revision, default=None)
