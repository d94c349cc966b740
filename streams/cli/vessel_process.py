"""Following vessels in a second process, which has its lines decoded in a third one: each stage runs ahead of
the next, and what is found is the same as in one process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from streams.cli.decoder_process import OnRead, Telling, ahead, decoded_ahead
from streams.cli.interrupt import Interrupt
from streams.recordings.arrivals import Arrival, Heard, Source, arrivals
from streams.runtime.forked import Send
from streams.stages.core import Core


@contextmanager
def followed_ahead(
    core: Core, sources: Callable[[OnRead], Sequence[Source]], interrupt: Interrupt, on_read: OnRead
) -> Iterator[Iterator[Arrival]]:
    """What sources decode to and what the vessels did then. Else as `decoded_ahead`."""

    def work(send: Send) -> None:
        tell = Telling(send)
        with ExitStack() as opened:
            decoded = None
            with suppress(OSError):  # no third process is allowed: this one decodes, too
                further = decoded_ahead(core.intake, sources, interrupt, tell.count)
                decoded = opened.enter_context(further)
            if decoded is None:
                decoded = arrivals(core.intake, sources(tell.count), lambda: interrupt.asked)
            for arrival in decoded:
                arrived = arrival.arrived
                tell.of(replace(arrival, followed=core.follow(arrived), heard=Heard.of(arrived.reports)))

    with ahead("the process that follows vessels", work, interrupt, on_read) as followed:
        yield followed
