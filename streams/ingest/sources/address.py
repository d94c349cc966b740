"""What SOURCE on the command line names: a file, or how to reach a live feed."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

from models.errors import InputError

UDP_PORT: Final = 10_110
"""The port registered for NMEA 0183 over IP."""
BAUD: Final = 38_400
"""The speed of AIS receivers."""
AISSTREAM_URL: Final = "wss://stream.aisstream.io/v0/stream"
STDIN: Final = "-"

FORMS: Final = (
    "a file, folder or archive, - for standard input, tcp://HOST:PORT, udp://[HOST][:PORT] (listens; port "
    f"{UDP_PORT}), serial:/dev/DEVICE?baud={BAUD}, aisstream: (the key in AISSTREAM_API_KEY) or sightings: "
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
class SightingsAddress:
    """The topic of sightings of the same deployment."""

    text: str

    live = True


LiveAddress = TcpAddress | UdpAddress | SerialAddress | AisstreamAddress | SightingsAddress
Address = FileAddress | LiveAddress


def parse_address(text: str) -> Address:
    """Understand a SOURCE. Raises AddressError."""
    match = _SCHEME.fullmatch(text)
    if match is None or Path(text).exists():  # a file may have a colon in its name
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
    path = Path(text)
    if text != STDIN and not path.exists():
        raise AddressError(f"{text}: there is no such file; a source is {FORMS}")
    return FileAddress(text)


def _host_and_port(text: str) -> tuple[str, int | None]:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise AddressError(f"{text}: {error}; give {text.split(':')[0]}://HOST:PORT") from None
    more = parts.query or parts.fragment or "@" in parts.netloc or parts.path not in ("", "/")
    if more or "://" not in text:
        raise AddressError(f"{text}: give {parts.scheme}://HOST:PORT and nothing else")
    if port == 0:
        raise AddressError(f"{text}: port 0 can't be used; give one from 1 to 65535")
    return host, port


def _serial(text: str) -> SerialAddress:
    parts = urlsplit(text)
    given = parse_qs(parts.query, keep_blank_values=True)
    baud = given.pop("baud", [str(BAUD)])[-1]
    if not parts.path or parts.netloc or given or not baud.isdecimal():
        raise AddressError(
            f"{text}: give serial:/dev/DEVICE?baud=SPEED, such as serial:/dev/ttyUSB0?baud={BAUD}"
        )
    return SerialAddress(text, parts.path, int(baud))
