"""A real server as a child process that tests may stop, kill, pause and start again: same port, same data."""

import contextlib
import os
import random
import signal
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.processes import Process
from tests.waiting import PATIENCE, wait_until

HOST = "127.0.0.1"


class ServiceError(Exception):
    """A service could not be started; the message says what to do."""


def free_port() -> int:
    """A free loopback port below the ephemeral range.

    In that range a client that retries while the server is down may get the server's own port as its source,
    and then the restart fails (or the client talks to itself).
    """
    ports = random.SystemRandom()
    for _ in range(100):
        port = ports.randrange(20000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port
    raise ServiceError(f"found no free port on {HOST} between 20000 and 32000")


class Server(ABC):
    """One server process; subclasses say how it is started and when it is ready."""

    name: str
    start_seconds = PATIENCE

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.log = self.folder / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise ServiceError(f"{self.name} is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start on the port and the data of this object; returns when clients are served."""
        if self.running:
            raise ServiceError(f"{self.name} is running already")
        self._end(signal.SIGKILL)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._prepare()
        with self.log.open("ab") as log:
            # a session of its own: Ctrl-C in the terminal goes to the tests, which then stop it in order
            self._process = Process(
                self._command(),
                env={**os.environ, **self._variables()},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # If the tests themselves are killed, the pipe closes and the guard ends the server
        self._guard = subprocess.Popen(
            ["sh", "-c", f"read _; kill -9 {self.pid}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            wait_until(self._ready_or_dead, f"{self.name} on {self.address} to be ready", self.start_seconds)
            if not self.running:
                raise ServiceError(f"{self.name} ended at start with code {self._process.returncode}")
        except BaseException as error:
            self._end(signal.SIGKILL)
            if isinstance(error, ServiceError | AssertionError):
                raise ServiceError(f"{error}; the end of {self.log}:\n{self.tail()}") from None
            raise
        return self

    def stop(self) -> None:
        """Stop in order (SIGTERM); kill what has not ended after 30 s."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End at once (SIGKILL), as a crash would."""
        self._end(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM), without waiting for it; `stop` does."""
        self._signal(signal.SIGTERM)

    def abort(self) -> None:
        """End it at once, without waiting for it. A signal handler may do so in the midst of `stop`."""
        self._signal(signal.SIGKILL)

    def restart(self, *, kill: bool = False) -> None:
        self._end(signal.SIGKILL if kill else signal.SIGTERM)
        self.start()

    def pause(self) -> None:
        """Freeze (SIGSTOP): connections stay open and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)
        # the signal comes to all threads of the process only by and by: one of them might still answer
        os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        return self if self.running else self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self, how: signal.Signals) -> None:
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.kill()
            guard.communicate()
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(how)
            process.send_signal(signal.SIGCONT)  # a paused process would never see SIGTERM
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()
        self._process = None

    def _signal(self, number: signal.Signals) -> None:
        process = self._process
        if process is not None and process.returncode is None:
            os.kill(process.pid, number)

    def _ready_or_dead(self) -> bool:
        return not self.running or self._ready()

    def tail(self) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def _prepare(self) -> None:  # noqa: B027 - most servers need nothing
        """What must be there before the first start."""

    def _variables(self) -> Mapping[str, str]:
        """Environment variables besides those of the tests."""
        return {}

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _ready(self) -> bool: ...
