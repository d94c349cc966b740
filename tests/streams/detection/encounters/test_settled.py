"""An encounter that is not judged at every tick is the same as one that is."""

import numpy as np
import pytest

from geofences.fence import Policy
from models.event import Event, Level, Status, to_json
from streams.detection.encounters.encounter import Settled
from tests.streams.track_factories import A, B, encounters, fence, ticks

OFF_PORT = (129.50, 35.42)
"""Off Ulsan, where an encounter is at most `possible`, outside watched areas."""
HOURS = 24


@pytest.mark.parametrize("seed", [2, 3])
def test_what_is_left_out_would_have_changed_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left_out = 0

    def counted(self: Settled, *asked: object) -> object:
        nonlocal left_out
        middle = found(self, *asked)  # type: ignore[arg-type]
        left_out += middle is not None
        return middle

    found = Settled.middle
    monkeypatch.setattr(Settled, "middle", counted)
    told = _revisions(seed)
    monkeypatch.setattr(Settled, "middle", lambda *_: None)
    assert list(map(to_json, told)) == list(map(to_json, _revisions(seed)))
    assert {event.level for event in told} == {Level.POSSIBLE, Level.PROBABLE}
    assert any(event.status is Status.CLOSED for event in told)
    assert left_out > 2 * HOURS


def _revisions(seed: int) -> list[Event]:
    """Two that drift slowly into a watched area: now near each other, now apart, now fast, now with one of
    them silent, and far apart in the end."""
    random = np.random.default_rng(seed)
    minutes = np.arange(0, 60 * HOURS, 5)
    hour = minutes // 60
    metres = np.repeat(random.choice([90.0, 200.0, 800.0], HOURS, p=[0.4, 0.5, 0.1]), 12)
    metres[minutes > 60 * (HOURS - 6) + 25] = 5_000.0  # so that it ends between full hours
    knots = np.repeat(random.choice([0.3, 6.0], HOURS, p=[0.95, 0.05]), 12)
    heard = random.random(len(minutes)) < np.where(hour % 9 == 8, 0.05, 1.0)
    one = ticks(A, minutes, east=3.0 * minutes, sog=knots, origin=OFF_PORT)
    east = (3.0 * minutes + metres)[heard]
    other = ticks(B, minutes[heard], east=east, sog=knots[heard], origin=OFF_PORT)
    watched = fence("W", 1_000, policy=Policy.WATCH, east=1_500, origin=OFF_PORT)
    return encounters([one, other], fences=[watched])
