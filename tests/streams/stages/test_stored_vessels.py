"""Stored vessels: a stage goes on from them as from whole states, also where they were stored otherwise."""

import msgspec
import numpy as np
import pytest

from models.report import Reports
from models.time import MINUTE
from models.vessel import Identity
from streams.detection.gaps.watch import GapWatch
from streams.detection.vessel_state import VesselState
from streams.stages import stored_vessels
from streams.stages.core import Core
from streams.stages.folding import Folder
from streams.stages.stored_vessels import LAYOUT, Layout, taken
from streams.stages.vessel_stage import VesselStage
from tests.scenarios import simulated
from tests.scenarios.runs import RULES, frames
from tests.streams.stages.test_dormant import heard


@pytest.fixture(scope="module")
def stage() -> VesselStage:
    core = Core("a", RULES)
    for frame in frames("a", simulated.recording("satellite", 3, "heavy"), 700):
        core.feed(frame)
    stage = core.vessels
    stage.feed(Reports("a", heard(range(440_000_000, 440_000_300), stage.done + MINUTE)))
    stage.advance(stage.done + 10 * MINUTE)
    return stage


def checkpoint(stage: VesselStage) -> dict[str, bytes]:
    """All that a checkpoint holds of a stage."""
    pieces = msgspec.msgpack.decode(stage.snapshot(), type=dict[str, bytes])
    stage._fleet.changed[:] = stage._fleet.in_use
    stage._fleet.changed_elsewhere.extend(stage._dormant.mmsis)
    return pieces | {name: piece for name, piece in stage.changes().items() if piece is not None}


def test_a_stage_goes_on_from_stored_vessels_as_it_is(stage: VesselStage) -> None:
    pieces, again = checkpoint(stage), VesselStage(RULES)
    assert sum(piece.startswith(b"\x01") for piece in pieces.values()) == len(stage._fleet) > 0
    assert sum(piece.startswith(b"\x02") for piece in pieces.values()) == len(stage._dormant) > 0
    again.load(pieces)
    assert again._dormant.mmsis == stage._dormant.mmsis
    assert again.snapshot() == stage.snapshot()
    unchanged = {name: piece for name, piece in checkpoint(again).items() if name.startswith("vessel/")}
    assert unchanged.items() <= pieces.items()


def test_one_that_sleeps_wakes_where_other_settings_may_have_it_found(
    stage: VesselStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces, again = checkpoint(stage), VesselStage(RULES)
    monkeypatch.setattr(GapWatch, "may_propose", lambda *_: True)
    again.load(pieces)
    assert not again._dormant.mmsis
    assert again.snapshot() == stage.snapshot()


def test_vessels_of_another_layout_are_read_and_all_of_them_written_anew(
    stage: VesselStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = stored_vessels._STORED
    other = np.dtype([(name, columns[name]) for name in reversed(columns.names or ())])
    layout, folder = Layout(repr(other.descr), b"other states" * 9), Folder(b"other states" * 9)
    with monkeypatch.context() as patch:
        patch.setattr(stored_vessels, "_STORED", other)
        pieces = checkpoint(stage)
    begin, again = 1 + other.itemsize, VesselStage(RULES)
    for name, piece in pieces.items():
        if piece.startswith(b"\x01"):
            pieces[name] = piece[:begin] + folder.fold(Folder().unfold(piece[begin:]))
    again.load(pieces | {"layout": msgspec.msgpack.encode(layout)})
    assert set(again._fleet.take_changes()) == {*again._fleet, *again._dormant.mmsis}
    assert again.snapshot() == stage.snapshot()


def test_one_of_another_layout_that_falls_asleep_is_written_anew_too(stage: VesselStage) -> None:
    alone, again = VesselStage(RULES), VesselStage(RULES)
    alone.load(checkpoint(stage))
    time, sleeper = alone._done, 999_999_999
    alone._fleet.add([VesselState(sleeper, time, time, Identity(mmsi=sleeper, time=time, first=time))])
    pieces = checkpoint(alone)
    assert pieces[f"vessel/{sleeper}"].startswith(b"\x01")  # as nobody has put it to sleep yet
    layout = msgspec.structs.replace(LAYOUT, typical=LAYOUT.typical + b"more")
    folder = Folder(layout.typical)
    begin = 1 + stored_vessels._STORED.itemsize
    for name, piece in pieces.items():
        if piece.startswith(b"\x01"):
            pieces[name] = piece[:begin] + folder.fold(Folder().unfold(piece[begin:]))
    again.load(pieces | {"layout": msgspec.msgpack.encode(layout)})
    assert sleeper in again._dormant.mmsis
    pieces |= {name: piece for name, piece in again.changes().items() if piece is not None}
    later = VesselStage(RULES)
    later.load(pieces)
    assert later.snapshot() == again.snapshot()


def test_a_form_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="form"):
        taken([b"\x01"], msgspec.structs.replace(LAYOUT, form=0))
