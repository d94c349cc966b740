import gzip
from pathlib import Path

import msgspec
import pytest

from models.truth import Truth
from streams.cli.main import run
from streams.cli.simulate import NoiseLevel
from streams.simulator.radio import NOISE
from streams.simulator.scenario import scenarios, simulate


def test_list_prints_the_names_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    run(["simulate", "--list"])
    assert capsys.readouterr().out.splitlines() == list(scenarios())


def test_recording_and_truth_are_written_as_text_and_as_gzip(tmp_path: Path) -> None:
    expected = simulate("satellite", 2, "normal")
    for name in ("out.nmea", "out.nmea.gz"):
        args = ["simulate", "satellite", "--seed", "2", "--noise", "normal", "--out", str(tmp_path / name)]
        assert run([*args, "--truth", str(tmp_path / "truth.json")]) == 0
    plain, packed = (tmp_path / "out.nmea").read_bytes(), (tmp_path / "out.nmea.gz").read_bytes()
    assert plain.decode().splitlines() == expected.lines
    assert gzip.decompress(packed) == plain
    assert packed[4:8] == bytes(4)  # no time in the header: the same run gives the same bytes
    assert msgspec.json.decode((tmp_path / "truth.json").read_bytes(), type=Truth) == expected.truth


def test_every_level_of_noise_can_be_chosen() -> None:
    assert [level.value for level in NoiseLevel] == list(NOISE)


def test_a_dash_is_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    run(["simulate", "satellite", "--noise", "none", "--out", "-"])
    assert capsys.readouterr().out.splitlines() == simulate("satellite", 0, "none").lines


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["cho-do", "--out", "-"], 2, "no scenario 'cho-do'"),
        (["--out", "-"], 2, "name a scenario"),
        (["cho_do"], 2, "give --out FILE"),
        (["satellite", "--out", "no/such/place.nmea"], 2, "no/such/place.nmea: can't be written"),
    ],
)
def test_wrong_usage_is_named(
    args: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["simulate", *args]) == code
    assert words in capsys.readouterr().err
