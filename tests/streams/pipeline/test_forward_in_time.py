"""A deployment reads forward in time: what lies behind is refused, and what comes anyway is reported."""

import asyncio
from pathlib import Path

import pytest

from streams.ingest.progress import worked_off
from streams.ingest.publish import publish
from streams.ingest.sender import KafkaTarget
from streams.pipeline.health import examine
from tests.scenarios.simulated import recording
from tests.streams.deployments import make_topics, new_deployment, process, run_command
from tests.waiting import eventually

pytestmark = pytest.mark.services


async def test_an_older_recording_is_refused_and_reported(
    kafka: str, redis_server: str, tmp_path: Path
) -> None:
    deployment = new_deployment(kafka, redis_server)
    await make_topics(deployment)
    path = tmp_path / "recording.nmea"
    path.write_text("".join(f"{line}\n" for line in recording("cho_do", 5)))
    to = KafkaTarget(kafka, deployment.topics)
    log = tmp_path / "worker.log"
    with process(deployment, log, "worker"):
        await publish([str(path)], to)

        async def over() -> bool:
            stages = (await examine(deployment)).stages
            vessels = [one.watermark for one in stages if one.stage == "vessels"]
            ended = vessels == ["end"] * deployment.spread and not any(one.lag for one in stages)
            return ended and await worked_off(redis_server, deployment.prefix) is not None

        await eventually(over, "the recording to be worked off")
        health = await examine(deployment)
        assert health.lines is not None
        read = sum(health.lines.outcomes.values())
        assert (read, health.lines.overtaken) == (len(path.read_text().splitlines()), 0)

        again = await asyncio.to_thread(run_command, deployment, "publish", str(path))
        assert again.returncode == 1
        assert "this deployment has worked off everything up to" in again.stderr
        assert "--shift-to-now" in again.stderr

        await publish([str(path)], to)  # without looking how far it is

        async def reported() -> bool:
            lines = (await examine(deployment)).lines
            return lines is not None and sum(lines.outcomes.values()) == 2 * read and lines.overtaken > 0

        await eventually(reported, "the older reports to be counted")
        health = await examine(deployment)
        (problem,) = [each for each in health.problems if each.startswith("vessels:")]
        assert "were older than what has been worked off" in problem
        status = await asyncio.to_thread(run_command, deployment, "status")
        assert problem.partition(" reports ")[2] in status.stdout
        assert f"lines: {2 * read:,} read" in status.stdout

        async def logged() -> bool:
            return "event=reports_overtaken" in log.read_text()

        await eventually(logged, "a warning in the log")
