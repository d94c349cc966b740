"""The supervisor of a worker: starts it again when it has ended itself, and stops it in order.

A worker ends itself where going on would lose or double something (`streams/app.py`): it starts from its
checkpoint again. The supervisor is a process of its own, without any of the pipeline in it.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Final

from streams.runtime.logs import say

log = logging.getLogger(__name__)

USAGE: Final = 2
"""Exit code of a worker that would fail in the same way again: it is not started again."""
REASONS: Final = {3: "lost", 4: "fenced", 5: "failed"}
RESTARTS: Final = "TANKERWATCH_RESTARTS"
"""Environment variable that tells a worker how often it was started again, and why."""
SUPERVISOR: Final = "TANKERWATCH_SUPERVISOR"
"""Environment variable with the supervisor's process id: a worker ends when that is no longer its parent."""


def worker_command() -> list[str]:
    """What starts one worker in the foreground. Levels of logs are those of `streams/runtime/logs.py`."""
    faust = [sys.executable, "-m", "faust", "--quiet", "-A", "streams.app"]
    return [*faust, "worker", "--without-web", "-l", "debug"]


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: before a restart, doubling up to the longest; up and running after which it starts over; and
    what a worker is given to stop in."""

    first: float = 1.0
    longest: float = 30.0
    settled: float = 60.0
    stop: float = 30.0


class Supervisor:
    """Runs `command` until a signal, or until it ends of its own accord. For the main thread of a process."""

    def __init__(
        self,
        command: Sequence[str],
        pace: Pace | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        self._command, self._pace = list(command), pace or Pace()
        self._environment = dict(environment)
        self._restarts: Counter[str] = Counter()
        self._stopping = False

    def run(self) -> int:
        """The exit code: 0 when stopped in order."""
        stop = {signal.SIGINT, signal.SIGTERM}
        before = {number: signal.signal(number, self._note) for number in stop}
        try:
            return self._run()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, _: int, __: FrameType | None) -> None:
        self._stopping = True

    def _run(self) -> int:
        wait = self._pace.first
        while True:
            started = time.monotonic()
            code = self._run_once()
            if self._stopping:
                return 0 if code in (0, -signal.SIGTERM, -signal.SIGINT) else 1
            if code in (0, USAGE):
                return code
            if time.monotonic() - started >= self._pace.settled:
                wait = self._pace.first
            reason = REASONS.get(code, f"signal_{-code}" if code < 0 else f"code_{code}")
            self._restarts[reason] += 1
            say(log, logging.ERROR, "worker_ended", reason=reason, code=code, restart_in=wait)
            self._sleep(wait)
            if self._stopping:
                return 0
            wait = min(wait * 2, self._pace.longest)

    def _run_once(self) -> int:
        environment = {
            **self._environment,
            RESTARTS: json.dumps(self._restarts),
            SUPERVISOR: str(os.getpid()),
        }
        # a session of its own: Ctrl-C in a terminal reaches it through us, once
        worker = subprocess.Popen(
            self._command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # Faust's ornaments; logs go to standard error
            start_new_session=True,
        )
        say(log, logging.INFO, "worker_started", pid=worker.pid)
        while not self._stopping:
            try:
                return worker.wait(0.2)
            except subprocess.TimeoutExpired:
                continue
        worker.send_signal(signal.SIGTERM)
        try:
            return worker.wait(self._pace.stop)
        except subprocess.TimeoutExpired:
            say(log, logging.ERROR, "worker_killed", after=self._pace.stop)
            worker.kill()
            return worker.wait()

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, 0.1))
