"""What SOURCE on the command line names: a file, or how to reach a live feed."""

import os
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

from models.errors import InputError

UDP_PORT: Final = 10_110
"""The port registered for NMEA 0183 over IP."""
BAUD: Final = 38_400
"""The speed of AIS receivers."""
AISSTREAM_URL: Final = "wss://stream.aisstream.io/v0/stream"
STDIN: Final = "-"
MQTT_PORTS: Final = {"mqtt": 1883, "mqtts": 8883, "mqtt+ws": 80, "mqtt+wss": 443}
"""Default port of each way to reach an MQTT broker: plain, TLS, WebSocket, WebSocket with TLS."""
WEBSOCKET_PATH: Final = "/mqtt"
"""The path of MQTT over WebSocket, as all brokers have it by default."""

FORMS: Final = (
    "a file, folder or archive, - for standard input, tcp://HOST:PORT, udp://[HOST][:PORT] (listens; port "
    f"{UDP_PORT}), http://[HOST]:PORT/PATH (listens), mqtt://HOST[:PORT]/TOPIC (also mqtts, mqtt+ws, "
    f"mqtt+wss), serial:/dev/DEVICE?baud={BAUD}, aisstream: (the key in AISSTREAM_API_KEY) or sightings: "
    "(the topic of what others saw)"
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):(.*)", re.DOTALL)


class AddressError(InputError):
    """A source that can't be understood or opened; the text says what to give instead."""


@dataclass(frozen=True, slots=True)
class FileAddress:
    text: str

    live = False


@dataclass(frozen=True, slots=True)
class TcpAddress:
    text: str
    host: str
    port: int

    live = True


@dataclass(frozen=True, slots=True)
class UdpAddress:
    text: str
    host: str
    """Address of the interface to listen on; empty for all of them (IPv4)."""
    port: int

    live = True


@dataclass(frozen=True, slots=True)
class SerialAddress:
    text: str
    device: str
    baud: int

    live = True


@dataclass(frozen=True, slots=True)
class AisstreamAddress:
    text: str
    url: str

    live = True


@dataclass(frozen=True, slots=True)
class HttpAddress:
    text: str
    host: str
    """Address of the interface to listen on; empty for all of them (IPv4)."""
    port: int
    path: str

    live = True


@dataclass(frozen=True, slots=True)
class SightingsAddress:
    """The topic of sightings of the same deployment."""

    text: str

    live = True


@dataclass(frozen=True, slots=True)
class MqttAddress:
    text: str
    host: str
    port: int
    topics: tuple[str, ...]
    tls: bool = False
    websocket: str = ""
    """The path of the WebSocket; empty for MQTT over TCP."""

    live = True


LiveAddress = (
    TcpAddress | UdpAddress | HttpAddress | MqttAddress | SerialAddress | AisstreamAddress | SightingsAddress
)
Address = FileAddress | LiveAddress


def parse_address(text: str) -> Address:
    """Understand a SOURCE. Raises AddressError."""
    match = _SCHEME.fullmatch(text)
    if match is None or os.path.exists(text):  # a file may have a colon in its name
        return _file(text)
    scheme, rest = match[1].lower(), match[2]
    match scheme:
        case "tcp":
            host, port = _host_and_port(text)
            if not host or port is None:
                raise AddressError(f"{text}: needs host and port, such as tcp://127.0.0.1:{UDP_PORT}")
            return TcpAddress(text, host, port)
        case "udp":
            host, port = _host_and_port(text)
            return UdpAddress(text, host, port if port is not None else UDP_PORT)
        case "http":
            return _http(text)
        case "https":
            raise AddressError(
                f"{text}: TLS is not spoken here; give http://HOST:PORT/PATH, behind a reverse proxy for TLS"
            )
        case "mqtt" | "mqtts" | "mqtt+ws" | "mqtt+wss":
            return _mqtt(text, scheme)
        case "serial":
            return _serial(text)
        case "aisstream":
            if rest and not rest.startswith(("ws://", "wss://")):
                raise AddressError(f"{text}: give aisstream: alone, or aisstream:wss://… for another server")
            return AisstreamAddress(text, rest or AISSTREAM_URL)
        case "sightings":
            if rest:
                raise AddressError(f"{text}: give sightings: alone; the topic is that of the deployment")
            return SightingsAddress(text)
    raise AddressError(f"{text}: unknown kind of source {scheme!r}; known are {FORMS}")


def _file(text: str) -> FileAddress:
    if text != STDIN and not os.path.exists(text):  # unlike Path, it takes names of any length
        raise AddressError(f"{text}: there is no such file; a source is {FORMS}")
    return FileAddress(text)


def _host_and_port(text: str) -> tuple[str, int | None]:
    parts = _split(text)
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise _no_address(text, error) from None
    more = parts.query or parts.fragment or "@" in parts.netloc or parts.path not in ("", "/")
    if more or "://" not in text:
        raise AddressError(f"{text}: give {parts.scheme}://HOST:PORT and nothing else")
    if port == 0:
        raise AddressError(f"{text}: port 0 can't be used; give one from 1 to 65535")
    return host, port


def _split(text: str) -> SplitResult:
    try:
        return urlsplit(text)
    except ValueError as error:
        raise _no_address(text, error) from None


def _no_address(text: str, error: ValueError) -> AddressError:
    return AddressError(f"{text}: {error}; give {text.split(':')[0]}://HOST:PORT")


def _http(text: str) -> HttpAddress:
    parts = _split(text)
    host, port = _host_and_port(
        text[: len(text) - len(parts.path)] if not parts.query + parts.fragment else text
    )
    if port is None:
        raise AddressError(f"{text}: needs a port to listen on, such as http://127.0.0.1:8100/ais")
    return HttpAddress(text, host, port, parts.path or "/")


def _mqtt(text: str, scheme: str) -> MqttAddress:
    form = f"{scheme}://HOST[:PORT]/TOPIC"
    where, slash, topics = text.partition("://")[2].partition("/")
    if "@" in where:
        raise AddressError(
            f"{scheme}://...: holds a user or a password; give {form}, and them in TANKERWATCH_MQTT_USER and "
            "TANKERWATCH_MQTT_PASSWORD"
        )
    host, port = _host_and_port(f"{scheme}://{where}")
    asked = tuple(topics.split(","))
    if not host or not slash or not all(asked):
        raise AddressError(
            f"{text}: give {form}, such as {scheme}://broker.example.org/ais/#; several topics are separated "
            "by commas"
        )
    for topic in asked:
        levels = topic.split("/")
        if any(len(level) > 1 and set(level) & set("+#") for level in levels) or "#" in levels[:-1]:
            raise AddressError(f"{text}: {topic!r} is no topic; + stands for a level, # for all at the end")
    return MqttAddress(
        text,
        host,
        MQTT_PORTS[scheme] if port is None else port,
        asked,
        tls=scheme in ("mqtts", "mqtt+wss"),
        websocket=WEBSOCKET_PATH if "+" in scheme else "",
    )


def _serial(text: str) -> SerialAddress:
    parts = _split(text)
    given = parse_qs(parts.query, keep_blank_values=True)
    baud = given.pop("baud", [str(BAUD)])[-1]
    if not parts.path or parts.netloc or given or not baud.isdecimal():
        raise AddressError(
            f"{text}: give serial:/dev/DEVICE?baud=SPEED, such as serial:/dev/ttyUSB0?baud={BAUD}"
        )
    return SerialAddress(text, parts.path, int(baud))
