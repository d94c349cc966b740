"""Forked: work in a second process, a copy of this one, whose results come here in order while it runs ahead.

Results are blocks of bytes. They go through a pipe that a thread empties into memory, up to a limit, so that
neither process waits for the other as long as the slower one has work.
"""

import ctypes
import fcntl
import gc
import os
import signal
import struct
import sys
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import TracebackType
from typing import BinaryIO, Final, Self

from models.errors import TankerwatchError

Send = Callable[[bytes], None]
AHEAD: Final = 1 << 26
"""Bytes that may wait here to be taken."""
_PIPE: Final = 1 << 20
_HEAD: Final = struct.Struct("<BQ")
_BLOCK, _DONE, _FAULT, _DIED = range(4)
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


class Died(TankerwatchError):
    """The second process ended before its work was done, and not by an exception: it was killed."""


def can_fork() -> bool:
    """Whether a copy of this process can do anything. On macOS system libraries break in it."""
    return hasattr(os, "fork") and sys.platform != "darwin"


def usable_cpus() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Forked:
    """A context: at its start the process is copied, at its end the copy is no more, however that comes.

    The copy calls `work` with what sends a block. It does not hear Ctrl-C; `interrupt` has it call `asked`,
    between two of its instructions. It ends when this process does, whatever that dies of.
    """

    def __init__(self, what: str, work: Callable[[Send], None], asked: Callable[[], None]) -> None:
        self._what = what
        self._work = work
        self._asked = asked
        self._pid = 0

    def __enter__(self) -> Self:
        """Raises OSError where the system allows no further process. No other thread may hold a lock."""
        source, sink = os.pipe()
        there, here = os.pipe()  # the copy sees its end when this process is no more
        gc.freeze()  # what is there is not written to by the collector, so the two share its memory
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1})
        try:
            with warnings.catch_warnings():
                # Python warns of threads, and counts those of BLAS, which prepares for being copied
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if not pid:
                os.close(source)
                os.close(here)
                self._run(sink, there, held)
        except OSError:
            for end in (source, sink, there, here):
                os.close(end)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
        os.close(sink)
        os.close(there)
        self._pid, self._life = pid, here
        self._blocks = _Blocks(source)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._reap()
        os.close(self._life)
        self._blocks.close()

    def interrupt(self) -> None:
        """Have the copy call `asked`."""
        if self._pid:
            os.kill(self._pid, signal.SIGUSR1)

    def __iter__(self) -> Iterator[bytes]:
        """What it sent, in order. Raises Died, and RuntimeError for an exception in it."""
        while (taken := self._blocks.take()) is not None:
            kind, block = taken
            if kind == _DONE:
                self._reap()
                return
            if kind == _DIED:
                raise Died(block.decode())
            if kind == _FAULT:
                raise RuntimeError(f"{self._what} failed\n\n{block.decode(errors='replace')}")
            yield block
        raise Died(
            f"{self._what} was ended from outside ({_ended_by(self._reap())}), so the result is not "
            "complete; run it again, where memory is short with --processes 1"
        )

    def _reap(self) -> int:
        pid, self._pid = self._pid, 0
        return os.waitpid(pid, 0)[1]

    def _run(self, sink: int, there: int, held: set[int | signal.Signals]) -> None:
        """The life of the copy. It never returns, and leaves alone what the original has open."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGUSR1, lambda *_: self._asked())
            _be_killed_with_parent()
            threading.Thread(target=_end_with, args=(there,), daemon=True).start()
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            with open(sink, "wb", buffering=_PIPE) as pipe:
                self._work_into(pipe)
            code = 0
        finally:  # whatever it was, nobody is there to be told
            os._exit(code)

    def _work_into(self, pipe: BinaryIO) -> None:
        def send(block: bytes, kind: int = _BLOCK) -> None:
            pipe.write(_HEAD.pack(kind, len(block)))
            pipe.write(block)
            pipe.flush()

        try:
            self._work(send)
        except BrokenPipeError:
            raise
        except Died as death:  # of a copy of this one
            send(str(death).encode(), _DIED)
        except BaseException:
            send(traceback.format_exc().encode(errors="replace"), _FAULT)
        else:
            send(b"", _DONE)


def _be_killed_with_parent() -> None:
    """On Linux, have this process killed when the one that it was copied from is no more, also in the midst
    of a call that lets no other thread run. It holds the pipe that the original's own original reads, so that
    one would wait for it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _end_with(there: int) -> None:
    """End this process as soon as the one at the other end of a pipe is no more: on any system, and if that
    one died before it could be watched."""
    os.read(there, 1)
    os._exit(1)


def _ended_by(status: int) -> str:
    if not os.WIFSIGNALED(status):
        return f"exit code {os.waitstatus_to_exitcode(status)}"
    return f"signal {signal.Signals(os.WTERMSIG(status)).name}"


_Taken = tuple[int, bytes] | None


class _Blocks:
    """The end of a pipe that is read: a thread takes what comes, up to `AHEAD`."""

    def __init__(self, source: int) -> None:
        with suppress(OSError, AttributeError):  # a larger pipe is faster, but no more than that
            fcntl.fcntl(source, fcntl.F_SETPIPE_SZ, _PIPE)
        self._source = source
        self._waiting: deque[_Taken] = deque()
        self._size = 0
        self._closed = False
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._fill, daemon=True)
        self._thread.start()

    def take(self) -> _Taken:
        """The next block with its kind; None where the pipe has ended."""
        with self._turn:
            while not self._waiting:
                self._turn.wait()
            taken = self._waiting.popleft()
            self._size -= len(taken[1]) if taken else 0
            self._turn.notify()
            return taken

    def close(self) -> None:
        """The other end is closed already."""
        with self._turn:
            self._closed = True
            self._turn.notify()
        self._thread.join()

    def _fill(self) -> None:
        with open(self._source, "rb", buffering=_PIPE) as pipe:
            taken: _Taken = (_BLOCK, b"")
            while taken is not None:
                taken = _read(pipe)
                with self._turn:
                    while self._size > AHEAD and not self._closed:
                        self._turn.wait()
                    if self._closed:
                        return
                    self._waiting.append(taken)
                    self._size += len(taken[1]) if taken else 0
                    self._turn.notify()


def _read(pipe: BinaryIO) -> _Taken:
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    block = pipe.read(size)
    return (kind, block) if len(block) == size else None
