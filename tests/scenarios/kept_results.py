"""Results of simulated recordings, kept in files as long as the code that makes them stays the same."""

import gzip
import hashlib
import multiprocessing
import platform
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

from models.event import Event
from models.truth import Truth

ROOT: Final = Path(__file__).parents[2]
CODE: Final = ("models", "geofences", "streams", "tests/scenarios/runs.py", "requirements.lock")
"""Packages and files that decide what comes out: with the code, how it is run, and on which libraries."""
Job = tuple[str, int, str]
"""Scenario, seed, noise."""
Result = tuple[str, list[Event], Truth]
"""Scenario, events as they stand at the end, truth."""


def code_hash() -> str:
    """The first 16 hex digits of a SHA-256 over Python's version and these files, but for compiled ones."""
    named = [ROOT / name for name in CODE]
    files = [path for each in named for path in (each, *each.rglob("*")) if path.is_file()]
    digest = hashlib.sha256(f"{platform.python_version()}\0".encode())
    for path in sorted(path for path in files if "__pycache__" not in path.parts):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


class KeptResults:
    """Results by job, in a folder of their own for each state of the code."""

    def __init__(self, folder: Path, state: str | None = None) -> None:
        """`state` is the hash of the code whose results are meant, that of today by default."""
        self.folder = folder / (state or code_hash())

    def get(self, job: Job) -> Result | None:
        """None if the job was not done yet."""
        path = self._path(job)
        return msgspec.json.decode(gzip.decompress(path.read_bytes()), type=Result) if path.exists() else None

    def put(self, job: Job, result: Result) -> None:
        path = self._path(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(gzip.compress(msgspec.json.encode(result), 3))
        part.rename(path)  # whole, or not there

    def complete(self, jobs: Iterable[Job], run: Callable[[Job], Result], workers: int | None) -> None:
        """Do the jobs that are not done yet, one process for each core unless `workers` says otherwise."""
        missing = [job for job in jobs if not self._path(job).exists()]
        doing = _Doing(run)
        if workers == 1:
            for job in missing:
                self.put(*doing(job))
            return
        with multiprocessing.Pool(workers) as pool:
            for job, result in pool.imap_unordered(doing, missing):
                self.put(job, result)

    def _path(self, job: Job) -> Path:
        name, seed, noise = job
        return self.folder / noise / f"{name}-{seed}.json.gz"


class _Doing:
    """A job with its result."""

    def __init__(self, run: Callable[[Job], Result]) -> None:
        self._run = run

    def __call__(self, job: Job) -> tuple[Job, Result]:
        return job, self._run(job)
