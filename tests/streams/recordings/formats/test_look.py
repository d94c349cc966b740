"""A first look at a table tells the times that its lines tell, whatever these look like."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from models.frame import Frame
from models.source_hints import SourceHints
from models.time import to_text
from streams.decoding.line_times import LineTimes
from streams.decoding.lines.source_times import UNTOLD
from streams.decoding.lines.time_cell import read_cell
from streams.decoding.lines.time_text import TextRules
from streams.recordings.formats.columns import NO_COLUMNS
from streams.recordings.formats.csv_text import CsvText
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.iso_times import NO_TIME, iso_times
from streams.recordings.formats.look import Look
from streams.recordings.formats.parquet import parquet_frames, parquet_looks
from streams.recordings.formats.table_columns import TableColumns
from streams.recordings.formats.table_evidence import TableEvidence

HEADER = "mmsi,time,lat,lon,sog,class,imo,name,message_id"
START = 1_700_000_000_000


def table(seed: int, rows: int, *, odd: bool) -> bytes:
    """Rows of which some lack this or that; with `odd`, some lines are unusual ones, or no rows."""
    chance = random.Random(seed)
    lines = [HEADER]
    for row in range(rows):
        cells = [
            str(chance.choice((273_000_000, 441_222_000, 0, 273_111_111))),
            chance.choice([to_text(START + row * 60_000)] * 9 + ["", "no time", "2024-02-30 00:00:00"]),
            chance.choice(("42.5", "91", "")),
            "132.5",
            str(chance.randint(0, 90) / 10),
            chance.choice(("A", "B", "AtoN", "")),
            chance.choice(("", "9074729")),
            chance.choice(("", "SHIP")),
            chance.choice(("1", "5", "18", "24", "")),
        ]
        line = ",".join(cells)
        if odd and chance.random() < 0.2:
            line = chance.choice(
                (
                    ",".join(f'"{cell}"' for cell in cells),
                    line + "\r",
                    line + ",,",
                    ",".join([*cells[:7], '"a, ""b"""', cells[8]]),
                    ",".join([*cells[:7], '"two\nlines"', cells[8]]),
                    ",".join([*cells[:7], "!AIVDM", cells[8]]),
                    "",
                    "# said by somebody",
                    HEADER,
                    ",".join(cells[:3]),
                )
            )
        lines.append(line)
    return "\n".join(lines).encode()


def cutting() -> Cutting:
    return Cutting(1 << 14, 300, SourceHints(), NO_COLUMNS, str, TableEvidence())


def told(looks: Iterator[Look]) -> list[int]:
    lines = LineTimes()
    found = [lines.read(look).time if isinstance(look, Frame) else look for look in looks]
    times: list[int] = np.concatenate(found).tolist()
    return times


@pytest.mark.parametrize("odd", [False, True])
def test_a_look_tells_what_the_lines_tell(odd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.recordings.formats.csv_text._BLOCK", 3_000)
    data = table(7, 900, odd=odd)

    def text() -> Iterator[bytes]:
        return (data[at : at + 1_000] for at in range(0, len(data), 1_000))

    looks = list(CsvText().looks("a", text(), cutting()))
    times = told(iter(looks))
    assert times == told(CsvText().frames("a", text(), cutting()))
    assert len(times) == data.count(b"\n") + 1
    assert 0.2 < np.mean(np.array(times) == UNTOLD) < 0.7
    assert any(isinstance(look, Frame) for look in looks[1:]) == odd


def test_so_it_does_of_parquet(tmp_path: Path) -> None:
    path = str(tmp_path / "a.parquet")
    pa.parquet.write_table(pa.csv.read_csv(pa.BufferReader(table(8, 400, odd=False))), path)
    times = told(parquet_looks("a", path, cutting()))
    assert times == told(parquet_frames("a", path, cutting()))
    assert UNTOLD in times


def test_what_is_forgotten_changes_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.recordings.formats.csv_text._BLOCK", 3_000)
    data = table(9, 900, odd=False)

    def lines() -> list[bytes]:
        text = (data[at : at + 1_000] for at in range(0, len(data), 1_000))
        return [frame.data for frame in CsvText().frames("a", text, cutting())]

    expected = lines()
    monkeypatch.setattr("streams.recordings.formats.row_contents._MOST", 1)
    assert lines() == expected


def test_cells_are_the_same_only_with_the_same_signs() -> None:
    """Also in batches of which only one has a line break in a cell."""
    keys = set()
    for names in (["a\\n", "b"], ["a\n", "b"]):
        columns = TableColumns({"name": pa.array(names), "imo": pa.array(["", ""])})
        keys |= set(columns.together(["imo", "name"], [])[0])
    assert len(keys) == 3


def test_iso_times_are_those_that_are_read_one_by_one() -> None:
    texts = [
        f"{date}{sign}{clock}{end}"
        for date in ("2024-02-29", "2023-02-29", "2024-13-01", "2024-00-10", "2001-01-00", "1970-01-01")
        for sign in ("T", " ", "t", "_")
        for clock in ("00:00:00", "23:59:59", "24:00:00", "12:60:00", "12:00:60", "1:00:00", "12:00")
        for end in ("", "Z", "z", " ", ".5", "+09:00", "\0")
    ]
    found = iso_times(texts)
    known = np.flatnonzero(found != NO_TIME).tolist()
    assert len(known) == 8
    assert {found[i].item() for i in known} == {read_cell(texts[i], TextRules()) for i in known}
    assert all(found[i] == read_cell(texts[i], TextRules()) for i in known)
