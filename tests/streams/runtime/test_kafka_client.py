"""Reading from Kafka: a right that is missing is told once, whatever comes of other topics meanwhile."""

import logging
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError

from streams.runtime import kafka_client, retry
from streams.runtime.kafka_client import taken

EVENTS = {TopicPartition("events", 0): ["an event"]}


class Partly:
    """A consumer that may not read one of its topics: messages of the other one, and refusals, in turn."""

    def __init__(self) -> None:
        self.refused = 5
        self._turn = False

    async def getmany(self, **_: Any) -> Any:
        self._turn = not self._turn
        if self._turn and self.refused:
            self.refused -= 1
            raise TopicAuthorizationFailedError("ticks")
        return EVENTS


async def test_a_right_that_is_missing_is_told_once_and_so_is_that_it_was_given(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(kafka_client, "REFUSED_SECONDS", 0.0)
    consumer = Partly()

    async def take() -> Any:
        return await taken(cast(AIOKafkaConsumer, consumer), "a-broker:9092", 0, 500)

    def told() -> list[str]:
        return [cast(dict[str, str], record.msg)["event"] for record in caplog.records]

    with caplog.at_level(logging.WARNING, retry.__name__):
        assert [await take() for _ in range(10)] == [{}, EVENTS] * 5
        assert told() == ["waiting"]
        monkeypatch.setattr(kafka_client, "GRANTED_SECONDS", 0.0)
        assert [await take() for _ in range(2)] == [EVENTS, EVENTS]
        assert told() == ["waiting", "back"]
