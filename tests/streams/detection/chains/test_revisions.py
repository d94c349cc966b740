"""Chains that grow, split or are taken back; and that come out the same however events are cut."""

import itertools

import msgspec
import numpy as np
import pytest

from models.event import Event, EventType, Level, Reason, Status, to_json
from models.time import DAY, from_text
from models.vessel import WatchlistHit
from streams.stages.case_stage import CaseStage
from tests.scenarios.runs import RULES
from tests.streams.detection.chains.stories import (
    KOREAN,
    START,
    A,
    B,
    C,
    D,
    E,
    F,
    G,
    Story,
    dark_call,
    direct,
    passed_on,
)


def only(story: Story, until: float = 200.0) -> Event:
    (chain,) = story.chains(until)
    assert chain.chain is not None
    return chain


def test_its_id_stays_while_it_grows_and_its_source_becomes_known() -> None:
    story = Story()
    story.ship(C, flag="KP")
    story.meet(A, C, 4, draughts=(-1.0, 1.0))
    story.visit(C, "nampo", 9, 20)
    story.visit(A, "vostochny", 1, 20, seen=14)
    revisions = story.revisions()
    assert len({revision.id for revision in revisions}) == 1
    assert [revision.revision for revision in revisions] == list(range(1, len(revisions) + 1))
    sources = [revision.chain.source for revision in revisions if revision.chain]
    assert (sources[0], sources[-1]) == ("unknown", "russian_port")


@pytest.mark.parametrize("which", [0, 1, 2])
def test_it_is_taken_back_when_a_leg_is(which: int) -> None:
    story = Story()
    load = story.visit(A, "vostochny", 0)
    met = story.meet(A, B, 3)
    end = story.visit(B, "nampo", 9)
    assert only(story).chain
    story.retract((load, met, end)[which], 15)
    last = story.revisions()[-1]
    kept = {0: "unknown", 1: None, 2: "russian_port"}[which]
    if kept is None:
        assert last.status is Status.RETRACTED
        assert "Taken back" in last.summary
    else:
        assert last.chain is not None
        assert last.chain.source == kept
        assert last.chain.delivered is (which == 0)


def test_a_chain_that_was_one_splits_when_a_load_in_between_becomes_known() -> None:
    story = Story()
    story.visit(A, "vostochny", 0)
    story.meet(A, B, 3)
    story.visit(A, "nampo", 9)
    before = only(story, until=12)
    story.visit(A, "nakhodka", 5, seen=10)
    after = {chain.id: chain for chain in story.chains(until=20)}
    assert len(after) == 2
    assert before.id in after
    legs = [{leg.event for leg in chain.chain.legs} for chain in after.values() if chain.chain]
    assert not legs[0] & legs[1]


def test_doubts_about_an_event_of_the_way_are_told_of_the_chain() -> None:
    story = Story()
    load = story.visit(A, "vostochny", 0)
    doubt = Reason(code="shared_mmsi", text="two ships are heard", weight=0.3)
    story.events[-1] = msgspec.structs.replace(load, against=(doubt,))
    story.visit(A, "nampo", 6)
    (told,) = [reason for reason in only(story).against if reason.code == "shared_mmsi"]
    assert (told.text, told.weight) == (doubt.text, RULES.settings.case.chain.weights.shared_mmsi)


# --- the same however it is cut


def everything() -> Story:
    story = passed_on(direct(Story(), mmsi=KOREAN), (A, B, C))
    story.meet(C, D, 12, level=Level.POSSIBLE)
    story.meet(A, E, 3)
    story.visit(D, "chongjin", 30)
    direct(story, mmsi=G, day=40)
    return story


@pytest.mark.parametrize("seed", range(4))
def test_batches_order_and_snapshots_change_nothing(seed: int) -> None:
    story = everything()
    whole = CaseStage(RULES)
    whole.feed(story.events)
    expected = [to_json(event) for event in whole.advance(START + 300 * DAY)]
    rng = np.random.default_rng(seed)
    days = sorted(rng.uniform(0, 60, 12).tolist())
    found: list[Event] = []
    stage, kept = CaseStage(RULES), dict[str, bytes]()
    for since, until in itertools.pairwise([-1.0, *days, 300.0]):
        part = [
            event for event in story.events
            if since < (from_text(event.detected) - START) / DAY <= until
        ]  # fmt: skip
        rng.shuffle(part)
        stage.feed(part)
        if rng.random() < 0.5:
            for name, piece in stage.changes().items():
                kept.pop(name, None)
                kept |= {} if piece is None else {name: piece}
            stage = CaseStage(RULES)
            stage.load(kept)
        found += stage.advance(START + round(until * DAY))
        if rng.random() < 0.5:
            state = stage.snapshot()
            stage = CaseStage(RULES)
            stage.restore(state)
            kept = msgspec.msgpack.decode(state, type=dict[str, bytes])
    assert [to_json(event) for event in found] == expected


def test_facts_are_forgotten_when_no_window_needs_them() -> None:
    story = everything()
    story.visit(F, "vostochny", 400)
    stage = CaseStage(RULES)
    stage.feed(story.events)
    stage.advance(START + 500 * DAY)
    names = msgspec.msgpack.decode(stage.snapshot(), type=dict[str, bytes])
    assert len([name for name in names if name.startswith(("fact/", "chain/"))]) == 1


def test_other_events_are_handed_on_untouched() -> None:
    story = everything()
    stage = CaseStage(RULES)
    stage.feed(story.events)
    out = stage.advance(START + 300 * DAY)
    assert sorted(map(to_json, story.events)) == sorted(
        to_json(event) for event in out if event.type is not EventType.CHAIN
    )


# --- loads that were not seen


def test_a_possible_load_and_a_call_at_nampo_are_a_chain_that_says_may() -> None:
    story = Story()
    dark_call(story, A, 0)
    story.visit(A, "nampo", 7)
    chain = only(story)
    assert chain.level is Level.PROBABLE
    assert "dark_load" in {reason.code for reason in chain.reasons}
    assert "may have called at Vostochny" in chain.summary


def test_a_silence_in_which_a_korean_port_comes_within_reach_is_a_load_no_longer() -> None:
    story = Story()
    first = dark_call(story, A, 0, draught=None, hours=12)
    story.visit(A, "nampo", 7)
    assert only(story, until=9).chain
    ports = dark_call(Story(), A, 0, ("vostochny", "chongjin"), draught=None).dark_port_visit
    story._add(msgspec.structs.replace(first, revision=2, dark_port_visit=ports), START + 10 * DAY)
    assert story.chains() == []


def test_a_possible_load_ends_no_surer_cargo() -> None:
    """Silence off Vostochny after a tanker took oil from another one: it still has that oil."""
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(A, B, 2, draughts=(-1.5, 1.5))
    dark_call(story, B, 3, draught=None, hours=14)
    story.visit(B, "nampo", 9)
    chain = only(story).chain
    assert chain is not None
    assert [leg.type.value for leg in chain.legs] == ["port_visit", "encounter", "port_visit"]


def test_a_chain_ends_in_the_dark_where_the_draught_fell_with_a_korean_port_in_reach() -> None:
    for draught, delivered_to in (((6.0, 4.0), "Chongjin"), ((6.0, 6.0), None), (None, None)):
        story = Story()
        story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
        dark_call(story, A, 3, ("vostochny", "chongjin"), draught=draught)
        chains = story.chains()
        assert bool(chains) is (delivered_to is not None)
        for chain in chains:
            assert chain.level is Level.POSSIBLE
            assert f"may have called at {delivered_to}" in chain.summary
            assert {"dark_discharge", "possible_end"} <= {r.code for r in (*chain.reasons, *chain.against)}
            assert chain.chain is not None
            assert not chain.chain.delivered
        story.visit(A, "nampo", 8)  # then the call that was seen is its end
        chain = only(story)
        assert chain.level is Level.PROBABLE
        assert "called at Nampo" in chain.summary


def test_a_listed_tanker_is_accused_of_no_call_that_it_may_have_made_elsewhere() -> None:
    """It trades, is silent with ports of several countries in reach, and comes back lighter."""
    for level in Level:
        story = Story()
        story.ship(A, watchlists=(WatchlistHit("OFAC", "1", "imo"),))
        story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
        dark = dark_call(story, A, 3, ("vostochny", "chongjin"), draught=(6.0, 4.0))
        story.events[-1] = msgspec.structs.replace(dark, level=level)
        assert only(story).level is level


def test_after_a_possible_end_a_chain_stays_open_and_says_where_the_oil_may_be() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    dark_call(story, A, 3, ("vostochny", "chongjin"), draught=(6.0, 4.0))
    now, later = only(story, until=6), only(story, until=40)
    assert now.chain is not None
    assert (now.status, [holder.ssvid for holder in now.chain.holders]) == (Status.OPEN, [f"{A:09d}"])
    assert now.chain.arrivals
    assert "The oil may still be aboard" in now.summary
    assert later.status is Status.CLOSED
    assert "No other call at a North Korean port became known" in later.summary


def test_a_call_that_was_seen_is_told_before_a_likelier_one_that_was_not() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    dark = dark_call(story, A, 3, ("chongjin",), draught=(6.0, 4.0))
    story.events[-1] = msgspec.structs.replace(dark, level=Level.PROBABLE)
    story.visit(A, "nampo roads", 8)
    chain = only(story)
    assert chain.level is Level.PROBABLE
    assert "called at Nampo" in chain.summary
    assert chain.chain is not None
    assert dark.id in {leg.event for leg in chain.chain.legs}


def test_a_draught_that_fell_in_a_transfer_hides_no_north_korean_receiver() -> None:
    """The giver is silent afterwards, with a North Korean port in reach, and sends less draught then."""
    story = Story()
    story.ship(C, flag="KP")
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(A, C, 2, draughts=(-1.5, 1.5))
    dark_call(story, A, 3, ("vostochny", "chongjin"), draught=(6.0, 4.0))
    chain = only(story, until=6)
    assert chain.level is Level.PROBABLE
    assert "met SHIP 3" in chain.summary
    assert "possible_end" not in {reason.code for reason in chain.against}


def test_a_cargo_taken_at_sea_hides_no_possible_load_once_it_is_gone() -> None:
    for sold in (True, False):
        story = Story()
        story.meet(A, B, 0, draughts=(-1.5, 1.5))
        if sold:
            story.meet(B, C, 4, draughts=(-1.5, 1.5))
        load = dark_call(story, B, 8 if sold else 60, draught=None, hours=14)
        story.visit(B, "nampo", 14 if sold else 66)
        found = {chain.chain.legs[0].event for chain in story.chains() if chain.chain}
        assert load.id in found


def test_calls_in_the_dark_that_others_saw_are_both_ends_of_a_chain() -> None:
    story = Story()
    dark_call(story, A, 0, ("vostochny", "chongjin"), draught=None, sighted=True)
    dark_call(story, A, 7, ("nampo",), draught=None, sighted=True)
    chain = only(story)
    assert chain.chain is not None
    assert chain.chain.delivered
    assert {"sighted_load", "sighted_discharge"} <= {reason.code for reason in chain.reasons}
    assert "was seen by others at Vostochny" in chain.summary
    assert "was seen by others at Nampo" in chain.summary
    assert [leg.start for leg in chain.chain.legs] == ["2026-01-01T20:30:00Z", "2026-01-08T20:30:00Z"]


def test_silence_of_ships_in_coastal_trade_is_no_load() -> None:
    story = Story()
    for day in range(0, 60, 10):
        story.visit(KOREAN, "chongjin", day)
        dark_call(story, KOREAN, day + 1.5, ("vostochny", "chongjin"), draught=None)
        story.visit(KOREAN, "nampo", day + 6)
    assert story.revisions() == []


def test_a_possible_call_of_one_receiver_hides_no_named_one() -> None:
    """A tanker meets a Korean one and another, which falls silent and comes back with less draught."""
    story = Story()
    story.ship(B, flag="KP")
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(A, B, 2, draughts=(-0.7, 0.7))
    story.meet(A, C, 3, draughts=(-0.7, 0.7))
    dark_call(story, C, 8, ("nampo",), draught=(6.0, 4.0))
    chain = only(story, until=12)
    assert (chain.level, chain.status) == (Level.PROBABLE, Status.OPEN)
    assert "SHIP 2" in chain.summary
    assert "may have called" not in chain.summary
    assert chain.chain is not None
    assert f"{B:09d}" in {holder.ssvid for holder in chain.chain.holders}
    assert {leg.ssvid for leg in chain.chain.legs if leg.kind == "discharge"} == {f"{C:09d}"}
    story.visit(B, "nampo", 12)
    assert only(story).status is Status.CLOSED


def test_a_call_that_was_seen_is_told_before_one_of_another_vessel_that_was_not() -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(A, B, 2, level=Level.POSSIBLE, draughts=(None, 0.4))
    story.visit(B, "nampo roads", 9)
    dark_call(story, A, 4, ("chongjin",), draught=(6.0, 4.0))
    chain = only(story)
    assert chain.level is Level.PROBABLE
    assert "called at Nampo" in chain.summary
    assert "may have called" not in chain.summary


def test_one_that_gave_its_cargo_away_can_load_another_unseen() -> None:
    story = Story()
    story.meet(A, B, 0, draughts=(-1.5, 1.5))
    story.meet(B, C, 3, draughts=(-1.5, 1.5))
    dark_call(story, B, 6, draught=None, hours=14)
    story.visit(B, "nampo", 12)
    (chain,) = (one.chain for one in story.chains() if one.chain and one.chain.source == "russian_port")
    assert [leg.type.value for leg in chain.legs] == ["dark_port_visit", "port_visit"]
