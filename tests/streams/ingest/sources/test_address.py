"""What SOURCE may be, and the messages for what it may not be."""

from pathlib import Path

import pytest

from streams.ingest.sources.address import (
    AISSTREAM_URL,
    Address,
    AddressError,
    AisstreamAddress,
    FileAddress,
    HttpAddress,
    MqttAddress,
    SerialAddress,
    TcpAddress,
    UdpAddress,
    parse_address,
)


@pytest.mark.parametrize(
    "address",
    [
        FileAddress("-"),
        TcpAddress("tcp://example.org:4001", "example.org", 4001),
        TcpAddress("tcp://[::1]:4001", "::1", 4001),
        UdpAddress("udp://", "", 10110),
        UdpAddress("udp://:5000", "", 5000),
        UdpAddress("udp://127.0.0.1", "127.0.0.1", 10110),
        UdpAddress("udp://[::]:5000", "::", 5000),
        HttpAddress("http://127.0.0.1:8100", "127.0.0.1", 8100, "/"),
        HttpAddress("http://:8100/ais/in", "", 8100, "/ais/in"),
        HttpAddress("http://[::1]:8100/ais", "::1", 8100, "/ais"),
        MqttAddress("mqtt://example.org/ais/data", "example.org", 1883, ("ais/data",)),
        MqttAddress("mqtts://example.org/a/#,b/+/c", "example.org", 8883, ("a/#", "b/+/c"), tls=True),
        MqttAddress("mqtt+ws://[::1]:9001/#", "::1", 9001, ("#",), websocket="/mqtt"),
        MqttAddress(
            "mqtt+wss://meri.digitraffic.fi/vessels-v2/+/location", "meri.digitraffic.fi", 443,
            ("vessels-v2/+/location",), tls=True, websocket="/mqtt",
        ),
        SerialAddress("serial:/dev/ttyUSB0", "/dev/ttyUSB0", 38400),
        SerialAddress("serial:/dev/ttyUSB0?baud=4800", "/dev/ttyUSB0", 4800),
        AisstreamAddress("aisstream:", AISSTREAM_URL),
        AisstreamAddress("aisstream:ws://127.0.0.1:1/x", "ws://127.0.0.1:1/x"),
    ],
    ids=lambda address: address.text,
)  # fmt: skip
def test_understood(address: Address) -> None:
    assert parse_address(address.text) == address


def test_a_file_may_look_like_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tcp:12").touch()
    assert parse_address("tcp:12") == FileAddress("tcp:12")
    assert parse_address(str(tmp_path)) == FileAddress(str(tmp_path)), "a folder of recordings"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gone.nmea", "no such file; a source is a file"),
        ("ftp://example.org", "unknown kind of source 'ftp'; known are a file"),
        ("http://example.org", "needs a port to listen on"),
        ("http://a:b@example.org:80/x", "give http://HOST:PORT and nothing else"),
        ("http://example.org:80/x?y=1", "give http://HOST:PORT and nothing else"),
        ("https://example.org:443/x", "behind a reverse proxy"),
        ("mqtt://example.org", "give mqtt://HOST[:PORT]/TOPIC"),
        ("mqtt://example.org/", "give mqtt://HOST[:PORT]/TOPIC"),
        ("mqtt:///ais", "give mqtt://HOST[:PORT]/TOPIC"),
        ("mqtt://example.org:0/ais", "port 0 can't be used"),
        ("mqtt://example.org/ais/#/more", "'ais/#/more' is no topic"),
        ("mqtt://example.org/a+", "'a+' is no topic"),
        ("mqtt://me:secret@example.org/ais", "mqtt://...: holds a user or a password"),
        ("tcp://example.org", "needs host and port"),
        ("tcp://:4001", "needs host and port"),
        ("tcp:example.org:4001", "give tcp://HOST:PORT"),
        ("tcp://example.org:99999", "out of range"),
        ("tcp://example.org:0", "port 0 can't be used"),
        ("tcp://user@example.org:1", "give tcp://HOST:PORT and nothing else"),
        ("udp://host:1/path", "give udp://HOST:PORT and nothing else"),
        ("udp:", "give udp://HOST:PORT"),
        ("serial:", "give serial:/dev/DEVICE"),
        ("serial:/dev/ttyS0?baud=fast", "give serial:/dev/DEVICE"),
        ("serial:/dev/ttyS0?speed=1", "give serial:/dev/DEVICE"),
        ("aisstream:key", "give aisstream: alone"),
    ],
)
def test_not_understood(text: str, said: str) -> None:
    with pytest.raises(AddressError) as error:
        parse_address(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
