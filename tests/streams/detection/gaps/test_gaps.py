"""Gaps by kind: what falls silent, what is heard around it, and what is said of it when."""

import msgspec
import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from models.event import Event, EventType, Level, Status
from models.report import STATIC, Rows
from models.time import MINUTE
from models.watchlist import Entry, Watchlist
from streams.detection.gaps.heard import Area
from streams.detection.gaps.reception import Reception, ReceptionSettings
from streams.detection.gaps.settings import GapSettings
from streams.detection.vessel_detectors import DetectorSettings
from streams.stages.settings import Settings, VesselSettings
from tests.streams.detection.gaps.silences import H, hour, others, run, tanker, times
from tests.streams.track_factories import A, B, fence, fixes, latest, only, statics

LISTED = Watchlist([Entry(list="a list", entry="one", mmsis=(A,))])


def codes(event: Event) -> set[str]:
    return {reason.code for reason in (*event.reasons, *event.against)}


def test_a_silence_among_ships_that_are_heard_is_told_while_it_lasts() -> None:
    events = run(*tanker((0, 8), (30, 34)), *others((0, 34)))
    told = [(event.status, event.level) for event in events[:3]]
    assert told == [
        (Status.OPEN, Level.POSSIBLE),
        (Status.OPEN, Level.PROBABLE),
        (Status.CLOSED, Level.PROBABLE),
    ]
    assert [event.revision for event in events] == list(range(1, len(events) + 1))
    possible, probable, closed = events[:3]
    assert 14 <= hour(possible.detected) <= 14.2
    assert 20 <= hour(probable.detected) <= 21
    assert closed.gap is not None
    assert hour(closed.start) == 8.0
    assert hour(closed.end) == pytest.approx(30, abs=0.1)
    assert closed.gap.duration_hours == pytest.approx(22, abs=0.1)
    assert closed.gap.distance_km == pytest.approx(22 * 0.4 * 1.852, rel=0.05)
    assert closed.gap.implied_speed_knots == pytest.approx(0.4, abs=0.05)
    assert closed.gap.neighbours_heard == closed.gap.neighbours_before == 8
    assert possible.gap is not None
    assert possible.gap.on_position is None
    assert possible.gap.distance_km is None


def test_where_nobody_else_is_heard_it_stays_possible() -> None:
    event = only(run(*tanker((0, 8), (48, 50))))
    assert (event.level, event.status) == (Level.POSSIBLE, Status.CLOSED)
    assert "coverage_unknown" in codes(event)


def test_one_that_is_not_back_stays_open() -> None:
    events = run(*tanker((0, 8)), *others((0, 40)))
    assert (events[-1].status, events[-1].end, events[-1].level) == (Status.OPEN, None, Level.PROBABLE)
    assert events[-1].gap is not None
    assert events[-1].gap.duration_hours == pytest.approx(32, abs=0.2)


def test_a_shorter_silence_is_none() -> None:
    assert not run(*tanker((0, 8), (13.8, 20)), *others((0, 20)))


@pytest.mark.parametrize("silent", [7, 8.2, 30])
def test_where_the_neighbours_fall_silent_too_there_is_none(silent: float) -> None:
    spans = (0.0, 8.0), (8 + silent, 14 + silent)
    assert not run(*tanker(*spans), *others(*spans))


def test_hours_that_begin_with_an_outage_change_nothing() -> None:
    """Receivers fail at 8:08; the tanker, which reports seldom, was heard last at 7:57."""
    rows = tanker((0, 7.95), (22, 28), each=3), others((0, 8.13), (22, 28), each=2)
    assert not run(*(row for each in rows for row in each))


def test_an_outage_of_the_whole_feed_is_none_also_for_a_vessel_alone_at_its_place() -> None:
    spans = (0.0, 8.0), (32.0, 40.0)
    assert not run(*tanker(*spans), *others(*spans, km=600))


def test_that_a_listed_vessel_is_among_the_silent_is_said() -> None:
    spans = (0.0, 8.0), (32.0, 40.0)
    event = only(run(*tanker(*spans), *others(*spans), listed=LISTED))
    assert event.level is Level.POSSIBLE
    assert event.against[0].code == "neighbours_silent"
    assert "8 of 8 other vessels" in event.against[0].text


def test_one_that_stays_silent_after_an_outage_is_told_then() -> None:
    events = run(*tanker((0, 8), (60, 62)), *others((0, 8), (20, 62)))
    assert hour(events[0].detected) > 26
    assert events[-1].level is Level.PROBABLE


def test_one_that_can_have_sailed_out_of_reach_in_an_outage_is_only_possible() -> None:
    there = -8 * 12 * 1852  # at the place at hour 8
    event = only(run(*tanker((0, 8), (60, 62), knots=12, east=there), *others((0, 8), (20, 62))))
    assert event.level is Level.POSSIBLE
    assert "neighbours_silent" in codes(event)


@pytest.mark.parametrize(("outage", "level"), [(12, Level.POSSIBLE), (3, Level.PROBABLE)])
def test_one_at_rest_that_is_heard_again_elsewhere_can_have_left_in_a_long_outage(
    outage: float, level: Level
) -> None:
    away = [*tanker((60, 62), east=400_000)]
    events = run(*tanker((0, 8)), *away, *others((0, 8), (8 + outage, 62)))
    assert events[-1].level is level


def test_two_that_fall_silent_together_are_no_outage() -> None:
    spans = (0.0, 4.0), (11.0, 15.0)
    events = run(*tanker(*spans, knots=10), *tanker(*spans, knots=10, mmsi=B, east=30_000))
    assert {event.vessel.ssvid for event in latest(events)} == {str(A), str(B)}


@pytest.mark.parametrize("seed", range(4))
def test_the_rhythm_of_a_satellite_is_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    passes = np.cumsum(rng.uniform(75, 110, 60))
    minutes = np.concatenate([one + np.arange(0, rng.integers(1, 12)) for one in passes])
    rows = fixes(A, minutes, minutes * 12 * 1852 / 60, sog=12)
    assert not run(rows, statics(A, passes[::4].tolist()), *others((0, passes[-1] / H), km=30))


@pytest.mark.parametrize("positions", [1, 3])
def test_a_vessel_heard_twice_a_day_has_none(positions: int) -> None:
    minutes = np.concatenate([np.arange(positions) + day * 13 * H for day in range(12)])
    assert not run(fixes(A, minutes, minutes, sog=0.3), statics(A, minutes.tolist()), *others((0, 150)))


def test_a_silence_far_longer_than_the_rhythm_is_one() -> None:
    minutes = np.concatenate([one * 90.0 + np.arange(5) for one in range(12)])
    minutes = np.concatenate([minutes, minutes + 60 * H])
    event = only(
        run(fixes(A, minutes, minutes, sog=0.5), statics(A, minutes[::4].tolist()), *others((0, 80)))
    )
    assert event.gap is not None
    assert event.gap.expected_hours == pytest.approx(2.87, abs=0.05)


def test_one_that_sails_out_of_what_is_heard_stays_possible() -> None:
    event = only(run(*tanker((0, 8), (40, 44), knots=12, east=-8 * 12 * 1852), *others((0, 44))))
    assert event.level is Level.POSSIBLE
    assert "leaves_coverage" in codes(event)


def test_where_others_often_fall_silent_it_stays_possible() -> None:
    """Ships sail east past a place for three days, and none is heard for ten hours after it."""
    rows = []
    for i in range(18):
        begin = i * 4.0
        there = np.arange(begin * H, (begin + 6) * H, 10)
        beyond = np.arange((begin + 16) * H, (begin + 20) * H, 10)
        minutes = np.concatenate([there, beyond])
        way = (minutes - (begin + 6) * H) * 12 * 1852 / 60
        rows += [fixes(400 + 273_200_000 + i, minutes, way, sog=12)]
        rows += [statics(400 + 273_200_000 + i, [begin * H, begin * H + 10], ship_type=70)]
    event = only(run(*tanker((66, 72), (95, 99), knots=12, east=-72 * 12 * 1852), *rows, *others((0, 99))))
    assert event.level is Level.POSSIBLE
    assert "often_lost" in codes(event)


def test_class_b_has_its_own_hours() -> None:
    there = times((0, 8), (19, 24))
    rows = fixes(A, there, there, sog=0.4, type=18), statics(A, [1, 20], type=24)
    assert not run(*rows, *others((0, 24)))
    there = times((0, 8), (22, 26))
    rows = fixes(A, there, there, sog=0.4, type=18), statics(A, [1, 20], type=24)
    event = only(run(*rows, *others((0, 26))))
    assert event.level is Level.POSSIBLE
    assert "class_b" in codes(event)


def test_in_port_it_has_its_own_hours_and_stays_possible() -> None:
    port = fence("port", 3000, FenceKind.PORT, Policy.SUPPRESS, locode="RUABC")
    there = times((0, 8), (30, 34))
    berth = fixes(A, there, 0, sog=0.0, status=5), statics(A)
    assert not run(*berth, *others((0, 34)), fences=[port])
    there = times((0, 8), (80, 84))
    berth = fixes(A, there, 0, sog=0.0, status=5), statics(A)
    event = only(run(*berth, *others((0, 84)), fences=[port]))
    assert event.level is Level.POSSIBLE
    assert "in_harbour" in codes(event)


@pytest.mark.parametrize(("after", "said"), [(6.2, True), (4.1, False)])
def test_the_draught_after_it_is_waited_for(after: float, said: bool) -> None:
    events = run(*tanker((0, 8), (30, 34), draught=4.0, after=after), *others((0, 34)))
    event = events[-1]
    assert event.gap is not None
    assert (event.gap.draught_before_meters, event.gap.draught_after_meters) == (4.0, after)
    assert ("draught" in codes(event)) is said


@pytest.mark.parametrize(("knots", "said"), [(11.0, True), (0.0, False)])
def test_a_draught_that_is_typed_in_later_counts_if_the_vessel_sailed_on(knots: float, said: bool) -> None:
    rows = [*tanker((0, 8), (30, 36), knots=knots, draught=4.0, after=4.0), *others((0, 36))]
    gaps, afters = _typed_in_later(rows, 6.2)
    assert 4.0 in afters
    assert (afters[-1], "draught" in codes(gaps[-1])) == ((6.2, True) if said else (4.0, False))


def test_a_draught_that_is_corrected_while_the_vessel_sails_on_is_told_again() -> None:
    rows = [*tanker((0, 8), (30, 36), knots=11.0, draught=6.2, after=3.2), *others((0, 36))]
    gaps, afters = _typed_in_later(rows, 6.2)
    assert (3.2 in afters, afters[-1]) == (True, 6.2)
    assert "draught" not in codes(gaps[-1])


def _typed_in_later(rows: list[Rows], draught: float) -> tuple[list[Event], list[float | None]]:
    """The gaps where this draught is sent from hour 33 on, and what each says of the draught after it."""
    later = statics(A, [33 * H, 33.2 * H, 33.4 * H], draught=draught)
    found = run(*rows, later, restarts=True)
    gaps = [event for event in found if event.type is EventType.GAP]
    return gaps, [event.gap.draught_after_meters for event in gaps if event.gap]


def test_a_vessel_whose_type_is_confirmed_later_has_it_too() -> None:
    there = times((0, 8), (16, 20))
    rows = fixes(A, there, there, sog=0.4)
    event = only(run(rows, statics(A, [17 * H, 17.2 * H]), *others((0, 20))))
    assert hour(event.start) == 8.0
    assert not run(rows, statics(A, [17 * H, 17.2 * H], ship_type=70), *others((0, 20)))


def test_nothing_depends_on_parts_and_restarts() -> None:
    rows = [*tanker((0, 8), (30, 34), draught=4.0, after=6.0), *tanker((3, 9), knots=11, mmsi=B, east=5000)]
    rows += others((0, 12), (13, 34))
    once = run(*rows, every=1000 * H * MINUTE)
    assert len(once) > 3
    assert run(*rows, every=25 * MINUTE, restarts=True) == once
    assert run(*rows, every=7 * H * MINUTE) == once


def one_ship(*rows: Rows, imo: int = 9_074_729, bow: int = 80) -> list[Rows]:
    """The same with the IMO number and the size of one ship."""
    for row in rows:
        if row.dtype == STATIC:
            row["imo"], row["to_bow"], row["to_stern"] = imo, bow, 20
            row["to_port"], row["to_starboard"] = 8, 8
    return list(rows)


def of(events: list[Event], mmsi: int) -> list[Event]:
    return [event for event in events if mmsi in event.mmsis and event.gap]


@pytest.mark.parametrize("restarts", [False, True])
def test_a_gap_ends_where_the_ship_is_heard_under_another_mmsi(restarts: bool) -> None:
    ship = one_ship(*tanker((0, 8)), *tanker((20, 40), mmsi=B))
    *_, event = of(run(*ship, *others((0, 40)), restarts=restarts), A)
    assert event.status is Status.CLOSED
    assert hour(event.end) == pytest.approx(20.5, abs=0.5)
    assert event.gap is not None
    assert event.gap.duration_hours == pytest.approx(12.5, abs=0.5)
    (reason,) = [reason for reason in event.against if reason.code == "renumbered"]
    assert f"MMSI {B:09d}" in reason.text
    assert "under another MMSI" in event.summary


def test_it_goes_on_where_only_the_number_is_the_same_or_the_ship_cannot_have_come_there() -> None:
    other_size = [*one_ship(*tanker((0, 8))), *one_ship(*tanker((20, 40), mmsi=B), bow=200)]
    too_far = one_ship(*tanker((0, 8)), *tanker((20, 40), mmsi=B, east=2_000_000))
    for ship in (other_size, too_far):
        *_, event = of(run(*ship, *others((0, 40))), A)
        assert event.status is Status.OPEN


def test_it_ends_later_if_the_former_mmsi_is_heard_again() -> None:
    ship = one_ship(*tanker((0, 8), (60, 64)), *tanker((20, 40), mmsi=B))
    events = of(run(*ship, *others((0, 64))), A)
    assert hour(events[-1].end) == pytest.approx(60, abs=0.1)
    assert "renumbered" not in codes(events[-1])
    assert [event.revision for event in events] == list(range(1, len(events) + 1))


def heard_once(count: int, hours: tuple[float, float], km: float) -> Rows:
    """Numbers that are heard once each, evenly in these hours."""
    minutes = np.linspace(hours[0] * H, hours[1] * H, count)
    parts = [
        fixes(273_500_000 + i, minutes[i : i + 1], np.array([1000 * km + 40.0 * i]), sog=12.0)
        for i in range(count)
    ]
    return np.concatenate(parts)


@pytest.mark.parametrize("restarts", [False, True])
@pytest.mark.parametrize("km", [10, 600])
def test_numbers_heard_once_hide_no_gap(km: float, restarts: bool) -> None:
    rows = [*tanker((0, 8), (44, 48)), *others((0, 48))]
    undisturbed = [(event.level, codes(event), event.score) for event in run(*rows)]
    flooded = run(*rows, heard_once(200, (6.5, 8.2), km), restarts=restarts)
    assert [(event.level, codes(event), event.score) for event in flooded] == undisturbed
    assert undisturbed[-1][0] is Level.PROBABLE


def test_numbers_heard_once_are_no_reception_in_an_outage() -> None:
    spans = (0.0, 8.0), (40.0, 44.0)
    assert not run(*tanker(*spans), *others(*spans), heard_once(200, (8.5, 39.5), 10))


def test_invented_numbers_that_fall_silent_push_out_no_vessel_that_was_heard_for_long() -> None:
    few = Settings(vessel=VesselSettings(detectors=DetectorSettings(gap=GapSettings(most_silences=10))))
    invented = [
        row for i in range(30) for row in tanker((3 + i, 4.2 + i), mmsi=273_300_000 + i, east=500.0 * i)
    ]
    rows = [*tanker((0, 8), (44, 48)), *tanker((2, 8), mmsi=B, east=3000), *others((0, 48)), *invented]
    every = run(*rows, settings=few, every=1000 * H * MINUTE)
    followed = {event.vessel.ssvid for event in latest(every) if event.status is not Status.RETRACTED}
    taken_back = [event for event in latest(every) if event.status is Status.RETRACTED]
    assert {f"{A:09d}", f"{B:09d}"} < followed
    assert len(followed) <= 10
    assert len(taken_back) > 10
    assert all("not_followed" in codes(event) for event in taken_back)
    assert run(*rows, settings=few, every=3 * H * MINUTE, restarts=True) == every


def test_states_without_how_often_vessels_were_heard_are_read() -> None:
    """As versions before wrote them: everyone counts as heard again."""
    reception = Reception(ReceptionSettings(), 5 * MINUTE, set())
    mmsi, cell = np.array([A, B], np.uint32), np.array([7, 8])
    reception.load([("heard", "10", msgspec.msgpack.encode([mmsi.tobytes(), cell.tobytes()]))])
    assert reception.is_heard(10, Area(0, 7, 1))
