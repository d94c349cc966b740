"""Questions to an archive: documented answers on the demo, right rows in made-up traffic, clear errors."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from geofences.catalogue import load_catalogue
from models.event import EventType, FenceRelation, FormerIdentity
from models.tick import Instant
from models.time import HOUR, MINUTE, to_text
from models.watchlist import Entry, Watchlist
from streams.archive import questions
from streams.archive.database import Database, QueryError
from streams.archive.folder import open_folder
from streams.archive.naming import Place, find_place, find_ship
from streams.archive.rescreening import rescreen
from streams.archive.writer import Writer
from streams.cli.main import run
from tests.streams.archive.answers import answered, make_demo
from tests.streams.factories import START, event, met, tick, vessel
from tests.streams.track_factories import identity

A, B, C = 273_000_001, 273_000_002, 273_000_003
IMO = 9_074_729


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the recording of `make demo`."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder)
    return folder / "demo"


@pytest.mark.parametrize(("command", "answer"), answered(), ids=lambda text: text.split(" demo")[0][:30])
def test_the_documented_answers_on_the_demo(
    command: str,
    answer: str,
    demo: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(demo.parent)
    assert run(shlex.split(command)) == 0
    assert capsys.readouterr().out == answer, "run `python -m tests.streams.archive.answers`"
    assert len(answer.splitlines()) > 1


def archive(path: Path, instants: Sequence[Instant] = (), events: Sequence[Any] = ()) -> Database:
    with open_folder(path) as folder:
        writer = Writer(folder)
        for instant in instants:
            writer.instant(instant)
        for one in events:
            writer.event(one)
        writer.commit()
    return Database(path)


def at(mmsi: int, step: int, lon: float, lat: float = 42.0) -> Instant:
    return Instant(START + step * 5 * MINUTE, tick(mmsi, step, lon, lat))


def test_called_then_near_follows_the_ship_and_not_the_number(tmp_path: Path) -> None:
    """A vessel under a new MMSI counts, one that came before its call or too late does not."""
    known = tuple(identity(mmsi, imo=imo) for mmsi, imo in ((A, IMO), (B, IMO), (C, None)))
    port = find_place("ru-vostochny-berths", load_catalogue())
    (inside,) = port.fences
    there: dict[str, Any] = {
        "end": to_text(START + HOUR),
        "geofences": (FenceRelation(id=inside.id, name=inside.name, kind=str(inside.kind)),),
    }
    calls = [
        event(1, vessel=vessel(A, imo=str(IMO)), **there),
        event(2, vessel=vessel(C), **there),
        event(3, vessel=vessel(B), end=there["end"]),  # a call somewhere else
    ]
    found = questions.called_then_near(
        archive(
            tmp_path,
            [
                Instant(START, identities=known),
                at(C, 6, 179.99),  # before its call is over
                at(B, 24, -179.95),
                at(B, 36, 179.99),
                at(C, 24, 175.0),
                at(A, 30, 140.0),
            ],
            calls,
        ),
        port,
        Place("there", lon=180.0, lat=42.0),
        5.0,
        10.0,
    )
    assert [(row["mmsi"], row["mmsi_then"], row["nearest_miles"]) for row in found] == [(A, B, 0.45)]
    assert found[0]["near_from"].isoformat() == to_text(START + 2 * HOUR).replace("Z", "+00:00")


def test_met_names_the_other_one_whichever_is_first(tmp_path: Path) -> None:
    a, b, c = vessel(A, imo=str(IMO)), vessel(B, name="OTHER"), vessel(C)
    encounter: dict[str, Any] = {"type": EventType.ENCOUNTER, "port_visit": None}
    database = archive(
        tmp_path,
        events=[
            event(1, vessel=b, encounter=met(a), **encounter),
            event(2, vessel=a, encounter=met(c), **encounter),
            event(3, vessel=b, encounter=met(c), **encounter),
            event(2, revision=2, vessel=a, encounter=met(c), status="retracted", **encounter),
        ],
    )
    (row,) = questions.met(database, find_ship(database, str(IMO)))
    assert (row["mmsi"], row["met_mmsi"], row["met_name"]) == (A, B, "OTHER")


def test_where_and_silent(tmp_path: Path) -> None:
    steps = [0, 1, 2, 2 + 12, 2 + 12 + 73]  # an hour, then six hours and five minutes
    database = archive(
        tmp_path, [*(at(A, step, 133.0 + step / 100) for step in steps), at(B, 300, 133.0), at(C, 3, 1.0)]
    )
    ship = find_ship(database, f"{A}")

    def known(minutes: int) -> list[tuple[str, int, float]]:
        rows = questions.where(database, ship, START + minutes * MINUTE, 30)
        return [(row["known"], row["minutes"], row["lon"]) for row in rows]

    assert known(5) == [("at", 0, 133.01)]
    assert known(40) == [("before", -30, 133.02), ("between", 0, 133.08), ("after", 30, 133.14)]
    assert known(70 + 180) == [("before", -180, 133.14), ("after", 185, 133.87)]
    with pytest.raises(QueryError, match="no position within 1 days"):
        questions.where(database, ship, START + 900 * HOUR, 1)

    first, last = questions.silent(database, ship, 6)
    assert (first["since_lon"], first["until_lon"]) == (133.14, 133.87)
    assert (first["hours"], first["gap"]) == (6.1, None)
    assert (last["until"], last["hours"]) == (None, round((300 - 87) / 12, 1))
    assert (first["heard_hours"], last["heard_hours"]) == (0, 0)
    assert questions.silent(database, ship, 18) == []


def test_near_is_by_distance_in_the_window(tmp_path: Path) -> None:
    database = archive(
        tmp_path, [at(A, 0, 133.0), at(A, 2, 133.01), at(B, 1, 133.1), at(C, 12, 133.0), at(4, 1, 134.0)]
    )
    place = Place("there", lon=133.02, lat=42.0)
    found = questions.near(database, place, START + 5 * MINUTE, 5, 10)
    assert [(row["mmsi"], row["miles"]) for row in found] == [(A, 0.45), (B, 3.6)]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (["ask", "met", "demo", "9074729"], "no vessel with IMO number 9074729 was heard"),
        (["ask", "met", "demo", "9074728"], "its check digit is wrong"),
        (["ask", "met", "demo", "north"], "(did you mean NORTH HOPE 54?)"),
        (["ask", "where", "demo", "NORTH HOPE 53", "2024-10-28"], "(did you mean NORTH HOPE 54?)"),
        (["ask", "silent", "demo", "12345"], "an MMSI has nine digits"),
        (["ask", "near", "demo", "Vostochni", "2024-10-28"], "is no place (did you mean Vostochny"),
        (["ask", "called-then-near", "demo", "42,133", "Nampo"], "is no port"),
        (["query", "demo", "SELEC 1"], "the query failed: Parser Error"),
        (["query", "demo", "SELECT nam FROM vessels"], 'column "nam" not found'),
        (["query", "demo", "SELECT * FROM read_csv('/etc/hostname')"], "the query failed: Permission Error"),
        (["query", "demo", "COPY vessels TO '/tmp/vessels.csv'"], "the query failed: Permission Error"),
        (["query", ".", "SELECT 1"], "no archive; `tankerwatch replay FILE --archive .`"),
        (["query", "a-file", "SELECT 1"], "a-file: no archive; `tankerwatch replay FILE --archive DIR`"),
        (["query", "empty", "SELECT 1"], "the archive is empty"),
        (["rescreen", "demo", "--watchlist", "nowhere.csv"], "nowhere.csv"),
        (["rescreen", "demo"], "no list: name one by --watchlist"),
    ],
)
def test_what_can_not_be_answered_says_why(
    asked: list[str], complaint: str, demo: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(demo.parent)
    with open_folder(Path("empty")):
        pass
    Path("a-file").touch()
    assert run(asked) == 2
    said = capsys.readouterr().err
    assert complaint in said
    assert len(said.splitlines()) == 1


def test_without_duckdb_it_says_what_to_install(
    demo: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert run(["query", str(demo), "SELECT 1"]) == 2
    assert "pip install duckdb" in capsys.readouterr().err


def test_rescreening_finds_the_surest_match_and_honours_the_days_of_listing() -> None:
    before = FormerIdentity(
        ssvid=f"{C:09d}", name="OLD NAME", callsign=None, imo=None, flag=None, since=to_text(START),
        until=to_text(START), matched_on="imo", confidence=0.9,
    )  # fmt: skip
    ship = vessel(A, imo=str(IMO), name="PRESENT", history=(before,))
    other = vessel(B, name="PRESENT")
    entries = [
        Entry(list="new", entry="1", imos=(IMO,), mmsis=(A,), names=("PRESENT",), listed_on="2099-01-01"),
        Entry(list="new", entry="2", mmsis=(C,), delisted_on="2020-01-01"),
        Entry(list="new", entry="3", imos=(1_234_567,)),
    ]
    met_each_other = event(1, type=EventType.ENCOUNTER, vessel=ship, encounter=met(other), port_visit=None)
    rows = rescreen([met_each_other, event(2, vessel=vessel(999_000_000))], Watchlist(entries))
    assert [(row["mmsi"], row["entry"], row["matched_on"], row["weak"], row["listing"]) for row in rows] == [
        (f"{A:09d}", "1", "imo", False, "listed_later"),
        (f"{C:09d}", "2", "mmsi", False, "delisted"),
        (f"{B:09d}", "1", "name", True, "listed_later"),
    ]
    assert not any(row["known_then"] for row in rows)
