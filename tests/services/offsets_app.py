"""A Faust app that counts each frame it is given, with several ways to go on where a killed worker left off.

Run by tests/services/offsets_experiment.py, which says by the environment which WAY, on which topics:

tables          plain Faust: a Table for the state, Faust's own acknowledgements for the offsets
exactly-once    the same with Faust's processing_guarantee="exactly_once"
no-seek         state and offset in one checkpoint; Faust goes on where its own acknowledgements are
late-seek       the same, and a seek to the checkpoint once Faust has recovered
commit          the same without Faust's acknowledgements: the checkpoint's offsets are committed to Kafka,
                also at assignment, before Faust reads there where to start
checkpoint      the start is always taken from the checkpoint: Faust's consumer is made to

Frames are named `partition:offset`. The state is how often each was applied; the output is its name.
"""

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Mapping
from typing import Any

import faust
import redis.asyncio as redis
from aiokafka import TopicPartition
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP
from redis.exceptions import WatchError

WAY = os.environ["WAY"]
RUN = os.environ["RUN"]
INPUT, OUTPUT = f"frames-{RUN}", f"applied-{RUN}"
PARTITIONS = 4
TABLES = WAY in ("tables", "exactly-once")
# Where Faust acknowledges by itself it commits what was read; otherwise nothing is committed but by us
FAUST_ACKNOWLEDGES = WAY in ("tables", "exactly-once", "no-seek", "late-seek")


class CheckpointConsumer(Consumer):
    """After an assignment Faust seeks to the offsets committed in Kafka; here it seeks to the checkpoint."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        await state.load(assigned())
        starts = {TopicPartition(INPUT, partition): last + 1 for partition, last in state.last.items()}
        earliest = await self._thread.call_thread(self._seek_all, starts)
        for tp, offset in earliest.items():
            if offset > starts[tp]:
                print(f"{tp.partition}:{starts[tp]} to {offset - 1} had been deleted", flush=True)
                state.last[tp.partition] = offset - 1
        return {TP(INPUT, partition): last + 1 for partition, last in state.last.items()}

    async def _seek_all(self, starts: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """In the consumer's thread. Returns the earliest offsets: retention may be past the checkpoint."""
        consumer = self._thread._ensure_consumer()
        still = [tp for tp in starts if tp in consumer.assignment()]
        earliest: dict[TopicPartition, int] = await consumer.beginning_offsets(still)
        for tp in still:
            if tp in consumer.assignment():
                consumer.seek(tp, max(starts[tp], earliest[tp]))
        return earliest


class CheckpointTransport(Transport):
    Consumer = CheckpointConsumer


class App(faust.App):
    def _new_transport(self) -> Any:
        if WAY == "checkpoint":
            return CheckpointTransport(self.conf.broker_consumer, self)
        return super()._new_transport()


app = App(
    f"offsets-{RUN}",
    broker=f"kafka://{os.environ['TANKERWATCH_TEST_KAFKA']}",
    store="memory://",
    datadir=os.environ["FOLDER"],
    processing_guarantee="exactly_once" if WAY == "exactly-once" else "at_least_once",
    topic_partitions=PARTITIONS,
    topic_replication_factor=1,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=0.5,
    broker_session_timeout=6,
    broker_rebalance_timeout=6,
    broker_heartbeat_interval=1,
    web_enabled=False,
)
frames = app.topic(INPUT, value_type=bytes, value_serializer="raw", acks=FAUST_ACKNOWLEDGES)
applied = app.topic(OUTPUT, key_type=bytes, key_serializer="raw", value_type=bytes, value_serializer="raw")


def assigned() -> list[int]:
    return sorted(tp.partition for tp in app.consumer.assignment() if tp.topic == INPUT)


def end(why: str) -> None:
    """End the process at once: the next one starts from the checkpoint."""
    print(f"{time.time():.3f} {os.getpid()} END {why}", flush=True)
    os._exit(3)


class State:
    """How often each frame was applied, and by partition the last offset; written to Redis together."""

    def __init__(self) -> None:
        self.redis = redis.Redis.from_url(os.environ["TANKERWATCH_TEST_REDIS"], decode_responses=True)
        self.lock = asyncio.Lock()
        self.forget()

    def forget(self) -> None:
        self.last: dict[int, int] = {}
        self.saved: dict[int, int] = {}
        self.token: dict[int, str] = {}
        self.times: dict[str, int] = {}
        self.changed: set[str] = set()
        self.sent: list[Awaitable[Any]] = []

    async def load(self, partitions: list[int]) -> None:
        """Take ownership (an earlier owner's token is stale from now on) and read."""
        async with self.lock:
            self.forget()
            token = uuid.uuid4().hex  # not a counter: one that is set back would be given twice
            for partition in partitions:
                async with self.redis.pipeline(transaction=True) as pipe:
                    pipe.hset(f"{RUN}:owner", str(partition), token)
                    pipe.hgetall(f"{RUN}:{partition}")
                    _, stored = await pipe.execute()
                self.token[partition] = token
                self.last[partition] = self.saved[partition] = int(stored.pop("last", -1))
                self.times.update((name, int(times)) for name, times in stored.items())

    def apply(self, name: str, partition: int, offset: int, sent: Awaitable[Any]) -> None:
        self.last[partition] = offset
        self.times[name] = self.times.get(name, 0) + 1
        self.changed.add(name)
        self.sent.append(sent)

    async def save(self) -> None:
        async with self.lock:
            # a copy without awaiting: what comes meanwhile belongs to the next checkpoint
            last, saved, token = dict(self.last), dict(self.saved), dict(self.token)
            changed = {name: self.times[name] for name in self.changed}
            sent = self.sent
            self.changed, self.sent = set(), []
            await asyncio.gather(*sent)  # the outputs are with the broker before the offset says so
            while True:
                async with self.redis.pipeline(transaction=True) as pipe:
                    await pipe.watch(f"{RUN}:owner", *(f"{RUN}:{partition}" for partition in last))
                    for partition in last:
                        if await pipe.hget(f"{RUN}:owner", str(partition)) != token[partition]:
                            end("another worker owns a partition of mine")
                        # Only what changed is written, so what it is added to must be there still. Looked at
                        # when nothing has changed, too: an idle worker must notice that Redis was set back
                        if int(await pipe.hget(f"{RUN}:{partition}", "last") or -1) != saved[partition]:
                            end("Redis has lost my last checkpoint")
                    if not changed:
                        return
                    pipe.multi()  # type: ignore[no-untyped-call]
                    for name, times in changed.items():
                        pipe.hset(f"{RUN}:{name.split(':')[0]}", name, str(times))
                    for partition, offset in last.items():
                        if offset >= 0:
                            pipe.hset(f"{RUN}:{partition}", "last", str(offset))
                    try:
                        await pipe.execute()
                        self.saved.update((partition, offset) for partition, offset in last.items())
                        break
                    except WatchError:
                        continue  # somebody took a partition, perhaps not one of these: look again
        if not FAUST_ACKNOWLEDGES:
            await self.commit(last)

    async def commit(self, last: Mapping[int, int]) -> None:
        offsets = {TP(INPUT, partition): offset + 1 for partition, offset in last.items()}
        consumer: Any = app.consumer
        if offsets and not await consumer._commit(offsets):
            print(f"{time.time():.3f} {os.getpid()} COMMIT REFUSED {offsets}", flush=True)


state = State()

if TABLES:
    times = app.Table(f"times-{RUN}", default=int, partitions=PARTITIONS)

    @app.agent(frames)
    async def count(stream: Any) -> None:
        async for event in stream.events():
            name = f"{event.message.partition}:{event.message.offset}"
            times[name] += 1
            await applied.send(key=name.encode(), value=b"")

else:

    @app.agent(frames)
    async def apply(stream: Any) -> None:
        try:
            async for event in stream.events():
                partition, offset = event.message.partition, event.message.offset
                last, token = state.last.get(partition), state.token.get(partition)
                if last is None or offset <= last:
                    continue
                if offset > last + 1:
                    await state.redis.hincrby(f"{RUN}:gaps", str(partition), 1)
                    end(f"gap: {partition}:{offset} after {last}")
                name = f"{partition}:{offset}"
                sent = await applied.send(key=name.encode(), value=b"")
                if state.token.get(partition) == token:  # else rebalanced while sending: it comes again
                    state.apply(name, partition, offset, sent)
        except Exception as error:  # Faust would acknowledge the frame and go on
            end(f"agent: {error!r}")

    @app.on_rebalance_complete.connect
    async def assigned_(*_: Any, **__: Any) -> None:
        if WAY == "checkpoint":
            return
        try:
            await state.load(assigned())
            if WAY == "commit":
                await state.commit(state.last)
        except Exception as error:
            end(f"load: {error!r}")
        if WAY == "late-seek":
            asyncio.get_running_loop().create_task(seek_late())

    async def seek_late() -> None:
        while app.rebalancing:
            await asyncio.sleep(0.01)
        for partition, last in dict(state.last).items():
            await app.consumer.seek(TP(INPUT, partition), last + 1)

    @app.on_partitions_revoked.connect
    async def revoked(*_: Any, **__: Any) -> None:
        try:
            await state.save()
        except Exception as error:
            end(f"checkpoint on revocation: {error!r}")
        state.forget()

    @app.on_before_shutdown.connect
    async def shutdown(*_: Any, **__: Any) -> None:
        try:
            await asyncio.wait_for(state.save(), 5)
        except Exception as error:
            end(f"last checkpoint: {error!r}")

    @app.task  # type: ignore[untyped-decorator]
    async def save_regularly() -> None:
        while not app.should_stop:
            await asyncio.sleep(1)
            try:
                await state.save()
            except Exception as error:
                end(f"checkpoint: {error!r}")
