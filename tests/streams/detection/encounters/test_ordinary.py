"""What is ordinary about the place of an encounter."""

import numpy as np
import pytest

from models.event import Level
from models.vessel import Dimensions
from streams.detection.encounters.contact import Contact, Contacts
from streams.detection.encounters.ordinary import Ordinary, lying_still
from streams.detection.encounters.pair_sample import Table, pair_samples
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.reasons import Conditions
from streams.detection.resting import Rest, RestSettings
from tests.streams.track_factories import A, B, encounters, identity, only, ticks

SAMPLES = tuple(
    pair_samples(ticks(A, [0]), ticks(B, [0], 40.0), [40.0], [False], [(None, None)], EncounterSettings())
)
NEAR = Contact(SAMPLES, (0,), 0, (), 0, (0, 0), (0, 0), (0, 0), (0, 0), False, Table())
"""Of ships whose sizes are not known."""


@pytest.mark.parametrize(
    ("port_km", "shore_km", "others", "expected"),
    [
        (80.0, 40.0, 0, True),
        (80.0, 3.0, 0, False),  # a berth that no list of ports has
        (80.0, 40.0, 50, False),  # or a place where many rest
        (12.0, 40.0, 0, False),
    ],
)
def test_to_be_moored_tells_of_another_ship_only_far_from_berths(
    port_km: float, shore_km: float, others: int, expected: bool
) -> None:
    rest = Rest(near=others, wide=others, crowded=others > 0, days=3.0, learnt=True)
    known = (lambda: rest), RestSettings(), False
    place = Ordinary(NEAR, port_km, shore_km, *known, (A, B), (A, B), (), tuple, bool, {})
    codes = {reason.code for reason in place.reasons(EncounterSettings())}
    assert codes == ({"moored_at_sea"} if expected else set())


@pytest.mark.parametrize(
    ("shore_km", "moored", "still", "expected"),
    [
        (2.4, (), (A, B), "both lay still, 2.4 km"),
        (2.4, (A, B), (), "both mostly reported to be moored, 2.4 km"),
        (2.4, (A,), (B,), "both lay still or mostly reported to be moored, 2.4 km"),
        (2.4, (A,), (), None),  # the other moves
        (3.0, (A, B), (), None),  # no jetty reaches so far
    ],
)
def test_what_lies_as_at_a_berth_by_the_shore_is_ordinary(
    shore_km: float, moored: tuple[int, ...], still: tuple[int, ...], expected: str | None
) -> None:
    s = EncounterSettings()
    rest = Rest(near=0, wide=0, crowded=False, days=3.0, learnt=True)
    known = (lambda: rest), RestSettings(), False
    place = Ordinary(NEAR, 40.0, shore_km, *known, (), moored, (), lambda: still, bool, {})
    told = [reason.text for reason in place.against(s) if reason.code == "berth_by_shore"]
    assert [text.startswith(expected or "-") for text in told] == [True] * (expected is not None)
    assert ("berth_by_shore" in Conditions(place.conditions(s))) is (expected is not None)


@pytest.mark.parametrize(("swing", "still"), [(10.0, (A, B)), (60.0, (B,))])
def test_a_ship_that_swings_at_anchor_does_not_lie_still(swing: float, still: tuple[int, ...]) -> None:
    minutes = np.arange(0, 125, 5)
    a, b = ticks(A, minutes, swing * np.sin(minutes / 20.0)), ticks(B, minutes, 40.0)
    samples = pair_samples(a, b, [40.0] * 25, [False] * 25, [(None, None)] * 25, EncounterSettings())
    contact = Contacts().of(samples, [], EncounterSettings())
    assert contact is not None
    assert lying_still(contact, (A, B), EncounterSettings()) == still


def test_only_positions_that_were_heard_show_that_a_ship_lies_still() -> None:
    minutes = np.arange(0, 125, 5)
    a, b = ticks(A, minutes), ticks(B, minutes, 40.0)
    b["between"] = minutes % 40 > 0
    samples = pair_samples(a, b, [40.0] * 25, [False] * 25, [(None, None)] * 25, EncounterSettings())
    contact = Contacts().of(samples, [], EncounterSettings())
    assert contact is not None
    assert lying_still(contact, (A, B), EncounterSettings()) == (A,)


@pytest.mark.parametrize("error", [0.0, 140.0])
def test_two_at_berths_are_ordinary_by_rounded_positions_too(error: float) -> None:
    minutes = np.arange(0, 245, 5)
    rows = [ticks(mmsi, minutes, east, origin=OFF_2_KM) for mmsi, east in ((A, 0.0), (B, 90.0))]
    for each in rows:
        each["heading"], each["error"] = 17.0, error
    event = only(encounters(rows, (identity(A), identity(B))))
    assert event.level is Level.POSSIBLE
    told = [reason.text for reason in event.against if reason.code == "berth_by_shore"]
    assert len(told) == 1
    assert ("both lay still as far as rounded positions tell, " in told[0]) is (error > 0)


OFF_2_KM, OFF_6_KM = (155.56, 55.0), (155.5, 55.0)
"""Off the west of Kamchatka, 300 km from any port."""


@pytest.mark.parametrize(
    ("origin", "place", "yaw", "moored", "hours", "level"),
    [
        (OFF_6_KM, (17.0, 0.0), 5.0, False, 4, Level.PROBABLE),  # alongside, in a bay
        (OFF_6_KM, (17.0, 0.0), 5.0, True, 4, Level.PROBABLE),  # moored to each other
        (OFF_2_KM, (17.0, 0.0), 5.0, False, 4, Level.PROBABLE),
        (OFF_2_KM, (17.0, 0.0), 0.0, False, 4, Level.PROBABLE),
        (OFF_2_KM, (90.0, 0.0), 5.0, False, 4, Level.PROBABLE),  # on a long chain, in calm water
        (OFF_2_KM, (90.0, 0.0), 0.5, False, 4, Level.POSSIBLE),  # what follows lies as at berths
        (OFF_2_KM, (2.0, 120.0), 0.5, False, 4, Level.POSSIBLE),  # end to end along a quay
        (OFF_2_KM, (90.0, 0.0), 5.0, False, 14, Level.POSSIBLE),
        (OFF_2_KM, (17.0, 0.0), 5.0, True, 4, Level.POSSIBLE),
    ],
)
def test_a_transfer_by_the_shore_is_told_from_two_berths(
    origin: tuple[float, float],
    place: tuple[float, float],
    yaw: float,
    moored: bool,
    hours: float,
    level: Level,
) -> None:
    minutes = np.arange(0, 60 * hours + 1, 5)
    turn = np.sin(minutes / 11)
    rows = [
        ticks(mmsi, minutes, east, north + 12 * turn, status=5 if moored else 0, origin=origin)
        for mmsi, (east, north) in ((A, (0.0, 0.0)), (B, place))
    ]
    for each in rows:
        each["heading"] = (yaw * turn) % 360
    sizes = Dimensions(80, 20, 8, 8)
    event = only(encounters(rows, (identity(A, size=sizes), identity(B, size=sizes))))
    assert event.level is level
    codes = {reason.code for reason in event.against}
    assert ("berth_by_shore" in codes) is (level is Level.POSSIBLE)
