"""The rooms: how large they may grow, that tests mirror them, and the contract of what each may import."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.waiting import PATIENCE

ROOT: Final = Path(__file__).parents[1]
PACKAGES: Final = ("models", "geofences", "streams")
MODULES: Final = 22
"""Modules that one room may have, not counting those of rooms inside it."""
LINES: Final = 400
"""Lines that a module may have."""
LONG: Final = {
    "streams/contracts/field_texts.py": "a table: one sentence for each published field",
}
"""Modules that may have more lines, with the reason."""
BESIDE: Final = {"benchmarks", "docs", "faults", "scenarios", "services"}
"""Folders of tests/ that mirror no room."""


def modules(*folders: str) -> Iterator[Path]:
    """The path of every Python file in these folders of the project, from its top."""
    for folder in folders:
        yield from (path.relative_to(ROOT) for path in sorted((ROOT / folder).rglob("*.py")))


def test_at_the_top_of_streams_are_only_rooms_and_the_address_of_fausts_app() -> None:
    top = [path for path in (ROOT / "streams").iterdir() if path.name != "__pycache__"]
    assert {path.name for path in top if path.is_file()} == {"__init__.py", "app.py", "py.typed"}
    assert [path.name for path in top if path.is_dir() and not (path / "__init__.py").exists()] == []


def test_no_room_has_too_many_modules() -> None:
    rooms = [path.parent for path in modules(*PACKAGES) if path.name != "__init__.py"]
    assert {str(room): rooms.count(room) for room in rooms if rooms.count(room) > MODULES} == {}


def test_no_module_is_too_long_without_a_reason() -> None:
    lengths = {
        str(path): len((ROOT / path).read_text("utf-8").splitlines()) for path in modules(*PACKAGES, "tests")
    }
    assert {path for path, length in lengths.items() if length > LINES} == LONG.keys()


def test_tests_mirror_the_rooms() -> None:
    tests = [path for path in modules("tests") if path.name.startswith("test_")]
    mirrors = {path.parent.relative_to("tests") for path in tests if path.parts[1] not in BESIDE}
    assert {str(folder) for folder in mirrors if not (ROOT / folder).is_dir()} == set()


# --- the contract of imports


def contract(name: str) -> dict[str, list[str]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (found,) = (one for one in settings["contracts"] if one["id"] == name)
    return dict(found)


def test_every_room_has_its_place_in_the_contract() -> None:
    placed = [room.strip() for layer in contract("rooms")["layers"] for room in layer.split("|")]
    rooms = {f"streams.{path.parent.name}" for path in (ROOT / "streams").glob("*/__init__.py")}
    assert sorted(placed) == sorted({"models", "geofences", "streams.app"} | rooms)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the code and of the contract."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "data")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def broken(copy: Path) -> list[str]:
    """The lines with which import-linter says which contracts are broken and by which import."""
    linted = subprocess.run(
        [sys.executable, "-c", "from importlinter import cli; cli.lint_imports_command()", "--no-cache"],
        cwd=copy,
        env={"PYTHONPATH": str(copy), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert "Contracts: " in linted.stdout, linted.stdout + linted.stderr
    said = linted.stdout.partition("Contracts: ")[2].splitlines()
    assert linted.returncode == (0 if said[0].endswith(" 0 broken.") else 1)
    return [line for line in said if line]


def test_the_contract_is_kept(copy: Path) -> None:
    assert broken(copy)[0].endswith("kept, 0 broken.")


@pytest.mark.parametrize(
    ("module", "line", "complaint"),
    [
        ("models/box.py", "import geofences.land", "models is not allowed to import geofences"),
        ("geofences/land.py", "import streams.runtime.tasks",
         "geofences is not allowed to import streams.runtime"),
        ("streams/tracking/track.py", "import streams.detection.encounters.hull",
         "streams.tracking is not allowed to import streams.detection"),
        ("streams/store/sink.py", "def late() -> None:\n    import streams.pipeline.health",
         "streams.store is not allowed to import streams.pipeline"),
        ("streams/tail/follow.py", "import streams.feed.settings",
         "streams.tail is not allowed to import streams.feed"),
        ("streams/feed/http/process.py", "import streams.stages.core",
         "streams.feed is not allowed to import streams.detection"),
        ("streams/alerts/process.py", "import streams.recordings.replay",
         "streams.alerts is not allowed to import streams.detection"),
        ("streams/detection/ticks/history.py", "import time",
         "streams.detection is not allowed to import time"),
    ],
)  # fmt: skip
def test_an_import_against_the_order_is_found(copy: Path, module: str, line: str, complaint: str) -> None:
    path = copy / module
    path.write_text(f"{path.read_text('utf-8')}\n\n{line}\n", "utf-8")
    assert any(complaint in said for said in broken(copy)), broken(copy)
