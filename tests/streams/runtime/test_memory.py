"""Memory: what the collector of garbage passes over is freed when the stages change hands."""

import subprocess
import sys

CODE = """
import gc, weakref
from streams.runtime import memory
class Stage:
    def __init__(self):
        self.again = self
stage = Stage()
there = weakref.ref(stage)
gc.freeze()
del stage
gc.collect()
assert there() is not None
memory.collect_all()
assert there() is None
"""


def test_what_refers_to_itself_is_freed_although_it_was_passed_over() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)
