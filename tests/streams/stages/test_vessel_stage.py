"""VesselStage: the same, however the reports come and wherever the state is kept and taken up again."""

from collections.abc import Sequence

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from geofences.fence import FenceKind, Policy
from models.event import to_json
from models.report import Reports, Rows
from models.tick import Instant
from models.time import END, MINUTE
from streams.stages.vessel_stage import VesselStage
from tests.streams.track_factories import (
    A,
    B,
    C,
    at,
    fence,
    fixes,
    identities_of,
    run_stage,
    statics,
    vessel_stage,
)

FENCES = (
    fence("berth", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="RUABC"),
    fence("sts", 30_000, FenceKind.STS_AREA, Policy.WATCH, east=60_000),
)


def voyages(number: int) -> tuple[Rows, Rows]:
    """A day of three vessels: at sea, in port, under way, silent, in two places; some named late."""
    seed = np.random.default_rng(number)
    positions, told = [], []
    for mmsi in (A, B, C):
        minutes = np.cumsum(seed.choice([3, 6, 6, 10, 40, 200], 150, p=[0.3, 0.3, 0.2, 0.17, 0.02, 0.01]))
        length = len(minutes)
        east = np.repeat(seed.choice([0, 0, 4000, 60_000, 500_000], length // 30), 30).astype(float)
        east += seed.normal(0, 20, length)
        if seed.random() < 0.5:
            east[:: int(seed.integers(2, 40))] += 200_000
        sog = np.repeat(seed.choice([0.1, 0.4, 1.0, 8.0, np.nan], length // 15), 15)
        rows = fixes(mmsi, minutes, east, sog=sog)
        rows["type"] = seed.choice([1, 27], length, p=[0.95, 0.05])
        positions.append(rows)
        first = int(seed.choice([0, 0, 400]))
        told.append(statics(mmsi, (first, first + 6), int(seed.choice([80, 80, 70]))))
        told.append(statics(mmsi, (700, 706), int(seed.choice([80, 80, 52]))))
    return np.concatenate(positions), np.concatenate(told)


def comparable(instants: Sequence[Instant]) -> list[object]:
    return [
        (each.time, each.ticks.tobytes(), each.identities, [to_json(event) for event in each.events])
        for each in instants
    ]


def in_parts(positions: Rows, told: Rows, minutes: int, pieces: bool | None) -> list[object]:
    """Fed by time in parts of so many minutes, shuffled; each by a copy of the stage before.

    The copy is made of a snapshot, of all the changed pieces so far, or not at all (None).
    """
    stage = vessel_stage(FENCES)
    kept: dict[str, bytes] = {}
    out: list[Instant] = []
    shuffle = np.random.default_rng(1)
    newest = int(max(positions["time"].max(), told["time"].max()))
    for start in range(at(0), newest + 1, minutes * MINUTE):
        parts = [
            rows[(rows["time"] >= start) & (rows["time"] < start + minutes * MINUTE)]
            for rows in (positions, told)
        ]
        stage.feed(Reports("a", shuffle.permutation(parts[0]), shuffle.permutation(parts[1])))
        out += stage.advance(min(start + minutes * MINUTE, newest))
        if pieces is not None:
            other = vessel_stage(FENCES)
            if pieces:
                for name, piece in stage.changes().items():
                    kept.pop(name, None)
                    if piece is not None:
                        kept[name] = piece
                other.load(kept)
            else:
                other.restore(stage.snapshot())
            stage = other
    return comparable(out + stage.advance(END))


@settings(max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate])
@given(st.integers(0, 2**32))
def test_neither_parts_nor_copies_change_anything(number: int) -> None:
    positions, told = voyages(number)
    expected = in_parts(positions, told, 100_000, None)
    assert in_parts(positions, told, 60, None) == expected
    assert in_parts(positions, told, 97, pieces=False) == expected
    assert in_parts(positions, told, 97, pieces=True) == expected


def test_a_silence_of_a_vessel_of_unknown_type_is_not_lost_with_the_stage() -> None:
    """It is told once the vessel is known for a tanker; what is kept between is kept piece by piece."""
    positions = fixes(A, [*range(0, 600, 6), *range(777, 840, 6)], sog=0.1)
    told = statics(A, (780, 786))
    expected = in_parts(positions, told, 100_000, None)
    assert "gap" in str(expected)
    assert in_parts(positions, told, 5, pieces=True) == expected


def test_a_report_of_an_instant_worked_off_changes_nothing() -> None:
    stage = vessel_stage()
    stage.feed(Reports("a", fixes(A, [0, 4, 8])))
    assert stage.advance(at(10) + 1)
    stage.feed(Reports("a", fixes(A, [9, 10, 11], 100_000)))
    assert stage.overtaken == 2
    assert stage.done == at(10)


def test_a_vessel_not_heard_for_a_week_is_forgotten() -> None:
    stage: VesselStage = vessel_stage()
    day = 24 * 60
    instants = run_stage(stage, fixes(A, [0, 5]), statics(A), fixes(B, np.arange(0, 9 * day, 30)))
    gone = [(each.mmsi, each.time) for i in instants for each in i.identities if each.gone]
    assert gone == [(A, at(7 * day + 60))]
    assert identities_of(instants)[A].gone
    assert not identities_of(instants)[B].gone
    other = vessel_stage()
    other.restore(stage.snapshot())
    assert other.vessels == 1
