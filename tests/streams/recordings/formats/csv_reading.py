"""Rows of CSV, decoded."""

from models.report import Rows
from models.source_hints import SourceHints
from models.time import from_text
from streams.decoding.decoder import Decoder
from streams.recordings.formats.columns import ColumnOptions, parse_columns, parse_units
from streams.recordings.formats.csv_text import CsvText
from streams.recordings.formats.format import Cutting

TIME = from_text("2023-01-11T00:00:00Z")


def read(
    text: str | bytes,
    columns: str = "",
    units: str = "",
    hints: SourceHints | None = None,
    size: int = 1 << 16,
) -> tuple[Decoder, Rows, Rows, list[str]]:
    data = text.encode() if isinstance(text, str) else text
    notes: list[str] = []
    options = ColumnOptions(parse_columns(columns) if columns else {}, parse_units(units) if units else {})
    cutting = Cutting(1 << 18, 50_000, hints or SourceHints(), options, notes.append)
    decoder = Decoder("a", hints=hints)
    lines = 0
    for frame in CsvText().frames("a", (data[at : at + size] for at in range(0, len(data), size)), cutting):
        assert frame.first_line == lines + 1
        lines += frame.data.count(b"\n")
        decoder.feed(frame)
    decoder.end()
    out = decoder.advance(decoder.watermark)
    assert sum(decoder.outcomes.values()) == lines == len(data.removesuffix(b"\n").split(b"\n"))
    return decoder, out.reports.positions, out.reports.statics, notes
