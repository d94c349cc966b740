"""Who a vessel says it is; through VesselStage."""

from typing import Any

import numpy as np
import pytest

from models.report import Rows
from models.time import MINUTE
from models.vessel import Dimensions, Identity, Role
from models.watchlist import Entry, Watchlist
from streams.stages.settings import VesselSettings
from streams.tracking.identity import IdentitySettings
from tests.streams.track_factories import (
    A,
    at,
    fixes,
    identities_of,
    run_stage,
    statics,
    vessel_stage,
)

IMO, OTHER_IMO = 9_074_729, 9_176_187
SECOND = 1 / 60


def known(*rows: Rows, mmsi: int = A, settings: VesselSettings | None = None) -> Identity:
    return identities_of(run_stage(vessel_stage(settings=settings), *rows))[mmsi]


def statics_of_no_type(minutes: list[float], **fields: Any) -> Rows:
    return statics(A, minutes, **({"ship_type": 0} | fields))


def test_a_field_counts_after_two_equal_transmissions() -> None:
    fields = {"name": b"OCEAN STAR", "callsign": b"UBXY7", "imo": IMO, "ship_type": 81, "draught": 7.3}
    size = {"to_bow": 100, "to_stern": 20, "to_port": 9, "to_starboard": 9}
    once = known(statics_of_no_type([0], **fields, **size))
    assert once == Identity(mmsi=A, time=once.time, first=once.first, counts=False)
    twice = known(statics_of_no_type([0, 6], **fields, **size))
    assert twice == Identity(
        mmsi=A,
        time=twice.time,
        first=twice.first,
        role=Role.TANKER,
        name="OCEAN STAR",
        callsign="UBXY7",
        imo=IMO,
        ship_type=81,
        dimensions=Dimensions(100, 20, 9, 9),
        draught=7.3,
        counts=True,
        sent_imo=IMO,
    )


@pytest.mark.parametrize(("seconds", "confirmed"), [(0, False), (9, False), (10, True)])
def test_two_receivers_of_one_transmission_are_one(seconds: float, confirmed: bool) -> None:
    identity = known(statics_of_no_type([0, seconds * SECOND], imo=IMO))
    assert (identity.imo == IMO) is confirmed


def test_heard_by_two_receivers_and_again_later_it_counts() -> None:
    assert known(statics_of_no_type([0, SECOND, 6], imo=IMO)).imo == IMO


def test_one_corrupt_transmission_changes_nothing() -> None:
    right, wrong = (
        statics_of_no_type([0, 6, 18], name=b"OCEAN STAR", imo=IMO),
        statics_of_no_type([12], name=b"OCEAN STAS", imo=OTHER_IMO),
    )
    identity = known(right, wrong)
    assert (identity.name, identity.imo) == ("OCEAN STAR", IMO)
    # the same corruption twice, but what is confirmed was heard between: still nothing
    identity = known(right, statics_of_no_type([12, 24], name=b"OCEAN STAS", imo=OTHER_IMO))
    assert (identity.name, identity.imo) == ("OCEAN STAR", IMO)


def test_a_change_that_is_repeated_counts() -> None:
    before, after = (
        statics_of_no_type([0, 6], name=b"OCEAN STAR", ship_type=70),
        statics_of_no_type([12, 18], name=b"X", ship_type=80),
    )
    identity = known(before, after)
    assert (identity.name, identity.role) == ("X", Role.TANKER)


@pytest.mark.parametrize("imo", [0, 9_074_720, 1_234_568, 907_472, 1_073_741_823])
def test_an_imo_number_needs_its_check_digit(imo: int) -> None:
    assert known(statics_of_no_type([0, 6, 12], imo=imo)).imo is None


def test_nothing_is_claimed_by_nulls() -> None:
    full = statics_of_no_type([0, 6], name=b"OCEAN STAR", imo=IMO, ship_type=80, draught=7.0)
    identity = known(full, statics_of_no_type([12, 18, 24], draught=np.nan))
    assert (identity.name, identity.imo, identity.draught) == ("OCEAN STAR", IMO, 7.0)


def test_a_size_needs_length_and_beam() -> None:
    assert known(statics_of_no_type([0, 6], to_bow=100)).dimensions is None
    # A = C = 0: the size is known, the antenna's place is not
    size = known(statics_of_no_type([0, 6], to_stern=120, to_starboard=18)).dimensions
    assert size is not None
    assert (size.length, size.beam, size.antenna_known) == (120, 18, False)


@pytest.mark.parametrize(("half", "known_size"), [(1, False), (244, True), (254, False), (511, False)])
def test_a_size_that_no_ship_has_is_none(half: int, known_size: bool) -> None:
    """Hulls of a kilometre would touch across an anchorage."""
    ends = dict.fromkeys(("to_bow", "to_stern"), half)
    sent = statics_of_no_type([0, 6], **ends, to_port=30, to_starboard=30)
    assert (known(sent).dimensions is not None) is known_size


@pytest.mark.parametrize(
    ("ship_type", "role"),
    [
        (0, Role.UNKNOWN),
        (79, Role.OTHER),
        (80, Role.TANKER),
        (89, Role.TANKER),
        (90, Role.OTHER),
        (30, Role.OTHER),
        *[(excluded, Role.EXCLUDED) for excluded in (31, 32, 50, 51, 52, 53)],
    ],
)
def test_roles_by_type(ship_type: int, role: Role) -> None:
    assert known(statics_of_no_type([0, 6], ship_type=ship_type)).role is role


def test_a_tanker_stays_a_tanker_whatever_it_says_later() -> None:
    identity = known(statics_of_no_type([0, 6], ship_type=80), statics_of_no_type([60, 66], ship_type=52))
    assert (identity.role, identity.ship_type) == (Role.TANKER, 52)
    assert (
        known(statics_of_no_type([0, 6], ship_type=52), statics_of_no_type([60, 66], ship_type=80)).role
        is Role.TANKER
    )


@pytest.mark.parametrize(
    ("mmsi", "role"),
    [
        (445_000_001, Role.TANKER),  # North Korea
        (982_730_001, Role.EXCLUDED),  # craft of a parent ship
        (992_731_001, Role.EXCLUDED),  # aid to navigation
        (2_731_001, Role.TANKER),  # coast station's number: the static data is a ship's
        (111_273_001, Role.EXCLUDED),  # rescue aircraft
        (970_123_456, Role.EXCLUDED),  # distress transmitter
        (100_000_001, Role.TANKER),  # no such country
        (123_456_789, Role.TANKER),  # never programmed
    ],
)
def test_roles_by_number(mmsi: int, role: Role) -> None:
    assert known(statics(mmsi, ship_type=80), mmsi=mmsi).role is role


def test_a_number_of_no_country_with_an_imo_number_is_a_ship() -> None:
    assert known(statics(100_000_001, imo=IMO), mmsi=100_000_001).role is Role.TANKER


@pytest.mark.parametrize("name", [b"NET 12 87%", b"FISHING BUOY 3", b"GEAR-4-12.4V", b"NETMARK01"])
def test_fishing_gear_is_known_by_its_name(name: bytes) -> None:
    gear = statics_of_no_type([0, 6], type=24, name=name)
    assert known(gear).role is Role.EXCLUDED
    assert known(statics_of_no_type([0, 6], name=name)).role is Role.UNKNOWN, "class A is no gear"


@pytest.mark.parametrize("name", [b"PLANET V", b"NETTUNO", b"OLIVIA 12"])
def test_a_ship_is_not_taken_for_gear(name: bytes) -> None:
    assert known(statics_of_no_type([0, 6], type=24, name=name, ship_type=70)).role is Role.OTHER


def test_halves_of_type_24_do_not_mix() -> None:
    names = statics_of_no_type([0, 6], type=24, part=1, name=b"LITTLE ONE")
    rest = statics_of_no_type([1, 7], type=24, part=2, ship_type=80, callsign=b"UB1")
    identity = known(names, rest, fixes(A, [2, 3], type=18))
    assert (identity.name, identity.callsign, identity.role) == ("LITTLE ONE", "UB1", Role.TANKER)
    assert identity.class_b


def test_listed_by_imo_number_or_else_by_mmsi() -> None:
    listed = Watchlist(
        [Entry(list="a list", entry="one", imos=(IMO,)), Entry(list="a list", entry="two", mmsis=(A,))]
    )
    by_mmsi = identities_of(run_stage(vessel_stage(listed=listed), fixes(A, [0])))[A]
    assert [(hit.entry, hit.matched_on) for hit in by_mmsi.watchlists] == [("two", "mmsi")]
    both = identities_of(
        run_stage(vessel_stage(listed=listed), statics_of_no_type([0, 6], imo=IMO, ship_type=70))
    )[A]
    assert [(hit.entry, hit.matched_on) for hit in both.watchlists] == [("one", "imo"), ("two", "mmsi")]
    assert both.of_interest
    once = identities_of(run_stage(vessel_stage(listed=listed), statics_of_no_type([0], imo=IMO)))[A]
    assert [hit.entry for hit in once.watchlists] == ["two"], "an IMO number heard once accuses nobody"


def test_impossible_threshold() -> None:
    with pytest.raises(ValueError, match="apart_seconds"):
        IdentitySettings(apart_seconds=0)


SIZE = {"to_bow": 15, "to_stern": 5, "to_port": 3, "to_starboard": 3}
LONG = {"to_bow": 60, "to_stern": 20, "to_port": 6, "to_starboard": 6}
KOREAN = 445_000_001


@pytest.mark.parametrize(
    ("mmsi", "fields", "counts"),
    [
        (KOREAN, {"ship_type": 70}, True),
        (KOREAN, {"ship_type": 52}, True),
        (KOREAN, {"ship_type": 0}, True),
        (KOREAN, {"ship_type": 30, **SIZE}, False),
        (KOREAN, {"ship_type": 37, **SIZE}, False),
        (KOREAN, {"ship_type": 30, **LONG}, True),
        (A, {"ship_type": 70}, False),
        (A, {"ship_type": 80}, True),
        (A, {"ship_type": 70, "imo": IMO}, False),
    ],
)
def test_who_counts(mmsi: int, fields: dict[str, Any], counts: bool) -> None:
    assert known(statics(mmsi, **fields), mmsi=mmsi).of_interest is counts


@pytest.mark.parametrize(
    ("rules", "fields", "counts"),
    [
        (IdentitySettings(ship_types=tuple(range(70, 80))), {"ship_type": 70}, True),
        (IdentitySettings(ship_types=tuple(range(70, 80))), {"ship_type": 80}, False),
        (IdentitySettings(imo_numbers=(IMO,)), {"ship_type": 70, "imo": IMO}, True),
        (IdentitySettings(flags=("RU",)), {"ship_type": 70}, True),
    ],
)
def test_who_counts_by_the_settings(rules: IdentitySettings, fields: dict[str, Any], counts: bool) -> None:
    stage = vessel_stage(settings=VesselSettings(identity=rules))
    assert identities_of(run_stage(stage, statics(A, **fields)))[A].of_interest is counts


@pytest.mark.parametrize("mmsi", [400_111_002, 123_456_789, 9_111_002])
@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({"ship_type": 80}, Role.TANKER),
        ({"ship_type": 80, "type": 24, **LONG}, Role.TANKER),
        ({"ship_type": 70, "type": 24}, Role.EXCLUDED),
        ({"ship_type": 0}, Role.EXCLUDED),
    ],
)
def test_a_ship_under_a_number_of_no_ship_is_doubtful(mmsi: int, fields: dict[str, Any], role: Role) -> None:
    identity = known(statics(mmsi, **fields), mmsi=mmsi)
    assert identity.role is role
    assert identity.doubtful is (role is Role.TANKER)


@pytest.mark.parametrize("mmsi", [111_111_111, 982_111_002, 999_123_456, 970_111_002])
@pytest.mark.parametrize(
    ("fields", "role"),
    [
        ({"ship_type": 80, **LONG}, Role.TANKER),
        ({"ship_type": 80}, Role.EXCLUDED),  # no size
        ({"ship_type": 51, **LONG}, Role.EXCLUDED),  # search and rescue
        ({"ship_type": 80, "type": 24, **LONG}, Role.EXCLUDED),
    ],
)
def test_an_aircraft_or_a_beacon_is_a_ship_where_it_says_so_as_class_a(
    mmsi: int, fields: dict[str, Any], role: Role
) -> None:
    assert known(statics(mmsi, **fields), mmsi=mmsi).role is role


def test_a_name_that_was_confirmed_before_is_confirmed_again_after_another_one() -> None:
    minutes = range(0, 120, 6)
    names = [b"A"] * 6 + [b"B"] * 7 + [b"A"] * 7
    rows = np.concatenate([statics(A, [m], name=name) for m, name in zip(minutes, names, strict=True)])
    told = [each for instant in run_stage(vessel_stage(), rows) for each in instant.identities if each.name]
    assert [each.name for each in told] == ["A", "B", "A"]
    assert [(each.time - at(0)) / MINUTE for each in told] == [10, 45, 85]
