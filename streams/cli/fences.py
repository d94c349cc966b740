"""`tankerwatch fences`: look at the catalogue of fences, and check fences of your own."""

import csv
import difflib
import io
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import pyproj
import shapely
import typer
from shapely import MultiPolygon, Polygon, STRtree

from geofences.catalogue import load_catalogue
from geofences.fence import Fence, FenceError, dump_fences, load_fences
from geofences.land import land

app = typer.Typer(help="The geofences: list, show, check, export.", no_args_is_help=True)

COLUMNS: Final = ("id", "name", "kind", "country", "locode", "policy")


class Format(StrEnum):
    """How rows are written."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command("list")
def list_fences(
    format: Annotated[Format, typer.Option(help="How to write the fences.")] = Format.TABLE,
) -> None:
    """List the fences of the catalogue."""
    rows = [_row(fence) for fence in load_catalogue()]
    if format is Format.JSON:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif format is Format.CSV:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        typer.echo(text.getvalue(), nl=False)
    else:
        typer.echo(_table(rows))


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="The fence's id, as `list` gives it.", metavar="ID")],
) -> None:
    """Show all about one fence of the catalogue."""
    known = {fence.id: fence for fence in load_catalogue()}
    if id not in known:
        close = difflib.get_close_matches(id, known, n=5, cutoff=0.4)
        hint = f"close to it: {', '.join(close)}" if close else "`tankerwatch fences list` shows them all"
        raise typer.BadParameter(f"no fence has the id {id!r}; {hint}")
    fence = known[id]
    west, south, east, north = fence.geometry.bounds
    area, _ = pyproj.Geod(ellps="WGS84").geometry_area_perimeter(fence.geometry)
    details = {
        **_row(fence),
        "call": fence.call,
        "source": fence.source,
        "bounds": f"west {west:.4f}, south {south:.4f}, east {east:.4f}, north {north:.4f}",
        "area": f"{abs(area) / 1e6:.1f} km²",
    }
    for key, value in details.items():
        typer.echo(f"{key:8} {plain(value)}")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="GeoJSON files of fences.", metavar="FILE...")],
) -> None:
    """Check GeoJSON files of your own; the exit code is 1 if something is wrong with one."""
    failed = False
    for file in files:
        try:
            fences = load_fences(file)
        except FenceError as error:
            failed = True
            for problem in error.problems:
                typer.echo(plain(problem))
            continue
        typer.echo(
            plain(f"{file}: {len(fences)} fence{'' if len(fences) == 1 else 's'}, nothing wrong"), err=True
        )
        for fence in fences:
            if _looks_swapped(fence.geometry):
                note = "lies on land, but on water with the axes swapped; wanted is [longitude, latitude]"
                typer.echo(plain(f"{file}: {fence.id!r}: {note}"), err=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def export(
    out: Annotated[str, typer.Option(help="A file, or - for the standard output.", metavar="FILE")] = "-",
) -> None:
    """Write the catalogue as one GeoJSON FeatureCollection."""
    text = dump_fences(load_catalogue())
    if out == "-":
        sys.stdout.write(text)
        return
    try:
        Path(out).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise typer.BadParameter(
            f"{out!r} can't be written ({error.strerror})", param_hint="--out"
        ) from error


def plain(value: Any) -> str:
    """A value on one line, with whatever a terminal might obey (control and bidi characters) escaped."""
    text = "" if value is None else str(value)
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def _row(fence: Fence) -> dict[str, str | None]:
    return {
        "id": fence.id,
        "name": fence.name,
        "kind": str(fence.kind),
        "country": fence.country,
        "locode": fence.locode,
        "policy": str(fence.policy),
    }


def _table(rows: list[dict[str, str | None]]) -> str:
    lines = [list(COLUMNS), *([plain(row[column]) or "-" for column in COLUMNS] for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _looks_swapped(geometry: Polygon | MultiPolygon) -> bool:
    """Both ways round are possible, but only with the axes swapped is there any water."""
    west, _, east, _ = geometry.bounds
    if west < -90 or east > 90:
        return False
    swapped = shapely.transform(geometry, lambda positions: positions[:, ::-1])
    tree = STRtree(land())
    return bool(len(tree.query(geometry, predicate="within"))) and not len(
        tree.query(swapped, predicate="within")
    )
