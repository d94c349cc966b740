"""The archiver of a deployment: reads its topics and archives all that they hold, each message once.

What is archived and how far the topics were read is one commit (`Folder.commit`), so after any crash it goes
on exactly there. It belongs to no consumer group, and needs nothing but Kafka. Between two messages it works
on what is archived: snapshots of the stages, and what was kept for long enough; files of past days are made
one beside it. While the disk is full it reads nothing, and waits for room.
"""

import asyncio
import errno
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from models.event import Event, from_json
from models.frame import Cut, Frame
from models.source_hints import SourceHints
from models.time import DAY, SECOND, Millis, from_text
from streams.archive.folder import ArchiveError, Folder, Gap, archived, open_folder, utc_now
from streams.archive.journal import SOURCES
from streams.archive.raw import FENCES, LINES, REGISTERED, SIGHTINGS, STATES, Place
from streams.archive.retention import Retention
from streams.archive.snapshots import SnapshotMaker
from streams.archive.upkeep import Upkeep
from streams.archive.writer import Writer
from streams.deployment import wire
from streams.deployment.config import Deployment
from streams.deployment.topics import specs
from streams.deployment.topics_admin import ensure_topics
from streams.runtime import logs
from streams.runtime.kafka_client import reader, taken
from streams.runtime.logs import get_logger
from streams.runtime.retry import KAFKA_AWAY, retry_until_available
from streams.runtime.tasks import end
from streams.stages.rules import Rules, load_rules

log = get_logger(__name__)

_FRAMES: Final = 50
"""Raw frames that the stages are given at once, between two readings of Kafka."""
_UNDER_WAY: Final = 2 * SECOND
"""How long a message may be under way from its sender to Kafka. One that takes longer is not lost: in the
journal it comes where it came in its partition."""
NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT)
ROOM_SECONDS: Final = 30.0
"""Seconds after which a full disk is tried again."""
REMEMBERED_DAYS: Final = 30
"""Days for which revisions are remembered, so that none is archived twice. Stages send events again after a
crash or a rebuild, which reach back no further than raw frames are kept: 14 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowSettings:
    every_seconds: float = 60.0
    """Seconds between two commits."""
    once: bool = False
    """End once all is archived that the topics hold now."""
    keep_raw_days: int = 400
    """Days for which raw frames and snapshots are kept after they were archived; 0: for ever."""
    snapshots: bool = True
    """Whether the stages are run, too, to have their state once a day. It takes the memory that they take."""


class Follower:
    """Archives the topics of a deployment into an open folder."""

    def __init__(
        self, deployment: Deployment, folder: Folder, settings: FollowSettings, rules: Rules | None = None
    ) -> None:
        """`rules` are those of the workers, for snapshots.

        Raises ArchiveError for an archive of recordings, or of another deployment.
        """
        self._deployment, self._folder, self._settings = deployment, folder, settings
        topics = deployment.topics
        self._topics = {
            "raw": topics.raw, "ticks": topics.ticks, "events": topics.events, "sources": topics.sources,
        }  # fmt: skip
        manifest = folder.manifest
        if manifest.kind == "files":
            raise ArchiveError(f"{folder.path}: an archive of recordings; give another folder")
        others = {name.rpartition("/")[0] for name in manifest.offsets} - set(self._topics.values())
        if others:
            raise ArchiveError(
                f"{folder.path}: an archive of other topics ({', '.join(sorted(others))}); give another "
                "folder, or correct TANKERWATCH_PREFIX"
            )
        manifest.kind = "kafka"
        self._offsets = manifest.offsets
        self._writer = Writer(folder)
        self._keeping = Retention(folder, settings.keep_raw_days)
        self._snapshots = SnapshotMaker(self._writer, rules) if rules is not None else None
        self._upkeep = Upkeep(self._writer, self._worked_off)
        self._sent: dict[str, Millis] = {}  # by topic and partition, when the last message was sent
        self._seen = _archived_revisions(folder)
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Archive what has been read, and end."""
        self._stop.set()

    async def run(self) -> None:
        """Run until stopped. Raises ArchiveError where the topics do not fit, OSError where files can't be
        written, for a full disk only when stopped."""
        connecting = asyncio.create_task(
            retry_until_available("Kafka", self._deployment.broker, self._connect, KAFKA_AWAY)
        )
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait((connecting, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not connecting.done():  # stopped while Kafka is away: nothing has been read
            await end(connecting)
            return
        consumer = connecting.result()
        try:
            await self._seek(consumer)
            log.info("archive_started", folder=str(self._folder.path), **self._offsets)
            await self._follow(consumer)
        finally:
            await self._upkeep.end()
            await consumer.stop()

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        ends = await consumer.end_offsets(list(consumer.assignment()))
        committed = time.monotonic()
        changed = busy = not self._writer.empty
        while not self._stop.is_set():
            try:
                got = await taken(consumer, self._deployment.broker, 0 if busy else 500, 500)
            except OffsetOutOfRangeError:
                await self._seek(consumer)
                continue
            for partition, records in got.items():
                for record in records:
                    self._take(partition, record)
                    self._offsets[_key(partition)] = record.offset + 1
                    self._sent[_key(partition)] = record.timestamp
                    changed = True
                    await self._when_there_is_room(self._writer.relieve)
            busy = await self._work()
            changed = changed or self._upkeep.made or not self._writer.empty
            if changed and time.monotonic() - committed >= self._settings.every_seconds:
                await self._commit(consumer)
                committed, changed = time.monotonic(), False
            if self._settings.once and not (got or busy) and await _reached(consumer, ends):
                if not changed:
                    await self._upkeep.wait()
                    self._upkeep.adopt()
                    if self._writer.empty:
                        return
                await self._commit(consumer)  # there may be a snapshot to be made of what is archived now
                changed, busy = False, True
        if changed:
            await self._commit(consumer)

    async def _work(self) -> bool:
        """Work on what is archived for a moment. Whether there is more to do."""
        if self._snapshots is None:
            return False
        return await asyncio.to_thread(self._snapshots.advance, _FRAMES)

    def _worked_off(self) -> int | None:
        return None if self._snapshots is None else self._snapshots.worked_off

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        manifest = self._folder.manifest
        manifest.complete = max(manifest.complete, await self._complete(consumer))
        self._keeping.apply(self._writer)
        await self._when_there_is_room(self._writer.write)
        self._upkeep.adopt()
        await self._when_there_is_room(self._writer.commit)
        self._upkeep.begin()
        manifest = self._folder.manifest
        newest = max((day for _, day in self._seen.values()), default=0)
        self._seen = {id: one for id, one in self._seen.items() if one[1] >= newest - REMEMBERED_DAYS}
        log.info("archived", commit=manifest.number, head=manifest.chain.head, **self._offsets)

    async def _when_there_is_room(self, write: Callable[[], None]) -> None:
        """Write, and while the disk is full, wait and try again. Raises OSError when told to end first."""
        while True:
            try:
                return write()
            except OSError as error:
                if error.errno not in NO_ROOM or self._stop.is_set():
                    raise
                log.error("disk_full", folder=str(self._folder.path), reason=f"{error.strerror}; make room",
                    again_seconds=ROOM_SECONDS)  # fmt: skip
            self._upkeep.drop()
            stopped = asyncio.create_task(self._stop.wait())
            await asyncio.wait([stopped], timeout=ROOM_SECONDS)
            await end(stopped)

    async def _complete(self, consumer: AIOKafkaConsumer) -> Millis:
        """When the first raw frame that is still to come was sent, at the earliest."""
        now = utc_now() - _UNDER_WAY
        wanted = {self._topics["raw"], self._topics["sources"]}
        partitions = [each for each in consumer.assignment() if each.topic in wanted]
        ends = await consumer.end_offsets(partitions)
        return min(
            now if self._offsets.get(_key(each), 0) >= ends[each] else self._sent.get(_key(each), 0)
            for each in partitions
        )

    def _take(self, partition: TopicPartition, record: ConsumerRecord) -> None:
        topic = partition.topic
        if record.value is None:  # a tombstone: the topic forgets an event, the archive keeps it
            return
        try:
            if topic == self._topics["raw"]:
                raw = wire.decode(record.value, wire.RawFrame)
                at = Place(partition.partition, record.offset, record.timestamp, raw.registry)
                self._take_raw(raw, at)
            elif topic == self._topics["sources"]:
                source = wire.decode(record.value, wire.Registration).source
                at = Place(SOURCES, record.offset, record.timestamp, record.offset)
                self._writer.frame(Frame(source, b""), kind=REGISTERED, at=at)
            elif topic == self._topics["ticks"]:
                self._take_ticks(wire.decode(record.value, wire.TicksFrame))
            else:
                self._take_event(from_json(record.value))
        except ValueError as error:  # workers have it among their dead letters
            log.error("left_out", topic=topic, offset=record.offset, reason=str(error))

    def _take_raw(self, frame: wire.RawFrame, at: Place) -> None:
        if frame.kind not in (LINES, SIGHTINGS, FENCES, *STATES):
            return
        received = None if frame.received is None else np.array(frame.received, np.int64)
        numbers = None if frame.numbers is None else np.array(frame.numbers, np.int64)
        cuts = tuple(Cut(*cut) for cut in frame.cuts)
        lines = Frame(frame.source, frame.data, frame.first_line, received, cuts, numbers)
        hints = SourceHints(frame.base_time, frame.timezone, frame.date_order, frame.not_after)
        self._writer.frame(lines, hints, frame.kind, at)

    def _take_ticks(self, frame: wire.TicksFrame) -> None:
        """Stages send frames again after a crash, with the origins that they had."""
        partition, origins = str(frame.origin.partition), self._folder.manifest.origins
        instants = [part.instant() for part in frame.instants]
        if (known := origins.get(partition)) is not None and frame.origin <= known:
            return
        origins[partition] = frame.origin
        for instant in instants:
            self._writer.instant(instant)

    def _take_event(self, event: Event) -> None:
        before, _ = self._seen.get(event.id, (0, 0))
        if event.revision > before:
            self._seen[event.id] = event.revision, from_text(event.detected) // DAY
            self._writer.event(event)

    async def _connect(self) -> AIOKafkaConsumer:
        wanted = self._deployment
        every = specs(wanted.topics, wanted.raw_partitions, wanted.spread)
        read = [spec for spec in every if spec.name in self._topics.values()]
        await ensure_topics(wanted.broker, read)
        partitions = [TopicPartition(self._topics[name], 0) for name in ("ticks", "events", "sources")]
        raw = self._topics["raw"]
        partitions += [TopicPartition(raw, number) for number in range(wanted.raw_partitions)]
        return await reader(wanted.broker, partitions)

    async def _seek(self, consumer: AIOKafkaConsumer) -> None:
        """Seek to where the archive ends, or to the first message that the topics still have."""
        partitions = sorted(consumer.assignment())

        async def ends() -> tuple[Any, Any]:
            return await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)

        first, last = await retry_until_available("Kafka", self._deployment.broker, ends, KAFKA_AWAY)
        for partition in partitions:
            wanted = self._offsets.get(_key(partition))
            if wanted is not None and wanted > last[partition]:
                raise ArchiveError(
                    f"{self._folder.path}: has {partition.topic} up to offset {wanted - 1}, and the topic "
                    "ends before: it was created again; archive it into another folder"
                )
            start = first[partition] if wanted is None else max(wanted, first[partition])
            if wanted is not None and start > wanted:
                lost = Gap(partition.topic, partition.partition, wanted, start - 1)
                self._folder.manifest.gaps.append(lost)
                log.error("gone", topic=partition.topic, first=lost.first, last=lost.last)
            self._offsets[_key(partition)] = start  # also where nothing is left: all of it is archived then
            consumer.seek(partition, start)


def _key(partition: TopicPartition) -> str:
    return f"{partition.topic}/{partition.partition}"


async def _reached(consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]) -> bool:
    """Whether everything before these offsets was read, or compacted away."""
    for partition, wanted in ends.items():
        if await consumer.position(partition) < wanted:
            return False
    return True


def _archived_revisions(folder: Folder) -> dict[str, tuple[int, int]]:
    """The highest archived revision of each event of the last days, and the day of its detection."""
    paths = archived(folder.path, folder.manifest, "events", ".parquet")
    days = {path: from_text(path.parent.name.removeprefix("date=")) // DAY for path in paths}
    newest = max(days.values(), default=0)
    found: dict[str, tuple[int, int]] = {}
    for path, day in days.items():
        if day < newest - REMEMBERED_DAYS:
            continue
        try:
            table = pq.ParquetFile(path).read(columns=["id", "revision"])
        except (OSError, pa.ArrowException) as error:  # revisions in it may be archived twice
            log.error("table_left_out", file=str(path), reason=str(error))
            continue
        for id, revision in zip(*(table[name].to_pylist() for name in table.column_names), strict=True):
            found[id] = max(found.get(id, (0, 0)), (revision, day))
    return found


def run_archive(deployment: Deployment, path: Path, settings: FollowSettings) -> None:
    """Archive a deployment until a signal ends it. Raises ArchiveError, ArchiveBusy, TopicsError, OSError."""
    logs.configure()
    rules = load_rules(deployment.files) if settings.snapshots else None

    async def until_signal(folder: Folder) -> None:
        follower = Follower(deployment, folder, settings, rules)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, follower.stop)
        await follower.run()

    with open_folder(path) as folder:
        asyncio.run(until_signal(folder))
