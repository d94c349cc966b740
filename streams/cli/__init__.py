"""The command line: one module for each command, put together by `main`.

Data go to standard output, everything else to standard error.
"""

from streams.cli.main import main

__all__ = ["main"]
