"""What travels on the topics between stages: frames as msgpack, versioned.

An intermediate frame is a function of one input frame and the state before it. It names its
origin (`Origin`), so that a consumer can skip what a restarted producer sends a second time.
"""

from typing import Final, TypeVar

import msgspec
import numpy as np

from models.drawn_fence import FenceVersion
from models.errors import UNDECODABLE, TankerwatchError
from models.event import Event
from models.report import POSITION, STATIC, Reports, Rows
from models.sighting import Sighting
from models.source_hints import DateOrder
from models.tick import Instant, PackedInstant
from models.time import Millis

VERSION: Final = 1
"""The version of the frames below. Frames of another version go to the dead-letter topic."""
Frame = TypeVar("Frame", bound=msgspec.Struct)


class WireError(TankerwatchError, ValueError):
    """Bytes that are not a frame of the expected kind and version; the text says what they are."""


class Origin(msgspec.Struct, frozen=True, array_like=True, order=True):
    """The input frame that a frame was made from, and its part. A consumer takes each in order, once."""

    partition: int  # of the input topic of the stage that sent it
    offset: int
    part: int


class RawFrame(msgspec.Struct, frozen=True, tag="raw", forbid_unknown_fields=True):
    """Lines of one source as an ingest received them (`lines`), or its state (`idle`, `end`).

    `sightings` are lines too: each is a sighting as JSON, as in docs/sightings.md. So are `fences`: each is a
    version of a drawn fence as JSON. They come from the feed, which is no source that anything waits for.
    """

    version: int
    source: str
    kind: str  # "lines", "sightings", "fences", "idle", "end"
    registry: int  # the registration of sources that its sender knew of, as an offset in `ais.sources`
    first_line: int = 1
    data: bytes = b""
    received: list[Millis] | None = None
    """One for each line, one for `idle`, and one for the `end` that a worker sends (`dead_sources.py`); None
    for a recording, and for the `end` of an ingest."""
    base_time: Millis | None = None  # of lines without a time
    cuts: list[tuple[int, int, str]] = []
    """Lines that were cut: index in the frame, whole length in bytes, SHA-256."""
    numbers: list[int] | None = None
    """The number of each line, if they do not follow each other: in a recording that was sorted."""
    timezone: str = ""
    date_order: DateOrder = DateOrder.UNKNOWN
    not_after: Millis | None = None
    """With `base_time` what the user says about the source: `SourceHints`."""


class ReportsFrame(
    msgspec.Struct, frozen=True, tag="reports", forbid_unknown_fields=True, omit_defaults=True
):
    """Reports of one source for one partition of MMSIs. The last part of a frame has the watermark."""

    version: int
    origin: Origin
    source: str
    registry: int
    watermark: Millis
    newest: Millis
    positions: bytes
    statics: bytes
    stations: list[tuple[str, ...]]
    sightings: list[Sighting] = []
    drawn: list[FenceVersion] = []

    def reports(self) -> Reports:
        """Raises WireError."""
        return Reports(
            self.source,
            _rows(self.positions, POSITION, len(self.stations)),
            _rows(self.statics, STATIC, len(self.stations)),
            tuple(self.stations),
            self.newest,
            tuple(self.sightings),
            tuple(self.drawn),
        )


class InstantPart(PackedInstant, frozen=True, array_like=True):
    """An instant, or a part of it, as topics hold it; its bytes are checked when it is read."""

    def instant(self) -> Instant:
        """Raises WireError."""
        try:
            found = super().instant()
        except ValueError as error:
            raise WireError(str(error)) from error
        _check_stations(found.ticks, len(self.stations))
        return found


class TicksFrame(msgspec.Struct, frozen=True, tag="ticks", forbid_unknown_fields=True):
    """Ticks, identities and proposed events of one partition of MMSIs; `done` is the last instant that is
    complete.

    `ended` says that all sources known so far have ended, so that open events are published as they stand. A
    source that registers later takes it back. `done` is BEGINNING in all parts but the last.
    """

    version: int
    origin: Origin
    done: Millis
    ended: bool
    instants: list[InstantPart]


class FactsFrame(msgspec.Struct, frozen=True, tag="facts", forbid_unknown_fields=True):
    """Revisions that one stage found; `done` is the last instant for which they are complete."""

    version: int
    stage: str  # "meetings"
    origin: Origin
    done: Millis
    events: list[Event]


def _rows(data: bytes, dtype: "np.dtype[np.void]", stations: int) -> Rows:
    if len(data) % dtype.itemsize:
        raise WireError(f"{len(data)} bytes are no rows of {dtype.itemsize}")
    rows: Rows = np.frombuffer(data, dtype)
    _check_stations(rows, stations)
    return rows


def _check_stations(rows: Rows, stations: int) -> None:
    if len(rows) and not (rows["stations"].min() >= 0 and rows["stations"].max() < stations):
        raise WireError(f"rows name stations beyond the {stations} of the frame")


def encode(frame: msgspec.Struct) -> bytes:
    return msgspec.msgpack.encode(frame)


def decode(data: bytes, kind: type[Frame]) -> Frame:
    """Read a frame. Raises WireError."""
    try:
        frame = msgspec.msgpack.decode(data, type=kind)
    except UNDECODABLE as error:
        raise WireError(f"not a frame of kind {kind.__struct_config__.tag!r}: {error}") from error
    version: int = getattr(frame, "version", 0)
    if version != VERSION:
        raise WireError(
            f"version {version} of a {kind.__struct_config__.tag!r} frame; understood is {VERSION}"
        )
    return frame


def chunks(rows: Rows, size: int) -> list[Rows]:
    """Rows in pieces of at most `size`; one empty piece if there are no rows."""
    return [rows[at : at + size] for at in range(0, max(len(rows), 1), size)]


class Registration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A record of `ais.sources`, keyed by the source's name: a source that sends frames from now on.

    A name is used for one session only (a live feed adds the time it connected), so that a source that has
    ended never comes back under it.
    """

    version: int
    source: str
    origin: str  # what was opened: a path, tcp://host:port, …
