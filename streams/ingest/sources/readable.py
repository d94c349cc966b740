"""Waits for a descriptor to have something to read, without reading it: cancelled, nothing is lost."""

import asyncio
import socket


async def readable(descriptor: int | socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def set_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, set_ready)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
