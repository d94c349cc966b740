"""Identities: they are read again as they were put, however often they change."""

from unittest.mock import patch

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from models.vessel import Dimensions, Identity, Places, Role, Stay, WatchlistHit
from streams.stages import identities as module
from streams.stages.identities import Identities

times = st.integers(0, 2**41)
identities = st.builds(
    Identity,
    mmsi=st.integers(1, 12),
    time=times,
    role=st.sampled_from(Role),
    name=st.none() | st.text(max_size=3),
    callsign=st.none() | st.just("9V1234"),
    imo=st.none() | st.just(9_074_729),
    ship_type=st.none() | st.integers(0, 99),
    dimensions=st.none() | st.just(Dimensions(150, 30, 16, 17)),
    draught=st.none() | st.sampled_from([0.0, 7.4]),
    sent_imo=st.none() | st.integers(0, 3),
    away=st.none() | st.tuples(times, times),
    first=times,
    class_b=st.booleans(),
    places=st.sampled_from([Places(), Places(shared=True, frozen=Stay(1, 2.0, 3.0, 4.0))]),
    counts=st.none() | st.booleans(),
    watchlists=st.sampled_from([(), (WatchlistHit("a list", "1", "imo", listed_on="2026-01-01"),)]),
)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(identities | st.integers(1, 12), max_size=12), max_size=8), st.sampled_from([0, 3, 99])
)
def test_they_are_what_was_put_last(steps: list[list[Identity | int]], objects: int) -> None:
    """A number takes the vessel away."""
    with patch.object(module, "_OBJECTS", objects):
        put_and_ask(steps)


def put_and_ask(steps: list[list[Identity | int]]) -> None:
    kept, plain = Identities(), dict[int, Identity]()
    for step in steps:
        kept.expect(each if isinstance(each, int) else each.mmsi for each in step)
        for each in step:
            if isinstance(each, int):
                kept.drop(each)
                plain.pop(each, None)
            else:
                assert kept.get(each.mmsi) == plain.get(each.mmsi)
                kept.put(each)
                plain[each.mmsi] = each
        kept.settle()
        assert {mmsi: kept.get(mmsi) for mmsi in range(14)} == {mmsi: plain.get(mmsi) for mmsi in range(14)}
        assert sorted(kept) == sorted(plain)
    assert set(kept.names()) == {(mmsi, each.imo, each.callsign) for mmsi, each in plain.items()}
    packed, maps = Identities(), Identities()
    packed.load((mmsi, msgspec.msgpack.encode(kept.piece(mmsi))) for mmsi in plain)
    maps.load((mmsi, msgspec.msgpack.encode(each)) for mmsi, each in plain.items())  # as versions before did
    for again in (packed, maps):
        assert {mmsi: again.get(mmsi) for mmsi in plain} == plain
