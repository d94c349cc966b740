"""Table columns: columns of a table in memory, as distinct texts, as numbers and as times.

pyarrow reads and converts them. It is imported only when a table is read, and nothing here hands it a Python
value to convert: for that it would import pandas, where it is installed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Texts = tuple[list[str], npt.NDArray[np.int64]]
"""The distinct texts of a column, and which of them each row has."""

_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_POINT: Final = r"(?i)POINT\s*Z?M?\s*\(\s*(?P<lon>[^\s()]+)\s+(?P<lat>[^\s()]+)[^()]*\)"
_POINT_OF_JSON: Final = r"coordinates\W+(?P<lon>[-+\d.eE]+)[\s,\x1e]+(?P<lat>[-+\d.eE]+)\W"
_INNER: Final = "\x1e"
_BETWEEN: Final = b"\n"
"""Between cells that are put together."""


@dataclass(frozen=True, slots=True)
class TableColumns:
    """Columns by what they hold. With `decimal`, a comma in a number is its decimal point; with `points`,
    longitudes and latitudes are those of points as texts (WKT or GeoJSON)."""

    columns: Mapping[str, Any]
    decimal: bool = False
    points: bool = False
    _texts: dict[str, Texts] = field(default_factory=dict)
    _numbers: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)

    @classmethod
    def of_csv(
        cls, rows: bytes, sign: bytes, width: int, places: Mapping[str, int], *, points: bool
    ) -> "TableColumns":
        """Rows of equally many cells without quotes, each with a line feed."""
        import pyarrow as pa
        from pyarrow import csv

        names = [str(place) for place in range(width)]
        wanted = [str(place) for place in dict.fromkeys(places.values())]
        table = csv.read_csv(
            pa.BufferReader(rows),
            csv.ReadOptions(use_threads=False, column_names=names, block_size=1 << 26),
            csv.ParseOptions(
                delimiter=sign.decode(), quote_char=False, double_quote=False, ignore_empty_lines=False
            ),
            csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.binary()),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
        found = {name: table.column(str(place)).combine_chunks() for name, place in places.items()}
        return cls(found, decimal=sign != b",", points=points)

    def also(self, name: str, other: str) -> "TableColumns":
        """With a column under another name, too."""
        return replace(self, columns={**self.columns, name: self.columns[other]}, _texts={}, _numbers={})

    def take(self, rows: npt.NDArray[np.int64]) -> "TableColumns":
        """Some of the rows."""
        chosen = numbers(rows)
        found = {id(column): column.take(chosen) for column in self.columns.values()}
        columns = {name: found[id(column)] for name, column in self.columns.items()}
        return replace(self, columns=columns, _texts={}, _numbers={})

    def texts(self, name: str) -> Texts:
        """The distinct texts of a column, and which of them each row has. Raises KeyError."""
        if name not in self._texts:
            self._texts[name] = self._read_texts(name)
        return self._texts[name]

    def _read_texts(self, name: str) -> Texts:
        from pyarrow import compute as pc

        coded = self._as_text(name).dictionary_encode(null_encoding="encode")
        distinct = pc.utf8_trim_whitespace(_as_string(coded.dictionary)).to_pylist()
        return (
            ["" if text is None else text.replace(_INNER, ",") for text in distinct],
            column_of(coded.indices).astype(np.int64),
        )

    def _as_text(self, name: str) -> Any:
        import pyarrow as pa

        column = self.columns[name]
        if not pa.types.is_string(column.type) and not pa.types.is_binary(column.type):
            column = column.cast(pa.string())
        return column

    def together(
        self, texts: Sequence[str], numeric: Sequence[str]
    ) -> tuple[list[bytes], npt.NDArray[np.int64]]:
        """The distinct rows of some columns, each as bytes that only the same cells have, and which of them
        each row has. Cells that mean the same may be written otherwise. Raises KeyError."""
        import pyarrow as pa
        from pyarrow import compute as pc

        cells = [self._as_text(name).cast(pa.binary()) for name in texts]
        for name in numeric:
            column = self.columns[name]
            if not _is_text(column.type):
                column = numbers(self.numbers(name).view(np.int64)).cast(pa.string())
            cells.append(column.cast(pa.binary()))
        sign = pa.Array.from_buffers(
            pa.binary(), 1, [None, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(_BETWEEN)]
        )[0]

        def joined() -> Any:
            how = {"null_handling": "replace", "null_replacement": ""}
            return pc.binary_join_element_wise(*cells, sign, **how)

        whole = joined()
        breaks, escapes = (column_of(pc.count_substring(whole, part)) for part in (_BETWEEN.decode(), "\\"))
        if (breaks >= len(cells)).any() or escapes.any():
            for escaped, by in ((b"\\", b"\\\\"), (_BETWEEN, b"\\n")):
                cells = [pc.replace_substring(cell, escaped, by) for cell in cells]
            whole = joined()
        coded = whole.dictionary_encode()
        return coded.dictionary.to_pylist(), column_of(coded.indices).astype(np.int64)

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column as numbers, NaN for what is none; not to be changed. Raises KeyError."""
        if name not in self._numbers:
            self._numbers[name] = found = self._read_numbers(name)
            found.setflags(write=False)
        return self._numbers[name]

    def _read_numbers(self, name: str) -> npt.NDArray[np.float64]:
        import pyarrow as pa
        from pyarrow import compute as pc

        column: Any = self.columns[name]
        decimal = self.decimal
        if self.points and name in ("lon", "lat"):
            texts = _as_string(column)
            column = pc.coalesce(
                *(pc.struct_field(pc.extract_regex(texts, each), name) for each in (_POINT, _POINT_OF_JSON))
            )
            decimal = False  # a comma stands between points
        if pa.types.is_boolean(column.type) or pa.types.is_temporal(column.type):
            return np.full(len(column), np.nan)
        found = _parsed(column, decimal) if _is_text(column.type) else column.cast(pa.float64(), safe=False)
        result = column_of(pc.coalesce(found, numbers(np.array([np.nan]))[0]))
        result[~np.isfinite(result)] = np.nan
        return result


def numbers(column: npt.NDArray[Any]) -> Any:
    """A column of int64 or float64 for Arrow."""
    import pyarrow as pa

    return pa.Array.from_buffers(
        pa.from_numpy_dtype(column.dtype), len(column), [None, pa.py_buffer(np.ascontiguousarray(column))]
    )


def column_of(found: Any) -> npt.NDArray[Any]:
    """Numbers of Arrow, none of which is null, as a column of ours."""
    kind = found.type.to_pandas_dtype()
    if not len(found):
        return np.empty(0, kind)
    return np.frombuffer(found.buffers()[1], kind)[found.offset : found.offset + len(found)].copy()


def _parsed(column: Any, decimal: bool) -> Any:
    """Texts as numbers, null for what is none. With `decimal`, a comma is a decimal point."""
    import pyarrow as pa
    from pyarrow import compute as pc

    column = pc.ascii_trim_whitespace(_as_string(column))
    plain = pc.replace_substring(column, ",", ".") if decimal else column
    null = pa.nulls(1, plain.type)[0]
    try:  # nearly always there is nothing but numbers and empty cells
        return pc.if_else(pc.binary_length(plain).cast(pa.bool_()), plain, null).cast(pa.float64())
    except pa.ArrowInvalid:
        pass
    coded = column.dictionary_encode(null_encoding="encode")
    distinct = pc.replace_substring(coded.dictionary, _INNER, ".")
    if decimal:
        distinct = pc.replace_substring(distinct, ",", ".")
    distinct = pc.if_else(pc.match_substring_regex(distinct, _NUMBER), distinct, null)
    signed = pc.starts_with(distinct, "+")
    distinct = pc.if_else(signed, pc.utf8_slice_codeunits(distinct, 1), distinct)
    return distinct.cast(pa.float64(), safe=False).take(coded.indices)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))


def _text(value: Any) -> str:
    found = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return "" if found is None else str(found).replace(_INNER, ",").strip()


def _as_string(column: Any) -> Any:
    """Bytes as text; what is no UTF-8 as an empty text."""
    import pyarrow as pa

    if not pa.types.is_binary(column.type):
        return column
    try:
        return column.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([_text(value) for value in column.to_pylist()], pa.string())
