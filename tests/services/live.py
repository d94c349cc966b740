"""A whole deployment on this machine, and a made-up world that goes on meanwhile: `make live`, until Ctrl-C.

Kafka, Redis, ingest, worker, sink and feed run as processes of their own, as in production. The ships of some
scenarios of the simulator have been under way for hours or days when it starts. What was heard of them until
now is a recording, what follows comes when it is heard.
"""

import argparse
import heapq
import json
import re
import signal
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from itertools import count, takewhile
from operator import itemgetter
from pathlib import Path
from typing import Final

from models.time import DAY, HOUR, SECOND, Millis
from streams.simulator.scenario import simulate
from tests.services.kafka import KafkaServer
from tests.services.redis import RedisServer
from tests.services.server import HOST, Server, ServiceError, free_port

SCENES: Final = {"full_run": 60, "dark_call_24": 24, "cho_do": 3.5, "anchorage": 6, "bunkering": 6}
"""Scenarios, and how many hours ago each began: a cargo is on its way to Nampo after a transfer, a tanker is
silent off Vostochny, two lie alongside off Cho-do, and others only wait or take bunkers."""
STAMP: Final = re.compile(r"\bc:(\d{10})[,*]")


def heard(scene: str, begun: Millis) -> Iterator[tuple[Millis, str]]:
    """What is heard, and when, of a scenario and of other ships that do the same after it, without end."""
    for seed in count(1):
        for line in simulate(scene, seed, "normal", begun).lines:
            stamp = STAMP.search(line)
            # a stamp can be garbled on its way, as any character of a line
            if stamp and begun <= int(stamp[1]) * SECOND < begun + DAY:
                begun = int(stamp[1]) * SECOND
            yield begun, line


def world(now: Millis) -> Iterator[tuple[Millis, str]]:
    """What is heard of all scenarios, in order."""
    scenes = (heard(scene, now - int(hours * HOUR)) for scene, hours in SCENES.items())
    return heapq.merge(*scenes, key=itemgetter(0))


class Receiver:
    """A receiver that serves lines by TCP, each when it is heard."""

    def __init__(self, lines: Iterator[tuple[Millis, str]]) -> None:
        self._lines = lines
        self._listening = socket.create_server((HOST, 0))
        self.address = f"tcp://{HOST}:{self._listening.getsockname()[1]}"
        self._stopped = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                client, _ = self._listening.accept()
                with client:
                    for at, line in self._lines:
                        if self._stopped.wait(max(0.0, at / SECOND - time.time())):
                            return
                        client.sendall(f"{line}\r\n".encode())
            except OSError:
                continue  # the ingest went away: it connects again

    def stop(self) -> None:
        self._stopped.set()
        self._listening.close()


class Part(Server):
    """A process of tankerwatch."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *arguments: str, port: int) -> None:
        self.name = arguments[0]
        super().__init__(folder, port)
        self._named = [f"{name}={value}" for name, value in environment.items()]
        self._arguments = arguments

    def _command(self) -> list[str]:
        run = "from streams.cli.main import main; main()"
        return ["/usr/bin/env", *self._named, sys.executable, "-c", run, *self._arguments]

    def _ready(self) -> bool:
        if self.name != "feed":
            return True
        try:
            with urllib.request.urlopen(f"http://{self.address}/v1/events?limit=1", timeout=5) as answer:
                return bool(json.load(answer)["events"])
        except OSError:
            return False


def places(running: list[Server]) -> dict[str, str]:
    """The variables that say where Kafka and Redis are, which run first."""
    kafka, redis = running[:2]
    return {"TANKERWATCH_BROKER": kafka.address, "TANKERWATCH_REDIS": f"redis://{redis.address}/0"}


class Interrupt:
    """Ctrl-C, or SIGTERM: the first ends everything in order, the second at once."""

    def __init__(self) -> None:
        self._started: list[Server] = []

    def start(self, server: Server, stack: ExitStack) -> Server:
        """Start it; it ends with the stack. Raises ServiceError."""
        self._started.append(server)
        return stack.enter_context(server)

    def listen(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._first)

    def _first(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._second)
        raise KeyboardInterrupt

    def _second(self, *_: object) -> None:
        for server in self._started:
            server.abort()


def run(folder: Path, stack: ExitStack, port: int, interrupt: Interrupt) -> list[Server]:
    """Start everything; returns what runs, the feed last. Raises ServiceError."""
    print("Starting Kafka and Redis ...", flush=True)
    kafka = interrupt.start(KafkaServer(folder / "kafka"), stack)
    redis = interrupt.start(RedisServer(folder / "redis"), stack)
    now = time.time_ns() // 1_000_000
    lines = world(now)
    history = folder / "history.nmea"
    history.write_text("".join(f"{line}\n" for _, line in takewhile(lambda each: each[0] < now, lines)))
    receiver = Receiver(lines)
    stack.callback(receiver.stop)
    variables = places([kafka, redis])
    ingest = ("ingest", str(history), receiver.address, "--buffer", str(folder / "buffer"))
    parts = [
        Part(folder, variables, *arguments, port=free_port())
        for arguments in (ingest, ("worker",), ("sink",))
    ]
    feed = Part(folder, variables, "feed", "--port", str(port), port=port)
    print("Starting ingest, worker, sink and feed, and waiting for the first event ...", flush=True)
    for part in (*parts, feed):
        interrupt.start(part, stack)

    def end() -> None:
        print("Stopping everything. Press Ctrl-C again to end it at once.", flush=True)
        for part in (*parts, feed):  # side by side
            part.terminate()

    stack.callback(end)
    return [kafka, redis, *parts, feed]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=8080, help="of the page; default: 8080")
    port = parser.parse_args().port or free_port()
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            print(
                f"Something listens on port {port} already. Choose another: make live PORT=8081",
                file=sys.stderr,
            )
            return 1
    interrupt = Interrupt()
    interrupt.listen()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tankerwatch-live-")))
        try:
            running = run(folder, stack, port, interrupt)
        except ServiceError as error:
            print(error, file=sys.stderr)
            return 1
        print(
            "For commands in another terminal, such as `tankerwatch status`: "
            + " ".join(("export", *(f"{name}={value}" for name, value in places(running).items()))),
            flush=True,
        )
        print(
            f"Open http://{HOST}:{port}/ in a browser. All ships are made up. Ctrl-C stops everything.",
            flush=True,
        )
        while all(each.running for each in running):
            time.sleep(1)
        for each in running:
            if not each.running:
                print(f"{each.name} has ended. The end of its log:\n{each.tail()}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("Stopped.")
        sys.exit(130)
