"""What restarts a worker that has ended: the systemd unit of the guide."""

import re
from configparser import ConfigParser
from pathlib import Path

from typer.main import get_command

from streams.cli.main import app
from streams.runtime import exit_codes

GUIDE = Path(__file__).parents[3] / "docs" / "deployment.md"


def test_the_unit_restarts_a_worker_unless_that_is_of_no_use() -> None:
    text = GUIDE.read_text("utf-8")
    (block,) = re.findall(r"^```ini\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    unit = ConfigParser(interpolation=None)
    unit.read_string(block)
    service = unit["Service"]
    assert service["Restart"] == "on-failure"  # systemd takes SIGTERM for an end in order
    assert service["RestartPreventExitStatus"] == str(exit_codes.USAGE)
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"  # never give up
    program, command = service["ExecStart"].split()
    assert program.endswith("/tankerwatch")
    assert command in get_command(app).commands  # type: ignore[attr-defined]
    assert f"RestartPreventExitStatus={exit_codes.USAGE} {exit_codes.FENCED}" in text  # sink, alerts
