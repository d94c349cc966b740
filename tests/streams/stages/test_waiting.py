"""Waiting: identities that wait packed are those that were fed."""

import msgspec

from models.tick import Instant
from models.vessel import Identity
from streams.stages.waiting import Waiting, identities_of


def test_many_identities_wait_packed_and_come_back_by_mmsi() -> None:
    even = [Identity(mmsi=mmsi, time=5, name=f"SHIP {mmsi}") for mmsi in range(0, 2_000, 2)]
    odd = [msgspec.structs.replace(each, mmsi=each.mmsi + 1) for each in even[:3]]
    gone = [msgspec.structs.replace(even[1], gone=True)]
    waiting = Waiting(set())
    for identities in (odd, gone, even):
        waiting.put(Instant(5, identities=tuple(identities)))
    assert isinstance(waiting.of(5)[-1].identities, tuple), "the last may not have to wait"
    waiting.put(Instant(6))
    kept = msgspec.msgpack.encode(waiting.piece(5))
    parts = waiting.take(5)
    assert [len(part.identities) for part in parts] == [3, 1, 1_000]
    assert not isinstance(parts[2].identities, tuple)
    assert parts[2].identities[7] == even[7]
    assert list(identities_of(parts)) == sorted([*odd, *even, *gone], key=lambda each: (each.mmsi, each.gone))
    waiting.load([(5, kept)])
    assert [list(part.identities) for part in waiting.of(5)] == [odd, gone, even]
