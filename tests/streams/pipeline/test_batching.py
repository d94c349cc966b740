"""What a stage found fits into messages that Kafka takes, and is all there."""

import msgspec
import numpy as np

from models.report import POSITION, STATIC, Reports
from models.tick import TICK, Instant
from models.vessel import Dimensions, Identity
from streams.deployment import wire
from streams.deployment.topics import Topics
from streams.deployment.wire import Origin, RawFrame, ReportsFrame, TicksFrame
from streams.pipeline import batching
from streams.pipeline.operator import MAX_DEAD_LETTER_BYTES, dead_letter
from streams.pipeline.operators import DecoderOperator
from streams.simulator.scenario import simulate
from streams.stages.settings import Settings
from tests.streams.contracts import recorded

TAKEN = 1_000_000
"""Bytes of a message that Kafka and its clients take by default, a little less."""


def test_an_instant_with_the_whole_world_in_it() -> None:
    """At the start of a feed everybody is new."""
    ticks = np.zeros(30_000, TICK)
    ticks["mmsi"] = np.arange(30_000)
    ticks["stations"] = np.arange(30_000)
    stations = tuple((f"STATION-{i}", f"OTHER-{i}") for i in range(30_000))
    identities = tuple(
        Identity(
            mmsi=273_000_000 + i,
            time=1_772_323_200_000,
            name="ABCDEFGHIJKLMNOPQRST",
            callsign="ABCDEFG",
            imo=9_074_729,
            ship_type=80,
            dimensions=Dimensions(100, 50, 10, 10),
            draught=8.1,
        )
        for i in range(30_000)
    )
    instant = Instant(1_772_323_200_000, ticks, identities, (), stations)
    groups = list(batching.grouped(batching.parts(instant)))
    for group in groups:
        assert len(wire.encode(TicksFrame(wire.VERSION, Origin(0, 0, 0), 0, False, group))) < TAKEN
    back = [part.instant() for group in groups for part in group]
    rows = np.concatenate([part.ticks for part in back])
    assert rows["mmsi"].tolist() == ticks["mmsi"].tolist()
    assert [part.stations[i] for part in back for i in part.ticks["stations"]] == list(stations)
    assert sorted((i for part in back for i in part.identities), key=lambda i: i.mmsi) == list(identities)


def test_an_instant_with_many_loiterings() -> None:
    """At the full hour every open one has a revision, with up to 200 positions."""
    event = recorded.closed()[0]
    position = event.evidence.positions[0]
    evidence = msgspec.structs.replace(event.evidence, positions=(position,) * 200)
    events = tuple(
        msgspec.structs.replace(event, id=f"{i:024x}", revision=1 + i % 40, evidence=evidence)
        for i in range(120)
    )
    groups = list(batching.grouped(batching.parts(Instant(1_772_323_200_000, events=events))))
    for group in groups:
        assert len(wire.encode(TicksFrame(wire.VERSION, Origin(0, 0, 0), 0, False, group))) < TAKEN
    assert [event for group in groups for part in group for event in part.instant().events] == list(events)


def test_a_dead_letter_of_the_largest_frame_fits() -> None:
    out = dead_letter(
        Topics(),
        reason="no_frame: x",
        value=b"x" * 1_048_000,
        source="",
        line=0,
        topic="t",
        partition=0,
        offset=1,
    )
    assert len(out.value) == MAX_DEAD_LETTER_BYTES
    assert out.headers["reason"] == b"no_frame: x (the first 900000 of 1048000 bytes)"


def test_a_raw_frame_makes_one_frame_of_reports_for_each_partition() -> None:
    operator = DecoderOperator(0, 4, Settings(), Topics())
    lines = [line.encode() + b"\n" for line in simulate("full_run", 1, "none").lines[:1_000]]
    found = Reports("a", np.empty(0, POSITION), np.empty(0, STATIC), ((),))
    for offset, data in enumerate((b"".join(lines), b"")):
        raw = RawFrame(wire.VERSION, "a", "lines" if data else "end", 0, 1, data)
        made = operator.process(wire.encode(raw), offset)
        out = [record for record in made if record.topic == Topics().reports]
        assert [record.partition for record in out] == [0, 1, 2, 3]
        for record in out:
            rows = wire.decode(record.value or b"", ReportsFrame).reports()
            assert set(rows.positions["mmsi"] % 4) | set(rows.statics["mmsi"] % 4) <= {record.partition}
            found = rows if len(rows.statics) and len(rows.positions) else found
    assert len(found.positions), "of both kinds in one frame"
