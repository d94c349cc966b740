"""Publishes recordings: as fast as Kafka takes them, or at a multiple of real time.

The times in the lines stay as they are, or are all moved so that the earliest recording starts now.
"""

import asyncio
import heapq
import threading
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from models.frame import Frame
from models.source_hints import SourceHints
from models.time import SECOND, Millis
from streams.deployment.topics import FRAME_MILLIS
from streams.ingest.counters import Counters
from streams.ingest.delivery import deliver
from streams.ingest.intake import Intake, utc_now
from streams.ingest.outbox import Outbox
from streams.ingest.progress import check_ahead
from streams.ingest.recording import LOOK_AHEAD_LINES, Recording, timed_frames
from streams.ingest.sender import KafkaTarget
from streams.ingest.shift import ShiftError, shift_to
from streams.ingest.sources.address import AddressError, FileAddress, parse_address
from streams.ingest.sources.files import AHEAD, Until, feed_frames
from streams.recordings.content import STDIN, Access
from streams.recordings.diagnosis import no_record
from streams.recordings.errors import SourceError
from streams.recordings.inputs import ANY, Input, find_inputs, given_twice
from streams.recordings.recording import Reading
from streams.runtime.tasks import end, finish
from streams.sightings.fields import to_line
from streams.sightings.files import SightingFile

MAX: Final = float("inf")
"""The rate without pauses: one recording after the other."""
_AHEAD: Final = 32
"""Frames that are read ahead of all recordings together."""
_SIGHTINGS: Final = 500
"""Sightings in one frame."""


async def publish(
    files: Sequence[str],
    target: KafkaTarget,
    rate: float = MAX,
    *,
    names: Sequence[str] | None = None,
    glob: str = ANY,
    reading: Reading | None = None,
    counters: Counters | None = None,
    stop: asyncio.Event | None = None,
    done: Millis | None = None,
    to_now: bool = False,
    sightings: Sequence[SightingFile] = (),
) -> list[str]:
    """Send recordings to Kafka, and before them what others saw.

    Returns a sentence for each that could not be read to its end.

    A finite `rate` is the speed of event time, 1 for real time: frames are sent when their lines would have
    come, those of several recordings merged by time. All recordings, with those in folders and archives that
    fit `glob`, are registered before the first frame. While Kafka is away, reading waits. `names` are those
    of the sources; by default they are made of the recordings' names. `done` is how far the deployment
    has come: a recording that starts before is refused. With `to_now` all times are moved so that the
    earliest recording starts now.

    Raises AddressError, BehindError, ShiftError and TopicsError.
    """
    for path in files:
        if not isinstance(parse_address(path), FileAddress):
            raise AddressError(f"{path}: is not a recording; name files, or - for standard input")
    counters, started = counters or Counters(), utc_now()
    outbox, problems = Outbox(None, counters), list[str]()
    inputs, reading = await _find(files, glob, stop), reading or Reading()
    names = names or [f"{each.name}#{started:x}" for each in inputs]
    ahead = max(1, min(AHEAD, _AHEAD // max(1, len(inputs))))
    recordings = [Recording(each, name, reading, ahead) for each, name in zip(inputs, names, strict=True)]
    by = 0
    try:
        if to_now or done is not None:
            by = await _placed(recordings, reading.hints.base_time, started if to_now else None, done)
    except BaseException:
        for recording in recordings:
            recording.stop()
        raise
    hints = reading.hints
    if hints.base_time is not None:
        hints = msgspec.structs.replace(hints, base_time=hints.base_time + by)
    intakes = [Intake(name, outbox, counters, hints=hints) for name in names]
    seen = [Intake(f"{each.file}#{started:x}", outbox, counters) for each in sightings]

    async def feed() -> None:
        for source, intake in zip(inputs, intakes, strict=True):
            await intake.register(source.name)
        for file, intake in zip(sightings, seen, strict=True):
            await intake.register(file.file)
        for intake in (*intakes, *seen):
            await intake.greet()
        for file, intake in zip(sightings, seen, strict=True):
            await _feed_sightings(file, intake, by)
        beats = [asyncio.create_task(intake.beat()) for intake in intakes]
        try:
            if rate == MAX:
                for recording, intake in zip(recordings, intakes, strict=True):
                    try:
                        await feed_frames(recording, intake, standard_input=recording.input.file == STDIN)
                    except (SourceError, ShiftError) as error:
                        problems.append(str(error))
                    await intake.end()
            else:
                problems.extend(await _paced(recordings, intakes, rate, hints))
        finally:
            await finish(_end_all(beats, intakes))

    stop = stop or asyncio.Event()
    await deliver(feed(), target, outbox, counters, stop)
    ended = not (stop.is_set() or problems or sightings)
    if ended and recordings and all(recording.empty for recording in recordings):
        problems.append(no_record([each.name for each in inputs]))
    return problems


async def _feed_sightings(file: SightingFile, intake: Intake, by: Millis) -> None:
    """Send a whole file, moved in time by so much. Each sighting counts from when it was received."""
    for at in range(0, len(file.sightings), _SIGHTINGS):
        moved = (
            msgspec.structs.replace(each, time=each.time + by, received=each.received + by)
            for each in file.sightings[at : at + _SIGHTINGS]
        )
        await intake.feed_sightings([to_line(each) for each in moved], live=False)
    await intake.end()


async def _end_all(beats: Sequence[asyncio.Task[None]], intakes: Sequence[Intake]) -> None:
    """End the tasks beside the recordings, then the recordings themselves."""
    await end(*beats)
    for intake in intakes:
        await intake.end()


async def _find(files: Sequence[str], glob: str, stop: asyncio.Event | None) -> list[Input]:
    """The recordings, found in a thread, since unpacking archives may take long. Raises AddressError."""
    stopped = threading.Event()
    found = asyncio.create_task(asyncio.to_thread(find_inputs, files, glob, Access(Until(stopped))))
    ended = asyncio.create_task((stop or asyncio.Event()).wait())
    try:
        await asyncio.wait((found, ended), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.set()
        await end(ended)
    inputs = await found
    if same := given_twice(inputs):
        raise AddressError(same)
    return inputs


async def _placed(
    recordings: Sequence[Recording], base_time: Millis | None, now: Millis | None, done: Millis | None
) -> Millis:
    """Move the recordings to `now`, and check that they lie ahead of `done`. Returns how far they moved."""
    found = {recording.input.name: await recording.start() for recording in recordings}
    starts = {path: base_time if start is None else start for path, start in found.items()}
    known = {path: start for path, start in starts.items() if start is not None}
    by = 0
    if now is not None:
        if untimed := [path for path in starts if path not in known]:
            raise ShiftError(
                *(
                    f"{path}: its first {LOOK_AHEAD_LINES:,} lines have no time that could be moved; give "
                    "the time at which it starts with --base-time"
                    for path in untimed
                )
            )
        by = shift_to(min(known.values()), now)
        for recording in recordings:
            recording.shift(by)
    check_ahead({path: start + by for path, start in known.items()}, done)
    return by


async def _paced(
    recordings: Sequence[Recording], intakes: Sequence[Intake], rate: float, hints: SourceHints
) -> list[str]:
    window = max(1, round(FRAME_MILLIS * rate))
    problems: list[str] = []
    streams = [timed_frames(recording, window, hints) for recording in recordings]
    heads: list[tuple[Millis, int, Frame]] = []

    async def advance(index: int, last: Millis) -> None:
        try:
            due, frame = await anext(streams[index])
            heapq.heappush(heads, (last if due is None else max(due, last), index, frame))
        except StopAsyncIteration:
            await intakes[index].end()
        except (SourceError, ShiftError) as error:
            problems.append(str(error))
            await intakes[index].end()

    try:
        for index in range(len(recordings)):
            await advance(index, 0)
        begin, origin = None, time.monotonic()
        while heads:
            due, index, frame = heapq.heappop(heads)
            if begin is None and due:
                begin, origin = due, time.monotonic()
            if begin is not None:
                await asyncio.sleep(origin + (due - begin) / SECOND / rate - time.monotonic())
            await intakes[index].feed_frame(frame)
            await advance(index, due)
    finally:
        for recording in recordings:
            recording.stop()
    return problems
