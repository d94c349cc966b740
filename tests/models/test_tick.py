"""Ticks as bytes: those that versions before kept are read, and never in the wrong layout."""

import numpy as np
import pytest

from models.report import Rows
from models.tick import TICK, ticks_from
from models.time import from_text

NOON = from_text("2024-03-01T12:00:00Z")
BEFORE = [name for name in TICK.names or () if name not in ("between", "error")]


def rows(count: int) -> Rows:
    found = np.zeros(count, TICK)
    found["time"], found["mmsi"], found["lat"] = NOON, np.arange(count) + 273_000_001, 42.5
    return found


@pytest.mark.parametrize("count", [0, 1, 48, 53, 106])
def test_both_layouts_are_told_apart(count: int) -> None:
    now = rows(count)
    before = np.zeros(count, [(name, TICK[name]) for name in BEFORE])
    for name in BEFORE:
        before[name] = now[name]
    assert ticks_from(now.tobytes(), NOON).tolist() == now.tolist()
    assert ticks_from(before.tobytes(), NOON).tolist() == now.tolist()


def test_other_bytes_are_refused() -> None:
    for data in (b"x", bytes(48 * TICK.itemsize), rows(1).tobytes()[1:]):
        with pytest.raises(ValueError, match="no ticks"):
            ticks_from(data, NOON)
