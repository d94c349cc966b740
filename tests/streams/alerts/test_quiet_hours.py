"""Quiet hours across midnight and across changes of the clock, compared with local time."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.time import DAY, HOUR, MINUTE, from_text
from streams.alerts.quiet_hours import Quiet


def quiet(start: str, end: str, zone: str) -> Quiet:
    return msgspec.convert({"from": start, "to": end, "zone": zone}, Quiet)


clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
zones = st.sampled_from(
    ("UTC", "Europe/Berlin", "Asia/Seoul", "Asia/Kolkata", "America/Sao_Paulo", "Australia/Lord_Howe")
)
moments = st.integers(
    from_text("2015-01-01T00:00:00Z") // MINUTE, from_text("2027-01-01T00:00:00Z") // MINUTE
).map(lambda minutes: minutes * MINUTE)


@given(clocks, clocks, zones, moments)
def test_quiet_hours_follow_local_time(start: str, end: str, zone: str, now: int) -> None:
    if start == end:
        return
    until = quiet(start, end, zone).until(now)
    wall = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    text = f"{wall:%H:%M}"
    expected = start <= text < end if start < end else text >= start or text < end
    around = {
        (wall.astimezone(UTC) + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).utcoffset()
        for hours in (-26, 0, 26)
    }
    if len(around) == 1:
        assert (until is not None) == expected
    if until is not None:
        assert now < until <= now + DAY + HOUR
        assert quiet(start, end, zone).until(until) is None
        assert quiet(start, end, zone).until(until - 1) == until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-28T20:59:00Z", None),  # 21:59 in winter
        ("2026-03-28T21:00:00Z", "2026-03-29T05:00:00Z"),  # the clock goes from 2 to 3 in this night
        ("2026-03-29T04:59:00Z", "2026-03-29T05:00:00Z"),
        ("2026-03-29T05:00:00Z", None),  # 7:00 in summer
        ("2026-10-24T19:59:00Z", None),  # 21:59 in summer
        ("2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"),  # and back from 3 to 2 in this one
        ("2026-10-25T05:59:00Z", "2026-10-25T06:00:00Z"),
        ("2026-10-25T06:00:00Z", None),
    ],
)
def test_a_night_is_an_hour_shorter_or_longer_when_the_clock_changes(now: str, until: str | None) -> None:
    found = quiet("22:00", "07:00", "Europe/Berlin").until(from_text(now))
    assert found == (None if until is None else from_text(until))


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),  # there is no 2:30: it ends as much after the leap
        ("2026-10-25T00:15:00Z", "2026-10-25T01:30:00Z"),  # there are two: it ends at the second
        ("2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"),
    ],
)
def test_an_end_that_does_not_exist_or_comes_twice(now: str, until: str) -> None:
    assert quiet("22:00", "02:30", "Europe/Berlin").until(from_text(now)) == from_text(until)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"from": "7:00"}, "from = '7:00' is not a time of day; give one like 22:00"),
        ({"to": "24:00"}, "to = '24:00'"),
        ({"to": "22:00"}, "from and to are both 22:00"),
        ({"zone": "Europe/Bonn"}, "zone = 'Europe/Bonn' is not a time zone; give one like Europe/Berlin"),
        ({"zone": "/etc/passwd"}, "is not a time zone"),
        ({"zone": ""}, "is not a time zone"),
    ],
)
def test_invalid_quiet_hours_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(msgspec.ValidationError) as raised:
        msgspec.convert({"from": "22:00", "to": "07:00", "zone": "UTC", **changes}, Quiet)
    assert told in str(raised.value)
