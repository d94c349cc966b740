"""The commands of docs/archive.md with their answers on the recording of `make demo`.

`python -m tests.streams.archive.answers` writes the answers anew.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from streams.cli.main import run
from tests.scenarios.simulated import recording
from tests.streams.deployments import COMMAND

PAGE: Final = Path(__file__).parents[3] / "docs" / "archive.md"
_ANSWERED: Final = re.compile(r"(```text\n\$ tankerwatch )(.*)\n((?:.*\n)*?)(?=```)")


def answered() -> list[tuple[str, str]]:
    """The commands, and the answers that the page shows."""
    return [(command, answer) for _, command, answer in _ANSWERED.findall(PAGE.read_text("utf-8"))]


def make_demo(folder: Path) -> None:
    """Make `demo`, the archive, and `new.csv`, the list that the page shows, in this folder."""
    log = folder / "demo.nmea"
    log.write_text("\n".join(recording("full_run", 1)) + "\n")
    assert run(["replay", str(log), "--archive", str(folder / "demo"), "--out", str(folder / "out")]) == 0
    (given,) = re.findall(r"```csv\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    (folder / "new.csv").write_text(given)


def main() -> None:
    with tempfile.TemporaryDirectory() as made:
        make_demo(Path(made))

        def written(found: re.Match[str]) -> str:
            done = subprocess.run(
                [sys.executable, "-c", COMMAND, *shlex.split(found[2])],
                cwd=made, env=os.environ, capture_output=True, text=True, check=True,
            )  # fmt: skip
            return f"{found[1]}{found[2]}\n{done.stdout}"

        PAGE.write_text(_ANSWERED.sub(written, PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
