"""The sender of drawn fences: each becomes a frame of the raw topic, which the stages read like lines."""

import asyncio
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from models.drawn_fence import FenceVersion
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.topics import specs
from streams.deployment.topics_admin import TopicsError, ensure_topics
from streams.deployment.wire import RawFrame
from streams.feed.views.drawn_fences import FenceNotSent, FenceUnsure
from streams.runtime.kafka_client import connection
from streams.runtime.refusals import reason, remedy
from streams.runtime.retry import KAFKA_AWAY
from streams.runtime.secrecy import address_of

SOURCE: Final = "drawn fences"
"""What dead letters name as their source."""
_SECONDS: Final = 10.0


class FenceSender:
    """Connects when it is first used: most feeds only read."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(self, version: FenceVersion) -> None:
        """Send it, and wait until Kafka has it.

        Raises FenceNotSent where Kafka surely has not taken it, and FenceUnsure where it may take it yet: the
        producer goes on with what was handed to it.
        """
        topics = self._deployment.topics
        data = msgspec.json.encode(version) + b"\n"
        frame = RawFrame(wire.VERSION, SOURCE, "fences", -1, data=data)
        at, handed = address_of(self._deployment.broker), False
        try:
            async with asyncio.timeout(_SECONDS), self._lock:
                producer = await self._connected()
                delivery = await producer.send(topics.raw, wire.encode(frame), SOURCE.encode(), partition=0)
                handed = True
                await asyncio.shield(delivery)
        except (*KAFKA_AWAY, TimeoutError, TopicsError) as error:
            why = f"no answer within {_SECONDS:.0f} s" if isinstance(error, TimeoutError) else reason(error)
            if handed and not _surely_refused(error):
                raise FenceUnsure(
                    f"Kafka at {at} has not said whether it took this ({why}), so it is not known whether it "
                    "counts; the list says so once it does; if it does not, do it again"
                ) from None
            raise FenceNotSent(
                f"Kafka at {at} does not take it ({why}), so nothing was changed; {remedy('Kafka', error)}, "
                "and try again"
            ) from None

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            wanted = self._deployment
            every = specs(wanted.topics, wanted.raw_partitions, wanted.spread)
            raw = [spec for spec in every if spec.name == wanted.topics.raw]
            await ensure_topics(wanted.broker, raw, adopt=True)
            producer = AIOKafkaProducer(**connection(wanted.broker), acks="all", enable_idempotence=True)
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer


def _surely_refused(error: Exception) -> bool:
    """Whether a broker answered that it does not take the message."""
    answered = isinstance(error, KafkaError) and not isinstance(error, KafkaTimeoutError)
    return answered and not getattr(error, "retriable", True)
