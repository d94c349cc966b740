"""The WebSocket of aisstream.io, played by a server of our own."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from models.time import to_text
from streams.ingest.counters import Counters
from streams.ingest.session import Session
from streams.ingest.sources.address import AisstreamAddress
from streams.ingest.sources.aisstream import AisstreamFeed
from streams.runtime.tasks import end
from tests.streams.ingest.kafka_reading import (
    QUICK,
    Running,
    fresh_topics,
    lines_of,
    options,
    target,
    until_frames,
)
from tests.streams.ingest.sources.outboxes import Kept, decoded
from tests.unsaid import API_KEY
from tests.waiting import eventually

pytestmark = pytest.mark.services

Handler = Any
PING, PONG = "(ping)", "(pong)"
"""Stand for control frames among what a server says."""


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
            if text in (PING, PONG):
                await (socket.ping(b"here?") if text == PING else socket.pong(b"here"))
            else:
                await (socket.send_bytes(text) if isinstance(text, bytes) else socket.send_str(text))
        if not self._says:
            await socket.receive()
        return socket


async def test_each_text_is_a_line_over_reconnects(
    kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AISSTREAM_API_KEY", API_KEY)
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
        assert server.asked[0] == {"APIKey": API_KEY, "BoundingBoxes": [[[30.0, 120.0], [45.0, 145.0]]]}
        assert session.counters.reconnects == 2


def frame(kind: str, second: int, **fields: Any) -> str:
    """A message as the server sends it: the body under the name of its type, and what is known about it."""
    body = {"MessageID": 1, "RepeatIndicator": 0, "UserID": 273111111, "Valid": True, **fields}
    about = {
        "MMSI": 273111111,
        "MMSI_String": 273111111,
        "ShipName": "TEST SHIP           ",
        "latitude": 42.5,
        "longitude": 132.5,
        "time_utc": f"2023-11-14 22:13:{second:02d}.940343840 +0000 UTC",
    }
    return json.dumps({"MessageType": kind, "Message": {kind: body}, "MetaData": about})


PLACE: dict[str, Any] = {
    "Latitude": 42.5, "Longitude": 132.5, "Sog": 10.2, "Cog": 90.4, "TrueHeading": 91, "RateOfTurn": 0,
    "NavigationalStatus": 0,
}  # fmt: skip
STATIC: dict[str, Any] = {
    "MessageID": 5,
    "ImoNumber": 9074729,
    "CallSign": "UBXX7  ",
    "Name": "OCEAN STAR          ",
    "Type": 80,
    "Dimension": {"A": 120, "B": 30, "C": 12, "D": 10},
    "MaximumStaticDraught": 8.5,
    "Destination": "VOSTOCHNY           ",
    "Eta": {"Month": 11, "Day": 20, "Hour": 6, "Minute": 0},
}


async def test_all_kinds_of_frames_are_decoded_over_control_frames_and_reconnects(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept()
    server = Server(
        [
            frame("PositionReport", 20, Timestamp=20, **PLACE),
            PING,
            frame("ShipStaticData", 21, **STATIC).encode(),
            frame("Interrogation", 22, MessageID=15),
            PONG,
        ],
        [json.dumps({"error": "Api Key Is Not Valid"}), frame("PositionReport", 23, Timestamp=23, **PLACE)],
        [
            frame("StandardClassBPositionReport", 40, Timestamp=40, **{**PLACE, "MessageID": 18}),
            frame("PositionReport", 50, Timestamp=50, **PLACE).encode(),
        ],
    )
    async with server as address:
        feed = AisstreamFeed(
            AisstreamAddress(address, address.removeprefix("aisstream:")), "key", [], kept.counters, QUICK
        )
        running = asyncio.create_task(feed.run(kept.intake))

        async def enough() -> bool:
            await kept.intake.flush()
            return len(kept.lines) >= 5

        await eventually(enough)
        await end(running)
        await kept.intake.end()
    assert server.asked == 3 * [{"APIKey": "key", "BoundingBoxes": [[[-90.0, -180.0], [90.0, 180.0]]]}]
    assert kept.counters.reconnects == 2
    assert "aisstream.io says: Api Key Is Not Valid" in caplog.text
    assert max(map(len, kept.lines)) < 4_096
    decoder, positions, statics = decoded(kept.lines)
    assert {name: n for name, n in decoder.outcomes.items() if n} == {"message": 4, "no_report": 1}
    assert [to_text(time) for time in positions["time"].tolist()] == [
        f"2023-11-14T22:13:{second}.940Z" for second in (20, 40, 50)
    ]
    assert positions["type"].tolist() == [1, 18, 1]
    assert positions["lat"].tolist() == pytest.approx([42.5] * 3)
    assert (statics["imo"].tolist(), statics["draught"].tolist()) == ([9074729], pytest.approx([8.5]))


def test_a_box_across_180_degrees_is_asked_for_as_two() -> None:
    feed = AisstreamFeed(AisstreamAddress("", ""), "key", [(170, -10, -160, 10)], Counters(), QUICK)
    assert feed._subscription["BoundingBoxes"] == [[[-10, 170], [10, 180]], [[-10, -180], [10, -160]]]
