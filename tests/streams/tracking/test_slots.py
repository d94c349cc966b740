"""Slots: what a dict would give, however MMSIs come and go."""

import numpy as np
import pytest

from streams.tracking import slots
from streams.tracking.slots import Slots


@pytest.mark.parametrize("first", [4, 2048])
def test_slots_are_those_of_a_dict(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "_FIRST", first)
    rng, kept, table = np.random.default_rng(first), dict[int, int](), Slots()
    some = [*range(40), *range(2**30 - 40, 2**30), *range(219_000_000, 219_000_400, 7)]
    for _ in range(60):
        chosen = rng.choice(some, 20, replace=False).tolist()
        new = [mmsi for mmsi in chosen[:12] if mmsi not in kept]
        table.put(new, np.arange(len(new)) + len(kept))
        kept |= {mmsi: len(kept) + i for i, mmsi in enumerate(new)}
        gone = [mmsi for mmsi in chosen[12:] if mmsi in kept]
        table.drop(gone)
        for mmsi in gone:
            del kept[mmsi]
        expected = [kept.get(mmsi, -1) for mmsi in some]
        assert table.of(np.array(some, np.uint32)).tolist() == expected
        assert [table.get(mmsi) for mmsi in some] == expected
        assert len(table) == len(kept)
