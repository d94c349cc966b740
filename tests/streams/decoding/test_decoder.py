"""The Decoder: one outcome a line, and the same reports however the lines come."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.frame import Cut, Frame
from models.time import DAY, MINUTE, SECOND, Millis
from streams.decoding.decoder import Decoder
from streams.decoding.dedup import HELD, DuplicateBuffer
from streams.decoding.lines.byte_spans import ByteSpans
from streams.decoding.lines.outcome import ACCEPTED, REASONS, Outcome
from streams.decoding.settings import DecoderSettings
from streams.decoding.transmissions import Transmissions
from tests.streams.nmea_lines import (
    START,
    checksum,
    class_a,
    decode,
    pghp,
    sentence,
    static,
    tag,
    timed,
)

FIX = sentence(*class_a(273_000_000))
SAFETY = "!AIABM,1,1,0,271002111,0,,,2"


def parts(mmsi: int, *, sequence: str = "1", channel: str = "A", talker: str = "AIVDM") -> tuple[str, str]:
    text = static(mmsi)
    return (
        sentence(text[:60], 0, talker=talker, total=2, number=1, sequence=sequence, channel=channel),
        sentence(text[60:], 2, talker=talker, total=2, number=2, sequence=sequence, channel=channel),
    )


# One message, with its context lines, in each of the forms that recordings come in


@st.composite
def message(draw: st.DrawFn, time: Millis) -> list[str]:
    mmsi = draw(st.sampled_from([273_000_000, 445_000_000]))
    second = draw(st.integers(0, 1))
    station = draw(st.sampled_from(["", "a", "b", "c"]))
    talker = draw(st.sampled_from(["AIVDM", "BSVDM", "ABVDO"]))
    form = draw(st.sampled_from(["tag", "pghp", "suffix", "bare", "tagged parts", "pghp parts", "bad"]))
    if form == "tag":
        return [timed(time, mmsi, second, station)]
    single = sentence(*class_a(mmsi, second=second), talker=talker, channel=draw(st.sampled_from("AB1")))
    if form == "pghp":
        return [r"\si:AISD*3F" + "\\", pghp(time, single, station), single]
    if form == "suffix":
        return [f"{single},r{station * 4},{time // 1000}"]
    if form == "bare":
        return [tag(time, station), single]
    if form == "bad":
        return [tag(time, station) + sentence("4ABC")]
    first, second_part = parts(mmsi, talker=talker, sequence=draw(st.sampled_from(["", "0", "10"])))
    if form == "tagged parts":
        group = str(draw(st.integers(1, 3)))
        return [tag(time, station, f"1-2-{group}") + first, tag(group=f"2-2-{group}") + second_part]
    return [pghp(time, first, station), first, second_part]


@st.composite
def recording(draw: st.DrawFn) -> list[tuple[Millis, list[str]]]:
    offsets = draw(st.lists(st.integers(0, 400), min_size=3, max_size=25))
    return [(START + offset * SECOND, draw(message(START + offset * SECOND))) for offset in sorted(offsets)]


noise = st.one_of(
    st.binary(max_size=90).map(lambda data: data.replace(b"\n", b"")),
    st.sampled_from([b"", b"# comment", b"$GPGGA,1*00", b"!AIVDM,1,1,,A,,0*26", FIX.encode(), b"\\s:x*00\\"]),
    st.integers(START - 3 * DAY, START + 3 * DAY).map(lambda time: timed(time).encode()),
    st.sampled_from([part.encode() for part in parts(1)]),
)


@settings(max_examples=80, deadline=None)
@given(recording(), st.lists(noise, max_size=20), st.randoms(), st.booleans())
def test_frames_and_restarts_change_nothing(
    messages: list[tuple[Millis, list[str]]], other: list[bytes], random: object, based: bool
) -> None:
    lines = [line.encode() for _, group in messages for line in group]
    for line in other:
        lines.insert(random.randint(0, len(lines)), line)  # type: ignore[attr-defined]
    base_time = START if based else None
    whole = decode(lines, base_time=base_time)
    assert whole.lines == len(lines)
    for size in (1, 3, 41):
        count = -(-len(lines) // size)
        restarts = frozenset(random.sample(range(count), min(count, 3)))  # type: ignore[attr-defined]
        assert decode(lines, size, base_time=base_time, restart_at=restarts) == whole


@settings(max_examples=100, deadline=None)
@given(recording(), st.randoms(use_true_random=False))
def test_order_within_the_lateness_changes_nothing(
    messages: list[tuple[Millis, list[str]]], random: object
) -> None:
    in_order = decode(line for _, group in messages for line in group)
    delayed = sorted(
        messages,
        key=lambda item: item[0] + random.randint(0, 119 * SECOND),  # type: ignore[attr-defined]
    )
    shuffled = decode(line for _, group in delayed for line in group)
    assert shuffled.positions == in_order.positions
    assert shuffled.statics == in_order.statics
    assert shuffled.outcomes == in_order.outcomes
    assert shuffled.positions == sorted(shuffled.positions, key=lambda row: row[:2])


@settings(max_examples=200, deadline=None)
@given(st.lists(noise | st.binary(max_size=200), max_size=30))
def test_arbitrary_bytes_are_accounted_for(data: list[bytes]) -> None:
    lines = b"\n".join(data).split(b"\n")
    result = decode(lines)
    assert result.lines == len(lines)
    kept = ("message", "duplicate", "context")
    assert len(result.rejects) == sum(n for name, n in result.outcomes.items() if name not in kept)


# Outcomes by name


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (FIX, "message"),
        (FIX.lower().replace("!aivdm", "!AIVDM"), "bad_checksum"),
        (FIX[:-3], "no_checksum"),
        (FIX[:-1] + ("0" if FIX[-1] != "0" else "1"), "bad_checksum"),
        ("$GPGGA,123519,4807.038,N*3F"[:-2] + "2B", "bad_checksum"),
        (f"{SAFETY}*{checksum(SAFETY[1:])}", "not_ais"),
        ("$PSTT,30A,20131112,120000*6D", "not_ais"),
        ("$GPRMC,no,checksum", "not_ais"),
        ("AIVDM,2,2,1,B,00000000000,2*26", "malformed"),
        ("schöner Tag", "malformed"),
        (b"\x00\xff\xfe!", "malformed"),
        (sentence("1" * 28, 0, total=2, number=3), "malformed"),
        (sentence("", 0), "bad_payload"),
        (sentence("1" * 27 + "x", 0), "bad_payload"),
        (sentence("1" * 28, 7), "bad_payload"),
        (sentence("1" * 28, 6), "bad_length"),
        (sentence("1" * 28, 2, total=2, number=1), "bad_payload"),
        (sentence("1" * 29, 0), "message"),
        (sentence("1" * 27, 0), "bad_length"),
        (sentence("4ABC", 0), "bad_length"),
        (sentence("0" * 28, 0), "unknown_type"),
        (sentence("w" * 28, 0), "unknown_type"),
        (sentence("H000000" + "w" * 21, 0), "no_mmsi"),
        (sentence("H100000" + "w" * 21, 0), "message"),
        (sentence("H10000" + "8" + "0" * 21, 0), "undecodable"),
        (sentence("D" * 16, 0), "message"),
        ("", "context"),
        ("# comment", "context"),
        (r"\si:AISD*3F" + "\\", "context"),
        (r"\si:AISD*3E" + "\\", "bad_tag_block"),
        (pghp(START, FIX), "context"),
        (pghp(START, FIX)[:-2] + "zz", "malformed"),
        (pghp(START, FIX).replace("2023", "2024"), "bad_checksum"),
        ("x" * 4097, "too_long"),
        ("x" * 4096, "malformed"),
    ],
)
def test_outcome(line: str | bytes, outcome: str) -> None:
    lines = [timed(START + n, 1 + n) for n in range(3)]
    result = decode([*lines, line])
    expected = {"message": 3}
    expected[outcome] = expected.get(outcome, 0) + 1
    assert result.outcomes == expected


def test_every_outcome_is_accepted_or_has_a_reason() -> None:
    assert set(REASONS).isdisjoint(ACCEPTED)
    assert set(REASONS) | ACCEPTED == set(Outcome)


def test_long_line_is_cut() -> None:
    line = b"x" * 5000
    (reject,) = decode([line]).rejects
    assert (len(reject.head), reject.length) == (4096, 5000)
    assert reject.sha256 == hashlib.sha256(line).hexdigest()
    decoder = Decoder("test", DecoderSettings(opening_lines=0))
    decoder.feed(Frame("test", b"xx\n", 7, cuts=(Cut(0, 10**9, "digest"),)))
    (reject,) = decoder.advance(decoder.watermark).rejects
    assert (reject.line, reject.length, reject.sha256) == (7, 10**9, "digest")


# Messages


def test_stations() -> None:
    heard = [
        timed(START, 1, station="s1"),
        pghp(START, sentence(*class_a(2)), "pss"),
        sentence(*class_a(2)),
        f"{sentence(*class_a(3))},d-077,r07RPAL1,{START // 1000}",
        r"\si:AISD*3F" + "\\",
        f"{sentence(*class_a(4))},{START // 1000}",
    ]
    assert {row[1]: row[-1] for row in decode(heard).positions} == {
        1: ("s1",),
        2: ("pss",),
        3: ("r07RPAL1",),
        4: ("AISD",),
    }


def test_parts_of_two_messages_mixed() -> None:
    a1, a2 = parts(1, sequence="10")
    b1, b2 = parts(2, sequence="")
    assert [row[1] for row in decode([tag(START) + a1, tag(START) + b1, a2, b2]).statics] == [1, 2]


def test_pghp_tells_the_time_of_parts_whatever_its_checksum() -> None:
    """Recorders write the parts' checksums XORed there."""
    first, second = parts(1)
    anchors = [timed(START, 2 + n) for n in range(3)]
    assert [row[0] for row in decode([*anchors, pghp(START + 7, "*00"), first, second]).statics] == [
        START + 7
    ]


@pytest.mark.parametrize(
    ("order", "outcomes"),
    [
        ("12", {"message": 2}),
        ("112", {"message": 2, "part_waiting": 1}),
        ("1122", {"message": 2, "duplicate": 2}),
        ("2", {"part_orphan": 1}),
        ("122", {"message": 2, "part_orphan": 1}),
        ("1", {"part_waiting": 1}),
        ("1-2", {"part_timed_out": 1, "part_orphan": 1, "message": 1}),
        ("1-", {"part_timed_out": 1, "message": 1}),
        ("1.2", {"message": 3}),
        ("<2", {"late": 2}),
    ],
)
def test_reassembly(order: str, outcomes: dict[str, int]) -> None:
    """`-` is another message 31 seconds later, `.` one 30 seconds later, `<` a first part that is late."""
    first, second = parts(1)
    line = {
        "1": tag(START) + first,
        "2": second,
        "-": timed(START + 31 * SECOND, 9),
        ".": timed(START + 30 * SECOND, 9),
        "<": tag(START - 3 * MINUTE) + first,
    }
    anchors = [timed(START, 2 + n) for n in range(3)]
    expected = dict(outcomes)
    expected["message"] = expected.get("message", 0) + 3
    assert decode([*anchors, *[line[step] for step in order]]).outcomes == expected


def test_a_group_tells_messages_apart() -> None:
    (a1, a2), (b1, b2) = parts(1), parts(2)
    lines = [
        tag(START, group="1-2-7") + a1,
        tag(START + 1, group="1-2-8") + b1,
        tag(group="2-2-7") + a2,
        tag(group="2-2-8") + b2,
    ]
    assert [row[:2] for row in decode(lines).statics] == [(START, 1), (START + 1, 2)]


def test_duplicates_fold_their_stations() -> None:
    text, fill = class_a(1, second=60)
    heard = [
        (0, "b", "AIVDM", "A"),
        (10, "a", "BSVDM", "1"),  # 10 seconds are still the same message
        (11, "c", "AIVDM", "A"),  # a new one: counted from the one that was kept
        (12, "d", "AIVDM", "B"),  # another channel
        (0, "e", "AIVDM", "A"),
    ]
    lines = [
        tag(START + offset * SECOND, station) + sentence(text, fill, talker=talker, channel=channel)
        for offset, station, talker, channel in heard
    ]
    result = decode(lines)
    assert [(row[0] - START, row[-1]) for row in result.positions] == [
        (0, ("a", "b", "e")),
        (11_000, ("c",)),
        (12_000, ("d",)),
    ]
    assert (result.outcomes, result.messages) == ({"message": 3, "duplicate": 2}, {1: 3})


def test_a_position_with_its_second_is_one_transmission_for_20_minutes() -> None:
    text, fill = class_a(1)
    heard = [
        (0, "b", "A"),
        (8, "a", "B"),
        (60, "c", "A"),
        (1_200, "d", "A"),
        (1_201, "e", "A"),
        (2_400, "b", ""),
    ]
    lines = [
        tag(START + at * SECOND, by) + sentence(text, fill, channel=channel) for at, by, channel in heard
    ]
    for size in (1, 50):
        for restart_at in (frozenset[int](), frozenset({2, 4})):
            result = decode(lines, size, restart_at=restart_at)
            assert [(row[0] - START, row[-1]) for row in result.positions] == [
                (0, ("a", "b")),
                (1_201_000, ("e",)),
            ]
            assert result.outcomes == {"message": 2, "duplicate": 4}


def test_another_hearing_an_hour_of_lines_later_is_found_again() -> None:
    """With a table that has been searched through many others, and forgotten them."""
    others = [tag(START + n * 10) + sentence(*class_a(100_000 + n)) for n in range(20_000)]
    again = tag(START + 1_199 * SECOND) + sentence(*class_a(100_000))
    after = tag(START + 1_201 * SECOND) + sentence(*class_a(100_001))
    result = decode([*others, again, after], 1_000, restart_at=frozenset({5, 15}))
    assert result.outcomes == {"message": 20_001, "duplicate": 1}


def test_the_shorter_of_two_equal_messages_is_kept() -> None:
    first, second = parts(1)
    whole = sentence(static(1), 2)
    split = [tag(START, "a") + first, second]
    for lines in ([tag(START, "b") + whole, *split], [*split, tag(START, "b") + whole]):
        result = decode(lines)
        assert result.outcomes == {"message": 1, "duplicate": 2}
        assert [row[-1] for row in result.statics] == [("a", "b")]


def test_memory_is_bounded_by_event_time() -> None:
    table = Transmissions(10 * SECOND)
    held = DuplicateBuffer(10 * SECOND, table)
    for step in range(100):
        rows = np.zeros(10, HELD)
        rows["time"] = START + step * SECOND
        payloads = ByteSpans.of([b"%d %d" % (step, number) for number in range(10)])
        held.add(rows, payloads)
        held.settle(START + step * SECOND)
        held.release(START + (step - 10) * SECOND)
    assert len(held) == 110
    assert len(held.dump()) < 200 * (HELD.itemsize + 10)


def test_feeding_after_the_end_is_an_error() -> None:
    decoder = Decoder("test")
    decoder.end()
    with pytest.raises(ValueError, match="has ended"):
        decoder.feed(Frame("test", b"x\n"))
    with pytest.raises(ValueError, match="2 times of receipt for 1 lines"):
        Decoder("test").feed(Frame("test", b"x\n", received=np.array([1, 2])))


@pytest.mark.parametrize(
    "bad",
    [{"lateness_seconds": -1}, {"agreeing_lines": 0}, {"earliest_year": 0}],
)
def test_impossible_settings(bad: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        DecoderSettings(**bad)
