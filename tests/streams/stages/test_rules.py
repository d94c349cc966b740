"""The hash in an event covers all that its verdict depends on, and nothing else."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest

from geofences.fence import Policy
from models.event import EventType
from models.vessel import WatchlistHit
from models.watchlist import Entry, Watchlist
from streams.stages.rules import Rules
from streams.stages.settings import Settings
from tests.streams.track_factories import A, fence

ONE = Entry(list="a list", entry="one", imos=(9_074_729,))
TWO = Entry(list="a list", entry="two", mmsis=(A,))
LIST = Watchlist([ONE, TWO])
FENCES = (fence("a", 1000), fence("b", 2000, east=9000))

ALL = frozenset(EventType)
ENCOUNTER, LOITERING, PORT_VISIT = EventType.ENCOUNTER, EventType.LOITERING, EventType.PORT_VISIT
CHAIN = EventType.CHAIN
GAP, DARK_PORT_VISIT = EventType.GAP, EventType.DARK_PORT_VISIT
IDENTITY = EventType.IDENTITY
DARK_ENCOUNTER = EventType.DARK_ENCOUNTER
DARK_VESSEL = EventType.DARK_VESSEL
CROSSINGS = frozenset({EventType.FENCE_ENTRY, EventType.FENCE_EXIT})
DEPENDS = {
    "decoder": ALL,
    "surroundings": ALL,
    "vessel": ALL,
    "vessel.detectors": ALL - {ENCOUNTER} - CROSSINGS,
    "vessel.detectors.loitering": frozenset({LOITERING, DARK_ENCOUNTER, CHAIN}),
    "vessel.detectors.port_visit": frozenset({PORT_VISIT, CHAIN}),
    "vessel.detectors.gap": frozenset({GAP, DARK_PORT_VISIT, DARK_ENCOUNTER, DARK_VESSEL, IDENTITY, CHAIN}),
    "meeting": ALL - CROSSINGS,
    "case": frozenset({CHAIN}),
    "fence_crossing": CROSSINGS,
    "ledger": frozenset(),
    "facilitators": frozenset(),
}
"""Which types of event a table of settings matters for; the longest name that fits counts."""


def hashes(
    settings: Settings | None = None, fences: Any = FENCES, watchlist: Watchlist = LIST
) -> dict[Any, str]:
    detectors = Rules(settings or Settings(), fences, watchlist).detectors
    return {kind: detectors[kind].settings_hash for kind in EventType}


usual = cache(hashes)
"""Of the defaults."""


def changed(**values: Any) -> frozenset[EventType]:
    now, before = hashes(**values), usual()
    return frozenset(kind for kind in EventType if now[kind] != before[kind])


def variations(name: str, value: Any) -> Iterator[Any]:
    """These settings, each time with another value of the one that is named."""
    field, _, rest = name.partition(".")
    inner = getattr(value, field)
    for option in variations(rest, inner) if rest else _near(inner):
        try:
            yield msgspec.structs.replace(value, **{field: option})
        except (ValueError, TypeError):
            continue  # not possible together with the rest, or not of its type


def _near(value: Any) -> list[Any]:
    if isinstance(value, tuple):
        return [(*value, "XX"), (*value, 30), (*value, 9_074_729)]  # a flag, a ship type, an IMO number
    if isinstance(value, int):
        return [near for near in (value + 1, value * 2, max(value // 2, 1)) if near != value]
    return [value * 0.99 or 0.01, value * 1.01]


def leaves(name: str, value: msgspec.Struct) -> Iterator[str]:
    for field in value.__struct_fields__:
        inner, path = getattr(value, field), f"{name}.{field}".lstrip(".")
        if isinstance(inner, msgspec.Struct):
            yield from leaves(path, inner)
        else:
            yield path


@pytest.mark.parametrize("name", list(leaves("", Settings())))
def test_a_setting_changes_the_hash_of_what_it_matters_for(name: str) -> None:
    table = max((prefix for prefix in DEPENDS if name.startswith(f"{prefix}.")), key=len)
    *_, varied = variations(name, Settings())  # each can be varied
    assert changed(settings=varied) == DEPENDS[table]


@pytest.mark.parametrize(
    "fences",
    [
        FENCES[:1],
        (*FENCES, fence("c", 500)),
        (FENCES[0], fence("b", 2001, east=9000)),
        (FENCES[0], fence("b", 2000, policy=Policy.WATCH, east=9000)),
        (FENCES[0], fence("b", 2000, locode="RUABC", east=9000)),
    ],
)
def test_other_fences_have_another_hash(fences: Any) -> None:
    assert changed(fences=fences) == ALL


def test_another_watchlist_has_another_hash() -> None:
    assert changed(watchlist=Watchlist()) == ALL
    three = Entry(list="a list", entry="three", mmsis=(A + 1,))
    assert changed(watchlist=LIST.merge(Watchlist([three]))) == ALL
    for other in (
        {"mmsis": (A,)}, {"names": ("X",)}, {"callsigns": ("X",)}, {"type": "X"}, {"deadweight": 1.0},
        {"listed_on": "2020-01-01"}, {"delisted_on": "2020-01-01"}, {"as_of": "2020"},
    ):  # fmt: skip
        assert changed(watchlist=Watchlist([msgspec.structs.replace(ONE, **other), TWO])) == ALL, other


def test_neither_the_order_of_fences_nor_that_of_lists_matters() -> None:
    assert changed(fences=FENCES[::-1]) == frozenset()
    one, two = Watchlist([ONE]), Watchlist([TWO])
    assert changed(watchlist=one.merge(two)) == changed(watchlist=two.merge(one)) == frozenset()
    assert LIST.match(imo=9_074_729, mmsi=1, time=0) == (WatchlistHit("a list", "one", "imo"),)
