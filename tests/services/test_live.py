"""`make live`: everything starts, events come, and nothing stays behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.services.server import HOST, free_port
from tests.waiting import PATIENCE

ROOT = Path(__file__).parents[2]


@pytest.mark.services
@pytest.mark.xdist_group("pipeline")  # not several deployments at once
def test_a_world_goes_on_until_it_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.services.live", "--port", str(port)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout is not None
            said = [next(running.stdout, "") for _ in range(4)]
            assert "export TANKERWATCH_BROKER=127.0.0.1:" in said[-2]
            assert f"http://{HOST}:{port}/" in said[-1], running.communicate()
            with urllib.request.urlopen(f"http://{HOST}:{port}/v1/events", timeout=PATIENCE) as answer:
                assert json.load(answer)["events"]
        finally:
            running.send_signal(signal.SIGINT)
            output, errors = running.communicate(timeout=PATIENCE)
    assert (running.returncode, errors, output) == (130, "", "Stopped.\n")
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0
