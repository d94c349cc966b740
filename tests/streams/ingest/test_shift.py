"""Times in lines moved: the decoder then reads the same reports, only at another time."""

import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.frame import Frame
from models.time import DAY, HOUR, MINUTE, SECOND, Millis, to_text
from streams.decoding.settings import DecoderSettings
from streams.ingest.shift import LineShifter, ShiftError, shift_to
from streams.recordings.recording import Reading, open_recording
from tests.scenarios.recordings import recordings
from tests.streams.nmea_lines import START, Result, checksum, class_a, decode, pghp, sentence, tag

AS_TOLD = DecoderSettings(clock_agreeing_transmissions=0)
"""Times as the lines tell them. The UTC that base stations send does not move with the lines, so that it
proves nothing about the clock of a station any more."""
PLAIN = sentence(*class_a(273_000_001))


def forms(time: Millis) -> dict[str, list[str]]:
    """Lines with a time in every form, each of another vessel, so that none repeats another."""
    sentences = [sentence(*class_a(273_000_001 + number)) for number in range(17)]
    seconds, text = time // SECOND, to_text(time // SECOND * SECOND)
    placeholder = f"\\s:x,c:{seconds}*00\\"
    date = datetime.fromtimestamp(seconds, UTC)
    return {
        "tag block": [tag(time, "r1") + sentences[0]],
        "tag block in milliseconds": [tag(time // SECOND * SECOND + 7) + sentences[1]],
        "placeholder checksum": [placeholder + sentences[2]],
        "tag block on a line of its own": [tag(time), sentences[3]],
        "group": [f"{tag(time, 'r2', '1-1-7')}{sentences[4]}"],
        "$PGHP": [pghp(time, sentences[5]), sentences[5]],
        "epoch after the checksum": [f"{sentences[6]},rSTATION,{seconds}"],
        "milliseconds after the checksum": [f"{sentences[7]},{seconds * 1000 + 5}\r"],
        "epoch before": [f"{seconds}.25;{sentences[8]}"],
        "milliseconds before": [f"{seconds * 1000 + 250} {sentences[9]}"],
        "text before": [f"[{text}] {sentences[10]}"],
        "microseconds in a tag block": [f"\\c:{seconds}000250*00\\{sentences[12]}"],
        "tag block without a checksum": [f"\\c:{seconds}\\{sentences[13]}"],
        "tag block with a wrong checksum": [tag(time)[:-3] + "7F\\" + sentences[14]],
        "RMC": [_checked(f"GPRMC,{date:%H%M%S.00},A,,,,,,,{date:%d%m%y},,"), sentences[15]],
        "ZDA": [_checked(f"GPZDA,{date:%H%M%S.00,%d,%m,%Y},00,00"), sentences[16]],
        "text with a zone before": [f"{text[:19].replace('T', ' ')}+09:00 {sentences[11]}"],
    }


def _checked(body: str) -> str:
    return f"${body}*{checksum(body)}"


def moved(lines: Sequence[str], by: Millis) -> list[str]:
    shifter = LineShifter("a", by)
    return [shifter.line(line.encode(), number).decode() for number, line in enumerate(lines, 1)]


def later(result: Result, by: Millis) -> list[tuple[object, ...]]:
    """The positions, with the time (their first column) moved."""
    return [(row[0] + by, *row[1:]) for row in result.positions]


@pytest.mark.parametrize("form", forms(START))
@given(minutes=st.integers(-20 * 365 * 1440, 30 * 365 * 1440))
def test_every_form_of_time_moves_and_moves_back(form: str, minutes: int) -> None:
    by = minutes * MINUTE
    lines = forms(START)[form]
    shifted = moved(lines, by)
    before, after = decode(lines), decode(shifted)
    assert len(before.positions) == 1
    assert after.positions == later(before, by)
    assert after.outcomes == before.outcomes
    assert decode(moved(shifted, -by)).positions == before.positions


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"class": "AIS", "rxuxtime": 1704164640.25, "nmea": [PLAIN]}),
        json.dumps({"class": "AIS", "rxtime": "20240102030405", "nmea": [PLAIN]}),
        json.dumps({"class": "AIS", "nmea": [tag(START) + PLAIN]}),
        '{"MessageType":"PositionReport","Message":{"PositionReport":{"UserID":273000001,"MessageID":1,'
        '"Longitude":132.5,"Latitude":42.5,"Sog":10,"Cog":90,"Timestamp":20}},'
        '"MetaData":{"MMSI":273000001,"time_utc":"2023-11-14 22:13:20.123456789 +0000 UTC"}}',
        '{"mmsi":273000001,"time":1668075025,"sog":1,"cog":2,"navStat":0,"heading":3,"lon":20.3,"lat":60}',
        '{"mmsi":273000001,"timestampExternal":1668075025123,"timestamp":20,"navStat":0,"lon":20,"lat":60}',
        '{ "mmsi" : 273000001, "lat" : 42.5, "lon" : 132.5, "Last_Seen": "2024-01-02T03:04:05.5+09:00",'
        ' "timestamp": "2024-01-02T03:04:05.5+09:00", "id": 1704164640 }',
        '2024-01-02T03:04:05Z {"class":"AIS","type":1,"mmsi":273000001,"lon":132.5,"lat":42.5}',
    ],
)
def test_times_in_json_move_and_move_back(line: str) -> None:
    (shifted,) = moved([line], 400 * DAY + 23 * HOUR + 59 * MINUTE)
    before, after = decode([line]), decode([shifted])
    assert len(before.positions) == 1
    assert after.positions == later(before, 400 * DAY + 23 * HOUR + 59 * MINUTE)
    assert moved([shifted], -(400 * DAY + 23 * HOUR + 59 * MINUTE)) == [line]


def test_the_rest_of_a_line_stays_as_it_is() -> None:
    line = f"\\g:1-2-73,n:5,s:r003,c:1700000000*{checksum('g:1-2-73,n:5,s:r003,c:1700000000')}\\{PLAIN}\r"
    (shifted,) = moved([line], HOUR)
    assert shifted == line.replace("1700000000", "1700003600").replace(
        checksum("g:1-2-73,n:5,s:r003,c:1700000000"), checksum("g:1-2-73,n:5,s:r003,c:1700003600")
    )


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        PLAIN,
        "$GPRMC,1,2*33",
        "\xff\x00 noise ! $ \\",
        '{"mmsi": 273000001}',
    ],
)
def test_lines_without_a_time_stay_as_they_are(line: str) -> None:
    assert moved([line], DAY) == [line]


def test_all_times_of_a_line_move_together() -> None:
    """The ones that the decoder does not use, too: another program may read the frames."""
    (shifted,) = moved([f"1700000000 {tag(START)}{PLAIN},rX,1700000000"], MINUTE)
    assert shifted == f"1700000060 {tag(START + MINUTE)}{PLAIN},rX,1700000060"


@pytest.mark.parametrize(
    ("line", "years"), [(f"{PLAIN},1700000000", 300), (f"[9990-01-01T00:00:00Z] {PLAIN}", 20)]
)
def test_a_time_that_cannot_be_moved_is_named(line: str, years: int) -> None:
    with pytest.raises(ShiftError, match=r"^a: line 2: its time can't be moved; publish it with its own"):
        moved(["# comment", line], years * 365 * DAY)


def test_times_move_by_whole_minutes() -> None:
    now = START + 1000 * DAY + 59 * SECOND
    assert shift_to(START, now) % MINUTE == 0
    assert now - MINUTE < START + shift_to(START, now) <= now
    with pytest.raises(ValueError, match="whole minutes"):
        LineShifter("a", 30 * SECOND)


@pytest.mark.recorded
def test_real_recordings_decode_to_the_same_reports() -> None:
    by, timed = 4_321 * DAY + 5 * HOUR + MINUTE, 0
    for path in recordings(Path(os.environ["TANKERWATCH_DATA"])):
        frames = list(open_recording(str(path), Reading(frame_bytes=1 << 16, frame_lines=5_000)).frames())
        shifter = LineShifter(path.name, by)
        if path.name == "mixed_types_no_times.nmea":  # it has dates that end with the year
            with pytest.raises(ShiftError, match="line 283: its time can't be moved"):
                shifter.frame(frames[0])
            continue
        by_base_stations = path.name == "satellite_epoch_ms_2012-01-31.nmea.gz"
        clocks = AS_TOLD if by_base_stations else None
        before = decode_frames(frames, clocks)
        after = decode_frames([shifter.frame(frame) for frame in frames], clocks)
        assert after.outcomes == before.outcomes, path
        assert after.positions == later(before, by), path
        timed += len(before.positions)
    assert timed > 30_000


def decode_frames(frames: Sequence[Frame], settings: DecoderSettings | None = None) -> Result:
    lines = (line for frame in frames for line in frame.data.removesuffix(b"\n").split(b"\n"))
    return decode(lines, settings=settings)
