"""Messages as lines: payloads by pyais' encoder, sentences and tag blocks after NMEA 0183 and IEC 61162-1."""

from typing import Final, NamedTuple

from pyais.messages import (
    MessageType1,
    MessageType3,
    MessageType5,
    MessageType18,
    MessageType24PartA,
    MessageType24PartB,
    MessageType27,
)

from streams.simulator.kinematics import Nav
from streams.simulator.vessel import Ship

SENTENCE_PAYLOAD: Final = 60
"""Payload characters that fit a sentence of 82 characters."""

_STATUS: Final = {Nav.UNDER_WAY: 0, Nav.AT_ANCHOR: 1, Nav.MOORED: 5, Nav.FISHING: 7}


class Payload(NamedTuple):
    """Armoured six-bit text and the number of fill bits."""

    text: str
    fill: int


class Fix(NamedTuple):
    """What a transponder knows of its own motion: degrees, knots, degrees, seconds UTC of the minute."""

    lon: float
    lat: float
    sog: float
    cog: float
    heading: float
    second: int


def position(ship: Ship, fix: Fix, nav: Nav) -> Payload:
    """Message 1 (3 at anchor and moored, where class A reports by ITDMA), or 18 for class B."""
    common = {
        "mmsi": ship.mmsi,
        "lon": fix.lon,
        "lat": fix.lat,
        "speed": round(fix.sog, 1),
        "course": round(fix.cog, 1) % 360,
        "second": fix.second,
        "accuracy": True,
    }
    if ship.class_b:
        return Payload(
            *MessageType18.create(**common, heading=511, cs=True, display=False, band=True).encode()
        )
    kind = MessageType1 if nav in (Nav.UNDER_WAY, Nav.FISHING) else MessageType3
    heading = round(fix.heading) % 360
    message = kind.create(**common, heading=heading, status=_STATUS[nav], turn=-128, maneuver=0)
    return Payload(*message.encode())


def long_range(ship: Ship, fix: Fix, nav: Nav) -> Payload:
    """Message 27: a tenth of a minute, whole knots and degrees (ITU-R M.1371-5 annex 4)."""
    message = MessageType27.create(
        mmsi=ship.mmsi,
        lon=fix.lon,
        lat=fix.lat,
        speed=round(fix.sog),
        course=round(fix.cog) % 360,
        status=_STATUS[nav],
    )
    return Payload(*message.encode())


def static(ship: Ship, draught: float) -> Payload:
    """Message 5, class A."""
    message = MessageType5.create(
        mmsi=ship.mmsi,
        imo=ship.imo,
        callsign=ship.callsign,
        shipname=ship.name,
        ship_type=ship.ship_type,
        to_bow=ship.to_bow,
        to_stern=ship.to_stern,
        to_port=ship.to_port,
        to_starboard=ship.to_starboard,
        epfd=1,
        month=0,
        day=0,
        hour=24,
        minute=60,
        draught=round(draught, 1),
        destination=ship.destination,
    )
    return Payload(*message.encode())


def static_b(ship: Ship, part: int) -> Payload:
    """Message 24, class B: part 0 (A) is the name, part 1 (B) the rest."""
    if part == 0:
        return Payload(*MessageType24PartA.create(mmsi=ship.mmsi, partno=0, shipname=ship.name).encode())
    message = MessageType24PartB.create(
        mmsi=ship.mmsi,
        partno=1,
        ship_type=ship.ship_type,
        callsign=ship.callsign,
        to_bow=ship.to_bow,
        to_stern=ship.to_stern,
        to_port=ship.to_port,
        to_starboard=ship.to_starboard,
    )
    return Payload(*message.encode())


def checksum(text: str) -> str:
    """Exclusive or of the characters, two hexadecimal digits."""
    value = 0
    for byte in text.encode("ascii"):
        value ^= byte
    return f"{value:02X}"


def sentences(payload: Payload, channel: str, sequence: int) -> list[str]:
    """One message as `!AIVDM` sentences without line ends; several together carry the sequence number."""
    chunks = [payload.text[i : i + SENTENCE_PAYLOAD] for i in range(0, len(payload.text), SENTENCE_PAYLOAD)]
    lines = []
    for number, chunk in enumerate(chunks, 1):
        fill = payload.fill if number == len(chunks) else 0
        mark = sequence if len(chunks) > 1 else ""
        body = f"AIVDM,{len(chunks)},{number},{mark},{channel},{chunk},{fill}"
        lines.append(f"!{body}*{checksum(body)}")
    return lines


def tagged(lines: list[str], station: str, epoch: int, group: int | None = None) -> list[str]:
    """The sentences of one message behind tag blocks with station and UNIX time.

    With a group number several sentences are tied together by `g:` and only the first names station and time.
    """
    out = []
    for number, line in enumerate(lines, 1):
        fields = [f"s:{station},c:{epoch}"] if group is None or number == 1 else []
        if group is not None and len(lines) > 1:
            fields.insert(0, f"g:{number}-{len(lines)}-{group}")
        body = ",".join(fields)
        out.append(f"\\{body}*{checksum(body)}\\{line}")
    return out


def damaged(line: str, place: int, change: int, pass_checksum: bool) -> str:
    """The line with one payload character changed, as by noise; the checksum left alone or, rarely, fitting.

    One character changed always breaks the checksum: exclusive or sees every single change.
    """
    head, body = line.split("!", 1)
    body, _ = body.split("*", 1)
    fields = body.split(",")
    text = fields[5]
    at = place % len(text)
    alphabet = "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
    new = alphabet[(alphabet.index(text[at]) + 1 + change % 63) % 64]
    fields[5] = text[:at] + new + text[at + 1 :]
    changed = ",".join(fields)
    return f"{head}!{changed}*{checksum(changed if pass_checksum else body)}"
