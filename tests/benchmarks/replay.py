"""Ordinary traffic through the Decoder alone and through the whole core, beside pyais decoding alone.

    python -m tests.benchmarks.replay [--vessels 6000] [--minutes 120] [--runs 3]      (make bench)

Prints the tables of docs/benchmarks.md. The traffic is made up (`tests.benchmarks.traffic`), and comes in
three forms of line (`tests.benchmarks.forms`). pyais, and aiscat and gpsdecode where they are installed, get
the first 300,000 of its sentences bare, which is all that they have a use for. A round runs each row once, in
turn, so that a change in the machine's speed affects all rows alike; figures are medians over the rounds,
after one that does not count. CPU time is that of all threads and child processes, so that other load on the
machine matters less than it does for the wall-clock time beside it.
"""

import argparse
import gc
import importlib
import importlib.util
import resource
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from importlib.metadata import version
from statistics import median
from typing import Any, Final, NamedTuple
from unittest.mock import patch

from pyais.exceptions import AISBaseException
from pyais.stream import IterMessages

from models.frame import Frame
from streams.cli.replay import OBJECTS
from streams.decoding.decoder import Decoder
from streams.stages.case_stage import CaseStage
from streams.stages.core import Core
from streams.stages.meeting_stage import MeetingStage
from streams.stages.vessel_stage import VesselStage
from tests.benchmarks.forms import FORMS, bare
from tests.benchmarks.traffic import Traffic
from tests.scenarios.runs import RULES

SENTENCES: Final = 300_000
"""For other decoders, which take the same time for every one of them."""
STAGES: Final = (Decoder, VesselStage, MeetingStage, CaseStage)
MIB: Final = 1024


class Took(NamedTuple):
    """Seconds."""

    cpu: float
    wall: float


class Row(NamedTuple):
    """What is measured, and for how many sentences."""

    what: str
    form: str
    work: Callable[[], int]
    sentences: int


def pyais_alone(sentences: list[bytes]) -> int:
    return sum(1 for _ in _decoded(sentences))


def _decoded(lines: list[bytes]) -> Iterator[object]:
    for sentence in IterMessages(lines):
        try:
            yield sentence.decode()
        except AISBaseException:
            continue


def aiscat_alone(block: bytes) -> int:
    decode = importlib.import_module("aiscat").iter_decode
    return sum(1 for _ in decode([block]))


def gpsdecode_alone(block: bytes) -> int:
    return subprocess.run(["gpsdecode", "-j"], input=block, capture_output=True, check=True).stdout.count(
        b"\n"
    )


def decode_only(frames: Sequence[Frame]) -> int:
    """Number of messages."""
    decoder = Decoder("benchmark")
    for frame in frames:
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
    decoder.end()
    decoder.advance(decoder.watermark)
    return sum(decoder.messages.values())


def end_to_end(frames: Sequence[Frame]) -> int:
    """Number of ticks and events, so that nothing is left undone unnoticed."""
    core = Core(["benchmark"], RULES)
    made = 0
    for frame in [*frames, None]:
        out = core.end("benchmark") if frame is None else core.feed(frame)
        made += sum(len(instant.ticks) for instant in out.instants) + len(out.events)
    return made


def cut(lines: Sequence[bytes], size: int) -> list[Frame]:
    """Frames of so many lines."""
    return [Frame("benchmark", b"".join(lines[at : at + size]), at + 1) for at in range(0, len(lines), size)]


def timed(work: Callable[[], int]) -> Took:
    wall, cpu = time.perf_counter(), _cpu()
    assert work(), "nothing was done"
    return Took(_cpu() - cpu, time.perf_counter() - wall)


def _cpu() -> float:
    mine, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


@contextmanager
def stopwatch() -> Iterator[dict[str, float]]:
    """Seconds of CPU time by stage."""
    seconds = {stage.__name__: 0.0 for stage in STAGES}

    def watched(stage: type[Any], name: str) -> Callable[..., Any]:
        method = getattr(stage, name)

        @wraps(method)
        def run(*arguments: Any) -> Any:
            start = time.process_time()
            try:
                return method(*arguments)
            finally:
                seconds[stage.__name__] += time.process_time() - start

        return run

    patches = [
        patch.object(stage, name, watched(stage, name)) for stage in STAGES for name in ("feed", "advance")
    ]
    for each in patches:
        each.start()
    try:
        yield seconds
    finally:
        for each in patches:
            each.stop()


def rows_of(lines: list[bytes], size: int) -> list[Row]:
    """All that is measured. `lines` have tag blocks."""
    some = bare(lines[:SENTENCES])
    block = b"\r\n".join(some) + b"\r\n"
    rows = [Row(f"pyais {version('pyais')}, decode only", "bare", lambda: pyais_alone(some), len(some))]
    if importlib.util.find_spec("aiscat"):
        rows.append(Row("aiscat, decode only", "bare", lambda: aiscat_alone(block), len(some)))
    if shutil.which("gpsdecode"):
        rows.append(Row("gpsdecode, decode only", "bare", lambda: gpsdecode_alone(block), len(some)))
    for what, work in (("decode only, every line accounted for", decode_only), ("end to end", end_to_end)):
        for form, made in FORMS.items():
            frames = cut(list(made(lines)), size)
            rows.append(Row(what, form, lambda work=work, frames=frames: work(frames), len(lines)))  # type: ignore[misc]
    return rows


def table(rows: Sequence[Row], rounds: Sequence[Sequence[Took]]) -> Iterator[str]:
    """Lines of Markdown; pyais has the first row."""
    yield "| what | lines | µs of CPU a sentence | × pyais, CPU | × pyais, wall clock |"
    yield "|---|---|---:|---:|---:|"
    for place, row in enumerate(rows):
        cost = [[getattr(each[place], kind) / row.sentences for each in rounds] for kind in Took._fields]
        base = [[getattr(each[0], kind) / rows[0].sentences for each in rounds] for kind in Took._fields]
        ratios = [median(b / c for b, c in zip(*pair, strict=True)) for pair in zip(base, cost, strict=True)]
        yield f"| {row.what} | {row.form} | {median(cost[0]) * 1e6:.2f} | {ratios[0]:.2f} | {ratios[1]:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vessels", type=int, default=6_000)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frame", type=int, default=12_000, help="lines a frame: about a MiB")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    gc.set_threshold(OBJECTS)  # as the command does; pyais gains by it, too
    lines = list(Traffic(options.vessels, options.minutes, options.seed).lines())
    rows = rows_of(lines, options.frame)
    for row in rows:
        row.work()
    rounds = [[timed(row.work) for row in rows] for _ in range(options.runs)]
    print(
        f"{len(lines):,} sentences, {options.vessels:,} vessels, {options.minutes} minutes, frames of "
        f"{options.frame:,} lines; {options.runs} rounds\n"
    )
    print("\n".join(table(rows, rounds)))
    with stopwatch() as seconds:
        end_to_end(cut(lines, options.frame))
    print("\n| stage | µs of CPU a sentence |\n|---|---:|")
    for stage in STAGES:
        print(f"| {stage.__name__} | {seconds[stage.__name__] / len(lines) * 1e6:.2f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
    print(f"\nPeak memory {peak:,.0f} MiB, with all lines held in all forms for the measurement.")


if __name__ == "__main__":
    main()
