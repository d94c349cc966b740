"""Options of every command that reads recordings: how their lines are to be understood."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from models.time import Millis
from streams.cli.files import source_names
from streams.cli.options import values

if TYPE_CHECKING:
    from streams.recordings.replay import Source

Recordings = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="AIS recordings, plain or gzip, in any order: they are merged by time. - is standard input.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputOptions:
    base_time: Annotated[
        Millis | None,
        typer.Option(
            metavar="TIME", parser=values.time, help="The time of all lines, for recordings without times."
        ),
    ] = None


def open_recordings(
    files: Sequence[str],
    options: InputOptions,
    *,
    waiting: AbstractContextManager[object] | None = None,
    on_read: Callable[[int], object] | None = None,
) -> "list[Source]":
    """One source for each file. Raises UsageError where a file is named twice; nothing is opened yet.

    `waiting` and `on_read` are those of `open_source`.
    """
    from streams.recordings.files import open_source
    from streams.recordings.replay import Source

    names = source_names(files)
    return [
        Source(name, open_source(path, name=name, waiting=waiting, on_read=on_read))
        for name, path in zip(names, files, strict=True)
    ]
