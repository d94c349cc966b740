"""Positions and times in several columns, or in spellings of their own."""

import pytest

from models.source_hints import DateOrder, SourceHints
from streams.recordings.formats.known import recognised
from tests.streams.recordings.formats.csv_reading import TIME, read

TIME_TEXT, WEST = "2023-01-11T00:00:00Z", -132.5


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("mmsi,time,lat,N/S,lon,E/W", f"273111111,{TIME_TEXT},42.5,N,132.5,W"),
        ("mmsi,time,Latitude,Lat Dir,Longitude,Lon Dir", f"273111111,{TIME_TEXT},42.5,North,132.5,west"),
        ("mmsi,time,lat,ns,lon,ew", f"273111111,{TIME_TEXT},4230.00,N,13230.000,W"),
        ("mmsi,time,Lat Deg,Lat Min,Lat Hem,Lon Deg,Lon Min,Lon Hem",
         f"273111111,{TIME_TEXT},42,30,N,132,30,W"),
        ("mmsi,time,lat_d,lat_m,lat_s,lon_d,lon_m,lon_s", f"273111111,{TIME_TEXT},42,29,60,-132,29,60"),
        ("mmsi,time,lat,lon", f'273111111,{TIME_TEXT},"42° 30\' 0.0"" N","132° 30\' 00"" W"'),
        ("mmsi,time,lat,lon", f"273111111,{TIME_TEXT},42-30.00N,132-30.000W"),
        ("mmsi,Year,Month,Day,Hour,Minute,Second,lat,lon", "273111111,2023,1,11,0,0,0,42.5,-132.5"),
        ("mmsi,Time (UTC+9),lat,lon", "273111111,2023-01-11 09:00:00,42.5,-132.5"),
        ("mmsi,Time (KST),lat,lon", "273111111,2023-01-11 09:00:00+09:00,42.5,-132.5"),
        ("mmsi,time,lat,lon", "273111111,44937,42.5,-132.5"),
        ("mmsi,time,lat,lon", "273111111,2023-W02-3T00:00:00Z,42.5,-132.5"),
        ("Report,,,\nmmsi,time,lat,lon", f'"273,111,111",{TIME_TEXT},42.5,-132.5'),
        ("Positions of vessels\n\nvessel mmsi,message timestamp,position latitude,position longitude",
         f"273111111,{TIME_TEXT},42.5,-132.5"),
    ],
)  # fmt: skip
def test_a_position_and_its_time_however_they_are_split(header: str, cells: str) -> None:
    text = f"{header}\n{cells}\n"
    assert recognised(text.encode()).name == "csv"
    _, (row,), _, _ = read(text)
    assert (row["mmsi"], row["time"]) == (273111111, TIME)
    assert (row["lat"], row["lon"]) == pytest.approx((42.5, WEST), abs=1e-5)


@pytest.mark.parametrize(
    ("header", "cells", "outcome"),
    [
        ("mmsi,Time (KST),lat,lon", "273111111,2023-01-11 09:00:00,42.5,132.5", "unknown_zone"),
        ("mmsi,Local Time,lat,lon", "273111111,2023-01-11 09:00:00,42.5,132.5", "unknown_zone"),
        ("mmsi,Date,Local Time,lat,lon", "273111111,2023-01-11,09:00:00,42.5,132.5", "unknown_zone"),
        ("mmsi,Time (KST),lat,lon", "273111111,44937.375,42.5,132.5", "unknown_zone"),
        ("mmsi,time,lat,lon", "273111111,14-03-24 22:13:20,42.5,132.5", "unknown_date_order"),
        ("mmsi,time,lat,lon", "273111111,24.03.14 22:13:20,42.5,132.5", "unknown_date_order"),
        ("mmsi,time,lat,lon", "273111111,2023-366T22:13:20,42.5,132.5", "no_time"),
        ("mmsi,Year,Month,Day,lat,lon", "273111111,2023,1,11,42.5,132.5", "no_time"),
        ("mmsi,Year,Month,Day,Hour,Minute,lat,lon", "273111111,2023,1,11,9.5,0,42.5,132.5", "no_time"),
        ("mmsi,Year,Month,Day,Hour,Minute,lat,lon", "273111111,inf,1,11,9,0,42.5,132.5", "no_time"),
        ("mmsi,date,time,lat,lon", "273111111,140324,221320,42.5,132.5", "unknown_date_order"),
        ("mmsi,time,lat,lon", f"2.73E+08,{TIME_TEXT},42.5,132.5", "no_mmsi"),
        ("mmsi,time,lat,ns,lon,ew", f"273111111,{TIME_TEXT},42.5,,132.5,W", "no_report"),
        ("mmsi,time,lat,ns,lon,ew", f"273111111,{TIME_TEXT},4275.00,N,13230.00,W", "no_report"),
        ("mmsi,time,lat_d,lat_m,lon_d,lon_m", f"273111111,{TIME_TEXT},42,,132,30", "no_report"),
        ("mmsi,time,lat_d,lat_m,lon_d,lon_m", f"273111111,{TIME_TEXT},42,75,132,30", "no_report"),
    ],
)
def test_what_cannot_be_decided_is_refused(header: str, cells: str, outcome: str) -> None:
    decoder, _, _, _ = read(f"{header}\n{cells}\n")
    assert +decoder.outcomes == {"context": 1, outcome: 1}


def test_shortened_numbers_are_told_also_beside_whole_ones() -> None:
    row = f",{TIME_TEXT},42.5,132.5\n"
    decoder, positions, _, _ = read(
        f"mmsi,time,lat,lon\n2.73E+08{row}4.4E+08{row}2573450{row}538005123{row}273123000{row}"
    )
    assert positions["mmsi"].tolist() == [2573450, 273123000, 538005123]
    assert decoder.outcomes["no_mmsi"] == 2


@pytest.mark.parametrize("sign", ["-", "/", "."])
def test_a_year_of_two_digits_is_read_with_the_order_of_dates(sign: str) -> None:
    text = "mmsi,time,lat,lon\n1,11-01-23 00:00:00,1,2\n".replace("-", sign)
    assert read(text, hints=SourceHints(date_order=DateOrder.DAY_FIRST))[1]["time"].tolist() == [TIME]
