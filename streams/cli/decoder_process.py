"""Decoding in a second process, ahead of the stages: what arrives is the same as in one process.

Reports travel as the bytes of their columns, beside what little there is to say about a whole frame.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import msgspec
import numpy as np

from models.frame import Reject
from models.report import POSITION, STATIC, Reports
from models.time import Millis
from streams.cli.errors import UsageError
from streams.cli.interrupt import Interrupt
from streams.recordings.arrivals import Arrival, Source, arrivals
from streams.runtime.compiled import prepare
from streams.runtime.forked import Forked, Send, can_fork, usable_cpus
from streams.stages.intake import Arrived, Intake

LARGE: Final = 4 << 20
"""Bytes of recordings from which a second process is worth its start."""
_TOLD: Final = 1 << 20
"""Bytes read after which the progress is told."""
OnRead = Callable[[int], object]


def processes(asked: int | None, files: Sequence[str]) -> int:
    """How many processes to use, by what was asked for and by how much there is to read.

    Raises UsageError where two were asked for and there can't be two.
    """
    if asked == 2 and not can_fork():
        raise UsageError("--processes 2: this system has no copies of processes; leave the option out")
    if asked is not None or not can_fork() or usable_cpus() < 2:
        return asked or 1
    return 2 if sum(os.path.getsize(file) for file in files if os.path.isfile(file)) > LARGE else 1


@contextmanager
def decoded_ahead(
    intake: Intake, sources: Callable[[OnRead], Sequence[Source]], interrupt: Interrupt, on_read: OnRead
) -> Iterator[Iterator[Arrival]]:
    """What sources decode to in a second process. They are opened there.

    `on_read` is called here, with the bytes that were read there. Raises OSError where the system allows no
    further process; the iterator raises forked.Died, and RuntimeError for an exception there.
    """

    def work(send: Send) -> None:
        read = 0

        def count(more: int) -> None:
            nonlocal read
            read += more
            if read >= _TOLD:  # while recordings are looked through, nothing arrives
                tell(None)

        def tell(part: _Part | None) -> None:
            nonlocal read
            counted, read = read, 0
            send(_encode(_Message(counted, part)))

        for arrival in arrivals(intake, sources(count), lambda: interrupt.asked):
            tell(_part(arrival))

    def received(blocks: Forked) -> Iterator[Arrival]:
        for block in blocks:
            message = _decode(block)
            if message.read:
                on_read(message.read)
            if message.part is not None:
                yield _arrival(message.part)

    prepare()  # the stages have loops, too
    with Forked("the process that decodes", work, interrupt.ask) as blocks:
        interrupt.pass_on = blocks.interrupt
        if interrupt.asked:  # perhaps since the other process was made
            blocks.interrupt()
        try:
            yield received(blocks)
        finally:
            interrupt.pass_on = bool


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """An arrival, with rows as bytes."""

    source: str
    positions: memoryview
    statics: memoryview
    stations: tuple[tuple[str, ...], ...]
    rejects: tuple[Reject, ...]
    low: Millis
    outcomes: dict[str, int]
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    messages: dict[int, int]


class _Message(msgspec.Struct, frozen=True, array_like=True):
    read: int
    part: _Part | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Message).decode


def _part(arrival: Arrival) -> _Part:
    arrived = arrival.arrived
    return _Part(
        arrival.source,
        memoryview(arrived.reports.positions.tobytes()),
        memoryview(arrived.reports.statics.tobytes()),
        arrived.reports.stations,
        arrived.rejects,
        arrived.low,
        arrival.outcomes,
        arrival.problems,
        arrival.notes,
        arrival.messages,
    )


def _arrival(part: _Part) -> Arrival:
    reports = Reports(
        part.source,
        np.frombuffer(part.positions, POSITION),
        np.frombuffer(part.statics, STATIC),
        part.stations,
    )
    arrived = Arrived(reports, part.rejects, part.low)
    return Arrival(arrived, part.source, part.outcomes, part.problems, part.notes, part.messages)
