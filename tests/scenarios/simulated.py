"""Simulated recordings and what a replay finds in them, each made once for all tests of a run."""

from functools import cache

from models.event import Event, from_json, to_json
from streams.simulator.scenario import simulate
from tests.once import once
from tests.scenarios.runs import find, frames


@cache
def recording(scenario: str, seed: int, noise: str = "normal") -> tuple[str, ...]:
    """The lines of a scenario, without line ends."""
    lines = once(f"lines {scenario} {seed} {noise}", lambda: _lines(scenario, seed, noise))
    return tuple(lines.decode().split("\n"))


@cache
def revisions(scenario: str, seed: int, noise: str = "normal") -> tuple[bytes, ...]:
    """All revisions of all events that a replay of the recording finds, in order, as JSON."""
    found = once(f"events {scenario} {seed} {noise}", lambda: _found(scenario, seed, noise))
    return tuple(found.splitlines())


def events(scenario: str, seed: int, noise: str = "normal") -> list[Event]:
    """The same as events."""
    return [from_json(line) for line in revisions(scenario, seed, noise)]


def _lines(scenario: str, seed: int, noise: str) -> bytes:
    return "\n".join(simulate(scenario, seed, noise).lines).encode()


def _found(scenario: str, seed: int, noise: str) -> bytes:
    return b"\n".join(map(to_json, find({"a": frames("a", recording(scenario, seed, noise))})))
