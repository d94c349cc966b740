import numpy as np

from geofences.surroundings import Surroundings
from models.report import Rows
from streams.detection.loitering_positions import LoiteringPositions, Positions
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
