"""A hash has one writer at a time, whatever becomes of the processes and of Redis."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from streams.runtime.fencing import Fenced, FencedHash, SetBack
from streams.runtime.redis_client import connect

pytestmark = pytest.mark.services


class Counter:
    """Counts in a hash, one write a step, and lists what it wrote beside it."""

    def __init__(self, client: Any, key: str) -> None:
        self.hash = FencedHash(client, key, "the counter")
        self._list = f"{key}:list"

    async def step(self, name: str, meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
        async def fill(pipe: Any, fields: list[bytes | None]) -> None:
            if meanwhile is not None:
                await meanwhile()
            pipe.multi()
            pipe.hset(self.hash.key, "count", int(fields[0] or 0) + 1)
            pipe.rpush(self._list, name)

        await self.hash.write(("count",), fill)


@pytest.fixture
async def client(redis_server: str) -> AsyncIterator[Any]:
    client: Any = connect(redis_server)
    yield client
    await client.aclose()


@pytest.fixture
async def key(client: Any) -> AsyncIterator[str]:
    key = f"t{uuid.uuid4().hex[:8]}"
    yield key
    await client.delete(key, f"{key}:list")


async def test_only_the_last_owner_can_write(client: Any, key: str) -> None:
    first, second = Counter(client, key), Counter(client, key)
    assert await first.hash.take_over() == {}
    await first.step("first")
    assert await second.hash.take_over() == {b"count": b"1"}
    for refused in (first.step("late"), first.hash.read("count"), first.hash.resume()):
        with pytest.raises(Fenced, match="another process has taken over the counter") as told:
            await refused
        assert not isinstance(told.value, SetBack)
    await second.step("second")
    assert await second.hash.read("count") == [b"2"]
    assert await client.lrange(f"{key}:list", 0, -1) == [b"first", b"second"]


async def test_a_writer_that_loses_the_hash_while_writing_writes_nothing(client: Any, key: str) -> None:
    first, second = Counter(client, key), Counter(client, key)
    await first.hash.take_over()
    with pytest.raises(Fenced):
        await first.step("first", meanwhile=second.hash.take_over)
    assert await client.exists(f"{key}:list") == 0


async def test_a_large_write_is_carried_out_as_a_whole_or_not_at_all(
    client: Any, key: str, redis_server: str
) -> None:
    writer, attempts = FencedHash(client, key, "the counter"), list[list[bytes | None]]()
    await writer.take_over()

    def interrupted(_: list[bytes | None]) -> Iterator[tuple[Any, ...]]:
        yield "HSET", key, "count", 1
        raise ValueError("no more")

    def disturbed(fields: list[bytes | None]) -> Iterator[tuple[Any, ...]]:
        attempts.append(fields)
        yield "HSET", key, "count", len(attempts)
        if len(attempts) == 1:
            with Redis.from_url(redis_server) as other:
                other.hset(key, "more", 5)
        yield "HDEL", key, "more"

    with pytest.raises(ValueError, match="no more"):
        await writer.write_much(("count",), interrupted)
    assert await writer.read("count") == [None]  # also: the connection is not within the transaction any more
    await writer.write_much(("more",), disturbed)
    assert attempts == [[None], [b"5"]]
    assert await writer.read("count", "more") == [b"2", None]


async def test_a_command_that_fails_only_when_it_is_carried_out_is_no_write(client: Any, key: str) -> None:
    writer = FencedHash(client, key, "the counter")
    await writer.take_over()
    await client.hset(key, "name", "no number")
    with pytest.raises(ResponseError, match="not an integer"):
        await writer.write_much((), lambda _: [("HINCRBY", key, "name", 1)])
    assert await writer.read("name") == [b"no number"]


async def test_writers_that_take_over_at_random_write_one_after_the_other(client: Any, key: str) -> None:
    seed = random.SystemRandom().randrange(10_000)
    chance = random.Random(seed)

    done: list[bytes] = []

    async def dawdle() -> None:
        for _ in range(chance.randrange(3)):
            await client.ping()

    async def write(name: str) -> None:
        counter = Counter(client, key)
        for number in range(40):
            if chance.random() < 0.3 or not number:
                await counter.hash.take_over()
            with suppress(Fenced):
                await counter.step(f"{name}{number}", meanwhile=dawdle)
                done.append(f"{name}{number}".encode())

    await asyncio.gather(*(write(name) for name in "abcd"))
    kept = await client.lrange(f"{key}:list", 0, -1)
    assert sorted(kept) == sorted(done), f"seed {seed}"
    assert await client.hget(key, "count") == str(len(done)).encode()


@pytest.mark.parametrize("emptied", [True, False])
async def test_a_redis_that_was_set_back_is_not_taken_for_another_owner(
    client: Any, key: str, emptied: bool
) -> None:
    earlier, counter = Counter(client, key), Counter(client, key)
    await earlier.hash.take_over()
    await earlier.step("earlier")
    copy = await client.hgetall(key)
    await counter.hash.take_over()
    await counter.step("now")
    await client.delete(key)
    if not emptied:
        await client.hset(key, mapping=copy)
    for refused in (counter.step("lost"), counter.hash.read("count")):
        with pytest.raises(SetBack, match="emptied or restored from an older copy"):
            await refused
    assert await counter.hash.resume() == ({} if emptied else {b"count": b"1"})
    await counter.step("again")
    with pytest.raises(Fenced):
        await earlier.step("earlier")
    assert await client.lrange(f"{key}:list", 0, -1) == [b"earlier", b"now", b"again"]


async def test_a_take_over_whose_answer_was_lost_does_not_fence_ourselves(
    client: Any, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = Counter(client, key)
    await counter.hash.take_over()
    await counter.step("before")
    make = client.pipeline

    def losing(**options: Any) -> Any:
        pipe = make(**options)
        execute = pipe.execute

        async def lose() -> None:
            await execute()
            raise RedisConnectionError("the answer was lost")

        pipe.execute = lose
        return pipe

    monkeypatch.setattr(client, "pipeline", losing)
    with pytest.raises(RedisConnectionError):
        await counter.hash.resume()
    monkeypatch.setattr(client, "pipeline", make)
    assert await counter.hash.resume() == {b"count": b"1"}
    await counter.step("after")
