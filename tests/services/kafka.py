"""A real Apache Kafka for tests: one node in KRaft mode, from the jars that setup.sh fetched."""

import asyncio
import logging
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import msgspec
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.once import once
from tests.services.server import HOST, Server, ServiceError, free_port

JARS = Path(__file__).parents[2] / ".services" / "kafka"

CLASSES = JARS / "classes.jsa"
"""Kafka's classes as Java maps them into memory: with it a start takes half the CPU. Another Java than the
one that wrote it does without. `python -m tests.services.kafka` writes it."""

CLUSTER = "tankerwatch-tests-0000"

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
controller.listener.names=CONTROLLER
listeners=BROKER://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=BROKER://{host}:{port}
inter.broker.listener.name=BROKER
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/data
# one node: nothing can be replicated
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# quick start and small footprint
offsets.topic.num.partitions=4
transaction.state.log.num.partitions=4
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# after kill -9 the old registration must expire before the broker may serve again: 9 s by default
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
# a mistyped topic is an error, not a new topic
auto.create.topics.enable=false
"""


class KafkaServer(Server):
    name = "kafka"

    def __init__(self, folder: Path, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._controller = free_port()

    @property
    def _properties(self) -> Path:
        return self.folder / "server.properties"

    def _java(self, *arguments: str) -> list[str]:
        home = os.environ.get("JAVA_HOME")
        java = f"{home}/bin/java" if home else shutil.which("java")
        if java is None or not JARS.is_dir():
            raise ServiceError(
                f"Kafka needs Java 17 or later and its jars in {JARS}. Run tests/services/setup.sh, "
                "or name a running broker by TANKERWATCH_TEST_KAFKA=HOST:PORT"
            )
        return [
            java,
            *([f"-XX:SharedArchiveFile={CLASSES}"] if CLASSES.exists() else []),
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
            f"{JARS}/*",
            *arguments,
        ]

    def _prepare(self) -> None:
        properties = PROPERTIES.format(
            host=HOST, port=self.port, controller=self._controller, folder=self.folder
        )
        self._properties.write_text(properties)
        data = self.folder / "data"
        if (data / "meta.properties").exists():
            return
        for name, content in msgspec.msgpack.decode(once("Kafka's storage", self._formatted)).items():
            path = data / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _format(self, *more: str) -> None:
        format_ = ["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER, "--config"]
        command = self._java(*format_, str(self._properties), *more)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise ServiceError(f"Kafka could not format its storage: {done.stdout}{done.stderr}")

    def _formatted(self) -> bytes:
        """The files of an empty storage, by name: which server it is for does not show in them."""
        self._format()
        data = self.folder / "data"
        files = [path for path in data.rglob("*") if path.is_file()]
        return msgspec.msgpack.encode({str(path.relative_to(data)): path.read_bytes() for path in files})

    def _command(self) -> list[str]:
        return self._java("kafka.Kafka", str(self._properties))

    def _ready(self) -> bool:
        try:
            socket.create_connection((HOST, self.port), timeout=1).close()
        except OSError:
            return False
        # in a thread of its own, since the test that restarts the broker may itself be a coroutine
        answer: list[bool] = []
        thread = threading.Thread(target=lambda: answer.append(asyncio.run(_serves(self.address))))
        thread.start()
        thread.join()
        return answer == [True]


class _Archiving(KafkaServer):
    """Writes down the classes that it has loaded as it ends."""

    def _command(self) -> list[str]:
        java, *options = super()._command()
        return [java, f"-XX:ArchiveClassesAtExit={CLASSES}", *options]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, _Archiving(Path(folder)):
        pass


async def _serves(address: str) -> bool:
    """Whether the broker counts itself among those alive: it accepts connections some time before that."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=2000)
    try:
        await admin.start()
        return bool((await admin.describe_cluster())["brokers"])
    except (KafkaError, OSError):
        return False
    finally:
        await admin.close()


if __name__ == "__main__":
    main()
