"""Two commits of a small repository: events that are the same, and one value that is not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scenarios import compare_commits
from tests.scenarios.compare_commits import compare

MODULE = "models/event.py"
CHANGE = """

_unchanged = to_json


def to_json(event: Event) -> bytes:
    found = _unchanged(event)
    return found.replace(b'"level":"probable"', b'"level":"certain"') if event.encounter else found
"""


def commit(repository: Path, message: str) -> None:
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["add", "--all"], ["commit", "--quiet", "--message", message]):
        subprocess.run(["git", *author, *arguments], cwd=repository, check=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with this code as its first commit, and its compiled loops, so that none is made again."""
    path = tmp_path / "repository"
    path.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=path, check=True)
    for package in ("models", "geofences", "streams"):
        shutil.copytree(
            compare_commits.ROOT / package, path / package, ignore=shutil.ignore_patterns("*.pyc")
        )
    commit(path, "first")
    monkeypatch.setattr(compare_commits, "ROOT", path)
    monkeypatch.delenv("TANKERWATCH_DATA", raising=False)
    monkeypatch.delenv("TANKERWATCH_CASES", raising=False)
    return path


def test_a_changed_value_is_a_fault_and_what_it_does_not_touch_is_the_same(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The change is in the events of one recording; the other commit has the same for the second one."""
    source = repository / MODULE
    source.write_text(source.read_text("utf-8") + CHANGE, "utf-8")
    commit(repository, "second")
    verdict = compare("HEAD~1", "HEAD", tmp_path / "work", seeds=1, scenarios=["satellite", "bunkering"])
    assert verdict.revisions > 0
    assert verdict.same == 1
    assert verdict.faults > 0
    faults = capsys.readouterr().out.splitlines()
    assert len(faults) == verdict.faults
    assert all(line.startswith("satellite_0.nmea: ") for line in faults)
    assert any("certain" in line for line in faults)
