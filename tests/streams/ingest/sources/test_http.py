"""What is posted by HTTP: answered once its lines are safe, split into messages, refused where it can't be
used."""

import asyncio
import base64
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from streams.ingest.session import Session
from streams.ingest.sources import http
from streams.ingest.sources.address import AddressError, HttpAddress
from streams.ingest.sources.http import HttpFeed
from streams.runtime.tasks import end
from tests.services.server import free_port
from tests.streams.ingest.kafka_reading import (
    Running,
    fresh_topics,
    lines_of,
    options,
    target,
    until_frames,
)
from tests.streams.ingest.sources.outboxes import Kept, decoded
from tests.streams.nmea_lines import class_a, sentence
from tests.unsaid import TOKEN
from tests.waiting import PATIENCE, eventually

SENTENCES = [sentence(*class_a(273_000_000 + number)) for number in range(200)]
MESSAGES = [
    {"class": "AIS", "rxuxtime": 1704164640.0 + at, "nmea": [text], "signalpower": -30.5, "ppm": 0}
    for at, text in enumerate(SENTENCES)
]
ENVELOPE = json.dumps(
    {
        "protocol": "jsonaiscatcher",
        "encodetime": "20240102030405",
        "stationid": "home",
        "receiver": {"description": "AIS-catcher v0.60", "version": 60},
        "device": {"product": "RTLSDR", "setting": "rate 1536K"},
        "msgs": MESSAGES,
    }
).encode()


@asynccontextmanager
async def listening(
    kept: Kept, token: str | None = None, path: str = "/ais"
) -> AsyncIterator[httpx.AsyncClient]:
    feed = HttpFeed(HttpAddress("http://", "127.0.0.1", free_port(), path), token, kept.counters)
    running = asyncio.create_task(feed.run(kept.intake))
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{feed.port}", timeout=PATIENCE) as client:
            yield client
    finally:
        await end(running)
        await kept.intake.end()


@pytest.mark.parametrize("packed", [False, True])
async def test_an_envelope_becomes_a_line_for_each_message_before_it_is_answered(packed: bool) -> None:
    kept = Kept()
    async with listening(kept) as client:
        body, headers = (gzip.compress(ENVELOPE), {"Content-Encoding": "gzip"}) if packed else (ENVELOPE, {})
        answer = await client.post("/ais", content=body, headers=headers)
        assert (answer.status_code, answer.text) == (200, "200 lines\n")
        assert [json.loads(line) for line in kept.lines] == MESSAGES
        assert max(map(len, kept.lines)) < 4_096 < len(ENVELOPE)
    decoder, positions, _ = decoded(kept.lines)
    assert positions["mmsi"].tolist() == [273_000_000 + number for number in range(200)]
    assert {name: n for name, n in decoder.outcomes.items() if n} == {"message": 200}


@pytest.mark.parametrize(
    "body",
    [
        "\r\n".join(SENTENCES[:5]) + "\r\n",
        "\n".join(SENTENCES[:5]),
        "\n".join(map(json.dumps, MESSAGES[:5])),
        json.dumps(MESSAGES[:5], indent=2),
        json.dumps({"protocol": "jsonaiscatcher", "msgs": SENTENCES[:5]}),
        json.dumps(SENTENCES[:5]),
    ],
)
async def test_lines_arrays_and_arrays_of_sentences_are_read(body: str) -> None:
    kept = Kept()
    async with listening(kept) as client:
        assert (await client.post("/ais", content=body)).status_code == 200
    lines = [line if b"{" in line else b"\\c:1704164640*65\\" + line for line in kept.lines if line]
    assert decoded(lines)[1]["mmsi"].tolist() == [273_000_000 + number for number in range(5)]


async def test_no_answer_comes_before_the_lines_are_safe() -> None:
    kept = Kept()
    async with listening(kept) as client:
        kept.outbox.opened.clear()
        answer = asyncio.create_task(client.post("/ais", content=SENTENCES[0]))
        await eventually(lambda: kept.counters.requests == 1)
        done, _ = await asyncio.wait([answer], timeout=0.2)
        assert not done
        kept.outbox.opened.set()
        assert (await answer).status_code == 200
        assert kept.lines == [SENTENCES[0].encode()]


async def test_a_request_whose_lines_are_lost_at_the_end_is_not_answered_200() -> None:
    kept = Kept()
    async with listening(kept) as client:
        kept.outbox.opened.clear()
        answer = asyncio.create_task(client.post("/ais", content=SENTENCES[0]))
        await eventually(lambda: kept.counters.requests == 1)
        kept.outbox.closing = True
        assert (await answer).status_code == 503
        assert kept.counters.dropped_lines == 1


async def test_what_can_not_be_used_is_refused_and_taken_in_by_no_part(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "BODY_BYTES", 10_000)
    monkeypatch.setattr(http, "TEXT_BYTES", 50_000)
    kept = Kept()
    packed = {"Content-Encoding": "gzip"}
    data = gzip.compress(ENVELOPE)

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 1_000

    async with listening(kept) as client:
        told = [
            (await client.post("/other", content="x"), 404, "post to /ais"),
            (await client.get("/ais"), 405, "post lines or JSON"),
            (await client.post("/ais", content=b"x", headers={"Content-Encoding": "br"}), 415, "gzip"),
            (await client.post("/ais", files={"jsonais": b"{}"}), 415, "forms are not read"),
            (await client.post("/ais", content=b"x" * 10_001), 413, "at most 10000 bytes"),
            (await client.post("/ais", content=chunks()), 413, "at most 10000 bytes"),
            (await client.post("/ais", content=gzip.compress(b"x" * 9_000_000), headers=packed), 413, "text"),
            (await client.post("/ais", content=data[:-20], headers=packed), 400, "break off"),
            (await client.post("/ais", content=b"no gzip", headers=packed), 400, "no gzip data"),
        ]
        for answer, status, text in told:
            assert (answer.status_code, text in answer.text) == (status, True), answer.text
        assert kept.counters.refused_requests == len(told)
        assert (await client.post("/ais", content=b"")).status_code == 200
        assert (await client.post("/ais", content=SENTENCES[0])).status_code == 200
        assert kept.lines == [SENTENCES[0].encode()]


async def test_a_sender_that_asks_first_is_told_to_go_on_or_why_not() -> None:
    kept = Kept()
    async with listening(kept) as client:
        for path, answers in (("/ais", [b"100", b"200"]), ("/other", [b"404"])):
            reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
            head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(SENTENCES[0])}\r\n"
            writer.write(f"{head}Expect: 100-continue\r\nConnection: close\r\n\r\n".encode())
            found = []
            async with asyncio.timeout(PATIENCE):
                for _ in answers:
                    found.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
                    if found == [b"100"]:
                        writer.write(SENTENCES[0].encode())
            assert found == answers
            writer.close()
            await writer.wait_closed()
    assert kept.lines == [SENTENCES[0].encode()]


async def test_with_a_token_only_its_senders_are_heard() -> None:
    kept = Kept()
    basic = base64.b64encode(f"station:{TOKEN}".encode()).decode()
    async with listening(kept, TOKEN) as client:
        for given, status in (
            ({}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Basic %%%"}, 401),
            ({"Authorization": f"Bearer {TOKEN}"}, 200),
            ({"Authorization": f"Basic {basic}"}, 200),
        ):
            assert (await client.post("/ais", content=SENTENCES[0], headers=given)).status_code == status
    assert len(kept.lines) == 2


async def test_more_requests_at_once_than_are_taken_are_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "AT_ONCE", 2)
    kept = Kept()
    async with listening(kept) as client:
        kept.outbox.opened.clear()
        waiting = [asyncio.create_task(client.post("/ais", content=SENTENCES[n])) for n in range(2)]
        await eventually(lambda: kept.counters.requests == 2)
        busy = await client.post("/ais", content=SENTENCES[2])
        assert (busy.status_code, busy.headers["retry-after"]) == (503, "1")
        kept.outbox.opened.set()
        assert [(await one).status_code for one in waiting] == [200, 200]


def test_a_port_that_is_taken_is_told() -> None:
    first = HttpFeed(HttpAddress("http://:1", "127.0.0.1", free_port(), "/"), None, Kept().counters)
    with pytest.raises(AddressError, match=r"can't listen on port \d+ of 127.0.0.1 .*; choose another"):
        HttpFeed(HttpAddress("http://:1", "127.0.0.1", first.port, "/"), None, Kept().counters)
    first._socket.close()


@pytest.mark.services
async def test_what_is_posted_reaches_kafka_in_order(kafka: str, tmp_path: Path) -> None:
    topics, port = fresh_topics(), free_port()
    session = Session([f"http://127.0.0.1:{port}/ais"], target(kafka, topics), options(tmp_path))
    async with Running(session), httpx.AsyncClient(timeout=PATIENCE) as client:
        for at in range(0, 200, 50):
            body = json.dumps({"msgs": MESSAGES[at : at + 50]}).encode()
            answer = await _post(client, f"http://127.0.0.1:{port}/ais", body)
            assert answer.status_code == 200
        (source,) = session.names
        frames = await until_frames(kafka, topics, lambda found: len(lines_of(found, source)) >= 200)
    assert [json.loads(line) for line in lines_of(frames, source)] == MESSAGES


async def _post(client: httpx.AsyncClient, url: str, body: bytes) -> httpx.Response:
    """Post gzip, as AIS-catcher does with GZIP ON; again until someone listens."""
    while True:
        try:
            return await client.post(url, content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
        except httpx.ConnectError:
            await asyncio.sleep(0.05)
