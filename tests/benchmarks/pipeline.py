"""The pipeline on real Kafka and Redis: lines a second, latency, and a fleet of the world's size.

    python -m tests.benchmarks.pipeline rate|fleet [--vessels 300000] [--lines 1000000] [--period 100]

One worker and one sink as processes of their own, one partition of raw frames, eight of MMSIs (the default).
`rate`: a backlog is worked off. `fleet`: a world of vessels; memory of the worker, and after `kill -9` the
time until its next checkpoint. What they print is in docs/benchmarks.md.
"""

import argparse
import asyncio
import signal
import tempfile
import time
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from models.time import MINUTE, SECOND
from streams import wire
from streams.wire import RawFrame
from tests.benchmarks.world import World
from tests.pipeline.cluster import Cluster, Worker, until
from tests.services.kafka import KafkaServer
from tests.services.redis import RedisServer

SOURCE = "world"
LONG = 1_800.0
SPREAD = 8


class QuickKafka(KafkaServer):
    """As in production: the tests' broker is not compiled to the end, for a quicker start."""

    def _java(self, *arguments: str) -> list[str]:
        return [each for each in super()._java(*arguments) if each != "-XX:TieredStopAtLevel=1"]


def memory(worker: Worker, what: str = "VmRSS") -> float:
    """MiB resident of a process; `VmHWM` for the most it had."""
    lines = Path(f"/proc/{worker.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(what))


def _frame(cluster: Cluster, data: bytes, first_line: int, kind: str = "lines") -> bytes:
    return wire.encode(RawFrame(wire.VERSION, SOURCE, kind, cluster.registry, first_line, data))


async def rate(cluster: Cluster, vessels: int, lines: int, period: float) -> None:
    """A fleet that is known already, each vessel heard every `period` seconds; publishing is in the time."""
    periods = -(-lines // vessels)
    blocks, count = World(vessels).lines(int(period * SECOND), periods + 2, 2), 0
    frames = []
    for block, size in blocks:
        frames.append((0, _frame(cluster, block, count + 1)))
        count += size
    known = 2 * -(-vessels // 500)
    await cluster.publish(frames[:known])
    (worker,) = cluster.add()
    await cluster.finish(LONG)
    begin = time.monotonic()
    await cluster.publish(frames[known:])
    await cluster.finish(LONG)
    took = time.monotonic() - begin
    rows = vessels * periods
    print(
        f"| {vessels:,} | {period:g} s | {rows:,} | {rows / took:,.0f} | {memory(worker):,.0f} MiB |",
        flush=True,
    )


async def fleet(cluster: Cluster, vessels: int) -> None:
    blocks, count = World(vessels).lines(5 * MINUTE, 5, 2), 0
    (worker,) = cluster.add()
    for period in range(4):
        begin = time.monotonic()
        frames = []
        for block, size in islice(blocks, -(-vessels // 500)):
            frames.append((0, _frame(cluster, block, count + 1)))
            count += size
        await cluster.publish(frames)
        del frames
        await cluster.finish(LONG)
        print(
            f"{(period + 1) * 5} min: {count:,} lines, {memory(worker):,.0f} MiB, "
            f"at most {memory(worker, 'VmHWM'):,.0f} MiB; {time.monotonic() - begin:.0f} s",
            flush=True,
        )
    before, at = await cluster.progress(), time.monotonic()
    await cluster.hit(worker, signal.SIGKILL)
    block, _ = next(blocks)
    await cluster.publish([(0, _frame(cluster, block, count + 1))])

    async def goes_on() -> bool:
        return await cluster.progress() > before

    await until(goes_on, "the first checkpoint after the kill", LONG)
    first = time.monotonic() - at
    await cluster.finish(LONG)
    print(
        f"killed: next checkpoint after {first:.1f} s, all done after {time.monotonic() - at:.1f} s",
        flush=True,
    )
    print(f"then {memory(worker):,.0f} MiB, at most {memory(worker, 'VmHWM'):,.0f} MiB", flush=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("rate", "fleet"))
    parser.add_argument("--vessels", type=int, default=300_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--period", type=float, default=100.0, help="seconds between reports of a vessel")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        kafka = QuickKafka(folder / "kafka").start()
        stack.callback(kafka.stop)
        redis = RedisServer(folder / "redis").start()
        stack.callback(redis.stop)
        async with Cluster(folder, kafka.address, redis.url, 1, SPREAD) as cluster:
            await cluster.register([SOURCE])
            if options.what == "rate":
                await rate(cluster, options.vessels, options.lines, options.period)
            else:
                await fleet(cluster, options.vessels)


if __name__ == "__main__":
    asyncio.run(main())
