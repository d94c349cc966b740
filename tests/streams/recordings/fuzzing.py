"""Fuzzing of all readers: recordings of every format, changed, through `inspect` and `replay`, and documents.

    python -m tests.streams.recordings.fuzzing --seconds 3600 --keep /tmp/found

A fault is anything raised, lines without an outcome, or another result with other frames; of documents
(fuzz_documents.py) anything raised but a refusal. Seeds are the files in the folders that TANKERWATCH_DATA
and TANKERWATCH_CASES name, and made-up ones of the other formats. Cases follow from their numbers alone, so
`--first N --cases 1` does one of them again.
"""

import argparse
import faulthandler
import hashlib
import multiprocessing
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from numpy.lib.recfunctions import repack_fields

from streams.cli.analysis.inspect import _text as told
from streams.decoding.decoder import Decoder
from streams.output.inspection_page import render
from streams.recordings.arrivals import source_of
from streams.recordings.errors import SourceError
from streams.recordings.inputs import Input, find_inputs
from streams.recordings.inspection import inspect
from streams.recordings.position_counts import PositionCounts
from streams.recordings.recording import Reading, Recording
from streams.recordings.replay import Replay
from streams.stages.core import Core
from tests.scenarios.runs import RULES
from tests.streams.recordings.fuzz_cases import case
from tests.streams.recordings.fuzz_documents import Kind, document, kinds, read_document
from tests.streams.recordings.fuzz_seeds import Seed, seeds

_CASE_SECONDS: Final = 60
"""CPU time after which a case counts as one without end."""
_ROUND: Final = 100
"""Cases of one process."""
_OURS: Final = re.compile("/(?:streams|geofences|models)/")
_DOCUMENTS: Final = 4
"""With each case."""


def run_case(data: bytes, reading: Reading, folder: Path, whole: bool) -> None:
    """Read these bytes in every way. Raises what a reader raises, and AssertionError where sums don't hold.

    `whole` replays them, too.
    """
    path = folder / "case"
    path.write_bytes(data)
    inputs = find_inputs([str(path)])
    for each in inputs:
        _inspect(each, reading)
    if whole:
        recordings = [Recording(each.name, each.content, reading) for each in inputs]
        core = Core([each.name for each in recordings], RULES, None, reading.hints)
        summary = Replay(core).run([source_of(each, reading.hints.base_time) for each in recordings])
        outcomes = {name: counts.total() for name, counts in summary.outcomes.items()}
        for each in inputs:
            assert outcomes.get(each.name, 0) == len(_numbers(each, reading)), "lines have no outcome"


def _inspect(each: Input, reading: Reading) -> None:
    places = PositionCounts()
    found = inspect(each.name, Recording(each.name, each.content, reading), reading, places)
    "\n".join(told(found, True)).encode("utf-8", "strict")
    msgspec.json.decode(msgspec.json.encode(found))
    render([(found, places)]).encode("utf-8", "backslashreplace")
    numbers = _numbers(each, reading)
    assert sum(seen.lines for seen in found.outcomes.values()) == found.lines == len(numbers), "sums"
    assert len(set(numbers)) == len(numbers), "a line has the number of another"
    again = _decoded(each, replace(reading, frame_lines=7))
    assert again == _decoded(each, reading), "other frames, other reports"


def _numbers(each: Input, reading: Reading) -> list[int]:
    """The number of every line that is read."""
    numbers: list[int] = []
    try:
        for frame in Recording(each.name, each.content, reading).frames():
            data = frame.data.removesuffix(b"\n")
            numbers += (frame.number(index) for index in range(data.count(b"\n") + 1))
    except SourceError:
        pass
    return numbers


def _decoded(each: Input, reading: Reading) -> tuple[dict[str, int], list[bytes]]:
    """Outcomes, and what is reported, whatever the frames."""
    decoder = Decoder(each.name, reading.settings, reading.hints)
    rows: list[bytes] = []

    def take() -> None:
        reports = decoder.advance(decoder.watermark).reports
        for table in (reports.positions, reports.statics):
            names = [name for name in table.dtype.names or () if name != "stations"]
            rows.extend(row.tobytes() for row in repack_fields(table[names]))

    try:
        for frame in Recording(each.name, each.content, reading).frames():
            decoder.feed(frame)
            take()
    except SourceError:
        pass
    decoder.end()
    take()
    return dict(+decoder.outcomes), sorted(rows)


def _round(numbers: range, made: Sequence[Seed], known: Sequence[Kind], keep: Path, found: Any) -> None:
    """Do some cases, in a process of its own: what is compiled may end it."""
    faulthandler.enable()
    warnings.simplefilter("error")
    with tempfile.TemporaryDirectory() as folder:

        def judged(number: int, name: str, data: bytes, read: Callable[[], object]) -> None:
            (keep / "now").write_text(f"{number} {name}")
            signal.setitimer(signal.ITIMER_VIRTUAL, _CASE_SECONDS)
            try:
                read()
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                found.put((number, name, _kind(error), traceback.format_exc(), data))
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)

        for number in numbers:
            name, data, reading = case(number, made)
            judged(number, name, data, partial(run_case, data, reading, Path(folder), number % 4 == 0))
            for each in range(_DOCUMENTS):
                data, kind = document(number * _DOCUMENTS + each, known)
                judged(number, kind.name, data, partial(read_document, data, kind, Path(folder)))
            found.put((number, name, "", "", b""))


def _kind(error: BaseException) -> str:
    """What is raised, and where: one for each kind of fault."""
    every = traceback.extract_tb(error.__traceback__)
    ours = [each for each in every if "/tests/" not in each.filename and _OURS.search(each.filename)]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"{type(error).__name__} at {where}: {str(error)[:120]}"


def _too_long(*_: object) -> None:
    raise TimeoutError("no end")


def fuzz(first: int, cases: int, seconds: float, keep: Path) -> Counter[str]:
    """Do cases until either limit; faults are counted by kind, and kept with their bytes in the folder."""
    keep.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGVTALRM, _too_long)
    context = multiprocessing.get_context("fork")
    faults: Counter[str] = Counter()
    made, known = seeds(), kinds()
    began, done = time.monotonic(), 0
    while done < cases and time.monotonic() - began < seconds:
        numbers = range(first + done, first + min(done + _ROUND, cases))
        found = context.SimpleQueue()
        process = context.Process(target=_round, args=(numbers, made, known, keep, found))
        process.start()
        last = numbers.start - 1
        while process.is_alive() or not found.empty():
            if found.empty():
                process.join(0.05)
                continue
            number, name, kind, text, data = found.get()
            last = number
            if kind:
                _keep(keep, faults, kind, f"case {number}, of {name}\n{text}", data)
        if process.exitcode:
            _keep(keep, faults, f"process ended with {process.exitcode}", f"case {last + 1}", b"")
        done += max(1, last + 1 - numbers.start + bool(process.exitcode))
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = used.ru_utime + used.ru_stime
        print(
            f"{done} recordings, {done * _DOCUMENTS} documents, {cpu:.0f} s of CPU, faults: {dict(faults)}",
            flush=True,
        )
    return faults


def _keep(folder: Path, faults: Counter[str], kind: str, text: str, data: bytes) -> None:
    faults[kind] += 1
    if faults[kind] <= 3:
        name = hashlib.sha256(kind.encode()).hexdigest()[:8]
        (folder / f"{name}-{faults[kind]}.txt").write_text(f"{kind}\n{text}")
        (folder / f"{name}-{faults[kind]}.bin").write_bytes(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3_600)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=10**9)
    parser.add_argument("--keep", type=Path, required=True)
    options = parser.parse_args()
    sys.exit(1 if fuzz(options.first, options.cases, options.seconds, options.keep) else 0)


if __name__ == "__main__":
    main()
