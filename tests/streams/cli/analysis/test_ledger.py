"""`tankerwatch ledger` on a file of events."""

import csv
import io
from pathlib import Path

import msgspec
import pytest

from models.event import to_json
from streams.cli.main import run as command
from tests.streams.detection.chains.stories import A, Story


@pytest.fixture
def events(tmp_path: Path) -> str:
    story = Story()
    story.ship(A, name="=SHIP", length_meters=100, beam_meters=16)
    story.visit(A, "nampo", 0, 20, (6.0, 4.0))
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"".join(to_json(event) + b"\n" for event in story.events))
    return str(path)


def run(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert command(["ledger", *args]) == 0
    return capsys.readouterr().out


def test_formats_tell_the_same(events: str, capsys: pytest.CaptureFixture[str]) -> None:
    (year,) = msgspec.json.decode(run(capsys, events, "--format", "json"))
    (row,) = csv.DictReader(io.StringIO(run(capsys, events, "--format", "csv")))
    table = run(capsys, events, "--reported", "2026=1000")
    assert year["seen"] == int(row["seen"]) == 1
    mid = year["barrels_total"]["mid"]
    assert float(row["barrels_seen_mid"]) == mid == pytest.approx(2 * 0.87 * 1600 * 7.5, abs=50)
    assert f"{mid:,.0f}" in table
    assert "Reported imports: 1,000 barrels" in table
    assert row["name"] == "'=SHIP"


def test_another_year_has_none(events: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "No deliveries in 2025" in run(capsys, events, "--year", "2025")
