"""Recordings to break the pipeline on: several simulated scenarios shifted in time into one.

The same parts always give the same lines.
"""

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import msgspec

from models.event import EventType
from models.sighting import Sighting
from models.time import DAY, MINUTE, SECOND, Millis, from_text
from streams.simulator import scenario
from streams.simulator.nmea import checksum
from tests.once import once

START: Final = from_text("2026-03-01T00:00:00Z")
TAG: Final = re.compile(r"^\\(?P<fields>[^*]*)\*[0-9A-F]{2}\\")
EPOCH: Final = re.compile(r"c:(\d+)")

Part = tuple[str, int]
"""A scenario and its seed."""

SMALL: Final[tuple[Part, ...]] = (("raft", 1), ("bunkering", 1), ("satellite", 1), ("sighted_call", 1))
LARGE: Final[tuple[Part, ...]] = tuple(
    (name, seed)
    for name, seeds in (
        ("raft", 3),
        ("cho_do", 4),
        ("japan_sea", 3),
        ("drifting", 2),
        ("full_run", 2),
        ("antimeridian", 1),
        ("satellite", 2),
        ("anchorage", 1),
        ("fishing_fleet", 1),
        ("dark_call_24", 1),
        ("sighted_call", 1),
        ("never_heard", 1),
    )
    for seed in range(1, seeds + 1)
)
CALLS: Final[tuple[Part, ...]] = (("full_run", 1), ("cho_do", 1), ("raft", 1))
"""Vessels that come into the waters off Nampo, and others."""
KINDS: Final = {"small": SMALL, "calls": CALLS, "large": LARGE}


@dataclass(frozen=True)
class Recording:
    lines: tuple[str, ...]
    encounters: int  # true ones
    sightings: tuple[Sighting, ...] = ()

    def dealt(self, sources: int) -> dict[str, tuple[str, ...]]:
        """The lines dealt out to sources that overlap in time, each with the next."""
        if sources == 1:
            return {"a": self.lines}
        names = [chr(ord("a") + i) for i in range(sources)]
        out: dict[str, list[str]] = {name: [] for name in names}
        share = len(self.lines) / (sources - 1)
        count = 0
        for i, message in enumerate(_messages(self.lines)):
            at = min(int(count / share), sources - 2)
            out[names[at + i % 2]].extend(message)
            count += len(message)
        return {name: tuple(lines) for name, lines in out.items()}


class _Kept(msgspec.Struct):
    lines: list[str]
    encounters: int
    sightings: list[Sighting]


@cache
def record(kind: str) -> Recording:
    """The recording of this kind, made once for all processes of a test run."""

    def made() -> bytes:
        new = merge(KINDS[kind])
        return msgspec.msgpack.encode(_Kept(list(new.lines), new.encounters, list(new.sightings)))

    kept = msgspec.msgpack.decode(once(f"recording to break the pipeline on: {kind}", made), type=_Kept)
    return Recording(tuple(kept.lines), kept.encounters, tuple(kept.sightings))


def merge(parts: Sequence[Part], days: float = 2.0) -> Recording:
    """Simulate all parts and merge them in the order of arrival; their beginnings lie within so many days."""
    numbers: set[int] = set()
    encounters = 0
    sightings: list[Sighting] = []
    queues: list[list[tuple[int, int, list[str]]]] = []
    for at, (name, seed) in enumerate(parts):
        run = scenario.simulate(name, seed, "normal")
        own = {vessel.ship.mmsi for vessel in run.world.vessels}
        if own & numbers:
            raise ValueError(f"{name} {seed} shares an MMSI with a part before it: choose another seed")
        numbers |= own
        encounters += sum(event.type is EventType.ENCOUNTER for event in run.truth.events)
        wanted = START + int(at * days * DAY / len(parts)) // MINUTE * MINUTE
        shift = wanted - run.world.start // MINUTE * MINUTE
        queues.append(list(_arrivals(run.lines, shift, at)))
        sightings += [
            msgspec.structs.replace(each, time=each.time + shift, received=each.received + shift)
            for each in run.sightings
        ]
    merged = heapq.merge(*queues, key=lambda each: each[:2])
    lines = tuple(line for _, _, message in merged for line in message)
    return Recording(lines, encounters, tuple(sightings))


def _arrivals(lines: Sequence[str], shift: Millis, part: int) -> Iterator[tuple[int, int, list[str]]]:
    """Messages with a time that never goes back, so that each part keeps its own order when merged."""
    latest = 0
    for message in _messages(lines):
        shifted = [_shifted(line, shift // SECOND) for line in message]
        if found := EPOCH.search(shifted[0]):
            latest = max(latest, int(found[1]))
        yield latest, part, shifted


def _messages(lines: Sequence[str]) -> Iterator[list[str]]:
    """Lines in groups: the two sentences of one message stay together."""
    at = 0
    while at < len(lines):
        size = 2 if "VDM,2,1," in lines[at] else 1
        yield list(lines[at : at + size])
        at += size


def _shifted(line: str, seconds: int) -> str:
    """The line with the time in its tag block moved, and the block's checksum made anew."""
    found = TAG.match(line)
    if found is None:
        return line
    fields = EPOCH.sub(lambda c: f"c:{int(c[1]) + seconds}", found["fields"])
    return f"\\{fields}*{checksum(fields)}\\{line[found.end() :]}"
