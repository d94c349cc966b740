"""Short cut: what a stage has sent is handed to the next stage as soon as Kafka has it, where both are here.

Otherwise Kafka would bring it back: a request, a thread and two queues later, at each of three topics. The
answer to a record that was sent names its partition and its offset. If these come next in a partition that
this worker has, the record is what Kafka would bring next, and is processed. Kafka brings it all the same,
and the runner passes over it, as it does with everything that it has already processed. So nothing depends
on this: a record that does not come next is left to Kafka.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from streams.pipeline.operator import OutgoingRecord, RegistrationsMissing
from streams.pipeline.partition_runner import PartitionRunner

WAITING: Final = 64
"""Records of a topic that wait for their stage. More are left to Kafka."""
OrExit = Callable[[Awaitable[None]], Awaitable[None]]
"""Awaits; ends the process where going on would lose or double something."""


class ShortCut:
    """From acknowledged records to the stages of this worker that read them."""

    def __init__(self, runners: Mapping[str, PartitionRunner], or_exit: OrExit) -> None:
        """`runners` by the topic that they read."""
        self._runners, self._or_exit = runners, or_exit
        self._waiting: dict[str, asyncio.Queue[tuple[int, int, bytes]]] = {}

    def offer(self, out: OutgoingRecord, sent: "asyncio.Future[Any]") -> None:
        """A record that Kafka has acknowledged, or that was given up."""
        queue = self._waiting.get(out.topic)
        if queue is None or queue.full() or sent.cancelled() or sent.exception() is not None:
            return
        at = sent.result()
        # where Kafka only says that it had the record already, it names neither offset, and the client counts
        # on from -1
        if at.log_start_offset is not None and at.log_start_offset >= 0:
            queue.put_nowait((at.partition, at.offset, out.value))

    async def run(self, topic: str) -> None:
        """Hand the records of one topic to its stage, until cancelled."""
        runner = self._runners[topic]
        queue = self._waiting[topic] = asyncio.Queue(WAITING)
        while True:
            number, offset, value = await queue.get()
            partition = runner.partitions.get(number)
            if partition is not None and offset == partition.last + 1:
                with suppress(RegistrationsMissing):
                    await self._or_exit(runner.take(number, offset, value))
                await asyncio.sleep(0)  # what was sent goes out meanwhile
