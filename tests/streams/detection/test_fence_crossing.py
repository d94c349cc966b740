"""Crossings of drawn fences by tracks that end and go on under another number, and what is forgotten."""

import msgspec
import numpy as np
import pytest
import shapely

from geofences.drawn import read_outline
from models.drawn_fence import FenceVersion
from models.tick import TICK
from models.time import HOUR, MINUTE, from_text, to_text
from streams.detection.fence_crossing import Crossing, FenceCrossings, FenceCrossingSettings

START = from_text("2026-03-01T00:00:00Z")
SHIP = 273_000_001
INSIDE, OUTSIDE = 133.1, 133.4
"""Degrees east: in the fence, and 16 km outside."""
RING = [[133.0, 42.0], [133.2, 42.0], [133.2, 42.2], [133.0, 42.2], [133.0, 42.0]]


def version(number: int, begins: int, **other: object) -> FenceVersion:
    area = read_outline({"type": "Polygon", "coordinates": [RING]})
    begun = to_text(begins)
    made = FenceVersion(id="drawn-1", version=number, name="Roads", area=area, by="me", drawn=begun)
    return msgspec.structs.replace(made, valid_from=begun, **other)


def crossings(shared: bool = False, most: int = 1_000) -> FenceCrossings:
    s = FenceCrossingSettings(most_near=most)
    found = FenceCrossings(s, (), lambda mmsi: shared, set())
    assert found.take(version(1, START))
    return found


def hear(fences: FenceCrossings, hours: float, lon: float, segment: int, mmsi: int = SHIP) -> list[Crossing]:
    ticks = np.zeros(1, TICK)
    ticks["time"], ticks["mmsi"], ticks["segment"] = START + round(hours * HOUR), mmsi, segment
    ticks["lon"], ticks["lat"] = lon, 42.1
    return list(fences.watch(ticks, ((),)))


def test_a_new_track_of_a_ship_goes_on_from_the_one_before() -> None:
    fences = crossings()
    assert hear(fences, 2, OUTSIDE, 0) == []
    (entry,) = hear(fences, 5, INSIDE, 4711)  # silent, then heard under another number
    assert entry.before is not None
    assert entry.before.time == START + 2 * HOUR
    assert hear(fences, 7, INSIDE, 4712) == []  # it is inside, whatever the number
    (left,) = hear(fences, 8, OUTSIDE, 0)
    assert (left.side, left.since, left.entry_seen) == ("exit", START + 5 * HOUR, True)


def test_two_ships_under_one_number_are_told_apart() -> None:
    fences = crossings(shared=True)
    assert hear(fences, 2, OUTSIDE, 0) == []
    (entry,) = hear(fences, 2.1, INSIDE, 4711)
    assert entry.before is None
    assert hear(fences, 2.2, OUTSIDE, 0) == []


def test_what_is_forgotten_does_not_come_back() -> None:
    fences = crossings(most=2)
    for n in range(3):
        assert hear(fences, 2 + n / 10, OUTSIDE, 0, SHIP + n) == []
    fences.prune(START + 3 * HOUR)
    entries = [entry for n in range(3) for entry in hear(fences, 4, INSIDE, 0, SHIP + n)]
    assert [entry.before is None for entry in entries] == [True, False, False]  # the one heard longest ago
    gone = START + 5 * HOUR
    assert fences.take(version(2, gone, deleted=True))
    fences.prune(gone + 3 * HOUR)
    assert fences.idle
    names = [name.partition("/") for name in sorted(fences.pieces())]
    kept = [(kind, rest, msgspec.msgpack.encode(fences.piece(kind, rest))) for kind, _, rest in names]
    other = FenceCrossings(FenceCrossingSettings(), (), lambda mmsi: False, set())
    other.load([each for each in kept if each[2] != msgspec.msgpack.encode(None)])
    for each in (fences, other):
        assert not each.take(version(2, gone + 4 * HOUR))
        assert each.take(version(3, gone + 4 * HOUR))


@pytest.mark.parametrize("turned", [True, False])
def test_a_rename_is_no_new_outline_wherever_the_ring_begins(turned: bool) -> None:
    fences = crossings()
    hear(fences, 2, INSIDE, 0)
    area = version(2, START).area
    ring = area.coordinates[0][0]
    if turned:
        ring = (*ring[2:], *ring[1:3])
        assert shapely.Polygon(ring).area == shapely.Polygon(RING).area
    after = version(2, START + 3 * HOUR, name="Other", area=type(area)((((ring),),)))
    assert fences.take(after)
    (left,) = hear(fences, 3.1, OUTSIDE, 0)  # an edit that puts it outside would be no crossing
    assert left.before is not None
    assert left.after.time - left.before.time > 60 * MINUTE
