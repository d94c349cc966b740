"""What a line costs by the number of vessels and the form of line, by stage, with the memory that it takes.

    python -m tests.benchmarks.sizes [--vessels 1000,10000,100000,300000] [--lines 400000]        (make bench)

Prints one table of docs/benchmarks.md. Each row is a process of its own that reads made-up traffic
(`tests.benchmarks.traffic`) from a temporary file: as many minutes as give so many lines, but at least 15,
which are three steps of the time grid. pyais decodes some of the bare sentences in the same process, before
and after, so that the ratio says something on a machine that has other work. `TMPDIR` names the folder of the
temporary file: 300,000 vessels send a gigabyte in 15 minutes.
"""

import argparse
import gc
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import mean
from typing import Any, Final

from models.frame import Frame
from streams.cli.decoder_process import decoded_ahead, received
from streams.cli.interrupt import Interrupt
from streams.cli.replay import OBJECTS
from streams.cli.vessel_process import followed_ahead
from streams.decoding.decoder import Decoder
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.stages.core import Core
from tests.benchmarks.forms import FORMS, bare
from tests.benchmarks.replay import MIB, STAGES, pyais_alone, stopwatch, timed
from tests.benchmarks.traffic import Traffic
from tests.scenarios.runs import RULES

LEAST: Final = 15
"""Minutes."""
A_MINUTE: Final = 3.2
"""Lines that a vessel of this traffic sends, about."""
FRAME: Final = 1 << 20
"""Bytes."""
FOR_PYAIS: Final = 50_000
"""Sentences."""


def frames(file: Path) -> Iterator[Frame]:
    at = 1
    with file.open("rb") as lines:
        while some := lines.readlines(FRAME):
            yield Frame("benchmark", b"".join(some), at)
            at += len(some)


def decoding(file: Path) -> int:
    decoder = Decoder("benchmark")
    for frame in frames(file):
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
    decoder.end()
    decoder.advance(decoder.watermark)
    return decoder.messages.total()


def replaying(file: Path) -> int:
    return Replay(Core(["benchmark"], RULES)).run([Source("benchmark", frames(file))]).lines


def replaying_in_three(file: Path) -> int:
    core = Core(["benchmark"], RULES)
    with (
        decoded_ahead(core.intake, lambda _: [Source("benchmark", frames(file))], Interrupt()) as decoding,
        followed_ahead(core, decoding) as followed,
    ):
        return Replay(core).follow(received(followed, int)).lines


def measured(file: Path, sentences: int) -> dict[str, Any]:
    """One row: microseconds a sentence, and MiB."""
    with file.open("rb") as lines:
        some = [sentence for line in _some(lines) for sentence in bare([line]) if sentence.startswith(b"!")]

    def cost(work: Callable[[], int], kind: str = "cpu", of: int = sentences) -> float:
        return float(getattr(timed(work), kind)) / of * 1e6

    pyais_alone(some[:1000])
    pyais = [cost(lambda: pyais_alone(some), of=len(some))]
    three = cost(lambda: replaying_in_three(file), "wall")
    pyais_wall = cost(lambda: pyais_alone(some), "wall", len(some))
    decode = cost(lambda: decoding(file))
    pyais.append(cost(lambda: pyais_alone(some), of=len(some)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with stopwatch() as seconds:
        whole = cost(lambda: replaying(file))
    peak = max(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / MIB
    stages = {stage: taken / sentences * 1e6 for stage, taken in seconds.items()}
    return {
        "pyais": mean(pyais),
        "pyais_wall": pyais_wall,
        "decode": decode,
        "whole": whole,
        "three": three,
        "peak": peak,
        **stages,
    }


def _some(lines: Any) -> Iterator[bytes]:
    for _, line in zip(range(FOR_PYAIS * 2), lines, strict=False):
        yield line


def row(vessels: int, minutes: int, form: str, seed: int, folder: Path) -> str:
    """Make the traffic, measure it in a process of its own, and put it into a line of the table."""
    file, sentences = folder / "traffic.nmea", 0

    def counted() -> Iterator[bytes]:
        nonlocal sentences
        for line in Traffic(vessels, minutes, seed).lines():
            sentences += 1
            yield line

    with file.open("wb") as out:
        out.writelines(FORMS[form](counted()))  # type: ignore[arg-type]
    command = [sys.executable, "-m", "tests.benchmarks.sizes", "--file", str(file), "--lines", str(sentences)]
    m = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)
    file.unlink()
    stages = " | ".join(f"{m[stage.__name__]:.2f}" for stage in STAGES)
    return (
        f"| {vessels:,} | {minutes} | {sentences:,} | {form} | {m['pyais']:.2f} "
        f"| {m['decode']:.2f} ({m['pyais'] / m['decode']:.1f} ×) "
        f"| {m['whole']:.2f} ({m['pyais'] / m['whole']:.2f} ×) "
        f"| {m['three']:.2f} ({m['pyais_wall'] / m['three']:.2f} ×) | {stages} | {m['peak']:,.0f} |"
    )


HEAD: Final = (
    "| vessels | minutes | sentences | lines | pyais | decode only | end to end "
    "| three processes, wall clock | " + " | ".join(stage.__name__ for stage in STAGES) + " | peak MiB |"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vessels", default="1000,10000,100000,300000")
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--lines", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.file:
        gc.set_threshold(OBJECTS)  # as the command does
        replaying(options.file) if options.lines < 2_000_000 else None  # warm
        print(json.dumps(measured(options.file, options.lines)))
        return
    print(HEAD + "\n|" + "---:|" * 3 + "---|" + "---:|" * 9, flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for vessels in map(int, options.vessels.split(",")):
            minutes = max(LEAST, round(options.lines / vessels / A_MINUTE))
            for form in options.forms.split(","):
                print(row(vessels, minutes, form, options.seed, Path(folder)), flush=True)


if __name__ == "__main__":
    main()
