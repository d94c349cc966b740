"""Deliveries and barrels: what counts, once, and how sure."""

import msgspec
import numpy as np
import pytest

from models.event import Event
from models.vessel import WatchlistHit
from streams.ledger.delivery import deliveries
from streams.ledger.ledger import ledger
from streams.ledger.settings import LedgerSettings
from tests.streams.detection.chains.stories import KOREAN, A, Story, direct

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
    by = [one for one in deliveries(story.events, S) if (one.end or "")[:10] <= year.cap_passed_by]
    assert sum(one.barrels.low for one in by) > S.cap_barrels
    assert sum(one.barrels.low for one in by[:-1]) <= S.cap_barrels
    assert year.reported_barrels == 100_000.0


def test_of_simulated_years_the_range_holds_what_was_landed_and_is_narrow_where_draught_was_sent() -> None:
    """100 years of 20 calls: ships with true deadweights around the estimate, laden as tankers are."""
    rng = np.random.default_rng(1)
    held, narrow = 0, []
    for _ in range(100):
        story, landed, sent = Story(), 0.0, rng.random() < 0.5
        for number in range(20):
            mmsi = A + number
            length = int(rng.integers(70, 120))
            beam = round(length * rng.uniform(0.15, 0.17))
            story.ship(mmsi, length_meters=length, beam_meters=beam)
            tonnage = S.deadweight_factor * length * beam**2 * rng.normal(1, 0.1)
            tonnes = tonnage * rng.uniform(0.35, 0.85)
            sinks = tonnes / (S.tonnes_per_metre * length * beam * rng.normal(1, 0.05))
            draught = (round(3 + sinks, 1), 3.0) if sent else None
            story.visit(mmsi, "nampo", 15.0 * number, 20, draught)
            landed += tonnes * 7.5
        (year,) = ledger(deliveries(story.events, S), S)
        total = year.barrels_total
        held += total.low <= landed <= total.high
        if sent:
            narrow.append(total.high / total.low)
    assert held >= 95
    assert np.median(narrow) <= 1.6


def test_a_list_knows_what_a_ship_calls_itself_wrongly() -> None:
    """A vessel that calls itself a cargo ship is a tanker by its entry. A weak match may be another ship."""
    hit = WatchlistHit("My list", "1", "imo", ship_type="Oil Tanker", deadweight_tonnes=2000.0)
    for weak, wanted in ((False, [2000 * 0.9 * 7.5]), (True, [])):
        story = Story()
        story.ship(KOREAN, type="other", watchlists=(msgspec.structs.replace(hit, weak=weak),))
        story.visit(KOREAN, "nampo", 0)
        assert [one.barrels.high for one in deliveries(story.events, S)] == pytest.approx(wanted)
