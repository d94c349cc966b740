"""What the Decoder makes of frames that only an ingest sends: cut lines, and idle frames."""

import hashlib

from models.time import BEGINNING, SECOND, Millis
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame, ReportsFrame
from streams.pipeline.operators import DecoderOperator
from streams.stages.settings import Settings
from tests.streams.nmea_lines import START, class_a, sentence

LATENESS = 120 * SECOND
WINDOW = 10 * SECOND
TOPICS = Topics()


def watermark(host: DecoderOperator, frame: RawFrame, offset: int) -> Millis:
    out = host.process(wire.encode(frame), offset)
    (reports,) = [wire.decode(o.value, ReportsFrame) for o in out if o.topic == TOPICS.reports]
    return reports.watermark


def lines(received: Millis, first_line: int = 1) -> RawFrame:
    data = sentence(*class_a(273_000_001)).encode() + b"\n"
    return RawFrame(wire.VERSION, "s", "lines", 0, first_line, data, [received])


def idle(received: Millis) -> RawFrame:
    return RawFrame(wire.VERSION, "s", "idle", 0, received=[received])


def test_an_idle_source_moves_its_watermark_by_the_clock_of_its_ingest() -> None:
    host = DecoderOperator(0, 1, Settings(), TOPICS)
    assert watermark(host, idle(START), 0) == START - LATENESS - WINDOW, "even before its first line"
    assert watermark(host, lines(START + SECOND), 1) == START + SECOND - LATENESS - WINDOW
    assert watermark(host, idle(START + 60 * SECOND), 2) == START + 60 * SECOND - LATENESS - WINDOW
    assert watermark(host, idle(START), 3) == START + 60 * SECOND - LATENESS - WINDOW, "it never goes back"
    assert START - LATENESS - WINDOW > BEGINNING


def test_a_cut_line_is_rejected_with_the_length_and_hash_of_the_whole() -> None:
    whole = b"!AIVDM," + b"x" * 10_000_000
    digest = hashlib.sha256(whole).hexdigest()
    frame = RawFrame(
        wire.VERSION,
        "s",
        "lines",
        0,
        8,
        b"\n" + whole[:65_536] + b"\n",
        [START, START],
        cuts=[(1, len(whole), digest)],
    )
    host = DecoderOperator(0, 1, Settings(), TOPICS)
    (dead,) = [out for out in host.process(wire.encode(frame), 3) if out.topic == TOPICS.rejects]
    assert dead.value == whole[:4_096]
    assert dead.headers["line"] == b"9"
    assert dead.headers["reason"].startswith(b"too_long")
