import gzip
from pathlib import Path

import msgspec
import pytest
import typer
from typer.testing import CliRunner

from models.truth import Truth
from streams.cli.simulate import simulate as command
from streams.simulator.scenario import scenarios, simulate


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    app.command()(command)
    return app


def test_list_prints_the_names_one_a_line(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["--list"]).stdout.splitlines() == list(scenarios())


def test_recording_and_truth_are_written_as_text_and_as_gzip(app: typer.Typer, tmp_path: Path) -> None:
    expected = simulate("satellite", 2, "normal")
    for name in ("out.nmea", "out.nmea.gz"):
        args = ["satellite", "--seed", "2", "--noise", "normal", "--out", str(tmp_path / name)]
        assert CliRunner().invoke(app, [*args, "--truth", str(tmp_path / "truth.json")]).exit_code == 0
    plain, packed = (tmp_path / "out.nmea").read_bytes(), (tmp_path / "out.nmea.gz").read_bytes()
    assert plain.decode().splitlines() == expected.lines
    assert gzip.decompress(packed) == plain
    assert packed[4:8] == bytes(4)  # no time in the header: the same run gives the same bytes
    assert msgspec.json.decode((tmp_path / "truth.json").read_bytes(), type=Truth) == expected.truth


def test_a_dash_is_stdout(app: typer.Typer) -> None:
    result = CliRunner().invoke(app, ["satellite", "--noise", "none", "--out", "-"])
    assert result.stdout.splitlines() == simulate("satellite", 0, "none").lines


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["cho-do", "--out", "-"], 2, "no scenario 'cho-do'"),
        (["--out", "-"], 2, "name a scenario"),
        (["cho_do"], 2, "name a file"),
        (["satellite", "--out", "no/such/place.nmea"], 2, "no/such/place.nmea: cannot be written"),
    ],
)
def test_wrong_usage_is_named(app: typer.Typer, args: list[str], code: int, words: str) -> None:
    result = CliRunner().invoke(app, args)
    assert result.exit_code == code
    assert words in result.output
