"""The times of a source: decided once by its first lines, and told in the report."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from models.frame import Frame
from models.source_hints import DateOrder, SourceHints
from models.time import DAY, HOUR, MINUTE, SECOND, Millis, from_text, to_text
from streams.decoding.decoder import Decoder
from streams.decoding.lines.source_times import TimeKind
from streams.decoding.settings import DecoderSettings
from tests.streams.nmea_lines import START, checksum, class_a, decode, pghp, sentence, tag


def decoded(lines: Iterable[str], settings: DecoderSettings | None = None, **hints: Any) -> Decoder:
    decoder = Decoder("test", settings, SourceHints(**hints))
    decoder.feed(Frame("test", "".join(line + "\n" for line in lines).encode()))
    decoder.end()
    decoder.advance(0)
    return decoder


def outcomes(decoder: Decoder) -> dict[str, int]:
    return {str(name): count for name, count in decoder.outcomes.items() if count}


def times(lines: Iterable[str], settings: DecoderSettings | None = None, **hints: Any) -> list[Millis]:
    decoder = decoded(lines, settings, **hints)
    return [int(time) for time in decoder.advance(decoder.watermark).reports.positions["time"]]


def fix(number: int, time: Millis = START) -> str:
    """A position whose UTC second is that of the time."""
    return sentence(*class_a(1 + number, second=time // SECOND % 60))


def text(time: Millis, form: str = "%Y-%m-%d %H:%M:%S") -> str:
    return datetime.fromtimestamp(time / 1000, UTC).strftime(form)


def test_a_worse_kind_of_time_that_agrees_is_used_and_one_that_does_not_is_not() -> None:
    for ahead, expected in ((1, 31), (2 * HOUR, 29)):
        both = [
            tag(START + n * SECOND) + f"{fix(n)},{(START + ahead + n * SECOND) // 1000}" for n in range(30)
        ]
        alone = f"{fix(99)},{(START + ahead + 31 * SECOND) // 1000}"
        found = times([*both, alone])
        assert found[-1] == START + expected * SECOND, "the time of the source where its own does not count"
        (difference,) = decoded([*both, alone]).report.survey.differences
        assert (difference.better, difference.other, difference.lines) == (TimeKind.TAG, TimeKind.SUFFIX, 30)
        assert difference.median == ahead // 1000 * 1000


def test_pghp_within_the_lines_that_follow() -> None:
    settings = DecoderSettings(pghp_lines=5)
    told = [fix(n) for n in range(4)]
    context = [pghp(START + n * SECOND, line) for n, line in enumerate(told)]
    assert times([*context, *reversed(told)], DecoderSettings(pghp_lines=7)) == [
        START + n * SECOND for n in range(4)
    ]
    assert times([context[0], context[1], *["# x"] * 2, told[1], told[0]], settings) == [
        START,
        START + SECOND,
    ]
    far = decoded([context[0], *(fix(90 + n) for n in range(5)), told[0]], settings)
    assert outcomes(far) == {"context": 1, "no_time": 6}
    same = sentence(*class_a(1, second=60))  # without a UTC second it can come twice
    twice = [pghp(START, same), pghp(START + 9 * SECOND, same), same, same]
    assert times(twice[:-1]) == [START + 9 * SECOND], "the one right before the sentence"
    assert times(twice, DecoderSettings(duplicate_window_seconds=0)) == [START, START + 9 * SECOND]


def test_tag_blocks_without_a_good_checksum() -> None:
    def spoilt(n: int, how: str) -> str:
        block = tag(START + n * SECOND, "st")
        return (block[:-4] + "\\" if how == "missing" else block[:-3] + "7F\\") + fix(n)

    for how in ("missing", "wrong"):
        decoder = decoded([spoilt(n, how) for n in range(5)])
        assert decoder.report.survey.rules.trust_tags
        assert any("5 tag blocks could not be checked" in line for line in decoder.report.sentences())
        assert times([spoilt(n, how) for n in range(5)]) == [START + n * SECOND for n in range(5)]
    good = [tag(START + n * SECOND) + fix(n) for n in range(5)]
    decoder = decoded([*good, spoilt(60, "wrong")])
    assert not decoder.report.survey.rules.trust_tags
    assert any("1 tag block with a missing or wrong checksum" in line for line in decoder.report.sentences())
    assert times([*good, spoilt(60, "wrong")])[-1] == START + 4 * SECOND


@pytest.mark.parametrize(
    ("dates", "order", "expected"),
    [
        (["03/04/2024", "13/04/2024"], "", ["2024-04-03", "2024-04-13"]),
        (["03/04/2024", "03/24/2024"], "", ["2024-03-04", "2024-03-24"]),
        (["03/04/2024", "03/05/2024"], "", []),
        (["03/24/2024", "13/04/2024", "03/04/2024"], "", ["2024-03-24", "2024-04-13"]),
        (["03/04/2024", "03/05/2024"], "dmy", ["2024-04-03", "2024-05-03"]),
        (["03/04/2024", "03/05/2024"], "mdy", ["2024-03-04", "2024-03-05"]),
    ],
)
def test_order_of_day_and_month(dates: list[str], order: str, expected: list[str]) -> None:
    lines = [f"{date} 12:00:00 {fix(n)}" for n, date in enumerate(dates)]
    assert [to_text(time)[:10] for time in times(lines, date_order=DateOrder(order))] == expected
    report = decoded(lines, date_order=DateOrder(order)).report
    if not expected:
        assert report.refusal is not None
        assert report.refusal.line == 1
        assert "--date-order" in (report.problem or "")


def test_the_order_is_fixed_by_the_first_lines() -> None:
    lines = [f"03/04/2024 12:00:{n:02} {fix(n)}" for n in range(9)]
    decoder = decoded([*lines, f"13/04/2024 12:00:00 {fix(10)}"], DecoderSettings(opening_lines=9))
    assert outcomes(decoder) == {"unknown_date_order": 9}, "the 13 can only be a day"


def test_a_named_zone_is_refused_with_line_and_option() -> None:
    lines = ["# log", *(f"{text(START)} KST {fix(n)}" for n in range(3))]
    decoder = decoded(lines)
    assert decoder.outcomes["unknown_zone"] == 3
    assert (decoder.report.problem or "").startswith(f"line 2 ({text(START)} KST !AIVDM")
    assert "--timezone Asia/Seoul" in (decoder.report.problem or "")
    assert times(lines, timezone="Asia/Seoul") == [START - 9 * HOUR] * 3
    tagged = [f"{text(START)} KST {tag(START)}{fix(n)}" for n in range(3)]
    assert times([*tagged, f"{text(START)} KST {fix(3)}"]) == [START] * 4, "the tag blocks tell the time"


def gps(kind: str, time: Millis, valid: str = "A") -> str:
    if kind == "ZDA":
        body = f"GPZDA,{text(time, '%H%M%S.00,%d,%m,%Y')},00,00"
    else:
        clock, date = text(time, "%H%M%S"), text(time, "%d%m%y")
        body = f"GNRMC,{clock},{valid},3742.5,N,12630.1,E,0.1,344.0,{date},001.0,W,D"
    return f"${body}*{checksum(body)}"


@pytest.mark.parametrize("kind", ["ZDA", "RMC"])
def test_gps_sentences_beside_ais(kind: str) -> None:
    lines = [gps(kind, START), fix(0), "$GPGGA,1*00", fix(1), gps(kind, START + SECOND), fix(2)]
    assert times(lines) == [START, START, START + SECOND]
    assert (
        times([gps(kind, START), *(tag(START + MINUTE) + fix(n) for n in range(3))]) == [START + MINUTE] * 3
    )
    assert decoded([gps("RMC", START, "V"), fix(0)]).outcomes["no_time"] == 1


def test_times_that_are_none() -> None:
    for offset in (5, 2_780_320, 946_684_799):
        boot = [tag(offset * SECOND + n * SECOND) + fix(n) for n in range(5)]
        assert outcomes(decoded(boot)) == {"no_time": 5}
        assert any("5 times of before AIS began" in line for line in decoded(boot).report.sentences())
    future = [tag(START + n * SECOND) + fix(n) for n in range(5)]
    assert outcomes(decoded(future, not_after=START - 365 * DAY)) == {"no_time": 5}
    assert times(future, not_after=START + DAY) == [START + n * SECOND for n in range(5)]


@pytest.mark.parametrize("start", [1_000_000_000, 1_700_000_000])
def test_a_counter_is_no_time(start: int) -> None:
    """Samples at 48 kHz: the UTC seconds of the messages say that it is none."""
    counter = [f"{sentence(*class_a(n, second=n // 2))},{start + n * 48_311}" for n in range(1, 40)]
    decoder = decoded(counter, DecoderSettings(earliest_year=1990))
    assert outcomes(decoder) == {"no_time": 39}
    assert decoder.report.survey.counters == (TimeKind.SUFFIX,)
    sparse = [f"{fix(n, START + n * 11 * HOUR)},{(START + n * 11 * HOUR) // 1000}" for n in range(1, 40)]
    assert len(times(sparse)) == 39


def test_times_that_disagree_with_the_utc_seconds_are_reported_and_used() -> None:
    lines = [tag(START + n * SECOND) + sentence(*class_a(1 + n, second=n * 37 % 60)) for n in range(240)]
    decoder = decoded(lines)
    assert decoder.report.poor
    decoder.advance(decoder.watermark)
    assert outcomes(decoder) == {"message": 240}
    assert any("of poor quality" in line for line in decoder.report.sentences())
    skewed = [tag(START + n * SECOND) + fix(n, START + (n + 17) * SECOND) for n in range(240)]
    assert not decoded(skewed).report.poor, "a clock that is 17 s off is off by as much for all"


def test_own_reports_are_counted_apart() -> None:
    lines = [tag(START + n * SECOND) + sentence(*class_a(273, second=n), talker="AIVDO") for n in range(4)]
    heard = [tag(START + n * SECOND) + sentence(*class_a(273, second=n)) for n in range(4)]
    decoder = decoded([*lines, *heard])
    decoder.advance(decoder.watermark)
    assert decoder.report.own == {273: 4}
    assert decoder.outcomes["message"] == 8, "what a ship sends and what is heard of it stay apart"


def test_live_lines_are_not_held_back() -> None:
    decoder = Decoder("test")
    for n in range(20):
        received = np.array([START + n * SECOND])
        decoder.feed(Frame("test", (tag(START + n * SECOND) + fix(n)).encode(), n + 1, received))
        assert decoder.watermark == START + n * SECOND - 130 * SECOND


def test_a_time_of_the_base_is_from_the_snapshot_too() -> None:
    decoder = Decoder("test", hints=SourceHints(START))
    decoder.feed(Frame("test", fix(0).encode()))
    again = Decoder("test")
    again.restore(decoder.snapshot())
    again.end()
    assert again.advance(again.watermark).reports.positions["time"].tolist() == [START]
    assert from_text("2023-11-14T22:13:20Z") == START


def test_the_settings_read_times_as_text() -> None:
    assert [row[0] for row in decode([f"{text(START)} {fix(0)}"]).positions] == [START]
