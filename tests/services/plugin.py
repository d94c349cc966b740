"""Fixtures that give tests a real Kafka, a real Redis and a real MQTT broker.

`kafka` (HOST:PORT) and `redis_server` (URL) are one server each for the whole run, which its processes
under pytest-xdist share: use topics, groups and keys of your own. TANKERWATCH_TEST_KAFKA and
TANKERWATCH_TEST_REDIS name running ones instead. `own_kafka`, `own_redis` and `own_mqtt` are fresh servers
for one test, which it may stop, kill, pause and restart; `absent_kafka` is one that the test has to start.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.services.kafka import KafkaServer
from tests.services.mosquitto import MosquittoServer
from tests.services.redis import RedisServer
from tests.services.server import Server, ServiceError


@contextmanager
def shared(folder: Path, start: Callable[[], tuple[Server, str]]) -> Iterator[str]:
    """The address of one server for all processes that use `folder`.

    The first one starts it, and at its own end waits until no other uses it.
    """
    folder.mkdir(exist_ok=True)
    address = folder / "address"
    with (folder / "start.lock").open("w") as starting, (folder / "users.lock").open("w") as users:
        server = None
        fcntl.flock(starting, fcntl.LOCK_EX)
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            if not address.exists():
                server, text = start()
                address.write_text(text)
        finally:
            fcntl.flock(starting, fcntl.LOCK_UN)
        try:
            yield address.read_text()
        finally:
            if server is not None:
                fcntl.flock(users, fcntl.LOCK_EX)
                address.unlink()
                server.stop()


def of_this_run(factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run have in common."""
    folder = factory.getbasetemp()
    return folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder


@contextmanager
def shared_or_named(variable: str, folder: Path, server: Server, address: Callable[[], str]) -> Iterator[str]:
    """The address in this environment variable, or else of a server that all processes of this run share."""
    if named := os.environ.get(variable):
        yield named
        return

    def start() -> tuple[Server, str]:
        server.start()
        return server, address()

    with fails_without_service(), shared(folder, start) as found:
        yield found


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = of_this_run(tmp_path_factory) / "shared-kafka"
    server = KafkaServer(folder)
    with shared_or_named("TANKERWATCH_TEST_KAFKA", folder, server, lambda: server.address) as address:
        yield address


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = of_this_run(tmp_path_factory) / "shared-redis"
    server = RedisServer(folder)
    with shared_or_named("TANKERWATCH_TEST_REDIS", folder, server, lambda: server.url) as url:
        yield url


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    with fails_without_service(), KafkaServer(tmp_path / "kafka") as server:
        yield server


@pytest.fixture
def absent_kafka(tmp_path: Path) -> Iterator[KafkaServer]:
    """A server of its own that does not run yet."""
    server = KafkaServer(tmp_path / "kafka")
    with fails_without_service():
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    with fails_without_service(), RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def own_mqtt(tmp_path: Path) -> Iterator[MosquittoServer]:
    with fails_without_service(), MosquittoServer(tmp_path / "mosquitto") as server:
        yield server


@contextmanager
def fails_without_service() -> Iterator[None]:
    """A missing service fails the test with the sentence that says what to install, without a traceback."""
    try:
        yield
    except ServiceError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
