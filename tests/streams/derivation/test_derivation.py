"""Derivations of the events of a delivery: they add up, name existing settings, and follow the links."""

import msgspec
import pytest
from rich.console import Console

from models.event import Event, EventType, Level, Scoring, Status
from models.event_parts import Evidence, Sample
from streams.derivation import sheet
from streams.derivation.derivation import Derivation, derive
from streams.stages.settings import Settings
from tests.streams.detection.chains.stories import Story, direct


@pytest.fixture(scope="module")
def events() -> list[Event]:
    story = direct(Story())
    return [*story.events, *story.revisions()]


def derived(events: list[Event], kind: EventType) -> Derivation:
    event = next(each for each in reversed(events) if each.type is kind)
    found = derive(event.id, events)
    assert found is not None
    return found


def test_the_numbers_add_up_to_the_score(events: list[Event]) -> None:
    for event in events:
        of = derive(event.id, events)
        if of is None or of.scoring is None or of.sum is None:
            continue
        weights = sum(each.weight for each in of.reasons) - sum(each.weight for each in of.against)
        assert of.sum == pytest.approx(of.scoring.base + weights)
        assert of.score == pytest.approx(min(max(of.sum, of.scoring.floor), of.scoring.cap))


def test_settings_exist_and_hold_what_is_said(events: list[Event]) -> None:
    of = derived(events, EventType.CHAIN)
    assert of.scoring is not None
    assert sum(map(value, of.base_settings)) == pytest.approx(of.scoring.base)
    for each in (*of.reasons, *of.against):
        assert each.weight_setting is not None
        assert each.weight <= value(each.weight_setting) + 1e-9
        if each.threshold_settings:
            assert each.threshold in {value(name) for name in each.threshold_settings}


def value(name: str) -> float:
    found: object = Settings()
    for part in name.split("."):
        found = getattr(found, part)
    assert isinstance(found, float)
    return found


def test_the_rules_that_held_give_the_level(events: list[Event]) -> None:
    of = derived(events, EventType.CHAIN)
    assert of.level_by_rules is of.level
    assert {rule.code for rule in of.rules} >= {"linked", "both_ends"}


def test_it_names_what_it_rests_on_and_what_rests_on_it(events: list[Event]) -> None:
    chain = next(each for each in reversed(events) if each.type is EventType.CHAIN)
    assert chain.chain is not None
    legs = {leg.event for leg in chain.chain.legs}
    of = derive(chain.id, events)
    assert of is not None
    assert {link.event for link in of.links} == legs
    for leg in legs:
        back = derive(leg, events)
        assert back is not None
        assert [(link.relation, link.event) for link in back.links] in (
            [("it is the load of", chain.id)],
            [("it is the discharge of", chain.id)],
        )
    alone = derive(chain.id, [chain])
    assert alone is not None
    assert {link.summary for link in alone.links} == {None}


def test_revisions_say_what_changed(events: list[Event]) -> None:
    event = next(each for each in events if each.type is EventType.CHAIN)
    first = msgspec.structs.replace(event, revision=1, level=Level.POSSIBLE)
    reason = msgspec.structs.replace(event.reasons[0], weight=0.01)
    later = msgspec.structs.replace(
        first, revision=2, level=Level.PROBABLE, reasons=(reason, *event.reasons[1:])
    )
    of = derive(event.id, [later, first, later])
    assert of is not None
    assert [each.revision for each in of.revisions] == [1, 2]
    assert of.revisions[0].changes == ()
    assert "possible → probable" in of.revisions[1].changes
    assert any(f"{reason.code}: weight" in change for change in of.revisions[1].changes)


def test_the_sheet_says_values_with_units_and_gathers_revisions_without_a_change(
    events: list[Event], capsys: pytest.CaptureFixture[str]
) -> None:
    event = next(each for each in reversed(events) if each.type is EventType.PORT_VISIT)
    scoring = Scoring(base=0.5, cap=1.0, conditions=("confidence",))
    positions = tuple(Sample(time=f"2026-03-01T0{hour}:00:00Z", ssvid="1", lat=1, lon=1) for hour in (3, 4))
    event = msgspec.structs.replace(event, scoring=scoring, evidence=Evidence(positions=positions))
    half = msgspec.structs.replace(event, level=Level.POSSIBLE)
    numbered = [msgspec.structs.replace(half, revision=number) for number in range(1, 5)]
    last = msgspec.structs.replace(event, revision=5, status=Status.OPEN, end=None)
    of = derive(event.id, [*numbered, last])
    assert of is not None
    sheet.show(Console(width=500), of)
    text = capsys.readouterr().out
    assert "at least 3 (`probable_confidence`)" in text
    assert "2 to 4  " in text
    assert "3 revisions without a change of status, level, score, duration or reasons" in text
    assert "possible → probable" in text
    assert "; the last position in its evidence is from 2026-03-01 04:00 UTC." in text


def test_an_event_that_is_not_there(events: list[Event]) -> None:
    assert derive("no such event", events) is None


def test_events_of_earlier_versions_are_derived_as_far_as_they_go(events: list[Event]) -> None:
    event = next(each for each in reversed(events) if each.type is EventType.CHAIN)
    old = msgspec.structs.replace(event, scoring=None, innocent_explanation=None)
    of = derive(event.id, [old])
    assert of is not None
    assert (of.sum, of.level_by_rules, of.rules) == (None, None, ())
