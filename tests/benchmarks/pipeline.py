"""The pipeline on real Kafka and Redis: lines a second, latency, and a fleet of the world's size.

    python -m tests.benchmarks.pipeline rate [--vessels 300000] [--lines 1000000] [--period 100]
    python -m tests.benchmarks.pipeline fleet [--vessels 300000] [--minutes 20]
    python -m tests.benchmarks.pipeline latency [--rate 3000] [--seconds 72]

One worker and one sink as processes of their own, one partition of raw frames, eight of MMSIs (the default).
`rate`: a backlog is worked off. `fleet`: a world of vessels; memory of the worker, and after `kill -9` the
time until its next checkpoint. `latency`: a simulated recording at so many lines a second, in frames as an
ingest makes them; from when Kafka had the frame that made a revision due, to when it had the revision. The
worker receives the frame somewhat later, after the one before it if it is still at that, so from its receipt
it is less. What they print is in docs/benchmarks.md.
"""

import argparse
import asyncio
import os
import signal
import tempfile
import time
from bisect import bisect_right
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

import numpy as np

from models.event import from_json
from models.time import MINUTE, SECOND, Millis, from_text
from streams.decoding.decoder import Decoder
from streams.deployment import wire
from streams.deployment.topics import FRAME_LINES, FRAME_MILLIS
from streams.deployment.wire import RawFrame
from tests.benchmarks.world import World
from tests.faults.cluster import Cluster, Worker, eventually_served
from tests.faults.recording import record
from tests.scenarios.runs import frames as cut
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


def cpu(worker: Worker) -> float:
    """Seconds of CPU time of a process so far."""
    fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def rate(cluster: Cluster, vessels: int, lines: int, period: float) -> None:
    """A fleet that is known already, each vessel heard every `period` seconds: a backlog in frames as long as
    ingest makes them under load, publishing not in the time."""
    periods = -(-lines // vessels)
    blocks, count = World(vessels).lines(int(period * SECOND), periods + 2, 2, FRAME_LINES // 3), 0
    known, frames = [], []
    for block, size in islice(blocks, 2 * -(-vessels // (FRAME_LINES // 3))):  # with static data
        known.append((0, _frame(cluster, block, count + 1)))
        count += size
    while some := list(islice(blocks, 3)):
        frames.append((0, _frame(cluster, b"".join(block for block, _ in some), count + 1)))
        count += sum(size for _, size in some)
    await cluster.publish(known)
    (worker,) = cluster.add()
    await cluster.finish(LONG)
    worker.signal(signal.SIGSTOP)
    await cluster.publish(frames)
    begin, used = time.monotonic(), cpu(worker)
    worker.signal(signal.SIGCONT)
    await cluster.finish(LONG)
    took, used, rows = time.monotonic() - begin, cpu(worker) - used, vessels * periods
    print(
        f"| {vessels:,} | {period:g} s | {rows:,} | {rows / took:,.0f} | {used / rows * 1e6:.2f} "
        f"| {memory(worker):,.0f} MiB |",
        flush=True,
    )


async def fleet(cluster: Cluster, vessels: int, minutes: int) -> None:
    periods = minutes // 5
    blocks, count = World(vessels).lines(5 * MINUTE, periods + 1, 2), 0
    (worker,) = cluster.add()
    for period in range(periods):
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

    await eventually_served(goes_on, "the first checkpoint after the kill", LONG)
    first = time.monotonic() - at
    await cluster.finish(LONG)
    print(
        f"killed: next checkpoint after {first:.1f} s, all done after {time.monotonic() - at:.1f} s",
        flush=True,
    )
    print(f"then {memory(worker):,.0f} MiB, at most {memory(worker, 'VmHWM'):,.0f} MiB", flush=True)


async def latency(cluster: Cluster, rate: float, seconds: float) -> None:
    """A revision is due once the watermark has passed the instant at which it was detected."""
    size = min(FRAME_LINES, int(rate * FRAME_MILLIS / SECOND))
    sources = {SOURCE: record("large").lines[: int(rate * seconds)]}
    sent = cluster.frames(sources, size)
    decoder, marks = Decoder(SOURCE), list[Millis]()
    for frame in cut(SOURCE, sources[SOURCE], size):
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
        marks.append(decoder.watermark)
    (worker,) = cluster.add()
    cluster.add_sink()
    await cluster.publish(sent[:1])
    await cluster.finish(LONG)
    begin, used = time.monotonic(), cpu(worker)
    await cluster.publish(sent[1:-1], every=size / rate)
    took = time.monotonic() - begin
    await cluster.finish(LONG)
    used = cpu(worker) - used
    raw, events = await cluster.read(cluster.topics.raw), await cluster.read(cluster.topics.events)
    waited = []
    for value, at in zip(events.values, events.times, strict=True):
        due = bisect_right(marks, from_text(from_json(value).detected))
        waited.append(at - raw.times[due])
    p50, p95, p99 = np.percentile(waited, (50, 95, 99))
    print(
        f"{(len(sent) - 2) * size / took:,.0f} lines a second in frames of {size}, "
        f"{len(waited)} revisions: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, "
        f"at most {max(waited)} ms; the worker took {used:.1f} s of CPU time; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", choices=("rate", "fleet", "latency"))
    parser.add_argument("--vessels", type=int, default=300_000)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--period", type=float, default=100.0, help="seconds between reports of a vessel")
    parser.add_argument("--minutes", type=int, default=20, help="of event time, for fleet")
    parser.add_argument("--rate", type=float, default=3_000.0, help="lines a second, for latency")
    parser.add_argument("--seconds", type=float, default=72.0, help="of them, for latency")
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
            elif options.what == "latency":
                await latency(cluster, options.rate, options.seconds)
            else:
                await fleet(cluster, options.vessels, options.minutes)


if __name__ == "__main__":
    asyncio.run(main())
