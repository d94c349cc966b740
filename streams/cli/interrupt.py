"""Ctrl-C: the first one ends a run cleanly with what was found so far, the second one at once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from streams.recordings.errors import Interrupted


class Interrupt:
    """Notes the first SIGINT in `asked`, and raises KeyboardInterrupt at the second one.

    It is also a context manager for code that may block, such as reading from a pipe. There a first SIGINT,
    or one that came before, raises Interrupted, so that an idle pipe doesn't delay the end.
    """

    def __init__(self) -> None:
        self.asked = False
        self.pass_on: Callable[[], object] = bool
        """Called at the first one, to tell others of it."""
        self._waiting = False
        self._again = False

    @contextmanager
    def listen(self) -> Iterator[None]:
        """Handle SIGINT within this context."""
        before = signal.signal(signal.SIGINT, self._heard)
        try:
            yield
        finally:
            if not self._again:
                signal.signal(signal.SIGINT, before)

    def __enter__(self) -> None:
        self._waiting = True
        if self.asked:
            self._waiting = False
            raise Interrupted

    def __exit__(self, *_: object) -> None:
        self._waiting = False

    def _heard(self, *_: Any) -> None:
        if self.asked:
            self._again = True
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # a third one kills the process
            raise KeyboardInterrupt
        self.pass_on()
        self.ask()

    def ask(self) -> None:
        """As the first SIGINT would; raises Interrupted in the midst of what may block."""
        self.asked = True
        if self._waiting:
            self._waiting = False
            raise Interrupted
