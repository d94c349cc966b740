import numpy as np

from geofences.surroundings import Surroundings
from models.report import Rows
from models.time import HOUR
from streams.detection.loitering_positions import _KEPT, LoiteringPositions, Positions
from streams.detection.slowness import SAMPLE


def drifting(count: int) -> Rows:
    rows = np.zeros(count, SAMPLE)
    rows["time"] = np.arange(count) * 300_000
    rows["lon"], rows["lat"] = 131.9 + np.arange(count) * 0.003, 42.5 + np.arange(count) * 0.001
    rows["sog"] = np.where(np.arange(count) % 3, 0.7, np.nan)
    return rows


def test_they_are_the_same_whether_some_were_known_or_not() -> None:
    places = Surroundings([])
    known, rows = LoiteringPositions(places), drifting(30)

    def told(of: LoiteringPositions, some: Rows) -> tuple[object, ...]:
        found: Positions = of.of("id", 273_000_001, some, goes_on=True)
        return found.samples, found.metres.tolist(), found.shores_km, found.around

    for some in (rows[:1], rows[:12], rows[:12], rows, rows[::2]):
        assert told(known, some) == told(LoiteringPositions(places), some)


def test_those_of_whose_end_nobody_is_told_make_room() -> None:
    known, rows = LoiteringPositions(Surroundings([])), drifting(1)
    for number in range(_KEPT):
        known.of(f"id{number}", 273_000_001, rows, goes_on=True)
    known.of("too many", 273_000_001, rows, goes_on=True)
    assert "too many" not in known._known
    rows["time"] += 24 * HOUR
    known.of("later", 273_000_001, rows, goes_on=True)
    assert "later" in known._known
    assert len(known._known) == _KEPT
