"""What ends a command: sentences that name file, place and remedy, each on a line of standard error."""

import typer

from streams.output.sanitize import plain


class Failed(typer.BadParameter):
    """Input that could not be read, or output that could not be written: exit code 1."""

    exit_code = 1

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences

    def format_message(self) -> str:
        return self.message


class UsageError(Failed):
    """Wrong usage: exit code 2."""

    exit_code = 2


def complain(*sentences: str) -> None:
    """Tell what is wrong, a line a sentence, never broken: by radio or as a file's name, nothing gets out."""
    for sentence in sentences:
        typer.secho(f"tankerwatch: error: {plain(sentence)}", err=True, fg="red")


def reason(error: OSError) -> str:
    """In the system's words, without the name of the file."""
    return error.strerror or type(error).__name__
