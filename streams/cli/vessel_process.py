"""Following vessels in a process of its own, behind the one that decodes: each stage runs ahead of the next,
and what is found is the same as in one process."""

from dataclasses import replace

from streams.cli.decoder_process import Telling, received
from streams.recordings.arrivals import Heard
from streams.runtime.forked import Forked, Send
from streams.stages.core import Core


def followed_ahead(core: Core, decoding: Forked) -> Forked:
    """A process that follows the vessels of what another one decodes. `received` takes what it tells."""

    def work(send: Send) -> None:
        tell = Telling(send)
        for arrival in received(decoding, tell.count):
            arrived = arrival.arrived
            tell.of(replace(arrival, followed=core.follow(arrived), heard=Heard.of(arrived.reports)))

    return Forked("the process that follows vessels", work, before=decoding)
