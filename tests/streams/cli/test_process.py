"""The command as a process: signals, pipes and a terminal."""

import array
import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO, Any

import pytest

from streams.cli.main import run as run_here
from tests.scenarios import simulated
from tests.waiting import PATIENCE

COMMAND = [sys.executable, "-c", "from streams.cli import main; main()"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "satellite.nmea"
    lines = simulated.recording("satellite", 3, "none")
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


class Run(subprocess.Popen[bytes]):
    """A process that is killed at the end of its context, where it has not ended by then."""

    def __exit__(self, *error: Any) -> None:
        self.kill()
        super().__exit__(*error)


def start(*arguments: str | Path, **streams: Any) -> Run:
    return Run([*COMMAND, *map(str, arguments)], **streams)


def await_read(pipe: IO[bytes]) -> None:
    """Until the other end has taken all that was written."""
    left = array.array("i", [1])
    deadline = time.monotonic() + PATIENCE
    while left[0]:
        assert time.monotonic() < deadline, "nobody reads"
        time.sleep(0.01)
        fcntl.ioctl(pipe.fileno(), termios.FIONREAD, left)


def test_ctrl_c_ends_a_read_from_an_open_pipe_with_what_was_found(recording: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.geojson", tmp_path / "cut.geojson"
    assert run_here(["replay", str(recording), "--format", "geojson", "--out", str(whole)]) == 0
    run = start(
        *("replay", "-", "--format", "geojson", "--out", cut),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "FORCE_COLOR": "1"},
    )
    assert run.stdin is not None
    assert run.stderr is not None
    with run, run.stderr:
        run.stdin.write(recording.read_bytes() + b"!AIVDM,1,1,,A,cut o")
        run.stdin.flush()
        await_read(run.stdin)
        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE) == 130
        told = run.stderr.read().decode()
    assert "Ended by Ctrl-C: this is what was found so far." in told
    assert "Traceback" not in told
    assert "a second, event time" not in told  # no progress in a pipe, even with colours forced
    assert json.loads(cut.read_text())["features"]
    assert cut.read_bytes() == whole.read_bytes()


def test_ctrl_c_ends_waiting_for_somebody_to_open_a_named_pipe(tmp_path: Path) -> None:
    pipe, log = tmp_path / "pipe", tmp_path / "log"
    os.mkfifo(pipe)
    os.mkfifo(log)
    run = start("replay", pipe, "--rejects", log, stderr=subprocess.PIPE)
    assert run.stderr is not None
    with run, run.stderr, log.open("rb"):  # opens when the run has come to its outputs
        run.send_signal(signal.SIGINT)
        assert run.wait(PATIENCE) == 130
        assert b"Traceback" not in run.stderr.read()


def test_a_reader_that_has_enough_ends_it_quietly(recording: Path) -> None:
    run = start("replay", recording, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout is not None
    assert run.stderr is not None
    with run, run.stderr:
        run.stdout.read(1)
        run.stdout.close()
        assert run.wait(PATIENCE) == 128 + signal.SIGPIPE
        assert run.stderr.read() == b""


@pytest.mark.parametrize(("out", "name"), [("-", "standard output"), ("/dev/full", "/dev/full")])
def test_a_full_disk_is_told_in_one_line(recording: Path, out: str, name: str) -> None:
    with open("/dev/full", "wb") as full:
        run = start("replay", recording, "--out", out, stdout=full, stderr=subprocess.PIPE)
        _, told = run.communicate(timeout=PATIENCE)
    assert run.returncode == 1
    assert told.decode() == (
        f"tankerwatch: error: {name}: can't be written to its end (No space left on device); make room or "
        "choose another place\n"
    )


def test_progress_is_for_a_terminal(recording: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    run = start("replay", recording, "--out", tmp_path / "events", stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    try:
        while data := os.read(ours, 1 << 16):
            seen += data
    except OSError:  # so ends a terminal that nobody has open any more
        pass
    os.close(ours)
    assert run.wait(PATIENCE) == 0
    assert b"a second, event time" in seen
    assert b"Lines by outcome" in seen
