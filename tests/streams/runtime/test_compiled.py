"""Compiled loops: said when they are made, kept for later runs, and run where nothing can be kept."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from streams.runtime.compiled import LOOPS, NOTICE, compiled, variants

SCRIPT = """
from bounds import NONE, OF
from streams.runtime.compiled import compiled

@compiled
def add(one: int, other: int) -> int:
    return one + other + OF * NONE

@compiled
def twice(one: int) -> int:
    return add(one, one)

print(twice(21))
"""
BOUNDS = "OF = 2 * 5\nNONE = 0\n"


def test_it_is_said_once_and_kept_for_later_runs(tmp_path: Path) -> None:
    script, bounds = tmp_path / "script.py", tmp_path / "bounds.py"
    script.write_text(SCRIPT)
    bounds.write_text(BOUNDS)
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}

    def run(script: Path = script) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, env=environment, check=True
        )
        return done.stdout, done.stderr

    assert run() == ("42\n", NOTICE + "\n")
    copied = tmp_path.with_name("copied")
    shutil.copytree(tmp_path, copied)
    os.utime(copied / "script.py", (1, 1))
    (copied / "bounds.py").write_text(BOUNDS + "OTHER = 1\n")
    assert run(copied / "script.py") == ("42\n", "")
    bounds.write_text("OF = 2 * 5\nNONE = 1  # as another version has it\n")
    assert run() == ("52\n", NOTICE + "\n")
    script.write_text(SCRIPT.replace("one + other", "one - other"))
    os.utime(script, (1, 1))
    assert run() == ("10\n", NOTICE + "\n")


def test_it_runs_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code from no file has no folder for its cache, as in a system whose folders are all read-only."""
    monkeypatch.setattr("streams.runtime.compiled.LOOPS", list(LOOPS))  # it is none of the project's
    names: dict[str, Any] = {}
    exec("def add(one, other):\n    return one + other\n", names)  # noqa: S102
    add: Callable[[int, int], int] = compiled(names["add"])
    assert add(20, 22) == 42
    assert variants(add) == 1


def test_what_is_kept_and_cannot_be_read_or_written_ends_nothing(tmp_path: Path) -> None:
    script, kept = tmp_path / "script.py", tmp_path / "kept"
    no_room = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(kept)}

    def run(text: str) -> list[str]:
        script.write_text(text)
        script.with_name("bounds.py").write_text(BOUNDS)
        done = subprocess.run(
            [sys.executable, script], capture_output=True, text=True, env=environment, check=True
        )
        assert done.stdout == "42\n"
        return done.stderr.splitlines()

    notice, told = run(no_room + SCRIPT)
    assert notice == NOTICE
    assert str(kept) in told
    assert "(File too large), so every run compiles them" in told
    assert run(SCRIPT) == [NOTICE]
    for index in kept.rglob("*.nbi"):
        index.write_bytes(index.read_bytes()[:5])
    told = run(SCRIPT)[0]
    assert "can't be read" in told
    assert "so this run compiles them" in told
