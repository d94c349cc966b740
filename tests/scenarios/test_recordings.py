"""Detection on real recordings: what is known of them, and that nothing else is found."""

import os
from pathlib import Path

import pytest

from models.event import Event
from models.time import MINUTE, from_text
from streams.recordings.arrivals import Source
from streams.recordings.recording import open_recording
from streams.recordings.replay import Replay
from streams.stages.core import Core
from streams.stages.settings import Settings, load
from tests.scenarios.recordings import recordings, replay
from tests.scenarios.runs import rules_of

pytestmark = pytest.mark.recorded

SHORT = """
[vessel.detectors.loitering]
bucket_minutes = 15
min_hours = 0.25
min_hours_sts = 0.25
probable_hours = 0.5
probable_hours_sts = 0.5
"""
"""All durations scaled down to a quarter of an hour."""


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(os.environ["TANKERWATCH_DATA"])


def found(path: Path, settings: Settings | None = None) -> list[Event]:
    """The last state of each event."""
    latest: dict[str, Event] = {}
    core = Core([str(path)], rules_of(settings or Settings()))
    run = Replay(core, on_event=lambda event: latest.update({event.id: event}))
    run.run([Source(str(path), open_recording(str(path)).frames())])
    return list(latest.values())


def near(text: str | None, expected: str) -> bool:
    assert text is not None
    return abs(from_text(text) - from_text(expected)) <= 15 * MINUTE


def test_every_recording_adds_up(folder: Path) -> None:
    paths = list(recordings(folder))
    assert len(paths) == 15
    for path in paths:
        summary, _ = replay(path)
        (outcomes,) = summary.outcomes.values()
        data = b"".join(frame.data for frame in open_recording(str(path)).frames())
        assert outcomes.total() == summary.lines == len(data.splitlines()), path
        assert not summary.problems


def test_a_busy_strait_gives_nothing(folder: Path) -> None:
    summary, events = replay(folder / "recordings/nmea_pghp/denmark_2013-11-12_1200.nmea.gz")
    assert summary.lines == 80_246
    assert summary.messages.total() == 26_077
    assert summary.first is not None
    assert summary.last is not None
    assert from_text("2013-11-12T12:00:00Z") <= summary.first
    assert summary.last < from_text("2013-11-12T12:05:00Z")
    assert events == []


def test_the_drifting_tanker_loiters_once(folder: Path) -> None:
    (event,) = found(folder / "recordings/nmea_pghp/tanker_212123000_drift_2014-10-02.nmea.gz")
    assert event.type == "loitering"
    assert event.vessel.ssvid == "212123000"
    assert near(event.start, "2014-10-02T16:54:00Z")
    assert near(event.end, "2014-10-03T05:29:00Z")


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("tanker_538004030_drift_2014-09-28", "2014-09-28T16:35:00Z", "2014-09-28T16:56:00Z"),
        ("219165000_sudden_speed_change_2014-10-05", "2014-10-05T15:56:43Z", None),
    ],
)
def test_too_short_for_the_rule(folder: Path, tmp_path: Path, name: str, start: str, end: str | None) -> None:
    """Nothing by the hour; by the quarter of an hour what docs/recordings.md explains."""
    path = folder / f"recordings/nmea_pghp/{name}.nmea.gz"
    assert found(path) == []
    (tmp_path / "short.toml").write_text(SHORT)
    (event,) = found(path, load(tmp_path / "short.toml"))
    assert event.type == "loitering"
    assert near(event.start, start)
    if end is None:
        assert event.end is None
    else:
        assert near(event.end, end)
