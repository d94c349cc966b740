"""The whole core beside pyais decoding alone, in one process: lines a second, ratio, peak memory.

    TANKERWATCH_DATA=… python -m tests.benchmarks.replay [--lines 500000] [--form plain|pghp] [--runs 3]

On the input of `tests.benchmarks.decode`: the Danish recording repeated, its times shifted. End to end is
decoding with accounting, tracks, all detectors, events. Prints rows of the table in docs/benchmarks.md.
"""

import argparse
import os
import resource
from pathlib import Path
from statistics import median

from models.frame import Frame
from streams.stages.core import Core
from streams.stages.settings import Settings
from tests.benchmarks.decode import RECORDING, our_decoder, pyais_alone, repeated, timed
from tests.scenarios.runs import PLACES, WATCHLIST


def end_to_end(frames: list[Frame]) -> int:
    """Number of ticks made, so that nothing is left undone unnoticed."""
    core = Core(["benchmark"], PLACES, WATCHLIST, Settings())
    outputs = [core.feed(frame) for frame in frames]
    outputs.append(core.end("benchmark"))
    return sum(len(instant.ticks) for output in outputs for instant in output.instants)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--frame", type=int, default=20_000, help="lines a frame")
    parser.add_argument("--form", choices=("plain", "pghp"), default="plain")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    path = Path(os.environ["TANKERWATCH_DATA"]) / RECORDING.format(options.form)
    lines = repeated(path, options.lines, options.form)
    frames = [
        Frame("benchmark", b"\n".join(lines[at : at + options.frame]) + b"\n", at + 1)
        for at in range(0, len(lines), options.frame)
    ]
    sentences = [line for line in lines if b"VDM," in line or b"VDO," in line]
    rates: dict[str, list[float]] = {"pyais, decode only": [], "decoder": [], "end to end": []}
    for _ in range(options.runs):  # in turn, so that a change of the machine's speed meets all alike
        rates["pyais, decode only"].append(len(sentences) / timed(lambda: pyais_alone(sentences))[0])
        rates["decoder"].append(len(lines) / timed(lambda: our_decoder(frames))[0])
        rates["end to end"].append(len(lines) / timed(lambda: end_to_end(frames))[0])
    base = rates["pyais, decode only"]
    for name, measured in rates.items():
        ratio = median(ours / theirs for ours, theirs in zip(measured, base, strict=True))
        print(f"| {options.form} | {name} | {median(measured):,.0f} | {ratio:.2f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of the process, with {len(lines):,} lines held for the measurement: {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
