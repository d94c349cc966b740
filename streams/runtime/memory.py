"""Memory: gives back to the system what is free between the objects of a process.

The C library keeps what was freed for later requests, unless it lies at the end of its heap. After a state
was loaded from many small pieces, that is a tenth of what the process holds.
"""

import ctypes
from contextlib import suppress


def give_back() -> None:
    """Do so where the C library can: glibc can, musl and macOS keep what they keep."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
