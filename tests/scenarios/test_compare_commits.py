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
    return _unchanged(event).replace(b'"level":"probable"', b'"level":"certain"')
"""


def commit(repository: Path, message: str) -> None:
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["add", "--all"], ["commit", "--quiet", "--message", message]):
        subprocess.run(["git", *author, *arguments], cwd=repository, check=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with this code as its first commit."""
    path = tmp_path / "repository"
    path.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=path, check=True)
    for package in ("models", "geofences", "streams"):
        shutil.copytree(
            compare_commits.ROOT / package, path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    commit(path, "first")
    monkeypatch.setattr(compare_commits, "ROOT", path)
    monkeypatch.delenv("TANKERWATCH_DATA", raising=False)
    monkeypatch.delenv("TANKERWATCH_CASES", raising=False)
    return path


def test_a_changed_value_is_a_fault(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = repository / MODULE
    source.write_text(source.read_text("utf-8") + CHANGE, "utf-8")
    commit(repository, "second")
    verdict = compare("HEAD~1", "HEAD", tmp_path / "work", seeds=1, scenarios=["cho_do"])
    assert verdict.revisions > 0
    assert verdict.same == 0
    assert verdict.faults > 0
    assert "certain" in capsys.readouterr().out


def test_a_change_without_consequences_is_none(repository: Path, tmp_path: Path) -> None:
    source = repository / MODULE
    source.write_text(source.read_text("utf-8") + "\n# a comment\n", "utf-8")
    commit(repository, "second")
    verdict = compare("HEAD~1", "HEAD", tmp_path / "work", seeds=1, scenarios=["cho_do"])
    assert verdict.revisions > 0
    assert (verdict.same, verdict.faults) == (1, 0)
