"""Reports by step, vessel, time and content: the integer key orders like all keys in turn."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.report import POSITION, STATIC, Rows
from models.time import DAY, MINUTE, Millis
from streams.stages import row_order
from streams.stages.row_order import POSITION_KEYS, STATIC_KEYS, by_step, folded, portions

STEP = 5 * MINUTE
START = 5_000_000 * STEP


def _positions(count: int, step: Millis) -> Rows:
    """Few vessels, times and contents, so that many rows tie; times also on and next to the grid."""
    rng = np.random.default_rng(7)
    rows = np.zeros(count, POSITION)
    near_grid = rng.integers(-2, 3, count) * step + rng.integers(-1, 2, count)
    rows["time"] = START + np.where(rng.random(count) < 0.5, near_grid, rng.integers(0, 3 * step, count))
    rows["mmsi"] = rng.choice([1, 273_000_001, 2**32 - 1], count)
    rows["type"] = rng.choice([1, 18], count)
    rows["lon"], rows["lat"] = rng.integers(0, 2, (2, count))
    rows["sog"] = rng.choice([0, 1, np.nan], count)
    rows["cog"] = rng.choice([0, np.nan], count)
    rows["stations"] = rng.integers(0, 3, count)
    return rows


def _in_turn(rows: Rows, step: Millis, keys: tuple[str, ...]) -> npt.NDArray[Any]:
    return np.lexsort([*(rows[key] for key in reversed(keys)), -(-rows["time"] // step)])


@pytest.mark.parametrize("step", [STEP, 400 * DAY])
def test_one_key_orders_like_all_in_turn(step: Millis) -> None:
    rows = _positions(4_000, step)
    ordered, of_instant = by_step(rows, step, POSITION_KEYS)
    assert ordered.tobytes() == rows[_in_turn(rows, step, POSITION_KEYS)].tobytes()
    assert list(of_instant) == sorted(set((-(-rows["time"] // step) * step).tolist()))
    for instant, part in of_instant.items():
        assert ((ordered[part]["time"] > instant - step) & (ordered[part]["time"] <= instant)).all()
    assert sum(part.stop - part.start for part in of_instant.values()) == len(rows)


def test_static_data_ties_by_text_too() -> None:
    rows = np.zeros(6, STATIC)
    rows["time"], rows["mmsi"] = START, 5
    rows["name"] = [b"B", b"A", b"C", b"A", b"B", b"A"]
    rows["callsign"] = [b"2", b"2", b"1", b"1", b"1", b"1"]
    ordered, _ = by_step(rows, STEP, STATIC_KEYS)
    told = list(zip(ordered["name"].tolist(), ordered["callsign"].tolist(), strict=True))
    assert told == sorted(told)


def test_no_rows_have_no_steps() -> None:
    rows, of_instant = by_step(np.empty(0, POSITION), STEP, POSITION_KEYS)
    assert len(rows) == 0
    assert not of_instant


def test_the_same_message_through_two_sources_is_one_heard_by_all() -> None:
    rows = np.zeros(3, POSITION)
    rows["time"], rows["mmsi"], rows["sog"] = START, 5, np.nan
    rows["lon"] = [1, 1, 2]
    rows["stations"] = [1, 2, 1]
    fixes, stations = folded(rows, ((), ("a",), ("b", "c")))
    assert [stations[i] for i in fixes["stations"].tolist()] == [("a", "b", "c"), ("a",)]
    assert rows["stations"].tolist() == [1, 2, 1], "what was handed in is left as it was"


@pytest.mark.parametrize("size", [1, 60, 1_000_000])
def test_each_portion_has_all_rows_of_its_vessels(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_order, "PORTION", size)
    rng = np.random.default_rng(3)
    positions, statics = np.zeros(300, POSITION), np.zeros(40, STATIC)
    for rows in (positions, statics):
        rows["mmsi"], rows["time"] = np.sort(rng.integers(1, 60, len(rows))), np.arange(len(rows))
    parts = list(portions(positions, statics))
    assert np.concatenate([part[0] for part in parts]).tobytes() == positions.tobytes()
    assert np.concatenate([part[1] for part in parts]).tobytes() == statics.tobytes()
    theirs = [set(part[0]["mmsi"].tolist()) | set(part[1]["mmsi"].tolist()) for part in parts]
    assert all(max(one) < min(other) for one, other in pairwise(theirs))
    count = len(set().union(*theirs))
    assert {1: count, 1_000_000: 1}.get(size, len(parts)) == len(parts) > (size < 1_000_000)
