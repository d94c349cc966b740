"""`tankerwatch fences`: shows and exports the shipped fences, and checks files of your own."""

import csv
import io
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from models.errors import meant
from streams.cli.errors import UsageError, help_unless_command
from streams.cli.files import Output
from streams.output.sanitize import sanitize

if TYPE_CHECKING:  # imported where used: shapely and pyproj take longer than the help
    from shapely import MultiPolygon, Polygon

    from geofences.fence import Fence

app = typer.Typer()

_PROPERTIES: Final = frozenset(
    (
        *("id", "name", "kind", "policy", "country", "locode", "port", "version"),
        *("validFrom", "validTo", "source"),
    )
)
"""What is read of the properties of a fence (docs/fences.md)."""
COLUMNS: Final = ("id", "name", "kind", "country", "locode", "policy")


class Format(StrEnum):
    """How the list is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.callback(invoke_without_command=True)
def _fences(context: typer.Context) -> None:
    """List, show and export the shipped fences, or check files of your own."""
    help_unless_command(context)


@app.command("list")
def list_fences(
    format: Annotated[Format, typer.Option(help="How to print the list.")] = Format.TABLE,
) -> None:
    """List the shipped fences."""
    from geofences.catalogue import load_catalogue

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
    id: Annotated[str, typer.Argument(help="The id of the fence, as `list` prints it.", metavar="ID")],
) -> None:
    """Show everything about one shipped fence."""
    import pyproj

    from geofences.catalogue import load_catalogue

    known = {fence.id: fence for fence in load_catalogue()}
    if id not in known:
        raise UsageError(f"no fence has the id {id!r}{meant(id, known)}; `tankerwatch fences list` shows all")
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
        typer.echo(f"{key:8} {sanitize(value)}")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="GeoJSON files of fences.", metavar="FILE")],
) -> None:
    """Check GeoJSON files of your own fences.

    Every problem is printed on standard output, and the exit code is 1 if there is one. docs/fences.md
    describes the format.
    """
    from geofences.fence import FenceError, load_fences

    failed = False
    for file in files:
        try:
            fences = load_fences(file)
        except FenceError as error:
            failed = True
            for problem in error.problems:
                typer.echo(sanitize(problem))
            continue
        if not fences:
            failed = True
            typer.echo(sanitize(f"{file}: holds no fence; give each as a Feature in `features`"))
            continue
        typer.echo(
            sanitize(f"{file}: {len(fences)} fence{'' if len(fences) == 1 else 's'}, nothing wrong"), err=True
        )
        for fence in fences:
            if _looks_swapped(fence.geometry):
                note = "lies on land, but on water with the axes swapped; positions are [longitude, latitude]"
                typer.echo(sanitize(f"{file}: {fence.id!r}: {note}"), err=True)
        for property_ in _misspelt(file):
            typer.echo(sanitize(f"{file}: properties.{property_} is not read"), err=True)
    if failed:
        raise typer.Exit(1)


def _misspelt(file: Path) -> list[str]:
    """Properties of a file of fences that are not read and are spelt nearly like one that is missing."""
    document = json.loads(file.read_bytes())
    found = {}
    for feature in document.get("features", [document]):
        given = set(feature.get("properties") or ())
        for name in given - _PROPERTIES:
            if question := meant(name, _PROPERTIES - given):
                found[name] = f"{name[:30]}{question}"
    return [found[name] for name in sorted(found)]


@app.command()
def export(
    out: Annotated[str, typer.Option(metavar="FILE", help="Write to this file; - is standard output.")] = "-",
) -> None:
    """Write all shipped fences as one GeoJSON FeatureCollection."""
    from geofences.catalogue import load_catalogue
    from geofences.fence import dump_fences

    with Output(out) as file:
        file.write(dump_fences(load_catalogue()))


def _row(fence: "Fence") -> dict[str, str | None]:
    return {
        "id": fence.id,
        "name": fence.name,
        "kind": str(fence.kind),
        "country": fence.country,
        "locode": fence.locode,
        "policy": str(fence.policy),
    }


def _table(rows: list[dict[str, str | None]]) -> str:
    lines = [list(COLUMNS), *([sanitize(row[column]) or "-" for column in COLUMNS] for row in rows)]
    widths = [max(len(line[number]) for line in lines) for number in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _looks_swapped(geometry: "Polygon | MultiPolygon") -> bool:
    """Whether the fence lies on land as it is, and on water if its axes are swapped."""
    import shapely

    from geofences.land import land

    west, _, east, _ = geometry.bounds
    if west < -90 or east > 90:
        return False
    swapped = shapely.transform(geometry, lambda positions: positions[:, ::-1])
    tree = shapely.STRtree(land())
    return bool(len(tree.query(geometry, predicate="within"))) and not len(
        tree.query(swapped, predicate="within")
    )
