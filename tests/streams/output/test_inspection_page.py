"""The page of `inspect --html`: every position on its map, hostile text harmless, nothing loaded."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from streams.cli.main import run
from streams.output.inspection_page import render
from streams.recordings.inspection import inspect
from streams.recordings.position_counts import PositionCounts
from streams.recordings.recording import Reading, open_recording

HEADER = "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO\n"
HOSTILE = "</td><script>alert(1)</script>&\x1b[2J"


def recording(folder: Path, places: list[tuple[float, float]], name: str = "TEST SHIP") -> Path:
    path = folder / "traffic.csv"
    rows = (
        f"{273111111 + n % 3},2023-01-11T00:{n % 60:02}:00,{lat},{lon},10.1,90.4,91.0,{name},IMO9074729\n"
        for n, (lon, lat) in enumerate(places)
    )
    path.write_text(HEADER + "".join(rows))
    return path


def page_of(path: Path) -> str:
    counts = PositionCounts()
    found = inspect(path.name, open_recording(str(path)), Reading(), counts)
    return render([(found, counts)])


def map_of(page: str) -> ElementTree.Element:
    svg = re.search(r"<svg.*?</svg>", page, re.DOTALL)
    assert svg
    return ElementTree.fromstring(svg[0])


@pytest.mark.parametrize(
    "places",
    [
        [(132.5 + n / 50, 42.5 + n / 80) for n in range(40)],
        [(132.5, 42.5)],
        [(179.8 + n / 10 - (360 if n > 1 else 0), -17.0) for n in range(5)],
        [(-179.0 + 9 * n, 60.0 - 3 * n) for n in range(40)],
        [(-180.0 + 9 * n, 61.0 - 3 * n) for n in range(41)],
        [(-180.0 + 20 * n, 51.0) for n in range(18)],
    ],
    ids=["a coast", "one place", "across 180 degrees", "the world", "from edge to edge", "one latitude"],
)
def test_every_position_is_on_the_map(places: list[tuple[float, float]], tmp_path: Path) -> None:
    svg = map_of(page_of(recording(tmp_path, places)))
    _, _, width, height = map(float, svg.attrib["viewBox"].split())
    assert 0 < width <= 960
    assert 0 < height <= 640
    cells = list(svg.iter("rect"))
    assert sum(int((rect[0].text or "").replace(",", "")) for rect in cells) == len(places)
    for rect in cells:
        x, y, w, h = (float(rect.attrib[name]) for name in ("x", "y", "width", "height"))
        assert -1 <= x <= x + w <= width + 1
        assert -1 <= y <= y + h <= height + 1
        assert w >= 2
        assert h >= 2


def test_text_of_strangers_is_harmless_and_nothing_is_loaded(tmp_path: Path) -> None:
    page = page_of(recording(tmp_path, [(132.5, 42.5)], HOSTILE))
    assert "<script" not in page
    assert "\x1b" not in page
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=|url\(", page)


def test_a_file_without_positions_has_no_map_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_text("x,y,z,w\n1,2,3,4\n")
    page = page_of(path)
    assert "<svg" not in page
    assert "--columns" in page


def test_the_command_writes_the_page_beside_the_text_or_alone(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    path, page = recording(tmp_path, [(132.5, 42.5)]), tmp_path / "page.html"
    assert run(["inspect", str(path), "--html", str(page)]) == 0
    assert b"lines       2" in capsysbinary.readouterr().out
    assert run(["inspect", str(path), "--html", "-"]) == 0
    assert capsysbinary.readouterr().out == page.read_bytes()
    assert run(["inspect", str(path), "--html", str(path)]) == 2
    assert b"is also an input" in capsysbinary.readouterr().err
