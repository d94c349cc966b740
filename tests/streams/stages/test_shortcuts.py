"""What stages do not look at, because nothing can come of it: looking at it gives the same events."""

import numpy as np
import pytest

from models.event import to_json
from streams.detection.encounters.sightings import Sightings
from streams.detection.gaps.judgement import GapJudge
from tests.scenarios.runs import find, frames
from tests.scenarios.simulated import recording, revisions


def test_nothing_comes_of_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = revisions("dark_partner", 3)
    assert expected
    monkeypatch.setattr(Sightings, "_may_matter", lambda _, a, b, metres: np.ones(len(metres), bool))
    monkeypatch.setattr(GapJudge, "_has_news", lambda *_: True)
    found = find({"a": frames("a", recording("dark_partner", 3))})
    assert [to_json(event) for event in found] == list(expected)
