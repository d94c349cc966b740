"""Deliveries and barrels: what counts, once, and how sure."""

import msgspec
import numpy as np
import pytest

from models.event import Event, Level
from models.vessel import WatchlistHit
from streams.ledger.book import Book, Call, ChainEnds, deliveries
from streams.ledger.delivery import Barrels, Delivery
from streams.ledger.ledger import ledger
from streams.ledger.settings import LedgerSettings
from tests.streams.detection.chains.stories import KOREAN, LISTED, A, Story, dark_call, direct
from tests.streams.ledger.simulated_years import simulated_year

S = LedgerSettings()


def test_a_call_is_counted_once_whatever_revisions_and_chains_say_of_it() -> None:
    story = direct(Story())
    story.ship(A)
    events: list[Event] = [*story.events, *story.revisions(), *story.events]
    (one,) = deliveries(events, S)
    assert one.seen
    assert one.port == "KPNAM"


def test_calls_of_one_load_at_two_ports_are_one_delivery() -> None:
    story = Story()
    story.visit(A, "nampo roads", 0, 10)
    story.visit(A, "nampo", 1, 20)
    story.visit(A, "nampo", 12, 20)
    assert [one.seen for one in deliveries(story.events, S)] == [True, True]


def test_the_roads_alone_are_possible_and_other_ships_none() -> None:
    story = Story()
    story.visit(A, "nampo roads", 0)
    story.ship(KOREAN, type="other")
    story.visit(KOREAN, "nampo", 0)
    story.visit(A, "vostochny", 10)
    (one,) = deliveries(story.events, S)
    assert not one.seen


def test_a_call_that_left_it_deeper_landed_nothing() -> None:
    story = Story()
    story.visit(A, "nampo", 0, 20, (4.0, 6.0))
    assert deliveries(story.events, S) == []


def test_a_known_deadweight_goes_before_an_estimate() -> None:
    story = Story()
    story.ship(KOREAN, imo="8660313", length_meters=88, beam_meters=14)
    story.visit(KOREAN, "nampo", 0)
    (one,) = deliveries(story.events, S)
    assert one.basis == "reported deadweight"
    assert one.barrels.high == pytest.approx(3565 * 0.9 * 7.5)


def test_a_retracted_call_is_none() -> None:
    story = Story()
    story.retract(story.visit(A, "nampo", 0), 1)
    assert deliveries(story.events, S) == []


def test_the_day_of_crossing_is_told_by_low_estimates_of_what_was_seen() -> None:
    story = Story()
    story.ship(A, length_meters=180, beam_meters=32)
    for number in range(12):
        story.visit(A, "nampo", 10.0 * number, 20)
    year, *_ = ledger(deliveries(story.events, S), S, {2026: 100_000.0})
    assert year.cap_passed_by is not None
    assert (year.course[-1].barrels_seen, year.course[-1].barrels_total) == (
        year.barrels_seen,
        year.barrels_total,
    )
    days = [point.day for point in year.course]
    assert days == sorted(set(days))
    by = [one for one in deliveries(story.events, S) if (one.end or "")[:10] <= year.cap_passed_by]
    assert sum(one.barrels.low for one in by) > S.cap_barrels
    assert sum(one.barrels.low for one in by[:-1]) <= S.cap_barrels
    assert year.reported_barrels == 100_000.0


def test_of_simulated_years_the_range_holds_what_was_landed_and_is_narrow_where_draught_was_sent() -> None:
    years = [simulated_year(seed) for seed in range(100)]
    assert sum(year.held for year in years) >= 95
    assert np.median([year.ratio for year in years if year.draughts]) <= 1.6
    assert sum(year.traceless for year in years) > 100  # they are counted apart, and not in the range
    assert all(year.found >= year.traced for year in years)


def test_a_dark_call_counts_as_possible_if_the_vessel_is_suspect() -> None:
    story = Story()
    ships: tuple[dict[str, object], ...] = ({}, {"watchlists": LISTED}, {"flag": "KP"}, {"type": "other"})
    for number, changes in enumerate(ships):
        story.ship(A + number, length_meters=100, beam_meters=16, **changes)
        dark_call(story, A + number, 20.0 * number, ("nampo",), draught=None)
    found = deliveries(story.events, S)
    assert [one.ship for one in found] == [f"MMSI {A + 1}", f"MMSI {A + 2}"]
    for one in found:
        assert (one.seen, one.dark, one.barrels.low) == (False, True, 0.0)
        assert 0 < one.barrels.mid < one.barrels.high
    (year,) = ledger(found, S)
    assert (year.seen, year.possible, year.dark) == (0, 2, 2)


def test_a_dark_call_that_only_north_korea_and_a_draught_explain_counts_in_full() -> None:
    story = Story()
    story.ship(A, length_meters=100, beam_meters=16)
    for number, ports in enumerate((("nampo",), ("nampo", "vostochny"))):
        event = dark_call(story, A, 20.0 * number, ports, draught=(6.0, 4.0))
        story.events[-1] = msgspec.structs.replace(event, level=Level.PROBABLE)
    sure, unsure = (one.barrels for one in deliveries(story.events, S))
    assert sure.mid == pytest.approx(2 * 0.87 * 1600 * 7.5)
    assert (unsure.low, unsure.mid, unsure.high) == (0.0, sure.mid / 2, sure.high)


def test_a_dark_call_in_which_others_saw_the_vessel_at_a_berth_is_seen() -> None:
    story = Story()
    story.ship(A, length_meters=100, beam_meters=16)
    dark_call(story, A, 0.0, ("nampo",), draught=None, sighted=True)
    (one,) = deliveries(story.events, S)
    assert (one.seen, one.dark) == (True, True)
    assert 0 < one.barrels.low < one.barrels.mid


def test_a_call_seen_at_a_berth_and_the_silence_after_it_are_one_delivery() -> None:
    story = Story()
    story.ship(A, watchlists=LISTED, length_meters=100, beam_meters=16)
    story.visit(A, "nampo", 0, 20)
    dark_call(story, A, 1.0, ("nampo",), draught=None)
    (one,) = deliveries(story.events, S)
    assert (one.seen, one.dark) == (True, False)


@pytest.mark.parametrize("listed", [(), LISTED])
def test_a_cargo_that_may_have_been_landed_in_the_dark_is_counted_once(
    listed: tuple[WatchlistHit, ...],
) -> None:
    """As the end of a chain, or by itself; and a second cargo is another delivery."""
    story = Story()
    story.ship(A, length_meters=100, beam_meters=16, watchlists=listed)
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    dark_call(story, A, 3, ("chongjin",), draught=(6.0, 4.0))
    story.visit(A, "nampo", 8, 20)
    events = [*story.events, *story.revisions()]
    (one,) = deliveries(events, S)
    assert (one.seen, one.dark, one.port) == (True, False, "KPNAM")
    (alone,) = deliveries([event for event in events if event.id != one.event], S)
    assert alone.dark
    story.visit(A, "vostochny", 14, 20, (4.0, 6.0))
    story.visit(A, "nampo", 20, 20)
    assert len(deliveries([*story.events, *story.revisions()], S)) == 2


def test_no_call_gives_way_to_one_that_gives_way_itself() -> None:
    """Two chains share a call in the dark; the one that was seen is the cargo of the second chain."""

    def call(day: int, mid: float, *, seen: bool) -> Call:
        start = f"2026-03-{day:02d}T00:00:00Z"
        barrels = Barrels(0.0, mid, 2 * mid)
        told = Delivery(f"{day}", "IMO 1", "", "KPNAM", "Nampo", start, start, seen, not seen, barrels, "")
        return Call(1, start, told, counts=False)

    book = Book(S)
    calls = {"5": call(5, 1.0, seen=False), "10": call(10, 2.0, seen=False), "15": call(15, 9.0, seen=True)}
    book.calls.update(calls)
    book.chains.update({"first": ChainEnds(1, ("5", "10")), "second": ChainEnds(1, ("10", "15"))})
    assert [one.event for one in book.deliveries()] == ["5", "15"]


def test_a_list_knows_what_a_ship_calls_itself_wrongly() -> None:
    """A vessel that calls itself a cargo ship is a tanker by its entry. A weak match may be another ship."""
    hit = WatchlistHit("My list", "1", "imo", ship_type="Oil Tanker", deadweight_tonnes=2000.0)
    for weak, wanted in ((False, [2000 * 0.9 * 7.5]), (True, [])):
        story = Story()
        story.ship(KOREAN, type="other", watchlists=(msgspec.structs.replace(hit, weak=weak),))
        story.visit(KOREAN, "nampo", 0)
        assert [one.barrels.high for one in deliveries(story.events, S)] == pytest.approx(wanted)
