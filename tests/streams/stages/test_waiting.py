"""Waiting: identities that wait packed are those that were fed."""

import msgspec

from models.tick import Instant, PackedInstant
from models.vessel import Identity
from streams.stages.waiting import Waiting, identities_of


def test_many_identities_wait_packed_and_come_back_by_mmsi() -> None:
    even = [Identity(mmsi=mmsi, time=5, name=f"SHIP {mmsi}") for mmsi in range(0, 2_000, 2)]
    odd = [msgspec.structs.replace(each, mmsi=each.mmsi + 1) for each in even[:3]]
    gone = [msgspec.structs.replace(even[1], gone=True)]
    changed = set[str]()
    waiting = Waiting(changed)
    for identities in (odd, even, gone):
        waiting.put(Instant(5, identities=tuple(identities)))
    names = [name.removeprefix("fed/") for name in sorted(changed)]
    kept = [("fed", name, msgspec.msgpack.encode(waiting.piece("fed", name))) for name in names]
    parts = waiting.take(5)
    assert [len(part.identities) for part in parts] == [3, 1_000, 1]
    assert not isinstance(parts[1].identities, tuple)
    assert parts[1].identities[7] == even[7]
    assert list(identities_of(parts)) == sorted([*odd, *even, *gone], key=lambda each: (each.mmsi, each.gone))
    assert [waiting.piece("fed", name) for name in names] == [None] * 3
    waiting.load(kept)
    assert [list(part.identities) for part in waiting.of(5)] == [odd, even, gone]


def test_parts_of_a_version_before_are_read_and_written_anew() -> None:
    parts = [Instant(5, identities=(Identity(mmsi=mmsi, time=5),)) for mmsi in (7, 8)]
    changed = set[str]()
    waiting = Waiting(changed)
    waiting.load([("fed", "5", msgspec.msgpack.encode([PackedInstant.of(part) for part in parts]))])
    assert [part.identities for part in waiting.of(5)] == [part.identities for part in parts]
    assert changed == {"fed/5", "fed/5.0", "fed/5.1"}
    assert waiting.piece("fed", "5") is None
