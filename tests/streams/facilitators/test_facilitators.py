"""Facilitators: who deals with listed or North Korean vessels again and again, and who only serves ships."""

import pytest

from streams.facilitators.facilitator import Facilitator, facilitators
from streams.facilitators.settings import FacilitatorSettings
from tests.streams.detection.chains.stories import KOREAN, LISTED, SEA, A, B, C, Story, passed_on

S = FacilitatorSettings()


def found(story: Story, s: FacilitatorSettings = S) -> dict[str, Facilitator]:
    return {one.mmsis[0]: one for one in facilitators([*story.events, *story.revisions()], s)}


def named(mmsi: int) -> str:
    return f"{mmsi:09d}"


def test_who_meets_listed_and_korean_vessels_again_is_one_and_they_themselves_are_not() -> None:
    story = Story()
    story.ship(B, watchlists=LISTED, imo="9000001")
    story.meet(A, B, 0)
    story.meet(A, KOREAN, 10)
    story.meet(B, KOREAN, 20)
    one = found(story)[named(A)]
    assert set(found(story)) == {named(A)}
    assert (one.times, one.meetings, one.probable) == (2, 2, 2)
    assert [(each.ship, each.lists, each.meetings) for each in one.partners] == [
        ("IMO 9000001", ("OFAC SDN",), 1),
        (f"MMSI {KOREAN}", (), 1),
    ]
    assert (one.first_seen[:10], one.last_seen[:10]) == ("2026-01-01", "2026-01-11")


def test_once_or_twice_within_a_day_is_chance() -> None:
    story = Story()
    story.meet(A, KOREAN, 0)
    assert found(story) == {}
    story.meet(A, KOREAN + 1, 0.5)
    assert found(story) == {}
    story.meet(A, KOREAN + 1, 3)
    assert found(story)[named(A)].times == 2


def test_the_meetings_of_a_chain_and_the_chain_are_one_time() -> None:
    story = passed_on(Story(), (A, B, KOREAN))
    assert found(story) == {}
    for number, mmsi in enumerate((A, B)):
        story.meet(mmsi, KOREAN + 1, 100 + 5 * number)
    assert found(story)[named(B)].times == 2
    assert found(story)[named(B)].chains == 1


def test_a_change_of_mmsi_hides_nobody_who_sends_an_imo_number() -> None:
    story = Story()
    for number, mmsi in enumerate((A, C)):
        story.ship(mmsi, imo="9000002")
        story.meet(mmsi, KOREAN, 10.0 * number)
    (one,) = facilitators(story.events, S)
    assert (one.ship, one.mmsis) == ("IMO 9000002", (named(A), named(C)))


def test_a_retracted_meeting_counts_no_more() -> None:
    story = Story()
    story.meet(A, KOREAN, 0)
    story.retract(story.meet(A, KOREAN, 10), 11)
    assert found(story) == {}


def test_a_bunker_barge_is_explained_and_comes_last() -> None:
    story = Story()
    story.ship(A, length_meters=45)
    for number in range(12):
        story.meet(A, KOREAN if number % 4 == 0 else B + number, 2.0 * number)
    story.ship(C, length_meters=110)
    story.meet(C, KOREAN, 0, (124.0, 37.0))
    story.meet(C, KOREAN, 30, (126.0, 33.0))
    first, last = facilitators(story.events, S)
    assert (first.mmsis, first.innocent, first.signs) == ((named(C),), None, ())
    assert last.innocent is not None
    assert last.innocent.startswith(
        "may be a bunker barge: it met 10 different vessels and is only 45 m long"
    )
    assert last.times > first.times


@pytest.mark.parametrize("lon", [0.0, 179.95])
def test_one_place_is_one_place_on_the_antimeridian(lon: float) -> None:
    story = Story()
    story.ship(A, length_meters=45)
    for number in range(4):
        story.meet(A, KOREAN, 3.0 * number, ((lon + 0.1 * (number % 2) + 180) % 360 - 180, 40.0))
    (one,) = facilitators(story.events, S)
    assert one.innocent is not None
    assert "within 20 km of one place" in one.innocent
    (far,) = facilitators(story.events, FacilitatorSettings(same_place_km=1.0))
    assert far.innocent is None


def test_thresholds_are_settings() -> None:
    story = Story()
    story.meet(A, KOREAN, 0, SEA)
    assert found(story, FacilitatorSettings(least_times=1))[named(A)].times == 1
    assert found(story, FacilitatorSettings(least_times=1, flags=())) == {}
