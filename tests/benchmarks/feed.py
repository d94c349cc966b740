"""A thousand clients of the stream at once: is each of them served everything, and how late.

    python -m tests.benchmarks.feed [--clients 1000] [--seconds 60] [--rate 70] [--stalled 1]

A Redis and a feed of its own; one process writes revisions to the log one by one, as the sink does, another
holds all clients. Latency is from the write's beginning to the client's having the bytes. The events are
those of a simulated scenario over and over, as large as they are, each under an id of its own. Some further
clients may be stalled: they ask for everything and read nothing. Prints rows of the table in docs/feed.md.
"""

import argparse
import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from itertools import cycle
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import numpy as np
import redis.asyncio as redis
import uvloop

from models.event import to_json
from streams.store.event_log_writer import Batch, LogWriter, Revision
from tests.services.redis import RedisServer
from tests.services.server import HOST, free_port
from tests.streams.contracts.recorded import events
from tests.waiting import wait_until

_ID: Final = re.compile(rb"\nid: (\d+)-(\d+)\n")


class Client(asyncio.Protocol):
    """Reads the stream and notes of every revision its entry id, and when it was there."""

    def __init__(self, latencies: Counter[int]) -> None:
        self._latencies, self._rest = latencies, b""
        self.seen = self.bytes = 0
        self.last = (0, 0)
        self.faults = 0
        self.opened = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(b"GET /v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        if not self.opened.done():
            self.opened.set_result(None)
        self.bytes += len(data)
        now = time.time_ns() // 1_000_000
        for first, second in _ID.findall(self._rest + data):
            entry = (int(first), int(second))
            self.faults += entry <= self.last
            self.last = entry
            self.seen += 1
            self._latencies[now - entry[0]] += 1
        # a line of an id may be cut in two
        tail = data[-64:]
        self._rest = tail[tail.rfind(b"\n") :] if b"\n" in tail else b""

    def connection_lost(self, error: Exception | None) -> None:
        self.faults += 1


async def clients(port: int, number: int, expected: int) -> None:
    """Hold so many clients until each has seen everything, or half a minute has brought none anything."""
    loop = asyncio.get_running_loop()
    latencies: Counter[int] = Counter()
    held: list[Client] = []
    for _ in range(number):
        _, client = await loop.create_connection(lambda: Client(latencies), HOST, port)
        held.append(client)
    await asyncio.gather(*(client.opened for client in held))
    print("ready", flush=True)
    before, quiet = -1, 0
    while quiet < 30 and any(client.seen < expected for client in held):
        await asyncio.sleep(1)
        total = sum(client.seen for client in held)
        quiet = quiet + 1 if total == before else 0
        before = total
    values, counts = zip(*sorted(latencies.items()), strict=True)
    share = np.cumsum(counts) / sum(counts)
    result = {
        "complete": sum(client.seen == expected and not client.faults for client in held),
        "megabytes": sum(client.bytes for client in held) / 1e6,
        "milliseconds": {
            str(wanted): int(values[int(np.searchsorted(share, wanted))]) for wanted in (0.5, 0.9, 0.99, 1.0)
        },
        "cpu": time.process_time(),
    }
    print(json.dumps(result), flush=True)


async def write(server: RedisServer, scenario: str, rate: float, count: int) -> float:
    """Append so many revisions, evenly; how long that took."""
    client = redis.from_url(server.url)
    writer = LogWriter(client)
    await writer.take_over()
    began = time.monotonic()
    for number, event in zip(range(count), cycle(events(scenario)), strict=False):
        due = began + number / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        own = msgspec.structs.replace(event, id=f"{number:024x}", revision=1)
        value = to_json(own)
        revision = Revision(own.id, 1, own.type, own.level, own.status, own.detected, value)
        before = {"events": number - 1} if number else {}
        await writer.write(Batch(before, {"events": number}, [revision]))
    await client.aclose()
    return time.monotonic() - began


def stall(port: int) -> socket.socket:
    """A client that asks, and never reads."""
    asked = socket.create_connection((HOST, port))
    asked.sendall(b"GET /v1/events/stream HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return asked


def measure(options: argparse.Namespace, folder: Path) -> None:
    port, count = free_port(), int(options.rate * options.seconds)
    many = str(options.clients + options.stalled + 10)
    environment = {
        **os.environ,
        "TANKERWATCH_FEED_STREAMS": many,
        "TANKERWATCH_FEED_STREAMS_PER_ADDRESS": many,
        "TANKERWATCH_FEED_REQUESTS_PER_MINUTE": "1000000",
    }
    with RedisServer(folder / "redis") as server:
        command = "from streams.cli import main; main()"
        feed = subprocess.Popen(
            [sys.executable, "-c", command, "feed", "--port", str(port), "--redis", server.url],
            env=environment,
        )
        try:
            wait_until(lambda: _answers(port), "the feed to answer")
            arguments = [str(port), str(options.clients), str(count)]
            crowd = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.feed", "--as-clients", *arguments],
                stdout=subprocess.PIPE,
            )
            assert crowd.stdout is not None
            assert crowd.stdout.readline() == b"ready\n"
            stalled = [stall(port) for _ in range(options.stalled)]
            before = _cpu(feed.pid)
            took = uvloop.run(write(server, options.scenario, options.rate, count))
            used = _cpu(feed.pid) - before
            result: dict[str, Any] = json.loads(crowd.stdout.readline())
            print(
                f"| {options.clients:,} | {options.scenario} | {count / took:.0f} | {count:,} "
                f"| {result['complete']:,} | {' | '.join(map(str, result['milliseconds'].values()))} "
                f"| {result['megabytes'] / took:,.0f} | {used / took:.2f} | {result['cpu'] / took:.2f} "
                f"| {_memory(feed.pid):.0f} |"
            )
            for one in stalled:
                one.close()
        finally:
            feed.terminate()
            feed.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), 1).close()
    except OSError:
        return False
    return True


def _cpu(pid: int) -> float:
    """Seconds of processor time that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> float:
    """The peak of its resident memory in MiB."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


def main() -> None:
    if sys.argv[1:2] == ["--as-clients"]:
        uvloop.run(clients(*map(int, sys.argv[2:])))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", type=int, default=1_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=70)
    parser.add_argument("--scenario", default="full_run")
    parser.add_argument("--stalled", type=int, default=0)
    options = parser.parse_args()
    events(options.scenario)
    with tempfile.TemporaryDirectory() as folder:
        measure(options, Path(folder))


if __name__ == "__main__":
    main()
