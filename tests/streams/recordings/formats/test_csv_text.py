"""CSV: the same rows however they are written, and an outcome for every line."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.report import Rows, joined
from models.source_hints import DateOrder, SourceHints
from models.time import HOUR, from_text
from streams.decoding.decoder import Decoder
from streams.decoding.records.names import field_of
from streams.recordings.errors import SourceError
from streams.recordings.formats.csv_text import CsvText
from streams.recordings.formats.format import Cutting
from streams.recordings.formats.known import recognised
from tests.streams.recordings.formats.csv_reading import TIME, read

HEADER = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft"
)
ROW = "273111111,2023-01-11T00:00:00,42.5,132.5,10.1,90.4,91.0,TEST SHIP,IMO9074729,CALL1,80,5.0,150,22,8.5"


def is_the_row(positions: Rows, statics: Rows) -> None:
    (at,), (said,) = positions, statics
    assert (at["mmsi"], at["time"], at["type"], at["status"]) == (273111111, TIME, 1, 5)
    numbers = [at[name] for name in ("lat", "lon", "sog", "cog", "heading")]
    assert numbers == pytest.approx([42.5, 132.5, 10.1, 90.4, 91.0], abs=1e-4)
    assert (said["name"], said["callsign"], said["imo"]) == (b"TEST SHIP", b"CALL1", 9074729)
    assert (said["ship_type"], said["to_stern"], said["to_starboard"]) == (80, 150, 22)
    assert said["draught"] == pytest.approx(8.5)


CELLS, NAMES = ROW.split(","), HEADER.split(",")
ORDER = [3, 7, 0, 12, 1, 9, 2, 14, 4, 5, 8, 6, 13, 10, 11]


def quoted(cells: Sequence[str], sign: str = ",") -> str:
    return sign.join(f'"{cell}"' for cell in cells)


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{ROW}\n",
        f"{HEADER}\r\n{ROW}\r\n",
        f"{HEADER}\n{ROW}",
        f"\n{HEADER}\n\n{ROW}\n\n",
        f"# made by somebody\n{HEADER}\n{ROW}\n",
        f"sep=;\n{HEADER.replace(',', ';')}\n{ROW.replace(',', ';')}\n",
        f"{HEADER.replace(',', ';')}\n{ROW.replace(',', ';').replace('.', ',')}\n",
        HEADER.replace(",", "\t") + "\n" + ROW.replace(",", "\t") + "\n",
        HEADER.replace(",", "|") + "\n" + ROW.replace(",", "|") + "\n",
        f"{quoted(NAMES)}\n{quoted(CELLS)}\n",
        f"{quoted(NAMES, ', ')}\n{quoted(CELLS, ', ')}\n",
        quoted(NAMES) + "\n" + quoted([cell.replace(".", ",") for cell in CELLS]) + "\n",
        ",".join(NAMES[i] for i in ORDER) + "\n" + ",".join(CELLS[i] for i in ORDER) + "\n",
        f"{HEADER},Remark\n{ROW},\"a, b\"\n",
        f"{HEADER}\n{ROW},,\n",
        f"{HEADER},Remark,Other\n{ROW}\n",
        f"{HEADER.upper()}\n{ROW}\n",
        f"{HEADER}\n{ROW.replace('2023-01-11T00:00:00', '1673395200')}\n",
        f"{HEADER}\n{ROW.replace('2023-01-11T00:00:00', '1673395200000.0')}\n",
        f"{HEADER}\n{ROW.replace('2023-01-11T00:00:00', '2023-01-11 09:00:00+09:00')}\n",
        f"{HEADER.replace('BaseDateTime', 'Date,Time')}\n{ROW.replace('T00', ',00')}\n",
    ],
)  # fmt: skip
def test_a_row_is_the_same_however_it_is_written(text: str) -> None:
    assert recognised(text.encode()[:8192]).name == "csv"
    decoder, positions, statics, _ = read(text)
    is_the_row(positions, statics)
    assert sum(decoder.messages.values()) == 1
    assert set(+decoder.outcomes) <= {"message", "context"}


def test_a_header_of_unknown_names_needs_columns() -> None:
    header = ",".join(f"X{index}" for index in range(len(NAMES)))
    with pytest.raises(SourceError, match=r"--columns mmsi=.*numbers from 1"):
        read(f"{header}\n{ROW}\n")
    names = "mmsi=X0,time=X1,lat=X2,lon=4,sog=5,cog=6,heading=7,name=8,imo=9,callsign=10,ship_type=11"
    _, positions, statics, _ = read(f"{header}\n{ROW}\n", f"{names},status=12,length=13,width=14,draught=15")
    is_the_row(positions, statics)


def test_rows_without_a_header_need_columns() -> None:
    with pytest.raises(SourceError, match=r"no header.*--columns"):
        read(f"{ROW}\n{ROW}\n")
    _, positions, _, _ = read(f"{ROW}\n", "mmsi=1,time=2,lat=3,lon=4,status=12,sog=5,cog=6,heading=7")
    assert positions["time"].tolist() == [TIME]
    rows = "".join(  # the second one has words that are names of columns, too
        f"273111111,2023-01-11T00:0{minute}:00,4{minute}.5,132.5,{','.join(words)}\n"
        for minute, words in enumerate((["no"] * 12, ["A", "Cargo"] * 6))
    )
    assert len(read(rows, "mmsi=1,time=2,lat=3,lon=4")[1]) == 2


def test_units_and_zone_by_option() -> None:
    text = "mmsi,time,lat,lon,speed,course\n273111111,2023-01-11 09:00:00,42.5,132.5,18.7052,1.5778\n"
    _, positions, _, notes = read(text, units="sog=km/h,cog=rad", hints=SourceHints(timezone="Asia/Seoul"))
    assert positions["time"].tolist() == [TIME]
    assert positions["sog"][0] == pytest.approx(10.1, abs=0.01)
    assert positions["cog"][0] == pytest.approx(90.4, abs=0.01)
    assert "sog times 0.539957" in notes[0]


@pytest.mark.parametrize(
    "name", ["Date/Time (KST)", "local_time", "Time UTC+9", "Time UTC +09:00", "Time (Asia/Seoul)"]
)
@pytest.mark.parametrize("named", [False, True])
def test_a_zone_in_the_name_of_a_column_is_never_taken_for_utc(name: str, named: bool) -> None:
    text = f"mmsi,{name},lat,lon\n273111111,2023-01-11 09:00:00,42.5,132.5\n"
    columns = f"mmsi=mmsi,time={name}" if named else ""
    decoder, positions, _, _ = read(text, columns)
    if "+" in name:  # it tells the offset
        assert positions["time"].tolist() == [TIME]
    else:
        assert decoder.outcomes["unknown_zone"] == 1
    _, positions, _, _ = read(text, columns, hints=SourceHints(timezone="Asia/Seoul"))
    assert positions["time"].tolist() == [TIME]
    for same in ("Time (UTC)", "Time UTC+00:00"):
        assert read(text.replace(name, same), f"time={same}")[1]["time"].tolist() == [TIME + 9 * HOUR]


def test_a_unit_in_the_name_of_a_column() -> None:
    text = "mmsi,time,lat,lon,Speed (km/h)\n273111111,2023-01-11 00:00:00,42.5,132.5,18.7052\n"
    _, positions, _, _ = read(text)
    assert positions["sog"][0] == pytest.approx(10.1, abs=0.01)


def test_speeds_of_marinetraffic_are_tenths_where_they_are_whole() -> None:
    head = "MMSI,LAT,LON,SPEED,HEADING,COURSE,STATUS,TIMESTAMP,DSRC\n273111111,42.5,132.5,"
    _, positions, _, notes = read(f"{head}101,91,90,0,2023-01-11T00:00:00,TER\n")
    assert positions["sog"][0] == pytest.approx(10.1)
    assert any("tenths of a knot" in note for note in notes)
    _, positions, _, _ = read(f"{head}10.1,91,90,0,2023-01-11T00:00:00,TER\n")
    assert positions["sog"][0] == pytest.approx(10.1)
    _, positions, _, _ = read(f"{head}10,91,90,0,2023-01-11T00:00:00,TER\n", units="sog=kn")
    assert positions["sog"][0] == pytest.approx(10)


def danish(time: str, kind: str, lat: str, name: str = "Unknown") -> str:
    return (
        "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational "
        "status,SOG,COG,Heading,IMO,Name,Ship type,"
        f"Cargo type\n{time},{kind},273111111,{lat},11.5,Moored,,,,Unknown,{name},Tanker,Category X\n"
    )


def test_danish_rows() -> None:
    _, positions, statics, _ = read(danish("03/02/2023 00:00:00", "Class A", "57.5", "TEST SHIP"))
    assert positions["time"].tolist() == [from_text("2023-02-03T00:00:00Z")]
    assert [bool(np.isnan(positions[name][0])) for name in ("sog", "cog", "heading")] == [True] * 3
    assert statics["ship_type"].tolist() == [81]
    _, positions, statics, _ = read(danish("03/02/2023 00:00:00", "Class B", "91.0", "TEST SHIP"))
    assert len(positions) == 0
    assert set(statics["type"].tolist()) == {24}
    assert statics["name"].tolist().count(b"TEST SHIP") == 1
    _, positions, _, _ = read(danish("03/02/2023 00:00:00", "Base Station", "57.5"))
    assert positions["type"].tolist() == [4]
    decoder, _, _, _ = read(danish("03/02/2023 00:00:00", "AtoN", "57.5"))
    assert decoder.outcomes["no_report"] == 1


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("0,2023-01-11T00:00:00,42.5,132.5", "no_mmsi"),
        ("x,2023-01-11T00:00:00,42.5,132.5", "no_mmsi"),
        ("1263940000000000,2023-01-11T00:00:00,42.5,132.5", "no_mmsi"),
        ("273111111,,42.5,132.5", "no_time"),
        ("273111111,soon,42.5,132.5", "no_time"),
        ("273111111,2023-01-11T00:00:00,,", "no_report"),
        ("273111111,2023-01-11T00:00:00,91,181", "no_report"),
        ("273111111,2023-01-11 00:00:00 KST,42.5,132.5", "unknown_zone"),
        ("273111111,03/04/2023 00:00:00,42.5,132.5", "unknown_date_order"),
        ("273111111,2023-01-11T00:00:00,42.5,132.5,more", "malformed"),
        ("273111111,2023-01-11T00:00:00,42.5", "malformed"),
    ],
)
def test_a_row_that_becomes_nothing_says_why(row: str, outcome: str) -> None:
    decoder = Decoder("a")
    for frame in CsvText().frames("a", iter([f"mmsi,time,lat,lon\n{row}\n".encode()]), Cutting(1 << 18, 500)):
        decoder.feed(frame)
    decoder.end()
    rejects = decoder.advance(decoder.watermark).rejects
    assert +decoder.outcomes == {"context": 1, outcome: 1}
    assert [reject.line for reject in rejects] == [2]
    assert rejects[0].head.decode() == row


@pytest.mark.parametrize("kind", ["A", "B"])
@pytest.mark.parametrize(("lat", "lon"), [("", ""), ("91", "181"), ("95", "132.5")])
def test_static_data_counts_where_there_is_no_position(kind: str, lat: str, lon: str) -> None:
    row = ROW.replace("42.5,132.5", f"{lat},{lon}")
    decoder, positions, statics, _ = read(f"{HEADER},TransceiverClass\n{row},{kind}\n")
    assert +decoder.outcomes == {"context": 1, "message": 1}
    assert len(positions) == 0
    assert b"TEST SHIP" in statics["name"].tolist()
    assert b"CALL1" in statics["callsign"].tolist()


@pytest.mark.parametrize("time", ["", "soon", "0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_a_row_without_a_time_does_not_take_that_of_the_row_before(time: str) -> None:
    decoder, positions, _, _ = read("\n".join([HEADER, ROW, ROW.replace("2023-01-11T00:00:00", time), ROW]))
    assert decoder.outcomes["no_time"] == 1
    assert set(positions["time"].tolist()) == {TIME}


def test_a_nul_in_a_cell_loses_nothing() -> None:
    data = f"{HEADER}\n{ROW}\n".encode().replace(b"TEST SHIP", b"TEST\0 SHIP")
    assert recognised(data).name == "csv"
    _, positions, statics, _ = read(data)
    assert (positions["mmsi"].tolist(), statics["imo"].tolist()) == ([273111111], [9074729])


@pytest.mark.filterwarnings("error")
def test_numbers_out_of_all_bounds_are_not_available() -> None:
    row = ROW.replace("10.1,90.4,91.0", "1e308,nan,-1e400").replace("150,22,8.5", "1e99,-5,1e308")
    decoder, positions, _, _ = read(f"{HEADER}\n{row}\n")
    assert +decoder.outcomes == {"context": 1, "message": 1}
    assert [bool(np.isnan(positions[name][0])) for name in ("sog", "cog", "heading")] == [True] * 3


def test_the_order_of_dates_is_told_by_the_rows_or_the_user() -> None:
    text = "mmsi,time,lat,lon\n1,03/04/2023 00:00:00,1,2\n1,13/04/2023 00:00:00,1,2\n"
    assert read(text)[1]["time"].tolist()[0] == from_text("2023-04-03T00:00:00Z")
    hints = SourceHints(date_order=DateOrder.MONTH_FIRST)
    first = read("mmsi,time,lat,lon\n1,03/04/2023 00:00:00,1,2\n", hints=hints)[1]
    assert first["time"].tolist() == [from_text("2023-03-04T00:00:00Z")]


def test_static_data_is_written_when_new_soon_again_and_every_hour() -> None:
    rows = [ROW.replace("T00:00:00", f"T0{minute // 60}:{minute % 60:02}:00") for minute in range(130)]
    rows[9] = rows[9].replace("TEST SHIP", "OTHER NAME")
    _, positions, statics, _ = read("\n".join([HEADER, *rows]))
    assert len(positions) == 130
    assert [(row["time"] - TIME) // 60_000 for row in statics] == [0, 6, 9, 10, 12, 60, 120]


def test_a_row_over_several_lines() -> None:
    decoder, positions, _, _ = read(
        'mmsi,time,lat,lon,remark\n1,2023-01-11T00:00:00,1,2,"a\nb"\n2,2023-01-11T00:00:00,1,2,c\n'
    )
    assert positions["mmsi"].tolist() == [1, 2]
    assert +decoder.outcomes == {"message": 2, "context": 2}


CELL = st.text("0123456789.,-+eE\";\t 'x", max_size=8) | st.sampled_from(
    ["", "273111111", "42.5", "nan", "1e999"]
)


@given(st.binary(max_size=200) | st.lists(st.lists(CELL, max_size=6), max_size=8).map(
    lambda rows: "\n".join(",".join(cells) for cells in rows).encode()
), st.integers(1, 80), st.booleans())  # fmt: skip
def test_any_bytes_are_accounted_for(data: bytes, size: int, headed: bool) -> None:
    data = (b"mmsi,time,lat,lon,name,sog\n" if headed else b"") + data.replace(b"\r", b"")
    if not data:
        return
    try:
        read(data, "" if headed else "mmsi=1,time=2,lat=3,lon=4", size=size)
    except SourceError as error:
        assert not headed
        assert "--columns" in str(error)  # noqa: PT017


def test_frames_do_not_depend_on_how_text_comes() -> None:
    text = "\n".join([HEADER, *(ROW.replace("T00", f"T{hour:02}") for hour in range(24))])
    whole, parts = read(text)[1], read(text, size=7)[1]
    assert joined([whole], whole.dtype).tobytes() == joined([parts], parts.dtype).tobytes()


AISHUB = "MMSI,TSTAMP,LATITUDE,LONGITUDE,COG,SOG,HEADING,NAVSTAT,IMO,NAME,CALLSIGN,TYPE,A,B,C,D,DRAUGHT"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "MMSI,LAT,LON,SPEED,HEADING,COURSE,STATUS,TIMESTAMP,DSRC,SHIPNAME,SHIPTYPE,IMO,CALLSIGN,LENGTH,"
            "WIDTH,DRAUGHT",
            "273111111,42.5,132.5,101,91,90.4,5,2023-01-11T00:00:00,TER,TEST SHIP,80,9074729,CALL1,150,22,85",
        ),
        (
            AISHUB,
            "273111111,1673395200,25500000,79500000,904,101,91,5,9074729,TEST SHIP,CALL1,80,0,150,0,22,85",
        ),
        (
            AISHUB,
            '273111111,"2023-01-11 00:00:00 GMT",42.5,132.5,90.4,10.1,91,5,9074729,"TEST SHIP",CALL1,80,0,'
            "150,0,22,8.5",
        ),
        (
            "mmsi,t,lat,lon,sog,cog,heading,status,name,imo,callsign,type,length,width,draught",
            "273111111,1673395200,42°30.0'N,132.5 E,10.1 kn,90.4°,91,5,TEST SHIP,9074729,CALL1,Tanker,150 m,"
            "22 m,8.5m",
        ),
        (HEADER, ROW.replace("2023-01-11T00:00:00", "1/11/2023 12:00:00 AM")),
        (HEADER, f"{ROW}\n{HEADER}"),
    ],
    ids=["MarineTraffic", "AISHub as sent", "AISHub", "units", "MarineCadastre of 2009", "two files in one"],
)
def test_layouts_with_units_and_names_of_their_own(header: str, row: str) -> None:
    decoder, positions, statics, _ = read(f"{header}\n{row}\n")
    is_the_row(positions, statics)
    assert set(+decoder.outcomes) == {"message", "context"}


def test_points_as_texts_are_positions() -> None:
    text = f"mmsi;time;geom\n273111111;{TIME};SRID=4326;POINT(1 2)\n".replace("SRID=4326;", "")
    text += f"273111112;{TIME};SRID=4326 POINT Z (132.5 42.5 0)\n273111113;{TIME};\n"
    decoder, positions, _, notes = read(text)
    assert positions["lon"].tolist() == pytest.approx([1, 132.5])
    assert positions["lat"].tolist() == pytest.approx([2, 42.5])
    assert decoder.outcomes["no_report"] == 1
    assert "lon=geom, lat=geom" in notes[0]


def test_a_draught_that_no_ship_has_is_none() -> None:
    _, _, statics, _ = read(f"{HEADER}\n{ROW.replace('8.5', '85')}\n")
    assert np.isnan(statics["draught"]).all()


SHIPS = [(273111110 + at, f"2023-01-11 00:{at:02}:00", 42.5, 132.5, f"SHIP {at}") for at in range(8)]


@pytest.mark.parametrize("quoted", [True, False])
@given(data=st.data())
def test_quotes_that_are_not_closed_are_letters_and_no_other_row_is_lost(
    quoted: bool, data: st.DataObject
) -> None:
    """Names by radio have them, and not everybody who writes CSV doubles them."""
    rows = [",".join(f'"{cell}"' if quoted else str(cell) for cell in ship) for ship in SHIPS]
    spoilt = data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1, max_size=3))
    for at in spoilt:
        place = data.draw(st.integers(0, len(rows[at])))
        rows[at] = rows[at][:place] + '"' + rows[at][place:]
    _, positions, _, _ = read("\n".join(["mmsi,time,lat,lon,name", *rows]))
    left = {ship[0] for ship in SHIPS} - set(positions["mmsi"].tolist())
    assert left <= {SHIPS[at][0] for at in spoilt}


def test_a_quote_in_a_name_spoils_no_row() -> None:
    names = ['"', 'THE "STAR', '"STAR', 'STAR"', 'A "B" C', "A", "B", "C"]
    for form in ("{},{},{},{},{}", '"{}","{}","{}","{}","{}"'):
        rows = [form.format(*ship[:4], name) for ship, name in zip(SHIPS, names, strict=True)]
        decoder, positions, _, _ = read("\n".join(["mmsi,time,lat,lon,name", *rows]))
        assert len(positions) == len(SHIPS), form
        assert decoder.outcomes["message"] == len(SHIPS)


def test_another_header_in_the_middle_begins_another_table() -> None:
    """Two files that were put together, of which the second has other columns."""
    first = ["mmsi,time,lat,lon,name", *(",".join(map(str, ship)) for ship in SHIPS[:4])]
    second = [
        "LON;LAT;Name;Time;MMSI",
        *(";".join(map(str, (s[3], s[2], s[4], s[1], s[0]))) for s in SHIPS[4:]),
    ]
    for size in (7, 1 << 16):
        decoder, positions, statics, notes = read("\n".join([*first, *second, *first[:3], ""]), size=size)
        assert sorted(positions["mmsi"].tolist()) == [ship[0] for ship in SHIPS]
        assert set(positions["lat"].round(3).tolist()) == {42.5}
        assert set(statics["name"].tolist()) == {ship[4].encode() for ship in SHIPS}
        assert decoder.outcomes["context"] == 3
        assert len(notes) == 3


@pytest.mark.parametrize("form", ["'{}'", '"=""{}"""', '="{}"'])
def test_apostrophes_and_formulas_of_excel_around_cells_are_quotes(form: str) -> None:
    rows = [",".join(form.format(cell) for cell in ship) for ship in SHIPS]
    _, positions, statics, _ = read("\n".join(["mmsi,time,lat,lon,name", *rows]))
    assert positions["mmsi"].tolist() == [ship[0] for ship in SHIPS]
    assert set(statics["name"].tolist()) == {ship[4].encode() for ship in SHIPS}


def test_points_of_geojson_in_cells() -> None:
    point = '{""type"": ""Point"", ""coordinates"": [132.5, 42.5]}'
    _, positions, _, _ = read(f'mmsi,time,geometry\n273111111,2023-01-11 00:00:00,"{point}"\n')
    assert (positions["lon"][0], positions["lat"][0]) == pytest.approx((132.5, 42.5), abs=1e-5)


@pytest.mark.parametrize(
    "head", [b"ARROW1\0\0", b"SQLite format 3\0", b"%PDF-1.7\n", b"<!DOCTYPE html>\n<html>"]
)
def test_what_is_no_recording_is_named(head: bytes) -> None:
    with pytest.raises(SourceError, match=r"is a .*, which is not read; give a recording"):
        recognised(head)


def test_a_long_text_is_no_name_of_a_column() -> None:
    """What is searched for a unit is short: a line of megabytes took minutes."""
    assert field_of("[" * 2_000_000) == ""
    assert field_of("Speed (kn)") == "sog"
