"""Processes that run ahead: how many, how arrivals travel from one to the next, and decoding in one.

What arrives is the same as in one process. Reports and ticks travel as the bytes of their columns, beside
what little else there is to say of a frame. Reports go no farther than to VesselStage.

None of the stages is imported here: decoding begins before they are.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.frame import Reject
from models.report import POSITION, STATIC, Reports
from models.source_hints import SourceHints
from models.tick import PackedInstant
from models.time import Millis
from streams.cli.errors import UsageError
from streams.cli.interrupt import Interrupt
from streams.decoding.settings import DecoderSettings
from streams.recordings.arrivals import Arrival, Heard, Source, arrivals
from streams.runtime.compiled import prepare
from streams.runtime.forked import Forked, Send, can_fork, usable_cpus
from streams.stages.intake import Arrived, Intake, ReportFilter

if TYPE_CHECKING:
    from streams.stages.core import Followed

LARGE: Final = 4 << 20
"""Bytes of recordings from which further processes are worth their start."""
_TOLD: Final = 1 << 20
"""Bytes read after which the progress is told."""
OnRead = Callable[[int], object]


def processes(asked: int | None, files: Sequence[str]) -> int:
    """How many processes to use, by what was asked for and by how much there is to read.

    Raises UsageError where several were asked for and there can't be several.
    """
    if asked is not None and asked > 1 and not can_fork():
        raise UsageError(f"--processes {asked}: this system has no copies of processes; leave the option out")
    if asked is not None or not can_fork() or usable_cpus() < 2:
        return asked or 1
    return 3 if sum(os.path.getsize(file) for file in files if os.path.isfile(file)) > LARGE else 1


def intake_of(
    sources: Iterable[Source], settings: DecoderSettings, selection: ReportFilter, hints: SourceHints
) -> Intake:
    """The decoders of these sources, as those of a core."""
    sources = list(sources)
    own = {source.name: source.hints for source in sources if source.hints is not None}
    return Intake([source.name for source in sources], settings, selection, hints, own)


@contextmanager
def decoded_ahead(
    intake: Intake, sources: Callable[[OnRead], Sequence[Source]], interrupt: Interrupt
) -> Iterator[Forked]:
    """A second process in which sources are opened and decoded. `received` takes what it tells.

    Raises OSError where the system allows no further process.
    """

    def work(send: Send) -> None:
        tell = Telling(send)
        for arrival in arrivals(intake, sources(tell.count), lambda: interrupt.asked):
            tell.of(arrival)

    prepare()  # the stages have loops, too
    with Forked("the process that decodes", work, interrupt.ask) as blocks:
        interrupt.pass_on = blocks.interrupt
        if interrupt.asked:  # perhaps since the other process was made
            blocks.interrupt()
        try:
            yield blocks
        finally:
            interrupt.pass_on = bool


def received(blocks: Forked, on_read: OnRead) -> Iterator[Arrival]:
    """What a process tells of arrivals, in this one.

    `on_read` is called with the bytes that were read there. Raises forked.Died, and RuntimeError for an
    exception there.
    """
    for block in blocks:
        message = _decode(block)
        if message.read:
            on_read(message.read)
        if message.part is not None:
            yield _arrival(message.part)


class Telling:
    """Tells the process behind of arrivals, and of how much was read."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._read = 0

    def count(self, more: int) -> None:
        """So many more bytes were read."""
        self._read += more
        if self._read >= _TOLD:  # while recordings are looked through, nothing arrives
            self._tell(None)

    def of(self, arrival: Arrival) -> None:
        self._tell(_part(arrival))

    def _tell(self, part: "_Part | None") -> None:
        counted, self._read = self._read, 0
        self._send(_encode(_Message(counted, part)))


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """An arrival, with rows as bytes."""

    source: str
    positions: memoryview
    statics: memoryview
    stations: tuple[tuple[str, ...], ...]
    rejects: tuple[Reject, ...]
    low: Millis
    left_out: int
    outcomes: dict[str, int]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    messages: dict[int, int]
    followed: "_Followed | None"
    heard: "_Heard | None"


class _Followed(msgspec.Struct, frozen=True, array_like=True):
    instants: list[PackedInstant]
    done: Millis
    overtaken: int


class _Heard(msgspec.Struct, frozen=True, array_like=True):
    positions: int
    mmsis: memoryview
    first: Millis
    last: Millis


class _Message(msgspec.Struct, frozen=True, array_like=True):
    read: int
    part: _Part | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Message).decode


def _part(arrival: Arrival) -> _Part:
    arrived, followed, heard = arrival.arrived, arrival.followed, arrival.heard
    reports = Reports("") if heard else arrived.reports
    return _Part(
        arrival.source,
        _bytes(reports.positions),
        _bytes(reports.statics),
        reports.stations,
        arrived.rejects,
        arrived.low,
        arrived.left_out,
        arrival.outcomes,
        arrival.problems,
        arrival.notes,
        arrival.messages,
        None if followed is None else _packed(followed),
        None if heard is None else _told(heard),
    )


def _arrival(part: _Part) -> Arrival:
    reports = Reports(
        part.source,
        np.frombuffer(part.positions, POSITION),
        np.frombuffer(part.statics, STATIC),
        part.stations,
    )
    arrived = Arrived(reports, part.rejects, part.low, part.left_out)
    known = part.source, part.outcomes, part.problems, part.notes, part.messages
    followed = None if part.followed is None else _unpacked(part.followed, part.low)
    heard = None if part.heard is None else _heard(part.heard)
    return Arrival(arrived, *known, followed, heard)


def _bytes(column: npt.NDArray[Any]) -> memoryview:
    """The bytes of a column where they are: a copy of a million is as dear as sending them."""
    return np.ascontiguousarray(column).view(np.uint8).data


def _packed(followed: "Followed") -> _Followed:
    return _Followed(list(map(PackedInstant.of, followed.instants)), followed.done, followed.overtaken)


def _unpacked(packed: _Followed, low: Millis) -> "Followed":
    from streams.stages.core import Followed

    return Followed([each.instant() for each in packed.instants], low, packed.done, packed.overtaken)


def _told(heard: Heard) -> _Heard:
    return _Heard(heard.positions, _bytes(heard.mmsis), heard.first, heard.last)


def _heard(told: _Heard) -> Heard:
    return Heard(told.positions, np.frombuffer(told.mmsis, np.uint32), told.first, told.last)
