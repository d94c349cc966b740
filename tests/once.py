"""What is expensive to make, made once for all processes of a test run."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

VARIABLE: Final = "TANKERWATCH_TEST_RUN"
"""The environment variable that names the folder of this run; conftest.py makes the folder and removes it."""


def once(name: str, make: Callable[[], bytes]) -> bytes:
    """What `make` gives, kept under this name for all processes of the run. Outside a run it is made anew."""
    if not (named := os.environ.get(VARIABLE)):
        return make()
    path = Path(named, hashlib.sha256(name.encode()).hexdigest())
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            fresh = path.with_suffix(".new")
            fresh.write_bytes(make())
            fresh.rename(path)
    return path.read_bytes()
