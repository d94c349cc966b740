"""How far a deployment is, and recordings that it has already left behind."""

from pathlib import Path

import pytest
import redis.asyncio as redis

from models.time import DAY, MINUTE, SECOND, Millis
from streams.deployment import heartbeat
from streams.deployment.heartbeat import Heartbeat
from streams.ingest.intake import utc_now
from streams.ingest.progress import BehindError, check_ahead, worked_off
from streams.ingest.publish import publish
from streams.ingest.shift import ShiftError
from tests.services.server import free_port
from tests.streams.deployments import new_deployment
from tests.streams.ingest.kafka_reading import (
    fresh_topics,
    joined,
    lines_of,
    read_frames,
    read_registrations,
    target,
)
from tests.streams.nmea_lines import START, class_a, decode, sentence, tag
from tests.unsaid import PLAIN_PASSWORD


def timed(time: Millis) -> bytes:
    return (tag(time=time) + sentence(*class_a(273_000_001))).encode()


def write(path: Path, *times: Millis) -> str:
    path.write_bytes(joined([timed(time) for time in times]))
    return str(path)


def beat(done: Millis | None = None) -> Heartbeat:
    return Heartbeat(process="h/1", time=1.0, offset=1, saved=1.0, done=done)


def test_a_recording_has_to_start_after_what_is_worked_off() -> None:
    check_ahead({"a": START}, None)
    check_ahead({"a": START}, START - 1)
    with pytest.raises(BehindError) as raised:
        check_ahead({"a": START, "b": START + 1, "c": START - DAY}, START)
    assert [problem.partition(":")[0] for problem in raised.value.problems] == ["a", "c"]
    for remedy in ("TANKERWATCH_PREFIX", "--rebuild-from", "--shift-to-now"):
        assert remedy in raised.value.problems[0]


@pytest.mark.services
async def test_a_deployment_is_as_far_as_its_farthest_stage(redis_server: str) -> None:
    deployment = new_deployment("127.0.0.1:1", redis_server)
    assert await worked_off(redis_server, deployment.prefix) is None
    client = redis.from_url(redis_server)
    try:
        beats = {
            "decoder:0": beat(),
            "vessels:0": beat(START),
            "vessels:1": beat(START + MINUTE),
        }
        await heartbeat.write(client, deployment.prefix, beats)
        assert await worked_off(redis_server, deployment.prefix) == START + MINUTE
    finally:
        await client.delete(heartbeat.key(deployment.prefix))
        await client.aclose()


async def test_without_redis_the_message_says_what_to_do() -> None:
    with pytest.raises(BehindError, match="start it, or set TANKERWATCH_REDIS") as raised:
        await worked_off(f"redis://:{PLAIN_PASSWORD}@127.0.0.1:{free_port()}/0", "")
    assert PLAIN_PASSWORD not in str(raised.value)


@pytest.mark.services
async def test_a_recording_that_lies_behind_is_refused(kafka: str, tmp_path: Path) -> None:
    topics = fresh_topics()
    early, late = write(tmp_path / "early", START, START + 1000), write(tmp_path / "late", START + DAY)
    with pytest.raises(BehindError, match=r"early: starts at 2023-11-14T22:13:20Z"):
        await publish([late, early], target(kafka, topics), done=START + MINUTE)
    await publish([late], target(kafka, topics), names=["late"], done=START + MINUTE)
    assert [one.source for one in (await read_registrations(kafka, topics)).values()] == ["late"]


@pytest.mark.services
@pytest.mark.parametrize("rate", [float("inf"), 1_000.0])
async def test_the_earliest_recording_starts_now_with_to_now(kafka: str, tmp_path: Path, rate: float) -> None:
    topics = fresh_topics()
    times = [START + 9 * DAY, *(START + n * SECOND for n in range(30))]  # the first line is a wild one
    files = [write(tmp_path / "a", *times), write(tmp_path / "b", START + 30 * SECOND, START + MINUTE)]
    before = utc_now()
    await publish(files, target(kafka, topics), rate, names=["a", "b"], done=START + DAY, to_now=True)
    frames = await read_frames(kafka, topics)
    (first, *_), (second, *_) = (
        sorted(row[0] for row in decode(lines_of(frames, name)).positions) for name in ("a", "b")
    )
    assert first % MINUTE == START % MINUTE
    assert before - MINUTE < first <= utc_now()
    assert second - first == 30 * SECOND


async def test_a_recording_without_times_cannot_be_moved(tmp_path: Path) -> None:
    (tmp_path / "untimed").write_text(sentence(*class_a(273_000_001)) + "\n")
    with pytest.raises(ShiftError, match="untimed: its first 10,000 lines have no time"):
        await publish([str(tmp_path / "untimed")], target("127.0.0.1:1", fresh_topics()), to_now=True)
