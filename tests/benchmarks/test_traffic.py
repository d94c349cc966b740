"""The benchmark's traffic is what it says: whole messages, some heard twice, slightly out of order."""

import numpy as np

from models.frame import Frame
from models.report import Rows
from streams.decoding.decoder import Decoder
from tests.benchmarks.nmea_columns import Integers
from tests.benchmarks.traffic import CLASSES, Floats, Traffic


def test_traffic_is_ordinary() -> None:
    traffic = Traffic(vessels=400, minutes=30)
    decoder = Decoder("traffic")
    decoder.feed(Frame("traffic", b"".join(traffic.lines())))
    decoder.end()
    positions = decoder.advance(decoder.watermark).reports.positions
    outcomes = decoder.outcomes
    assert set(outcomes) == {"message", "duplicate"}, "nothing is late, lost or rejected"
    assert 0.08 < outcomes["duplicate"] / outcomes["message"] < 0.16
    assert set(decoder.messages) == {1, 5, 18, 24}
    assert sum(decoder.messages.values()) == len(traffic.sent.time)
    fastest = max(each.fastest for each in CLASSES)
    alone = np.isin(positions["mmsi"], _sent_by_one(traffic))
    assert _knots(positions[alone]).max() < fastest + 10, "no vessel leaps"


def test_the_same_seed_gives_the_same_lines() -> None:
    first, again, other = (b"".join(Traffic(50, 5, seed).lines()) for seed in (1, 1, 2))
    assert first == again != other


def _sent_by_one(traffic: Traffic) -> Integers:
    mmsi, count = np.unique(traffic.fleet.mmsi, return_counts=True)
    found: Integers = mmsi[count == 1]
    return found


def _knots(rows: Rows) -> np.ndarray:
    """Between fixes of one vessel at least half a minute apart, so that the noise of a fix matters little."""
    rows = rows[np.lexsort([rows["time"], rows["mmsi"]])]
    hours = np.diff(rows["time"]) / 3_600_000
    same = (np.diff(rows["mmsi"]) == 0) & (hours >= 30 / 3_600)
    north = np.diff(rows["lat"]) * 60
    east = np.diff(rows["lon"]) * 60 * np.cos(np.radians(rows["lat"][1:]))
    knots: Floats = np.hypot(north, east)[same] / hours[same]
    return knots
