"""Every layout: known by its content, with the right count, numbers, names and dates, nothing made up."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from models.watchlist import Entry
from streams.watchlists.files import FORMATS, joined, load_watchlist, read_list
from streams.watchlists.plain import dump
from streams.watchlists.reading import Reading, WatchlistError
from tests.streams.watchlists import sample_lists as samples
from tests.streams.watchlists.sample_lists import BOAT, MOON, MOON_MMSI, STAR, STAR_MMSI


def read(folder: Path, text: str, name: str = "list.bin", encoding: str = "utf-8") -> tuple[str, Reading]:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    layout, reading = read_list(path)
    return layout.name if layout else "", reading


def entries(folder: Path, text: str, encoding: str = "utf-8") -> dict[str, Entry]:
    _, reading = read(folder, text, encoding=encoding)
    assert reading.problems == []
    return {entry.entry: entry for entry in reading.entries}


@pytest.mark.parametrize(
    ("layout", "text", "count", "left_out"),
    [
        ("plain", samples.PLAIN, 3, {}),
        ("ofac-csv", samples.SDN, 2, {"persons": 1, "organisations": 1, "aircraft": 1}),
        ("ofac-alt", samples.ALT, 0, {}),
        ("ofac-xml", samples.XML, 2, {"parties that are no vessel": 1}),
        ("eu", samples.EU, 3, {"rows that are no vessel": 1}),
        ("un-1718", samples.UN, 3, {}),
        ("opensanctions-maritime", samples.MARITIME, 2, {"organisations": 1}),
        ("opensanctions-ftm", samples.FTM, 2, {"entities of the schema Organization": 1}),
    ],
)
def test_a_layout_is_recognised_by_its_content_and_every_row_is_accounted_for(
    tmp_path: Path, layout: str, text: str, count: int, left_out: Mapping[str, int]
) -> None:
    for encoding in ("utf-8", "utf-8-sig"):
        found, reading = read(tmp_path, text, encoding=encoding)
        assert (found, len(reading.entries), reading.left_out) == (layout, count, left_out)
        assert reading.problems == []
        by_name = [entry.names for entry in reading.entries if not (entry.imos or entry.mmsis)]
        assert len([each for each in reading.remarks if "by name only" in each]) == len(by_name)


def test_each_layout_has_a_sample() -> None:
    assert {layout.name for layout in FORMATS} == {
        *("plain", "ofac-csv", "ofac-alt", "ofac-xml", "eu", "un-1718"),
        *("opensanctions-maritime", "opensanctions-ftm"),
    }


def test_ofac_csv(tmp_path: Path) -> None:
    """The numbers of whom a vessel is linked to, and numbers not said to be IMO numbers, are not its own."""
    found = entries(tmp_path, samples.SDN, encoding="latin-1")
    assert found == {
        "DPRK4 NPWMD 70001": Entry(
            list="OFAC SDN",
            entry="DPRK4 NPWMD 70001",
            names=("MADE UP STAR",),
            imos=(STAR,),
            mmsis=(STAR_MMSI,),
            callsigns=("HMAA",),
            flag="Korea, North",
            type="Crude Oil Tanker",
            deadweight=3565.0,
        ),
        "DPRK 70003": Entry(list="OFAC SDN", entry="DPRK 70003", names=("MADE UP BOAT Ñ",)),
    }


def test_other_names_of_ofac_are_joined(tmp_path: Path) -> None:
    sdn, alt = read(tmp_path, samples.SDN)[1], read(tmp_path, samples.ALT)[1]
    for order in ([sdn, alt], [alt, sdn]):
        assert joined(order)[0].names == ("MADE UP STAR", "OLD STAR", "STAR OF OLD")


def test_ofac_xml(tmp_path: Path) -> None:
    found = entries(tmp_path, samples.XML)
    assert found["DPRK4 70001"] == Entry(
        list="OFAC SDN",
        entry="DPRK4 70001",
        names=("MADE UP STAR", "OLD STAR"),
        imos=(STAR,),
        mmsis=(STAR_MMSI,),
        callsigns=("HMAA",),
        flag="North Korea",
        type="Chemical/Products Tanker",
        deadweight=3565.0,
        listed_on="2025-02-24",
        as_of="2026-03-09",
    )
    assert found["70003"] == Entry(list="OFAC SDN", entry="70003", names=(BOAT,), as_of="2026-03-09")


def test_eu(tmp_path: Path) -> None:
    found = entries(tmp_path, samples.EU)
    star = found["XIV.A 1"]
    assert (star.list, star.imos, star.listed_on, star.type) == (
        "EU 2017/1509", (STAR,), "2018-03-30", "oil tanker",
    )  # fmt: skip
    assert star.names == ("Made Up Star", "Old Star", "Star of Old")
    assert (found["XIV.B 1"].mmsis, found["XIV.B 1"].listed_on) == ((MOON_MMSI,), "2017-10-03")
    assert (found["XIV.B 2"].names, found["XIV.B 2"].imos) == ((BOAT,), ())


def test_un(tmp_path: Path) -> None:
    found = entries(tmp_path, samples.UN)
    assert found["1"] == Entry(
        list="UN 1718",
        entry="1",
        names=("MADE UP STAR", "OLD STAR"),
        imos=(STAR,),
        mmsis=(STAR_MMSI, MOON_MMSI),
        callsigns=("HMAA",),
        flag="DPRK",
        type="Oil tanker",
        listed_on="2017-10-03",
    )
    assert (found["2"].imos, found["2"].flag, found["3"].imos) == ((MOON,), "Togo, Palau", ())


def test_opensanctions(tmp_path: Path) -> None:
    """What it saw first is no day of listing; its sanctions have days."""
    table, lines = entries(tmp_path, samples.MARITIME), entries(tmp_path, samples.FTM)
    for star in (table["NK-1, mare.shadow, sanction"], lines["NK-1, sanction"]):
        assert (star.list, star.imos, star.mmsis) == ("OpenSanctions", (STAR,), (STAR_MMSI, MOON_MMSI))
        assert (star.names, star.flag) == (("MADE UP STAR", "OLD STAR"), "kp")
    assert (star.callsigns, star.type) == (("HMAA",), "Oil tanker")
    assert (star.listed_on, star.delisted_on) == ("2017-10-03", None), "one sanction has no end"
    assert (lines["NK-3"].listed_on, table["NK-3, mare.detained"].listed_on) == (None, None)


def test_plain(tmp_path: Path) -> None:
    found = entries(tmp_path, samples.PLAIN)
    assert found["1"].names == ("MADE UP STAR", "OLD STAR")
    assert (found["1"].deadweight, found["1"].listed_on) == (3565.0, "2024-05-11")
    assert (found["2"].callsigns, found["2"].delisted_on) == (("HMBB",), "2025-01-01")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    """Also text that a sheet would take for a formula, and text with our separators."""
    written = [
        Entry(list="=L", entry="-1", names=("@A", "B, \"C\"", "'T D"), imos=(STAR, MOON), mmsis=(2320001,),
              callsigns=("+1",), flag="=F", type="-t", deadweight=1234.5, listed_on="2020-01-02",
              delisted_on="2021-01-02", as_of="2022-12"),
        Entry(list="L", entry="2", names=("A|B\nC",)),
    ]  # fmt: skip
    text = dump(written)
    assert not any(cell.lstrip('"').startswith(("=", "-", "@")) for cell in text.split(","))
    _, reading = read(tmp_path, text)
    assert reading.entries == [written[0], Entry(list="L", entry="2", names=("A/B C",))]


def test_a_plain_list_needs_no_more_than_a_number(tmp_path: Path) -> None:
    """The name of the file and the row stand in for list and entry; sheets of other languages are read."""
    path = tmp_path / "mine.csv"
    path.write_text(f"IMO Number;Vessel Name;Date of Listing\n{STAR};STAR;11.5.2024\n")
    layout, reading = read_list(path)
    assert layout is not None
    (one,) = reading.entries
    assert (one.list, one.entry, one.imos, one.listed_on) == ("mine", "row 2", (STAR,), "2024-05-11")


def test_spreadsheet_habits_are_taken_as_they_come(tmp_path: Path) -> None:
    """A byte order mark, CRLF, blank lines, blanks, quotes, columns in another order and more of them, of
    which it is said that they are not read."""
    text = f'\ufefflist,entry,IMO,name,mmsi,listd\r\n\r\nUN, 7 ,{STAR},"A, ""B""",,\r\n,,,,,\r\n'
    assert entries(tmp_path, text)["7"].names == ('A, "B"',)
    (remark,) = read(tmp_path, text)[1].remarks
    assert "header: these columns are not read: listd (did you mean listed" in remark


def test_every_bad_row_is_reported_with_line_column_and_remedy(tmp_path: Path) -> None:
    text = (
        "imo,mmsi,name,list,entry,listed,delisted,as_of,deadweight\n"
        "9562234,,A,UN,1,,,,\n"
        "IMO9562233,,A,UN,2,,,,\n"
        "9562233,,ok,UN,3,2020-01-01,2020-01-02,2022-12,3\n"
        ",,,UN,4,,,,\n"
        ",12345,A,UN,5,,,,\n"
        "9562233,,A,,,,,,\n"
        "9562233,,A,UN,6,01/02/2020,,,\n"
        "9562233,,A,UN,7,2020-02-30,,2022-13,heavy\n"
        "9562233,,A,UN,8,2020-01-02,2020-01-02,,\n"
    )
    _, reading = read(tmp_path, text, "mine.csv")
    assert [problem.removeprefix(f"{tmp_path}/") for problem in reading.problems] == [
        "mine.csv: line 2: column imo: 9562234 has a wrong check digit; correct it in the list it comes from",
        "mine.csv: line 3: column imo: 'IMO9562233'; an IMO number is seven digits, without the letters IMO",
        "mine.csv: line 5: columns imo, mmsi, name: all blank; give at least one of them",
        "mine.csv: line 6: column mmsi: '12345'; an MMSI is nine digits",
        "mine.csv: line 7: column list: blank; name the list",
        "mine.csv: line 7: column entry: blank; say which entry of the list this is",
        "mine.csv: line 8: column listed: '01/02/2020'; give a day as YYYY-MM-DD or DD.MM.YYYY",
        "mine.csv: line 9: column deadweight: 'heavy'; give tonnes, such as 3565",
        "mine.csv: line 9: column as_of: '2022-13'; give a year, a month or a day, such as 2022-12",
        "mine.csv: line 9: column listed: '2020-02-30'; give a day as YYYY-MM-DD or DD.MM.YYYY",
        "mine.csv: line 10: column delisted: 2020-01-02 is not after 2020-01-02, the day of listing",
    ]


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "empty"),
        (b"name,list,entry\nA,B,1\n", "its header needs a column imo or mmsi"),
        (b"imo,mmsi,name,list,entry\n", "no rows below the header"),
        (b"imo,list,imo_number\n9562233,A,1\n", "line 1: two columns for imo"),
        (b"imo,name\n9562233,\xe9\n", "line 2: not UTF-8"),
        (b'imo,name\n9562233,"A" B\n', "line 2: not CSV"),
        (b"PK\x03\x04", "compressed; unpack it first"),
        (b"<sdnList><sdnEntry/></sdnList>", "give sdn_advanced.xml or sdn.csv"),
        (samples.XML[:3000].encode(), "not XML"),
        (
            samples.XML.replace("utf-8", "utf-1", 1).replace("UTF-8", "utf-1", 1).encode(),
            "in an encoding that is",
        ),
        (samples.XML.replace("utf-8", "gbk", 1).replace("UTF-8", "gbk", 1).encode(), "save it as UTF-8"),
        (samples.FTM.encode() + b"{broken\n", "line 6: not a JSON object"),
        (samples.SDN.encode() + b"7,8\n", "2 columns instead of 12"),
    ],
)
def test_a_file_that_can_not_be_used(tmp_path: Path, data: bytes, wanted: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(data)
    with pytest.raises(WatchlistError) as caught:
        load_watchlist([path])
    assert str(caught.value).startswith(f"{path}: ")
    assert wanted in str(caught.value)


def test_numbers_of_public_lists_that_can_not_be_right_are_left_out_with_a_remark(tmp_path: Path) -> None:
    """Nobody can mend them there, and the rest of the list is good."""
    text = samples.UN.replace(f"{STAR}", "9074720").replace("03-Oct-17", "in 2017").replace("30-Mar-18", "")
    text = text.replace(f"{MOON},,1", f"{MOON},000000000,1")
    _, reading = read(tmp_path, text)
    star = reading.entries[0]
    assert (star.imos, star.mmsis, star.listed_on) == ((), (STAR_MMSI, MOON_MMSI), None)
    assert reading.entries[1].mmsis == ()
    remarks = "\n".join(reading.remarks)
    assert "line 3: '000000000' is no MMSI; left out" in remarks
    assert "line 2: IMO number 9074720 has a wrong check digit; left out" in remarks
    assert "line 2: 'in 2017' is no date that is understood; the entry counts as listed without" in remarks


def test_a_folder_stands_for_the_lists_in_it(tmp_path: Path) -> None:
    for name, text in (("b.csv", samples.PLAIN), ("a.xml", samples.XML), ("README.md", "?"), (".x.csv", "?")):
        (tmp_path / name).write_text(text)
    (tmp_path / "inner.csv").mkdir()
    assert len(load_watchlist([tmp_path]).entries) == 5
    assert (
        load_watchlist([tmp_path]).digest == load_watchlist([tmp_path / "b.csv", tmp_path / "a.xml"]).digest
    )
    (tmp_path / "c.csv").write_text("what,is\nthis,?\n")
    with pytest.raises(WatchlistError, match=r"c\.csv: no layout"):
        load_watchlist([tmp_path])


def test_all_faults_of_all_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.csv").write_text("imo\n1\n2\n")
    with pytest.raises(WatchlistError) as caught:
        load_watchlist([tmp_path / "none.csv", tmp_path / "empty", tmp_path / "bad.csv"])
    assert [problem.removeprefix(str(tmp_path))[:28] for problem in caught.value.problems] == [
        "/none.csv: can't be read (No", "/empty: no lists in this fol", "/bad.csv: line 2: column imo",
        "/bad.csv: line 3: column imo",
    ]  # fmt: skip


def test_a_file_full_of_faults_does_not_flood(tmp_path: Path) -> None:
    _, reading = read(tmp_path, "imo\n" + "1\n" * 5000)
    assert len(reading.problems) == 101


@pytest.mark.recorded
@pytest.mark.parametrize(
    ("name", "layout", "count", "left_out", "numbers"),
    [
        ("ofac_sdn_layout.csv", "ofac-csv", 102, {"organisations": 1}, 101),
        ("eu_2017_1509_vessels.csv", "eu", 75, {}, 60),
    ],
)
def test_published_lists(
    name: str, layout: str, count: int, left_out: Mapping[str, int], numbers: int
) -> None:
    found, reading = read_list(Path(os.environ["TANKERWATCH_DATA"]) / "reference" / name)
    assert found is not None
    assert (found.name, len(reading.entries), reading.left_out) == (layout, count, left_out)
    assert len({imo for entry in reading.entries for imo in entry.imos}) == numbers
    assert reading.problems == []


def test_a_number_of_ofac_that_is_said_to_be_an_imo_number_is_not_said_to_be_none(tmp_path: Path) -> None:
    empty = ",".join(['"-0- "'] * 7)
    said = "Vessel Registration Identification IMO 9074720; MMSI 445000111."
    _, reading = read(tmp_path, f'7,"STAR",vessel,"DPRK4",{empty},"{said}"\n')
    (remark,) = reading.remarks
    assert "IMO number 9074720 has a wrong check digit" in remark
