"""MQTT from a real broker: Digitraffic's topics, AIS-catcher's, TLS, WebSockets, a broker that goes away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from streams.ingest.sources import mqtt
from streams.ingest.sources.address import MqttAddress, parse_address
from streams.ingest.sources.mqtt import MqttFeed, with_vessel
from streams.runtime.tasks import end
from tests.services.mosquitto import MosquittoServer
from tests.services.server import HOST, free_port
from tests.streams.alerts.fake_receivers import CERTIFICATE
from tests.streams.ingest.kafka_reading import QUICK
from tests.streams.ingest.sources.outboxes import Kept, decoded
from tests.streams.nmea_lines import class_a, sentence
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services

LOCATION = {
    "time": 1668075025, "sog": 10.7, "cog": 326.6, "navStat": 0, "rot": 0, "posAcc": True, "raim": False,
    "heading": 325, "lon": 20.345818, "lat": 60.03802,
}  # fmt: skip
METADATA = {
    "timestamp": 1668075026035, "destination": "UST LUGA", "name": "ARUNA CIHAN", "draught": 68,
    "eta": 733376, "posType": 15, "refA": 160, "refB": 33, "refC": 20, "refD": 12, "callSign": "V7WW7",
    "imo": 9543756, "type": 70,
}  # fmt: skip
CATCHER = {"class": "AIS", "rxuxtime": 1668075027.5, "nmea": [sentence(*class_a(273_000_001))], "type": 1}


class Broker(MosquittoServer):
    """One that also listens by TLS and by WebSocket, and that knows one name and password if it is given."""

    password = ""

    def _prepare(self) -> None:
        self.tls, self.websocket = free_port(), free_port()
        lines = [
            "per_listener_settings false",
            f"listener {self.port} {HOST}",
            f"listener {self.tls} {HOST}",
            f"certfile {CERTIFICATE}",
            f"keyfile {CERTIFICATE.with_name('key.pem')}",
            f"listener {self.websocket} {HOST}",
            "protocol websockets",
            "allow_anonymous true",
            "persistence false",
            "log_dest stderr",
        ]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")


@pytest.fixture
def broker(tmp_path: Path) -> Any:
    with Broker(tmp_path / "mosquitto") as server:
        yield server


@asynccontextmanager
async def reading(kept: Kept, address: str) -> AsyncIterator[None]:
    parsed = parse_address(address)
    assert isinstance(parsed, MqttAddress)
    running = asyncio.create_task(MqttFeed(parsed, None, None, kept.counters, QUICK).run(kept.intake))
    try:
        yield
    finally:
        await end(running)
        await kept.intake.end()


async def until_read(kept: Kept, server: MosquittoServer, sent: dict[str, Any], count: int) -> None:
    """Publish until the reader, which subscribes at its own time, has so many lines."""

    async def enough() -> bool:
        async with aiomqtt.Client(HOST, server.port) as client:
            for topic, content in sent.items():
                text = content if isinstance(content, str) else json.dumps(content)
                await client.publish(topic, text, qos=1)
        await kept.intake.flush()
        return len(kept.lines) >= count

    await eventually(enough)


async def test_digitraffic_is_decoded_with_the_number_in_its_topic(own_mqtt: MosquittoServer) -> None:
    kept = Kept()
    topics = {
        "vessels-v2/230123456/location": LOCATION,
        "vessels-v2/230123456/metadata": METADATA,
        "vessels-v2/status": {"updated": 1668075026, "status": "OK"},
    }
    address = f"mqtt://{HOST}:{own_mqtt.port}/vessels-v2/+/location,vessels-v2/+/metadata"
    async with reading(kept, address):
        await until_read(kept, own_mqtt, topics, 2)
    decoder, positions, statics = decoded(list(dict.fromkeys(kept.lines)))
    assert positions["mmsi"].tolist() == statics["mmsi"].tolist() == [230123456]
    assert positions["lat"][0] == pytest.approx(60.03802, abs=1e-5)
    assert statics["imo"].tolist() == [9543756]
    assert {name for name, n in decoder.outcomes.items() if n} == {"message"}


async def test_ais_catcher_is_decoded_as_json_and_as_sentences(own_mqtt: MosquittoServer) -> None:
    kept = Kept()
    other = sentence(*class_a(273_000_002))
    sent: dict[str, Any] = {
        "ais/data": CATCHER,
        "ais/nmea": f"\\c:1668075028*54\\{other}\r\n",
        "ais/many": {"protocol": "jsonaiscatcher", "msgs": [CATCHER] * 50},
    }
    async with reading(kept, f"mqtt://{HOST}:{own_mqtt.port}/ais/#"):
        await until_read(kept, own_mqtt, sent, 52)
    assert max(map(len, kept.lines)) < 4_096
    assert set(decoded(kept.lines)[1]["mmsi"].tolist()) == {273_000_001, 273_000_002}


@pytest.mark.parametrize("way", ["mqtts", "mqtt+ws"])
async def test_tls_and_websockets(way: str, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    kept = Kept()
    port = broker.tls if way == "mqtts" else broker.websocket
    async with reading(kept, f"{way}://{HOST}:{port}/ais/data"):
        await until_read(kept, broker, {"ais/data": CATCHER}, 1)
    assert json.loads(kept.lines[0]) == CATCHER


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_a_certificate_that_nobody_vouches_for_is_refused(broker: Broker) -> None:
    kept = Kept()
    async with reading(kept, f"mqtts://{HOST}:{broker.tls}/ais/data"):
        await eventually(lambda: kept.counters.reconnects >= 2)
    assert kept.lines == []


async def test_after_the_broker_was_away_messages_come_again(
    own_mqtt: MosquittoServer, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Kept()
    async with reading(kept, f"mqtt://{HOST}:{own_mqtt.port}/ais/data"):
        await until_read(kept, own_mqtt, {"ais/data": CATCHER}, 1)
        own_mqtt.kill()
        await eventually(lambda: kept.counters.reconnects >= 1)
        own_mqtt.start()
        before = len(kept.lines)
        await until_read(kept, own_mqtt, {"ais/data": CATCHER}, before + 1)
    assert "no connection" in caplog.text


async def test_what_has_come_is_taken_in_at_the_end_and_what_finds_no_room_is_counted(
    own_mqtt: MosquittoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mqtt, "QUEUE", 10)
    monkeypatch.setattr(mqtt, "MESSAGE_BYTES", 10_000)
    kept = Kept()
    async with reading(kept, f"mqtt://{HOST}:{own_mqtt.port}/ais/data"):
        await until_read(kept, own_mqtt, {"ais/data": CATCHER}, 1)
        kept.outbox.opened.clear()
        full = b"x" * 9_000 + b"\n"
        async with asyncio.timeout(PATIENCE), aiomqtt.Client(HOST, own_mqtt.port) as client:
            await client.publish("ais/data", b"y" * 10_001, qos=1)
            while kept.counters.dropped_messages < 5:
                await client.publish("ais/data", full, qos=1)
        asyncio.get_running_loop().call_later(0.1, kept.outbox.opened.set)
    taken = sum(line.startswith(b"x") for line in kept.lines)
    assert taken > 10
    assert not any(line.startswith(b"y") for line in kept.lines)


@pytest.mark.parametrize(
    ("topic", "payload", "expected"),
    [
        ("vessels-v2/1/location", b'{"lat":1}', b'{"mmsi":1,"lat":1}'),
        ("vessels-v2/1/location", b' { "lat":1}', b'{"mmsi":1, "lat":1}'),
        ("vessels-v2/1/location", b'{"mmsi":2}', b'{"mmsi":2}'),
        ("vessels-v2/1/location", b"[1]", b"[1]"),
        ("vessels-v2/1/location", b"{}", b"{}"),
        ("vessels-v2/status", b'{"lat":1}', b'{"lat":1}'),
        ("ais/1/location", b'{"lat":1}', b'{"lat":1}'),
        ("vessels-v2/1234567890/location", b'{"lat":1}', b'{"lat":1}'),
    ],
)
def test_the_number_is_taken_from_the_topic_only_where_it_is_missing(
    topic: str, payload: bytes, expected: bytes
) -> None:
    assert with_vessel(topic, payload) == expected
