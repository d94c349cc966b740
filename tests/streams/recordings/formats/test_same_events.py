"""The same traffic in every format gives the same events, up to what a format cannot carry."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import zstandard

from models.event import Event
from models.time import from_text
from streams.recordings.arrivals import source_of
from streams.recordings.inputs import find_inputs
from streams.recordings.recording import Reading, Recording
from streams.recordings.replay import Replay
from streams.recordings.summary import Summary
from streams.stages.core import Core
from tests.scenarios.runs import RULES
from tests.scenarios.simulated import recording
from tests.streams import format_writers as writers

SCENARIO = "cho_do"
NEAR = 15 * 60_000
"""A format repeats static data in its rows or leaves parts of it out, so something may be known later."""


@cache
def heard() -> list[writers.Heard]:
    return list(writers.heard(recording(SCENARIO, 3, "none")))


def replay(path: Path) -> tuple[list[Event], Summary]:
    """The last revision of each event."""
    found: dict[str, Event] = {}
    sources = [source_of(Recording(each.name, each.content, Reading())) for each in find_inputs([str(path)])]
    run = Replay(Core([source.name for source in sources], RULES), on_event=lambda e: found.update({e.id: e}))
    summary = run.run(sources)
    for outcomes in summary.outcomes.values():
        assert set(+outcomes) <= {"message", "context", "duplicate"}
    assert sum(outcomes.total() for outcomes in summary.outcomes.values()) == summary.lines
    return [event for event in found.values() if event.status != "retracted"], summary


def kinds(events: list[Event]) -> list[tuple[str, tuple[str, ...], str]]:
    return sorted((e.type, tuple(sorted(v.ssvid for v in e.vessels)), e.level) for e in events)


def text(lines: Callable[[], Iterator[str]], pack: Callable[[bytes], bytes] = bytes) -> bytes:
    return pack("".join(f"{line}\n" for line in lines()).encode())


FORMATS: dict[str, Callable[[Path], None]] = {
    "aisstream": lambda path: _write(path, text(lambda: writers.aisstream(heard()))),
    "AIS-catcher": lambda path: _write(path, text(lambda: writers.aiscatcher(heard(), sentences=True))),
    "AIS-catcher, decoded": lambda path: _write(
        path, text(lambda: writers.aiscatcher(heard(), sentences=False))
    ),
    "MarineCadastre": lambda path: _zipped(path, text(lambda: writers.marinecadastre(heard(), lower=False))),
    "MarineCadastre, lower case": lambda path: _write(
        path, text(lambda: writers.marinecadastre(heard(), lower=True), zstandard.compress)
    ),
    "Danish": lambda path: _write(path, text(lambda: writers.danish(heard()), gzip.compress)),
    "Parquet": lambda path: writers.parquet(heard(), path),
    "GeoParquet": lambda path: writers.parquet(heard(), path, geo=True),
}


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _zipped(path: Path, data: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("AIS_2026_01_01.csv", data)


@pytest.fixture(scope="module")
def as_nmea(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    path = tmp_path_factory.mktemp("nmea") / "recording.nmea"
    path.write_text("".join(f"{line}\n" for line in recording(SCENARIO, 3, "none")))
    return replay(path)[0]


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_events(name: str, as_nmea: list[Event], tmp_path: Path) -> None:
    assert any(event.type == "encounter" for event in as_nmea)
    path = tmp_path / "recording"
    FORMATS[name](path)
    found, _ = replay(path)
    assert kinds(found) == kinds(as_nmea)
    same = {(e.type, tuple(sorted(v.ssvid for v in e.vessels))): e for e in as_nmea}
    for event in found:
        other = same[event.type, tuple(sorted(v.ssvid for v in event.vessels))]
        assert abs(from_text(event.start) - from_text(other.start)) <= NEAR
        assert [v.name for v in event.vessels] == [v.name for v in other.vessels]
