"""Lines as receivers, loggers and cut files make them: no good sentence is lost, every line counts once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.time import Millis
from streams.decoding.lines.line_reader import LineReader
from streams.decoding.lines.time_text import TextRules
from tests.streams.nmea_lines import START, Result, checksum, class_a, decode, pghp, sentence, static, tag

READER = LineReader(TextRules())
A, B, C = (sentence(*class_a(mmsi)) for mmsi in (1, 2, 3))
GPS = f"$GPGGA,1,2*{checksum('GPGGA,1,2')}"
PARTS = [
    sentence(static(7)[:60], 0, total=2, number=1, sequence="1"),
    sentence(static(7)[60:], 2, total=2, number=2, sequence="1"),
]


def own(body: str) -> str:
    return f"!{body}*{checksum(body)}"


def mmsis(result: Result) -> list[int]:
    return sorted(row[1] for row in (*result.positions, *result.statics))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (A + B, [1, 2]),
        (tag(START, "s") + A + B, [1, 2]),
        (tag(START) + A + tag(START) + B + " " + C, [1, 2, 3]),
        (A + "\r" + B, [1, 2]),
        (f"{A},r003,1700000000{B},r004,1700000001", [1, 2]),
        (GPS + A, [1]),
        (GPS + tag(START) + A + GPS, [1]),
        (A[:20] + B, [2]),
        (tag(START) + A[:20] + tag(START) + B, [2]),
        ("\\s:x,c:17" + tag(START) + A, [1]),
        ("\\s:x,c:1700" + A, [1]),
        (tag(station="r1") + tag(START, "r2") + A, [1]),
        (PARTS[0] + PARTS[1], [7]),
        (tag(START, group="1-2-5") + PARTS[0] + tag(group="2-2-5") + PARTS[1], [7]),
        ("\0\0" + A + "\0", [1]),
        ("\xff\xfe" + A, [1]),
        ("text $5 and ! before " + A + " text! behind $", [1]),
        (f'{{"class":"AIS","nmea":["{A}","{B}"]}}', [1, 2]),
        ('{"nmea":["' + tag(START).replace("\\", "\\\\") + A + '"]}', [1]),
        (f'"x","{A}"', [1]),
        (own("--VDM,1,1,,A," + class_a(1)[0] + ",0"), [1]),
        (own("=IVDM,1,1,,A," + class_a(1)[0] + ",0"), [1]),
        (own("AIVDM,1,1,3,," + class_a(1)[0] + ",0,0"), [1]),
        (own("AIVDM,1,1,3,," + class_a(1)[0] + ",0,0,x,y"), [1]),
        (own("AIVDM,1,1,,A," + class_a(1)[0] + "w,6"), [1]),
        (pghp(START, A) + A, [1]),
    ],
)
def test_sentences_of_a_line(line: str, found: list[int]) -> None:
    result = decode([line.encode("latin-1")], base_time=START)
    assert mmsis(result) == found
    assert result.outcomes == {"message": 1}


@pytest.mark.parametrize(
    ("line", "outcome", "pieces"),
    [
        (GPS + A, "message", ["not_ais"]),
        (A[:20] + B, "message", ["no_checksum"]),
        (A[:-1] + "#" + B, "message", ["malformed"]),
        (A.replace("*", "*F") + B, "message", ["bad_checksum"]),
        (sentence("1" * 9) + A, "bad_length", []),
        (GPS + A[:20], "no_checksum", ["not_ais"]),
        (GPS + GPS, "not_ais", ["not_ais"]),
        (A[:20] + A[:20], "no_checksum", ["no_checksum"]),
        (pghp(START, A) + A[:20], "no_checksum", []),
        (pghp(START, A) + GPS, "context", ["not_ais"]),
    ],
)
def test_the_first_good_sentence_speaks_for_its_line(line: str, outcome: str, pieces: list[str]) -> None:
    """What else becomes nothing is rejected beside it, so that nothing is lost in silence."""
    result = decode([line], base_time=START)
    assert {name for name, count in result.outcomes.items() if count} == {outcome}
    assert result.lines == 1
    spoken = [] if outcome in ("message", "context") else [outcome]
    assert sorted(reject.outcome for reject in result.rejects) == sorted([*spoken, *pieces])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.binary(max_size=30).filter(lambda noise: not set(noise) & set(b"\n!$\\")), min_size=4, max_size=4
    ),
    st.booleans(),
)
def test_noise_around_sentences_costs_none(noise: list[bytes], tagged: bool) -> None:
    before, between, more, behind = noise
    line = (
        before
        + (tag(START).encode() if tagged else b"")
        + A.encode()
        + between
        + B.encode()
        + more
        + C.encode()
    )
    result = decode([line + behind], base_time=START)
    assert mmsis(result) == [1, 2, 3]
    assert result.outcomes == {"message": 1}


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text("!$\\*,AIVDMPGH0123456789:cs\r ", max_size=200).map(str.encode))
def test_any_bytes_are_one_line(data: bytes) -> None:
    read = READER.read(data, 1)
    speaking = sum(s.lines for s, _ in read.sentences) + sum(fault.lines for fault in read.faults)
    assert speaking == (0 if read.is_context else 1)


@pytest.mark.parametrize(
    ("line", "time", "station"),
    [
        (tag(START, "near") + A, START, "near"),
        (tag(START, "far") + tag(station="near") + A, START, "near"),
        (tag(START - 1000, "far") + tag(START, "near") + A, START, "near"),
        (f"st-1,{START // 1000},{A}", START, "st-1"),
        (f"2190067;2023-11-14 22:13:20;{A}", START, "2190067"),
        (f'"rx7","2023-11-14T22:13:20Z","{A}"', START, "rx7"),
        (f"{A},r07RPAL1,{START // 1000}", START, "r07RPAL1"),
        (f"{A},{START}", START, ""),
        (f'{A}","2023-11-14T22:13:20Z"', START, ""),
        (f"{A} ( MSG: 1, MMSI: 273111111, timestamp: 20231114221320)", START, ""),
        (f'{{"rxuxtime": {START / 1000}, "nmea": ["{A}"], "mmsi": 1234567890}}', START, ""),
        (f"Tue Nov 14 2023 22:13:20 {A}", START, ""),
    ],
)
def test_time_and_station_of_a_line(line: str, time: Millis, station: str) -> None:
    result = decode([line, *[tag(START) + sentence(*class_a(9, second=n)) for n in range(3)]])
    heard = next(row for row in result.positions if row[1] == 1)
    assert (heard[0], heard[-1]) == (time, (station,) if station else ())
