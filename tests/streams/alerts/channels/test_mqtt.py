"""MQTT on a real broker: topics, what is retained, a broker that goes away."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiomqtt
import msgspec
import pytest

from streams.alerts.channel import Channel, Result
from streams.alerts.message import Message
from streams.alerts.sample import sample
from tests.services.mosquitto import MosquittoServer
from tests.streams.alerts.factories import event
from tests.streams.alerts.fake_receivers import HOST
from tests.streams.alerts.message_factories import (
    DIGEST,
    GAP,
    channel,
    deliver,
    single,
)
from tests.waiting import PATIENCE

pytestmark = pytest.mark.services


def broker(server: MosquittoServer, **settings: Any) -> Channel:
    return channel(mqtt={"host": HOST, "port": server.port, "tls": False, **settings})


async def heard(
    server: MosquittoServer, count: int, work: Callable[[], Awaitable[None]]
) -> list[aiomqtt.Message]:
    """The first `count` messages that a subscriber to all topics gets while `work` runs."""
    async with asyncio.timeout(PATIENCE), aiomqtt.Client(HOST, server.port) as client:
        await client.subscribe("#", qos=1)
        await work()
        return [await anext(client.messages) for _ in range(count)]


async def test_each_kind_has_a_topic_and_the_payload_of_webhooks(own_mqtt: MosquittoServer) -> None:
    messages: list[Message] = [single(), DIGEST, GAP, single(sample(), test=True)]

    async def publish() -> None:
        target = broker(own_mqtt)
        assert [(await target.send(message)).result for message in messages] == [Result.DELIVERED] * 4

    told = await heard(own_mqtt, 4, publish)
    assert [str(message.topic) for message in told] == [
        f"tankerwatch/port_visit/possible/{event(1).id}",
        "tankerwatch/digest/probable/digest_1",
        "tankerwatch/gap/none/gap_1-0",
        f"tankerwatch/encounter/possible/{'0' * 24}_1",
    ]
    assert [msgspec.json.decode(message.payload)["type"] for message in told] == [
        "event.new",
        "digest",
        "gap",
        "test",
    ]
    assert all((message.qos, message.retain) == (1, False) for message in told)


async def test_an_event_can_be_retained_for_later_subscribers(own_mqtt: MosquittoServer) -> None:
    target = broker(own_mqtt, retain=True, topic="ships/{mmsi}/{kind}/{id}")
    await deliver(target, single(event(1)), single(event(1, 2)), DIGEST, single(sample(), test=True))

    async def nothing() -> None:
        pass

    (message,) = await heard(own_mqtt, 1, nothing)
    assert str(message.topic) == f"ships/273000001/new/{event(1).id}"
    assert msgspec.json.decode(message.payload)["data"]["revision"] == 2


async def test_a_broker_that_was_away_is_used_again(own_mqtt: MosquittoServer) -> None:
    target = broker(own_mqtt)
    assert (await target.send(single())).result is Result.DELIVERED
    own_mqtt.kill()
    outcome = await target.send(single())
    assert (outcome.result, outcome.reason.startswith(f"{HOST}:{own_mqtt.port}")) == (Result.AWAY, True)
    own_mqtt.start()
    assert (await target.send(single())).result is Result.DELIVERED


@pytest.mark.parametrize("field", ["type", "flag", "id"])
async def test_no_field_adds_a_level_or_a_wildcard(own_mqtt: MosquittoServer, field: str) -> None:
    bad = msgspec.structs.replace(
        event(1), id="a/b/#", vessel=msgspec.structs.replace(event(1).vessel, flag="+/\0$")
    )

    async def publish() -> None:
        target = broker(own_mqtt, topic=f"tankerwatch/{{{field}}}/end")
        assert (await target.send(single(bad))).result is Result.DELIVERED

    (message,) = await heard(own_mqtt, 1, publish)
    assert len(str(message.topic).split("/")) == 3
    assert not set("#+$\0") & set(str(message.topic))
