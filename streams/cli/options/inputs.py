"""Options of every command that reads recordings: how their lines are to be understood."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from models.source_hints import DateOrder, SourceHints
from models.time import DAY, Millis
from streams.cli.errors import UsageError
from streams.cli.files import allow_open_files, source_names
from streams.cli.options import values

if TYPE_CHECKING:
    from streams.archive.source import ArchivedSource
    from streams.decoding.settings import DecoderSettings
    from streams.recordings.arrivals import Source
    from streams.recordings.content import Access
    from streams.recordings.inputs import Input
    from streams.recordings.recording import Reading

Recordings = Annotated[
    list[str],
    typer.Argument(
        metavar="FILE",
        help="AIS recordings in any order: they are merged by time. Files (plain, or compressed with gzip, "
        "zstd, bzip2 or xz), zip and tar archives, and folders; - is standard input.",
    ),
]

_YEAR: Final = 366 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class InputOptions:
    base_time: Annotated[
        Millis | None,
        typer.Option(
            metavar="TIME",
            parser=values.time,
            help="One time for all lines of recordings that tell none; nothing that "
            "lasts can be found in them then.",
        ),
    ] = None
    input_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            parser=values.input_format,
            help="Format of all recordings, as listed by `tankerwatch formats`. Default: recognised by the "
            "content of each.",
        ),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="HOLDS=COLUMN,...",
            parser=values.columns,
            help="What the columns of CSV and Parquet hold, by name or by number from 1, such as "
            "mmsi=MMSI,time=3. Default: guessed from their names; the summary shows the guess.",
        ),
    ] = None
    units: Annotated[
        str | None,
        typer.Option(
            metavar="HOLDS=UNIT,...",
            parser=values.units,
            help="Units of columns of CSV and Parquet, such as sog=km/h,draught=dm, or a factor: sog=0.1. "
            "Default: knots, degrees and metres, or what the layout is known to have.",
        ),
    ] = None
    glob: Annotated[
        str,
        typer.Option(
            metavar="PATTERN",
            help="Of folders and archives, read only files whose name fits this pattern, such as *.nmea.gz.",
        ),
    ] = "*"
    keep_order: Annotated[
        bool,
        typer.Option(
            "--keep-order",
            help="Leave lines in the order in which they stand, and read files once. Default: files are read "
            "twice, and those that are out of order are sorted by time.",
        ),
    ] = False

    def reading(self, **how: Any) -> "Reading":
        """How recordings are read; `how` are the other fields of Reading."""
        from streams.recordings.formats.columns import ColumnOptions, parse_columns, parse_units
        from streams.recordings.formats.known import format_named
        from streams.recordings.recording import Reading

        format = format_named(self.input_format) if self.input_format else None
        columns = ColumnOptions(
            parse_columns(self.columns) if self.columns else {}, parse_units(self.units) if self.units else {}
        )
        return Reading(format=format, keep_order=self.keep_order, hints=self.hints, columns=columns, **how)

    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            parser=values.zone,
            help="Zone of times without an offset, such as Asia/Seoul or +09:00. Default: UTC.",
        ),
    ] = None
    date_order: Annotated[
        DateOrder | None,
        typer.Option(
            metavar="dmy|mdy",
            parser=values.date_order,
            help="Whether the day (dmy) or the month (mdy) comes first in dates such as 03/04/2024. "
            "Default: what the first lines show.",
        ),
    ] = None

    @property
    def hints(self) -> SourceHints:
        """Times that lie years ahead are not believed. Standard input may go on for months."""
        return SourceHints(
            self.base_time,
            self.timezone or "",
            self.date_order or DateOrder.UNKNOWN,
            time.time_ns() // 1_000_000 + _YEAR,
        )


@dataclass(frozen=True, slots=True)
class FoundRecordings:
    """Recordings with their printable names. Nothing is read yet but what tells archives."""

    inputs: "Sequence[Input]"
    names: list[str]
    options: InputOptions
    archived: "Sequence[ArchivedSource]" = ()
    """Sources of raw frames in archives."""

    @property
    def files(self) -> list[str]:
        """The files that they lie in, each once."""
        raw = (str(path) for each in self.archived for path in each.files)
        return sorted({*(each.file for each in self.inputs), *raw})

    @property
    def read(self) -> list[str]:
        """Those of them whose bytes are told while the lines are read, each once.

        Sightings and drawn fences of an archive are read before."""
        raw = (str(path) for each in self.archived if each.kind == "lines" for path in each.files)
        return sorted({*(each.file for each in self.inputs), *raw})

    @property
    def passes(self) -> int:
        """How often each is read."""
        return 1 if self.options.keep_order or self.archived else 2

    def sources(self, decoder: "DecoderSettings", access: "Access | None" = None) -> "list[Source]":
        """One for each recording and each source of an archive, ready to be read. Raises ArchiveError."""
        from streams.recordings.arrivals import source_of
        from streams.recordings.content import Access
        from streams.recordings.recording import Recording

        reading = self.options.reading(access=access or Access(), settings=decoder)
        named = zip(self.names, self.inputs, strict=True)
        found = [
            source_of(Recording(name, each.content, reading), self.options.base_time) for name, each in named
        ]
        if self.archived:
            from streams.archive.source import sources_of

            found += sources_of(self.archived, reading.access)
        return found


def find_recordings(
    files: Sequence[str], options: InputOptions, access: "Access | None" = None, archives: bool = False
) -> FoundRecordings:
    """The recordings that are given, with those in folders and packed files.

    With `archives`, the raw frames of folders that `tankerwatch archive` or `replay --archive` wrote, too.
    Packed files are unpacked. Raises UsageError where a file is given twice, and ArchiveError.
    """
    from streams.recordings.inputs import find_inputs

    folders = [path for path in files if os.path.isfile(os.path.join(path, "manifest.json"))]
    kept: list[ArchivedSource] = []
    if folders:
        from streams.archive.folder import is_archive

        folders = [path for path in folders if is_archive(path)]
    if folders and not archives:
        raise UsageError(f"{folders[0]}: an archive; `tankerwatch replay {folders[0]}` reads it")
    if folders:
        from streams.archive.source import archived_sources

        kept = [source for path in dict.fromkeys(folders) for source in archived_sources(Path(path))]
    inputs = find_inputs([path for path in files if path not in folders], options.glob, access)
    names = source_names(inputs)
    for source in kept:
        if source.kind == "lines" and source.name in names:
            raise UsageError(f"{source.name}: is there twice, in an archive and beside it; give one of them")
        names.append(source.name)
    allow_open_files(len(inputs) + len(kept))  # those of one day are open at the same time
    return FoundRecordings(inputs, names[: len(inputs)], options, kept)
