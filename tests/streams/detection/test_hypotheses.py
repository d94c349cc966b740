"""Innocent explanations compete by the weights of the reasons, and those for the event contradict them."""

import pytest

from models.event import EventType, Reason
from models.innocent import Hypothesis
from streams.detection import legend
from streams.detection.hypotheses import TEXTS, best, ranked
from streams.detection.reasons import ReasonTable, Side

TABLES = {table.type: table for table in legend.tables()}
ENCOUNTER = TABLES[EventType.ENCOUNTER]


def reason(code: str, weight: float) -> Reason:
    return Reason(code=code, text=code, weight=weight)


def test_the_one_with_the_most_support_is_named_with_its_reasons() -> None:
    against = [reason("anchored_off_port", 0.1), reason("harbour_craft", 0.1), reason("wide_gap", 0.05)]
    found = best(ENCOUNTER, [], against)
    assert found is not None
    assert (found.hypothesis, found.support) == (Hypothesis.BUNKERING, 0.2)
    assert found.reasons == ("anchored_off_port", "harbour_craft")
    assert [each.hypothesis for each in ranked(ENCOUNTER, [], against)] == ["bunkering", "waiting"]


def test_what_speaks_for_the_event_contradicts_them() -> None:
    against = [reason("wide_gap", 0.1), reason("may_be_one_hull", 0.08)]
    assert best(ENCOUNTER, [], against).hypothesis is Hypothesis.WAITING  # type: ignore[union-attr]
    contradicted = best(ENCOUNTER, [reason("alongside", 0.1)], against)
    assert contradicted is not None
    assert contradicted.hypothesis is Hypothesis.TOW
    assert best(ENCOUNTER, [reason("draught", 0.2)], against) is None


def test_codes_that_are_not_known_speak_for_nothing() -> None:
    assert best(ENCOUNTER, [], [reason("of_a_later_version", 0.5), reason("excluded_type", 0.5)]) is None


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.type)
def test_every_hypothesis_that_is_contradicted_can_be_supported(table: ReasonTable) -> None:
    supported = {each for row in table.rows if row.side is Side.AGAINST for each in row.hypotheses}
    for row in table.rows:
        if row.side is Side.FOR and row.code != "draught":  # that of a gap is also that of a dark port visit
            assert set(row.hypotheses) <= supported
        assert not (row.side is Side.RETRACTION and row.hypotheses)


def test_every_hypothesis_has_a_text_and_a_reason_that_supports_it() -> None:
    rows = [row for table in TABLES.values() for row in table.rows if row.side is Side.AGAINST]
    assert {each for row in rows for each in row.hypotheses} == set(TEXTS) == set(Hypothesis)
