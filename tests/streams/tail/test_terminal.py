"""`tankerwatch events` on a terminal and in a pipe: for people, unharmed, and quiet at the end."""

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from models.event import Level
from streams.deployment.config import Deployment
from tests.streams.alerts.hostile_names import NAMES, hostile
from tests.streams.deployments import COMMAND, environment
from tests.streams.factories import event
from tests.streams.feed.feed_servers import served
from tests.streams.tail.processes import call, tail_environment
from tests.waiting import PATIENCE

pytestmark = pytest.mark.services


@contextmanager
def terminal(
    deployment: Deployment, *arguments: str
) -> Iterator[tuple[subprocess.Popen[bytes], list[bytes]]]:
    """A command on a terminal of its own, and what it writes there."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [sys.executable, "-c", COMMAND, "events", *arguments],
        env=environment(deployment, COLUMNS="100", TERM="xterm-256color"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen: list[bytes] = []

    def read() -> None:
        try:
            while data := os.read(ours, 65_536):
                seen.append(data)
        except OSError:  # Linux: the other end is closed
            pass

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    try:
        yield running, seen
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()
        thread.join(PATIENCE)
        os.close(ours)


async def test_on_a_terminal_it_is_for_people_and_no_name_gets_out(redis_server: str) -> None:
    async with tail_environment(redis_server) as env:
        import msgspec

        told = [msgspec.structs.replace(hostile(name), id=f"{n:024x}") for n, name in enumerate(NAMES)]
        await env.write(*told)
        with terminal(env.deployment, "tail", "--since", "all") as (running, seen):
            end = time.monotonic() + PATIENCE
            while told[-1].id.encode() not in b"".join(seen):
                assert time.monotonic() < end, b"".join(seen)[-500:]
                await asyncio.sleep(0.02)
            await env.write(msgspec.structs.replace(told[0], revision=2, level=Level.PROBABLE))
            while "possible → probable".encode() not in b"".join(seen):
                assert time.monotonic() < end, b"".join(seen)[-500:]
                await asyncio.sleep(0.02)
            running.send_signal(signal.SIGINT)
            assert running.wait(PATIENCE) == 130
        text = b"".join(seen).decode()
        assert "\x1b[1m" in text
        plain = re.sub(r"\x1b\[[0-9;]*m", "", text).replace("\r\n", "\n")
        assert all(sign.isprintable() or sign == "\n" for sign in plain)
        assert "Traceback" not in plain
        assert all(len(line) <= 100 for line in plain.split("\n"))


async def test_who_has_read_enough_ends_it_quietly(redis_server: str) -> None:
    async with tail_environment(redis_server) as env, served(env.log) as url:
        await env.write(*(event(number) for number in range(300)))
        for source in ("redis", url):
            tail = f"{sys.executable} -c '{COMMAND}' events tail --since all --source {source} | head -n 3"
            done = await asyncio.to_thread(
                lambda tail=tail: subprocess.run(  # type: ignore[misc]
                    ["sh", "-c", tail],
                    env=environment(env.deployment),
                    capture_output=True,
                    text=True,
                    timeout=PATIENCE,
                )
            )
            assert (len(done.stdout.splitlines()), done.stderr) == (3, "")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--since", "yesterday"), "--since: 'yesterday' is not a time; give one like 2026-03-01T12:00:00Z"),
        (("--level", "high"), "--level: 'high' is not valid; the valid values are possible, probable"),
        (("--min-score", "2"), "--min-score: '2' is not a score"),
        (("--source", "ftp://x"), "--source: 'ftp://x' is not a source; give redis, kafka, or a URL"),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], told: str) -> None:
    done = call(Deployment(), "tail", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
