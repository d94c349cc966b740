"""Fleet: what is in columns and folded is the same as objects would be, and is never asked for in the wrong
place."""

from itertools import pairwise

import pytest

from models.event import to_json
from models.time import END
from models.vessel import Identity, Role
from streams.detection.vessel_state import VesselState
from streams.stages import fleet
from streams.stages.core import Core
from streams.stages.fleet import Fleet
from tests.scenarios import simulated
from tests.scenarios.runs import RULES, frames
from tests.streams.track_factories import A


def everything(scenario: str, *, as_objects: bool) -> list[object]:
    """Ticks, identities and events of all instants, and the whole state at the end; with all vessels taken
    out of the columns before each frame, or as it is."""
    core, found = Core("a", RULES), list[object]()
    for frame in frames("a", simulated.recording(scenario, 3, "heavy"), 700):
        if as_objects:
            vessels = core.vessels._fleet
            for mmsi in vessels:
                vessels.note([vessels.whole(mmsi)])
        out = core.feed(frame)
        found += [(i.ticks.tobytes(), i.identities, list(map(to_json, i.events))) for i in out.instants]
    return [*found, core.vessels.snapshot()]


@pytest.mark.parametrize("scenario", ["satellite", "spoofed_circle"])
def test_vessels_in_columns_and_folded_are_found_as_objects_would_be(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = everything(scenario, as_objects=True)
    monkeypatch.setattr(fleet, "OBJECTS", 0)
    assert everything(scenario, as_objects=False) == objects


def test_columns_of_vessels_from_a_checkpoint_tell_what_those_of_the_running_stage_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet, "OBJECTS", 0)
    core, again = Core("a", RULES), Core("a", RULES)
    for frame in frames("a", simulated.recording("satellite", 3, "heavy"), 700):
        core.feed(frame)
    again.restore(core.snapshot())
    one, other = core.vessels._fleet, again.vessels._fleet
    one.settle(silent_since=END)
    mmsis = sorted({*one} & {*other})
    mine, theirs = one.slots(mmsis), other.slots(mmsis)
    assert all(getattr(one, name)[mine].any() for name in ("busy", "silent", "in_columns"))
    for name in ("first", "last", "class_b", "interest", "silent", "busy", "step_east", "step_north"):
        assert getattr(one, name)[mine].tolist() == getattr(other, name)[theirs].tolist(), name
    assert [one.encoded(mmsi) for mmsi in mmsis] == [other.encoded(mmsi) for mmsi in mmsis]
    assert again.snapshot() == core.snapshot()


def vessel(mmsi: int, *, role: Role = Role.UNKNOWN) -> VesselState:
    return VesselState(mmsi, 1, 2, Identity(mmsi=mmsi, time=1, first=1, role=role))


def test_who_asks_an_object_for_a_track_that_is_in_columns_is_told() -> None:
    vessels = Fleet()
    vessels.add([vessel(A)])
    with pytest.raises(RuntimeError, match="ask the fleet"):
        len(vessels.state(A).segments)
    assert vessels.whole(A).segments == []
    with pytest.raises(KeyError):
        vessels.state(A + 1)


def test_a_vessel_that_is_only_looked_at_stays_in_the_columns() -> None:
    vessels = Fleet()
    vessels.add([vessel(A)])
    assert vessels.shown(A).segments == []
    assert vessels.in_columns[vessels.slots([A])].all()
    whole = vessels.whole(A)
    assert vessels.shown(A) is whole


def test_few_vessels_stay_objects_and_those_that_somebody_watches_before_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fleet, "OBJECTS", 2)
    vessels = Fleet()
    vessels.add([vessel(mmsi, role=Role.OTHER if mmsi < 3 else Role.TANKER) for mmsi in range(1, 7)])
    given = [vessels.state(mmsi) for mmsi in range(1, 7)]
    vessels.settle()
    assert [vessels.state(each.mmsi) is each for each in given] == [False, False, True, True, False, False]
    assert [vessels.state(each.mmsi) for each in given] == given
    given = [vessels.state(mmsi) for mmsi in range(3, 7)]
    vessels.settle(silent_since=3)  # all were heard last at 2
    assert not any(vessels.state(each.mmsi) is each for each in given)


def test_slots_are_used_again() -> None:
    vessels = Fleet()
    vessels.add([vessel(mmsi) for mmsi in range(3_000)])
    for mmsi in range(0, 3_000, 2):
        del vessels[mmsi]
    size = len(vessels.mmsi)
    vessels.add([vessel(mmsi) for mmsi in range(3_000, 4_500)])
    assert len(vessels.mmsi) == size
    assert sorted(vessels.silent_since(3)) == sorted(vessels) == [*range(1, 3_000, 2), *range(3_000, 4_500)]
    slots = sorted(vessels.slots(vessels).tolist())
    assert all(one < other for one, other in pairwise(slots))
    assert vessels.slots([0]).tolist() == [-1]
