"""Memory: frees what a process no longer needs, and gives back to the system what is free.

The C library keeps what was freed for later requests, unless it lies at the end of its heap. After a state
was loaded from many small pieces, that is a tenth of what the process holds.
"""

import ctypes
import gc
from contextlib import suppress


def give_back() -> None:
    """Do so where the C library can: glibc can, musl and macOS keep what they keep."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def collect_all() -> None:
    """Free what refers to itself, also among the objects that the collector of garbage passes over."""
    gc.unfreeze()
    gc.collect()
