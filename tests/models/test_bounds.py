"""Files that attack: each ends at once in a sentence that names it, in every place that reads such a file."""

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from geofences import fence
from geofences.fence import load_fences
from models.bounds import DEPTH, DIGITS, KEY_PARTS, BoundsError, check_json, check_toml
from models.errors import InputError
from streams.alerts import rules
from streams.cli.main import run
from streams.sightings.files import load_sightings
from streams.stages import settings
from streams.watchlists import reading
from streams.watchlists.files import load_watchlist

MANY = 200_000


@pytest.mark.parametrize("load", [settings.load, rules.load], ids=["settings", "rules"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "1" * 5_000, "digits"),
        ("a = " + "1_" * 5_000 + "1", "digits"),
        ("a = " + "[" * MANY + "]" * MANY, "deeper"),
        ("a = " + "{a=" * MANY + "1" + "}" * MANY, "deeper"),
        (".".join(["a"] * 50_000) + " = 1", "parts"),
        ("[" + " . ".join(['"a"'] * 50_000) + "]", "parts"),
        ("# " + "x" * 2_000_000, "bytes"),
    ],
)
def test_toml(load: Callable[[Path], object], text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"hostile\.toml: has|hostile\.toml: is .*{said}") as raised:
        load(path)
    assert said in str(raised.value)


def test_toml_that_is_no_attack() -> None:
    check_toml(
        'a = "[[[' + "[" * 500 + '"\nb = """\n' + "1" * 5_000 + "{" * 500 + '"""\n' + "c = 0.5\n" * 500
    )
    check_toml("a = [" + "0.5, " * 5_000 + "]")
    check_toml("a" + ".a" * (KEY_PARTS - 1) + " = " + "[" * DEPTH + "]" * DEPTH + "\nb = " + "1" * DIGITS)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"type": "FeatureCollection", "features": [' + b"1" * 5_000 + b"]}", "digits"),
        (b'{"type":' * MANY, "deeper"),
        (b"[" * MANY, "deeper"),
        (b'{"type": "FeatureCollection", "features": [' + b"{}," * 600_000 + b"1]}", "1,000,000"),
    ],
)
def test_json(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.geojson"
    path.write_bytes(data)
    for load in (load_fences, lambda path: load_sightings([path])):
        with pytest.raises(InputError, match=r"hostile\.geojson") as raised:
            load(path)
        assert said in str(raised.value)


def test_json_that_is_no_attack() -> None:
    check_json(b'{"a": "[[[[' + b"[" * 500 + b'\\"' + b"1" * 5_000 + b'", "b": [[1.5, 2]]}')
    with pytest.raises(BoundsError):
        check_json(b"[" * (DEPTH + 1))


def test_a_million_vertices(tmp_path: Path) -> None:
    path = tmp_path / "round.geojson"
    ring = b"[0,0]," * 1_000_000
    path.write_bytes(
        b'{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[' + ring + b"[0,0]]]}}"
    )
    tracemalloc.start()
    try:
        with pytest.raises(fence.FenceError, match="more than 200,000 vertices"):
            load_fences(path)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_a_watchlist_of_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ENTRIES", 1_000)
    path = tmp_path / "all.csv"
    path.write_text("imo,name\n" + "9074729,A\n" * 1_001)
    with pytest.raises(reading.WatchlistError, match=r"all\.csv: has more than 1,000 vessels"):
        load_watchlist([path])
    monkeypatch.setattr(reading, "TABLE_BYTES", 5_000)
    with pytest.raises(reading.WatchlistError, match=r"all\.csv: has more than 5,000 bytes"):
        load_watchlist([path])


def test_blank_lines_of_a_small_archive_cost_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are counted as context and never read one by one."""
    path = tmp_path / "blank.nmea.gz"
    sentence = b"!AIVDM,1,1,,A,13u?etPv2;0n:dDPwUM1U1Cb069D,0*24"
    path.write_bytes(gzip.compress(b"\\c:1767225600*5C\\" + sentence + b"\n" + b"\n" * 1_000_000))
    assert path.stat().st_size < 4_000
    read_one_by_one: list[bytes] = []

    def read(_: object, line: bytes, number: int) -> object:
        read_one_by_one.append(line)
        raise AssertionError(number)

    monkeypatch.setattr("streams.decoding.lines.frame_columns.LineReader.read", read)
    assert run(["replay", str(path), "--quiet"]) in (0, 1, 2)
    assert not read_one_by_one
