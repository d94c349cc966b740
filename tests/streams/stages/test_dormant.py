"""Vessels that sleep change nothing, and a flood of numbers that are heard once is asleep."""

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from models.event import to_json
from models.report import POSITION, Reports, Rows
from models.tick import Instant
from models.time import DAY, HOUR, MINUTE
from models.watchlist import Entry, Watchlist
from streams.stages.core import Core
from streams.stages.dormant import Dormant
from streams.stages.fleet import Fleet
from streams.stages.identities import Identities
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from streams.stages.vessel_stage import VesselStage
from tests.scenarios import simulated
from tests.scenarios.runs import RULES, frames

START = 1_772_323_200_000
FLOOD = 2_000


def everything(seed: int, *, snapshots: bool = False) -> list[object]:
    """Ticks, identities and events of all instants, and the events that come of them at the end."""
    core, found = Core("a", RULES), list[object]()
    for frame in [*frames("a", simulated.recording("satellite", seed), 2_000), None]:
        out = core.end("a") if frame is None else core.feed(frame)
        found += [(i.ticks.tobytes(), i.identities, list(map(to_json, i.events))) for i in out.instants]
        found.append((b"", (), list(map(to_json, out.events))))
        if snapshots:
            state, core = core.snapshot(), Core("a", RULES)
            core.restore(state)
    return found


def test_what_sleeps_is_found_as_it_would_be_awake(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[int] = []
    take_out = Fleet.take_out

    def note(self: Fleet, mmsis: Sequence[int]) -> tuple[Rows, list[bytes]]:
        slept.extend(mmsis)
        return take_out(self, mmsis)

    monkeypatch.setattr(Fleet, "take_out", note)
    found = everything(3)
    assert slept
    assert everything(3, snapshots=True) == found
    monkeypatch.setattr(Dormant, "put_away", lambda *_: None)
    monkeypatch.setattr(Identities, "settle", lambda *_: None)
    assert everything(3) == found


def heard(mmsis: Iterable[int], time: int, sog: float = 0.1) -> Rows:
    rows = np.zeros(len(numbers := np.array(list(mmsis), "u4")), POSITION)
    rows["mmsi"], rows["time"], rows["type"], rows["sog"], rows["status"] = numbers, time, 1, sog, 15
    rows["lon"], rows["lat"] = 130 + numbers % 100 / 100, 38 + numbers % 97 / 100
    rows["cog"] = rows["heading"] = np.nan
    return rows


def run(stage: VesselStage, batches: Iterable[Rows]) -> list[Instant]:
    made: list[Instant] = []
    for rows in batches:
        stage.feed(Reports("a", rows))
        made += stage.advance(int(rows["time"][0]) + 5 * MINUTE)
    return made


def test_a_flood_sleeps_and_is_forgotten_in_the_end() -> None:
    flood = range(440_000_000, 440_000_000 + FLOOD)
    ship = [441_000_001]
    stage = VesselStage(RULES)
    run(stage, [np.concatenate([heard(flood, START + MINUTE), heard(ship, START + 2 * MINUTE)])])
    assert (stage.vessels, len(stage._dormant)) == (FLOOD + 1, FLOOD + 1)
    run(stage, [heard(ship, START + at * 10 * MINUTE) for at in range(1, 20)])
    assert (stage.vessels, len(stage._dormant)) == (FLOOD + 1, FLOOD)
    run(stage, [heard(flood[:2], START + 4 * HOUR)])
    assert len(stage._dormant) == FLOOD - 2
    made = run(stage, [heard(ship, START + at * HOUR) for at in range(5, 180)])
    gone = [identity.mmsi for instant in made for identity in instant.identities if identity.gone]
    assert sorted(gone) == list(flood)
    assert (stage.vessels, len(stage._dormant)) == (1, 0)


def test_a_flood_sleeps_again_after_a_day_on_which_a_list_changes() -> None:
    listed = Watchlist([Entry(list="a list", entry="1", mmsis=(1,), listed_on="2026-03-01")])
    stage = VesselStage(Rules(Settings(), (), listed))
    before = START - START % DAY - HOUR
    run(stage, [heard(range(201_000_000, 201_000_000 + FLOOD), before)])
    assert len(stage._dormant) == FLOOD
    made = run(stage, [heard([273_000_001], before + hour * HOUR) for hour in (2, 3)])
    assert sum(len(each.identities) for each in made) > FLOOD  # all were looked at again
    assert len(stage._dormant) == FLOOD
