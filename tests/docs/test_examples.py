"""The examples in docs/ are read by what they are examples for, and the tables beside them are complete."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from geofences.fence import Fence, FenceKind, Policy, read_fences
from models.event import EventType
from models.vessel import MatchedOn
from streams.output.exports.features import FIELDS
from streams.output.exports.form import ExportForm
from streams.watchlists.files import load_watchlist
from streams.watchlists.plain import COLUMNS
from streams.watchlists.reading import WatchlistError
from tests.scenarios.simulated import events
from tests.waiting import PATIENCE

DOCS = Path(__file__).parents[2] / "docs"


def blocks(page: str, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text("utf-8"), re.S)


def rows(page: str) -> set[str]:
    """What the rows of a page's tables begin with."""
    return set(re.findall(r"^\| `(\w+)` \|", (DOCS / page).read_text("utf-8"), re.M))


def test_fences() -> None:
    (example,) = blocks("fences.md", "geojson")
    roads, area = read_fences(example.encode(), "example")
    assert (roads.kind, roads.policy, roads.call) == (FenceKind.ROADS, Policy.WATCH, "RUVYP")
    assert area.geometry.bounds == (-180, 50, 180, 52)  # cut at the antimeridian
    camel = {"valid_from": "validFrom", "valid_to": "validTo"}
    members = {camel.get(name, name) for name in Fence.__dataclass_fields__ if name != "geometry"}
    assert rows("fences.md") >= {*members, *FenceKind, *Policy}


def test_kinds_that_are_no_part_of_a_port() -> None:
    others = {FenceKind.STS_AREA, FenceKind.WATCH_AREA, FenceKind.DRAWN}
    assert {kind for kind in FenceKind if not kind.is_port} == others


def test_watchlists(tmp_path: Path) -> None:
    (example,) = blocks("watchlists.md", "csv")
    (tmp_path / "mine.csv").write_text(example, "utf-8")
    star, moon, sun = load_watchlist([tmp_path / "mine.csv"]).entries
    assert (star.names, star.listed_on) == (("EXAMPLE STAR", "OLD STAR"), "2024-05-11")
    assert (moon.mmsis, sun.callsigns, sun.delisted_on) == ((123456789,), ("HMAA",), "2023-06-30")
    assert rows("watchlists.md") == {*COLUMNS, *MatchedOn}


def test_the_error_that_is_shown_is_the_one_that_is_printed(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("imo,mmsi,name,list,entry\n1234568,,X,L,1\n")
    with pytest.raises(WatchlistError) as raised:
        load_watchlist([tmp_path / "mine.csv"])
    shown = (DOCS / "watchlists.md").read_text("utf-8")
    assert f"tankerwatch: error: {raised.value}".replace(f"{tmp_path}/", "") in shown


def test_the_attributes_of_exports() -> None:
    assert rows("exports.md") == {*FIELDS, *ExportForm}


def test_the_scenario_runs_and_has_the_truth_that_it_claims() -> None:
    (example,) = blocks("simulator.md", "python")
    done = subprocess.run(
        [sys.executable, "-c", example], capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert re.fullmatch(r"\d+ lines; (?:\w+ )*encounter(?: \w+)*\n", done.stdout)


def test_the_encounter_that_is_explained_is_the_one_of_make_demo() -> None:
    *_, event = (one for one in events("full_run", 1) if one.type is EventType.ENCOUNTER)
    quoted = re.findall(r"^> (.*)$", (DOCS / "reading-events.md").read_text("utf-8"), re.M)
    assert " ".join(quoted) == event.summary
