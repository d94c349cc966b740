"""Rows of a CSV table through the reader, the Decoder and the core, beside others that read the same file.

    python -m tests.benchmarks.tables [--rows 500000] [--vessels 5000] [--what polars,frames,decoding,replay]

Part of `make bench`; prints one table of docs/benchmarks.md. The file is made up, in the layout of
MarineCadastre: vessels on straight courses, each heard once a minute. Arrow, and polars where it is
installed, only parse it into columns. Each row of the table is a process of its own, so that its memory is
its own; CPU time is that of all threads.
"""

import argparse
import importlib
import importlib.util
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv

from models.time import MINUTE, from_text
from streams.decoding.decoder import Decoder
from streams.recordings.arrivals import source_of
from streams.recordings.recording import Reading, Recording, open_recording
from streams.recordings.replay import Replay
from streams.stages.core import Core
from tests.benchmarks.replay import MIB
from tests.scenarios.runs import RULES

_START: Final = from_text("2026-03-01T00:00:00Z")
_MOST: Final = 250_000
"""Rows that are made at once."""


def write(path: Path, rows: int, vessels: int, seed: int = 1) -> None:
    """Write a table: all vessels in one minute, then in the next one."""
    chance = np.random.default_rng(seed)
    first = np.stack([chance.uniform(124, 142, vessels), chance.uniform(33, 43, vessels)])
    knots = np.where(chance.random(vessels) < 0.5, 0.1, chance.uniform(8, 15, vessels))
    course = chance.uniform(0, 360, vessels)
    kinds = chance.choice([70, 80, 60, 30], vessels)
    with path.open("wb") as file:
        for at in range(0, rows, _MOST):
            number = np.arange(at, min(at + _MOST, rows))
            minute, ship = number // vessels, number % vessels
            way = knots[ship] * minute / 3600
            lat = first[1][ship] + way * np.cos(np.radians(course[ship]))
            lon = first[0][ship] + way * np.sin(np.radians(course[ship])) / np.cos(np.radians(38.0))
            moments = _START + minute * MINUTE + ship * MINUTE // vessels
            table = pa.table(
                {
                    "MMSI": 440_000_000 + ship,
                    "BaseDateTime": np.datetime_as_string(moments.view("M8[ms]"), "s"),
                    "LAT": lat.round(5), "LON": lon.round(5), "SOG": knots[ship].round(1),
                    "COG": course[ship].round(1), "Heading": course[ship].round(),
                    "VesselName": [f"SHIP {number}" for number in ship.tolist()],
                    "IMO": [""] * len(ship), "CallSign": [""] * len(ship), "VesselType": kinds[ship],
                    "Status": np.zeros(len(ship), np.int64), "Length": 180 + ship % 50,
                    "Width": 30 + ship % 5, "Draft": np.full(len(ship), 9.5), "Cargo": kinds[ship],
                    "TransceiverClass": ["A"] * len(ship),
                }
            )  # fmt: skip
            options = pa.csv.WriteOptions(include_header=at == 0, quoting_style="none")
            pa.csv.write_csv(table, file, options)


def with_polars(path: Path) -> int:
    height: int = importlib.import_module("polars").read_csv(path).height
    return height


def with_arrow(path: Path) -> int:
    return int(pa.csv.read_csv(path).num_rows)


def frames(path: Path) -> int:
    return sum(frame.data.count(b"\n") for frame in open_recording(str(path)).frames())


def decoding(path: Path) -> int:
    decoder = Decoder(str(path))
    for frame in open_recording(str(path)).frames():
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
    decoder.end()
    decoder.advance(decoder.watermark)
    return decoder.messages.total()


def replay(path: Path) -> int:
    recording: Recording = open_recording(str(path), Reading())
    return Replay(Core([recording.name], RULES)).run([source_of(recording)]).lines


WHAT: Final[dict[str, tuple[str, Callable[[Path], int]]]] = {
    "polars": ("polars, into columns", with_polars),
    "arrow": ("Arrow, into columns", with_arrow),
    "frames": ("read, as sentences", frames),
    "decoding": ("read and decoded, every row accounted for", decoding),
    "replay": ("end to end", replay),
}


def measured(what: str, path: Path) -> dict[str, Any]:
    """Run one of them in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.tables", "--of", str(path), "--what", what]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def _peak() -> int:
    """The largest memory of this process, in KiB. `ru_maxrss` of Linux has that of its parent, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (each for each in status.read_text().splitlines() if each.startswith("VmHWM:"))
    return int(line.split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="500000", help="of each file, separated by commas")
    parser.add_argument("--vessels", type=int, default=5_000)
    parser.add_argument("--what", default=",".join(WHAT))
    parser.add_argument("--of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of is not None:
        before = resource.getrusage(resource.RUSAGE_SELF)
        WHAT[options.what][1](options.of)
        after = resource.getrusage(resource.RUSAGE_SELF)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(json.dumps({"cpu": cpu, "mib": _peak() / MIB}))
        return
    chosen = [name for name in options.what.split(",") if name != "polars" or importlib.util.find_spec(name)]
    print(f"| rows | what | rows a second of CPU | × {chosen[0]} | peak memory, MiB |")
    print("|---:|---|---:|---:|---:|")
    for rows in map(int, options.rows.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "table.csv")
            write(path, rows, options.vessels)
            first = measured(chosen[0], path)
            for what in chosen:
                took = first if what == chosen[0] else measured(what, path)
                ratio = first["cpu"] / took["cpu"]
                rate = rows / took["cpu"]
                print(
                    f"| {rows:,} | {WHAT[what][0]} | {rate:,.0f} | {ratio:.3f} | {took['mib']:,.0f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
