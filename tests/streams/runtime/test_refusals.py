"""Refusals: what a Redis says that can't serve now is waited for, and said in a few words with a remedy."""

import asyncio
from contextlib import suppress

import pytest
import stamina
from structlog.testing import capture_logs

from streams.pipeline.checkpoint import Checkpoint
from streams.runtime import retry
from streams.runtime.redis_client import connect
from streams.runtime.retry import REDIS_AWAY, retry_until_available
from tests.waiting import PATIENCE

DISK = b"-MISCONF Errors writing to the AOF file: No space left on device\r\n"
MEMORY = b"-OOM command not allowed when used memory > 'maxmemory'.\r\n"


@pytest.mark.parametrize(
    ("answer", "said", "todo"),
    [
        (DISK, "No space left on device", "make room on its disk"),
        (b"-NOREPLICAS Not enough good replicas to write.\r\n", "good replicas", "start its replicas"),
        (MEMORY, "command not allowed when used memory > 'maxmemory'", "more memory"),
        (
            b"-MASTERDOWN Link with MASTER is down\r\n",
            "Link with MASTER is down",
            "start its master, or correct TANKERWATCH_REDIS",
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "no Redis", "correct TANKERWATCH_REDIS"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "no Redis, or expects TLS", "correct TANKERWATCH_REDIS"),
        (b"$100\r\nabc", "it ended the connection", "TANKERWATCH_REDIS"),
    ],
)
async def test_a_redis_that_cannot_serve_now_is_waited_for(
    answer: bytes, said: str, todo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = stamina.AsyncRetryingCaller(attempts=None, timeout=None, wait_initial=0.0, wait_jitter=0.0)
    monkeypatch.setattr(retry, "ENDLESS", at_once)
    asked = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while request := await reader.read(65_536):
                asked.release()
                writer.write(answer * max(1, request.count(b"\r\n*") + 1) if answer[:1] == b"-" else answer)
                if answer[:1] != b"-":
                    break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        where = f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0"
        client = connect(where, PATIENCE)
        take_over = Checkpoint(client, "", "vessels", 0).take_over
        with capture_logs() as logs:
            waiting = asyncio.create_task(retry_until_available("Redis", where, take_over, REDIS_AWAY))
            for _ in range(20):
                await asyncio.wait_for(asked.acquire(), PATIENCE)
            assert not waiting.done()
            waiting.cancel()
            await asyncio.wait([waiting])
        await client.aclose()
    (line,) = (each for each in logs if each["event"] == "waiting")
    assert said in line["reason"]
    assert todo in line["remedy"]
