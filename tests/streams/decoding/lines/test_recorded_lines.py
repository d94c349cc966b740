"""Compiled loops and the reading line by line agree about real lines, whole and broken, in any frames."""

import gzip
import os
import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.frame import Frame
from models.source_hints import SourceHints
from models.time import Millis, from_text
from streams.decoding.decoder import Decoder
from tests.streams.decoding.fuzz import broken
from tests.streams.decoding.line_by_line import line_by_line
from tests.streams.nmea_lines import rows

BASE_TIME: Millis = from_text("2013-11-12T12:00:00Z")
FOLDERS = {"TANKERWATCH_DATA": "recordings/*", "TANKERWATCH_CASES": "*"}
MOST = 500
"""Lines of each file."""


def files(variable: str) -> list[Path]:
    """All files of lines in the folder that a variable names."""
    folder = os.environ.get(variable)
    found = sorted(Path(folder).glob(FOLDERS[variable] + "/*")) if folder else []
    return [path for path in found if path.suffix in (".nmea", ".gz", ".log", ".txt", ".jsonl", ".json")]


@cache
def lines_of(path: Path) -> list[bytes]:
    data = path.read_bytes()
    data = gzip.decompress(data) if path.suffix == ".gz" else data
    return list(islice((line for line in data.split(b"\n")), MOST))


def everything(lines: Sequence[bytes], chance: random.Random) -> list[Any]:
    """Reports, rejects and outcomes of each line, frame by frame, and the state between."""
    decoder = Decoder("test", None, SourceHints(BASE_TIME))
    seen: list[Any] = []
    for frame in _frames(lines, chance):
        decoder.feed(frame)
        seen.append(decoder.snapshot())
        seen.append(_taken(decoder))
    decoder.end()
    seen.append(_taken(decoder))
    assert decoder.outcomes.total() == len(lines)
    return seen


def _frames(lines: Sequence[bytes], chance: random.Random) -> Iterator[Frame]:
    most = chance.choice([1, 40, 200, MOST])
    at = 0
    while at < len(lines):
        some = lines[at : at + chance.randint(1, most)]
        yield Frame("test", b"\n".join(some) + b"\n", at + 1)
        at += len(some)


def _taken(decoder: Decoder) -> Any:
    decoded = decoder.advance(decoder.watermark)
    reports = decoded.reports
    both = rows(reports.positions, reports), rows(reports.statics, reports)
    return both, reports.stations, decoded.rejects, +decoder.outcomes, +decoder.messages


def check(lines: Sequence[bytes], seed: int) -> None:
    by_loops = everything(lines, random.Random(seed))
    with line_by_line():
        assert everything(lines, random.Random(seed)) == by_loops


@pytest.mark.recorded
@pytest.mark.parametrize("path", files("TANKERWATCH_DATA"), ids=lambda path: path.name)
def test_recordings(path: Path) -> None:
    check(lines_of(path), 1)


@pytest.mark.cases
@pytest.mark.parametrize("path", files("TANKERWATCH_CASES"), ids=lambda path: path.name)
def test_cases(path: Path) -> None:
    check(lines_of(path), 2)


@pytest.mark.recorded
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_broken_lines(seed: int) -> None:
    chance = random.Random(seed)
    lines = lines_of(chance.choice(files("TANKERWATCH_DATA")))
    start = chance.randrange(len(lines))
    check(broken(lines[start : start + chance.randint(1, 200)], chance), seed)
