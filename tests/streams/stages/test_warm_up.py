"""Warm-up: afterwards no line makes anything wait for a loop to be compiled."""

from typing import Any

from models.frame import Frame
from streams.decoding.decoder import Decoder
from streams.runtime.compiled import LOOPS, variants
from streams.simulator.scenario import simulate
from streams.stages.warm_up import warm_up
from tests.scenarios.runs import find, frames


def made() -> dict[str, int]:
    """Every loop of the project, by its name: for how many sets of types it is ready."""
    loops = [loop for loop in LOOPS if loop.__module__.startswith("streams.")]
    return {f"{loop.__module__}.{loop.__name__}": variants(loop) for loop in loops}


def helpers() -> set[str]:
    """Loops that other loops call: these may want one for several types, and compile it where they are not in
    the cache themselves."""
    functions: list[Any] = [getattr(loop, "py_func") for loop in LOOPS]  # noqa: B009
    called = {id(each.__globals__.get(name)) for each in functions for name in each.__code__.co_names}
    return {f"{loop.__module__}.{loop.__name__}" for loop in LOOPS if id(loop) in called}


def test_no_loop_is_compiled_afterwards_or_twice() -> None:
    """Arrays of other types or layouts would have it compiled again, at any time."""
    warm_up()
    ready = made()
    assert len(ready) > 10
    assert {name for name, kinds in ready.items() if not kinds} <= helpers()  # also what is rarely called
    assert {name for name, kinds in ready.items() if kinds > 1} <= helpers()
    some = [line.encode() for line in simulate("silent_alongside", 1, "heavy").lines[:2_000]]
    decoder = Decoder("test")
    parts = [
        b"",
        b"x",
        b"$PGHP,1",
        *some[:1_000],
        *(b"\n".join(some[at : at + 90]) for at in (1_000, 1_090)),
    ]
    for at, data in enumerate(parts):
        decoder.feed(Frame("test", data, at + 1))
        if at % 50 == 0:
            decoder.advance(decoder.watermark)
            decoder.changes()
            state = decoder.snapshot()
            decoder = Decoder("test")
            decoder.restore(state)
    decoder.end()
    decoder.advance(decoder.watermark)
    find({"test": frames("test", simulate("silent_alongside", 1).lines)})
    assert made() == ready
