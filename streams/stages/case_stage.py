"""CaseStage: what follows from several events together. It hands events on and adds their chains.

Its input are the events of the stages before it. Those of one instant are taken together, in their order, so
the result does not depend on how they were cut into batches.
"""

from collections.abc import Mapping, Sequence

import msgspec

from models.event import Event, EventType, sort_key
from models.time import BEGINNING, Millis, from_text
from streams.detection.chains.detector import ChainDetector
from streams.stages.rules import Rules
from streams.stages.stage import Stage

Pieces = dict[str, bytes | None]


class CaseStage(Stage[Sequence[Event], list[Event]]):
    """Events in; the same events and the chains that they make out, in the order of `sort_key`."""

    def __init__(self, rules: Rules) -> None:
        self._done = BEGINNING
        self._waiting: dict[Millis, list[Event]] = {}
        self._changed: set[str] = set()  # names of the pieces that changed since the last checkpoint
        self._chains = ChainDetector(
            rules.surroundings,
            rules.detectors[EventType.CHAIN],
            rules.settings.case.chain,
            rules.settings.vessel.grid.step,
            self._changed,
        )

    def feed(self, batch: Sequence[Event]) -> None:
        for event in batch:
            time = from_text(event.detected)
            self._waiting.setdefault(time, []).append(event)
            self._changed.add(f"fed/{time}")

    def advance(self, watermark: Millis) -> list[Event]:
        """Work off every instant up to the watermark, and this one too: its events are complete."""
        out: list[Event] = []
        while (instant := self._next()) is not None and instant <= watermark:
            events = sorted(self._waiting.pop(instant, []), key=sort_key)
            self._changed.add(f"fed/{instant}")
            out += sorted([*events, *self._chains.judge(instant, events)], key=sort_key)
        self._done = max(self._done, watermark)
        return out

    def changes(self) -> Pieces:
        """The pieces of the state that changed since the last call, by name; None for those that are gone."""
        pieces: Pieces = {"meta": msgspec.msgpack.encode(self._done)}
        for name in sorted(self._changed):
            kind, _, rest = name.partition("/")
            kept = self._waiting.get(int(rest)) if kind == "fed" else self._chains.piece(kind, rest)
            pieces[name] = None if kept is None else msgspec.msgpack.encode(kept)
        self._changed.clear()
        return pieces

    def load(self, pieces: Mapping[str, bytes]) -> None:
        """Go on from the pieces that `changes` gave so far."""
        self._done = msgspec.msgpack.decode(pieces["meta"], type=int)
        self._waiting = {
            int(name.partition("/")[2]): msgspec.msgpack.decode(data, type=list[Event])
            for name, data in pieces.items()
            if name.startswith("fed/")
        }
        self._chains.load(pieces)
        self._changed.clear()

    def snapshot(self) -> bytes:
        self._changed.clear()
        self._changed |= {f"fed/{time}" for time in self._waiting} | self._chains.pieces()
        return msgspec.msgpack.encode(self.changes())

    def restore(self, state: bytes) -> None:
        self.load(msgspec.msgpack.decode(state, type=dict[str, bytes]))

    def _next(self) -> Millis | None:
        """The next instant at which there is something to do."""
        times = [*self._waiting, self._chains.next_deadline]
        return min((time for time in times if time is not None), default=None)
