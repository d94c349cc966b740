"""Parquet and GeoParquet: rows of a table in columns, read a batch at a time.

GeoParquet 1.1 (https://geoparquet.org): positions may be points of a geometry column, as WKB or as
coordinates, or as texts (WKT).
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, BinaryIO, Final

import msgspec
import numpy as np
import numpy.typing as npt

from models.frame import Frame
from streams.decoding.lines.time_text import zone_of
from streams.decoding.records.names import fields_of
from streams.decoding.records.values import plain
from streams.recordings.errors import AGAIN, SourceError
from streams.recordings.formats.batch import Batch
from streams.recordings.formats.columns import GEOMETRY, map_columns
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.frames import frames_of
from streams.recordings.formats.look import Look, RowLook, look_of
from streams.recordings.formats.row_reader import RowReader, epochs
from streams.recordings.formats.rows import RowWriter
from streams.recordings.formats.table_columns import TableColumns, column_of, numbers
from streams.recordings.temporary import no_room

MAGIC: Final = b"PAR1"
NAME: Final = "parquet"
ABOUT: Final = (
    "Parquet and GeoParquet, with columns as those of CSV; positions may be points of a geometry column."
)
_ROWS: Final = 20_000
"""Rows that are read at once."""
_DEEPEST: Final = 4
"""Columns within one another."""
_PLACE: Final = ("longitude", "latitude")


def parquet_frames(source: str, content: str | Iterator[bytes], cutting: Cutting) -> Iterator[Frame]:
    """The rows of a file, by its path, or of bytes, which are copied to a file. Raises SourceError."""
    first = 1
    writer: RowWriter | None = None
    with _opened(content) as file:
        for reader, batch in _batches(file, cutting):
            writer = writer or RowWriter(reader)
            lines = writer.lines(batch)
            for note in reader.notes:
                cutting.note(note)
            reader.notes.clear()
            yield from frames_of(source, lines, first, cutting)
            first += len(lines)


def parquet_looks(source: str, content: str | Iterator[bytes], cutting: Cutting) -> Iterator[Look]:
    """The times of the same rows. Raises SourceError."""
    look: RowLook | None = None
    with _opened(content) as file:
        for reader, batch in _batches(file, cutting):
            look = look or RowLook(reader)
            told = look.times(batch)
            reader.notes.clear()
            yield look_of(source, batch.rows, np.arange(batch.rows), told, {})


@contextmanager
def _opened(content: str | Iterator[bytes]) -> Iterator[BinaryIO]:
    """The file of a table. What is raised while it is open, because it is broken, becomes a SourceError."""
    import pyarrow as pa

    with open(content, "rb") if isinstance(content, str) else _copied(content) as file:
        try:
            yield file
        except (pa.ArrowException, OSError, EOFError) as error:
            text = str(error).partition("\n")[0]
            raise SourceError(f"the Parquet file is broken or breaks off ({text}); {AGAIN}") from None


def _copied(chunks: Iterator[bytes]) -> BinaryIO:
    try:
        file = tempfile.TemporaryFile(prefix="tankerwatch-")  # noqa: SIM115 - the caller closes it
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
    except OSError as error:
        raise no_room(error) from error
    return file


def _batches(file: BinaryIO, cutting: Cutting) -> Iterator[tuple[RowReader, Batch]]:
    from pyarrow import parquet

    table = parquet.ParquetFile(file)
    points = _points(table)
    paths = _paths(table.schema_arrow, points)
    kinds = {name: kind for name, (_, kind) in paths.items()}
    shown = [*kinds, *_PLACE] if points else [*kinds]
    columns = map_columns(shown, cutting.columns)
    read = {path[0] for path, _ in paths.values()} | {points}
    inner = [name for name in table.schema_arrow.names if name not in read]
    unread = f"; cells of {', '.join(inner)} have several values, and are not read" if inner else ""
    cutting.note(columns.note + (f"; lon and lat are the points of {points}" if points else "") + unread)
    reader = RowReader(columns, cutting.rules, cutting.evidence)
    names = {holds: shown[place] for holds, place in columns.places.items()}
    wanted = list(dict.fromkeys(name for name in names.values() if name in kinds))
    for holds in ("mmsi", "time"):
        if holds in names and _is_short(kinds[names[holds]]):
            raise SourceError(
                f"its column {names[holds]} has floating-point numbers of {kinds[names[holds]].bit_width} "
                "bits, in which the last digits are lost; make the table again with whole numbers there"
            )
    if "time" in names and _is_day(kinds[names["time"]]):
        raise SourceError(
            f"its column {names['time']} has days without a time of day; name a column that has it, such as "
            "--columns time=NAME, or make the table again with timestamps there"
        )
    outer = list(dict.fromkeys([*(paths[name][0][0] for name in wanted), *([points] if points else [])]))
    for part in table.iter_batches(_ROWS, columns=outer, use_threads=False):
        first = part.schema.names.index  # several columns may have one name
        found = {name: _plain(_at(part.columns[first(paths[name][0][0])], paths[name][0])) for name in wanted}
        if points:
            lon, lat = _coordinates(_plain(part.columns[first(points)]))
            found |= {name: numbers(of) for name, of in zip(_PLACE, (lon, lat), strict=True)}
        columns_of = {holds: found[name] for holds, name in names.items()}
        yield reader, _batch(columns_of, part.num_rows, cutting)


def _paths(schema: Any, points: str) -> dict[str, tuple[tuple[str, ...], Any]]:
    """The columns with one value in each cell: the names around each and its own, and its type.

    One inside of a structure has its own name, or all of them if another column is called so.
    """
    import pyarrow as pa

    found: dict[str, tuple[tuple[str, ...], Any]] = {}

    def take(around: tuple[str, ...], fields: Any) -> None:
        inside = []
        for each in fields:
            path = (*around, each.name)
            if pa.types.is_struct(each.type) and path != (points,) and len(path) < _DEEPEST:
                inside.append((path, each.type))
            elif not pa.types.is_nested(each.type):
                found.setdefault(each.name if each.name not in found else ".".join(path), (path, each.type))
        for path, kind in inside:
            take(path, kind)

    take((), schema)
    return found


def _at(column: Any, path: tuple[str, ...]) -> Any:
    """What the structures of a column hold."""
    from pyarrow import compute as pc

    return pc.struct_field(column, list(path[1:])) if len(path) > 1 else column


def _is_short(kind: Any) -> bool:
    """Whether a column of this type can't have numbers of nine digits."""
    import pyarrow as pa

    return bool(pa.types.is_float16(kind) or pa.types.is_float32(kind))


def _is_day(kind: Any) -> bool:
    """Whether a column is one of days. Those of 64 bits are written as days, too, whatever they held."""
    import pyarrow as pa

    return bool(pa.types.is_date(kind))


def _plain(column: Any) -> Any:
    """A column with the values that its codes stand for, and with texts in the usual layout."""
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string_view(column.type) or pa.types.is_large_string(column.type):
        return column.cast(pa.string())
    if not pa.types.is_binary(column.type) and _is_binary(column.type):
        return column.cast(pa.binary())
    return column


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa

    others = (pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(is_it(kind) for is_it in others)


def _points(table: Any) -> str:
    """The column with points; empty where positions have columns of their own."""
    names = table.schema_arrow.names
    if {"lon", "lat"} <= set(fields_of(names).values()):
        return ""
    about = (table.schema_arrow.metadata or {}).get(b"geo")
    if about is not None:
        try:
            primary = json.loads(about).get("primary_column")
        except (ValueError, AttributeError, RecursionError):
            primary = None
        if primary in names:
            return str(primary)
    return next((name for name in names if plain(name) in GEOMETRY), "")


def _coordinates(column: Any) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitudes and latitudes of points; NaN where there is none."""
    import pyarrow as pa
    import shapely

    if pa.types.is_struct(column.type) and {"x", "y"} <= {each.name for each in column.type}:
        with suppress(ValueError, TypeError):  # where they are no numbers
            x, y = (
                np.array(column.field(name).to_numpy(zero_copy_only=False), np.float64) for name in ("x", "y")
            )
            return x, y
    if pa.types.is_string(column.type):
        points = shapely.from_wkt(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    elif pa.types.is_binary(column.type):
        points = shapely.from_wkb(column.to_numpy(zero_copy_only=False), on_invalid="ignore")
    else:
        points = np.full(len(column), None)
    return shapely.get_x(points), shapely.get_y(points)


def _batch(found: Mapping[str, Any], rows: int, cutting: Cutting) -> Batch:
    columns = TableColumns(found)

    def raw(row: int) -> bytes:
        values = {name: column[row].as_py() for name, column in found.items()}
        return msgspec.json.encode(values, enc_hook=str)

    def times() -> npt.NDArray[np.int64] | None:
        return _times(found["time"], columns, cutting.hints.timezone)

    return Batch(rows, columns, times, raw)


def _times(column: Any, columns: TableColumns, zone: str) -> npt.NDArray[np.int64] | None:
    """Milliseconds of a column of times or numbers; None of one of texts."""
    import pyarrow as pa
    from pyarrow import compute as pc

    if pa.types.is_timestamp(column.type):
        empty = column_of(column.is_null().cast(pa.uint8())) > 0
        found = column.cast(pa.timestamp("ms", column.type.tz), safe=False).cast(pa.int64())
        result = column_of(pc.coalesce(found, numbers(np.zeros(1, np.int64))[0]))
        if column.type.tz is None and zone:
            result -= _offsets(result, zone)
        result[empty] = -1
        return result
    if (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
    ):
        return epochs(columns.numbers("time"))
    return None


def _offsets(local: npt.NDArray[np.int64], zone: str) -> npt.NDArray[np.int64]:
    """How far ahead of UTC local times of a zone are, in milliseconds."""
    from datetime import UTC, datetime, timedelta

    quarters, which = np.unique(local // 900_000, return_inverse=True)
    start = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    found: Sequence[timedelta | None] = [
        zone_of(zone).utcoffset(start + timedelta(minutes=15 * quarter)) for quarter in quarters.tolist()
    ]
    seconds = [offset.total_seconds() if offset else 0.0 for offset in found]
    return (np.array(seconds) * 1000).astype(np.int64)[which]
