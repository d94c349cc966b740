"""The command line: one module a command, `main` puts them together. Data on stdout, the rest on stderr."""

from streams.cli.main import main

__all__ = ["main"]
