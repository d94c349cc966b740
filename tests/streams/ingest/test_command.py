"""The command as users and supervisors meet it: signals, kill -9, standard input, errors in one sentence."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame
from tests.services.kafka import KafkaServer
from tests.services.server import free_port
from tests.streams.ingest.kafka_reading import (
    address_of,
    fresh_topics,
    joined,
    kinds,
    lines,
    lines_of,
    read_frames,
    read_registrations,
    until_frames,
)
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services

COMMAND = """
import sys
from streams.cli.main import run
sys.exit(run())
"""


class Process:
    """`tankerwatch ingest` in a process of its own; what it says is in `log`."""

    def __init__(self, folder: Path, arguments: list[str], **environment: str) -> None:
        self._log = folder / f"{len(list(folder.glob('*.log')))}.log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", COMMAND, "ingest", *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def wait(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)


@contextmanager
def running(folder: Path, arguments: list[str], **environment: str) -> Iterator[Process]:
    process = Process(folder, arguments, **environment)
    try:
        yield process
    finally:
        process.process.kill()
        process.process.communicate()


def arguments(source: str, broker: str, topics: Topics, buffer: Path) -> list[str]:
    prefix = topics.prefix
    return [source, "--broker", broker, "--prefix", prefix, "--partitions", "3", "--buffer", str(buffer)]


def count(frames: list[RawFrame]) -> int:
    return sum(frame.data.count(b"\n") for frame in frames)


def spooled(buffer: Path) -> int:
    return sum(segment.read_bytes().count(b"line ") for segment in buffer.glob("*.seg"))


class Feed:
    """A TCP server that sends what the test tells it to."""

    async def __aenter__(self) -> "Feed":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = address_of(self._server)
        self._writers: list[asyncio.StreamWriter] = []
        self.connections = 0
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._writers:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)

    async def send(self, some: list[bytes]) -> None:
        self._writers[-1].write(joined(some))
        await self._writers[-1].drain()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_sends_what_has_arrived_and_ends_the_sources(
    kafka: str, tmp_path: Path, number: signal.Signals
) -> None:
    topics = fresh_topics()
    async with Feed() as feed:
        with running(tmp_path, arguments(feed.address, kafka, topics, tmp_path / "b")) as process:
            await eventually(lambda: feed.connections == 1 and "event=registered" in process.log)
            await feed.send([*lines(0, 1_234), b"no en"])
            process.process.send_signal(number)
            assert await asyncio.to_thread(process.wait) == 0, process.log
            frames = await read_frames(kafka, topics)
            (source,) = {frame.source for frame in frames}
            assert kinds(frames, source)[-1] == "end"
            assert lines_of(frames, source) == [*lines(0, 1_234), b"no en"]
            assert "Traceback" not in process.log
            assert "buffered_frames=0" in process.log


async def test_killed_while_kafka_is_away_and_started_again(own_kafka: KafkaServer, tmp_path: Path) -> None:
    """Every frame is there once, the killed run's source has an end, and the new one's follows."""
    topics, buffer = fresh_topics(), tmp_path / "buffer"
    broker = own_kafka.address
    async with Feed() as feed:
        given = arguments(feed.address, broker, topics, buffer)
        with running(tmp_path, given) as process:
            await eventually(lambda: feed.connections == 1)
            await feed.send(lines(0, 700))
            await until_frames(broker, topics, lambda frames: count(frames) == 700)
            await asyncio.to_thread(own_kafka.kill)
            await feed.send(lines(700, 1_000))
            await eventually(lambda: spooled(buffer) >= 1_700)
            process.process.kill()
            process.wait()
        with running(tmp_path, given) as process:
            await eventually(lambda: feed.connections == 2 and "event=kafka_unavailable" in process.log)
            await feed.send(lines(5_000, 300))
            await asyncio.to_thread(own_kafka.start)
            await until_frames(broker, topics, lambda frames: count(frames) >= 2_000)
            process.process.terminate()
            assert await asyncio.to_thread(process.wait) == 0, process.log
    frames = await read_frames(broker, topics)
    first, second = [r.source for r in (await read_registrations(broker, topics)).values()][-2:]
    assert lines_of(frames, first) == lines(0, 1_700)
    assert lines_of(frames, second) == lines(5_000, 300)
    assert kinds(frames, first).count("end") == kinds(frames, second).count("end") == 1
    assert kinds(frames, first)[-1] == kinds(frames, second)[-1] == "end"
    assert "event=resumed" in process.log


@pytest.mark.parametrize("seed", [1, 2])
async def test_killed_at_any_moment_sends_each_frame_once(kafka: str, tmp_path: Path, seed: int) -> None:
    topics = fresh_topics()
    async with Feed() as feed:
        given = arguments(feed.address, kafka, topics, tmp_path / "buffer")
        sent = 0
        for run in range(1, 4):
            with running(tmp_path, given) as process:
                await eventually(lambda n=run: feed.connections == n)  # type: ignore[misc]
                for _ in range(10 * seed + run):
                    await feed.send(lines(sent, 333))
                    sent += 333
                await asyncio.sleep(0.1 * seed)  # anywhere between taking in and being acknowledged
                process.process.kill()
                process.wait()
        with running(tmp_path, given) as process:
            await eventually(lambda: feed.connections == 4)
            process.process.terminate()
            assert await asyncio.to_thread(process.wait) == 0, process.log
    frames = await read_frames(kafka, topics)
    sources = list(dict.fromkeys(r.source for r in (await read_registrations(kafka, topics)).values()))
    assert len(sources) == 4
    for source in sources:
        found = lines_of(frames, source)
        if found:
            start = int(found[0].split()[1])
            assert found == lines(start, len(found)), "in order, none missing, none twice"
        assert kinds(frames, source)[-1] == "end"


async def test_standard_input_is_a_recording(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    with running(tmp_path, [*arguments("-", kafka, topics, tmp_path / "b"), "--name", "piped"]) as process:
        process.process.communicate(joined(lines(0, 1_100)), timeout=PATIENCE)
        assert process.wait() == 0, process.log
    frames = await read_frames(kafka, topics)
    assert lines_of(frames, "piped") == lines(0, 1_100)
    assert kinds(frames, "piped")[-1] == "end"


async def test_standard_input_that_stays_open_is_ended_by_a_signal(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    with running(tmp_path, [*arguments("-", kafka, topics, tmp_path / "b"), "--name", "piped"]) as process:
        assert process.process.stdin is not None
        process.process.stdin.write(joined(lines(0, 501)))
        process.process.stdin.flush()
        await until_frames(kafka, topics, lambda frames: len(lines_of(frames, "piped")) == 500)
        process.process.terminate()
        assert process.wait() == 0, process.log
    assert lines_of(await read_frames(kafka, topics), "piped") == lines(0, 501)


async def test_a_stop_while_kafka_is_away_leaves_the_frames_to_the_next_run(tmp_path: Path) -> None:
    recording = tmp_path / "a.nmea"
    recording.write_bytes(b"a\n")
    broker = f"127.0.0.1:{free_port()}"
    given = arguments(str(recording), broker, fresh_topics(), tmp_path / "b")
    with running(tmp_path, given) as process:
        await eventually(lambda: "waiting_frames=4" in process.log)  # the line has been read
        process.process.terminate()
        assert process.wait() == 0, process.log
        assert "event=left_in_buffer frames=4" in process.log
        assert "Traceback" not in process.log
        assert all(line.startswith("time=") for line in process.log.splitlines())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["nix.nmea", "--broker", "localhost:9092"], "nix.nmea: there is no such file"),
        (["ftp://x", "--broker", "localhost:9092"], "unknown kind of source"),
        (["http://x", "--broker", "localhost:9092"], "needs a port to listen on"),
        (["-", "--broker", "localhost"], "is not HOST:PORT, such as localhost:9092"),
        (
            ["-", "--broker", "localhost:9092", "--buffer-limit", "much"],
            "is not a size; give one such as 500MiB",
        ),
        (["-", "--broker", "localhost:9092", "--bbox", "1,2"], "is not WEST,SOUTH,EAST,NORTH"),
        (["-", "--broker", "localhost:9092", "--base-time", "noon"], "is not a time"),
        (["aisstream:", "--broker", "localhost:9092"], "needs a key"),
    ],
)
def test_wrong_usage_is_one_sentence(tmp_path: Path, given: list[str], said: str) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path), "AISSTREAM_API_KEY": ""}
    with running(tmp_path, given, **environment) as process:
        assert process.wait() == 2
        (line,) = process.log.splitlines()
        assert line.startswith("tankerwatch: error: ")
        assert said in line
