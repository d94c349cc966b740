"""Lines a second: the Decoder with its accounting, and pyais decoding alone, in one process.

    TANKERWATCH_DATA=… python -m tests.benchmarks.decode [--lines 500000] [--form plain|pghp]

The Danish recording of five minutes is repeated until it has that many lines, its times shifted at each
repeat. `plain`: every line a sentence, with an epoch after the checksum. `pghp`: as recorded, two of three
lines telling time and source; pyais gets the sentences only, as it has no use for the rest.
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

from pyais.exceptions import AISBaseException
from pyais.stream import IterMessages

from models.frame import Frame
from models.time import MINUTE, Millis, from_text
from streams.decoder import Decoder

RECORDING = "recordings/nmea_{}/denmark_2013-11-12_1200.nmea.gz"
LENGTH = 5 * MINUTE
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


def repeated(path: Path, count: int, form: str) -> list[bytes]:
    lines = [line.rstrip() for line in gzip.decompress(path.read_bytes()).splitlines()]
    result: list[bytes] = []
    while len(result) < count:
        by = len(result) // len(lines) * LENGTH
        if form == "pghp":
            result.extend(shifted(line, by) for line in lines)
        else:
            step = LENGTH / len(lines)
            result.extend(b"%b,%d" % (line, BASE_TIME + by + int(n * step)) for n, line in enumerate(lines))
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
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--frame", type=int, default=20_000, help="lines a frame")
    parser.add_argument("--form", choices=("plain", "pghp"), default="plain")
    options = parser.parse_args()
    path = Path(os.environ["TANKERWATCH_DATA"]) / RECORDING.format(options.form)
    lines = repeated(path, options.lines, options.form)
    frames = [
        Frame("benchmark", b"\n".join(lines[at : at + options.frame]) + b"\n", at + 1)
        for at in range(0, len(lines), options.frame)
    ]
    sentences = [line for line in lines if b"VDM," in line or b"VDO," in line]

    ours, messages = timed(lambda: our_decoder(frames))
    theirs, their_messages = timed(lambda: pyais_alone(sentences))
    print(f"recording  {options.form}: {len(lines):,} lines, {len(sentences):,} sentences")
    print(f"decoder    {len(lines) / ours:>10,.0f} lines/s   {len(sentences) / ours:>10,.0f} sentences/s")
    print(f"           {messages:>10,} messages, duplicates folded, every line accounted for")
    print(f"pyais      {len(sentences) / theirs:>10,.0f} sentences/s, {their_messages:,} messages")
    print(f"ratio      {len(lines) / ours / (len(sentences) / theirs):>10.2f} lines per pyais sentence")
    print(f"           {theirs / ours:>10.2f} per sentence")


if __name__ == "__main__":
    main()
