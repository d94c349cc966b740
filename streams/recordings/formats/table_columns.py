"""Table columns: columns of a table in memory, as distinct texts, as numbers and as times.

pyarrow reads and converts them. It is imported only when a table is read.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_POINT: Final = r"(?i)POINT\s*Z?M?\s*\(\s*(?P<lon>[^\s()]+)\s+(?P<lat>[^\s()]+)[^()]*\)"
_INNER: Final = "\x1e"


@dataclass(frozen=True, slots=True)
class TextColumns:
    """Columns by what they hold. With `decimal`, a comma in a number is its decimal point."""

    columns: Mapping[str, Any]
    decimal: bool = False

    @classmethod
    def of_csv(
        cls, rows: Sequence[bytes], sign: bytes, width: int, places: Mapping[str, int], decimal: bool
    ) -> "TextColumns":
        """Rows of equally many cells without quotes."""
        import pyarrow as pa
        from pyarrow import csv

        names = [str(place) for place in range(width)]
        wanted = [str(place) for place in dict.fromkeys(places.values())]
        table = csv.read_csv(
            io.BytesIO(b"\n".join(rows) + b"\n"),
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
        return cls({name: table.column(str(place)) for name, place in places.items()}, decimal)

    def texts(self, name: str) -> tuple[list[str], npt.NDArray[np.int64]]:
        """The distinct texts of a column, and which of them each row has. Raises KeyError."""
        import pyarrow as pa
        from pyarrow import compute as pc

        column = self.columns[name]
        if not pa.types.is_string(column.type) and not pa.types.is_binary(column.type):
            column = column.cast(pa.string())
        whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        coded = whole.dictionary_encode(null_encoding="encode")
        distinct = pc.utf8_trim_whitespace(_as_string(coded.dictionary)).to_pylist()
        return (
            ["" if text is None else text.replace(_INNER, ",") for text in distinct],
            coded.indices.to_numpy(zero_copy_only=False).astype(np.int64),
        )

    def numbers(self, name: str) -> npt.NDArray[np.float64]:
        """A column as numbers, NaN for what is none. Raises KeyError."""
        import pyarrow as pa
        from pyarrow import compute as pc

        column: Any = self.columns[name]
        if pa.types.is_boolean(column.type) or pa.types.is_temporal(column.type):
            return np.full(len(column), np.nan)
        if (
            pa.types.is_string(column.type)
            or pa.types.is_large_string(column.type)
            or pa.types.is_binary(column.type)
        ):
            column = pc.ascii_trim_whitespace(_as_string(column))
            column = pc.replace_substring(column, _INNER, ".")
            if self.decimal:
                column = pc.replace_substring(column, ",", ".")
            good = pc.match_substring_regex(column, _NUMBER)
            column = pc.if_else(good, column, None)
            column = pc.if_else(pc.starts_with(column, "+"), pc.utf8_slice_codeunits(column, 1), column)
        found = column.cast(pa.float64(), safe=False)
        result = np.array(
            found.to_numpy(zero_copy_only=False) if isinstance(found, pa.Array) else found.to_numpy()
        )
        result[~np.isfinite(result)] = np.nan
        return result

    def points(self, name: str) -> npt.NDArray[np.float64]:
        """The same, but longitudes and latitudes are those of points as texts (WKT)."""
        from pyarrow import compute as pc

        if name not in ("lon", "lat"):
            return self.numbers(name)
        found = pc.extract_regex(_as_string(self.columns[name]), _POINT)
        return TextColumns({name: pc.struct_field(found, name)}).numbers(name)


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
