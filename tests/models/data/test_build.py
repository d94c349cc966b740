import os
from importlib import resources
from pathlib import Path

import pytest

from models.data.build import convert

HEADER = "imo,names,mmsi,eu_dates,sources,notes\n"


def test_each_entry_of_a_list_becomes_a_row() -> None:
    table = (
        HEADER
        + "9562233,PETREL 8|Other,620233000,,OFAC:DPRK4:1|EU2017/1509:XIII.B:,\n,NO NUMBER,,,OFAC:DPRK:2,\n"
    )
    assert convert(table) == (
        "imo,mmsi,name,list,entry\n"
        "9562233,620233000,PETREL 8,EU 2017/1509,XIII.B\n"
        "9562233,620233000,PETREL 8,OFAC SDN,DPRK4 1\n"
    )


def test_an_unknown_list_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"'XX:1' names no known list \(OFAC, EU2017/1509\)"):
        convert(HEADER + "9562233,A,,,XX:1,\n")


@pytest.mark.recorded
def test_a_rebuild_gives_the_committed_list() -> None:
    table = Path(os.environ["TANKERWATCH_DATA"]) / "reference" / "dprk_vessels.csv"
    committed = resources.files("models.data").joinpath("dprk_vessels.csv").read_text(encoding="utf-8")
    assert convert(table.read_text(encoding="utf-8")) == committed
