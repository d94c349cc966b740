"""What the decoder tells of its sources: when each was last heard. No stage depends on it."""

import msgspec

from models.time import BEGINNING, Millis
from streams.deployment.heartbeat import SourceBeat
from streams.deployment.wire import RawFrame

PIECE = "heard"
"""The name of the piece of a checkpoint that keeps it."""


class SourceBeats:
    """By source, what its frames said about it."""

    def __init__(self) -> None:
        self._beats: dict[str, SourceBeat] = {}

    def take(self, frame: RawFrame) -> None:
        """Take in a frame. Its times are those of the ingest, so a restarted worker says the same."""
        known = self._beats.get(frame.source, SourceBeat())
        at = frame.received[-1] if frame.received else None
        if frame.kind == "end":
            self._beats[frame.source] = msgspec.structs.replace(
                known, ended=True, lost=at is not None, lost_at=at
            )
            return
        heard = at if at is not None and frame.kind != "idle" else known.heard
        self._beats[frame.source] = SourceBeat(heard=heard, frame=known.frame if at is None else at)

    def told(self, newest: dict[str, Millis]) -> dict[str, SourceBeat]:
        """All sources, each with the newest event time that it has sent."""
        return {
            name: msgspec.structs.replace(
                self._beats.get(name, SourceBeat()), newest=None if at == BEGINNING else at
            )
            for name, at in newest.items()
        }

    def piece(self, source: str) -> bytes:
        return msgspec.msgpack.encode(self._beats[source])

    def load(self, source: str, piece: bytes) -> None:
        self._beats[source] = msgspec.msgpack.decode(piece, type=SourceBeat)
