"""Times as text, in the spellings of loggers: read with their zone, or refused, but never read wrongly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.source_hints import DateOrder
from models.time import Millis, from_text
from streams.decoding.lines.time_text import TextRules, TimeProblem, day_month, epoch, read_time, zone_of

DAY: Millis = from_text("2024-01-02T00:00:00Z")
SEOUL = TextRules("Asia/Seoul", DateOrder.DAY_FIRST)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jan  2 03:04:05 pi ais[1]: ", "2024-01-02T03:04:05Z"),
        ("<13>Dec 31 03:04:05 pi", "2023-12-31T03:04:05Z"),
        ("Dec 30 03:04:05 pi", "2023-12-30T03:04:05Z"),
        ("Jun 30 03:04:05 pi", "2024-06-30T03:04:05Z"),
        ("Jan  2 03:04:05 PM pi", "2024-01-02T15:04:05Z"),
        ("Jan  2 03:04:05 +0900 pi", "2024-01-01T18:04:05Z"),
        ("Jan  2 03:04:05 1234", "2024-01-02T03:04:05Z"),
        ("Jan  2 03:04:05 AIS 4001", "2024-01-02T03:04:05Z"),
        ("Jan  2 03:04:05 AIS 2001", "2024-01-02T03:04:05Z"),
        ("Jan  5 12:00:00 gw ais[1]: 2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("Jan  5 12:00:00 gw ais[1]: 2024-13-02 1:00 2024-01-02 03:04:05Z", "2024-01-02T03:04:05Z"),
        ("Jan  5 12:00:00 gw ais[1]: 1704164645.5", "2024-01-02T03:04:05.500Z"),
        ("Feb 30 03:04:05 pi", None),
        ("Jan 32 25:04:05 pi", None),
    ],
)
def test_a_date_without_a_year_is_the_nearest_one(text: str, expected: str | None) -> None:
    rules = TextRules(near=from_text("2024-01-01T00:00:00Z"))
    assert read_time(text.encode(), rules) == (expected and from_text(expected))


def test_a_zone_behind_a_date_without_a_year() -> None:
    text, near = b"Jan  2 03:04:05 JST gw", DAY
    assert read_time(text, TextRules(near=near)) == TimeProblem.ZONE
    assert read_time(text, TextRules("Asia/Tokyo", near=near)) == from_text("2024-01-01T18:04:05Z")


def test_a_stamp_without_a_year_does_not_hide_the_date_behind_it() -> None:
    assert day_month(b"Jan  5 12:00:00 gw: 13/01/2024 03:04:05") == (13, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04", "2024-01-02T03:04:00Z"),
        ("2024-01-02T03:04:05.1Z", "2024-01-02T03:04:05.100Z"),
        ("2024-01-02T03:04:05.123456789+09:00", "2024-01-01T18:04:05.123Z"),
        ("2024-01-02T03:04:05+09", "2024-01-01T18:04:05Z"),
        ("2024-01-02T03:04:05+0900", "2024-01-01T18:04:05Z"),
        ("2024-01-02 03:04:05 +09:00", "2024-01-01T18:04:05Z"),
        ("2024-01-02 03:04:05 -0330", "2024-01-02T06:34:05Z"),
        ("2024-01-02 03:04:05 UTC+9 ", "2024-01-01T18:04:05Z"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05.94 +0000 UTC", "2024-01-02T03:04:05.940Z"),
        ("2024-01-02 03:04:05 PM", "2024-01-02T15:04:05Z"),
        ("2024-01-02 12:04:05 am", "2024-01-02T00:04:05Z"),
        ("2024-01-02 12:04:05 p.m. +09", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05,810: ", "2024-01-02T03:04:05.810Z"),
        ("2024-01-02 03:04:05,7,", "2024-01-02T03:04:05Z"),
        ("2024/01/02 03:04:05 ", "2024-01-02T03:04:05Z"),
        ("2024/1/2 3:04:05 ", "2024-01-02T03:04:05Z"),
        ("20240102T030405Z", "2024-01-02T03:04:05Z"),
        ("20240102030405", "2024-01-02T03:04:05Z"),
        ("20240102-030405.5+0900", "2024-01-01T18:04:05.500Z"),
        ("02.01.2024 03:04:05", "2024-01-02T03:04:05Z"),
        ("2 Jan 2024 03:04:05 +0900", "2024-01-01T18:04:05Z"),
        ("January 2, 2024 3:04:05 PM", "2024-01-02T15:04:05Z"),
        ('"2024-01-02","03:04:05",', "2024-01-02T03:04:05Z"),
        ("1704164645,", "2024-01-02T03:04:05Z"),
        ("[1704164645.25] ", "2024-01-02T03:04:05.250Z"),
        ("1704164645123;N;", "2024-01-02T03:04:05.123Z"),
        ("1704164645123456 ", "2024-01-02T03:04:05.123Z"),
        ("1704164645123456789 ", "2024-01-02T03:04:05.123Z"),
        ("2024-01-02 03:04:05 INFO ", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05 -106.9 dBm", "2024-01-02T03:04:05Z"),
        ("Tue Jan  2 03:04:05 2024 ", "2024-01-02T03:04:05Z"),
        ("Tue Jan  2 03:04:05.25 UTC 2024 ", "2024-01-02T03:04:05.250Z"),
        ("Tue Jan  2 03:04:05 PM UTC 2024 ", "2024-01-02T15:04:05Z"),
        ("Tue Jan  2 03:04:05 2024 +0900", "2024-01-01T18:04:05Z"),
        ("Tue Jan  2 03:04:05 +0900 2024", "2024-01-01T18:04:05Z"),
        ("Tue Jan  2 03:04:05 KST 2024 ", TimeProblem.ZONE),
        ("Tue Jan  2 03:04:05 2024 KST ", TimeProblem.ZONE),
        ("Jan  5 12:00:00 gw ais[1]: 2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("Jan  2 03:04:05 pi ais[1]: ", None),
        ("273111111,", None),
        ("2024-13-02 03:04:05", None),
        ("2024-01-02 25:04:05", None),
        ("2024-01-02 13:04:05 PM", None),
        ("12345678901", None),
        ("", None),
        ("03/04/2024 03:04:05", TimeProblem.DATE_ORDER),
        ("2024-01-02 03:04:05 KST ", TimeProblem.ZONE),
        ("2024-01-02 03:04:05KST ", TimeProblem.ZONE),
        ("2024-01-02 03:04:05 (CEST) ", TimeProblem.ZONE),
        ("2024-01-02 03:04:05 Asia/Seoul ", TimeProblem.ZONE),
        ("2024-01-02 03:04:05 XYZ ", TimeProblem.ZONE),
        ("20240102 030405 JST", TimeProblem.ZONE),
    ],
)
def test_spellings(text: str, expected: str | TimeProblem | None) -> None:
    wanted = from_text(expected) if isinstance(expected, str) and expected[:2] == "20" else expected
    assert read_time(text.encode(), TextRules()) == wanted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-02 03:04:05", "2024-01-01T18:04:05Z"),
        ("2024-01-02 03:04:05 KST ", "2024-01-01T18:04:05Z"),
        ("2024-01-02 03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05 +01", "2024-01-02T02:04:05Z"),
        ("02/01/2024 03:04:05", "2024-01-01T18:04:05Z"),
        ("1704164645", "2024-01-02T03:04:05Z"),
    ],
)
def test_a_given_zone_and_order(text: str, expected: str) -> None:
    assert read_time(text.encode(), SEOUL) == from_text(expected)


@pytest.mark.parametrize(
    ("zone", "local", "utc"),
    [
        ("Europe/Berlin", "2024-07-01 12:00:00", "2024-07-01T10:00:00Z"),
        ("Europe/Berlin", "2024-01-01 12:00:00", "2024-01-01T11:00:00Z"),
        ("Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27T00:30:00Z"),  # comes twice
        ("-03:30", "2024-01-01 12:00:00", "2024-01-01T15:30:00Z"),
        ("Asia/Pyongyang", "2016-01-01 08:30:00", "2016-01-01T00:00:00Z"),
    ],
)
def test_zones(zone: str, local: str, utc: str) -> None:
    assert read_time(local.encode(), TextRules(zone)) == from_text(utc)


@pytest.mark.parametrize("name", ["Asia/Soul", "+15:00", "KST+9", "../../etc/passwd", "9"])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone; give one such as"):
        zone_of(name)


@given(st.integers(10**9, 10**11 - 1), st.integers(0, 999))
def test_numbers_of_every_unit(seconds: int, millis: int) -> None:
    time = seconds * 1000 + millis
    assert epoch(b"%d" % seconds) == seconds * 1000
    assert epoch(b"%d.%03d" % (seconds, millis)) == time
    assert epoch(b"%d" % time) == time
    assert epoch(b"%d456" % time) == time
    assert epoch(b"%d456789" % time) == time


@given(st.binary(max_size=60))
def test_any_text(text: bytes) -> None:
    read_time(text, TextRules())
    read_time(text, SEOUL)
    epoch(text)
