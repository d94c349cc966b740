"""Identity anomalies, from made-up identities and ticks of MeetingStage."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.event import Event, EventType, Level, Status, to_json
from models.report import Rows
from models.time import DAY, END
from models.vessel import Dimensions, Identity, ListingStatus, MatchedOn, Role, WatchlistHit
from streams.detection.identities.callsigns import country_of, is_one_country
from streams.detection.identities.spelling import (
    is_other_callsign,
    is_other_name,
    is_other_size,
    may_be_mistyped,
)
from tests.streams.track_factories import A, B, C, identity, instants, latest, meeting_stage, only, ticks

SIZE, OTHER_SIZE = Dimensions(90, 20, 8, 8), Dimensions(160, 30, 14, 14)
IMO, IMO_2 = 9_074_729, 9_321_483
DAY_LONG = np.arange(0, 20 * 60, 5)


def found(rows: Sequence[Rows], identities: Sequence[Identity], *, restored: bool = False) -> list[Event]:
    """All revisions of identity anomalies; with `restored` the stage is replaced by its copy at each step."""
    stage, events = meeting_stage(), []
    for instant in instants(rows, identities):
        stage.feed(instant)
        events += stage.advance(instant.time)
        if restored:
            state, stage = stage.snapshot(), meeting_stage()
            stage.restore(state)
    events += stage.advance(END)
    return [event for event in events if event.type is EventType.IDENTITY]


def known(minute: float = 0, mmsi: int = A, **more: Any) -> Identity:
    values = {"name": "SEA STAR", "callsign": "UABC", "imo": IMO, "sent_imo": IMO, "size": SIZE}
    return identity(mmsi, minute=minute, **{**values, **more})


def test_a_steady_vessel_gives_nothing() -> None:
    assert found([ticks(A, DAY_LONG)], [known(), known(300, draught=7.0)]) == []


def test_another_imo_number_under_way_is_probable() -> None:
    event = only(found([ticks(A, DAY_LONG)], [known(), known(300, imo=IMO_2, sent_imo=IMO_2)]))
    assert (event.level, event.status) == (Level.PROBABLE, Status.OPEN)
    assert event.identity is not None
    assert [(each.field, each.before, each.after) for each in event.identity.changes] == [
        ("imo", str(IMO), str(IMO_2))
    ]
    assert "imo_changed" in {reason.code for reason in event.reasons}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "GOLDEN HOPE"}, "name_changed"),
        ({"callsign": "UCYZ"}, "callsign_changed"),
        ({"size": OTHER_SIZE}, "size_changed"),
    ],
)
def test_another_name_call_sign_or_size_is_possible(change: dict[str, Any], code: str) -> None:
    event = only(found([ticks(A, DAY_LONG)], [known(), known(300, **change)]))
    assert event.level is Level.POSSIBLE
    assert [reason.code for reason in event.reasons] == [code]
    assert event.against[0].code == "sold"


def test_a_change_that_goes_back_within_the_hour_is_none() -> None:
    assert found([ticks(A, DAY_LONG)], [known(), known(300, imo=IMO_2, name="X Y Z"), known(340)]) == []


def test_a_change_that_goes_back_later_is_at_most_possible() -> None:
    events = found([ticks(A, DAY_LONG)], [known(), known(300, imo=IMO_2), known(600)])
    event = only(events)
    assert [each.level for each in events] == [Level.PROBABLE, Level.POSSIBLE]
    assert "changed_back" in {reason.code for reason in event.against}


def test_a_digit_that_was_mistyped_is_at_most_possible() -> None:
    event = only(found([ticks(A, DAY_LONG)], [known(imo=9_074_729), known(300, imo=9_074_731)]))
    assert event.level is Level.POSSIBLE
    assert event.against[0].code == "typing_error"


def test_after_a_long_silence_the_number_may_have_gone_to_another_ship() -> None:
    back = known(600, imo=IMO_2, away=(instants([], [known(0)])[0].time, known(580).time))
    event = only(found([ticks(A, [*range(0, 60, 5), *range(580, 1200, 5)])], [known(), back]))
    assert event.level is Level.POSSIBLE
    assert "silence_between" in {reason.code for reason in event.against}


def test_only_vessels_that_count() -> None:
    one, other = known(role=Role.OTHER), known(300, role=Role.OTHER, imo=IMO_2)
    assert found([ticks(A, DAY_LONG)], [one, other]) == []


def test_what_does_not_fit_is_one_event_that_ends() -> None:
    wrong = known(300, imo=None, sent_imo=9_074_728, callsign="HMAB")
    events = found([ticks(A, DAY_LONG)], [known(callsign=None, imo=None, sent_imo=None), wrong, known(700)])
    doubts = [event for event in events if event.identity and event.identity.kind == "inconsistent"]
    assert [event.status for event in doubts] == [Status.OPEN, Status.CLOSED]
    assert {reason.code for reason in doubts[-1].reasons} == {"imo_invalid", "callsign_flag"}
    assert {event.level for event in doubts} == {Level.POSSIBLE}


@pytest.mark.parametrize(("length", "hours", "expected"), [(90, 14, 1), (90, 8, 0), (40, 14, 0)])
def test_a_missing_imo_number_is_told_of_large_tankers_after_hours(
    length: int, hours: int, expected: int
) -> None:
    vessel = known(imo=None, sent_imo=0, size=Dimensions(length - 10, 10, 8, 8))
    assert len(found([ticks(A, np.arange(0, hours * 60, 5))], [vessel])) == expected


def test_a_call_sign_that_many_send_says_nothing_of_a_flag() -> None:
    numbers = [A, B, C]
    rows = [ticks(mmsi, DAY_LONG, 3000 * i) for i, mmsi in enumerate(numbers)]
    sizes = [Dimensions(90 + 20 * i, 20, 8, 8) for i in range(3)]
    own = {"callsign": "D7XY", "imo": None, "sent_imo": None}
    each = [known(0, m, size=z, **own) for m, z in zip(numbers, sizes, strict=True)]
    assert len(found(rows[:2], each[:2])) == 2
    assert found(rows, each) == []


def test_a_number_of_a_flag_state_is_no_wrong_imo_number() -> None:
    assert found([ticks(A, DAY_LONG)], [known(imo=None, sent_imo=12_345_678)]) == []


def test_one_imo_number_in_two_places_is_probable_with_the_same_name() -> None:
    rows = [ticks(A, DAY_LONG), ticks(B, DAY_LONG, 90_000)]
    same = only(found(rows, [known(), known(10, B)]))
    assert same.level is Level.PROBABLE
    assert same.mmsis == (A, B)
    other = only(found(rows, [known(), known(10, B, name="GOLDEN HOPE", callsign="UCYZ", size=OTHER_SIZE)]))
    assert other.level is Level.POSSIBLE
    assert "one_typed_wrongly" in {reason.code for reason in other.against}


def test_two_transponders_on_one_hull_are_no_anomaly() -> None:
    assert found([ticks(A, DAY_LONG), ticks(B, DAY_LONG, 30)], [known(), known(10, B)]) == []


def test_a_ship_that_goes_on_under_another_number() -> None:
    rows = [ticks(A, np.arange(0, 300, 5)), ticks(B, np.arange(320, 1200, 5))]
    events = found(rows, [known(), known(330, B, name="GOLDEN HOPE", callsign="UCYZ")])
    event = only(events)
    assert (event.level, event.vessel.ssvid) == (Level.POSSIBLE, f"{B:09d}")
    assert event.mmsis == (A, B)
    assert [reason.code for reason in event.reasons] == ["renumbered"]


def test_a_ship_that_counted_is_known_after_it_is_called_another_type() -> None:
    rows = [ticks(A, np.arange(0, 300, 5)), ticks(B, np.arange(320, 1200, 5))]
    event = only(found(rows, [known(), known(330, B, role=Role.OTHER)]))
    assert event.vessel.ssvid == f"{B:09d}"


def test_two_ships_under_one_number() -> None:
    events = found([ticks(A, DAY_LONG)], [known(), known(300, shared=True), known(800)])
    assert [event.status for event in events] == [Status.OPEN, Status.CLOSED]
    assert [reason.code for reason in events[0].reasons] == ["two_places"]


def test_a_change_is_one_event_and_is_closed_after_a_day() -> None:
    rows = [ticks(A, np.arange(0, 3 * 1440, 5))]
    changes = [known(), known(300, name="GOLDEN HOPE"), known(500, name="GOLDEN HOPE", callsign="UCYZ")]
    events = found(rows, changes)
    assert [event.status for event in events] == [Status.OPEN, Status.OPEN, Status.CLOSED]
    assert only(events).end == only(events).identity.changes[-1].time  # type: ignore[union-attr]


def test_a_vessel_that_was_given_up_is_known_for_long() -> None:
    late = 20 * 1440
    gone = Identity(mmsi=A, time=known(8 * 1440).time, gone=True)
    rows = [ticks(A, np.arange(0, 300, 5)), ticks(B, np.arange(late, late + 600, 5))]
    event = only(found(rows, [known(), gone, known(late + 10, B)]))
    assert event.vessel.ssvid == f"{B:09d}"
    assert event.mmsis == (A, B)


def test_a_stage_that_is_restored_at_each_step_says_the_same() -> None:
    rows = [ticks(A, DAY_LONG), ticks(B, DAY_LONG, 90_000), ticks(C, np.arange(400, 1200, 5), 200_000)]
    changes = [
        *(known(), known(10, B), known(200, imo=IMO_2, name="GOLDEN HOPE"), known(420, C, imo=IMO_2)),
        *(known(600), known(700, B, callsign="D7AB", shared=True), known(900, C, imo=IMO)),
    ]
    expected = [to_json(event) for event in found(rows, changes)]
    assert len(expected) > 4
    assert [to_json(event) for event in found(rows, changes, restored=True)] == expected


def test_the_order_of_revisions_holds() -> None:
    rows = [ticks(A, DAY_LONG), ticks(B, DAY_LONG, 90_000)]
    assert latest(found(rows, [known(), known(10, B), known(300, imo=IMO_2)]))


def test_the_memory_of_vessels_ends() -> None:
    stage = meeting_stage()
    gone = Identity(mmsi=A, time=known(8 * 1440).time, gone=True)
    for instant in instants([ticks(A, [0, 5])], [known(), gone]):
        stage.feed(instant)
    stage.advance(END)
    stage.restore(stage.snapshot())
    size = len(stage.snapshot())
    day = 140 * 1440
    while True:  # a vessel of no interest, so that time goes on
        for instant in instants([], [identity(B, Role.OTHER, day)]):
            stage.feed(instant)
        stage.advance(END)
        if (known(day).time // DAY) * DAY == known(day).time:
            break
        day += 5
    assert len(stage.snapshot()) < size


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("OCEAN STAR", "OCEAN  STAR", False),
        ("OCEAN STAR", "MT OCEAN STAR", False),
        ("OCEAN STAR", "OCEAN STA", False),
        ("OCEAN STAR", "OCEAN STAR 1", False),
        ("OCEAN STAR", "OCEAN STRA", False),
        ("OCEAN STAR", "0CEAN STAR", False),
        ("OCEAN STAR 2", "OCEAN STAR 3", True),
        ("OCEAN STAR", "GOLDEN HOPE", True),
        ("SU RI BONG", "SONG WON", True),
    ],
)
def test_names(before: str, after: str, expected: bool) -> None:
    assert is_other_name(before, after) is expected
    assert is_other_name(after, before) is expected


def test_call_signs_sizes_and_numbers() -> None:
    assert not is_other_callsign("D7ABC", "D7ABD")
    assert not is_other_callsign("D7ABC", "D7A")
    assert is_other_callsign("D7ABC", "HMYZ")
    assert not is_other_size(SIZE, Dimensions(20, 92, 4, 12))
    assert is_other_size(SIZE, OTHER_SIZE)
    assert may_be_mistyped(9_074_729, 9_074_731)
    assert not may_be_mistyped(IMO, IMO_2)


@pytest.mark.parametrize(
    ("sign", "country"),
    [
        *(("HMXY9", "KP"), ("P5AB", "KP"), ("D7AB", "KR"), ("UBCD", "RU"), ("5VAB1", "TG"), ("T8XY", "PW")),
        *(("3FAB7", "PA"), ("V7AB1", "MH"), ("9HA12", "MT"), ("C6AB1", "BS"), ("TJAB", "CM")),
        *(("SSAB", None), ("QAAA", None), ("12345", None), ("AB", None), ("NONE!", None), ("TEST", None)),
    ],
)
def test_the_series_of_call_signs(sign: str, country: str | None) -> None:
    """From Appendix 42 of the Radio Regulations; series that several countries share say nothing."""
    assert country_of(sign) == country


def test_territories_are_of_their_country() -> None:
    assert is_one_country("GB", "BM")
    assert is_one_country("CN", "HK")
    assert not is_one_country("RU", "KP")


@pytest.mark.parametrize(
    ("flag", "more", "expected"),
    [
        ("Panama", {}, 1),
        ("KP;PA", {}, 1),
        ("Russian Federation", {}, 0),
        ("Panama, ru", {}, 0),
        ("Korea", {}, 0),  # which one?
        (None, {}, 0),
        ("Panama", {"matched_on": MatchedOn.MMSI.value}, 0),
        ("Panama", {"status": ListingStatus.DELISTED.value}, 0),
    ],
)
def test_the_flag_of_a_list_and_that_of_the_number(
    flag: str | None, more: dict[str, Any], expected: int
) -> None:
    hit = WatchlistHit(
        **({"list": "L", "entry": "7", "matched_on": MatchedOn.IMO.value, "flag": flag} | more)
    )
    events = found([ticks(A, DAY_LONG)], [known(watchlists=(hit,))])
    assert len(latest(events)) == expected
    for event in events:
        assert event.level is Level.POSSIBLE
        assert event.reasons[0].text == (
            f"L (7), matched by IMO number, names {flag} as its flag, and its MMSI is of RU"
        )
        assert event.against[0].code == "reflagged"
