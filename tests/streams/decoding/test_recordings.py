"""The Decoder on real recordings: sums hold, and every difference from pyais alone is named."""

import gzip
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pyais.exceptions import AISBaseException
from pyais.stream import IterMessages

from models.source_hints import SourceHints
from models.time import DAY, Millis, from_text
from streams.decoding.decoder import Decoder
from streams.decoding.payload import POSITION_TYPES, STATIC_TYPES, Content, read_content
from streams.recordings.recording import open_recording
from tests.streams.decoding.test_payload import equals_pyais

pytestmark = pytest.mark.recorded

BASE_TIME: Millis = from_text("2013-11-12T12:00:00Z")
DANISH = "nmea_pghp/denmark_2013-11-12_1200.nmea.gz"

# Lines by outcome, and messages. The reader sorts a recording that is out of order before it is decoded.
TABLE: dict[str, tuple[int, dict[str, int]]] = {
    # each message four times over two channels, no times: the base time for all
    "broken/gfw_multi-part.nmea": (37, {"message": 79, "duplicate": 14}),
    # payloads of 29 to 31 characters, of which the first 28 count; out of order by up to an hour, which the
    # reader of files mends; one blank line
    "broken/gfw_type1-bad-bitcount.nmea": (12, {"message": 12, "context": 1}),
    "nmea_pghp/219165000_sudden_speed_change_2014-10-05.nmea.gz": (
        28,
        {"context": 159, "duplicate": 57, "message": 32, "not_ais": 1},
    ),
    DANISH: (26_077, {"context": 53_127, "message": 26_146, "not_ais": 973}),
    "nmea_pghp/tanker_212123000_drift_2014-10-02.nmea.gz": (
        1048,
        {"context": 6293, "duplicate": 2498, "message": 1194, "not_ais": 33},
    ),
    "nmea_pghp/tanker_538004030_drift_2014-09-28.nmea.gz": (
        937,
        # one station relays some lines 17 minutes late, with wrong times: corrected, six of them are late
        {"context": 10_549, "duplicate": 4501, "message": 968, "not_ais": 80, "late": 6},
    ),
    "nmea_plain/denmark_2013-11-12_1200.nmea.gz": (25_602, {"message": 25_671}),
    # gpsd's samples, some of them malformed on purpose; two lines are two years ahead of the others with a
    # time. Their date, 18/05/2012, is read
    "nmea_plain/mixed_types_no_times.nmea": (
        97,
        {
            "message": 113,
            "duplicate": 4,
            "context": 987,
            "bad_length": 12,
            "unknown_type": 2,
            "malformed": 1,
            "part_orphan": 1,
            "part_timed_out": 1,
        },
    ),
    # two lines, two years apart
    "nmea_prefix/signalk_multiplexed_epoch_ms.log": (2, {"message": 2}),
    # noise of a satellite receiver that passed the checksum; times of reception, by `$PGHP`, are out of order
    # by up to two hours, which the reader of files mends
    "nmea_suffix/satellite_epoch_ms_2012-01-31.nmea.gz": (
        3929,
        {"message": 3929, "context": 3188, "late": 4, "bad_length": 31, "unknown_type": 4, "no_mmsi": 4},
    ),
    # one sample after another, sorted by message type
    "nmea_suffix/uscg_2010-04.nmea": (
        206,
        {
            "message": 208,
            "context": 82,
            "duplicate": 6,
            "bad_length": 31,
            "unknown_type": 17,
            "no_mmsi": 1,
        },
    ),
    "nmea_tag_block/multi_sentence_groups.nmea": (8, {"message": 10}),
    "nmea_tag_block/norway_2026-08-20.nmea": (216, {"message": 261}),
    "nmea_tag_block/placeholder_tag_checksums_2014-12-31.nmea": (99, {"message": 99, "no_mmsi": 1}),
    # the fifth group is five hours ahead of the rest, eleven messages are days older
    "nmea_tag_block/satellite_2012-04-13.nmea": (200, {"message": 221}),
}


@pytest.fixture(scope="module")
def recordings() -> Path:
    return Path(os.environ["TANKERWATCH_DATA"]) / "recordings"


def run(path: Path) -> tuple[Decoder, list[Any], list[Any]]:
    decoder = Decoder(str(path), hints=SourceHints(BASE_TIME))
    positions, statics = [], []
    for frame in open_recording(str(path)).frames():
        decoder.feed(frame)
        reports = decoder.advance(decoder.watermark).reports
        positions.append(reports.positions)
        statics.append(reports.statics)
    decoder.end()
    reports = decoder.advance(decoder.watermark).reports
    return decoder, [*positions, reports.positions], [*statics, reports.statics]


AID = 21
"""Message type of aids to navigation."""


def text_of(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_every_recording_is_in_the_table(recordings: Path) -> None:
    folders = ("broken", "nmea_plain", "nmea_pghp", "nmea_tag_block", "nmea_suffix", "nmea_prefix")
    found = {
        str(path.relative_to(recordings)) for folder in folders for path in (recordings / folder).iterdir()
    }
    assert found == set(TABLE)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_outcomes(recordings: Path, name: str) -> None:
    messages, outcomes = TABLE[name]
    decoder, positions, _ = run(recordings / name)
    assert {str(outcome): count for outcome, count in decoder.outcomes.items() if count} == outcomes
    assert sum(outcomes.values()) == len(text_of(recordings / name).splitlines())
    assert sum(decoder.messages.values()) == messages
    times = np.concatenate(positions)["time"]
    assert np.all(np.diff(times) >= 0)


def pyais_messages(path: Path) -> Iterator[Any]:
    """What pyais alone makes of the same lines: it skips what it cannot read."""
    lines = [line for line in text_of(path).splitlines() if b"VDM," in line or b"VDO," in line]
    for sentence in IterMessages(lines):
        try:
            yield sentence.decode()
        except AISBaseException:
            continue


@pytest.mark.parametrize("name", sorted(TABLE))
def test_fields_equal_pyais(recordings: Path, name: str) -> None:
    """Each field that is read of each message of types 1 to 5, 9, 18, 19, 21, 24 and 27, once a payload.

    Of an aid to navigation (21) only type and MMSI are read: it is no vessel.
    """
    lines = [line for line in text_of(recordings / name).splitlines() if b"VDM," in line or b"VDO," in line]
    seen: set[tuple[bytes, int]] = set()
    for sentence in IterMessages(lines):
        seen.add((bytes(sentence.payload), int(sentence.fill_bits)))
    compared = Counter[int]()
    for payload, fill in sorted(seen):
        content = read_content(payload, fill)
        if isinstance(content, Content) and content.kind in POSITION_TYPES | STATIC_TYPES | {AID}:
            equals_pyais(content)
            compared[content.kind] += 1
    assert compared or not seen  # pyais finds no sentence behind the prefix of one file


def test_danish_recording_beside_pyais(recordings: Path) -> None:
    decoder, positions, statics = run(recordings / DANISH)
    theirs = list(pyais_messages(recordings / DANISH))
    assert sum(decoder.outcomes.values()) == 80_246
    assert Counter(int(message.msg_type) for message in theirs) == decoder.messages
    position, static = np.concatenate(positions), np.concatenate(statics)

    mmsis = {int(message.mmsi) for message in theirs}
    moving = {int(message.mmsi) for message in theirs if message.msg_type in (1, 2, 3, 18, 19)}
    assert (len(mmsis), len(moving)) == (1508, 1438)
    ours = set(position["mmsi"].tolist()) | set(static["mmsi"].tolist())
    assert set(position["mmsi"][~np.isin(position["type"], (4, 9, 27))].tolist()) == moving
    # the only MMSIs without a row are heard by types that carry neither position nor static data here
    other = {
        int(message.mmsi) for message in theirs if message.msg_type not in (1, 2, 3, 4, 5, 9, 18, 19, 24, 27)
    }
    assert mmsis - ours <= other
    assert ours <= mmsis

    everything = np.concatenate((position["time"], static["time"]))
    assert everything.min() // 1000 * 1000 == from_text("2013-11-12T12:00:00Z")
    assert everything.max() // 1000 * 1000 == from_text("2013-11-12T12:04:59Z")


def test_plain_and_timed_recordings_agree(recordings: Path) -> None:
    """The same five minutes with and without times: the plain one lacks the stations' own reports (VDO)."""
    columns = ["mmsi", "type", "lon", "lat", "sog", "cog", "heading"]
    rows = []
    for name in (DANISH, DANISH.replace("pghp", "plain")):
        _, positions, _ = run(recordings / name)
        rows.append(Counter(str(row) for row in np.concatenate(positions)[columns].tolist()))
    timed, plain = rows
    assert not plain - timed
    assert (timed - plain).total() == text_of(recordings / DANISH).count(b"VDO,") == 475


def test_times_lie_within_a_day_of_the_names(recordings: Path) -> None:
    """A wrong reading of seconds, milliseconds or zones would show here."""
    for name in TABLE:
        day = Path(name).name.partition(".")[0].rpartition("20")[2]
        if len(day) == 8 and day[2] == "-":
            start = from_text(f"20{day}T00:00:00Z")
            _, positions, _ = run(recordings / name)
            times = np.concatenate(positions)["time"]
            assert times.min() >= start
            assert times.max() < start + 2 * DAY
