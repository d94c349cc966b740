"""Real feeds as processes: a recording with `tankerwatch serve`, and `tankerwatch feed` on Redis."""

import asyncio
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from models.event import Event
from models.report import Rows
from models.vessel import Identity
from tests.scenarios import simulated
from tests.services.server import HOST, Server
from tests.streams.deployments import COMMAND
from tests.streams.feed.event_logs import in_redis
from tests.waiting import PATIENCE

_COMMAND: Final = [sys.executable, "-c", COMMAND]


class Feed(Server):
    """A process that serves the page."""

    def __init__(self, folder: Path, options: Sequence[str], port: int | None = None) -> None:
        super().__init__(folder, port)
        self._options = options

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def ask(self, path: str, content: Any = None) -> Any:
        data = None if content is None else msgspec.json.encode(content)
        with urllib.request.urlopen(f"{self.url}/v1/{path}", data, timeout=PATIENCE) as answer:
            return msgspec.json.decode(answer.read())

    def _command(self) -> list[str]:
        return [*_COMMAND, *self._options, "--port", str(self.port)]

    def _ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/v1/config", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False


class Recorded(Feed):
    """A feed of a recording."""

    name = "replay"

    def __init__(self, folder: Path, recording: Path, rate: str = "max") -> None:
        super().__init__(folder, ["serve", str(recording), "--rate", rate])

    def finished(self) -> bool:
        return self.ask("replay")["end"] is not None


class Live(Feed):
    """A feed of a log in Redis under its own prefix. The test writes the log as the sink would."""

    name = "feed"

    def __init__(self, folder: Path, redis: str) -> None:
        self.prefix, self.redis = f"t{uuid.uuid4().hex[:8]}.", redis
        super().__init__(folder, ["feed", "--redis", redis, "--prefix", self.prefix])

    def add(
        self, events: Sequence[Event] = (), ticks: Sequence[Rows] = (), identities: Sequence[Identity] = ()
    ) -> None:
        async def write() -> None:
            async with in_redis(self.redis, self.prefix) as log:
                await log.add(events, ticks, identities)

        elsewhere(write())


def elsewhere(work: Coroutine[Any, Any, None]) -> None:
    """Run it in another thread, because the browser's driver uses the event loop of this one."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


def recording(folder: Path, scenario: str, seed: int = 1) -> Path:
    path = folder / f"{scenario}.nmea"
    path.write_text("".join(f"{line}\n" for line in simulated.recording(scenario, seed)), "ascii")
    return path
