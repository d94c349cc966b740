"""`serve` and `feed` as processes: they print their address, stay up, and end in order."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from streams.cli.main import run
from tests.processes import Process
from tests.streams.contracts.recorded import recording
from tests.streams.deployments import COMMAND
from tests.waiting import PATIENCE, wait_until


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    output = folder / "told"
    with output.open("wb") as file:
        process = Process(
            [sys.executable, "-c", COMMAND, *arguments], stderr=file, stdout=file, stdin=subprocess.DEVNULL
        )
    try:
        yield process, output
    finally:
        process.kill()
        process.wait()


def text_with(output: Path, words: str) -> str:
    """What was said, once it holds these words."""
    wait_until(lambda: words in output.read_text(), f"{words!r}")
    return output.read_text()


def url_in(text: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:\d+/", text)
    assert found, text
    return found[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.nmea"
    path.write_text("".join(f"{line}\n" for line in recording("cho_do")))
    return path


def test_a_recording_is_served_and_stays_after_its_end(file: Path, tmp_path: Path) -> None:
    with running(tmp_path, "serve", str(file), "--port", "0") as (process, output):
        url = url_in(text_with(output, "All has been read"))
        assert "lines read" in output.read_text()
        events = httpx.get(f"{url}v1/events").json()["events"]
        assert {one["type"] for one in events} == {"encounter", "loitering"}
        playback = httpx.get(f"{url}v1/replay").json()
        assert playback["readTo"] == playback["end"] > playback["start"]
        begin = {"at": playback["start"]}
        assert httpx.get(f"{url}v1/events", params=begin).json()["events"] == []
        assert httpx.get(url).status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
        assert "Traceback" not in output.read_text()


def test_pages_begin_at_a_rate_that_is_given(file: Path, tmp_path: Path) -> None:
    with running(tmp_path, "serve", str(file), "--port", "0", "--rate", "60") as (_, output):
        url = url_in(text_with(output, "All has been read"))
        playback = httpx.get(f"{url}v1/replay").json()
        assert playback["readTo"] == playback["end"]
        assert playback["rate"] == 60


def test_the_feed_waits_for_redis_and_ends_when_told(tmp_path: Path) -> None:
    nowhere = "redis://127.0.0.1:1/0"
    with running(tmp_path, "feed", "--port", "0", "--redis", nowhere) as (process, output):
        url = url_in(text_with(output, "waiting"))
        assert httpx.get(f"{url}healthz").status_code == 503
        assert httpx.get(f"{url}v1/events").status_code == 503
        assert httpx.get(f"{url}v1/config").status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
        assert "feed_stopped" in output.read_text()
        assert "Traceback" not in output.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "x"], "No such option: --out"),
        (["--rate", "fast"], "--rate: 'fast' is not a rate"),
        (["--bbox", "1"], "--bbox: '1' is not WEST,SOUTH,EAST,NORTH"),
    ],
)
def test_wrong_usage_is_one_line(
    arguments: list[str], words: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["serve", str(file), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_port_that_is_taken_is_told(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path, "serve", str(file), "--port", "0") as (_, output):
        port = url_in(text_with(output, "Watch it at")).rpartition(":")[2].strip("/")
        assert run(["serve", str(file), "--port", port]) == 2
    assert "choose another one with --port" in capsys.readouterr().err
