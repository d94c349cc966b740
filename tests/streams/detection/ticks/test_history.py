"""History: what is packed is read again as it was, and what is asked of it is what was put there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.report import Rows
from models.tick import TICK
from models.time import MINUTE
from streams.detection.ticks import history, packed
from streams.detection.ticks.history import History
from streams.detection.ticks.packed import SEGMENTS, Packed, tracks

STEP = 5 * MINUTE
NOON = 1_600_000_000_000 // STEP * STEP


def ticks(time: int, seed: int, mmsis: list[int]) -> Rows:
    """Ticks of these vessels, sorted by track, with values of all kinds."""
    random = np.random.default_rng(seed)
    rows = np.zeros(len(mmsis), TICK)
    rows["time"], rows["mmsi"], rows["segment"] = time, mmsis, random.integers(0, 2, len(mmsis)) * 65_535
    rows["lon"] = np.where(random.random(len(rows)) < 0.5, 127.1, random.uniform(-180, 180, len(rows)))
    rows["lat"] = random.uniform(-1e-9, 1e-9, len(rows)) * random.choice([0, 1, 1e10], len(rows))
    for name in ("sog", "cog", "heading", "error"):
        rows[name] = random.choice([np.nan, 0, -0.0, 12.3, 1 / 3, np.inf], len(rows))
    rows["status"], rows["stations"] = random.integers(0, 16, len(rows)), random.integers(-2, 2, len(rows))
    rows["backfilled"], rows["between"] = random.random((2, len(rows))) < 0.5
    return rows[np.argsort(tracks(rows), kind="stable")]


vessels = st.lists(st.integers(0, 40), max_size=60)
"""Some of them more than once."""


@settings(max_examples=60, deadline=None)
@given(vessels.filter(bool), vessels.filter(bool), st.integers(1, 9))
def test_packed_ticks_are_read_again_bit_by_bit(some: list[int], others: list[int], part: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "PART", part)
        before, after = ticks(NOON, 1, some), ticks(NOON + STEP, 2, others)
        base = Packed.of(before)
        assert base.rows().tobytes() == before.tobytes()
        assert Packed.of(after, base).rows().tobytes() == after.tobytes()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 14), vessels.filter(bool)), max_size=20), st.integers(0, 100))
def test_a_history_answers_as_if_nothing_were_packed(puts: list[tuple[int, list[int]]], room: int) -> None:
    """Instants come in any order, and again; some are too small to be packed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed, "PART", 4)
        patch.setattr(history, "_LEAST", 8)
        patch.setattr(history, "_ROOM", room)
        patch.setattr(history, "_PARTS", 3)
        kept, plain = History(STEP), dict[int, Rows]()
        for number, (step, mmsis) in enumerate(puts):
            time = NOON + step * STEP
            plain[time] = ticks(time, number, mmsis)
            kept.put(time, plain[time], tracks(plain[time]))
            if number % 3:
                kept.close()
        kept.close()
        wanted = np.repeat(np.arange(42), 2)[::-1] * SEGMENTS + np.tile([0, 65_535], 42)
        assert sorted(kept.times) == sorted(plain)
        for time in [*plain, NOON - STEP]:
            rows = plain.get(time, np.empty(0, TICK))
            assert kept.count(time) == len(rows)
            first = dict(zip(tracks(rows)[::-1].tolist(), rows[::-1], strict=True))
            found, there = kept.find(time, wanted)
            assert there.tolist() == [track in first for track in wanted.tolist()]
            for track, row, known in zip(wanted.tolist(), found, there.tolist(), strict=True):
                one = kept.one(time, track)
                assert (one is not None) is known
                if one is not None:
                    assert row.tobytes() == first[track].tobytes() == one.tobytes()
            some = kept.some(time, np.unique(wanted[:9]))
            assert set(tracks(some).tolist()) == first.keys() & set(wanted[:9].tolist())
            assert all(row.tobytes() in {each.tobytes() for each in rows} for row in some)
        again = History(STEP)
        dumped = {time: data for time in sorted(plain) if (data := kept.dump(time)) is not None}
        again.load(dumped.items())
        assert {time: again.dump(time) for time in plain} == dumped
        assert all(again.of(time)[0].tobytes() == rows.tobytes() for time, rows in plain.items())
        gone = kept.forget(NOON + 5 * STEP)
        assert sorted(gone) == sorted(time for time in plain if time <= NOON + 5 * STEP)
        assert all(not kept.count(time) for time in gone)
