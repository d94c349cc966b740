"""The page on a live feed: new, changed and retracted events show at once, also after breaks."""

import time
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Page, expect

from models.event import Event, EventType, Evidence, Level, Reason, Sample, Status
from models.time import MINUTE, to_text
from models.vessel import Dimensions, Identity, Role
from tests.streams.factories import (
    START,
    event,
    met,
    tick,
    vessel,
)
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Live
from tests.waiting import wait_until

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.services]

ONE, OTHER = 273_000_001, 445_000_002


def transfer(revision: int = 1, minutes: int = 0, **changes: Any) -> Event:
    """Two ships of 100 by 20 metres side by side, 5 metres between them, both heading east."""
    made = event(
        7,
        revision,
        minutes,
        type=EventType.ENCOUNTER,
        port_visit=None,
        encounter=met(vessel(OTHER, name="NORTH", flag="KP")),
        evidence=Evidence(
            positions=tuple(
                Sample(
                    time=to_text(START + at * MINUTE),
                    ssvid=str(mmsi),
                    lat=lat,
                    lon=133.0,
                    speed_knots=0.2,
                    heading=90.0,
                    distance_meters=25.0,
                    hull_gap_meters=5.0,
                )
                for at in (0, 5, 10)
                for mmsi, lat in ((ONE, 42.7), (OTHER, 42.7 + 25 / 111_195))
            )
        ),
    )
    changes = {"vessel": vessel(ONE, name="SOUTH", flag="RU"), "summary": "SOUTH met NORTH.", **changes}
    return msgspec.structs.replace(made, **changes)


def now(minutes: int = 0) -> str:
    return to_text(int(time.time()) * 1000 + minutes * MINUTE)


def state(page: Page, text: str) -> None:
    expect(page.locator("#state")).to_contain_text(text)


def test_an_event_opens_closes_and_is_retracted(live: Live, tab: Open) -> None:
    page = tab(live).open()
    state(page, "No data yet")
    expect(page.locator("#none")).to_contain_text("No matching events yet")
    live.add([transfer(detected=now(-3))])
    item = page.locator("#list a")
    expect(item).to_contain_text("SOUTH ↔ NORTH")
    expect(page.locator(".event-mark.possible.open .ring")).to_be_visible()
    state(page, "Live")
    item.click()
    panel = page.locator("#panel")
    expect(panel.locator(".hulls svg")).to_be_hidden()  # the sizes are not known
    expect(panel).to_contain_text("The size of a hull is not known")

    live.add([transfer(2, level=Level.PROBABLE, status=Status.CLOSED, end=now(-1), detected=now(-1))])
    expect(page.locator(".event-mark.probable.closed")).to_be_visible()
    expect(page.locator(".event-mark .ring")).to_have_count(0)
    expect(panel.locator(".badge.status-closed")).to_be_visible()

    why = Reason(code="excluded", text="NORTH turned out to be a tug", weight=-1.0)
    live.add([transfer(3, level=Level.PROBABLE, status=Status.RETRACTED, against=(why,), detected=now())])
    expect(page.locator(".event-mark.retracted .strike")).to_be_visible()
    expect(item.locator(".who")).to_have_css("text-decoration-line", "line-through")
    expect(item).to_contain_text("Retracted")
    expect(panel.locator(".warning")).to_contain_text("later data showed that this event did not hold")
    expect(panel.locator(".panel-bar .badge")).to_have_text(["Retracted"])
    expect(panel.locator(".against")).to_contain_text("NORTH turned out to be a tug")
    revisions = panel.locator("section", has=page.get_by_role("heading", name="Revisions"))
    expect(revisions.locator("tbody tr")).to_have_count(3)


def test_hulls_are_drawn_to_scale_from_the_antennas(live: Live, tab: Open) -> None:
    size = Dimensions(80, 20, 10, 10)
    live.add(
        [transfer()],
        [tick(ONE, 0, heading=90), tick(OTHER, 0, heading=90)],
        [Identity(mmsi, START, Role.TANKER, dimensions=size) for mmsi in (ONE, OTHER)],
    )
    page = tab(live).open(f"?event={transfer().id}")
    drawing = page.locator(".hulls svg")
    expect(drawing).to_have_attribute("aria-label", "Hulls of SOUTH and NORTH to scale, 5 metres apart")
    boxes = [one.bounding_box() for one in drawing.locator(".hull").all()]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[0]["width"] == pytest.approx(boxes[0]["height"] * 5, rel=0.1)  # 100 by 20 m, heading east
    gap = drawing.locator(".gap-line").bounding_box()
    assert gap is not None
    assert gap["height"] == pytest.approx(boxes[0]["height"] / 4, rel=0.2)  # 5 m
    antenna = drawing.locator("circle").first.bounding_box()
    assert antenna is not None
    ahead = boxes[0]["x"] + boxes[0]["width"] - antenna["x"] - antenna["width"] / 2
    assert ahead == pytest.approx(boxes[0]["width"] * 0.8, rel=0.1)  # 80 m to the bow


def test_what_is_new_is_unread_until_it_was_looked_at(live: Live, tab: Open) -> None:
    page = tab(live).open("?quiet=true")
    expect(page.locator("#none")).to_contain_text("No matching events yet")
    live.add([event(1), event(2)])
    toast = page.locator("#toast")
    expect(toast).to_contain_text("2 new, the latest")
    expect(page).to_have_title("(2) tankerwatch")
    expect(page.locator("#list .unread")).to_have_count(2)
    toast.get_by_role("button", name="Show").click()
    expect(page.locator("#panel h2")).to_be_visible()
    expect(page).to_have_title("(1) tankerwatch")
    toast.get_by_role("button", name="Read").click()
    expect(toast).to_be_hidden()
    expect(page).to_have_title("tankerwatch")
    expect(page.locator("#list .unread")).to_have_count(0)


def test_an_event_that_was_dismissed_leaves_the_list(live: Live, tab: Open) -> None:
    live.add([event(1), event(2)])
    page = tab(live).open("?quiet=true")
    live.ask(f"events/{event(1).id}/review", {"by": "ann", "disposition": "dismissed"})
    expect(page.locator("#list li")).to_have_count(1)
    page.get_by_role("button", name="1 dismissed").click()
    expect(page.locator("#list li")).to_have_count(2)
    page.get_by_role("button", name="hide dismissed").click()
    live.add([event(1, 2, 5, status=Status.CLOSED)])  # the review holds for later revisions
    live.add([event(3)])
    expect(page.locator(f"#list a[data-id='{event(3).id}']")).to_be_visible()
    expect(page.locator("#list li")).to_have_count(2)


def test_an_event_that_no_longer_matches_leaves_the_list(live: Live, tab: Open) -> None:
    live.add([event(1), event(2)])
    page = tab(live).open("?status=open&quiet=true")
    expect(page.locator("#list li")).to_have_count(2)
    live.add([event(1, 2, 5, status=Status.CLOSED), event(3, 1, 5), event(4, 1, 5, status=Status.CLOSED)])
    expect(page.locator(f"#list a[data-id='{event(3).id}']")).to_be_visible()
    expect(page.locator("#list li")).to_have_count(2)
    expect(page.locator(".event-mark")).to_have_count(2)


def test_a_long_list_is_loaded_in_pages_and_keeps_growing(live: Live, tab: Open) -> None:
    live.add([event(number, minutes=number // 50) for number in range(250)])
    page = tab(live).open("?quiet=true")
    items = page.locator("#list li")
    expect(items).to_have_count(100)
    page.get_by_role("button", name="Load more").click()
    expect(items).to_have_count(200)
    live.add([event(250, minutes=9)])
    expect(items).to_have_count(201)
    expect(items.first.locator("a")).to_have_attribute("data-id", event(250).id)
    page.get_by_role("button", name="Load more").click()
    expect(items).to_have_count(251)
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()
    ids = [link.get_attribute("data-id") or "" for link in page.locator("#list a").all()]
    assert ids == sorted(ids, reverse=True)


def test_vessels_appear_and_move(live: Live, tab: Open) -> None:
    opened = tab(live)
    page = opened.open("?map=10/42.5/131.0")
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)  # where the vessel will move under the resting pointer
    live.add([], [tick(ONE, 0, 131.0, 42.5)], [Identity(ONE, START, Role.TANKER, name="SOUTH")])
    expect(page.locator("#tip")).to_contain_text("SOUTH")
    expect(page.locator("#tip")).to_contain_text("tanker · Russia (RU)")
    ring = page.locator(".vessel-ring").bounding_box()
    assert ring is not None
    assert (ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2) == pytest.approx((x, y), abs=2)
    page.mouse.click(x, y)
    expect(page.locator("#panel h2")).to_have_text("SOUTH")
    state(page, "Data is old")
    assert "vessel=273000001" in page.url


def test_reviews_reach_all_readers(live: Live, tab: Open) -> None:
    live.add([event(1)])
    mine, theirs = (tab(live).open(f"?quiet=true&event={event(1).id}") for _ in range(2))
    form = mine.get_by_role("form", name="Review this event")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Watching").check()
    form.get_by_label("Note").fill("she was here in May, too")
    form.get_by_role("button", name="Add review").click()
    for page in (mine, theirs):
        expect(page.locator(".reviews li")).to_contain_text("she was here in May, too")
        expect(page.locator("#list .review-watching")).to_be_visible()
    # what the reader has typed stays when the panel changes
    form = theirs.get_by_role("form", name="Review this event")
    form.get_by_label("Note").fill("I do not think")
    live.add([event(1, 2, 5, status=Status.CLOSED)])
    expect(theirs.locator("#panel .badge.status-closed")).to_be_visible()
    expect(form.get_by_label("Note")).to_have_value("I do not think")
    expect(form.get_by_label("Note")).to_be_focused()
    assert live.ask("reviews")["reviews"][0]["by"] == "Ada"


def test_reconnects_after_the_server_was_down(live: Live, tab: Open) -> None:
    live.add([event(1, detected=now(-5))])
    opened = tab(live)
    opened.excused = ("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")
    page = opened.open("?quiet=true")
    state(page, "Live")
    live.stop()
    state(page, "Disconnected, reconnecting")
    live.add([event(1, 2, status=Status.CLOSED, detected=now(-1)), event(2, detected=now(-1))])
    live.start()
    expect(page.locator("#list li")).to_have_count(2)
    expect(page.locator(f"#list a[data-id='{event(1).id}'] .status-open")).to_have_count(0)
    state(page, "Live")


def test_notices_a_silent_server(live: Live, tab: Open) -> None:
    live.add([event(1, detected=now(-5))])
    opened = tab(live)
    page = opened.open()
    state(page, "Live")
    live.pause()
    try:
        state(page, "Disconnected, reconnecting")
    finally:
        live.resume()
    state(page, "Live")


def test_asks_for_a_token(live: Live, tab: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    live.add([event(1)])
    monkeypatch.setenv("TANKERWATCH_FEED_READ_TOKENS", "look")
    monkeypatch.setenv("TANKERWATCH_FEED_REVIEW_TOKENS", "judge")
    live.restart()
    opened = tab(live)
    opened.excused = ("401", "403")
    page = opened.page
    page.goto(f"{live.url}/?quiet=true")
    token = page.get_by_role("textbox", name="Token")
    token.fill("wrong")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("dialog")).to_contain_text("this is not a token of this feed")
    token.fill("look")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#list li")).to_have_count(1)

    page.locator("#list a").click()
    form = page.get_by_role("form", name="Review this event")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Confirmed").check()
    form.get_by_role("button", name="Add review").click()
    expect(form.get_by_role("alert")).to_contain_text("this token can only read")
    token.fill("judge")
    page.get_by_role("button", name="Continue").click()
    form.get_by_role("button", name="Add review").click()
    expect(page.locator(".reviews li")).to_contain_text("Ada")


def test_tiles_or_land_without_them(live: Live, tab: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANKERWATCH_FEED_TILES_URL", "http://tiles.invalid/{z}/{x}/{y}.png")
    monkeypatch.setenv("TANKERWATCH_FEED_TILES_ATTRIBUTION", "Tiles <b>by us</b>")
    live.restart()
    opened = tab(live)
    opened.excused = ("tiles.invalid", "ERR_NAME_NOT_RESOLVED", "ERR_FAILED")
    page = opened.open()
    expect(page.locator("#attribution")).to_have_text("Land: Natural Earth (public domain)")
    asked = [one for one in opened.complaints if "tiles.invalid" in one]
    assert asked, "the policy lets the tiles through, and they are asked for"
    assert not [one for one in opened.complaints if "Content Security Policy" in one]


def test_events_at_one_place_fan_out(live: Live, tab: Open) -> None:
    live.add([event(1), event(2), event(3)])
    page = tab(live).open("?quiet=true")
    marks, lines = page.locator(".event-mark"), page.locator(".fan-line")
    expect(marks).to_have_count(3)
    marks.last.click()
    expect(lines).to_have_count(3)
    expect(page.locator("#panel h2")).to_have_count(0)
    boxes = [mark.bounding_box() for mark in marks.all()]
    places = {(round(box["x"]), round(box["y"])) for box in boxes if box}
    assert len(places) == 3, "each can be clicked"
    live.add([event(1, revision=2), event(3, revision=2, status=Status.CLOSED)])
    expect(page.locator(".event-mark.closed")).to_have_count(1)
    expect(lines).to_have_count(3)  # what happens to them does not fold them
    page.locator(f".event-mark[data-id='{event(2).id}']").click()
    expect(page.locator("#list a[aria-current]")).to_have_attribute("data-id", event(2).id)
    assert f"event={event(2).id}" in page.url
    page.get_by_role("button", name="Zoom in").click()
    expect(lines).to_have_count(0)
    live.add([event(number) for number in range(4, 41)])
    expect(marks).to_have_count(40)
    page.keyboard.press("Escape")
    marks.last.click()
    expect(lines).to_have_count(40)  # no zoom parts them
    around = page.locator("#map").bounding_box()
    assert around is not None
    for mark in marks.all():
        box = mark.bounding_box()
        assert box is not None
        assert around["x"] <= box["x"] <= around["x"] + around["width"] - box["width"]
        assert around["y"] <= box["y"] <= around["y"] + around["height"] - box["height"]


def test_the_clock_of_the_log(live: Live) -> None:
    """The feed sees what these tests write, on which they all rely."""
    live.add([event(1)])
    wait_until(lambda: len(live.ask("events")["events"]) == 1, "the event to be told")
