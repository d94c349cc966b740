"""Files of sightings: CSV with a header, GeoJSON points, and JSON objects one a line.

A file with a fault is not used: everything that is wrong is said at once, with its row. Every row is one
sighting, or the repetition of one.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from models.bounds import TABLE_BYTES, BoundsError, at_most, check_json, read_bytes
from models.errors import UNDECODABLE
from models.sighting import Sighting
from streams.sightings.fields import ALIASES, FIELDS, SightingError, plain, read_fields

_DELIMITERS: Final = ",;\t"
_PROBLEMS: Final = 100
"""Faults of one file that are named; a file with more is not what it seems to be."""


@dataclass(frozen=True, slots=True)
class SightingFile:
    """What one file holds: `rows` are the sightings and those that only repeat one."""

    file: str
    rows: int
    sightings: tuple[Sighting, ...]
    """Each once, in the order in which they are worked off."""
    ignored: tuple[str, ...] = ()
    """Columns or properties that say nothing about a sighting, sorted."""

    @property
    def repeated(self) -> int:
        return self.rows - len(self.sightings)


def load_sightings(files: Iterable[str | Path]) -> list[SightingFile]:
    """The sightings of these files. Raises SightingError with everything that is wrong in all of them."""
    found: list[SightingFile] = []
    problems: list[str] = []
    for path in map(Path, files):
        try:
            found.append(read_sightings(read_bytes(path, TABLE_BYTES), str(path)))
        except OSError as error:
            problems.append(f"{path}: can't be read ({error.strerror}); give a CSV or GeoJSON file")
        except BoundsError as error:
            problems.append(f"{path}: {error}")
        except SightingError as error:
            problems += error.problems
    if problems:
        raise SightingError(*problems)
    return found


def read_sightings(data: bytes, file: str) -> SightingFile:
    """The sightings in the bytes of a file; `file` is how errors call it. Raises SightingError."""
    try:
        text = at_most(data, TABLE_BYTES).decode("utf-8-sig")
    except BoundsError as error:
        raise SightingError(f"{file}: {error}") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SightingError(f"{file}: line {line}: not UTF-8; save the file as UTF-8") from error
    if not text.strip():
        raise SightingError(f"{file}: empty; give a header and a row for each sighting, or GeoJSON")
    rows = _json(text, file) if text.lstrip().startswith("{") else _csv(text, file)
    count, ignored = 0, set[str]()
    best: dict[str, Sighting] = {}
    problems: list[str] = []
    for place, row in rows:
        count += 1
        ignored |= row.keys() - set(FIELDS)
        try:
            sighting = read_fields(row)
        except SightingError as error:
            problems += (f"{file}: {place}: {problem}" for problem in error.problems)
            if len(problems) >= _PROBLEMS:
                problems.append(f"{file}: more faults are not listed; mend these first")
                break
            continue
        known = best.get(sighting.id, sighting)
        best[sighting.id] = min(known, sighting, key=lambda each: each.received)
    if problems:
        raise SightingError(*problems)
    sightings = sorted(best.values(), key=lambda each: each.key)
    return SightingFile(file, count, tuple(sightings), tuple(sorted(ignored)))


Placed = tuple[str, dict[str, Any]]
"""Where a row stands, and its fields by their plain names."""


def _csv(text: str, file: str) -> Iterator[Placed]:
    top = next(line for line in text.splitlines() if line.strip())
    delimiter = max(_DELIMITERS, key=top.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = _header([plain(cell) for cell in cells], file, reader.line_num)
                continue
            if len(cells) > len(header):
                raise SightingError(
                    f"{file}: line {reader.line_num}: {len(cells)} cells below {len(header)} columns; put "
                    "quotes round cells that hold the delimiter"
                )
            yield f"line {reader.line_num}", dict(zip(header, cells, strict=False))
    except csv.Error as error:
        place = f"line {reader.line_num}"
        raise SightingError(f"{file}: {place}: not CSV ({error}); put quotes round such cells") from error


def _header(names: list[str], file: str, line: int) -> list[str]:
    if missing := [name for name in ("time", "lon", "lat") if name not in names]:
        other = {name: [alias for alias, of in ALIASES.items() if of == name] for name in missing}
        ways = "; ".join(f"{name} (or {', '.join(aliases)})" for name, aliases in other.items())
        raise SightingError(f"{file}: line {line}: the header has no column for {ways}; name the column so")
    if twice := sorted({name for name in names if name in FIELDS and names.count(name) > 1}):
        raise SightingError(f"{file}: line {line}: two columns for {', '.join(twice)}; drop one")
    return names


def _json(text: str, file: str) -> Iterator[Placed]:
    """GeoJSON as a whole, or JSON objects one a line."""
    try:
        check_json(text.encode())
        document = json.loads(text)
    except BoundsError as error:
        raise SightingError(f"{file}: {error}") from error
    except json.JSONDecodeError as error:
        if "\n" in text.strip():
            yield from _lines(text, file)
            return
        place = f"line {error.lineno} column {error.colno}"
        raise SightingError(f"{file}: {place}: not JSON ({error.msg}); mend it there") from error
    except RecursionError as error:
        raise SightingError(f"{file}: nested too deep; give a FeatureCollection of points") from error
    kind = document.get("type")
    if kind == "FeatureCollection" and isinstance(document.get("features"), list):
        for number, feature in enumerate(document["features"]):
            yield f"feature {number}", _feature(feature, file, number)
    elif kind == "Feature":
        yield "feature 0", _feature(document, file, 0)
    else:
        yield "line 1", {plain(name): value for name, value in document.items()}


def _lines(text: str, file: str) -> Iterator[Placed]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = msgspec.json.decode(line, type=dict[str, Any])
        except UNDECODABLE as error:
            raise SightingError(
                f"{file}: line {number}: not a JSON object ({error}); give GeoJSON, or one object a line"
            ) from error
        yield f"line {number}", {plain(name): value for name, value in row.items()}


def _feature(feature: Any, file: str, number: int) -> dict[str, Any]:
    where = f"{file}: feature {number}"
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise SightingError(f"{where}: not a GeoJSON Feature; wrap the point in a Feature with properties")
    geometry, properties = feature.get("geometry"), feature.get("properties") or {}
    if not isinstance(properties, dict):
        raise SightingError(f"{where}: properties: not an object; give the fields of the sighting there")
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        kind = geometry.get("type") if isinstance(geometry, dict) else None
        raise SightingError(f"{where}: geometry: {kind!r}; a sighting is a Point, such as the ship's middle")
    coordinates = geometry.get("coordinates")
    if not isinstance(coordinates, list) or len(coordinates) < 2:
        raise SightingError(f"{where}: geometry.coordinates: give [longitude, latitude]")
    row = {plain(name): value for name, value in properties.items()}
    if "reference" not in row and feature.get("id") is not None:
        row["reference"] = feature["id"]
    return {**row, "lon": coordinates[0], "lat": coordinates[1]}
