"""Exports open in geopandas and pandas with the same attributes; KML passes its schema; names do no harm."""

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas
import httpx
import pandas
import pytest
import shapely
from fastkml import validator

from models.event import Event, Evidence, Sample, Status, to_json
from models.time import HOUR, MINUTE, to_text
from streams.cli.main import run
from streams.output.exports.choice import choose
from streams.output.exports.features import FIELDS, features
from streams.output.exports.form import ExportForm
from streams.output.exports.kml import NAMESPACE
from streams.output.exports.writers import open_export
from tests.streams.factories import START, event
from tests.streams.feed.feed_servers import served
from tests.streams.feed.hostile_names import TEXTS, named
from tests.streams.feed.recorded import found, log_of


def exported(events: list[Event], form: ExportForm) -> bytes:
    file = io.BytesIO()
    writer = open_export(file, form)
    for one in events:
        writer.add([one])
    writer.close()
    return file.getvalue()


def opened(data: bytes, form: ExportForm) -> Any:
    """The file as geopandas and pandas read it."""
    if form is ExportForm.GEOPARQUET:
        return geopandas.read_parquet(io.BytesIO(data))
    if form is ExportForm.CSV:
        return pandas.read_csv(io.BytesIO(data), dtype={"mmsi": str, "other_mmsi": str})
    return geopandas.read_file(io.BytesIO(data))


@pytest.mark.parametrize("form", ExportForm)
def test_every_format_has_the_same_events_flat(form: ExportForm, tmp_path: Path) -> None:
    events = list(choose(found("cho_do")[1]).revisions)
    wanted = [each.attributes for one in events for each in features(one)]
    if form is ExportForm.CSV:
        wanted = [row for row in wanted if row["feature"] == "place"]
    data = exported(events, form)
    table = opened(data, form)

    identity = "event_id" if form is ExportForm.KML else "id"
    names = [name for name in FIELDS if name != "id" and name in table.columns]
    assert len(names) >= (len(FIELDS) - 4 if form is ExportForm.KML else len(FIELDS) - 3)
    assert table[identity].tolist() == [row["id"] for row in wanted]
    assert table["mmsi"].tolist() == [row["mmsi"] for row in wanted]
    assert table["score"].tolist() == [row["score"] for row in wanted]
    starts = pandas.to_datetime(table["start"], utc=True)
    assert starts.tolist() == pandas.to_datetime([row["start"] for row in wanted], utc=True).tolist()
    if form is not ExportForm.CSV:
        shapes = [each.geometry for one in events for each in features(one)]
        assert {shape.geom_type for shape in shapes} == {"Point", "LineString"}
        assert table.crs.equals("OGC:CRS84", ignore_axis_order=True)
        assert all(map(shapely.equals_exact, shapely.force_2d(table.geometry), shapes))
        table.to_parquet(tmp_path / "again.parquet")
        assert len(geopandas.read_parquet(tmp_path / "again.parquet")) == len(table)


@pytest.mark.parametrize("number", [0, 1])
def test_kml_passes_the_schema_of_ogc(number: int, tmp_path: Path) -> None:
    file = tmp_path / "events.kml"
    hostile = [named(text) for text in TEXTS if text != "\ud800"]
    retracted = event(7, status=Status.RETRACTED)
    file.write_bytes(exported([*found("cho_do")[1], *hostile, retracted][: number * 1_000], ExportForm.KML))
    assert validator.validate(file_to_validate=file) is True
    for balloon in ElementTree.parse(file).iter(f"{{{NAMESPACE}}}description"):
        assert "<" not in (balloon.text or "")  # it is shown as HTML


@pytest.mark.parametrize("text", ["=1+1", "+1", "-2+3", "@SUM(1)", "\t=1", " =1", "＝1"])
def test_no_cell_of_csv_is_a_formula(text: str) -> None:
    table = opened(exported([named(text)], ExportForm.CSV), ExportForm.CSV)
    for name in ("name", "summary", "geofences", "watchlists"):
        assert not table[name][0].lstrip().startswith(("=", "+", "-", "@", "＝")), name


def test_the_latest_revision_of_each_event_that_stands() -> None:
    one, two = event(1), event(1, revision=2)
    gone = event(2, revision=2, status=Status.RETRACTED)
    given = [gone, two, one, event(2), two]
    chosen = choose(given)
    assert (list(chosen.revisions), chosen.left_out) == ([two], 1)
    assert list(choose(given, retracted=True).revisions) == [two, gone]
    assert list(choose(given, every=True).revisions) == [one, two, event(2), gone]


def tracked(*places: tuple[int, float, float]) -> Event:
    """An event with these positions of its vessel: minutes after START, longitude, latitude."""
    samples = (
        Sample(time=to_text(START + at * MINUTE), ssvid="273000000", lat=lat, lon=lon)
        for at, lon, lat in places
    )
    return event(evidence=Evidence(positions=tuple(samples)))


def test_no_line_through_a_silence_or_a_leap_or_round_the_world() -> None:
    silent = tracked((0, 133.0, 42.0), (5, 133.01, 42.0), (5 + HOUR // MINUTE + 1, 133.02, 42.0))
    (_, track) = features(silent)
    assert track.geometry.wkt == "LINESTRING (133 42, 133.01 42)"
    assert list(features(tracked((0, 133.0, 42.0), (5, 134.0, 42.0))))[1:] == []
    (_, track) = features(tracked((0, 179.98, 10.0), (5, -179.98, 10.0), (10, -179.96, 10.0)))
    assert track.geometry.geom_type == "MultiLineString"
    west, east = sorted(line.bounds for line in track.geometry.geoms)
    assert (west[0], west[2], east[0], east[2]) == (-180, -179.96, 179.98, 180)


async def test_the_feed_gives_the_same_files() -> None:
    events = list(choose(found("cho_do")[1]).revisions)
    async with served(log_of()) as url, httpx.AsyncClient(base_url=url) as client:
        for path, form in (
            ("events.geojson?flat=true", ExportForm.GEOJSON),
            ("events.parquet", ExportForm.GEOPARQUET),
            ("events.kml", ExportForm.KML),
        ):
            table = opened((await client.get(f"/v1/{path}")).content, form)
            own = opened(exported(events, form), form)
            assert sorted(table["summary"]) == sorted(own["summary"])


def test_the_command_leaves_out_what_was_retracted_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given, out = tmp_path / "events.jsonl", tmp_path / "events.geojson"
    given.write_bytes(b"\n".join(map(to_json, [event(1), event(2, status=Status.RETRACTED)])))
    assert run(["export", str(given), "--out", str(out)]) == 0
    assert set(geopandas.read_file(out)["id"]) == {event(1).id}
    assert "1 retracted event left out; --retracted keeps them" in capsys.readouterr().err
    assert run(["export", str(given), "--out", str(tmp_path / "events.parquet")]) == 0
    assert set(geopandas.read_parquet(tmp_path / "events.parquet")["id"]) == {event(1).id}
    assert run(["export", str(given), "--out", str(given)]) == 2
    assert "would be overwritten" in capsys.readouterr().err
