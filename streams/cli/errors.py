"""Errors that end a command, printed as one line each on standard error, and the help of command groups."""

import errno
from typing import Final

import typer

from streams.output.sanitize import sanitize
from streams.runtime.secrecy import hide

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Failed(typer.BadParameter):
    """Some input could not be read, or some output could not be written: exit code 1.

    Each sentence says what is wrong, where, and what to do.
    """

    exit_code = 1

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self._sentences = sentences

    @property
    def sentences(self) -> tuple[str, ...]:
        """The lines to print. An error raised by the parser of an option's value starts with the option."""
        if self.param is None:
            return self._sentences
        return tuple(f"{self.param.opts[0]}: {sentence}" for sentence in self._sentences)

    def format_message(self) -> str:
        return "\n".join(self.sentences)


class UsageError(Failed):
    """The command line is wrong: exit code 2."""

    exit_code = 2


def complain(*sentences: str) -> None:
    """Print errors on standard error, one line each; control characters in them are escaped."""
    for sentence in sentences:
        typer.secho(f"tankerwatch: error: {sanitize(hide(sentence))}", err=True, fg="red")


def notify(sentence: str) -> None:
    """Print a remark on standard error, in one line; control characters in it are escaped."""
    typer.secho(f"tankerwatch: {sanitize(hide(sentence))}", err=True, fg="yellow")


def reason(error: OSError) -> str:
    """What the operating system says is wrong, without the name of the file."""
    return error.strerror or type(error).__name__


def remedy(error: OSError) -> str:
    """What to do about it."""
    return (
        "make room, or choose another place" if error.errno in _NO_ROOM else "check its path and permissions"
    )


def misused(error: typer.TyperException) -> str:
    """What the parser of the command line says is wrong, and where to look it up."""
    context = getattr(error, "ctx", None)
    text = error.format_message().rstrip(".").replace("Value error, ", "")
    if getattr(error, "option_name", "")[1:2].isdigit():
        text += ": before arguments of which one begins with a minus, put --"
    return f"{text}; see `{context.command_path if context else 'tankerwatch'} --help`"


def help_unless_command(context: typer.Context) -> None:
    """Print the help of a command group that was called without a command, and end with exit code 2."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(2)
