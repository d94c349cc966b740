"""Compiled loops: said when they are made, kept for later runs, and run where nothing can be kept."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streams.runtime.compiled import NOTICE, compiled, variants

SCRIPT = """
from streams.runtime.compiled import compiled

@compiled
def add(one: int, other: int) -> int:
    return one + other

@compiled
def twice(one: int) -> int:
    return add(one, one)

print(twice(21))
"""


def test_it_is_said_once_and_kept_for_later_runs(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    runs = [
        subprocess.run([sys.executable, script], capture_output=True, text=True, env=environment, check=True)
        for _ in range(2)
    ]
    assert [run.stdout for run in runs] == ["42\n", "42\n"]
    assert [run.stderr for run in runs] == [NOTICE + "\n", ""]


def test_it_runs_where_nothing_can_be_kept() -> None:
    """Code from no file has no folder for its cache, as in a system whose folders are all read-only."""
    names: dict[str, Any] = {}
    exec("def add(one, other):\n    return one + other\n", names)  # noqa: S102
    add: Callable[[int, int], int] = compiled(names["add"])
    assert add(20, 22) == 42
    assert variants(add) == 1
