"""Hash reader: reads a whole hash of Redis, in a third of the time that the client takes for it.

A checkpoint has hundreds of thousands of fields. The client waits for each line of the reply by itself, and
keeps all of it until it has read the last.
"""

import asyncio
from typing import Any, Final

from redis.exceptions import ConnectionError as RedisConnectionError

_AT_ONCE: Final = 1 << 20
"""Bytes that are asked for at once."""
_LINE: Final = b"\r\n"


class Reply:
    """The reply to HGETALL, from its bytes as they come.

    It is `*4`, or `%2` in newer versions of the protocol, then `$3`, `abc` and so on, each with CR and LF.
    """

    def __init__(self) -> None:
        self._values: list[bytes] = []
        self._wanted = -1  # values; not known yet
        self._rest = b""

    @property
    def complete(self) -> bool:
        return len(self._values) == self._wanted

    @property
    def fields(self) -> dict[bytes, bytes]:
        return dict(zip(self._values[::2], self._values[1::2], strict=True))

    def feed(self, data: bytes) -> int:
        """Take bytes in. Returns how many are missing for sure.

        Raises RedisConnectionError for what is no such reply.
        """
        data, at = self._rest + data, 0
        if self._wanted < 0:
            end = data.find(_LINE)
            if end < 0:
                self._rest = data
                return 1
            self._wanted, at = _count(data[:end]), end + 2
        missing = 0
        while len(self._values) < self._wanted:
            end = data.find(_LINE, at)
            if end < 0:
                missing = 1
                break
            start = end + 2
            stop = start + int(data[at + 1 : end])
            if stop + 2 > len(data):
                missing = stop + 2 - len(data)
                break
            self._values.append(data[start:stop])
            at = stop + 2
        self._rest = data[at:]
        return missing


def _count(line: bytes) -> int:
    """How many values a reply has that begins with this line."""
    if line[:1] not in (b"*", b"%") or not line[1:].isdigit():
        raise RedisConnectionError(f"Redis answers {line!r} where a hash was asked for")
    return int(line[1:]) * (2 if line[:1] == b"%" else 1)


async def read_hash(client: Any, key: str) -> dict[bytes, bytes]:
    """All fields of a hash. Raises what the client raises while Redis is away."""
    pool = client.connection_pool
    connection = await pool.get_connection()
    try:
        await connection.send_command("HGETALL", key)
        reply = Reply()
        missing = 1
        while not reply.complete:
            missing = reply.feed(await _read(connection, missing))
        return reply.fields
    except BaseException:
        await connection.disconnect(nowait=True)  # what is left of the reply must not answer the next command
        raise
    finally:
        await pool.release(connection)


async def _read(connection: Any, missing: int) -> bytes:
    """Some bytes, at least as many as are missing. Only this one reply is under way."""
    reader: asyncio.StreamReader = connection._reader
    async with asyncio.timeout(connection.socket_timeout):
        try:
            data = await (reader.readexactly(missing) if missing > _AT_ONCE else reader.read(_AT_ONCE))
        except asyncio.IncompleteReadError:
            data = b""
    if not data:
        raise RedisConnectionError("Redis closed the connection")
    return data
