"""The WebSocket of aisstream.io, played by a server of our own."""

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from streams.ingest.counters import Counters
from streams.ingest.session import Session
from streams.ingest.sources.address import AisstreamAddress
from streams.ingest.sources.aisstream import AisstreamFeed
from tests.streams.ingest.kafka_reading import (
    QUICK,
    Running,
    fresh_topics,
    lines_of,
    options,
    target,
    until_frames,
)
from tests.waiting import eventually

pytestmark = pytest.mark.services

Handler = Any


class Server:
    """Sends the next text to each connection, and keeps its requests."""

    def __init__(self, *says: list[bytes | str]) -> None:
        self.asked: list[dict[str, Any]] = []
        self._says = list(says)

    async def __aenter__(self) -> str:
        application = web.Application()
        application.router.add_get("/v0/stream", self._serve)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        return f"aisstream:ws://127.0.0.1:{self._runner.addresses[0][1]}/v0/stream"

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.asked.append(await socket.receive_json())
        for text in self._says.pop(0) if self._says else []:
            await (socket.send_bytes(text) if isinstance(text, bytes) else socket.send_str(text))
        if not self._says:
            await socket.receive()
        return socket


async def test_each_text_is_a_line_over_reconnects(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AISSTREAM_API_KEY", "secret")
    topics = fresh_topics()
    server = Server(
        ['{"MessageType":"PositionReport"}', b'{"binary":1}', '{\n "spread": "over lines"\n}'],
        ['{"error": "Api Key Is Not Valid"}', "never read"],
        ['{"again":1}'],
    )
    async with server as address:
        box = (120.0, 30.0, 145.0, 45.0)
        session = Session([address], target(kafka, topics), options(tmp_path, boxes=[box]))
        async with Running(session):
            (source,) = session.names
            frames = await until_frames(kafka, topics, lambda found: len(lines_of(found, source)) >= 4)
            await eventually(lambda: len(server.asked) == 3)
        texts = [json.loads(line) for line in lines_of(frames, source)]
        assert texts == [
            {"MessageType": "PositionReport"},
            {"binary": 1},
            {"spread": "over lines"},
            {"again": 1},
        ]
        assert server.asked[0] == {"APIKey": "secret", "BoundingBoxes": [[[30.0, 120.0], [45.0, 145.0]]]}
        assert session.counters.reconnects == 2


def test_a_box_across_180_degrees_is_asked_for_as_two() -> None:
    feed = AisstreamFeed(AisstreamAddress("", ""), "key", [(170, -10, -160, 10)], Counters(), QUICK)
    assert feed._subscription["BoundingBoxes"] == [[[-10, 170], [10, 180]], [[-10, -180], [10, -160]]]
