from pathlib import Path

import pytest

from models.vessel import WatchlistHit, imo_is_valid
from models.watchlist import Watchlist, WatchlistError, shipped_watchlist

HEADER = b"imo,mmsi,name,list,entry\n"


def read(rows: bytes) -> Watchlist:
    return Watchlist.read(HEADER + rows, "mine.csv")


def test_a_vessel_matches_by_imo_and_then_by_mmsi() -> None:
    watchlist = read(b"9562233,620233000,PETREL 8,EU,1\n9562233,,PETREL 8,UN,7\n,445000001,X,UN,8\n")
    eu, un = WatchlistHit(list="EU", entry="1", matched_on="imo"), WatchlistHit("UN", "7", "imo")
    assert watchlist.match(9562233, 1) == (eu, un)
    assert watchlist.match(9562233, 620233000) == (eu, un)
    assert watchlist.match(None, 620233000) == (WatchlistHit("EU", "1", "mmsi"),)
    assert watchlist.match(9562233, 445000001) == (eu, un, WatchlistHit("UN", "8", "mmsi"))
    assert watchlist.match(9036387, 1) == watchlist.match(None, 1) == Watchlist().match(None, 1) == ()


def test_lists_are_merged_and_equal_entries_come_once() -> None:
    one, other = read(b"9562233,,P,B,1\n"), read(b"9562233,,P,A,2\n9562233,,P,B,1\n")
    merged = one.merge(other)
    assert merged.match(9562233, 1) == (WatchlistHit("A", "2", "imo"), WatchlistHit("B", "1", "imo"))
    assert other.merge(one).match(9562233, 1) == merged.match(9562233, 1)
    assert one.match(9562233, 1) == (WatchlistHit("B", "1", "imo"),)
    assert len(merged) == 1


def test_spreadsheet_habits_are_taken_as_they_come() -> None:
    """A byte order mark, CRLF, blank lines, blanks, quotes, columns in another order and more of them."""
    text = '\ufefflist,entry,IMO,name,mmsi,remark\r\n\r\nUN, 7 ,9562233,"A, ""B""",,\r\n,,,,,\r\n'
    assert Watchlist.read(text.encode(), "x").match(9562233, 1) == (WatchlistHit("UN", "7", "imo"),)


def test_every_bad_row_is_reported_with_line_column_and_remedy() -> None:
    with pytest.raises(WatchlistError) as caught:
        read(
            b"9562234,,A,UN,1\n"
            b"IMO9562233,,A,UN,2\n"
            b"9562233,,ok,UN,3\n"
            b",,A,UN,4\n"
            b",12345,A,UN,5\n"
            b"9562233,,A,,\n"
            b"9562233\n"
        )
    assert caught.value.problems == (
        "mine.csv: line 2: column imo: 9562234 has a wrong check digit; correct it in the list it comes from",
        "mine.csv: line 3: column imo: 'IMO9562233'; an IMO number is seven digits, without the letters IMO",
        "mine.csv: line 5: columns imo, mmsi: both blank; give at least one of them",
        "mine.csv: line 6: column mmsi: '12345'; an MMSI is nine digits",
        "mine.csv: line 7: column list: blank; name the list",
        "mine.csv: line 7: column entry: blank; say which entry of the list this is",
        "mine.csv: line 8: column list: blank; name the list",
        "mine.csv: line 8: column entry: blank; say which entry of the list this is",
    )


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "line 1: no column imo, mmsi, name, list, entry"),
        (b"imo,name,list,entry\n", "line 1: no column mmsi; the header has to be imo,mmsi,name,list,entry"),
        (HEADER + b"9562233,,\xe9,UN,1\n", "line 2: not UTF-8"),
        (HEADER + b'9562233,,"A" B,UN,1\n', "line 2: not CSV"),
    ],
)
def test_a_file_that_is_no_watchlist(data: bytes, wanted: str) -> None:
    with pytest.raises(WatchlistError) as caught:
        Watchlist.read(data, "mine.csv")
    assert f"mine.csv: {wanted}" in str(caught.value)


def test_a_file_is_loaded_and_a_missing_one_named(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(HEADER + b"9562233,,P,UN,1\n")
    assert Watchlist.load(path).match(9562233, 1)
    with pytest.raises(WatchlistError, match=r"none\.csv: can't be read"):
        Watchlist.load(tmp_path / "none.csv")


def test_the_shipped_list_names_known_vessels() -> None:
    """AN SAN 1 stands in the EU's list twice and in OFAC's; New Konk came in December 2022."""
    assert imo_is_valid(7303803)
    hits = shipped_watchlist().match(7303803, 1)
    assert [(hit.list, hit.entry) for hit in hits] == [
        ("EU 2017/1509", "XIV.A 2"),
        ("EU 2017/1509", "XIV.B 10"),
        ("OFAC SDN", "DPRK4 23730"),
    ]
    assert shipped_watchlist().match(9036387, 1) == (WatchlistHit("EU 2017/1509", "XV.F 2", "imo"),)
    assert len(shipped_watchlist()) > 100
