"""What the page says of an event is true of it: level and score, status and sentence, headline and place,
weights and sum; of every revision of every event.

For all scenarios: `TANKERWATCH_SCENARIOS=all pytest tests/streams/feed/page/test_truth.py`.
"""

import os
import re
from typing import Any, Final

import pytest
import shapely

from geofences.catalogue import load_catalogue
from models.event import Event, EventType, Level, Status, from_json, to_json
from streams.simulator.scenario import scenarios
from tests.scenarios import simulated
from tests.streams.detection.chains.stories import A, Story, dark_call
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Recorded

pytestmark = pytest.mark.xdist_group("browser")

FEW: Final = ("dark_partner", "silent_at_berth", "two_transfers")
ALL: Final = os.environ.get("TANKERWATCH_SCENARIOS") == "all"
BORDER: Final = 0.5
"""The score from which an event is probable, by default settings."""
NEAR: Final = 0.02
"""Degrees by which a position in a fence may lie outside its outline: fences have a margin of 1 km."""
GOES_ON: Final = re.compile(r"has not been heard(?! since)|still (open|silent|going)|so far\b")
"""What no sentence about something that has ended may say."""
SHOWN: Final = """async (texts) => {
    const { whereOf, period, grounds, badge } = await import("/static/web/event.js");
    const { el } = await import("/static/web/words.js");
    return texts.map((text) => {
        const event = JSON.parse(text), node = el("div", {}, grounds(event));
        const weights = (side) => [...node.querySelectorAll(`.${side} .weight`)]
            .map((one) => one.textContent);
        return {
            where: whereOf(event), period: period(event, "open"),
            level: badge("level", event.level).textContent,
            sum: node.querySelector(".sum").textContent, reasons: weights("for"), against: weights("against"),
        };
    });
}"""
FENCES: Final = {fence.name: fence.geometry for fence in load_catalogue()}


@pytest.mark.parametrize("scenario", sorted(scenarios()) if ALL else FEW)
def test_the_page_contradicts_no_event(scenario: str, demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=5/38/130")
    revisions = simulated.revisions(scenario, 1)
    assert revisions or ALL, "a scenario without events shows nothing"
    for start in range(0, len(revisions), 200):
        some = revisions[start : start + 200]
        shown = page.evaluate(SHOWN, [json.decode() for json in some])
        for json, said in zip(some, shown, strict=True):
            event = from_json(json)
            wrong = list(_contradictions(event, said))
            assert not wrong, (event.id, event.revision, wrong, event.summary, said)


def _contradictions(event: Event, said: dict[str, Any]) -> Any:
    """What the page says of the event and what is otherwise."""
    retracted = event.status is Status.RETRACTED
    if not retracted and (event.level is Level.PROBABLE) != (event.score >= BORDER):
        yield "level and score"
    if said["level"].lower() != event.level:
        yield "level"
    if (event.end is None) != ("open" in said["period"]) or (event.status is Status.OPEN and event.end):
        yield "status and period"
    if event.status is Status.CLOSED and GOES_ON.search(event.summary):
        yield "status and sentence"
    yield from _sum(event, said)
    where = said["where"]
    if event.type is EventType.PORT_VISIT:
        if where not in event.summary:
            yield "headline and sentence"
    elif where in FENCES and event.type is not EventType.CHAIN:
        here = shapely.Point(event.position.lon, event.position.lat)
        if FENCES[where].distance(here) > NEAR:
            yield "headline and place"
    elif (end := re.match(r"began or ended in (.+)", where or "")) and end[1] in FENCES:
        spots = [shapely.Point(spot.lon, spot.lat) for spot in event.evidence.positions]
        if min(map(FENCES[end[1]].distance, spots)) > NEAR:
            yield "headline and place"


def _sum(event: Event, said: dict[str, Any]) -> Any:
    """Whether the weights that are shown add up to the total that is shown, and that to the score."""
    assert event.scoring is not None
    values = [round(100 * float(one.replace("−", "-"))) for one in (*said["reasons"], *said["against"])]
    numbers = [
        round(100 * float(one)) for one in re.findall(r"−?\d+\.\d\d", said["sum"].replace("−", "-")) if one
    ]
    total = round(100 * event.scoring.base) + sum(values)
    if total not in numbers and -total not in numbers:
        yield f"weights and sum: {total}"
    bounded = max(round(100 * (event.scoring.floor or 0)), min(total, round(100 * event.scoring.cap)))
    if bounded != round(100 * event.score) or round(100 * event.score) not in numbers:
        yield f"sum and score: {bounded}"


OF_A_CHAIN: Final = """async (text) => {
    const { figures, legList } = await import("/static/case_view.js");
    const { routeOf } = await import("/static/cases.js");
    const { whereOf } = await import("/static/web/event.js");
    const event = JSON.parse(text), on = { link: (id) => `?event=${id}` };
    const parts = [figures(event, [], Date.parse(event.detected)), legList(event, on)];
    return [...parts.map((part) => part.textContent), routeOf(event).join(" → "), whereOf(event)].join(" | ");
}"""


def test_of_a_possible_call_the_page_does_not_say_that_the_vessel_was_heard_there(
    demo: Recorded, tab: Open
) -> None:
    story = Story()
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    dark_call(story, A, 3, ("chongjin",), draught=(6.0, 4.0))
    (chain,) = story.chains()
    said = tab(demo).open("?map=5/38/130").evaluate(OF_A_CHAIN, to_json(chain).decode())
    assert "Possible call, at the earliest" in said
    assert "May have landed" + "not known" in said
    assert "Last heard" not in said
    assert "Possible discharge at Chongjin" in said
    assert said.count("Vostochny → Chongjin?") == 2
