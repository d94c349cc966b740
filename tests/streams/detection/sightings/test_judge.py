"""Sightings by kind: of vessels that are heard, of silent ones, and of nobody known, in a watched fence."""

from typing import Any

import numpy as np
import pytest

from geofences.fence import FenceKind, Policy
from models.event import Event, EventType, Gap, Level, Status
from models.report import Rows
from models.sighting import DarkVessel, Sighting, SightingKind
from models.time import HOUR
from models.watchlist import Entry, Watchlist
from tests.streams.detection.gaps.silences import H, all_events, others, tanker
from tests.streams.track_factories import SEA, A, B, at, fence, fixes, latest, lon_lat, statics

WATCHED = (fence("w", 30_000, FenceKind.WATCH_AREA, Policy.WATCH),)
IMO = 9_074_729
LENGTH = {"to_bow": 80, "to_stern": 20, "to_port": 8, "to_starboard": 8}


def seen(hours: float, east: float = 0.0, north: float = 0.0, **more: Any) -> Sighting:
    """A sighting some metres from the place where ships fall silent."""
    (lon,), (lat,) = lon_lat([east], [north], SEA)
    values: dict[str, Any] = {"received": at(hours * H), "accuracy": 100.0, "length": 100.0, **more}
    return Sighting(time=at(hours * H), lon=float(lon), lat=float(lat), kind=SightingKind.IMAGE, **values)


def silent(until: float, *, mmsi: int = A, imo: int = 0, **more: Any) -> list[Rows]:
    """A tanker of 100 m that is heard for 8 hours and again from some hour on."""
    spans = ((0.0, 8.0), (until, until + 4)) if until else ((0.0, 8.0),)
    rows = tanker(*spans, mmsi=mmsi, **more)
    return [
        rows[0],
        statics(mmsi, [1, 20, 40, (until or 7) * H + 1, (until or 7) * H + 20], imo=imo, **LENGTH),
    ]


def found(*rows: Rows, sightings: list[Sighting], **more: Any) -> tuple[list[Gap], list[Event]]:
    """The latest gaps and dark vessels."""
    events = latest(all_events(*rows, fences=WATCHED, sightings=sightings, **more))
    gaps = [event.gap for event in events if event.gap is not None]
    return gaps, [event for event in events if event.type is EventType.DARK_VESSEL]


def detail(event: Event) -> DarkVessel:
    assert event.dark_vessel is not None
    return event.dark_vessel


def codes(event: Event) -> set[str]:
    return {reason.code for reason in (*event.reasons, *event.against)}


def test_a_sighting_that_names_a_silent_vessel_is_of_it() -> None:
    away = seen(15, 40_000, imo=IMO, length=None)  # outside the watched fence
    (gap,), dark = found(*silent(24, imo=IMO), *others((0, 30)), sightings=[away])
    assert not dark
    (told,) = gap.sightings
    assert (told.matched_on, told.imo) == ("imo", f"{IMO}")
    assert gap.longest_unseen_hours == pytest.approx(9, abs=0.1)


def test_one_that_names_nobody_is_of_the_only_silent_vessel_that_fits() -> None:
    rows = [*silent(24), *others((0, 30))]
    (gap,), dark = found(*rows, sightings=[seen(15, 10_000)])
    assert [each.matched_on for each in gap.sightings] == ["reach"]
    assert not dark
    for other in (seen(15, 10_000, length=40.0), seen(15, 10_000, length=None), seen(15, mmsi=B)):
        (gap,), (event,) = found(*rows, sightings=[other])
        assert not gap.sightings
        assert event.level is Level.POSSIBLE
        # without a length nothing tells it from others; another length or number is another ship
        assert len(detail(event).candidates) == (1 if other.length is None else 0)


def test_of_several_silent_vessels_none_is_claimed() -> None:
    rows = [*silent(24), *silent(24, mmsi=B, east=5_000.0), *others((0, 30))]
    gaps, (event,) = found(*rows, sightings=[seen(15, 10_000)])
    assert [gap.sightings for gap in gaps] == [(), ()]
    assert {each.ssvid for each in detail(event).candidates} == {f"{A:09d}", f"{B:09d}"}
    assert "silent_known" in codes(event)
    assert event.vessels == ()
    assert event.mmsis == ()


def test_a_vessel_that_was_heard_explains_one_sighting_of_an_image() -> None:
    rows = [*silent(0), fixes(B, np.arange(0, 30 * H, 5), 3_000 + np.arange(0, 360), 0.0, sog=0.1)]
    rows += [statics(B, [1, 9], ship_type=70, **LENGTH), *others((0, 30))]
    near = 3_000 + 15 * 12
    image = [seen(15, near + 50, reference="one"), seen(15, near + 200, length=60.0, reference="two")]
    _, none = found(*rows, sightings=image[:1])
    assert not none
    _, (event,) = found(*rows, sightings=image)
    assert [each.reference for each in detail(event).sightings] == ["two"]
    assert detail(event).heard_vessels == 9
    assert detail(event).heard_near[0].ssvid == f"{B:09d}"


def test_a_vessel_named_where_it_cannot_be_is_told_so() -> None:
    far = seen(8.5, 25_000, imo=IMO)
    _, (event,) = found(*silent(24, imo=IMO), *others((0, 30)), sightings=[far])
    assert {"named", "named_elsewhere"} <= codes(event)
    assert event.vessel.imo == f"{IMO}"
    listed = Watchlist([Entry(list="a list", entry="one", imos=(IMO,))])
    _, (event,) = found(*silent(24, imo=IMO), *others((0, 30)), sightings=[far], listed=listed)
    assert "watchlist" in codes(event)


@pytest.mark.parametrize("named", [{"mmsi": B}, {"imo": IMO}])
def test_a_vessel_that_is_heard_far_from_where_a_sighting_names_it_is_told_so(named: dict[str, int]) -> None:
    away = [tanker((0, 24), mmsi=B, east=400_000)[0], statics(B, [1, 20, 40], imo=IMO, **LENGTH)]
    _, (event,) = found(*away, *others((0, 24)), sightings=[seen(9, **named)])
    (why,) = (reason.text for reason in event.against if reason.code == "named_elsewhere")
    km = float(why.split("it was heard ")[1].split()[0])
    assert 390 < km < 420, why
    assert "one vessel" not in event.summary
    assert event.dark_vessel is not None
    assert all(each.ssvid != f"{B}" for each in event.dark_vessel.heard_near)


def test_where_it_is_heard_again_decides_anew() -> None:
    """It can have been there, but not to be back so soon: the sighting leaves the gap and fits nobody."""
    place = seen(15, 29_000)
    rows = [*silent(15.5), *others((0, 30))]
    events = all_events(*rows, fences=WATCHED, sightings=[place], settings=None)
    while_silent = [event for event in events if event.gap and event.gap.sightings]
    gaps, (event,) = found(*rows, sightings=[place])
    assert not while_silent or gaps[-1].sightings == ()
    assert not gaps or gaps[-1].sightings == ()
    assert event.status is Status.CLOSED


def test_a_gap_that_becomes_known_later_takes_the_event_back() -> None:
    """A ship that is heard every three hours is only known to be silent long after."""
    minutes = np.concatenate([np.arange(start, start + 15, 5) for start in np.arange(0, 24 * H, 3 * H)])
    rare = [fixes(A, minutes, minutes * 0.5, sog=0.3), statics(A, [1, 6, 181, 186], **LENGTH)]
    rows = [*rare, *others((0, 60))]
    events = all_events(*rows, fences=WATCHED, sightings=[seen(22, 2_000)])
    dark = [event for event in events if event.type is EventType.DARK_VESSEL]
    assert [event.status for event in dark][-1] is Status.RETRACTED
    assert dark[-1].against[-1].code == "found_silent"
    gap = [event.gap for event in events if event.gap][-1]
    assert gap is not None
    assert [each.matched_on for each in gap.sightings] == ["reach"]


def test_sightings_of_one_spot_are_one_event_within_hours() -> None:
    rows = [*silent(0), *others((0, 60))]
    spot = [
        seen(hours, 20_000 + 300 * i, length=60.0, reference=f"{i}") for i, hours in enumerate((10, 20, 40))
    ]
    _, events = found(*rows, sightings=spot)
    assert [[each.reference for each in detail(event).sightings] for event in events] == [["0", "1"], ["2"]]
    assert "seen_again" in codes(events[0])
    assert {event.status for event in events} == {Status.CLOSED}
    late = [spot[1], seen(10, 20_000, length=60.0, reference="0", received=at(30 * H))]
    _, (event,) = found(*rows, sightings=late)
    assert [each.reference for each in detail(event).sightings] == ["0", "1"]


def test_doubts_about_who_it_was_are_told() -> None:
    listed = Watchlist([Entry(list="a list", entry="one", names=("EXAMPLE",))])
    named = seen(10, 20_000, length=60.0, mmsi=99_999_999, name="EXAMPLE")
    _, (event,) = found(*silent(0), *others((0, 30)), sightings=[named], listed=listed)
    assert {"doubtful_mmsi", "weak_match", "watchlist_weak"} <= codes(event)
    assert event.mmsis == (99_999_999,)


def test_size_reception_and_place_are_told() -> None:
    rows = [*silent(0), *others((0, 12))]
    boat, later = seen(10, 20_000, length=20.0), seen(23, 20_000, length=None)
    outside, before = seen(10, 31_500), seen(-3, 20_000)
    _, (small, unheard) = found(*rows, *others((29, 30), count=1), sightings=[boat, outside, before, later])
    assert {"small", "unexplained"} <= codes(small)
    assert small.innocent_explanation is not None
    assert small.innocent_explanation.hypothesis == "small_craft"
    assert {"length_unknown", "unheard_area"} <= codes(unheard)


def test_what_comes_when_nobody_remembers_who_was_heard_gives_no_event() -> None:
    rows = [*silent(0), *others((0, 100))]
    early = seen(10, 20_000, length=60.0)
    for days, count in ((2, 1), (4, 0)):
        received = {"received": early.time + days * 24 * HOUR}
        _, events = found(*rows, sightings=[seen(10, 20_000, length=60.0, **received)])
        assert len(events) == count
