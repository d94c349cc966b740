import os
from importlib import resources
from pathlib import Path

import pytest

from models.vessel import imo_is_valid
from streams.watchlists.build import convert
from streams.watchlists.shipped import shipped_watchlist

HEADER = "imo,names,mmsi,eu_dates,sources,notes\n"
EU = "celex,recordId,annex,startDate,schema,name,imoNumber,notes\n"
DEADWEIGHT = "imo,name,deadweight_tonnes,type,source\n"


def test_each_entry_of_a_list_becomes_a_row() -> None:
    table = (
        HEADER
        + "9562233,PETREL 8|Petrel 8|Other,620233000,,OFAC:DPRK4:1|EU2017/1509:XIV.B:2,\n"
        + ",NO NUMBER,,,OFAC:DPRK:2,\n"
        + "9036387,NEW KONK,,,EU2017/1509:XIV.B:2,\n"
    )
    eu = (
        EU
        + "32017R1509,2,XIV.B,3.10.2017,Vessel,PETREL 8,9562233,\n"
        + "32017R1509,2,XIV.B,12.12.2022,Vessel,NEW KONK,9036387,DPRK oil tanker M/V NEW KONK was seen.\n"
    )
    known = DEADWEIGHT + "9562233,PETREL 8,4000,products tanker,press\n"
    assert convert(table, eu, known) == (
        "imo,mmsi,name,callsign,flag,type,deadweight,list,entry,listed,delisted,as_of\n"
        ",,NO NUMBER,,,,,OFAC SDN,DPRK 2,,,2019-01\n"
        "9036387,,NEW KONK,,,oil tanker,,EU 2017/1509,XIV.B 2,2022-12-12,,2022-12\n"
        "9562233,620233000,PETREL 8|Other,,,products tanker,4000,EU 2017/1509,XIV.B 2,2017-10-03,,2022-12\n"
        "9562233,620233000,PETREL 8|Other,,,products tanker,4000,OFAC SDN,DPRK4 1,,,2019-01\n"
    )


def test_an_unknown_list_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"'XX:1' names no known list \(OFAC, EU2017/1509\)"):
        convert(HEADER + "9562233,A,,,XX:1,\n", EU, DEADWEIGHT)


@pytest.mark.recorded
def test_a_rebuild_gives_the_committed_list() -> None:
    reference = Path(os.environ["TANKERWATCH_DATA"]) / "reference"
    table, eu = (
        (reference / name).read_text(encoding="utf-8")
        for name in ("dprk_vessels.csv", "eu_2017_1509_vessels.csv")
    )
    data = resources.files("models.data")
    deadweight = data.joinpath("dprk_deadweight.csv").read_text(encoding="utf-8")
    assert convert(table, eu, deadweight) == data.joinpath("dprk_vessels.csv").read_text(encoding="utf-8")


def test_the_shipped_list_names_known_vessels() -> None:
    """AN SAN 1 stands in the EU's list twice and in OFAC's; New Konk came in December 2022."""
    hits = shipped_watchlist().match(mmsi=1, imo=7303803, time=1_600_000_000_000)
    assert [(hit.list, hit.entry) for hit in hits] == [
        ("EU 2017/1509", "XIV.A 2"),
        ("EU 2017/1509", "XIV.B 10"),
        ("OFAC SDN", "DPRK4 23730"),
    ]
    (later,) = shipped_watchlist().match(mmsi=1, imo=9036387, time=1_600_000_000_000)
    assert (later.entry, later.status, later.listed_on) == ("XV.F 2", "listed_later", "2022-12-12")


def test_every_imo_number_of_the_shipped_list_passes_its_check_digit() -> None:
    entries = shipped_watchlist().entries
    numbers = {imo for entry in entries for imo in entry.imos}
    assert len(numbers) == 111
    assert all(map(imo_is_valid, numbers))
    assert {entry.as_of for entry in entries} == {"2019-01", "2022-12"}
    assert len({entry.imos for entry in entries if entry.deadweight}) == 6
    assert [entry.names for entry in entries if not entry.imos] == [("MIN NING DE YOU 078",)]
