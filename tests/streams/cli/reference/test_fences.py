import csv
import io
import json
from pathlib import Path

from typer.testing import CliRunner, Result

from geofences.catalogue import load_catalogue
from geofences.fence import load_fences, to_geojson
from streams.cli.reference.fences import app

IDS = [fence.id for fence in load_catalogue()]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_list_in_every_format_names_every_fence() -> None:
    table = run("list").stdout.splitlines()
    assert table[0].split() == ["id", "name", "kind", "country", "locode", "policy"]
    assert [line.split()[0] for line in table[1:]] == IDS
    assert [row["id"] for row in json.loads(run("list", "--format", "json").stdout)] == IDS
    rows = csv.DictReader(io.StringIO(run("list", "--format", "csv").stdout))
    assert [row["id"] for row in rows] == IDS


def test_show_tells_source_box_and_area() -> None:
    shown = run("show", "kp-nampo-locks")
    assert shown.exit_code == 0
    assert "call     KPNAM" in shown.stdout
    assert "bounds   west 125.1400, south 38.6500, east 125.2000, north 38.7250" in shown.stdout
    assert "area     43.5 km²" in shown.stdout
    assert "approximate" in shown.stdout


def test_show_of_an_unknown_id_lists_close_ones() -> None:
    shown = run("show", "kp-nampo-lock")
    assert shown.exit_code == 2
    assert shown.stdout == ""
    assert "kp-nampo-locks" in shown.stderr


def test_export_is_read_back_as_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "all.geojson"
    assert run("export", "--out", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8") == run("export").stdout
    assert load_fences(path) == load_catalogue()
    failed = run("export", "--out", str(tmp_path / "none" / "x"))
    assert failed.exit_code == 2


def test_check_passes_what_is_right_and_says_nothing_on_stdout(tmp_path: Path) -> None:
    path = tmp_path / "all.geojson"
    path.write_text(run("export").stdout, encoding="utf-8")
    checked = run("check", str(path))
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert f"{len(IDS)} fences, nothing wrong" in checked.stderr
    assert "swapped" not in checked.stderr


def test_check_notes_axes_swapped_where_both_ways_are_possible(tmp_path: Path) -> None:
    document = to_geojson(fence for fence in load_catalogue() if fence.id == "ru-novorossiysk-anchorage")
    geometry = document["features"][0]["geometry"]
    geometry["coordinates"] = [[[lat, lon] for lon, lat in ring] for ring in geometry["coordinates"]]
    path = tmp_path / "swapped.geojson"
    path.write_text(json.dumps(document))
    assert "with the axes swapped" in run("check", str(path)).stderr


def test_check_notes_properties_that_are_misspelt(tmp_path: Path) -> None:
    document = to_geojson(fence for fence in load_catalogue() if fence.id == "kp-nampo-roads")
    document["features"][0]["properties"] |= {"prt": "Nampo", "colour": "red"}
    path = tmp_path / "mine.geojson"
    path.write_text(json.dumps(document))
    checked = run("check", str(path))
    assert (checked.exit_code, checked.stdout) == (0, "")
    assert f"{path}: properties.prt (did you mean port?) is not read" in checked.stderr
    assert "colour" not in checked.stderr


def test_check_prints_every_problem_and_no_control_character(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.geojson", tmp_path / "bad.geojson"
    good.write_text(run("export").stdout, encoding="utf-8")
    feature = {"type": "Feature", "properties": {"id": "\x1b[2J\u202e", "kind": "\x07"}, "geometry": None}
    bad.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    checked = run("check", str(bad), str(good))
    assert checked.exit_code == 1
    assert len(checked.stdout.splitlines()) == 4  # name, kind, policy, geometry
    assert all(sign.isprintable() or sign == "\n" for sign in checked.output)
    bad.write_text(json.dumps({"type": "FeatureCollection", "features": []}))
    checked = run("check", str(bad))
    assert (checked.exit_code, "holds no fence" in checked.stdout) == (1, True)


def test_wrong_usage_ends_with_2() -> None:
    assert run("list", "--format", "xml").exit_code == 2
    assert run("check").exit_code == 2
