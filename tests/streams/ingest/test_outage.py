"""Kafka away, killed, frozen or full buffers: nothing taken in is lost, sent twice or out of order."""

import asyncio
import random
import socket
from pathlib import Path

import pytest

from streams.deployment.topics_admin import ensure_topics
from streams.deployment.wire import RawFrame
from streams.ingest import outbox as outbox_module
from streams.ingest.counters import Counters
from streams.ingest.outbox import Outbox
from streams.ingest.session import Session
from streams.ingest.sources.udp import QUEUE_BYTES, UdpFeed
from streams.ingest.spool import Spool, SpoolFull
from streams.runtime import tasks
from tests.services.kafka import KafkaServer
from tests.services.server import free_port
from tests.streams.ingest.kafka_reading import (
    Running,
    address_of,
    fresh_topics,
    joined,
    kinds,
    lines,
    lines_of,
    options,
    read_frames,
    read_registrations,
    target,
    until_frames,
)
from tests.waiting import eventually

pytestmark = pytest.mark.services


class Server:
    """Sends numbered lines to whoever connects, for as long as it is told to."""

    def __init__(self) -> None:
        self.sent = 0
        self.paused = asyncio.Event()
        self.connections = 0

    async def __aenter__(self) -> "Server":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = address_of(self._server)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not self.paused.is_set():
                writer.write(joined(lines(self.sent, 100)))
                self.sent += 100
                await writer.drain()
                await asyncio.sleep(0.002)
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.mark.parametrize("how", ["stop", "kill", "pause"])
async def test_kafka_away_under_load(own_kafka: KafkaServer, tmp_path: Path, how: str) -> None:
    topics = fresh_topics()
    async with Server() as a, Server() as b:
        session = Session([a.address, b.address], target(own_kafka.address, topics), options(tmp_path / "b"))
        async with Running(session) as running:
            for _ in range(2):
                acknowledged = session.counters.sent_frames
                await eventually(lambda n=acknowledged: session.counters.sent_frames > n + 5)  # type: ignore[misc]
                await asyncio.to_thread(getattr(own_kafka, how))
                taken = a.sent
                await eventually(lambda n=taken: session.counters.buffered_frames > 30 and a.sent > n)  # type: ignore[misc]
                await asyncio.to_thread(own_kafka.resume if how == "pause" else own_kafka.start)
            a.paused.set()
            b.paused.set()
            sources = session.names
            await eventually(
                lambda: session.counters.lines == a.sent + b.sent and not session.counters.buffered_frames,
                "all frames to be sent",
            )
            await running.stop()
        frames = await read_frames(own_kafka.address, topics)
        assert [len(lines_of(frames, source)) for source in sources] == [a.sent, b.sent]
        assert [lines_of(frames, source) for source in sources] == [lines(0, a.sent), lines(0, b.sent)]
        assert [kinds(frames, source)[-1] for source in sources] == ["end", "end"]
        assert session.counters.dropped_lines == 0


async def test_more_than_memory_waits_on_disk(
    absent_kafka: KafkaServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module.Outbox.__init__, "__kwdefaults__", {"memory": 50_000})
    topics = fresh_topics()
    async with Server() as server:
        session = Session([server.address], target(absent_kafka.address, topics), options(tmp_path / "b"))
        async with Running(session):
            (source,) = session.names
            await eventually(lambda: session.counters.buffered_bytes > 1_000_000)
            server.paused.set()
            await asyncio.to_thread(absent_kafka.start)
            await eventually(
                lambda: session.counters.lines == server.sent and not session.counters.buffered_frames
            )
        frames = await read_frames(absent_kafka.address, topics)
        assert lines_of(frames, source) == lines(0, server.sent)
        registered = await read_registrations(absent_kafka.address, topics)
        assert {frame.registry for frame in frames} == set(registered)


async def test_a_full_buffer_stops_tcp_and_counts_dropped_datagrams(
    absent_kafka: KafkaServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logged: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(outbox_module.Outbox.__init__, "__kwdefaults__", {"memory": 50_000})
    monkeypatch.setattr(tasks, "AGAIN", 0.01)  # as on a machine where the end takes long
    topics = fresh_topics()
    async with Server() as server:
        udp = f"udp://127.0.0.1:{free_port()}"
        session = Session(
            [server.address, udp],
            target(absent_kafka.address, topics),
            options(tmp_path / "b", buffer_limit=300_000),
        )
        async with Running(session):
            tcp, datagrams = session.names
            await eventually(lambda: "event=buffer_full" in logged.text)
            still = -1
            while still != server.sent:  # it is not read from any more
                still = server.sent
                await asyncio.sleep(0.5)
            feed = session.feeds[1]
            assert isinstance(feed, UdpFeed)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                for number in range(QUEUE_BYTES // 50_000 + 20):
                    sender.sendto(b"%06d" % number + b"x" * 49_994, ("127.0.0.1", feed.port))
                    # the kernel's buffer holds only a few
                    await eventually(
                        lambda sent=number + 1: (  # type: ignore[misc]
                            session.counters.datagrams + session.counters.kernel_dropped_datagrams == sent
                        )
                    )
            await eventually(lambda: session.counters.dropped_datagrams > 0)
            assert "event=datagrams_dropped" in logged.text
            assert session.counters.buffered_bytes < 400_000
            server.paused.set()
            await asyncio.to_thread(absent_kafka.start)
            await until_frames(
                absent_kafka.address, topics, lambda found: len(lines_of(found, tcp)) == server.sent
            )
        frames = await read_frames(absent_kafka.address, topics)
        assert lines_of(frames, tcp) == lines(0, server.sent)
        dropped = session.counters.dropped_datagrams
        arrived = len(lines_of(frames, datagrams))
        assert session.counters.dropped_lines == dropped
        lost = session.counters.kernel_dropped_datagrams
        assert arrived + dropped + lost == QUEUE_BYTES // 50_000 + 20
        complaints = [line for line in logged.text.splitlines() if "event=datagrams_dropped" in line]
        assert len(complaints) == 1, "once a minute at most"


async def test_an_outage_is_logged_without_tracebacks(
    tmp_path: Path, logged: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.nmea").write_bytes(b"a\n")
    broker = f"127.0.0.1:{free_port()}"
    session = Session(
        [str(tmp_path / "a.nmea")], target(broker, fresh_topics()), options(tmp_path / "b", grace=0.1)
    )
    async with Running(session):
        await eventually(lambda: logged.text.count("event=kafka_unavailable") >= 3)
    assert f'broker={broker} error="nobody answers there" retry_in_s=' in logged.text
    assert "event=left_in_buffer frames=4" in logged.text  # registration, sign of life, lines, end
    assert "Traceback" not in logged.text
    assert all(line.startswith("time=") for line in logged.text.splitlines())


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_outbox_returns_records_in_order(tmp_path: Path, seed: int) -> None:
    """Whether from memory or from disk, rewound at any time, with a disk that refuses now and then."""
    chance = random.Random(seed)
    spool = Spool(tmp_path, 1 << 30, 500)
    outbox = Outbox(spool, Counters(), memory=600)
    refuse = spool.append
    monkey = pytest.MonkeyPatch()

    def append(*arguments: object, **others: object) -> None:
        if chance.random() < 0.2:
            raise SpoolFull("no space left on the disk")
        refuse(*arguments, **others)  # type: ignore[arg-type]

    monkey.setattr(spool, "append", append)
    frames = [RawFrame(1, "s", "lines", -1, number, b"x" * chance.randrange(90)) for number in range(400)]

    async def put() -> None:
        for frame in frames:
            await outbox.put(frame)

    putting = asyncio.create_task(put())
    done: list[RawFrame] = []
    while len(done) < len(frames):
        taken = []
        for _ in range(chance.randrange(1, 8)):
            try:
                taken.append(await asyncio.wait_for(outbox.take(), 0.05))
            except TimeoutError:
                break
        for number, content in taken[: chance.randrange(len(taken) + 1)]:
            assert isinstance(content, RawFrame)
            await outbox.acknowledge(number, content)
            done.append(content)
        outbox.rewind()
    await putting
    assert done == frames
    await outbox.drained()
    outbox.close()


async def test_topics_of_other_sizes_are_accepted_unless_a_number_is_given(
    kafka: str, tmp_path: Path
) -> None:
    from streams.deployment.topics import TopicSpec, specs
    from streams.deployment.topics_admin import TopicsError
    from streams.ingest.sender import KafkaTarget

    topics = fresh_topics()
    (tmp_path / "a.nmea").write_bytes(b"a\n")
    created = await ensure_topics(kafka, specs(topics, 4, 2))
    assert created == {spec.name: spec.partitions for spec in specs(topics, 4, 2)}
    assert await ensure_topics(kafka, specs(topics, 4, 2)) == created
    wanted = TopicSpec(topics.raw, 9, 1, "a frame", "source")
    assert await ensure_topics(kafka, [wanted], adopt=True) == {topics.raw: 4}
    session = Session([str(tmp_path / "a.nmea")], KafkaTarget(kafka, topics), options(tmp_path / "b"))
    await session.run(asyncio.Event())
    assert [frame.kind for frame in await read_frames(kafka, topics, 4)] == ["idle", "lines", "end"]
    session = Session([str(tmp_path / "a.nmea")], target(kafka, topics, 5), options(tmp_path / "c"))
    with pytest.raises(TopicsError, match=r"ais\.raw has 4 partitions, not 5"):
        await session.run(asyncio.Event())
