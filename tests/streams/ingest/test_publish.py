"""Recordings published with their own times: one after the other, or at a multiple of real time."""

import asyncio
import gzip
import time
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from models.frame import Cut, Frame
from models.time import DAY, MINUTE, SECOND, Millis
from streams.ingest import run
from streams.ingest.counters import Counters
from streams.ingest.publish import publish
from streams.ingest.recording import timed_frames
from streams.ingest.sender import KafkaTarget
from streams.ingest.session import IngestOptions, Session
from streams.ingest.sources.address import AddressError
from tests.services.kafka import KafkaServer
from tests.streams.ingest.kafka_reading import (
    fresh_topics,
    joined,
    kinds,
    lines_of,
    read_frames,
    read_registrations,
    target,
)
from tests.streams.nmea_lines import (
    START,
    class_a,
    sentence,
    tag,
)
from tests.waiting import eventually

pytestmark = pytest.mark.services


def timed(time: Millis) -> bytes:
    return (tag(time=time) + sentence(*class_a(273_000_001))).encode()


def record(path: Path, times: list[Millis]) -> list[bytes]:
    some = [timed(moment) for moment in times]
    path.write_bytes(joined(some))
    return some


async def test_as_fast_as_possible_one_after_the_other(kafka: str, tmp_path: Path) -> None:
    topics, counters = fresh_topics(), Counters()
    paths = [tmp_path / "late.nmea", tmp_path / "early.nmea"]
    late = record(paths[0], [START + DAY + n * SECOND for n in range(12_000)])
    early = record(paths[1], [START + n * SECOND for n in range(7_000)])
    files = [str(path) for path in paths]
    assert await publish(files, target(kafka, topics, 1), counters=counters) == []
    a, b = (r.source for r in (await read_registrations(kafka, topics)).values())
    frames = await read_frames(kafka, topics, 1)
    assert lines_of(frames, a) == late
    assert lines_of(frames, b) == early
    assert [frame.source for frame in frames if frame.kind != "idle"] == [a] * 4 + [b] * 3
    assert all(frame.received is None for frame in frames)
    assert {frame.registry for frame in frames} == {1}
    assert counters.lines == 19_000
    assert counters.buffered_frames == 0
    quiet = tmp_path / "quiet.json"
    quiet.write_text('{"vessels": []}\n')
    (problem,) = await publish([str(quiet)], target(kafka, topics, 1))
    assert problem == f"{quiet}: holds no record; give a recording with at least one"
    assert await publish([str(quiet), files[1]], target(kafka, topics, 1)) == [], "one that does is enough"


async def test_at_a_rate_frames_come_when_their_lines_would_have(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    paths = [tmp_path / "a.nmea", tmp_path / "b.nmea"]
    # twenty seconds, at twenty times: one second. A wild time among them does not stop it for a day
    a = record(paths[0], [START + n * SECOND for n in range(10)] + [START + 9 * DAY]
               + [START + n * SECOND for n in range(10, 20)])  # fmt: skip
    b = record(paths[1], [START + 5_500 + n * SECOND for n in range(10)])
    begun = time.monotonic()
    await publish([str(path) for path in paths], target(kafka, topics, 1), 20, names=["a", "b"])
    took = time.monotonic() - begun
    frames = await read_frames(kafka, topics, 1)
    assert lines_of(frames, "a") == a
    assert lines_of(frames, "b") == b
    assert took >= 0.79, "from the last line of the first frame to that of the last one"
    order = [frame.source for frame in frames if frame.kind == "lines"]
    first, last = order.index("b"), len(order) - 1 - order[::-1].index("b")
    assert "a" in order[:first]
    assert "a" in order[first:last], "merged by time"
    assert kinds(frames, "a")[-1] == kinds(frames, "b")[-1] == "end"
    assert kinds(frames, "b") == ["idle", *["lines"] * (len(kinds(frames, "b")) - 2), "end"]


async def test_kafka_away_makes_reading_wait(own_kafka: KafkaServer, tmp_path: Path) -> None:
    topics, counters, broker = fresh_topics(), Counters(), own_kafka.address
    path = tmp_path / "long.nmea"
    count = 600_000
    path.write_bytes(b"".join(b"line %06d %s\n" % (number, b"x" * 40) for number in range(count)))
    publishing = asyncio.create_task(publish([str(path)], target(broker, topics, 1), counters=counters))
    await eventually(lambda: counters.sent_frames > 20)
    await asyncio.to_thread(own_kafka.stop)
    await asyncio.to_thread(own_kafka.start)
    assert counters.buffered_bytes <= 9 << 20
    assert await publishing == []
    frames = await read_frames(broker, topics, 1)
    found = lines_of(frames, frames[0].source)
    assert len(found) == count
    assert [int(text.split()[1]) for text in found] == list(range(count))


async def test_a_stop_ends_the_sources_that_were_registered(kafka: str, tmp_path: Path) -> None:
    topics, counters, stop = fresh_topics(), Counters(), asyncio.Event()
    paths = [tmp_path / "a.nmea", tmp_path / "b.nmea"]
    for path in paths:
        record(path, [START + n * MINUTE for n in range(100)])
    publishing = asyncio.create_task(
        publish(
            [str(path) for path in paths],
            target(kafka, topics),
            1,
            names=["a", "b"],
            counters=counters,
            stop=stop,
        )
    )
    await eventually(lambda: counters.sent_frames >= 2)
    stop.set()
    await publishing
    frames = await read_frames(kafka, topics)
    assert kinds(frames, "a") == kinds(frames, "b") == ["idle", "lines", "end"]


async def test_frames_are_cut_by_time_and_keep_their_cuts() -> None:
    texts = [timed(START), b"cut", timed(START + 100), timed(START + 250), b"$junk", timed(START + 60_000)]
    cuts = (Cut(1, 9_999, "hash"), Cut(4, 8_888, "other"))

    async def given() -> AsyncIterator[Frame]:
        yield Frame("s", joined(texts)[:-1], 11, cuts=cuts)

    found = [(due, frame) async for due, frame in timed_frames(given(), 200)]
    assert [frame.first_line for _, frame in found] == [11, 14, 16]
    assert [due for due, _ in found] == [START + 100, START + 250, START + 60_000]
    assert b"".join(frame.data for _, frame in found) == joined(texts)[:-1]
    assert [frame.cuts for _, frame in found] == [(Cut(1, 9_999, "hash"),), (Cut(1, 8_888, "other"),), ()]


def test_an_address_that_is_not_a_recording_is_refused() -> None:
    with pytest.raises(AddressError, match="no such file"):
        run.publish(["nix"], KafkaTarget("127.0.0.1:9"))
    with pytest.raises(AddressError, match=r"tcp://127\.0\.0\.1:1: is not a recording"):
        run.publish(["tcp://127.0.0.1:1"], KafkaTarget("127.0.0.1:9"))


@pytest.mark.parametrize("how", ["publish", "ingest"])
async def test_folders_and_archives_are_read_and_sorted_as_by_replay(
    kafka: str, tmp_path: Path, how: str
) -> None:
    topics, folder = fresh_topics(), tmp_path / "given"
    folder.mkdir()
    early, late = ([timed(START + day * DAY + n * MINUTE) for n in range(300)] for day in (0, 1))
    (folder / "days.nmea").write_bytes(joined(late + early))
    (folder / "notes.txt").write_bytes(b"none\n")
    with zipfile.ZipFile(folder / "archive", "w") as archive:
        archive.writestr("first.nmea", gzip.compress(joined(early)))
    if how == "publish":
        assert await publish([str(folder)], target(kafka, topics, 1), glob="*.nmea") == []
    else:
        options = IngestOptions(tmp_path / "buffer", glob="*.nmea")
        session = Session([str(folder)], target(kafka, topics, 1), options)
        await session.run(asyncio.Event())
        assert session.problems == []
    sources = [r.source for r in (await read_registrations(kafka, topics)).values()]
    assert [name.partition("#")[0] for name in sources] == [
        f"{folder}/archive/first.nmea", f"{folder}/days.nmea"
    ]  # fmt: skip
    frames = await read_frames(kafka, topics, 1)
    assert lines_of(frames, sources[0]) == early
    found = [frame for frame in frames if frame.source == sources[1] and frame.kind == "lines"]
    assert b"".join(frame.data for frame in found) == joined(early + late)
    numbers: list[int] = []
    for frame in found:
        counted = range(frame.first_line, frame.first_line + frame.data.count(b"\n"))
        numbers += frame.numbers or counted
    assert numbers == [*range(301, 601), *range(1, 301)], "as they stand in the file"
