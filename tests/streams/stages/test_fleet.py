"""Fleet: what is in columns is the same as objects would be, and is never asked for in the wrong place."""

from itertools import pairwise

import pytest

from models.event import to_json
from models.vessel import Identity
from streams.detection.vessel_state import VesselState
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
            fleet = core.vessels._fleet
            for mmsi in fleet:
                fleet.note([fleet.whole(mmsi)])
        out = core.feed(frame)
        found += [(i.ticks.tobytes(), i.identities, list(map(to_json, i.events))) for i in out.instants]
    return [*found, core.vessels.snapshot()]


@pytest.mark.parametrize("scenario", ["satellite", "spoofed_circle"])
def test_vessels_in_columns_are_found_as_objects_would_be(scenario: str) -> None:
    assert everything(scenario, as_objects=False) == everything(scenario, as_objects=True)


def vessel(mmsi: int) -> VesselState:
    return VesselState(mmsi, 1, 2, Identity(mmsi=mmsi, time=1, first=1))


def test_who_asks_an_object_for_a_track_that_is_in_columns_is_told() -> None:
    fleet = Fleet()
    fleet.add([vessel(A)])
    with pytest.raises(RuntimeError, match="ask the fleet"):
        len(fleet.state(A).segments)
    assert fleet.whole(A).segments == []


def test_slots_are_used_again() -> None:
    fleet = Fleet()
    fleet.add([vessel(mmsi) for mmsi in range(3_000)])
    for mmsi in range(0, 3_000, 2):
        del fleet[mmsi]
    size = len(fleet.mmsi)
    fleet.add([vessel(mmsi) for mmsi in range(3_000, 4_500)])
    assert len(fleet.mmsi) == size
    assert sorted(fleet.silent_since(3)) == sorted(fleet) == [*range(1, 3_000, 2), *range(3_000, 4_500)]
    slots = sorted(fleet.slots(fleet).tolist())
    assert all(one < other for one, other in pairwise(slots))
    assert fleet.slots([0]).tolist() == [-1]
