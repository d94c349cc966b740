"""Hash reader: a reply is the same however it is cut, and a connection goes on as it should."""

import asyncio
import random
import uuid
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from streams.runtime.hash_reader import Reply, read_hash
from streams.runtime.redis_client import connect

FIELDS = {b"a": b"1", b"": b"", b"lines": b"$3\r\nabc\r\n*2\r\n", b"zeros": bytes(70_000), b"last": b"\r\n"}


def written(first: bytes) -> bytes:
    values = [value for pair in FIELDS.items() for value in pair]
    return first + b"".join(b"$%d\r\n%b\r\n" % (len(value), value) for value in values)


@pytest.mark.parametrize("first", [b"*10\r\n", b"%5\r\n"])
def test_a_reply_is_the_same_however_it_is_cut(first: bytes) -> None:
    rng, data = random.Random(1), written(first)
    for _ in range(30):
        cuts = sorted(rng.choices(range(len(data) if rng.random() < 0.5 else 90), k=rng.randrange(20)))
        reply = Reply()
        for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True):
            assert not reply.complete
            missing = reply.feed(data[start:end])
            assert 0 <= missing <= len(data) - end
            assert (missing == 0) == (end == len(data))
        assert reply.complete
        assert reply.fields == FIELDS


def test_no_hash_at_all() -> None:
    reply = Reply()
    assert reply.feed(b"*0\r\n") == 0
    assert reply.complete
    assert reply.fields == {}


@pytest.mark.parametrize("line", [b"-LOADING Redis is loading\r\n", b":1\r\n", b"*x\r\n", b"$1\r\n"])
def test_what_is_no_such_reply_is_named(line: bytes) -> None:
    with pytest.raises(RedisConnectionError, match="where a hash was asked for"):
        Reply().feed(line)


@pytest.mark.services
@pytest.mark.parametrize("protocol", [2, 3])
async def test_reads_what_redis_has_and_goes_on(redis_server: str, protocol: int) -> None:
    key = f"t{uuid.uuid4().hex[:8]}"
    client: Any = connect(f"{redis_server}?protocol={protocol}")
    try:
        assert await read_hash(client, key) == {}
        large = FIELDS | {b"large": random.Random(1).randbytes(3_000_000)}
        await client.hset(key, mapping=large)
        assert await read_hash(client, key) == large
        assert await client.hlen(key) == len(large)
        await client.set(f"{key}:text", "x")
        with pytest.raises(RedisConnectionError, match="where a hash was asked for"):
            await read_hash(client, f"{key}:text")
        assert await client.hget(key, "a") == b"1"
    finally:
        await client.delete(key, f"{key}:text")
        await client.aclose()


async def test_a_connection_that_breaks_in_the_middle() -> None:
    """As `retry_until_available` wants it, and the next command has a connection of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.read(1_000):
            if b"HGETALL" in command:
                writer.write(written(b"*12\r\n"))
                writer.close()
                return
            writer.write(b"+PONG\r\n" * command.count(b"*"))

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    client = connect(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0?protocol=2")
    try:
        for _ in range(2):
            with pytest.raises(RedisConnectionError, match="closed the connection"):
                await read_hash(client, "x")
    finally:
        await client.aclose()
        server.close()
