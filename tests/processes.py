"""Processes of Python that start at once, as copies of one that has loaded the libraries of others.

Starting Python and loading numba, Faust and the clients of Kafka and Redis takes a second of CPU each time.
"""

import atexit
import ctypes
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

_SUBREAPER: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2): who has it becomes the parent of orphans below it."""


class Process(subprocess.Popen[Any]):
    """What subprocess.Popen would start, and the same to its caller.

    `[sys.executable, "-c", code, …]` and `[sys.executable, "-m", module, …]` are copies from the nursery;
    everything else, and all processes where there is no Linux, are started as usual.
    """

    def _execute_child(self, args: Any, *how: Any) -> None:
        """What Popen starts a process with, in Python 3.11 to 3.13."""
        names = ("executable", "preexec_fn", "close_fds", "pass_fds", "cwd", "env", "", "", "shell")
        given = dict(zip(names, how, strict=False))
        plain = not (given["executable"] or given["preexec_fn"] or given["pass_fds"] or given["shell"])
        ours = not isinstance(args, str | bytes | os.PathLike) and args[0] == sys.executable
        if not (plain and ours and tuple(args[1:2]) in (("-c",), ("-m",)) and sys.platform == "linux"):
            super()._execute_child(args, *how)  # type: ignore[misc]
            return
        pipes = how[9:15]
        child = [end if end != -1 else number for number, end in enumerate((pipes[0], pipes[3], pipes[5]))]
        self.pid = _nursery.copied(
            list(map(os.fspath, args[1:])), given["env"], given["cwd"], bool(how[20]), child
        )
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]


def run(
    arguments: Sequence[str],
    input: Any = None,
    timeout: float | None = None,
    check: bool = False,
    capture_output: bool = False,
    **more: Any,
) -> subprocess.CompletedProcess[Any]:
    """As subprocess.run."""
    if input is not None:
        more["stdin"] = subprocess.PIPE
    if capture_output:
        more |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with Process(arguments, **more) as process:
        try:
            output, errors = process.communicate(input, timeout)
        except BaseException:
            process.kill()
            raise
    done = subprocess.CompletedProcess(arguments, process.returncode, output, errors)
    if check:
        done.check_returncode()
    return done


class _Nursery:
    """The process that copies are made from; started when the first one is wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: socket.socket | None = None
        self._libc = ctypes.CDLL(None, use_errno=True)

    def copied(
        self,
        arguments: list[str],
        environment: Mapping[str, str] | None,
        folder: Any,
        session: bool,
        streams: list[int],
    ) -> int:
        """The number of a new process, whose parent is this one."""
        told = {
            "arguments": arguments,
            "environment": dict(os.environ if environment is None else environment),
            "folder": os.path.join(os.getcwd(), folder or ""),
            "session": session,
        }
        with self._lock:
            if self._asking is None:
                self._asking = self._start()
            self._libc.prctl(_SUBREAPER, 1, 0, 0, 0)
            try:
                socket.send_fds(self._asking, [json.dumps(told).encode()], streams)
                pid = int(self._asking.recv(100))
                self._asking.recv(100)
            except BaseException:
                self._asking = None  # its answer may still come, and is none to the next question
                raise
            finally:
                self._libc.prctl(_SUBREAPER, 0, 0, 0, 0)
        return pid

    def _start(self) -> socket.socket:
        ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            started = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("nursery.py")), str(its.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
            )

        def end() -> None:
            ours.shutdown(socket.SHUT_RDWR)  # a process that was forked meanwhile may have it, too
            ours.close()
            started.wait()

        atexit.register(end)
        return ours


_nursery: Final = _Nursery()
