"""Forked: work in a second process, a copy of this one, whose results come here in order while it runs ahead.

Results are blocks of bytes. They wait in the copy, up to a limit, and a thread there puts them into a pipe,
so that neither process waits for the other as long as the slower one has work.
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
"""Bytes that may wait in a copy to be taken."""
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

    def __init__(
        self,
        what: str,
        work: Callable[[Send], None],
        asked: Callable[[], object] = bool,
        before: "Forked | None" = None,
    ) -> None:
        """`before` is another copy of this process, made earlier, whose blocks `work` takes."""
        self._what = what
        self._work = work
        self._asked = asked
        self._before = before
        self._pid = 0

    def __enter__(self) -> Self:
        """Raises OSError where the system allows no further process. No other thread may hold a lock."""
        self._source, sink = os.pipe()
        there, self._life = os.pipe()  # the copy sees its end when this process is no more
        with suppress(OSError, AttributeError):  # a larger pipe is faster, but no more than that
            fcntl.fcntl(sink, fcntl.F_SETPIPE_SZ, _PIPE)
        gc.freeze()  # what is there is not written to by the collector, so the two share its memory
        held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGUSR1})
        try:
            with warnings.catch_warnings():
                # Python warns of threads, and counts those of BLAS, which prepares for being copied
                warnings.simplefilter("ignore", DeprecationWarning)
                pid = os.fork()
            if not pid:
                os.close(self._source)
                os.close(self._life)
                self._run(sink, there, held)
        except OSError:
            self._close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            os.close(sink)
            os.close(there)
        self._pid = pid
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._reap()
        self._close()

    def interrupt(self) -> None:
        """Have the copy call `asked`."""
        if self._pid:
            os.kill(self._pid, signal.SIGUSR1)

    def __iter__(self) -> Iterator[bytes]:
        """What it sent, in order: once, here or in a later copy of this process.

        Raises Died, and RuntimeError for an exception in it.
        """
        with open(self._source, "rb", buffering=_PIPE, closefd=False) as pipe:
            while (taken := _read(pipe)) is not None:
                kind, block = taken
                if kind == _DONE:
                    return
                if kind == _DIED:
                    raise self._before.death() if self._before else Died(block.decode())
                if kind == _FAULT:
                    raise RuntimeError(f"{self._what} failed\n\n{block.decode(errors='replace')}")
                yield block
        raise self.death()

    def death(self) -> Died:
        """What is told of its end from outside, after which no more comes from it."""
        try:
            how = f" ({_ended_by(self._reap())})"
        except ChildProcessError:  # it is a copy of another process, which will know
            how = ""
        return Died(
            f"{self._what} was ended from outside{how}, so the result is not complete; run it again, where "
            "memory is short with --processes 1"
        )

    def _reap(self) -> int:
        pid, self._pid = self._pid, 0
        return os.waitpid(pid, 0)[1]

    def _close(self) -> None:
        os.close(self._source)
        os.close(self._life)

    def _run(self, sink: int, there: int, held: set[int | signal.Signals]) -> None:
        """The life of the copy. It never returns, and leaves alone what the original has open."""
        code = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGUSR1, lambda *_: self._asked())
            _be_killed_with_parent()
            threading.Thread(target=_end_with, args=(there,), daemon=True).start()
            blocks = _Blocks(sink)
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            self._work_into(blocks.put)
            blocks.finish()
            code = 0
        finally:  # whatever it was, nobody is there to be told
            os._exit(code)

    def _work_into(self, send: Callable[[bytes, int], None]) -> None:
        try:
            self._work(lambda block: send(block, _BLOCK))
        except Died as death:  # of another copy
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


class _Blocks:
    """Blocks on their way into a pipe: a thread puts them there, while up to `AHEAD` bytes more may wait."""

    def __init__(self, sink: int) -> None:
        self._sink = sink
        self._waiting: deque[tuple[int, bytes]] = deque()
        self._size = 0
        self._turn = threading.Condition()
        self._thread = threading.Thread(target=self._empty, daemon=True)
        self._thread.start()

    def put(self, block: bytes, kind: int) -> None:
        """A block of a kind; any but `_BLOCK` is the last one."""
        with self._turn:
            while self._size > AHEAD:
                self._turn.wait()
            self._waiting.append((kind, block))
            self._size += len(block)
            self._turn.notify()

    def finish(self) -> None:
        """Wait until the last one is in the pipe."""
        self._thread.join()

    def _empty(self) -> None:
        try:
            with open(self._sink, "wb", buffering=_PIPE) as pipe:
                while self._send(pipe) == _BLOCK:
                    pass
        except BaseException:  # whatever it was, nobody is there to be told
            os._exit(1)

    def _send(self, pipe: BinaryIO) -> int:
        """Put one into the pipe, and return its kind."""
        with self._turn:
            while not self._waiting:
                self._turn.wait()
            kind, block = self._waiting.popleft()
        pipe.write(_HEAD.pack(kind, len(block)))
        pipe.write(block)
        pipe.flush()
        with self._turn:
            self._size -= len(block)
            self._turn.notify()
        return kind


def _read(pipe: BinaryIO) -> tuple[int, bytes] | None:
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    block = pipe.read(size)
    return (kind, block) if len(block) == size else None
