"""Which stories of ships make a chain, at which level, and what the chain says of them."""

import pytest

from models.event import Event, Level, Status
from tests.streams.detection.chains.stories import (
    KOREAN,
    LISTED,
    YELLOW_SEA,
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    Story,
    direct,
    passed_on,
)

OFF_NAKHODKA = (132.95, 42.72)


def kinds(chain: Event) -> list[str]:
    assert chain.chain is not None
    return [leg.kind for leg in chain.chain.legs]


def codes(chain: Event) -> set[str]:
    return {reason.code for reason in (*chain.reasons, *chain.against)}


def only(story: Story, until: float = 200.0) -> Event:
    (chain,) = story.chains(until)
    assert chain.chain is not None
    return chain


# --- what is a chain


def test_a_direct_run_is_one_probable_chain_of_two_legs() -> None:
    story = direct(Story())
    chain = only(story)
    assert chain.level is Level.PROBABLE
    assert chain.status is Status.CLOSED
    assert kinds(chain) == ["load", "discharge"]
    assert {"loaded", "discharged"} <= codes(chain)
    newest = {event.id: event.revision for event in story.events}
    assert chain.chain is not None
    assert {leg.event: leg.revision for leg in chain.chain.legs} == newest


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_cargo_is_followed_from_ship_to_ship_and_its_confidence_falls(count: int) -> None:
    chain = only(passed_on(Story(), (A, B, C, D, E, F)[: count + 1]))
    assert chain.level is Level.PROBABLE
    assert chain.chain is not None
    assert chain.chain.transfers == count
    sure = [leg.confidence for leg in chain.chain.legs]
    assert sure == sorted(sure, reverse=True)
    assert sure[-1] < sure[0]
    assert [vessel.ssvid for vessel in chain.vessels] == [f"{m:09d}" for m in (A, B, C, D, E, F)[: count + 1]]


def test_a_sixth_transfer_is_not_followed() -> None:
    chains = [each.chain for each in passed_on(Story(), (A, B, C, D, E, F, G)).chains() if each.chain]
    # what came to Nampo is told from the last meeting on
    assert {(chain.source, chain.delivered) for chain in chains} == {
        ("russian_port", False),
        ("unknown", True),
    }


@pytest.mark.parametrize("place", ["vostochny", "nampo", "primorsk"])
def test_one_port_call_is_no_chain(place: str) -> None:
    story = Story()
    story.visit(A, place, 0, draught=(4.0, 6.0))
    assert story.revisions() == []


def test_each_voyage_is_a_chain_of_its_own() -> None:
    story = Story()
    for number in range(3):
        direct(story, day=20.0 * number)
    assert len({chain.id for chain in story.chains()}) == 3


def test_of_two_loads_the_last_counts_and_the_chain_says_so() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 5.0))
    second = story.visit(A, "vostochny", 3, 20, (5.0, 6.0))
    story.visit(A, "nampo", 8)
    chain = only(story)
    assert chain.chain is not None
    assert chain.chain.legs[0].event == second.id
    assert "the last call counts" in chain.summary


def test_a_call_elsewhere_in_between_is_told_against_it() -> None:
    """Loads at Vostochny, meets a bunker barge in the roads, calls at Vladivostok, goes to Nampo."""
    story = Story()
    story.ship(B, type="other")
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(B, A, 1.5, OFF_NAKHODKA, 2, fence="ru-nakhodka-roads")
    story.visit(A, "vladivostok", 2.5, 10)
    story.visit(A, "nampo", 8)
    chain = only(story)
    assert kinds(chain) == ["load", "discharge"]
    assert "other_call" in codes(chain)
    assert "Vostochny" in chain.summary


def test_a_visit_that_goes_on_is_a_valid_end() -> None:
    story = Story()
    story.visit(A, "vostochny", 0)
    story.visit(A, "nampo", 6, 40, ended=False)
    chain = only(story)
    assert chain.status is Status.OPEN
    assert chain.end is None
    assert "still open" in chain.summary


@pytest.mark.parametrize(
    ("source", "transfer", "days", "found"),
    [
        ("vostochny", False, 9.0, True),
        ("vostochny", False, 12.0, False),
        ("vostochny", True, 50.0, True),
        ("vostochny", True, 60.0, False),
        ("primorsk", False, 45.0, True),
        ("primorsk", False, 55.0, False),
    ],
)
def test_windows(source: str, transfer: bool, days: float, found: bool) -> None:
    story = Story()
    story.visit(A, source, 0, 24)
    if transfer:
        story.meet(A, B, 3, draughts=(-1.0, 1.0))
    story.visit(B if transfer else A, "nampo", 1 + days)
    ended = [chain for chain in story.chains() if chain.chain and chain.chain.delivered]
    assert bool([chain for chain in ended if chain.chain and chain.chain.source == "russian_port"]) is found


def test_a_change_of_identity_does_not_break_it() -> None:
    story = Story()
    story.ship(A, imo="4000007")
    story.ship(G, imo="4000007", name="OTHER NAME")
    story.visit(A, "vostochny", 0)
    story.visit(G, "nampo", 6)
    chain = only(story)
    assert "renumbered" in codes(chain)
    assert chain.mmsis == (A, G)


def test_a_raft_passes_oil_on_while_the_first_two_still_lie_together() -> None:
    story = Story()
    story.ship(B, type="other")  # a barge between
    story.visit(A, "vostochny", 0)
    story.meet(A, B, 3, hours=12, draughts=(-1.0, None))
    story.meet(B, C, 3.1, hours=8)
    story.visit(C, "nampo", 10)
    chain = only(story)
    assert kinds(chain) == ["load", "transfer", "transfer", "discharge"]
    assert {"not_tanker"} <= codes(chain)


def test_whoever_it_met_may_have_the_oil_and_draughts_say_who_likely_has() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(A, B, 2)
    story.meet(A, C, 4, draughts=(-1.4, 1.6))
    story.meet(A, D, 6)
    chain = only(story, until=10)
    assert chain.level is Level.POSSIBLE
    assert chain.chain is not None
    assert {holder.ssvid for holder in chain.chain.holders} == {f"{mmsi:09d}" for mmsi in (A, B, C, D)}
    sure = {leg.ssvid: leg.confidence for leg in chain.chain.legs}
    assert sure[f"{C:09d}"] > sure[f"{B:09d}"]
    assert "several" in codes(chain)


def test_draught_decides_which_way_oil_passed() -> None:
    """Both have loaded; only one has become lighter."""
    story = Story()
    story.visit(A, "vostochny", 0)
    story.visit(B, "nakhodka", 0)
    story.meet(A, B, 3, draughts=(-1.2, 1.2))
    story.visit(B, "nampo", 9)
    sure = {}
    for chain in story.chains():
        assert chain.chain is not None
        sure[chain.chain.legs[0].ssvid] = max(
            (leg.confidence for leg in chain.chain.legs if leg.kind == "transfer"), default=0.0
        )
    assert sure[f"{A:09d}"] > 0.9
    assert sure.get(f"{B:09d}", 0.0) < 0.2


def test_a_listed_or_korean_receiver_makes_it_probable_before_any_arrival() -> None:
    for change in ({"watchlists": LISTED}, {"flag": "KP"}):
        story = Story()
        story.ship(B, **change)
        story.visit(A, "vostochny", 0)
        story.meet(A, B, 3)
        chain = only(story, until=5)
        assert chain.level is Level.PROBABLE
        assert chain.status is Status.OPEN
        assert chain.vessel.ssvid == f"{B:09d}"


def test_it_follows_the_oil_on_while_it_is_under_way() -> None:
    """Its way is told to whom the oil went last, not only to the first receiver: here to a Korean one."""
    story = Story()
    story.ship(C, flag="KP")
    story.visit(A, "vostochny", 0)
    story.meet(A, B, 2, draughts=(-1.5, 1.5))
    before = only(story, until=3)
    story.meet(B, C, 4, draughts=(-1.5, 1.4))
    story.meet(C, D, 6, level=Level.POSSIBLE)  # too weak to say that it went on
    chain = only(story, until=7)
    assert (before.level, chain.level) == (Level.POSSIBLE, Level.PROBABLE)
    assert "SHIP 2 (MMSI 352000002, flag PA) met SHIP 3" in chain.summary
    assert "SHIP 4" not in chain.summary
    assert chain.vessel.ssvid == f"{C:09d}"


def test_an_open_chain_says_the_time_left_and_closes_with_its_window() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 24)
    story.meet(A, B, 3)
    revisions = story.revisions()
    (first,), last = revisions[:1], revisions[-1]
    assert first.chain is not None
    assert first.chain.arrivals
    assert "KPCHO" in {arrival.port for arrival in first.chain.arrivals}
    times = [arrival.earliest_arrival for arrival in first.chain.arrivals]
    assert times == sorted(times)
    assert all(arrival.hours_left > 0 for arrival in first.chain.arrivals)
    assert last.status is Status.CLOSED
    assert last.chain is not None
    assert (last.chain.holders, last.chain.arrivals) == ((), ())
    assert "No call at a North Korean port became known" in last.summary


def test_the_case_of_2022() -> None:
    """A tanker lies in the Yellow Sea beside a ship that sends no draught; hers is lower afterwards, and the
    other ship appears off Nampo four days later."""
    story = Story()
    story.ship(B, watchlists=LISTED)
    story.meet(A, B, 5, YELLOW_SEA, 8, (-1.3, None))
    story.visit(B, "nampo roads", 9.5, 30)
    chain = only(story)
    assert chain.level is Level.PROBABLE
    assert kinds(chain) == ["transfer", "discharge"]
    assert {"unknown_source", "roads_only", "watchlist"} <= codes(chain)


# --- what is none


def test_coastal_trade_of_korean_ships_is_none() -> None:
    story = Story()
    for day in range(0, 60, 6):
        story.visit(KOREAN, "nampo", day)
        story.visit(KOREAN, "chongjin", day + 3)
    story.visit(KOREAN + 1, "nampo", 10)
    story.meet(KOREAN + 1, KOREAN, 11.2, (124.8, 38.4))
    assert story.revisions() == []


def test_two_korean_ships_that_come_home_side_by_side_are_none() -> None:
    """From the roads of Nakhodka, a tanker and a cargo ship, neither of which loaded oil there."""
    story, other = Story(), 445_000_002
    story.ship(other, type=None)
    for mmsi in (KOREAN, other):
        story.visit(mmsi, "nakhodka roads", 0, 24)
        story.visit(mmsi, "chongjin", 2.1)
    story.meet(KOREAN, other, 2, (129.86, 41.70), 0.6, level=Level.POSSIBLE)
    assert not story.chains()


def test_a_meeting_that_is_only_possible_makes_no_probable_chain_of_a_korean_ship() -> None:
    for level, draught, expected in (
        (Level.PROBABLE, None, Level.PROBABLE),
        (Level.POSSIBLE, None, Level.POSSIBLE),
        (Level.POSSIBLE, -1.2, Level.PROBABLE),
    ):
        story = Story()
        story.meet(A, KOREAN, 0, YELLOW_SEA, draughts=(draught, None), level=level)
        story.visit(KOREAN, "nampo", 3)
        (chain,) = story.chains()
        assert chain.level is expected
        weak = any(reason.code == "weak_transfer" for reason in chain.against)
        assert weak is (expected is Level.POSSIBLE)


@pytest.mark.parametrize("customers", [2, 4])
def test_a_bunker_tanker_of_both_fleets_makes_none(customers: int) -> None:
    story = Story()
    for day in range(0, 30, 3):
        story.visit(A, "nakhodka", day, 8, (3.0, 4.0))
        for number in range(customers):
            ship = KOREAN + number if number % 2 else B + number
            story.ship(ship, type="other" if number % 2 else "tanker")
            story.meet(
                A, ship, day + 0.5 + number / 2, OFF_NAKHODKA, 3, (None, 0.1), fence="ru-nakhodka-roads"
            )
    for day in (5, 14, 23):
        story.visit(KOREAN + 1, "chongjin", day)
    assert story.revisions() == []


def test_a_ferry_and_a_coaster_on_regular_runs_make_none() -> None:
    story = Story()
    story.ship(KOREAN, type="other")
    for day in range(0, 80, 8):
        story.visit(KOREAN, "vladivostok", day, 15)
        story.visit(KOREAN, "chongjin", day + 4, 15)
    assert story.revisions() == []


def test_transfers_in_the_west_among_ships_on_no_list_are_none() -> None:
    story = Story()
    story.visit(A, "primorsk", 0)
    story.meet(A, B, 20, (22.7, 36.6), 20, (-5.0, 5.0))
    assert story.revisions() == []


def test_ships_cannot_be_in_two_places() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20)
    story.visit(A, "nampo", 1.2, 1)
    assert story.revisions() == []
