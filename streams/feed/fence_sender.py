"""The sender of drawn fences: each becomes a frame of the raw topic, which the stages read like lines."""

import asyncio
from typing import Final

import msgspec
from aiokafka import AIOKafkaProducer

from models.drawn_fence import FenceVersion
from models.errors import TankerwatchError
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.topics import specs
from streams.deployment.topics_admin import TopicsError, ensure_topics
from streams.deployment.wire import RawFrame
from streams.runtime.kafka_client import connection
from streams.runtime.retry import KAFKA_AWAY

SOURCE: Final = "drawn fences"
"""What dead letters name as their source."""
_SECONDS: Final = 10.0


class FenceNotSent(TankerwatchError):
    """Kafka did not take it."""


class FenceSender:
    """Connects when it is first used: most feeds only read."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._producer: AIOKafkaProducer | None = None
        self._lock = asyncio.Lock()

    async def send(self, version: FenceVersion) -> None:
        """Send it, and wait until Kafka has it. Raises FenceNotSent."""
        topics = self._deployment.topics
        data = msgspec.json.encode(version) + b"\n"
        frame = RawFrame(wire.VERSION, SOURCE, "fences", -1, data=data)
        try:
            async with asyncio.timeout(_SECONDS), self._lock:
                producer = await self._connected()
                await producer.send_and_wait(topics.raw, wire.encode(frame), SOURCE.encode(), partition=0)
        except (*KAFKA_AWAY, TimeoutError, TopicsError) as error:
            raise FenceNotSent(
                f"Kafka at {self._deployment.broker} does not take it ({type(error).__name__}), so nothing "
                "was drawn; try again, or set TANKERWATCH_BROKER for the feed"
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
