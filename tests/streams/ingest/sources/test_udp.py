"""Datagrams that have arrived are taken in, however long that takes and however the feed is ended."""

import asyncio
import socket

import pytest

from streams.deployment.wire import RawFrame, Registration
from streams.ingest.counters import Counters
from streams.ingest.intake import Intake
from streams.ingest.outbox import Outbox
from streams.ingest.sources import udp
from streams.ingest.sources.address import UdpAddress
from streams.ingest.sources.udp import UdpFeed
from streams.runtime import tasks
from tests.services.server import free_port
from tests.waiting import eventually


class ClosedOutbox(Outbox):
    """Takes nothing until it is opened."""

    opened: asyncio.Event

    async def put(self, content: Registration | RawFrame, *, patient: bool = False) -> bool:
        await self.opened.wait()
        return await super().put(content, patient=patient)


async def test_nothing_is_lost_when_the_feed_is_cancelled_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "AGAIN", 0.001)
    counters = Counters()
    outbox = ClosedOutbox(None, counters)
    outbox.opened = asyncio.Event()
    intake = Intake("a", outbox, counters)
    feed = UdpFeed(UdpAddress("udp://127.0.0.1", "127.0.0.1", free_port()), counters)
    running = asyncio.create_task(feed.run(intake))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(20):
            sender.sendto(b"%02d" % number + b"x" * 50_000, ("127.0.0.1", feed.port))
            await eventually(lambda sent=number + 1: counters.datagrams == sent)  # type: ignore[misc]
    asyncio.get_running_loop().call_later(0.1, outbox.opened.set)
    await tasks.end(running)
    await intake.end()
    found = b""
    while outbox.waiting:
        number, content = await outbox.take()
        assert isinstance(content, RawFrame)
        found += content.data
        await outbox.acknowledge(number, content)
    assert [int(line[:2]) for line in found.splitlines()] == list(range(20))


async def test_datagrams_that_the_kernel_drops_are_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(udp, "_SOCKET_BUFFER", 1 << 12)
    counters = Counters()
    feed = UdpFeed(UdpAddress("udp://127.0.0.1", "127.0.0.1", free_port()), counters)
    sent = 400
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(sent):
            sender.sendto(b"x" * 1_000, ("127.0.0.1", feed.port))
    running = asyncio.create_task(feed.run(Intake("a", Outbox(None, counters), counters)))
    await eventually(lambda: counters.datagrams + counters.kernel_dropped_datagrams == sent)
    await tasks.end(running)
    assert counters.kernel_dropped_datagrams > 0
    assert "net.core.rmem_max" in caplog.text
