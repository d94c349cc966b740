"""Where ships rest: what is counted, what is not, for how long, and that the memory is bounded."""

import msgspec
import numpy as np
import pytest

from geofences.fence import Fence, FenceKind, Policy
from geofences.surroundings import Surroundings
from models.report import Rows
from models.tick import TICK
from models.time import DAY, HOUR, MINUTE, from_text
from models.vessel import Identity, Role, WatchlistHit
from streams.detection.resting import RestingPlaces, RestSettings
from tests.streams.track_factories import fence

START = from_text("2024-03-01T00:00:00Z")
LON, LAT = 170.0, 30.0


def places(
    known: dict[int, Identity] | None = None, *, fences: tuple[Fence, ...] = (), **settings: float
) -> RestingPlaces:
    def identity_of(mmsi: int) -> Identity:
        return (known or {}).get(mmsi) or Identity(mmsi=mmsi, time=START, role=Role.OTHER)

    return RestingPlaces(
        msgspec.structs.replace(RestSettings(), **settings),
        5 * MINUTE,
        ("KP",),
        Surroundings(fences),
        identity_of,
        set(),
    )


def rows(mmsis: range | list[int], *, km: float = 0.5, time: int = START, sog: float = 0.1) -> Rows:
    made = np.zeros(len(mmsis), TICK)
    made["mmsi"], made["time"], made["sog"] = list(mmsis), time, sog
    made["lon"], made["lat"] = LON, LAT + km / 111.2
    return made


def near(found: RestingPlaces, *own: int, time: int = START) -> tuple[int, int]:
    rest = found.at(LON, LAT, own, time)
    return rest.near, rest.wide


def test_others_within_two_and_five_kilometres() -> None:
    found = places()
    found.learn(rows(range(211_000_001, 211_000_004)))
    found.learn(rows(range(211_000_011, 211_000_015), km=3.9))
    found.learn(rows(range(211_000_021, 211_000_025), km=8))
    assert near(found) == (3, 7)
    assert near(found, 211_000_001, 211_000_011) == (2, 5)


@pytest.mark.parametrize(
    "made",
    [rows([211_000_001], sog=3.0), rows([211_000_001], time=START + 5 * MINUTE), rows([445_000_001])],
    ids=["under way", "not at a whole hour", "North Korean"],
)
def test_what_is_not_counted(made: Rows) -> None:
    found = places()
    found.learn(made)
    assert near(found) == (0, 0)


def test_listed_and_fishing_vessels_and_class_b_are_not_counted() -> None:
    hit = WatchlistHit(list="x", entry="1", matched_on="imo")
    one, two, three = (Identity(mmsi=211_000_001 + i, time=START, role=Role.OTHER) for i in range(3))
    known = {
        one.mmsi: msgspec.structs.replace(one, watchlists=(hit,)),
        two.mmsi: msgspec.structs.replace(two, ship_type=30),
        three.mmsi: msgspec.structs.replace(three, class_b=True),
    }
    found = places(known)
    found.learn(rows(range(211_000_001, 211_000_005)))
    assert near(found) == (1, 1)


def test_watched_areas_are_not_learnt() -> None:
    watched = fence("watched", 50_000, FenceKind.WATCH_AREA, Policy.WATCH)
    made = rows(range(211_000_001, 211_000_011))
    made["lon"], made["lat"] = watched.geometry.centroid.x, watched.geometry.centroid.y
    found = places(fences=(watched,))
    found.learn(made)
    rest = found.at(float(made["lon"][0]), float(made["lat"][0]), (), START)
    assert rest.wide == 0


def test_after_days_a_vessel_counts_no_more_and_is_forgotten() -> None:
    found = places()
    found.learn(rows([211_000_001]))
    assert near(found, time=START + 7 * DAY) == (1, 1)
    assert near(found, time=START + 8 * DAY) == (0, 0)
    found.prune(START + 7 * DAY)
    found.prune(START + 8 * DAY)
    assert found.pieces() == {"rest/since"}


def test_a_cell_keeps_so_many_vessels_whatever_the_order() -> None:
    mmsis = list(range(211_000_001, 211_000_101))
    counts = []
    for order in (mmsis, mmsis[::-1]):
        found = places()
        for mmsi in order:
            found.learn(rows([mmsi]))
        counts.append([near(found, own) for own in mmsis])
    assert counts[0] == counts[1]
    assert near(found) == (24, 24)


def test_until_it_is_learnt_it_says_so() -> None:
    found = places()
    found.learn(rows([211_000_001]))
    assert not found.at(LON, LAT, (), START + 71 * HOUR).learnt
    assert found.at(LON, LAT, (), START + 72 * HOUR).learnt


def test_a_checkpoint_has_it_all() -> None:
    found = places()
    found.learn(rows(range(211_000_001, 211_000_008)))
    found.learn(rows(range(211_000_011, 211_000_014), km=4))
    other = places()
    pieces = [(name.partition("/")[2], found.piece(tuple(name.split("/")[1:]))) for name in found.pieces()]
    other.load((rest, msgspec.msgpack.encode(held)) for rest, held in pieces)
    assert near(other) == near(found)
    assert other.pieces() == found.pieces()
