"""The whole matrix of faults: `python -m tests.faults.matrix [--quick] [--seed N] [--faults kill,kafka …]`.

Each run takes a simulated recording of more than 200,000 lines through Kafka and the workers, breaks
something on the way, and compares the events with those of replay, byte for byte. Prints a line a run, and
writes docs/measurements/faults.md.
"""

import argparse
import asyncio
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

import msgspec

from models.event import from_json
from tests.faults.cluster import SEEN, Cluster, eventually_served
from tests.faults.comparison import (
    between_stages,
    compare_events,
    compare_log,
    replayed,
)
from tests.faults.drawn import VERSIONS, counted, frame_of
from tests.faults.recording import KINDS, Recording, record
from tests.services.kafka import KafkaServer
from tests.services.redis import RedisServer
from tests.services.server import Server

LINES: Final = 500
HITS: Final = 20
RESTARTS: Final = 3
FROZEN: Final = 12.0
AWAY: Final = 60.0
PATIENCE: Final = 900.0
PAGE: Final = Path(__file__).parents[2] / "docs" / "measurements" / "faults.md"


@dataclass(frozen=True)
class Run:
    partitions: int  # of MMSIs
    workers: int
    sources: int
    fault: str


@dataclass(frozen=True)
class Result:
    run: Run
    faults: int
    events: int
    again: int
    between: int
    ends: str
    pause: float
    seconds: float
    wrong: tuple[str, ...]
    commit: str = ""
    seed: int = 0


class Bench:
    """The services, the recording, and what replay makes of it."""

    def __init__(self, kafka: KafkaServer, redis: RedisServer, folder: Path, kind: str, seed: int) -> None:
        self.kafka, self.redis, self.folder = kafka, redis, folder
        self.recording: Recording = record(kind)
        self.seed = seed

    @cache  # noqa: B019 - lives as long as the process
    def expected(self, sources: int) -> list[bytes]:
        return replayed(self.recording.dealt(sources), self.recording.sightings)

    async def run(self, run: Run) -> Result:
        """One run of the matrix, from nothing to the last event."""
        rng = random.Random(f"{self.seed} {run}")
        sources = self.recording.dealt(run.sources)
        raw = min(run.sources, run.partitions)
        expected = self.expected(run.sources)
        begin = time.monotonic()
        async with Cluster(self.folder, self.kafka.address, self.redis.url, raw, run.partitions) as cluster:
            await cluster.register([*sources, *([SEEN] if self.recording.sightings else [])])
            cluster.add(run.workers)
            cluster.add_sink()
            load = Load(cluster, cluster.frames(sources, LINES, self.recording.sightings), rng)
            await FAULTS[run.fault](self, load)
            await load.rest()
            await cluster.finish(PATIENCE)
            if fences := counted((await cluster.read(cluster.topics.fences)).values):
                expected = replayed(sources, self.recording.sightings, fences)
                crossings = sum(from_json(value).fence_crossing is not None for value in expected)
                assert crossings, "no drawn fence was crossed"
            outcome = compare_events((await cluster.read(cluster.topics.events)).values, expected)
            streams = await between_stages(cluster)
            log = compare_log(await cluster.logged(len(expected), PATIENCE), expected)
            ends = ", ".join(f"{count} × {how}" for how, count in sorted(cluster.ends.items()))
        seconds = time.monotonic() - begin
        wrong = (*outcome.wrong, *streams.wrong, *log)
        pauses = sorted(load.pauses)
        pause = pauses[len(pauses) // 2] if pauses else 0.0
        again = outcome.repeated
        return Result(run, load.faults, outcome.events, again, streams.repeated, ends, pause, seconds, wrong)


class Load:
    """Publishes bit by bit, so that there is work in hand whenever something is broken."""

    def __init__(self, cluster: Cluster, frames: list[tuple[int, bytes]], rng: random.Random) -> None:
        self.cluster, self.rng = cluster, rng
        self.faults = 0
        self.pauses: list[float] = []
        """Seconds from each fault to the next checkpoint of any stage."""
        self._frames = frames
        self._publishing: asyncio.Task[None] | None = None
        self._broken = 0.0

    async def moments(self, count: int) -> AsyncIterator[int]:
        """So many random moments at which something is broken, each while the workers are at work."""
        size = max(1, len(self._frames) // (count + 1))  # some are left for the rest, or nothing would move
        for number in range(count):
            before = await self.cluster.progress()
            await self._published()
            portion, self._frames = self._frames[:size], self._frames[size:]
            self._publishing = asyncio.create_task(self.cluster.publish(portion))
            await self._moved(before)
            await asyncio.sleep(self.rng.uniform(0, 1))  # anywhere between two checkpoints
            self.faults += 1
            self._broken = time.monotonic()
            yield number

    async def rest(self) -> None:
        await self._published()
        before = await self.cluster.progress()
        self._publishing = asyncio.create_task(self.cluster.publish(self._frames))
        await self._moved(before)
        await self._published()

    async def _published(self) -> None:
        if self._publishing is not None:
            await self._publishing

    async def _moved(self, before: int) -> None:
        async def moved() -> bool:
            return await self.cluster.progress() > before

        await eventually_served(moved, "a checkpoint", PATIENCE)
        if self._broken:
            self.pauses.append(time.monotonic() - self._broken)


async def nothing(_: Bench, load: Load) -> None:
    """An undisturbed run."""


async def hits(how: signal.Signals, load: Load) -> None:
    async for _ in load.moments(HITS):
        await load.cluster.hit(load.rng.choice([w for w in load.cluster.workers if w.running]), how)


async def kill(_: Bench, load: Load) -> None:
    await hits(signal.SIGKILL, load)


async def fences(_: Bench, load: Load) -> None:
    """A fence is drawn, edited and deleted, each just before a worker is killed."""
    left = list(VERSIONS)
    async for number in load.moments(2 * len(VERSIONS)):
        if number % 2 == 0:
            await load.cluster.publish([(0, frame_of(left.pop(0)))])
        running = [w for w in load.cluster.workers if w.running]
        await load.cluster.hit(load.rng.choice(running), signal.SIGKILL)


async def term(_: Bench, load: Load) -> None:
    await hits(signal.SIGTERM, load)


async def freeze(_: Bench, load: Load) -> None:
    """A worker stops for longer than the session lasts, and then goes on as if nothing had happened."""
    async for _moment in load.moments(RESTARTS):
        worker = load.rng.choice(load.cluster.workers)
        worker.pause()
        await asyncio.sleep(FROZEN)
        worker.resume()


async def join(_: Bench, load: Load) -> None:
    """A worker comes; later the one that has been there longest goes."""
    async for number in load.moments(2 * RESTARTS):
        if number % 2 == 0:
            load.cluster.add()
        else:
            await load.cluster.remove(load.cluster.workers[0])


async def restarts(server: Server, load: Load) -> None:
    """Killed, restarted in order, and killed and away for a while."""
    async for number in load.moments(RESTARTS):
        if number < 2:
            await asyncio.to_thread(server.restart, kill=number == 0)
        else:
            server.kill()
            await asyncio.sleep(AWAY)
            await asyncio.to_thread(server.start)


async def kafka(bench: Bench, load: Load) -> None:
    await restarts(bench.kafka, load)


async def redis(bench: Bench, load: Load) -> None:
    await restarts(bench.redis, load)


FAULTS: Final[dict[str, Callable[[Bench, Load], Awaitable[None]]]] = {
    "none": nothing,
    "kill": kill,
    "fences": fences,
    "term": term,
    "freeze": freeze,
    "join": join,
    "kafka": kafka,
    "redis": redis,
}
WORDS: Final = {
    "none": "none",
    "kill": "`kill -9` of a worker",
    "fences": "a fence drawn, edited and deleted; `kill -9` of a worker",
    "term": "SIGTERM to a worker",
    "freeze": "worker frozen for 12 s",
    "join": "worker added, worker removed",
    "kafka": "Kafka killed, restarted, away for a minute",
    "redis": "Redis killed, restarted, away for a minute",
}


def plan(quick: bool, faults: Iterable[str], only: Iterable[str] = ()) -> list[Run]:
    """All runs; quick: all without a fault, and the faults on the smallest and the largest deployment."""
    places = list(product((1, 8), (1, 3), (1, 4)))
    if wanted := set(only):
        places = [place for place in places if "/".join(map(str, place)) in wanted]
    runs = []
    for fault in faults:
        some = places if fault == "none" or not quick else [places[0], places[-1]]
        runs += [Run(*place, fault) for place in some]
    return runs


def row(result: Result) -> str:
    run = result.run
    cells = (
        f"{run.partitions}", f"{run.workers}", f"{run.sources}", WORDS[run.fault], f"{result.faults}",
        f"{result.events}", "no: " + "; ".join(result.wrong) if result.wrong else "yes",
        f"{result.again}", f"{result.between}", result.ends or "none",
        f"{result.pause:.1f} s" if result.faults else "", f"{result.seconds:.0f} s",
        f"{result.seed}", result.commit,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


HEAD: Final = """\
| partitions | workers | sources | fault | times | revisions | as in replay | published again \
| sent again between stages | workers and sinks that ended and were started again | pause | took | seed \
| at commit |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
"""


def not_run(results: list[Result]) -> str:
    """Which deployments are missing for each fault."""
    have = {result.run for result in results}
    lines = []
    for fault in FAULTS:
        runs = plan(False, [fault])
        missing = [f"{r.partitions}/{r.workers}/{r.sources}" for r in runs if r not in have]
        if missing:
            lines.append(f"- {WORDS[fault]}: {', '.join(missing)}\n")
    return "".join(lines) or "Nothing.\n"


def page(results: list[Result], recording: Recording) -> str:
    good = sum(not result.wrong for result in results)
    return f"""\
# Faults in the pipeline, and what came out

Rows of `python -m tests.faults.matrix` (tests/faults/). A simulated recording of
{len(recording.lines):,} lines with {recording.encounters} encounters goes through Kafka, the workers and
the sink, as one source or as four that overlap in time and are published one after another. On the way
something is broken at random moments. Compared in the end:

- the first of every revision in `tankerwatch.events` is what `tankerwatch replay` finds in the same lines, \
byte for byte and in the same order, none missing and none besides; what was published again is the same;
- the event log in Redis has every revision once, in that order;
- what the stages sent to each other has no gap and no contradiction: a frame that came again is the same.

{good} of {len(results)} runs came out so; the whole matrix has {len(plan(False, FAULTS))}.

{HEAD}{"".join(row(result) + chr(10) for result in results)}
*Published again*: a worker that was killed works off again what came after its checkpoint. Consumers drop
what they have by `id` and `revision`, as the sink does. *Ended*: by the fault itself, or by the worker's own
decision: exit 3 a gap in the offsets, 4 another worker had taken the partition over, 5 anything else, 2 and 1
a start that failed. Each is started again and goes on from its checkpoint.

*Pause*: the median time from a fault to the next checkpoint of any stage by any worker. With one worker that
is how long it takes to come back, most of which is the start of the process; with three the others go on
meanwhile, so it does not say when the partitions of the one that was hit went on.

What the rows do and do not show: with four sources published one after another nothing reaches the meetings
and cases before the last source speaks, about a sixth of the lines from the end, so most faults there hit the
decoder and the vessels; the rows with one source have all stages at work all the time. "At commit" is the
code that was running: where it differs, rows were measured at different times, some of them two
at a time on one small machine that had other work to do, so the times are rough.

## Not run

As partitions/workers/sources; the command without `--quick` and `--places` runs all of it.

{not_run(results)}
## In CI

The part that runs in CI is `tests/faults/test_faults.py`: each stage killed and ended on its own, a worker
added and one removed, Redis and Kafka killed, and frames that are none.
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.matrix")
    parser.add_argument("--quick", action="store_true", help="faults on two deployments instead of eight")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10_000))
    parser.add_argument("--faults", default=",".join(FAULTS), help="which, separated by commas")
    parser.add_argument("--places", default="", help="partitions/workers/sources, as 8/3/1, with commas")
    parser.add_argument("--recording", choices=tuple(KINDS), default="large")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--folder", type=Path, help="keep the logs of workers and services here")
    parser.add_argument("--keep", type=Path, help="add to the results in this file, and keep them there")
    chosen = parser.parse_args()
    print(f"seed {chosen.seed}", flush=True)
    results: list[Result] = []
    if chosen.keep and chosen.keep.exists():
        results = msgspec.json.decode(chosen.keep.read_bytes(), type=list[Result])
    with ExitStack() as stack:
        folder = chosen.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = KafkaServer(folder / "kafka"), RedisServer(folder / "redis")
        for server in servers:
            stack.enter_context(server)
        bench = Bench(*servers, folder, chosen.recording, chosen.seed)
        print(
            f"{len(bench.recording.lines):,} lines, {bench.recording.encounters} encounters\n\n{HEAD}", end=""
        )
        commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=PAGE.parent, capture_output=True)
        places = [place for place in chosen.places.split(",") if place]
        for run in plan(chosen.quick, chosen.faults.split(","), places):
            results = [result for result in results if result.run != run]
            try:
                results.append(asyncio.run(bench.run(run)))
            except AssertionError as error:
                results.append(Result(run, 0, 0, 0, 0, "", 0, PATIENCE, (str(error),)))
            results[-1] = replace(results[-1], commit=commit.stdout.decode().strip(), seed=chosen.seed)
            print(row(results[-1]), flush=True)
            if chosen.keep:
                chosen.keep.write_bytes(msgspec.json.encode(results))
            chosen.page.write_text(page(results, bench.recording))
    return int(any(result.wrong for result in results))


if __name__ == "__main__":
    sys.exit(main())
