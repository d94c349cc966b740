"""Does a Faust worker that is killed at any moment lose frames or apply them twice? On real Kafka and Redis.

`python -m tests.services.offsets_experiment WAY FRAMES CYCLES SEED [FAULT,FAULT...]`

WAY is one of those that offsets_app.py describes. FRAMES are written at a steady rate while CYCLES faults
happen, chosen by SEED from: kill (-9), term (SIGTERM), freeze (SIGSTOP past the session time-out), join (a
second worker comes and one goes), kafka and redis (restarted, in order or by kill -9), rollback (Redis killed
and started as it was 3 s before); by default the first four. The last line counts the frames that are
missing from the state or applied twice, those missing from the output or repeated there, and the gaps that
workers saw.
"""

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

import redis
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.services.kafka import KafkaServer
from tests.services.redis import RedisServer

ROOT = Path(__file__).parents[2]
PARTITIONS = 4
WAYS = ("tables", "exactly-once", "no-seek", "late-seek", "commit", "checkpoint")
FAULTS = ("kill", "term", "freeze", "join", "kafka", "redis", "rollback")


class Workers:
    """The workers that run, each started again when it ends by itself, as a supervisor would."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self.environment = {**os.environ, **environment}
        self.log = log
        self.running: list[subprocess.Popen[bytes]] = []
        self.own_ends = 0

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            command = [
                "-m",
                "faust",
                "-A",
                "tests.services.offsets_app",
                "worker",
                "-l",
                "warn",
                "--without-web",
            ]
            worker = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self.running.append(worker)
        return worker

    def restart_ended(self) -> None:
        for worker in self.running[:]:
            if worker.poll() is not None:
                self.own_ends += 1
                self.running.remove(worker)
                self.start()

    async def stop(self, worker: subprocess.Popen[bytes], *, kill: bool = False) -> None:
        self.running.remove(worker)
        worker.kill() if kill else worker.terminate()
        for _ in range(300):
            if worker.poll() is not None:
                return
            await asyncio.sleep(0.05)
        print("  a worker did not end within 15 s of SIGTERM: killed", flush=True)
        worker.kill()
        worker.wait()


class Experiment:
    def __init__(self, way: str, count: int, cycles: int, seed: int, faults: list[str], folder: Path) -> None:
        self.way, self.count, self.cycles, self.faults = way, count, cycles, faults
        self.random = random.Random(seed)
        self.run = f"{way}-{uuid.uuid4().hex[:6]}"
        self.kafka = KafkaServer(folder / "kafka")
        self.redis = RedisServer(folder / "redis")
        self.log = folder / "workers.log"

    async def main(self) -> str:
        with self.kafka, self.redis:
            self.workers = Workers(
                {
                    "WAY": self.way,
                    "RUN": self.run,
                    "FOLDER": str(self.log.parent),
                    "TANKERWATCH_TEST_KAFKA": self.kafka.address,
                    "TANKERWATCH_TEST_REDIS": self.redis.url,
                },
                self.log,
            )
            await self.create_topics()
            writing = asyncio.create_task(self.write())
            self.workers.start()
            try:
                for cycle in range(self.cycles):
                    await self.watch(self.random.uniform(2, 10))
                    fault = self.random.choice(self.faults)
                    print(f"  cycle {cycle}: {fault}", flush=True)
                    await self.do(fault)
                await writing
                await self.settle()
                for worker in self.workers.running[:]:
                    await self.workers.stop(worker)
            finally:
                for worker in self.workers.running[:]:
                    await self.workers.stop(worker, kill=True)
            return await self.result()

    async def create_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.address)
        await admin.start()
        await admin.create_topics(
            [NewTopic(f"{name}-{self.run}", PARTITIONS, 1) for name in ("frames", "applied")]
        )
        await admin.close()

    async def write(self) -> None:
        """All frames, evenly over about the time that the faults take; what is sent twice is stored once."""
        pause = self.cycles * 8 / self.count
        producer = AIOKafkaProducer(bootstrap_servers=self.kafka.address, enable_idempotence=True)
        async with producer:
            start = time.monotonic()
            for number in range(self.count):
                await producer.send(f"frames-{self.run}", b"%d" % number, partition=number % PARTITIONS)
                await asyncio.sleep(max(0.0, start + pause * number - time.monotonic()))

    async def watch(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.workers.restart_ended()
            await asyncio.sleep(0.1)

    async def do(self, fault: str) -> None:
        workers = self.workers
        worker = self.random.choice(workers.running)
        if fault in ("kill", "term"):
            await workers.stop(worker, kill=fault == "kill")
            await asyncio.sleep(self.random.choice([0, self.random.uniform(0, 2)]))
            workers.start()
        elif fault == "freeze":
            workers.start()
            worker.send_signal(signal.SIGSTOP)
            await asyncio.sleep(12)
            worker.send_signal(signal.SIGCONT)
            await self.watch(5)
            await workers.stop(self.random.choice(workers.running), kill=True)
        elif fault == "join":
            workers.start()
            await self.watch(self.random.uniform(1, 8))
            await workers.stop(self.random.choice(workers.running), kill=self.random.random() < 0.5)
        elif fault == "rollback":
            data, copy = self.redis.folder / "appendonlydir", self.redis.folder / "earlier"
            shutil.copytree(data, copy)
            await asyncio.sleep(3)
            self.redis.kill()
            shutil.rmtree(data)
            copy.rename(data)
            await asyncio.to_thread(self.redis.start)
        else:
            server = self.kafka if fault == "kafka" else self.redis
            kill = self.random.random() < 0.5
            await asyncio.to_thread(server.restart, kill=kill)

    async def settle(self) -> None:
        """Wait until every frame is in the state and in the output, or nothing has come for 30 s."""
        before, since = (-1, -1), time.monotonic()
        while time.monotonic() - since < 30:
            await self.watch(1)
            outputs = {key for key, _ in await self.read(f"applied-{self.run}")}
            now = len((await self.state())[0]), len(outputs)
            if now == (self.count, self.count):
                break
            if now != before:
                before, since = now, time.monotonic()
        await self.watch(2)

    async def read(self, topic: str) -> list[tuple[bytes, bytes]]:
        """Keys and values of all messages."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka.address, group_id=None, isolation_level="read_committed"
        )
        found: list[tuple[bytes, bytes]] = []
        async with consumer:
            partitions = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            consumer.assign(partitions)
            await consumer.seek_to_beginning()
            ends = await consumer.end_offsets(partitions)
            last = time.monotonic()
            # markers of transactions count as offsets and are never delivered: hence the time limit
            while time.monotonic() < last + 3 and any(
                [await consumer.position(partition) < ends[partition] for partition in partitions]
            ):
                for messages in (await consumer.getmany(timeout_ms=500)).values():
                    found += [(message.key, message.value) for message in messages]
                    last = time.monotonic()
        return found

    async def state(self) -> tuple[dict[str, int], int]:
        """How often each frame was applied, and the gaps that workers saw."""
        times: dict[str, int] = {}
        if self.way in ("tables", "exactly-once"):
            for key, value in await self.read(f"offsets-{self.run}-times-{self.run}-changelog"):
                times[json.loads(key)] = json.loads(value)
            return times, 0
        with redis.Redis.from_url(self.redis.url, decode_responses=True) as client:
            for partition in range(PARTITIONS):
                stored = client.hgetall(f"{self.run}:{partition}")
                stored.pop("last", None)
                times.update((name, int(value)) for name, value in stored.items())
            return times, sum(int(value) for value in client.hvals(f"{self.run}:gaps"))

    async def result(self) -> str:
        frames = {f"{number % PARTITIONS}:{number // PARTITIONS}" for number in range(self.count)}
        times, gaps = await self.state()
        outputs = Counter(key.decode() for key, _ in await self.read(f"applied-{self.run}"))
        counts = {
            "frames": self.count,
            "missing": len(frames - times.keys()),
            "applied twice": sum(value > 1 for value in times.values()),
            "output missing": len(frames - outputs.keys()),
            "output repeated": outputs.total() - len(outputs),
            "gaps": gaps,
            "workers ended by themselves": self.workers.own_ends,
        }
        return " | ".join(f"{name} {value}" for name, value in counts.items())


def main() -> int:
    if len(sys.argv) not in (5, 6) or sys.argv[1] not in WAYS:
        print(__doc__, file=sys.stderr)
        return 2
    way, count, cycles, seed = sys.argv[1], *map(int, sys.argv[2:5])
    faults = sys.argv[5].split(",") if len(sys.argv) == 6 else ["kill", "term", "freeze", "join"]
    if unknown := set(faults) - set(FAULTS):
        print(f"unknown fault: {', '.join(sorted(unknown))}; known: {', '.join(FAULTS)}", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="offsets-"))
    experiment = Experiment(way, count, cycles, seed, faults, folder)
    begin = time.monotonic()
    result = asyncio.run(experiment.main())
    print(
        f"{way} | seed {seed} | {result} | {time.monotonic() - begin:.0f} s | workers' log: {experiment.log}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
