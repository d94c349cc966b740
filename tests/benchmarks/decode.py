"""Lines a second: the Decoder with its accounting, and pyais decoding alone, in one process.

    TANKERWATCH_DATA=… python -m tests.benchmarks.decode [--lines 500000] [--form plain|tag|pghp] [--runs 3]

The Danish recording of five minutes is repeated until it has that many lines, its times shifted at each
repeat. `plain`: every line a sentence, with an epoch after the checksum. `tag`: with a tag block of time and
station before it instead. `pghp`: as recorded, two of three lines telling time and source; pyais gets the
sentences only, as it has no use for the rest. Prints a row of the table in docs/benchmarks.md: medians, by
computing time rather than by the clock, so that what else the machine does counts less.
"""

import argparse
import gzip
import os
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import xor
from pathlib import Path
from statistics import median

from pyais.exceptions import AISBaseException
from pyais.stream import IterMessages

from models.frame import Frame
from models.time import MINUTE, Millis, from_text
from streams.decoding.decoder import Decoder

RECORDING = "recordings/nmea_{}/denmark_2013-11-12_1200.nmea.gz"
LENGTH = 5 * MINUTE
STATIONS = 40
BASE_TIME: Millis = from_text("2013-11-12T12:00:00Z")
_PGHP = re.compile(rb"\$PGHP,1,(\d+),(\d+),(\d+),(\d+),(\d+),(\d+),(\d+),([^*]*)\*..")


def shifted(line: bytes, by: Millis) -> bytes:
    """The line with its `$PGHP` time moved and its checksum renewed."""
    match = _PGHP.match(line)
    if match is None or not by:
        return line
    *parts, milli = (int(number) for number in match.groups()[:7])
    moment = datetime(*parts, milli * 1000, tzinfo=UTC) + timedelta(milliseconds=by)  # type: ignore[arg-type, misc]
    body = b"PGHP,1,%d,%d,%d,%d,%d,%d,%d,%b" % (
        moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second,
        moment.microsecond // 1000, match[8],
    )  # fmt: skip
    return b"$%b*%02X" % (body, reduce(xor, body))


def tagged(line: bytes, number: int, time: Millis) -> bytes:
    body = b"s:%d,c:%d" % (2_190_000 + number % STATIONS, time // 1000)
    return b"\\%b*%02X\\%b" % (body, reduce(xor, body), line)


def recording(form: str) -> Path:
    return Path(os.environ["TANKERWATCH_DATA"]) / RECORDING.format("pghp" if form == "pghp" else "plain")


def repeated(path: Path, count: int, form: str) -> list[bytes]:
    """The lines of a recording again and again; `tag` is made of the plain one."""
    lines = [line.rstrip() for line in gzip.decompress(path.read_bytes()).splitlines()]
    result: list[bytes] = []
    while len(result) < count:
        by = len(result) // len(lines) * LENGTH
        if form == "pghp":
            result.extend(shifted(line, by) for line in lines)
        else:
            step = LENGTH / len(lines)
            times = [BASE_TIME + by + int(n * step) for n in range(len(lines))]
            if form == "tag":
                result.extend(
                    tagged(line, n, time) for n, (line, time) in enumerate(zip(lines, times, strict=True))
                )
            else:
                result.extend(b"%b,%d" % pair for pair in zip(lines, times, strict=True))
    return result[:count]


def our_decoder(frames: list[Frame]) -> int:
    decoder = Decoder("benchmark")
    for frame in frames:
        decoder.feed(frame)
        decoder.advance(decoder.watermark)
    decoder.end()
    decoder.advance(decoder.watermark)
    return sum(decoder.messages.values())


def pyais_alone(lines: list[bytes]) -> int:
    return sum(1 for _ in decoded(lines))


def decoded(lines: list[bytes]) -> Iterator[object]:
    for sentence in IterMessages(lines):
        try:
            yield sentence.decode()
        except AISBaseException:
            continue


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds of computing time, and what came of it."""
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument(
        "--frame", type=int, default=12_000, help="lines a frame: about a MiB, as from a file"
    )
    parser.add_argument("--form", choices=("plain", "tag", "pghp"), default="plain")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    lines = repeated(recording(options.form), options.lines, options.form)
    frames = [
        Frame("benchmark", b"\n".join(lines[at : at + options.frame]) + b"\n", at + 1)
        for at in range(0, len(lines), options.frame)
    ]
    sentences = [line for line in lines if b"VDM," in line or b"VDO," in line]
    ours, theirs = [], []
    for _ in range(options.runs):  # in turn, so that a change of the machine's speed meets both alike
        seconds, messages = timed(lambda: our_decoder(frames))
        ours.append(len(lines) / seconds)
        seconds, others = timed(lambda: pyais_alone(sentences))
        theirs.append(len(sentences) / seconds)
    ratio = median(mine / other for mine, other in zip(ours, theirs, strict=True))
    print("| form | tankerwatch, lines/s | pyais, sentences/s | lines per sentence of pyais | messages |")
    print("|---|---:|---:|---:|---:|")
    print(f"| {options.form} | {median(ours):,.0f} | {median(theirs):,.0f} | {ratio:.1f} | {messages:,} |")
    if messages != others:
        print(f"\npyais alone counts {others:,} messages: it folds no duplicates")


if __name__ == "__main__":
    main()
