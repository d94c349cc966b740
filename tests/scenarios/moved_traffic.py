"""Real traffic moved to another place, with sizes and with simulated transfers put in.

The ships of a crowded anchorage, moved to the open sea, show whether places are known from the traffic or
only from maps; and whether transfers are still found, beside a crowd and away from it. The recording stays in
the folder that TANKERWATCH_CASES names; only what is made from it in memory is replayed.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyais

from streams.simulator.nmea import tagged

KNOT: Final = 1.852 / 3.6 / 111_195
"""Degrees of latitude a second."""
SIZE: Final = {"to_bow": 120, "to_stern": 120, "to_port": 18, "to_starboard": 18}
FIRST: Final = 351_700_000
"""MMSIs of the ships put in begin here."""


class Transfer(NamedTuple):
    """Two ships that come together, drift alongside for some hours and part."""

    mmsis: tuple[int, int]
    start: int  # UNIX time at which they are alongside
    hours: float
    lon: float
    lat: float


def moved(path: Path, east: float, north: float, sized: bool) -> Iterator[tuple[int, list[str]]]:
    """The messages of a recording with tag blocks, moved by degrees: UNIX time and sentences of each.

    With `sized` each ship is 240 m long and 36 m wide.
    """
    parts: list[bytes] = []
    for line in gzip.decompress(path.read_bytes()).splitlines():
        block, _, sentence = line.strip().rpartition(b"\\")
        parts.append(sentence)
        if len(parts) < int(sentence.split(b",")[1]):
            continue
        epoch = int(block.split(b"c:")[1].split(b"*")[0].split(b",")[0])
        fields: dict[str, Any] = pyais.decode(*parts).asdict()
        parts = []
        if "lon" in fields:
            fields["lon"] = (fields["lon"] + east + 180) % 360 - 180
            fields["lat"] += north
        elif sized and "to_bow" in fields:
            fields |= SIZE
        yield epoch, pyais.encode_dict(fields, radio_channel="A", talker_id="AI")


def transfers(begin: int, places: list[tuple[float, float]], seed: int) -> list[Transfer]:
    """One transfer at each place (degrees), at times and for hours that the seed decides."""
    rng = np.random.default_rng(seed)
    return [
        Transfer(
            (FIRST + 2 * i, FIRST + 2 * i + 1),
            begin + int(rng.integers(6, 60)) * 3600,
            float(rng.uniform(3, 7)),
            lon,
            lat,
        )
        for i, (lon, lat) in enumerate(places)
    ]


def messages(transfer: Transfer) -> Iterator[tuple[int, list[str]]]:
    """What the two ships of a transfer send: static data and a position every three minutes."""
    end = transfer.start + int(transfer.hours * 3600)
    for side, mmsi in enumerate(transfer.mmsis):
        away = 1 - 2 * side
        for epoch in range(transfer.start - 5400, end + 5400, 180):
            if (epoch - transfer.start) % 3600 == 0:
                yield epoch, _static(mmsi)
            drifted = np.clip(epoch - transfer.start, 0, end - transfer.start) * 0.4 * KNOT
            apart = (max(transfer.start - epoch, epoch - end, 0)) * 10 * KNOT
            lat = transfer.lat + drifted
            beside = away * (12e-5 + apart) / np.cos(np.radians(lat))  # 27 m from antenna to antenna
            sog = 10.0 if apart else 0.4
            yield epoch, _position(mmsi, transfer.lon + beside, lat, sog)


def recording(parts: list[Iterator[tuple[int, list[str]]]]) -> bytes:
    """All messages in the order of their times, behind tag blocks."""
    every = sorted((message for part in parts for message in part), key=lambda message: message[0])
    lines = (line for epoch, some in every for line in tagged(some, "tst", epoch))
    return ("\n".join(lines) + "\n").encode("ascii")


def start_of(path: Path) -> int:
    """UNIX time of a recording's first line."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        return int(file.readline().split("c:")[1].split("*")[0])


def _position(mmsi: int, lon: float, lat: float, sog: float) -> list[str]:
    fields: dict[str, Any] = {
        "msg_type": 1,
        "mmsi": mmsi,
        "lon": lon,
        "lat": lat,
        "speed": sog,
        "course": 0.0,
        "heading": 0,
    }
    return list(pyais.encode_dict(fields | {"status": 0, "second": 0}, radio_channel="B", talker_id="AI"))


def _static(mmsi: int) -> list[str]:
    size = {"to_bow": 80, "to_stern": 40, "to_port": 10, "to_starboard": 10}
    name: dict[str, Any] = {
        "shipname": f"TRANSFER {mmsi % 1000}",
        "callsign": f"T{mmsi % 10000}",
        "imo": 9_000_000 + mmsi % 1000,
    }
    return list(
        pyais.encode_dict(
            {"msg_type": 5, "mmsi": mmsi, "ship_type": 80, **name, **size},
            radio_channel="B",
            talker_id="AI",
        )
    )
