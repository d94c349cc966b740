"""Recordings out of order: nothing is late only by its place in a file, and no line is lost."""

import io
import random
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.event import to_json
from models.frame import Frame
from models.time import DAY, HOUR, MINUTE, SECOND, Millis
from streams.decoding.line_times import LineTimes
from streams.decoding.quick_times import quick_times
from streams.decoding.settings import DecoderSettings
from streams.recordings import sorting
from streams.recordings.content import Access
from streams.recordings.recording import Reading, open_recording
from tests.scenarios.runs import find
from tests.scenarios.simulated import recording, revisions
from tests.streams.nmea_lines import START, class_a, decode, pghp, sentence, static, tag


def numbered(frames: Sequence[Frame]) -> list[tuple[int, bytes]]:
    """The lines with their numbers."""
    return [
        (frame.number(index), line)
        for frame in frames
        for index, line in enumerate(frame.data.removesuffix(b"\n").split(b"\n"))
    ]


def read(path: Path, lines: Sequence[bytes], **how: int) -> list[bytes]:
    """The lines as a recording gives them; their numbers have to be right."""
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    found = numbered(list(open_recording(str(path), Reading(**how)).frames()))  # type: ignore[arg-type]
    assert sorted(number for number, _ in found) == list(range(1, len(lines) + 1)), "every line, once"
    assert all(lines[number - 1] == line for number, line in found)
    return [line for _, line in found]


def report(time: Millis, mmsi: int = 273_000_001, station: str = "") -> bytes:
    return (tag(time, station) + sentence(*class_a(mmsi))).encode()


def hour(begin: Millis, station: str = "", every: Millis = MINUTE) -> list[bytes]:
    return [report(begin + at, 273_000_001 + at // every, station) for at in range(0, HOUR, every)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recording.nmea"


def test_files_put_behind_one_another_in_the_wrong_order_are_sorted(path: Path) -> None:
    days = [hour(START + day * DAY) for day in range(3)]
    assert read(path, days[2] + days[0] + days[1]) == days[0] + days[1] + days[2]


def test_what_is_in_order_stays_as_it_is(path: Path) -> None:
    lines = hour(START, every=SECOND)
    for at in range(0, len(lines) - 100, 100):
        lines[at], lines[at + 90] = lines[at + 90], lines[at]
    assert read(path, lines) == lines, "less than the lateness"


@pytest.mark.parametrize("offset", [-180, 180, 3 * 3_600])
@pytest.mark.parametrize("begins", [0, 0.5])
def test_a_station_with_a_wrong_clock_is_no_disorder(path: Path, offset: int, begins: float) -> None:
    """Its lines stay among those that were received with them, so that its clock can be corrected."""
    right, wrong = hour(START, "right"), hour(START + offset * SECOND, "wrong")
    wrong = [b""] * int(begins * len(wrong)) + wrong[int(begins * len(wrong)) :]
    lines = [line for pair in zip(right, wrong, strict=True) for line in pair if line]
    assert read(path, lines) == lines


def test_stations_that_follow_each_other_are_merged(path: Path) -> None:
    one, other = hour(START, "one"), hour(START + 10 * SECOND, "other")
    assert read(path, one + other) == [line for pair in zip(one, other, strict=True) for line in pair]


@pytest.mark.parametrize("wrong", [-130 * DAY, -7_000 * DAY, 3 * DAY, 10_000 * DAY])
@pytest.mark.parametrize("at", [0, 1, 30, 59])
def test_a_single_wrong_time_stays_where_it_is(path: Path, wrong: Millis, at: int) -> None:
    lines = hour(START)
    lines[at] = report(START + at * MINUTE + wrong)
    first, second = read(path, lines), read(path, lines[30:] + lines[:30])
    if wrong > 0 or at > 0:
        assert first == lines
    assert decode(first).outcomes == decode(lines).outcomes
    assert decode(second).outcomes.get("late", 0) <= 1


@pytest.mark.parametrize("skewed", [False, True])
def test_a_message_delivered_days_late_is_put_in_its_place(path: Path, skewed: bool) -> None:
    """Only this one is moved: the lines of a station with a wrong clock stay where they were received."""
    late = report(START - 3 * DAY, 273_000_999)
    right, fast = hour(START, "right"), hour(START + 10 * MINUTE, "fast")
    lines = [line for pair in zip(right, fast, strict=True) for line in pair] if skewed else hour(START)
    assert read(path, [*lines[:30], late, *lines[30:]]) == [late, *lines]


def test_a_vessel_heard_once_in_25_hours_is_in_order(path: Path) -> None:
    lines = [report(START + n * 25 * HOUR) for n in range(20)]
    assert read(path, lines) == lines
    assert read(path, lines[10:] + lines[:10]) == lines


def message(time: Millis, number: int) -> list[bytes]:
    """A message in one of the forms in which lines belong together."""
    mmsi = 273_000_000 + number
    one = sentence(*class_a(mmsi, lon=79_200_000 + number))
    text, sequence = static(mmsi, draught=number % 200), str(number % 10)
    parts = [
        sentence(text[:60], total=2, number=1, sequence=sequence),
        sentence(text[60:], 2, total=2, number=2, sequence=sequence),
    ]
    forms = [
        [tag(time) + one],
        [pghp(time, one), one],
        [f"# number {number}", tag(time), one],
        [tag(time) + parts[0], parts[1]],
        [pghp(time, parts[0]), *parts],
        [f"{one},{time}"],
    ]
    return [line.encode() for line in forms[number % len(forms)]]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 6_000), min_size=1, max_size=60), st.booleans())
def test_lines_that_belong_together_stay_together(
    tmp_path_factory: pytest.TempPathFactory, seconds: list[int], small: bool
) -> None:
    path = tmp_path_factory.mktemp("order") / "recording"
    seconds = [10_800, 0, *seconds]  # a station that goes back behind itself: out of order beyond doubt
    messages = [message(START + at * SECOND, number) for number, at in enumerate(seconds)]
    messages[:2] = [[report(START + at * SECOND, 273_000_900 + at)] for at in seconds[:2]]
    with pytest.MonkeyPatch.context() as patch:
        if small:  # so that even this goes to disk, in blocks of some lines
            patch.setattr(sorting, "CHUNK_BYTES", 2_000)
            patch.setattr(sorting, "BLOCK_BYTES", 300)
        found = read(path, [line for lines in messages for line in lines])
    decoded = decode(found)
    assert decoded.outcomes.get("late", 0) == 0
    assert decoded.outcomes["message"] == sum(sum(b"VDM" in line for line in lines) for lines in messages), (
        "none of the parts is lost"
    )
    assert sorted(decoded.messages.values()) == sorted(decode(in_order(messages, seconds)).messages.values())
    assert decoded.positions == decode(in_order(messages, seconds)).positions


def in_order(messages: list[list[bytes]], seconds: list[int]) -> list[bytes]:
    order = sorted(range(len(messages)), key=lambda number: seconds[number])
    return [line for number in order for line in messages[number]]


@cache
def shuffled() -> bytes:
    """A week of two tankers, its messages in any order; the parts of one follow each other."""
    units: list[list[bytes]] = []
    part: list[bytes] = []
    for line in recording("full_run", 1):
        part.append(line.encode())
        if "VDM,2,1," not in line:
            units.append(part)
            part = []
    random.Random(1).shuffle(units)
    data = b"\n".join(line for unit in units for line in unit)
    assert len(data) > 500_000
    return data


_FOUND: dict[bytes, list[bytes]] = {}


def found_in(frames: Sequence[Frame]) -> list[bytes]:
    """The events of frames. Ways of sorting that give the same lines in the same order need one replay."""
    lines = b"".join(frame.data for frame in frames)
    if lines not in _FOUND:
        _FOUND[lines] = [to_json(event) for event in find({"shuffled": frames})]
    return _FOUND[lines]


@pytest.mark.xdist_group("shuffled")  # one process replays what is the same for several of them
@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("way", ["file", "pipe"])
def test_a_shuffled_recording_gives_the_same_events(
    path: Path, monkeypatch: pytest.MonkeyPatch, way: str, small: bool
) -> None:
    if small and way == "file":
        monkeypatch.setattr(sorting, "CHUNK_BYTES", 100_000)
    data = shuffled()
    path.write_bytes(data)
    reading = Reading(Access(stdin=io.BytesIO(data)))
    frames = list(open_recording("-" if way == "pipe" else str(path), reading, "shuffled").frames())
    assert sum(frame.data.count(b"\n") for frame in frames) == len(recording("full_run", 1))
    assert found_in(frames) == list(revisions("full_run", 1)) != []


def test_a_pipe_is_sorted_as_far_as_the_window_reaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "WINDOW_BYTES", 20_000)
    lines = hour(START, every=SECOND)
    moved = lines[:100] + lines[200:300] + lines[100:200] + lines[300:]
    data = b"\n".join(moved)
    reading = Reading(Access(stdin=io.BytesIO(data)), frame_bytes=1_000)
    reading_eagerly = open_recording("-", reading).frames()
    found = numbered(list(reading_eagerly))
    assert [line for _, line in found] == lines
    assert all(moved[number - 1] == line for number, line in found)


def test_temporary_files_have_no_name(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "CHUNK_BYTES", 2_000)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    path.write_bytes(b"\n".join(hour(START + DAY) + hour(START)))
    frames = open_recording(str(path)).frames()
    next(frames)
    assert list(folder.iterdir()) == [], "nothing is left even of a process that is killed"


def test_no_room_for_temporary_files_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "CHUNK_BYTES", 2_000)
    monkeypatch.setattr(tempfile, "tempdir", str(path.parent / "missing"))
    path.write_bytes(b"\n".join(hour(START + DAY) + hour(START)))
    with pytest.raises(Exception, match=r"recording\.nmea: needs room in .*missing .*TMPDIR"):
        list(open_recording(str(path)).frames())


def test_order_can_be_kept(path: Path) -> None:
    lines = hour(START + DAY) + hour(START)
    path.write_bytes(b"\n".join(lines))
    found = open_recording(str(path), Reading(keep_order=True)).frames()
    assert [line for _, line in numbered(list(found))] == lines


def forms() -> st.SearchStrategy[bytes]:
    """Lines of the usual shapes, and others."""
    time = st.integers(START // 1000, START // 1000 + 1_000)

    def made(form: int, seconds: int, ending: bytes) -> bytes:
        one = sentence(*class_a(273_000_001))
        lines = [
            tag(seconds * 1000) + one,
            tag(seconds * 1000 + 123, "st") + one,
            tag(None, "st") + one,
            one,
            f"{one},{seconds}",
            f"{one},r003669945,{seconds}",
            f"{one},{seconds * 1000}",
            f"{one},x",
            f"2023-11-14 22:13:20 {one}",
            tag(seconds * 1000),
            "junk",
            "",
        ]
        return lines[form].encode() + ending

    return st.builds(made, st.integers(0, 11), time, st.sampled_from([b"\n", b"\r\n"]))


@settings(deadline=None)
@given(
    st.one_of(
        st.lists(forms(), max_size=8),
        st.lists(st.sampled_from(range(7)), max_size=8).flatmap(
            lambda _: st.lists(forms().filter(lambda line: line[:1] in b"!\\" and b"*" in line), max_size=8)
        ),
    )
)
def test_the_quick_look_tells_the_same_times(lines: list[bytes]) -> None:
    data = b"".join(lines)
    quick = quick_times(data)
    if quick is not None:
        assert np.array_equal(quick // SECOND, LineTimes().read(Frame("x", data)).time // SECOND)


def test_the_quick_look_understands_the_usual_shapes() -> None:
    one = sentence(*class_a(273_000_001))
    for line in (
        tag(START) + one,
        tag(START + 1, "a") + one,
        one,
        f"{one},{START // 1000}",
        f"{one},{START}",
    ):
        assert quick_times(line.encode() + b"\r\n" * 1) is not None


def test_the_lateness_of_the_settings_decides(path: Path) -> None:
    lines = hour(START + 5 * MINUTE) + hour(START)
    path.write_bytes(b"\n".join(lines))
    reading = Reading(settings=DecoderSettings(lateness_seconds=2 * 3_600))
    assert [line for _, line in numbered(list(open_recording(str(path), reading).frames()))] == lines


def test_many_lines_without_time_are_not_held(path: Path) -> None:
    """A wrong time waits for the next one to be judged, but not for ever."""
    untimed = [sentence(*class_a(273_000_001)).encode()] * 30_000
    lines = [*hour(START + DAY), report(START - 3 * DAY), *untimed, *hour(START)]
    assert len(read(path, lines)) == len(lines)
