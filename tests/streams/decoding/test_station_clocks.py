"""Clocks of stations: offsets from transmissions in common, and times that are corrected by them."""

import random
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from models.frame import Frame
from models.station_clock import Clocks
from models.time import HOUR, MINUTE, SECOND, Millis
from streams.decoding.decoder import Decoder
from streams.decoding.settings import DecoderSettings
from streams.stages.core import Core
from tests.scenarios.runs import RULES
from tests.streams.nmea_lines import START, class_a, decode, frames, payload, sentence, static, tag

AGREEING = DecoderSettings().clock_agreeing_transmissions
SHIPS = (273_000_001, 445_000_002)
IMOS = (9_074_729, 9_006_758)


@dataclass(frozen=True)
class Line:
    """A sentence, as one station tells it, and when an ingest gets it."""

    text: str
    told: Millis
    received: Millis


def position(mmsi: int, time: Millis, **fields: int) -> str:
    return sentence(*class_a(mmsi, second=time // SECOND % 60, **fields))


def heard(
    transmissions: list[tuple[Millis, str]],
    stations: dict[str, Millis],
    by: list[set[str]],
    delay: Millis = 0,
) -> list[Line]:
    """Each transmission by the stations that hear it. `stations` are their offsets in milliseconds."""
    return [
        Line(tag(time + stations[name], name) + text, time + stations[name], time + delay)
        for (time, text), names in zip(transmissions, by, strict=True)
        for name in sorted(names)
    ]


def clocks(lines: list[Line], live: bool = False, settings: DecoderSettings | None = None) -> Clocks:
    decoder = Decoder("test", settings)
    data = b"".join(line.text.encode() + b"\n" for line in lines)
    received = np.array([line.received for line in lines]) if live else None
    decoder.feed(Frame("test", data, 1, received))
    decoder.end()
    decoder.advance(decoder.watermark)
    return decoder.clocks


def fixes(count: int, every: Millis = 10 * SECOND) -> list[tuple[Millis, str]]:
    return [
        (START + n * every, position(SHIPS[n % 2], START + n * every, lon=79_200_000 + n))
        for n in range(count)
    ]


def offsets(found: Clocks) -> dict[str, tuple[Millis | None, bool]]:
    return {clock.station: (clock.offset, clock.corrected) for clock in found.stations}


BOTH = {"a", "b"}


@pytest.mark.parametrize(
    ("common", "offset"), [(AGREEING - 1, MINUTE), (AGREEING, MINUTE), (AGREEING, -60 * MINUTE)]
)
def test_an_offset_is_sure_after_so_many_transmissions(common: int, offset: Millis) -> None:
    by = (
        [{"a"}, {"b"}, {"a"}] + [BOTH] * common + [{"a"}] * 3
    )  # from the first line on at which both are known
    found = clocks(heard(fixes(len(by)), {"a": 0, "b": offset}, by))
    if common < AGREEING:
        assert (found.reference, offsets(found)) == ("", {"a": (None, False), "b": (None, False)})
    else:
        assert (found.reference, found.proved) == ("a", False)
        assert offsets(found) == {"a": (0, False), "b": (offset, True)}


def test_what_is_off_by_something_else_each_time_decides_nothing() -> None:
    """A third of the differences are wrong, no two alike."""
    lines: list[Line] = []
    for n, one in enumerate(fixes(40)):
        lines += heard([one], {"a": 0, "b": (45 + (n * 7 if n % 3 == 0 else 0)) * SECOND}, [BOTH])
    assert offsets(clocks(lines))["b"] == (45 * SECOND, True)


def test_a_station_that_tells_twice_is_no_evidence() -> None:
    """A ship that lies still sends the same again minutes later; the other station hears only that."""
    lines: list[Line] = []
    for n in range(40):
        time = START + n * 6 * MINUTE
        text = position(SHIPS[0], time, lon=79_200_000 + n)
        lines += heard([(time, text)], {"a": 0}, [{"a"}])
        lines += heard([(time + 3 * MINUTE, text)], {"a": 0, "b": 0}, [BOTH if n % 3 else {"a"}])
    assert offsets(clocks(lines)) == {"a": (None, False), "b": (None, False)}


def test_the_reference_stays_where_the_other_has_more_lines_later() -> None:
    by = [BOTH] * 10 + [{"b"}] * 300
    lines = heard(fixes(len(by)), {"a": 0, "b": -2 * MINUTE}, by)
    found = clocks(lines, settings=DecoderSettings(opening_lines=20))
    assert (found.reference, offsets(found)["b"]) == ("a", (-2 * MINUTE, True))
    found = clocks(lines)
    assert (found.reference, offsets(found)["a"]) == ("b", (2 * MINUTE, True)), "by the first 500 lines"


def test_offsets_go_from_station_to_station() -> None:
    by = [{"a", "b"}] * 8 + [{"a"}] * 9 + [{"b", "c"}] * 8 + [{"d"}] * 3
    found = clocks(heard(fixes(len(by)), {"a": 0, "b": 70 * SECOND, "c": -50 * SECOND, "d": HOUR}, by))
    assert offsets(found) == {
        "a": (0, False), "b": (70 * SECOND, True), "c": (-50 * SECOND, True), "d": (None, False),
    }  # fmt: skip


def base_station(time: Millis) -> str:
    date = np.datetime64(time, "ms").item()
    text, fill = payload(
        (4, 6), (0, 2), (2_190_067, 30), (date.year, 14), (date.month, 4), (date.day, 5), (date.hour, 5),
        (date.minute, 6), (date.second, 6), (0, 1), (79_200_000, 28), (25_800_000, 27), (1, 4), (0, 30),
    )  # fmt: skip
    return sentence(text, fill)


def test_base_stations_prove_absolute_time() -> None:
    """Even of a station that shares nothing with another, and against one with more lines."""
    by = [{"a"}] * 20 + [BOTH] * 10
    lines = heard(fixes(30), {"a": 30 * SECOND, "b": -20 * SECOND}, by)
    times = [START + (31 + n) * 10 * SECOND for n in range(AGREEING)]
    reports = [(time, base_station(time)) for time in times]
    lines += heard(reports, {"b": -20 * SECOND}, [{"b"}] * AGREEING)
    found = clocks(lines)
    assert (found.reference, found.proved) == ("UTC", True)
    assert offsets(found) == {"a": (30 * SECOND, True), "b": (-20 * SECOND, True)}


def test_live_the_station_nearest_to_the_clock_of_the_ingest_is_the_reference() -> None:
    by = [BOTH] * 10 + [{"b"}] * 20
    lines = heard(fixes(len(by)), {"a": -300, "b": 100 * SECOND}, by, delay=SECOND)
    found = clocks(lines, live=True)
    assert (found.reference, found.live, offsets(found)["b"]) == ("a", True, (100 * SECOND + 300, True))


def test_small_offsets_and_none_are_left_alone() -> None:
    found = clocks(heard(fixes(20), {"a": 0, "b": 900}, [BOTH] * 20))
    assert offsets(found)["b"] == (900, False)
    off = clocks(
        heard(fixes(20), {"a": 0, "b": MINUTE}, [BOTH] * 20),
        settings=DecoderSettings(clock_agreeing_transmissions=0),
    )
    assert off == Clocks()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_frames_and_restarts_change_nothing(seed: int) -> None:
    chance = random.Random(seed)
    stations = {name: chance.randint(-180, 180) * SECOND for name in "abc"}
    by = [set(chance.sample("abc", chance.randint(1, 3))) for _ in range(60)]
    lines = [line.text for line in heard(fixes(60), stations, by)]
    for at in sorted(chance.sample(range(60), 3), reverse=True):
        lines.insert(at, tag(START, "b") + base_station(START + at))
    rules = DecoderSettings(opening_lines=chance.choice([0, 20, 500]))
    whole = decode(lines, settings=rules)
    size = chance.choice((1, 7))
    restarts = frozenset(chance.sample(range(len(lines) // size), 3))
    assert decode(lines, size, settings=rules, restart_at=restarts) == whole


# Who moves the event time of a recording

APART = DecoderSettings(opening_lines=10)


@pytest.mark.parametrize("ahead", [3 * MINUTE, HOUR, -HOUR])
@pytest.mark.parametrize("from_the_start", [True, False])
def test_a_clock_that_is_off_makes_no_line_of_others_late(ahead: Millis, from_the_start: bool) -> None:
    """As long as nothing can be said about it, and from then on."""
    by = (
        [{"b"} if from_the_start else {"a"}] + [{"a"}] * 40 + [{"a"}, {"b"}] * 20 + [BOTH] * 8 + [{"a"}] * 300
    )
    found = decode([line.text for line in heard(fixes(len(by)), {"a": 0, "b": ahead}, by)], settings=APART)
    late = {reject.head for reject in found.rejects if reject.outcome == "late"}
    assert not {head for head in late if b"s:a" in head}
    own = [row[0] for row in found.positions if "a" in row[-1]]
    assert own == [START + n * 10 * SECOND for n, names in enumerate(by) if "a" in names]


@pytest.mark.parametrize("before", [[{"a"}] * 50, [{"a"}, {"b"}] * 25])
def test_where_who_leads_falls_silent_another_station_goes_on(before: list[set[str]]) -> None:
    """It has nothing in common with the others, and its clock is a minute fast."""
    decoder = Decoder("test", APART)
    by = [*before, *[{"b"}] * 200]
    lines = heard(fixes(len(by)), {"a": 0, "b": MINUTE}, by)
    marks = []
    for number, line in enumerate(lines, 1):
        decoder.feed(Frame("test", line.text.encode() + b"\n", number))
        decoder.advance(decoder.watermark)
        marks.append(decoder.watermark)
    behind = (APART.lateness_seconds + APART.duplicate_window_seconds) * SECOND
    silent = APART.clock_silence_minutes * 6  # lines
    assert marks[50 + silent - 2] <= START + 50 * 10 * SECOND - behind
    assert marks[-1] == lines[-1].told // SECOND * SECOND - behind


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_stations_of_which_nothing_is_known_lose_nothing(seed: int) -> None:
    """Each by itself is in order; whoever leads, the lines of the others wait."""
    chance = random.Random(seed)
    stations = {name: chance.randint(-180, 180) * SECOND for name in "abc"}
    by = [set(chance.sample("abc", 1)) for _ in range(300)]
    lines = [line.text for line in heard(fixes(300), stations, by)]
    rules = DecoderSettings(opening_lines=chance.choice([0, 5, 500]), lateness_seconds=360)
    whole = decode(lines, settings=rules)
    assert whole.outcomes == {"message": 300}
    assert decode(lines, 7, settings=rules, restart_at=frozenset({3, 20, 31})) == whole


# Two ships that come alongside each other, as two receivers hear them


def transfer() -> list[tuple[Millis, str]]:
    """Ten hours: both come and drift at 0.4 knots, the second only from 05:00 on; it goes at 09:00."""
    sent: list[tuple[Millis, str]] = []
    for minute in range(600):
        for number, mmsi in enumerate(SHIPS):
            time = START + minute * MINUTE + (17 + 20 * number) * SECOND
            drift = 0.4 / 60 * minute / 60  # degrees
            way = max(0, 300 - minute, minute - 540) if number else -max(0, 60 - minute)
            away = way * 10 / 60 / 60  # degrees at 10 knots
            lat, lon = 35.0 + 0.0004 * number + away, 124.0 + drift
            fields = {"lat": round(lat * 600_000), "lon": round(lon * 600_000), "heading": 90}
            fields["sog"] = 4 if not away else 100
            sent.append((time, position(mmsi, time, cog=900 if not away else 0, **fields)))
            if minute % 6 == 0:
                text = static(mmsi, imo=IMOS[number], dimensions=(60, 40, 8, 8))
                sent += [
                    (time + SECOND, sentence(text[:60], 0, total=2, number=1, sequence=str(number))),
                    (time + SECOND, sentence(text[60:], 2, total=2, number=2, sequence=str(number))),
                ]
    return sent


def events(lines: list[Line], live: bool, size: int) -> list[dict[str, Any]]:
    """All revisions as JSON has them, without who heard them."""
    core, found = Core(["test"], RULES), []
    for frame in [*frames([line.text.encode() for line in lines], size), None]:
        if frame is None:
            out = core.end("test")
        else:
            at = frame.first_line - 1
            received = np.array([line.received for line in lines[at : at + size]]) if live else None
            out = core.feed(replace(frame, received=received))
        found += out.events
    result = [msgspec.to_builtins(event) for event in found]
    for event in result:
        event["evidence"]["receivers"] = []
    return result


TRANSFER = transfer()
ALL_A = [{"a"}] * len(TRANSFER)
WARM_UP = START + 2 * HOUR


@cache
def reference() -> list[dict[str, Any]]:
    """What the first station alone tells. No fixture: hypothesis would print all of it."""
    found = events(heard(TRANSFER, {"a": 0}, ALL_A), False, 500)
    assert [(event["type"], event["level"]) for event in found if event["type"] == "encounter"]
    return found


def corrected_or_none(offset: int) -> bool:
    """Whether a clock that is off by so many seconds is right or is corrected: scatter is left alone."""
    return offset == 0 or abs(offset) >= DecoderSettings().clock_least_offset_seconds


@settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.generate))  # each takes seconds
@given(
    st.integers(-180, 180).filter(corrected_or_none) | st.sampled_from((-9 * 3600, 3600)),
    st.integers(120, 480),
    st.booleans(),
    st.integers(0, 2**32),
)
def test_a_receiver_whose_clock_is_off_changes_no_event(
    offset: int, alone: int, live: bool, seed: int
) -> None:
    """One is alone for an hour, before and afterwards either or both hear each transmission.

    In a recording the first lines, which are held back, tell the offset, and which of the two is the
    reference. Live the offset has to be learnt before the other is alone.
    """
    chance = random.Random(seed)
    by: list[set[str]] = []
    for time, _ in TRANSFER:
        minute = (time - START) // MINUTE
        if time < WARM_UP:
            by.append(chance.choice([{"a"}, {"a"}, {"a"}, {"a"}, BOTH, {"a"} if live else {"b"}]))
        elif alone <= minute < alone + 60:
            by.append({"b"})
        else:
            by.append(chance.choice([{"a"}, {"b"}, BOTH]))
    for n in range(1, len(by)):  # both parts of a message by the same
        if TRANSFER[n][0] == TRANSFER[n - 1][0]:
            by[n] = by[n - 1]
    lines = heard(TRANSFER, {"a": 0, "b": offset * SECOND}, by)
    same = events(lines, live, chance.choice([100, 1_000])) == reference()
    assert same, "other events"


def test_a_station_that_relays_ten_minutes_late_changes_no_event() -> None:
    """By its own clock, where its lines only come late, and where they tell no time."""
    chance = random.Random(1)
    some = [hear for hear in TRANSFER if chance.random() < 0.5]
    true = heard(TRANSFER, {"a": 0}, ALL_A)
    for shift in (0, 10 * MINUTE, None):
        late = [
            replace(line, received=line.received + 10 * MINUTE)
            for line in heard(some, {"b": shift or 0}, [{"b"}] * len(some))
        ]
        if shift is None:
            late = [replace(line, text=tag(None, "b") + line.text.rpartition("\\")[2]) for line in late]
        lines = sorted([*true, *late], key=lambda line: line.received)
        same = events(lines, True, 300) == reference()
        assert same, f"other events with a shift of {shift}"
