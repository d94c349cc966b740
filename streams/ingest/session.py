"""A session of ingest: its sources, their names and registrations, and the feed of each."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import msgspec

from models.source_hints import SourceHints
from models.time import Millis
from streams.deployment import wire
from streams.deployment.wire import RawFrame
from streams.ingest.counters import Counters
from streams.ingest.delivery import GRACE_SECONDS, deliver
from streams.ingest.intake import Intake, utc_now
from streams.ingest.outbox import Outbox
from streams.ingest.sender import KafkaTarget
from streams.ingest.sources.address import (
    Address,
    AddressError,
    AisstreamAddress,
    FileAddress,
    HttpAddress,
    LiveAddress,
    MqttAddress,
    SerialAddress,
    SightingsAddress,
    TcpAddress,
    UdpAddress,
    parse_address,
)
from streams.ingest.sources.aisstream import KEY, AisstreamFeed, Box
from streams.ingest.sources.files import FileFeed
from streams.ingest.sources.http import TOKEN, HttpFeed
from streams.ingest.sources.mqtt import PASSWORD, USER, MqttFeed
from streams.ingest.sources.serial import SerialFeed
from streams.ingest.sources.sightings import SightingsFeed
from streams.ingest.sources.tcp import TcpFeed
from streams.ingest.sources.udp import UdpFeed
from streams.ingest.spool import Spool
from streams.recordings.diagnosis import no_record
from streams.recordings.errors import SourceError
from streams.recordings.inputs import ANY, find_inputs, given_twice
from streams.recordings.recording import Reading
from streams.runtime.backoff import Delays
from streams.runtime.environment import variable
from streams.runtime.logs import get_logger
from streams.runtime.tasks import end, finish

log = get_logger(__name__)

BUFFER_LIMIT: Final = 1 << 30
RECORDINGS_AT_ONCE: Final = 8
"""Files that are read at the same time, since a folder may hold thousands. Pipes are not counted."""


class Feed(Protocol):
    async def run(self, intake: Intake) -> None:
        """Take in until the source ends, or until cancelled."""
        ...


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How a session runs, apart from its sources and its target."""

    buffer: Path
    buffer_limit: int = BUFFER_LIMIT
    name: str | None = None
    """The name of the only source: as it is for a recording, with the session's suffix for a live source."""
    boxes: Sequence[Box] = ()
    glob: str = ANY
    """Which files are read of folders and archives."""
    reading: Reading = field(default_factory=Reading)
    """How recordings are read, and what the user says about the lines of all sources."""
    delays: Delays = field(default_factory=Delays)
    grace: float = GRACE_SECONDS


@dataclass(slots=True)
class _Source:
    address: Address
    name: str
    feed: Feed


class Session:
    """The sources of a command line. Raises AddressError and SpoolError before anything is sent."""

    def __init__(self, sources: Sequence[str], target: KafkaTarget, options: IngestOptions) -> None:
        self._target, self._options = target, options
        self.counters = Counters()
        self._turns = asyncio.Semaphore(RECORDINGS_AT_ONCE)
        self.problems: list[str] = []
        """A sentence for each recording that could not be read to its end."""
        if not sources:
            raise AddressError("no source is given; name at least one")
        if twice := {text for text in sources if sources.count(text) > 1}:
            raise AddressError(f"{min(twice)}: is given twice; name each source once")
        if options.name is not None and len(sources) > 1:
            raise AddressError("a name can be given to a single source only")
        addresses = [parse_address(text) for text in sources]
        started = utc_now()
        self._outbox = Outbox(Spool(options.buffer, options.buffer_limit), self.counters)
        try:
            self._sources = [each for address in addresses for each in self._at(address, started)]
            if options.name is not None and len(self._sources) > 1:
                raise AddressError("a name can be given to a single recording only")
            recorded = [each.feed.input for each in self._sources if isinstance(each.feed, FileFeed)]
            if same := given_twice(recorded):
                raise AddressError(same)
        except AddressError:
            self._outbox.close()
            raise

    @property
    def names(self) -> list[str]:
        return [source.name for source in self._sources]

    @property
    def feeds(self) -> list[Feed]:
        return [source.feed for source in self._sources]

    async def run(self, stop: asyncio.Event) -> None:
        """Run until the recordings are sent, or with a live source until `stop`. Raises TopicsError.

        That none of them holds a record is a problem, too.
        """
        await deliver(
            self._run_sources(),
            self._target,
            self._outbox,
            self.counters,
            stop,
            grace=self._options.grace,
        )
        read = [source.feed for source in self._sources]
        empty = [feed.input.name for feed in read if isinstance(feed, FileFeed) and feed.empty]
        if len(empty) == len(read) and not stop.is_set():
            self.problems.append(no_record(empty))
        if left := self._outbox.waiting:
            log.warning("left_in_buffer", frames=left, bytes=self.counters.buffered_bytes,
                buffer=self._options.buffer, action="sent at the next start with this buffer")  # fmt: skip

    async def _run_sources(self) -> None:
        for name in self._outbox.open_sources():  # their ingest was killed: nothing more comes from them
            await self._outbox.put(RawFrame(wire.VERSION, name, "end", -1))
        intakes = [
            Intake(source.name, self._outbox, self.counters, hints=self._hints(source.address))
            for source in self._sources
        ]
        for source, intake in zip(self._sources, intakes, strict=True):
            await intake.register(source.address.text)
        for intake in intakes:
            await intake.greet()
        tasks = [
            asyncio.create_task(self._run_source(source, intake))
            for source, intake in zip(self._sources, intakes, strict=True)
        ]
        try:
            await asyncio.gather(*tasks)
        finally:
            await end(*tasks)

    async def _run_source(self, source: _Source, intake: Intake) -> None:
        tick = asyncio.create_task(intake.tick() if source.address.live else intake.beat())
        try:
            await source.feed.run(intake)
        except SourceError as error:
            self.problems.append(str(error))
            log.error("not_read_whole", source=source.name, error=error)
        finally:
            await finish(_end_source(tick, intake))

    def _at(self, address: Address, started: Millis) -> list[_Source]:
        """What is to be read there: one source, or all recordings of a folder or archive."""
        if not isinstance(address, FileAddress):
            return [_Source(address, self._name(address.text, started), self._live(address))]
        reading = self._options.reading
        return [
            _Source(
                FileAddress(each.name),
                self._name(each.name, started, recorded=True),
                FileFeed(each, reading, self._turns if each.content.rereadable else nullcontext()),
            )
            for each in find_inputs([address.text], self._options.glob)
        ]

    def _name(self, text: str, started: Millis, *, recorded: bool = False) -> str:
        """A name for this session only: a source that has ended never comes back under it."""
        chosen = self._options.name
        return chosen if chosen is not None and recorded else f"{chosen or text}#{started:x}"

    def _hints(self, address: Address) -> SourceHints:
        """A live source goes on for ever: its lines are judged by their times of receipt."""
        hints = self._options.reading.hints
        return msgspec.structs.replace(hints, not_after=None) if address.live else hints

    def _live(self, address: LiveAddress) -> Feed:
        delays, counters = self._options.delays, self.counters
        match address:
            case TcpAddress():
                return TcpFeed(address, counters, delays)
            case UdpAddress():
                return UdpFeed(address, counters)
            case HttpAddress():
                return HttpFeed(address, variable(TOKEN) or None, counters)
            case MqttAddress():
                user, password = variable(USER) or None, variable(PASSWORD) or None
                return MqttFeed(address, user, password, counters, delays)
            case SerialAddress():
                return SerialFeed(address, counters, delays)
            case SightingsAddress():
                return SightingsFeed(self._target.broker, self._target.topics, counters, delays)
            case AisstreamAddress():
                return AisstreamFeed(address, variable(KEY), self._options.boxes, counters, delays)


async def _end_source(tick: asyncio.Task[None], intake: Intake) -> None:
    """End the task beside the source, then the source itself."""
    await end(tick)
    await intake.end()
    log.info("source_ended", source=intake.source)
    with suppress(asyncio.CancelledError):
        tick.result()
