"""`tankerwatch export`: events as files for maps, tables and other programs."""

import sys
from itertools import islice
from typing import Annotated, Final

import typer

from streams.cli.analysis.event_input import Events, Redis, one_by_one
from streams.cli.errors import UsageError, notify
from streams.cli.files import STANDARD, Output, check_outputs, form_for
from streams.output.exports.form import ENDS, ExportForm

_AT_ONCE: Final = 500
"""Events that are in memory at once."""


def export(
    events: Events = None,
    redis: Redis = False,
    asked: Annotated[
        ExportForm | None,
        typer.Option(
            "--format",
            help="Format of the file. Default: what the name of FILE ends in (.geojson, .csv, .parquet, "
            ".kml), else geojson.",
        ),
    ] = None,
    out: Annotated[str, typer.Option(metavar="FILE", help="Write to this file; - is standard output.")] = "-",
    revisions: Annotated[
        bool,
        typer.Option("--revisions", help="Every revision. Default: the latest of each event."),
    ] = False,
    retracted: Annotated[
        bool,
        typer.Option(
            "--retracted",
            help="Also events that were retracted; their status says so. Default: they are left out.",
        ),
    ] = False,
) -> None:
    """Write events as GeoJSON, CSV, GeoParquet or KML, for QGIS, geopandas, spreadsheets, Google Earth.

    Every event is a point with flat attributes. The tracks of vessels, where an event has their positions,
    are lines. CSV has the attributes alone. docs/exports.md describes them.
    """
    from streams.output.exports.choice import choose
    from streams.output.exports.writers import open_export

    places = [place for place in events or () if place != STANDARD and "://" not in place]
    check_outputs({"--out": out}, places)
    form = form_for(out, asked, ENDS, ExportForm.GEOJSON)
    if out == STANDARD and form is ExportForm.GEOPARQUET and sys.stdout.isatty():
        raise UsageError("GeoParquet is no text for a terminal; give --out FILE")
    chosen = choose(one_by_one(events, redis), revisions, retracted)
    with Output(out) as file:
        writer = open_export(_Sink(file), form)
        revisions_left = iter(chosen.revisions)
        while some := list(islice(revisions_left, _AT_ONCE)):
            writer.add(some)
        writer.close()
    if chosen.left_out:
        count = chosen.left_out
        notify(f"{count} retracted {'event' if count == 1 else 'events'} left out; --retracted keeps them")


class _Sink:
    """An output as a sink of bytes."""

    def __init__(self, file: Output) -> None:
        self._file = file

    def write(self, data: bytes, /) -> None:
        self._file.write_bytes(data)
