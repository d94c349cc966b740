"""Results of recordings are kept as they are, and only for the code that made them."""

from functools import cache
from pathlib import Path

import pytest

from models.truth import Truth
from streams.simulator.scenario import simulate
from tests.scenarios import kept_results
from tests.scenarios.kept_results import Job, KeptResults, Result
from tests.streams.factories import event

JOBS: list[Job] = [("raft", 0, "none"), ("raft", 1, "none")]


@cache
def truth() -> Truth:
    return simulate("cho_do", 1, "none").truth


def of(job: Job) -> Result:
    return job[0], [event(job[1] + 1)], truth()


def fails(job: Job) -> Result:
    raise AssertionError(f"{job} was done before")


def test_what_is_done_is_kept_until_the_code_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptResults(tmp_path)
    kept.complete(JOBS[:1], of, 1)
    kept.complete(JOBS, of, 1)
    kept.complete(JOBS, fails, 1)
    assert [kept.get(job) for job in JOBS] == [of(job) for job in JOBS]
    monkeypatch.setattr(kept_results, "ROOT", tmp_path)
    folders = {KeptResults(tmp_path).folder}
    for changed in ("streams/rule.py", "tests/scenarios/runs.py", "requirements.lock"):
        (tmp_path / changed).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / changed).write_text("METRES = 500")
        folders.add(KeptResults(tmp_path).folder)
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    again = KeptResults(tmp_path)
    assert len({*folders, again.folder}) == 5
    assert again.get(JOBS[0]) is None
