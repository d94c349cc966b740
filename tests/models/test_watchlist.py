"""How vessels are found on watchlists: by which number, how surely, and since when."""

import pytest

from models.time import from_text
from models.vessel import Identity, Role, WatchlistHit
from models.watchlist import Entry, Watchlist

TIME = from_text("2024-05-10T12:00:00Z")
PETREL, KONK = 9562233, 9036387
MMSI = 620233000


def entry(number: str, **fields: object) -> Entry:
    return Entry(list="EU", entry=number, **fields)  # type: ignore[arg-type]


def found(*entries: Entry, mmsi: int = 1, time: int = TIME, **sent: object) -> list[tuple[str, str, bool]]:
    """Entry, what matched and whether weakly, of every match."""
    hits = Watchlist(entries).match(mmsi=mmsi, time=time, **sent)  # type: ignore[arg-type]
    return [(hit.entry, hit.matched_on, hit.weak) for hit in hits]


def test_a_vessel_matches_by_imo_and_then_by_mmsi() -> None:
    both, imo, mmsi = (
        entry("1", imos=(PETREL,), mmsis=(MMSI,)),
        entry("7", imos=(PETREL,)),
        entry("8", mmsis=(445000001,)),
    )
    assert found(both, imo, mmsi, imo=PETREL) == [("1", "imo", False), ("7", "imo", False)]
    assert found(both, imo, mmsi, imo=PETREL, mmsi=MMSI) == [("1", "imo", False), ("7", "imo", False)]
    assert found(both, imo, mmsi, mmsi=MMSI) == [("1", "mmsi", False)]
    assert found(both, imo, mmsi, imo=PETREL, mmsi=445000001)[2] == ("8", "mmsi", False)
    assert found(both, imo, mmsi, imo=KONK) == found(imo=PETREL) == []


def test_an_mmsi_with_another_imo_number_is_weak() -> None:
    """The MMSI may have been given to another ship since."""
    assert found(entry("1", imos=(PETREL,), mmsis=(MMSI,)), imo=KONK, mmsi=MMSI) == [("1", "mmsi", True)]


def test_names_come_last_and_are_weak() -> None:
    one = entry("1", names=("Petrel No. 8", "Old Petrel"), callsigns=("HMAA",))
    assert found(one, name="PETREL NO 8") == [("1", "name", True)]
    assert found(one, name="OLD-PETREL", callsign="HMAA") == [("1", "callsign", True)]
    assert found(one, name="PETREL", callsign="HMAA") == [], "a call sign alone is no match"
    assert found(one, name="PETREL NO 8", callsign="UBXX") == [], "another ship of that name"
    assert found(one, name="") == found(one, name=None) == found(one, name="-") == []


def test_a_ship_with_an_imo_number_of_its_own_is_another_ship_of_that_name() -> None:
    one = entry("1", names=("BELLA",), imos=(PETREL,), callsigns=("HMAA",))
    assert found(one, name="BELLA", imo=KONK) == found(one, name="BELLA", imo=KONK, callsign="HMAA") == []
    assert found(one, name="BELLA") == [("1", "name", True)]
    assert found(entry("2", names=("BELLA",)), name="BELLA", imo=KONK) == [("2", "name", True)]


def test_two_listed_ships_of_one_name_are_told_apart_by_number_only() -> None:
    two = entry("1", names=("BELLA",), imos=(PETREL,)), entry("2", names=("BELLA",), imos=(KONK,))
    assert found(*two, name="BELLA") == [("1", "name", True), ("2", "name", True)]
    assert found(*two, name="BELLA", imo=KONK) == [("2", "imo", False)]


def test_a_long_name_is_known_by_the_part_that_is_sent() -> None:
    one = entry("1", names=("JANG JA SAN CHONG NYON HO",))
    assert found(one, name="JANG JA SAN CHONG NY") == [("1", "name", True)]


def test_an_entry_counts_from_the_day_of_listing_to_that_of_delisting() -> None:
    one = Watchlist([entry("1", imos=(PETREL,), listed_on="2024-05-11", delisted_on="2025-01-01")])

    def status(text: str) -> str:
        (hit,) = one.match(mmsi=1, imo=PETREL, time=from_text(text))
        return hit.status

    assert status("2024-05-10T23:59:59Z") == "listed_later"
    assert status("2024-05-11T00:00:00Z") == status("2024-12-31T23:59:59Z") == "listed"
    assert status("2025-01-01T00:00:00Z") == "delisted"
    assert one.turns(from_text("2024-05-10T23:55:00Z"), from_text("2024-05-11T00:00:00Z"))
    assert not one.turns(from_text("2024-05-11T00:00:00Z"), from_text("2024-12-31T23:55:00Z"))


def test_entries_in_force_come_first_then_sure_ones() -> None:
    found_ = found(
        entry("1", imos=(PETREL,), listed_on="2030-01-01"),
        entry("2", mmsis=(MMSI,), imos=(KONK,)),
        entry("3", imos=(PETREL,)),
        imo=PETREL,
        mmsi=MMSI,
    )
    assert [number for number, _, _ in found_] == ["3", "2", "1"]


def test_lists_are_merged_and_an_entry_of_several_files_comes_once() -> None:
    """The file that knows more, or that is newer, is right."""
    old = entry("1", imos=(PETREL,), as_of="2019-01")
    new = entry("1", imos=(PETREL,), as_of="2026-03-09")
    over = entry("1", imos=(PETREL,), delisted_on="2022-06-01")
    for order in ((old, new), (new, old)):
        (hit,) = Watchlist(order[:1]).merge(Watchlist(order[1:])).match(mmsi=1, imo=PETREL, time=TIME)
        assert hit.as_of == "2026-03-09"
    (hit,) = Watchlist([old, over, new]).match(mmsi=1, imo=PETREL, time=TIME)
    assert (hit.status, hit.delisted_on) == ("delisted", "2022-06-01")
    assert len(Watchlist([old, old, new])) == 2


@pytest.mark.parametrize(
    ("hit", "role", "counts", "listed", "weakly"),
    [
        (WatchlistHit("EU", "1", "imo"), Role.OTHER, True, True, False),
        (WatchlistHit("EU", "1", "imo", status="listed_later"), Role.OTHER, False, False, False),
        (WatchlistHit("EU", "1", "imo", status="delisted"), Role.OTHER, False, False, False),
        (WatchlistHit("EU", "1", "mmsi", weak=True), Role.OTHER, True, False, True),
        (WatchlistHit("EU", "1", "callsign", weak=True), Role.OTHER, True, False, True),
        (WatchlistHit("EU", "1", "callsign", weak=True), Role.TANKER, True, False, False),
        (WatchlistHit("EU", "1", "callsign", weak=True), Role.EXCLUDED, False, False, False),
        (WatchlistHit("EU", "1", "name", weak=True), Role.OTHER, False, False, False),
    ],
)
def test_which_matches_make_a_vessel_count(
    hit: WatchlistHit, role: Role, counts: bool, listed: bool, weakly: bool
) -> None:
    vessel = Identity(mmsi=1, time=TIME, role=role, watchlists=(hit,))
    assert (vessel.of_interest, vessel.listed, vessel.weakly_listed) == (counts, listed, weakly)
