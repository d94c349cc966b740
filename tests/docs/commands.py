"""The reference of commands: the help of each, as the terminal shows it."""

from collections.abc import Iterator
from typing import Any

import typer

from streams.cli.main import app
from tests.docs.markdown import page


def all_commands() -> dict[tuple[str, ...], Any]:
    """Every command and group of commands, by the words that call it."""
    return dict(_commands(typer.main.get_command(app), ()))


def _commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, child in getattr(command, "commands", {}).items():
        yield from _commands(child, (*path, name))


def commands() -> str:
    """The page."""
    parts = ["Every command, with its options. `tankerwatch COMMAND --help` prints the same."]
    for path, command in all_commands().items():
        words = " ".join(("tankerwatch", *path))
        context = typer.Context(command, info_name=words, terminal_width=78)
        parts.append(f"## {words}\n\n```text\n{command.get_help(context).rstrip()}\n```")
    return page("Commands", *parts)
