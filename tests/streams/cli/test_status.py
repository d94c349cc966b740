"""`tankerwatch status` as a process."""

import sys

import pytest

from streams.deployment.config import Deployment
from tests.processes import run
from tests.services.server import free_port
from tests.streams.deployments import COMMAND, environment
from tests.waiting import PATIENCE

pytestmark = pytest.mark.services


def test_what_is_away_is_said_once_and_nothing_besides(redis_server: str) -> None:
    broker = f"127.0.0.1:{free_port()}"
    for redis, away in ((redis_server, 1), (f"redis://127.0.0.1:{free_port()}/0", 2)):
        done = run(
            [sys.executable, "-c", COMMAND, "status"],
            env=environment(Deployment(broker=broker, redis=redis)),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert (done.returncode, done.stderr) == (1, "")
        first, *problems = done.stdout.splitlines()
        assert first == "NOT HEALTHY"
        remedy = "start it, or correct TANKERWATCH_BROKER"
        assert problems[0] == f"  Kafka at {broker} can't be reached (nobody answers there); {remedy}"
        assert len(problems) == away
