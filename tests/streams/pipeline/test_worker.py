"""`tankerwatch worker` and `status` on real Kafka and Redis."""

import asyncio
import json
import re
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from models.event import to_json
from models.station_clock import Clocks
from models.time import to_text
from streams.decoding.decoder import Decoder
from streams.deployment.config import Deployment
from streams.pipeline.health import examine
from streams.pipeline.rebuild import RebuildError, rebuild
from streams.runtime import exit_codes
from tests.scenarios.runs import find, frames
from tests.scenarios.simulated import recording
from tests.services.server import free_port
from tests.streams.deployments import (
    make_topics,
    new_deployment,
    process,
    publish,
    reading,
    register,
    run_command,
)
from tests.unsaid import PLAIN_PASSWORD
from tests.waiting import PATIENCE, eventually

pytestmark = pytest.mark.services
NOBODY = Deployment(broker="127.0.0.1:1", redis=f"redis://:{PLAIN_PASSWORD}@127.0.0.1:1/0", prefix="none.")


async def test_from_nothing_to_healthy_and_rebuilt(kafka: str, redis_server: str, tmp_path: Path) -> None:
    """Status says what is missing, then that all is well; after a rebuild the same events come again."""
    port = free_port()
    problems: list[str] = []

    async def check() -> None:
        deployment = new_deployment(kafka, redis_server)
        health = await examine(deployment)
        assert (health.healthy, health.kafka, health.redis) == (False, True, True)
        assert any("is missing" in problem for problem in health.problems)
        await make_topics(deployment)
        await register(deployment, "old", "new")
        await publish(deployment, "old", [], 2)  # it has ended before the time from which we rebuild
        await asyncio.sleep(0.01)
        start = int(time.time() * 1000)
        lines = recording("cho_do", 5, "clocks")
        await publish(deployment, "new", lines, 2)
        expected = [to_json(one) for one in find({"new": frames("new", lines, 500)})]
        assert expected
        log, more = tmp_path / "worker.log", {"TANKERWATCH_WEB_PORT": str(port), "TANKERWATCH_LOG": "json"}
        async with reading(deployment) as (events, client):

            async def complete() -> bool:
                return len(await events.since(count=1000)) >= len(expected)

            async def healthy() -> bool:
                health = await examine(deployment)
                problems[:] = health.problems
                lags = sum(one.lag for one in health.stages)
                if not health.healthy or lags or health.sink is None or health.sink.events_lag:
                    return False
                # what heartbeats say is up to two seconds older than the checkpoints
                return health.lines is not None and sum(health.lines.outcomes.values()) == len(lines)

            with process(deployment, tmp_path / "sink.log", "sink"):
                with process(deployment, log, "worker", **more) as worker:
                    await eventually(complete, "the events")
                    await eventually(healthy, "health")
                    assert [entry.json for entry in await events.since(count=1000)] == expected
                    done = await asyncio.to_thread(run_command, deployment, "status")
                    text = done.stdout
                    assert done.returncode == 0
                    assert text.startswith("healthy\n")
                    assert re.search(r"^meetings +1 +0 ", text, re.MULTILINE)
                    assert "last event: encounter" in text
                    check_clocks(text, new_clocks(lines))
                    check_metrics(port, len(lines), new_clocks(lines))
                    with pytest.raises(RebuildError, match="still at work"):
                        await rebuild(deployment, start, apply=True)
                    worker.terminate()
                    assert await asyncio.to_thread(worker.wait, PATIENCE) == 0
                # the log was emptied: what is rebuilt has to come again by itself
                keys = [key async for key in client.scan_iter(f"{deployment.prefix}*")]
                await client.delete(*keys)
                assert "sources taken to have ended before: old" in await rebuild(
                    deployment, start, apply=False
                )
                assert not [key async for key in client.scan_iter(f"{deployment.prefix}*decoder*")]
                before = await offsets(client, deployment)
                with process(
                    deployment, log, "worker", "--rebuild-from", to_text(start), "--yes", **more
                ) as worker:
                    await eventually(healthy, "health after rebuilding")
                    assert await offsets(client, deployment) != before
                    assert [entry.json for entry in await events.since(count=1000)] == expected
                    worker.terminate()
                    assert await asyncio.to_thread(worker.wait, PATIENCE) == 0
        text = log.read_text()
        assert "sources taken to have ended before: old" in text
        assert "Traceback" not in text
        for line in text.splitlines():
            if line.startswith("{"):
                assert {"time", "level", "event"} <= json.loads(line).keys()

    try:
        await check()
    finally:
        print(problems)


async def offsets(client: Any, deployment: Deployment) -> list[Any]:
    stages = ("vessels:0", "vessels:1", "meetings:0", "cases:0")
    return [await client.hget(f"{deployment.prefix}tankerwatch:{stage}:state", "offset") for stage in stages]


def new_clocks(lines: tuple[str, ...]) -> Clocks:
    """What a replay says about the clocks of the stations."""
    decoder = Decoder("new")
    for frame in frames("new", lines, 500):
        decoder.feed(frame)
    decoder.end()
    decoder.advance(decoder.watermark)
    assert sum(each.corrected for each in decoder.clocks.stations) >= 1
    return decoder.clocks


def check_clocks(text: str, clocks: Clocks) -> None:
    count = sum(each.corrected for each in clocks.stations)
    assert f"clocks of stations: {count} corrected" in text
    assert f"  new: {clocks.known[0].sentence}\n" in text


def check_metrics(port: int, lines: int, clocks: Clocks) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        text = answer.read().decode()
    counted = {
        name: float(value) for name, value in re.findall(r"^(tankerwatch_\S+) (\S+)$", text, re.MULTILINE)
    }
    assert (
        sum(value for name, value in counted.items() if name.startswith("tankerwatch_lines_total")) == lines
    )
    assert counted['tankerwatch_frames_total{stage="decoder"}'] >= lines / 500
    assert counted['tankerwatch_checkpoints_total{stage="meetings"}'] >= 1
    assert counted['tankerwatch_checkpoint_age_seconds{partition="0",stage="cases"}'] < PATIENCE
    assert 'tankerwatch_vessels{partition="0"}' in counted
    for each in clocks.known:
        name = f'tankerwatch_station_clock_offset_seconds{{source="new",station="{each.station}"}}'
        assert counted[name] == (each.offset or 0) / 1000
    corrected = sum(each.corrected for each in clocks.stations)
    assert counted['tankerwatch_stations{clock="corrected",partition="0"}'] == corrected


def test_a_worker_without_kafka_says_so_and_waits(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with process(NOBODY, log, "worker") as worker:
        waited(worker, "event=waiting service=Kafka", log)
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
    text = log.read_text()
    assert 'at=127.0.0.1:1 reason="nobody answers there"' in text
    assert "Traceback" not in text
    assert PLAIN_PASSWORD not in text


def test_a_worker_without_redis_says_so_and_waits(kafka: str, tmp_path: Path) -> None:
    deployment = new_deployment(kafka, NOBODY.redis)
    log = tmp_path / "log"
    with process(deployment, log, "worker") as worker:
        waited(worker, "event=waiting service=Redis", log)
        worker.terminate()
        worker.wait(PATIENCE)
    text = log.read_text()
    assert "Traceback" not in text
    assert PLAIN_PASSWORD not in text


async def test_a_topic_that_takes_too_little_at_once_ends_the_worker(
    kafka: str, redis_server: str, tmp_path: Path
) -> None:
    deployment, log = new_deployment(kafka, redis_server), tmp_path / "log"
    await make_topics(deployment)
    topic = deployment.topics.reports
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.alter_configs(
        [ConfigResource(ConfigResourceType.TOPIC, topic, {"max.message.bytes": "2000"})]
    )
    await admin.close()
    await register(deployment, "a")
    await publish(deployment, "a", recording("cho_do", 5, "none"))
    with process(deployment, log, "worker") as worker:
        assert await asyncio.to_thread(worker.wait, PATIENCE) == exit_codes.USAGE
    assert "raceback" not in log.read_text()
    text = log.read_text()
    assert (
        f'reason="{topic}: Kafka refused what was sent as too large; a worker sends up to 900,000 bytes'
        in text
    )
    assert "make max.message.bytes of the topic larger" in text


def test_files_that_cannot_be_used_end_the_worker(tmp_path: Path) -> None:
    """Every mistake is named with file, place and remedy; the exit code says that a restart is of no use."""
    files = {
        "FENCES": (
            tmp_path / "areas.geojson",
            '{"type": "FeatureCollection", "features": [{"type": "Feature"}]}',
        ),
        "WATCHLISTS": (tmp_path / "vessels.csv", "imo,mmsi,name,list,entry\n123,,A,mine,1\n,12,B,mine,2\n"),
        "SETTINGS": (tmp_path / "my.toml", "[decoder]\nlatenes_seconds = 5\n"),
    }
    for path, text in files.values():
        path.write_text(text)
    paths = {f"TANKERWATCH_{name}": str(path) for name, (path, _) in files.items()}
    settings = paths.pop("TANKERWATCH_SETTINGS")
    done = run_command(NOBODY, "worker", **paths)
    assert done.returncode == exit_codes.USAGE
    assert "event=wrong_configuration" in done.stderr
    for expected in (
        "areas.geojson: feature 0",
        "vessels.csv: line 2: column imo",
        "vessels.csv: line 3: column mmsi",
    ):
        assert expected in done.stderr
    done = run_command(NOBODY, "worker", TANKERWATCH_SETTINGS=settings)
    assert done.returncode == exit_codes.USAGE
    assert "my.toml: decoder: unknown key 'latenes_seconds' (did you mean lateness_seconds" in done.stderr
    assert "Traceback" not in done.stderr


def waited(running: subprocess.Popen[bytes], text: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while text not in log.read_text():
        assert running.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def test_status_as_json() -> None:
    done = run_command(NOBODY, "status", "--json", "--timeout", "2")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert (told["healthy"], told["kafka"], told["redis"]) == (False, False, False)
    assert len(told["problems"]) == 2


def test_status_without_services() -> None:
    done = run_command(NOBODY, "status", "--timeout", "2")
    assert done.returncode == 1
    assert done.stdout.startswith("NOT HEALTHY\n")
    assert "Kafka at 127.0.0.1:1 can't be reached" in done.stdout
    assert "Redis at 127.0.0.1:1/0 can't be reached" in done.stdout
    assert PLAIN_PASSWORD not in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["worker", "--rebuild-from", "yesterday"], "--rebuild-from: 'yesterday' is not a time"),
        (["worker", "--rebuild-from", "2026-03-01T00:00:00Z"], "Kafka at 127.0.0.1:1 can't be used"),
        (["worker", "--yes"], "--yes needs --rebuild-from"),
        (
            ["worker", "--restart"],
            "a worker no longer restarts itself; let Docker Compose or systemd restart it",
        ),
    ],
)
def test_wrong_use_is_one_sentence(arguments: list[str], sentence: str) -> None:
    done = run_command(NOBODY, *arguments)
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_variable_is_one_sentence() -> None:
    done = run_command(NOBODY, "sink", TANKERWATCH_KEEP_LOG_DAYS="0")
    assert done.returncode == 2
    assert "error: TANKERWATCH_KEEP_LOG_DAYS must be above 0" in done.stderr
    assert "Traceback" not in done.stderr
