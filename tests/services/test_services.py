"""The servers that other tests lean on keep what they acknowledge and come back on the same port with it."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.services.kafka import KafkaServer
from tests.services.mosquitto import MosquittoServer
from tests.services.redis import RedisServer
from tests.services.server import Server, ServiceError
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.services


async def create(address: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def write(address: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=address, acks="all") as producer:
        for value in values:
            await producer.send_and_wait(topic, value)


async def read(address: str, topic: str, count: int) -> list[tuple[int, bytes | None]]:
    consumer = AIOKafkaConsumer(bootstrap_servers=address, auto_offset_reset="earliest", group_id=None)
    async with consumer, asyncio.timeout(PATIENCE):
        consumer.assign([TopicPartition(topic, 0)])
        return [
            (message.offset, message.value) for message in [await consumer.getone() for _ in range(count)]
        ]


async def test_kafka_keeps_messages_in_order(kafka: str) -> None:
    await create(kafka, "services-order")
    await write(kafka, "services-order", [b"a", b"b", b"c"])
    assert await read(kafka, "services-order", 3) == [(0, b"a"), (1, b"b"), (2, b"c")]


async def test_kafka_comes_back_with_its_data(own_kafka: KafkaServer) -> None:
    address = own_kafka.address
    await create(address, "kept")
    await write(address, "kept", [b"before"])
    own_kafka.restart()
    await write(address, "kept", [b"after the restart"])
    own_kafka.restart(kill=True)
    await write(address, "kept", [b"after kill -9"])
    values = [b"before", b"after the restart", b"after kill -9"]
    assert await read(address, "kept", 3) == list(enumerate(values))
    assert own_kafka.address == address


async def test_a_paused_kafka_answers_when_resumed(own_kafka: KafkaServer) -> None:
    await create(own_kafka.address, "paused")
    async with AIOKafkaProducer(bootstrap_servers=own_kafka.address) as producer:
        await producer.send_and_wait("paused", b"before")
        own_kafka.pause()
        sent = await producer.send("paused", b"meanwhile")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(sent), 1)
        own_kafka.resume()
        assert (await asyncio.wait_for(sent, PATIENCE)).offset == 1


def test_redis_keeps_what_it_acknowledged(own_redis: RedisServer) -> None:
    with redis.Redis.from_url(own_redis.url) as client, client.pipeline(transaction=True) as both:
        both.hset("state", "vessel", b"\x00\xff").set("offset", 41).execute()
    own_redis.restart(kill=True)
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.hgetall("state") == {b"vessel": b"\x00\xff"}
        assert client.get("offset") == b"41"
    own_redis.restart()
    with redis.Redis.from_url(own_redis.url) as client:
        assert client.get("offset") == b"41"


def test_a_paused_redis_answers_when_resumed(own_redis: RedisServer) -> None:
    with redis.Redis.from_url(own_redis.url, socket_timeout=0.2, retry=None) as client:
        client.set("a", 1)
        own_redis.pause()
        with pytest.raises(redis.exceptions.TimeoutError):
            client.ping()
        own_redis.resume()
        assert client.get("a") == b"1"


def test_the_shared_redis_answers(redis_server: str) -> None:
    with redis.Redis.from_url(redis_server) as client:
        assert client.ping()


class Fails(Server):
    """A program that ends at once."""

    name = "fails"

    def _command(self) -> list[str]:
        return ["sh", "-c", "echo cannot open the door; exit 3"]

    def _ready(self) -> bool:
        return False


def test_a_server_that_ends_at_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"(?s)fails ended at start with code 3.*cannot open the door"):
        Fails(tmp_path).start()


def test_a_missing_redis_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServiceError, match=r"redis-server is not installed.*TANKERWATCH_TEST_REDIS"):
        RedisServer(tmp_path).start()


def test_a_missing_mosquitto_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.services.mosquitto.PLACES", str(tmp_path))
    with pytest.raises(ServiceError, match=r"mosquitto is not installed.*setup.sh"):
        MosquittoServer(tmp_path).start()


def test_a_missing_kafka_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.services.kafka.JARS", tmp_path / "none")
    with pytest.raises(ServiceError, match=r"Java 17 .*TANKERWATCH_TEST_KAFKA=HOST:PORT"):
        KafkaServer(tmp_path).start()


def test_no_server_outlives_killed_tests(tmp_path: Path) -> None:
    start = (
        "import sys, pathlib, time; from tests.services.redis import RedisServer\n"
        "print(RedisServer(pathlib.Path(sys.argv[1])).start().port, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", start, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        url = f"redis://127.0.0.1:{int(tests.stdout.readline())}"
        assert answers(url)
        tests.kill()
    eventually(lambda: not answers(url))


def answers(url: str) -> bool:
    with redis.Redis.from_url(url, retry=None) as client:
        try:
            return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def setup(path: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run setup.sh where only the commands in the folder `path` are there."""
    script = ["/bin/sh", "tests/services/setup.sh"]
    return subprocess.run(
        script, cwd=ROOT, env={"PATH": path, **environment}, capture_output=True, text=True, timeout=PATIENCE
    )


def test_setup_has_nothing_to_do_where_all_is_there() -> None:
    done = setup(os.environ["PATH"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_setup_says_what_to_install_where_it_may_not(tmp_path: Path) -> None:
    for command in ("cmp", "dirname", "id"):
        (tmp_path / command).symlink_to(str(shutil.which(command)))
    for there in ("mosquitto", "kcat", "openssl", "chromium"):
        (tmp_path / there).symlink_to("/bin/true")
    done = setup(str(tmp_path))
    assert done.returncode == 1
    assert "need what could not be installed here: java redis-server." in done.stderr
    assert (
        "Install Java 17 or later, Maven, redis-server, mosquitto, kcat, Chromium and openssl" in done.stderr
    )
    named = setup(
        str(tmp_path), TANKERWATCH_TEST_KAFKA="kafka:9092", TANKERWATCH_TEST_REDIS="redis://redis/0"
    )
    assert (named.returncode, named.stderr) == (0, "")


def test_processes_of_one_run_share_a_server(tmp_path: Path) -> None:
    use = """
import sys, pathlib
from tests.services.plugin import shared
from tests.services.redis import RedisServer
folder = pathlib.Path(sys.argv[1])
def start():
    server = RedisServer(folder).start()
    return server, server.url
with shared(folder, start) as url:
    print(url, flush=True)
    sys.stdin.readline()
"""

    def process() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", use, str(tmp_path / "shared")]
        return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    with process() as first:
        assert first.stdout is not None
        url = first.stdout.readline().strip()
        with process() as second:
            assert second.stdout is not None
            assert second.stdout.readline().strip() == url
            assert first.stdin is not None
            first.stdin.close()
            # the first started the server: it waits for the second, and the server stays
            with pytest.raises(subprocess.TimeoutExpired):
                first.wait(0.5)
            assert answers(url)
        assert first.wait(PATIENCE) == 0
        assert not answers(url)
