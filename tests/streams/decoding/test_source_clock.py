"""The clock of a source, through the Decoder: the time of each line, which times count, and the watermark."""

import numpy as np
import pytest

from models.frame import Frame
from models.time import BEGINNING, DAY, END, MINUTE, SECOND
from streams.decoding.decoder import Decoder
from streams.decoding.lines.outcome import Outcome
from streams.decoding.settings import DecoderSettings
from tests.streams.nmea_lines import START, class_a, decode, frames, pghp, sentence, tag, timed

FIX = sentence(*class_a(273_000_000))
OWN = sentence(*class_a(273_000_000), talker="AIVDO")


@pytest.mark.parametrize(
    ("lines", "seconds"),
    [
        ([tag(START + 1000) + FIX], 1),
        ([tag(START + 1500) + FIX], 1.5),
        ([tag(START + 1000) + FIX + f",r003,{START // 1000 + 9}"], 1),
        ([pghp(START + 2000, FIX), tag(START + 1000) + FIX], 1),
        ([tag(START + 1000), FIX], 1),
        ([pghp(START + 2000, FIX), FIX + f",{START // 1000 + 9}"], 2),
        ([pghp(START + 2000, "*00"), FIX + f",{START // 1000 + 9}"], 9),
        ([pghp(START + 2000, "*00"), OWN], 2),
        ([pghp(START + 2000, FIX), "$PSTT,30A,20131112,120000*6D", FIX], 2),
        ([FIX + f",d-077,r07RPAL1,{START // 1000 + 3}"], 3),
        ([FIX + f",{START + 3250}"], 3.25),
        ([f"{START + 4000};N;{FIX}"], 4),
        ([f"{START // 1000 + 5}\t{FIX}"], 5),
        ([f"{START // 1000 + 5}.5 {FIX}"], 5.5),
        ([f"2023-11-14T22:13:26Z {FIX}"], 6),
        ([f"2023-11-15 00:13:27,{FIX}"], 7),
        ([tag(START + 8000).replace("c:", "c:1") + FIX], 0),
        ([f"\\c:{START // 1000 + 8}*00\\{FIX}"], 8),
        ([FIX], 0),
    ],
)
def test_time_precedence(lines: list[str], seconds: float) -> None:
    anchors = [timed(START, n) for n in (1, 2, 3)]
    result = decode([*anchors, *lines], timezone="+02:00")
    times = [row[0] for row in result.positions if row[1] == 273_000_000]
    assert times == [START + round(seconds * 1000)]


def test_receive_time_is_used_and_measures() -> None:
    received = np.array([START, START + SECOND, START + 2 * SECOND, START + 3 * SECOND])
    lines = [
        sentence(*class_a(1)),
        timed(START + 10 * MINUTE, 2),
        timed(START - 3 * MINUTE, 3),
        timed(START - MINUTE, 4),
    ]
    decoder = Decoder("test")
    decoder.feed(Frame("test", "\n".join(lines).encode(), received=received))
    assert decoder.watermark == START + 3 * SECOND - 2 * MINUTE - 10 * SECOND
    decoder.end()
    positions = decoder.advance(END).reports.positions
    assert positions[["time", "mmsi"]].tolist() == [(START - MINUTE, 4), (START, 1)]
    assert (decoder.outcomes[Outcome.IMPLAUSIBLE], decoder.outcomes[Outcome.LATE]) == (1, 1)


def test_no_time() -> None:
    assert decode([FIX] * 2).outcomes == {"no_time": 2}
    assert decode([FIX] * 2, base_time=START).outcomes == {"message": 1, "duplicate": 1}
    assert decode([FIX] * 1200).outcomes == {"no_time": 1200}
    # what is held gets the first time that is known
    later = decode([FIX, *[timed(START + n, 1 + n) for n in range(3)]])
    assert [row[0] for row in later.positions] == [START, START, START + 1, START + 2]


@pytest.mark.parametrize(
    ("offsets", "outcomes"),
    [
        # seconds from START; the sentences differ
        ((0, 1, 2, 3), {"message": 4}),
        ((0, 1, 2, 10 * 86_400, 3), {"message": 4, "implausible": 1}),
        ((10 * 86_400, 0, 1, 2), {"message": 3, "implausible": 1}),
        ((-10 * 86_400, 0, 1, 2), {"message": 4}),  # a gap, which may be
        ((0, -10 * 86_400, 1, 2), {"message": 3, "late": 1}),
        ((0, 1, 2, 864_000, 864_001, 3), {"message": 4, "implausible": 2}),
        ((0, 1, 2, 864_000, 864_001, 864_002, 3), {"message": 6, "late": 1}),
        ((0, 1, 2, 864_000, 864_001), {"message": 5}),
        ((0, 1, 2, 864_000), {"message": 4}),
        ((0, 1, 2, 864_000, 8_640_000, 864_001), {"message": 5, "implausible": 1}),
        (tuple(range(0, 30 * 46_800, 46_800)), {"message": 30}),  # a vessel heard once in 13 hours
        (tuple(range(0, 30 * 90_000, 90_000)), {"message": 30}),  # in 25 hours
        ((0, 86_400, 0), {"message": 2, "late": 1}),
        ((0, 1, 2, 129_600, 77_760), {"message": 4, "implausible": 1}),
        ((0, 1, 2, 200, 79, 80), {"message": 5, "late": 1}),
        ((0, 864_000), {"message": 2}),
        ((0, 86_401, 86_399), {"message": 3}),
    ],
)
def test_jumps_and_lateness(offsets: tuple[int, ...], outcomes: dict[str, int]) -> None:
    lines = [timed(START + offset * SECOND, 1 + n) for n, offset in enumerate(offsets)]
    assert decode(lines).outcomes == outcomes


def test_watermark_moves_with_believed_times() -> None:
    decoder = Decoder("test", DecoderSettings(opening_lines=0))
    marks = []
    lines = [timed(START + offset, n) for n, offset in enumerate((0, 1, 2500, 5 * DAY, 3000), 1)]
    for frame in frames([line.encode() for line in lines], 1):
        decoder.feed(frame)
        marks.append(decoder.watermark)
    base = START - 130 * SECOND
    assert marks == [BEGINNING, BEGINNING, base + 2000, base + 2000, base + 3000]
    decoder.end()
    assert decoder.watermark == END
