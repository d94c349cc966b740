"""Faust's Kafka driver, changed in where it starts to read, how it sends, and how it ends without a right.

Faust has no public hook for these, so four of its methods are overridden; its version is pinned.
docs/measurements/offsets.md has the experiments that led here.
"""

from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn, Protocol, TypeVar, cast

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from faust import SASLCredentials, SSLCredentials
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.runtime import kafka_client
from streams.runtime.logs import get_logger
from streams.runtime.refusals import FORBIDDEN

log = get_logger(__name__)
T = TypeVar("T")


class CheckpointedApp(Protocol):
    """What the consumer asks of the application that it belongs to."""

    def has_checkpoints(self, topic: str) -> bool:
        """Whether a stage reads this topic."""
        ...

    async def start_offsets(self, earliest: Mapping[TP, int]) -> Mapping[TP, int]:
        """Take over these partitions, and no others. Returns the offset from which each has to be read.

        `earliest` is the first offset of each that Kafka still has.
        """
        ...

    async def or_exit(self, work: Awaitable[T]) -> T:
        """Await; end the process where going on would lose or double something."""
        ...

    def fail(self, error: BaseException) -> NoReturn:
        """End the process for this."""
        ...


class CheckpointConsumer(driver.Consumer):
    """Starts to read every partition of a stage at its checkpoint, whatever offset Kafka holds."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Called by Faust at the end of each rebalance, before anything is fetched."""
        app = cast(CheckpointedApp, self.app)
        return await app.or_exit(self._seek_to_checkpoints(app))

    async def _seek_to_checkpoints(self, app: CheckpointedApp) -> Mapping[TP, int]:
        assigned = [tp for tp in self.assignment() if app.has_checkpoints(tp.topic)]
        # one request for all: each may have to wait for a long poll to end
        found = await self.earliest_offsets(*assigned) if assigned else {}
        starts = await app.start_offsets({tp: int(found.get(tp, 0)) for tp in assigned})
        await self._thread.call_thread(self._seek_all, starts)
        return starts

    async def _seek_all(self, starts: Mapping[TP, int]) -> None:
        consumer = self._thread._ensure_consumer()
        for tp, offset in starts.items():
            if tp in consumer.assignment():
                consumer.seek(TopicPartition(tp.topic, tp.partition), offset)

    async def _getmany(self, *args: Any, **kwargs: Any) -> Any:
        """Called by Faust for what is read next. Where a right is missing it would end with tracebacks."""
        try:
            return await super()._getmany(*args, **kwargs)
        except FORBIDDEN as error:
            cast(CheckpointedApp, self.app).fail(error)

    async def publish_offsets(self, offsets: Mapping[TP, int]) -> None:
        """Commit offsets to Kafka for tools that show the lag. Nothing else reads them."""
        await self._thread.call_thread(self._commit_assigned, offsets)

    async def _commit_assigned(self, offsets: Mapping[TP, int]) -> None:
        consumer = self._thread._ensure_consumer()
        try:
            assigned = consumer.assignment()
            mine = {tp: offset for tp, offset in offsets.items() if tp in assigned}
            await consumer.commit({TopicPartition(*tp): offset for tp, offset in mine.items()})
        except (KafkaError, ValueError) as error:
            log.debug("offsets_not_committed", reason=str(error))


class OrderedProducer(driver.Producer):
    """Sends the records of a partition in order and without a gap.

    With idempotence, aiokafka sends a batch again until the broker has it, and the broker drops repeats.
    """

    def _settings_extra(self) -> Mapping[str, Any]:
        return {"acks": "all", "enable_idempotence": True}


def credentials() -> Any:
    """What Faust's own clients connect with: the same as all others of ours. Raises VariableError."""
    security = kafka_client.from_environment()
    if security.sasl:
        return SASLCredentials(
            username=security.user,
            password=security.password,
            ssl_context=security.tls_context(),
            mechanism=security.sasl,
        )
    return SSLCredentials(security.tls_context()) if security.tls else None


class CheckpointTransport(driver.Transport):
    Consumer = CheckpointConsumer
    Producer = OrderedProducer
