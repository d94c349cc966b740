"""`make live`: everything starts, events come, and nothing stays behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.services.live import Interrupt
from tests.services.server import HOST, Server, free_port
from tests.waiting import PATIENCE, wait_until

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
    assert (running.returncode, errors, output) == (
        130,
        "",
        "Stopping everything. Press Ctrl-C again to end it at once.\nStopped.\n",
    )
    assert list(tmp_path.iterdir()) == []
    with socket.socket() as probe:
        assert probe.connect_ex((HOST, port)) != 0


class Deaf(Server):
    """A process that does not end when it is asked to, and is given any time for it."""

    name = "deaf"

    def stop(self) -> None:
        self.terminate()
        wait_until(lambda: not self.running, "it to be killed")
        super().stop()

    def _command(self) -> list[str]:
        return ["sh", "-c", "trap 'touch asked' TERM; touch ready; while :; do sleep 0.05; done"]

    def _ready(self) -> bool:
        return (self.folder / "ready").exists()


def run_and_interrupt(interrupt: Interrupt, server: Server) -> None:
    with ExitStack() as stack:
        interrupt.start(server, stack)
        signal.raise_signal(signal.SIGINT)


def test_a_second_interrupt_waits_for_nobody(tmp_path: Path) -> None:
    def interrupt_again() -> None:
        wait_until((tmp_path / "asked").exists, "it to be asked to end")
        os.kill(os.getpid(), signal.SIGINT)

    again, interrupt = threading.Thread(target=interrupt_again), Interrupt()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        interrupt.listen()
        again.start()
        with pytest.raises(KeyboardInterrupt):
            run_and_interrupt(interrupt, Deaf(tmp_path))
        again.join()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
