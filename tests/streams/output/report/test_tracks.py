"""Tracks on the page: few points, true to the shape, and never drawn through silence."""

import numpy as np
import pytest

from models.report import Rows
from models.time import HOUR, MINUTE
from streams.output.report import tracks as module
from streams.output.report.tracks import encode_tracks
from tests.streams.output.report.factories import START, TRACK, track

MMSI = 273_000_001


def decoded(differences: list[int]) -> list[tuple[float, float]]:
    sums = np.cumsum(np.array(differences).reshape(-1, 2), axis=0) / 100_000
    return [(lon, lat) for lon, lat in sums.tolist()]


def points(rows: Rows, centre: float = 133.0) -> list[list[tuple[float, float]]]:
    (encoded,), _ = encode_tracks({MMSI: rows}, {MMSI}, centre)
    return [decoded(piece["p"]) for piece in encoded["pieces"]]


def test_straight_course_needs_few_points_and_keeps_its_ends() -> None:
    rows = track((START, 131.0, 40.0), (START + 4 * HOUR, 132.0, 41.0))
    (line,) = points(rows)
    assert len(line) < len(rows) / 2
    assert line[0] == pytest.approx((131.0, 40.0))
    assert line[-1] == pytest.approx((132.0, 41.0))


def test_corners_are_kept() -> None:
    rows = track((START, 131.0, 40.0), (START + HOUR, 131.3, 40.0), (START + 2 * HOUR, 131.3, 40.2))
    (line,) = points(rows)
    assert min(abs(lon - 131.3) + abs(lat - 40.0) for lon, lat in line) < 0.001


def test_a_vessel_that_waits_still_has_times() -> None:
    rows = track((START, 131.0, 40.0), (START + 5 * HOUR, 131.0, 40.0))
    (encoded,), _ = encode_tracks({MMSI: rows}, {MMSI}, 133.0)
    (piece,) = encoded["pieces"]
    times = np.cumsum(piece["t"])
    assert times[0] == START // 1000
    assert np.diff(times).max() <= 10 * MINUTE // 1000


def test_jitter_between_two_positions_for_a_week() -> None:
    rows = track((START, 131.0, 40.0), (START + 200 * HOUR, 131.0, 40.0), every=4_000)
    rows["lon"][1::2] += 0.01
    (encoded,), _ = encode_tracks({MMSI: rows}, {MMSI}, 133.0)
    assert sum(len(piece["t"]) for piece in encoded["pieces"]) <= module.POINTS


@pytest.mark.parametrize(("minutes", "pieces"), [(55, 1), (65, 2)])
def test_no_line_through_silence(minutes: int, pieces: int) -> None:
    rows = track((START, 131.0, 40.0), (START + 4 * HOUR, 131.1, 40.0), every=MINUTE)
    silent = (rows["time"] > START + HOUR) & (rows["time"] < START + HOUR + minutes * MINUTE)
    assert len(points(rows[~silent])) == pieces


def test_no_line_through_a_wild_fix() -> None:
    rows = track((START, 131.0, 40.0), (START + HOUR, 131.1, 40.0))
    rows["lon"][15] = -60.0
    assert sorted(len(line) == 1 for line in points(rows)) == [False, False, True]


def test_across_180_degrees_is_one_line() -> None:
    rows = track((START, 179.9, 52.0), (START + 4 * HOUR, -179.8, 52.1))
    (line,) = points(rows, centre=180.0)
    assert [lon for lon, _ in line] == sorted(lon for lon, _ in line)
    assert line[-1][0] == pytest.approx(180.2)


def test_positions_and_speeds_that_are_not_known() -> None:
    rows = track((START, 131.0, 40.0), (START + HOUR, 131.1, 40.0))
    rows["lat"][3] = np.nan
    rows["sog"][0] = np.nan
    (encoded,), _ = encode_tracks({MMSI: rows}, {MMSI}, 133.0)
    assert encoded["pieces"][0]["v"][0] == -1
    assert encode_tracks({MMSI: np.zeros(0, TRACK)}, {MMSI}, 133.0) == ([], 0)


def test_too_many_vessels(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too many vessels, those in events stay, and the others are counted."""
    monkeypatch.setattr(module, "VESSELS", 3)
    monkeypatch.setattr(module, "POINTS", 60)
    long = {mmsi: track((START, 131.0, 40.0), (START + 30 * HOUR, 133.0, 41.0)) for mmsi in range(1, 7)}
    long[MMSI] = track((START, 131.0, 40.0), (START + HOUR, 131.2, 40.0))
    encoded, omitted = encode_tracks(long, {MMSI}, 133.0)
    assert [each["mmsi"] for each in encoded] == ["000000001", "000000002", f"{MMSI}"]
    assert omitted == 4
    assert sum(len(piece["t"]) for each in encoded for piece in each["pieces"]) <= 60
