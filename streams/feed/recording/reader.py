"""The reader of a recording: the stages run in a thread and hand what they find to the log."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from models.event import Event
from models.tick import Instant
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.recording.progress import Progress
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.recordings.summary import Summary
from streams.stages.core import Core


class Recording:
    def __init__(
        self,
        core: Core,
        log: MemoryLog,
        progress: Progress,
        mmsis: frozenset[int] = frozenset(),
        on_end: Callable[[Summary], object] = lambda _: None,
        keep: Callable[[Instant], object] = lambda _: None,
    ) -> None:
        """`keep` gets every instant, in the thread that reads. `on_end` gets the summary, in the event loop,
        once everything has been read."""
        self._log, self._progress, self._on_end = log, progress, on_end
        self._loop = asyncio.get_running_loop()
        self._stopped = threading.Event()
        self._keep = keep
        self._instants: list[Instant] = []
        self._events: list[Event] = []
        self._replay = Replay(
            core,
            on_event=self._events.append,
            on_instant=self._take,
            on_progress=self._hand_over,
            stopped=self._stopped.is_set,
            mmsis=mmsis,
        )

    async def run(self, sources: Sequence[Source]) -> None:
        """Read all sources. The thread is a daemon, so that an idle pipe does not keep the process from
        ending."""
        done: asyncio.Future[Summary] = self._loop.create_future()

        def work() -> None:
            try:
                summary = self._replay.run(sources)
            except BaseException as error:
                self._call(done.set_exception, error)
            else:
                self._call(done.set_result, summary)

        threading.Thread(target=work, name="replay", daemon=True).start()
        try:
            summary = await done
        finally:
            self._stopped.set()
        self._progress.ended = True
        self._on_end(summary)

    def _call(self, call: Callable[..., object], *arguments: object) -> None:
        if not self._stopped.is_set():
            self._loop.call_soon_threadsafe(call, *arguments)

    def _take(self, instant: Instant) -> None:
        self._keep(instant)
        self._instants.append(instant)

    def _hand_over(self, _: Summary) -> None:
        """Called in the thread after every frame. Waits for the log to take it, so that nothing piles up."""
        if self._stopped.is_set() or not (self._instants or self._events):
            return
        instants, events = list(self._instants), list(self._events)
        self._instants.clear()
        self._events.clear()

        async def take() -> None:
            self._log.add(instants, events)

        taken = asyncio.run_coroutine_threadsafe(take(), self._loop)
        while not self._stopped.is_set():
            with suppress(TimeoutError):
                taken.result(0.5)
                return
