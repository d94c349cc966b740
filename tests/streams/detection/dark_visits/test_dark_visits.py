"""Possible dark port visits by kind, off Vostochny."""

import numpy as np
import pytest

from geofences.catalogue import load_catalogue
from geofences.surroundings import Surroundings
from models.event import DarkPortVisit, Event, EventType, Level, Position, ReachablePort, Status
from models.report import Rows
from models.sighting import Sighting
from models.time import HOUR, MINUTE
from streams.detection.dark_visits.reach import reachable, watched_ports
from streams.detection.dark_visits.settings import DarkVisitSettings
from tests.streams.detection.gaps.silences import H, all_events, hour, run, tanker
from tests.streams.track_factories import A, at, fixes, latest, statics

OFF = (133.08, 42.2)
"""Some 60 km south of Vostochny."""
BERTH = (133.06, 42.735)
FENCES = load_catalogue()


def visits(events: list[Event]) -> list[Event]:
    return [event for event in events if event.type is EventType.DARK_PORT_VISIT]


def near(hours: float, count: int = 8, origin: tuple[float, float] = OFF) -> list[Rows]:
    """Cargo ships that drift near where the tanker falls silent, heard for so many hours."""
    minutes = np.arange(0, hours * H, 15.0)
    rows = []
    for i in range(count):
        east, north = 15_000 * np.cos(i) + minutes / 4, 15_000 * np.sin(i)
        rows.append(fixes(273_100_000 + i, minutes + i, east, north, sog=1.5, origin=origin))
        rows.append(statics(273_100_000 + i, [i, 6 + i], ship_type=70))
    return rows


def silent(hours: float, *, after: float = 6.2, **more: float) -> list[Rows]:
    return tanker((0, 8), (8 + hours, 12 + hours), draught=4.0, after=after, origin=OFF, **more)  # type: ignore[arg-type]


def detail(event: Event) -> DarkPortVisit:
    assert event.dark_port_visit is not None
    return event.dark_port_visit


def first(event: Event) -> ReachablePort:
    return detail(event).ports[0]


def codes(event: Event) -> set[str]:
    return {reason.code for reason in (*event.reasons, *event.against)}


@pytest.mark.parametrize("hours", [24.0, 60.0])
def test_a_silence_off_vostochny_leaves_time_for_a_call(hours: float) -> None:
    (event,) = latest(visits(run(*silent(hours), *near(hours + 12), fences=FENCES)))
    call = detail(event)
    assert (event.status, call.port, call.country) == (Status.CLOSED, "RUVYP", "RU")
    # North Korea is in reach in the longer one: that is told, though five Russian ports are nearer
    assert {each.country for each in call.ports} == ({"RU", "KP"} if hours == 60 else {"RU"})
    assert len(call.ports) <= 5
    port = first(event)
    assert port.distance_to_on_km is not None
    assert port.distance_from_off_km == pytest.approx(65, abs=12)  # 60 km in a straight line
    way = port.distance_from_off_km + port.distance_to_on_km
    assert port.longest_stay_hours == pytest.approx(hours - way / 18.52, abs=0.2)
    assert port.slack_hours == pytest.approx(port.longest_stay_hours - 4, abs=0.11)
    assert port.required_speed_knots is not None
    assert port.required_speed_knots == pytest.approx(way / 1.852 / (hours - 4), abs=0.1)
    assert event.start < port.earliest_arrival < (port.latest_departure or "") < (event.end or "")
    assert "draught" in codes(event)
    assert event.vessel.ssvid == str(A)


def test_while_it_is_silent_the_earliest_arrival_is_said() -> None:
    events = visits(run(*tanker((0, 8), origin=OFF), *near(40), fences=FENCES))
    assert events[0].status is Status.OPEN
    port = first(events[0])
    assert hour(port.earliest_arrival) == pytest.approx(8 + 65 / 18.52, abs=1)
    assert port.latest_departure is None
    assert port.distance_to_on_km is None
    assert "at the earliest" in events[0].summary


def test_a_silence_too_short_for_the_way_is_none() -> None:
    assert not visits(run(*silent(8.0), *near(20), fences=FENCES))


def test_the_speed_is_the_vessels_own() -> None:
    """A ship that makes 18 knots has more time at the port than one that makes 10."""
    stays = []
    for knots in (10.0, 18.0):
        minutes = np.concatenate([np.arange(0, 8 * H, 10), np.arange(32 * H, 36 * H, 10)])
        way = np.where(minutes < 9 * H, (minutes - 8 * H) * knots * 1852 / 60, -(minutes - 32 * H) * 100)
        rows = [fixes(A, minutes, 0, way, sog=knots, origin=OFF), statics(A)]
        (event,) = latest(visits(run(*rows, *near(36), fences=FENCES)))
        assert detail(event).plausible_speed_knots >= knots
        stays.append(first(event).longest_stay_hours)
    assert stays[1] > stays[0] + 1


def test_the_same_draught_speaks_against_it() -> None:
    (event,) = latest(visits(run(*silent(24.0, after=4.0), *near(36), fences=FENCES)))
    assert event.level is Level.POSSIBLE
    assert "same_draught" in codes(event)


def test_one_that_was_seen_in_the_port_was_there_whatever_its_draught() -> None:
    seen = Sighting(time=at(18 * H), lon=BERTH[0], lat=BERTH[1], received=at(40 * H), mmsi=A, reference="S1")
    rows = *silent(24.0, after=4.0), *near(36)
    (event,) = latest(visits(all_events(*rows, fences=FENCES, sightings=[seen])))
    assert event.level is Level.PROBABLE
    assert {"same_draught", "sighted_in_port"} <= codes(event)


def test_ports_where_oil_is_landed_are_named_before_others_that_are_somewhat_nearer() -> None:
    surroundings, settings = Surroundings(FENCES), DarkVisitSettings()
    off = Position(lat=37.3, lon=124.4)  # the Yellow Sea: Haeju is nearer than Nampo
    ports = watched_ports(surroundings, settings)
    found = reachable(ports, surroundings, off, off, 0, 60 * HOUR, 11.0, settings)
    names = [port.port for port in found]
    assert {"KPHAE", "KPNAM"} <= set(names)
    assert names[0] == "KPNAM"


def test_a_port_of_another_country_within_reach_leaves_it_possible() -> None:
    """Silent for 30 hours off Wakkanai, back with another draught: she may have loaded in Japan."""
    place = (141.9, 45.7)
    rows = tanker((0, 8), (38, 42), draught=4.0, after=6.2, origin=place)
    (event,) = latest(visits(run(*rows, *near(42, origin=place), fences=FENCES)))
    assert "draught" in codes(event)
    assert {port.country for port in detail(event).ports} == {"RU"}
    (doubt,) = [reason for reason in event.against if reason.code == "other_port"]
    assert doubt.text.endswith("Japan")
    assert event.level is Level.POSSIBLE


@pytest.mark.parametrize(("after", "level"), [(6.2, Level.PROBABLE), (2.0, Level.POSSIBLE)])
def test_more_draught_was_not_loaded_in_north_korea(after: float, level: Level) -> None:
    """Silent for so long that Najin is in reach, too: there she can have discharged, but not loaded."""
    (event,) = latest(visits(run(*silent(36.0, after=after), *near(48), fences=FENCES)))
    assert {each.country for each in detail(event).ports} == {"RU", "KP"}
    assert event.level is level
    assert ("several_countries" in codes(event)) is (level is Level.POSSIBLE)


def test_nor_is_a_call_there_likely_where_only_its_ports_are_in_reach() -> None:
    """Off Chongjin: the way to Russia is longer, and is named first; without it, the draught is a doubt."""
    for hours, named, level in ((24.0, "RU", Level.PROBABLE), (12.0, "KP", Level.POSSIBLE)):
        rows = tanker((0, 8), (8 + hours, 12 + hours), draught=4.0, after=9.2, origin=(130.4, 41.6))
        (event,) = latest(visits(run(*rows, *near(hours + 12, origin=(130.4, 41.6)), fences=FENCES)))
        assert (detail(event).country, event.level) == (named, level)
        assert ({"draught", "more_draught"} & codes(event)) == (
            {"draught"} if named == "RU" else {"more_draught"}
        )


def test_silent_at_the_berth_and_heard_outside_later_is_the_stronger_form() -> None:
    arriving = fixes(A, np.arange(0, 4 * H, 10), 0, np.linspace(-60_000, 0, 24), sog=9, origin=BERTH)
    at_berth = fixes(A, np.arange(4 * H, 8 * H, 10), 0, 0, sog=0.0, status=5, origin=BERTH)
    outside = fixes(
        A, np.arange(44 * H, 48 * H, 10), 0, np.linspace(-60_000, -120_000, 24), sog=9, origin=BERTH
    )
    told = statics(A, [1, 20, 40]), statics(A, [45 * H, 46 * H])
    (event,) = latest(visits(run(arriving, at_berth, outside, *told, fences=FENCES)))
    assert event.level is Level.PROBABLE
    assert (detail(event).port, first(event).seen_arriving) == ("RUVYP", True)
    assert first(event).earliest_arrival == event.start
    assert "seen_in_port" in codes(event)


def test_one_that_lies_in_another_harbour_all_the_time_has_called_nowhere() -> None:
    busan = (129.05, 35.1)
    minutes = np.concatenate([np.arange(0, 8 * H, 10), np.arange(80 * H, 84 * H, 10)])
    rows = fixes(A, minutes, 0, 0, sog=0.0, status=5, origin=busan), statics(A)
    events = run(*rows, fences=FENCES)
    assert events
    assert not visits(events)


def test_where_it_comes_back_may_rule_a_call_out() -> None:
    """Silent for 24 hours, it can be at Vostochny; then it is heard 420 km off."""
    minutes = np.concatenate([np.arange(0, 8 * H, 10), np.arange(33 * H, 37 * H, 10)])
    east = np.where(minutes < 9 * H, 0, 430_000) + minutes
    rows = fixes(A, minutes, east, 0, sog=1.0, origin=(133.08, 42.2)), statics(A)
    events = visits(run(*rows, *near(37), fences=FENCES))
    assert events[0].status is Status.OPEN
    assert events[-1].status is Status.RETRACTED
    assert events[-1].against[-1].code == "not_reached"
    assert "it could have reached" in events[-1].summary  # and no way there and on, which it had not


def test_where_it_comes_back_may_not_be_known() -> None:
    """It is heard again without a position: that neither proves a call nor rules one out."""
    minutes = np.arange(0, 8 * H, 10)
    rows = fixes(A, minutes, minutes, 0, sog=1.0, origin=OFF), statics(A), statics(A, [33 * H, 34 * H])
    event = latest(visits(run(*rows, *near(40), fences=FENCES)))[0]
    assert event.status is Status.CLOSED
    assert "where it was when it was heard again is not known" in event.summary
    assert first(event).distance_to_on_km is None


def test_nothing_depends_on_parts_and_restarts() -> None:
    rows = [*silent(30.0), *near(42)]
    once = run(*rows, fences=FENCES, every=1000 * H * MINUTE)
    assert len(visits(once)) > 1
    assert run(*rows, fences=FENCES, every=47 * MINUTE, restarts=True) == once
