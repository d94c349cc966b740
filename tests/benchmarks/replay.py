"""Ordinary traffic through the Decoder alone and through the whole core, beside pyais decoding alone.

    python -m tests.benchmarks.replay [--vessels 6000] [--minutes 120] [--runs 5]      (make bench)

Prints the table of docs/benchmarks.md. The traffic is made up (`tests.benchmarks.traffic`). pyais gets the
first 300,000 of its sentences without their tag blocks, which it has no use for. A round runs each row once,
in turn, so that a change in the machine's speed affects all rows alike. The table shows medians over the
rounds, of CPU time rather than wall-clock time, so that other load on the machine matters less.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Final

from pyais.exceptions import AISBaseException
from pyais.stream import IterMessages

from models.frame import Frame
from streams.decoding.decoder import Decoder
from streams.recordings.recording import open_recording
from streams.stages.core import Core
from tests.benchmarks.traffic import Traffic
from tests.scenarios.runs import RULES

SENTENCES: Final = 300_000
"""For pyais, which takes the same time for every one of them."""


def bare(lines: list[bytes]) -> list[bytes]:
    """The sentences without tag blocks and line ends."""
    return [line[line.index(b"!") :].rstrip() for line in lines]


def pyais_alone(sentences: list[bytes]) -> int:
    return sum(1 for _ in _decoded(sentences))


def decode_only(frames: list[Frame]) -> int:
    """Number of messages."""
    decoder = Decoder("benchmark")
    for frame in frames:
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
    decoder.end()
    decoder.advance(decoder.watermark)
    return sum(decoder.messages.values())


def end_to_end(frames: list[Frame]) -> int:
    """Number of ticks and events, so that nothing is left undone unnoticed."""
    core = Core(["benchmark"], RULES)
    made = 0
    for frame in [*frames, None]:
        out = core.end("benchmark") if frame is None else core.feed(frame)
        made += sum(len(instant.ticks) for instant in out.instants) + len(out.events)
    return made


def read_only(path: Path) -> int:
    """Number of lines."""
    return sum(frame.data.count(b"\n") for frame in open_recording(str(path)).frames())


def _decoded(lines: list[bytes]) -> Iterator[object]:
    for sentence in IterMessages(lines):
        try:
            yield sentence.decode()
        except AISBaseException:
            continue


def timed(work: Callable[[], int]) -> float:
    """Seconds of CPU time."""
    start = time.process_time()
    assert work(), "nothing was done"
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vessels", type=int, default=6_000)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--frame", type=int, default=12_000, help="lines a frame: about a MiB")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    sentences: list[bytes] = []
    frames: list[Frame] = []
    count = 0
    traffic = Traffic(options.vessels, options.minutes, options.seed).lines()
    while lines := list(islice(traffic, options.frame)):
        frames.append(Frame("benchmark", b"".join(lines), count + 1))
        sentences += bare(lines)[: SENTENCES - len(sentences)]
        count += len(lines)
    with tempfile.NamedTemporaryFile(suffix=".nmea") as file:
        file.writelines(frame.data for frame in frames)
        file.flush()
        work: dict[str, tuple[Callable[[], int], int]] = {
            f"pyais {version('pyais')}, decode only": (lambda: pyais_alone(sentences), len(sentences)),
            "read a file": (lambda: read_only(Path(file.name)), count),
            "decode only, every line accounted for": (lambda: decode_only(frames), count),
            "end to end: decode, tracks, all detectors, events": (lambda: end_to_end(frames), count),
        }
        rounds = [[timed(each) / lines * 1e6 for each, lines in work.values()] for _ in range(options.runs)]
    print(f"{count:,} lines, {options.vessels:,} vessels, {options.minutes} minutes; {options.runs} rounds")
    print("| what | µs a line | times pyais |")
    print("|---|---:|---:|")
    for place, name in enumerate(work):
        ratio = median(measured[0] / measured[place] for measured in rounds)
        print(f"| {name} | {median(measured[place] for measured in rounds):.2f} | {ratio:.2f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nPeak memory {peak:,.0f} MiB, with all lines held for the measurement.")


if __name__ == "__main__":
    main()
