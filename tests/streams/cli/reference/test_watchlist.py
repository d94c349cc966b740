import json
from pathlib import Path

from typer.testing import CliRunner, Result

from streams.cli.main import run as run_command
from streams.cli.reference.watchlist import app
from streams.watchlists.files import load_watchlist
from streams.watchlists.shipped import shipped_watchlist
from tests.streams.watchlists.sample_lists import STAR

SAMPLES = Path(__file__).parents[2] / "watchlists" / "samples"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_check_of_a_folder_says_what_each_list_is_and_holds() -> None:
    checked = run("check", SAMPLES)
    assert (checked.exit_code, checked.stdout) == (0, "")
    said = checked.stderr.replace(f"{SAMPLES}/", "")
    assert (
        "sdn.csv: OFAC's SDN list as CSV (sdn.csv): 2 entries, 1 with an IMO number, 1 by name only" in said
    )
    assert "1 left out (organisations)" in said
    assert "alt.csv: other names of OFAC's SDN list (alt.csv), beside its sdn.csv: names of 2 entries" in said
    assert "remark: un.csv: line 4: MADE UP BOAT: no IMO number and no MMSI; matched by name only" in said
    assert said.count("nothing wrong") == len(list(SAMPLES.iterdir()))


def test_check_names_all_faults_of_all_files_and_goes_on(tmp_path: Path) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("imo,name\n123,A\n9562234,B\n")
    checked = run("check", bad, tmp_path / "none", SAMPLES / "eu.csv")
    assert checked.exit_code == 1
    assert [line.removeprefix(f"{tmp_path}/")[:25] for line in checked.stdout.splitlines()] == [
        "bad.csv: line 2: column i", "bad.csv: line 3: column i", "none: can't be read (No s",
    ]  # fmt: skip
    assert "eu.csv" in checked.stderr


def test_show_of_the_shipped_list_says_how_old_it_is() -> None:
    shown = run("show", "--format", "json")
    assert len(json.loads(shown.stdout)) == len(shipped_watchlist().entries)
    assert "OFAC SDN: 101 entries, as of 2019-01: " in shown.stderr
    assert "EU 2017/1509: 75 entries, as of 2022-12: " in shown.stderr
    assert "years old" in shown.stderr


def test_show_finds_by_number_and_by_name() -> None:
    def found(*options: str) -> set[str]:
        return {
            entry["list"] for entry in json.loads(run("show", SAMPLES, *options, "--format", "json").stdout)
        }

    lists = {"OFAC SDN", "EU 2017/1509", "UN 1718", "OpenSanctions", "My list"}
    assert found("--imo", f"{STAR}") == lists
    assert found("--name", "star of old") == {"OFAC SDN", "EU 2017/1509"}
    assert found("--mmsi", "620233000") == {"EU 2017/1509", "UN 1718", "OpenSanctions"}
    assert found("--name", "nobody") == set()
    table = run("show", SAMPLES / "plain.csv")
    assert "MADE UP STAR; OLD STAR" in table.stdout
    assert "My list: 3 entries; the list does not say how old it is" in table.stderr


def test_what_is_imported_is_the_same_list(tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    imported = run("import", SAMPLES, "--out", out)
    assert imported.exit_code == 0
    assert "entries written" in imported.stderr
    assert out.read_text("utf-8") == run("import", SAMPLES).stdout
    assert load_watchlist([out]).entries == load_watchlist([SAMPLES]).entries


def test_import_overwrites_no_list_and_writes_nothing_of_bad_ones(tmp_path: Path) -> None:
    one = tmp_path / "one.csv"
    one.write_text("imo\n123\n")
    assert run_command(["watchlist", "import", str(tmp_path), "--out", str(one)]) == 2
    assert run_command(["watchlist", "import", str(one), "--out", str(tmp_path / "out.csv")]) == 2
    assert one.read_text() == "imo\n123\n"
    assert not (tmp_path / "out.csv").exists()
