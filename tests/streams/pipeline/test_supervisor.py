"""The supervisor: a worker that ends itself is started again, one that is asked to stop is not."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.pipeline.supervisor import Pace, Supervisor

QUICK = Pace(first=0.01, longest=0.02, stop=5)


def script(path: Path, text: str) -> list[str]:
    path.write_text(text)
    return [sys.executable, str(path)]


@pytest.mark.parametrize(("code", "reason"), [(3, "lost"), (4, "fenced"), (5, "failed"), (-9, "signal_9")])
def test_a_worker_that_ends_itself_is_started_again(tmp_path: Path, code: int, reason: str) -> None:
    runs = tmp_path / "runs"
    end = f"os._exit({code})" if code > 0 else "os.kill(os.getpid(), 9)"
    command = script(
        tmp_path / "worker.py",
        "import os\n"
        f"runs = open({str(runs)!r}, 'a'); print(os.environ['TANKERWATCH_RESTARTS'], file=runs, flush=True)\n"
        f"if len(open({str(runs)!r}).readlines()) < 4: {end}\n",
    )
    assert Supervisor(command, QUICK).run() == 0
    told = [json.loads(line) for line in runs.read_text().splitlines()]
    assert told == [{}, {reason: 1}, {reason: 2}, {reason: 3}]


def test_wrong_usage_is_not_tried_again(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = script(tmp_path / "worker.py", f"open({str(runs)!r}, 'a').write('.'); raise SystemExit(2)")
    assert Supervisor(command, QUICK).run() == 2
    assert runs.read_text() == "."


SUPERVISE = """
import sys
from streams.supervisor import Pace, Supervisor
sys.exit(Supervisor([sys.executable, sys.argv[1]], Pace(stop=float(sys.argv[2]))).run())
"""


def eventually(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_worker_in_order(tmp_path: Path, number: signal.Signals) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    script(
        tmp_path / "worker.py",
        "import signal, sys, time\n"
        f"def stop(*_): open({str(ended)!r}, 'w').write('in order'); sys.exit(0)\n"
        f"signal.signal(signal.SIGTERM, stop); open({str(started)!r}, 'w')\n"
        "while True: time.sleep(1)\n",
    )
    with subprocess.Popen([sys.executable, "-c", SUPERVISE, tmp_path / "worker.py", "10"]) as supervisor:
        eventually(started.exists)
        supervisor.send_signal(number)
        assert supervisor.wait(15) == 0
    assert ended.read_text() == "in order"


def test_a_worker_that_does_not_stop_is_killed(tmp_path: Path) -> None:
    started = tmp_path / "started"
    script(
        tmp_path / "worker.py",
        "import os, signal, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"open({str(started)!r}, 'w').write(str(os.getpid()))\n"
        "while True: time.sleep(1)\n",
    )
    with subprocess.Popen([sys.executable, "-c", SUPERVISE, tmp_path / "worker.py", "0.1"]) as supervisor:
        eventually(lambda: started.exists() and bool(started.read_text()))
        supervisor.terminate()
        assert supervisor.wait(15) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
