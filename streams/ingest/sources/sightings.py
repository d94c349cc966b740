"""A live source: the topic on Kafka to which anybody may write what was seen, a JSON object a message.

Messages go on as they are; the Decoder's operator reads them, and what is no sighting becomes a dead letter.
How far the topic is read is kept in a consumer group. Where a message is taken in twice, because the process
was killed in between, the detectors know the sighting already.
"""

from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from streams.deployment.topics import Topics
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.sources.reconnect import FeedError, keep_connected
from streams.runtime.backoff import Delays
from streams.runtime.kafka_client import connection
from streams.runtime.logs import get_logger

log = get_logger(__name__)

_MOST: Final = 500
"""Messages in one frame."""


class SightingsFeed:
    def __init__(self, broker: str, topics: Topics, counters: Counters, delays: Delays) -> None:
        self._broker, self._topic, self._counters, self._delays = broker, topics.sightings, counters, delays

    async def run(self, intake: Intake) -> None:
        """Read until cancelled."""

        async def attempt(connected: Callable[[], None]) -> None:
            try:
                await self._read(intake, connected)
            except KafkaError as error:
                raise FeedError(f"no sightings from Kafka ({type(error).__name__}: {error})") from None

        await keep_connected(attempt, intake, self._counters, self._delays)

    async def _read(self, intake: Intake, connected: Callable[[], None]) -> None:
        consumer = AIOKafkaConsumer(
            self._topic,
            **connection(self._broker),
            group_id=f"tankerwatch-{self._topic}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_poll_records=_MOST,
        )
        try:
            await consumer.start()
            log.info("connected", source=intake.source)
            while True:
                taken = await consumer.getmany(timeout_ms=1000)
                lines = [
                    record.value.replace(b"\n", b" ").replace(b"\r", b" ")
                    for records in taken.values()
                    for record in records
                    if record.value is not None
                ]
                if lines:
                    connected()
                    await intake.feed_sightings(lines)
                    await consumer.commit()
        finally:
            await consumer.stop()
