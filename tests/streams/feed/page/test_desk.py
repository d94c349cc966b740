"""The desk of alerts: a watch tells whatever the filters are, a silence keeps quiet until it is ended."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from models.event import EventType, Level
from models.vessel import Identity, Role
from tests.streams.factories import START, event, tick, vessel
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Live
from tests.streams.feed.page.test_live import ONE

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.services]

HEARD = """() => {
  window.heard = 0;
  class Tone {
    frequency = {};
    gain = { setValueAtTime() {}, exponentialRampToValueAtTime() {} };
    connect(next) { return next; }
    start() { window.heard += 0.5; }
    stop() {}
  }
  window.AudioContext = class {
    state = "running";
    get currentTime() { return window.seconds ?? 0; }
    createOscillator() { return new Tone(); }
    createGain() { return new Tone(); }
  };
}"""
"""Counts the sounds of the page, each of two tones. Their clock stands at `window.seconds`."""


NOTIFIED = """() => {
  window.notified = [];
  const real = window.Notification;
  window.Notification = class extends real {
    constructor(title, options) {
      super(title, options);
      window.notified.push({ title, ...options, click: () => this.dispatchEvent(new Event("click")) });
    }
  };
  window.away = false;
  Object.defineProperty(document, "hidden", { get: () => window.away });
}"""
"""Writes down the notifications that the page makes. `window.away`: whether the reader looks elsewhere."""


def saved(page: Page, name: str) -> Locator:
    """Open the desk and save the filters in use under a name; returns their row there."""
    desk = page.locator("#desk")
    page.locator("#desk-toggle").click()
    desk.get_by_label("Name of the filter").fill(name)
    desk.get_by_role("button", name="Save the filters in use").click()
    return desk.locator(".rows li", has_text=name)


def heard(page: Page) -> float:
    return float(page.evaluate("window.heard"))


def notified(page: Page) -> list[dict[str, str]]:
    made: list[dict[str, str]] = page.evaluate("window.notified.map(({ click, ...told }) => told)")
    return made


def test_a_watched_vessel_is_told_of_and_a_silenced_one_is_not(live: Live, tab: Open) -> None:
    about: dict[str, Any] = {"vessel": vessel(ONE, name="SOUTH", flag="RU")}
    live.add([], [tick(ONE, 0, 131.0, 42.5)], [Identity(ONE, START, Role.TANKER, name="SOUTH")])
    opened = tab(live)
    opened.page.add_init_script(f"({HEARD})()")
    page = opened.open(f"?type=gap&vessel={ONE}")
    panel, toast, desk = page.locator("#panel"), page.locator("#toast"), page.locator("#desk")
    expect(page.locator("#none")).to_contain_text("No matching events yet")
    panel.get_by_role("button", name="Watch", exact=True).click()
    expect(panel.get_by_role("button", name="Watched")).to_be_visible()
    live.add([event(1, **about), event(2), event(6, **about)])  # port visits, which the filter leaves out
    expect(toast).to_contain_text("watched: SOUTH")
    expect(page).to_have_title("(2) tankerwatch")
    assert heard(page) == 1, "two at once sound once"
    page.locator("#toast").get_by_role("button", name="Read").click()
    page.evaluate("window.seconds = 60")

    panel.get_by_role("button", name="Silence …").click()
    form = desk.get_by_role("form", name="Silence")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("Why").fill("in dock")
    form.get_by_role("button", name="Silence").click()
    expect(desk).to_contain_text("MMSI 273000001 · in dock")
    assert [one["mmsi"] for one in live.ask("silences")["silences"]] == [ONE]
    # what is being typed stays when somebody else changes something
    desk.get_by_role("button", name="Silence everything …").click()
    form.get_by_label("Why").fill("half a sen")
    page.evaluate("dispatchEvent(new StorageEvent('storage', { key: 'tankerwatch-watches' }))")  # another tab
    expect(form.get_by_label("Why")).to_be_focused()
    expect(form.get_by_label("Why")).to_have_value("half a sen")
    desk.get_by_role("button", name="Close").click()
    # a second reader knows of it, too: the event is in the list, and nothing calls for attention
    other = tab(live).open("?quiet=true")
    expect(other.locator("#list a .silenced")).to_have_count(2)
    live.add([event(3, **about), event(4)])
    expect(other.locator("#list li")).to_have_count(5)
    expect(other.locator("#list a .silenced")).to_have_count(3)
    expect(other).to_have_title("(1) tankerwatch")

    other.locator("#desk-toggle").click()
    theirs = other.locator("#desk")
    theirs.get_by_role("button", name="End it now").click()
    expect(theirs.get_by_role("alert")).to_have_text("Give your name first.")
    page.locator("#desk-toggle").click()
    expect(desk).to_contain_text("in dock")
    theirs.get_by_label("Your name").fill("Bob")
    theirs.get_by_role("button", name="End it now").click()
    expect(theirs).to_contain_text("Nothing is silenced")
    expect(desk).to_contain_text("Nothing is silenced")
    expect(other.locator("#list a .silenced")).to_have_count(0)
    # a watched event is told of once, whatever is loaded anew between its revisions
    desk.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Invert the filter AIS gap").click()
    page.get_by_role("button", name="Invert the filter Not: AIS gap").click()
    expect(page.locator("#list li")).to_have_count(0)
    live.add([event(1, revision=2, **about), event(5, **about)])
    expect(page).to_have_title("(1) tankerwatch")
    assert heard(page) == 2
    assert [(line["act"], line["by"]) for line in live.ask("audit")["lines"]] == [
        ("end_silence", "Bob"),
        ("silence", "Ada"),
    ]


def test_an_event_that_is_raised_into_the_filters_is_told_of(live: Live, tab: Open) -> None:
    opened = tab(live)
    opened.page.add_init_script(f"({HEARD})()")
    opened.page.add_init_script("""(() => {
        if (localStorage.length) return;
        localStorage.setItem("tankerwatch-sound", "true");
        const saved = [{ name: "Sure", query: "level=probable&quiet=true", sound: true }, { name: 1 }, null];
        localStorage.setItem("tankerwatch-filters", JSON.stringify(saved));
        localStorage.setItem("tankerwatch-watches", JSON.stringify([{ name: "no box" }, 7]));
    })()""")
    page = opened.open("?quiet=true&level=probable")
    live.add([event(1), event(2, level=Level.PROBABLE)])
    expect(page).to_have_title("(1) tankerwatch")
    live.add([event(1, revision=2, level=Level.PROBABLE)])
    expect(page).to_have_title("(2) tankerwatch")
    assert heard(page) == 1, "the second came too soon after the first"
    page.evaluate("window.seconds = 60")
    page.goto(f"{live.url}/?quiet=true&type=gap")  # the saved filter goes on
    expect(page.locator("body.ready")).to_be_visible()
    live.add([event(1, revision=3), event(3)])
    live.add([event(3, revision=2, level=Level.PROBABLE), event(4, level=Level.PROBABLE)])
    expect(page).to_have_title("(2) tankerwatch")
    expect(page.locator("#toast")).to_contain_text("Sure")
    assert heard(page) == 1


def test_a_saved_filter_sounds_by_choice(live: Live, tab: Open) -> None:
    opened = tab(live)
    opened.page.add_init_script(f"({HEARD})()")
    page = opened.open("?type=gap&quiet=true")
    desk = page.locator("#desk")
    saved(page, "Gaps").get_by_label("Sound").check()
    desk.get_by_role("button", name="Close").click()
    page.goto(f"{live.url}/?quiet=true")  # the choice stays, and the list shows other things
    expect(page.locator("body.ready")).to_be_visible()
    live.add([event(1)])
    expect(page).to_have_title("(1) tankerwatch")
    assert heard(page) == 0
    live.add([event(2, type=EventType.GAP, port_visit=None)])
    expect(page).to_have_title("(2) tankerwatch")
    assert heard(page) == 1
    page.locator("#desk-toggle").click()
    desk.get_by_role("button", name="Gaps", exact=True).click()
    expect(page.locator("#chips")).to_contain_text("AIS gap")
    expect(page.locator("#list a")).to_have_count(1)
    expect(page.locator("#list a")).to_have_attribute("data-id", event(2).id)
    page.get_by_role("button", name="Invert the filter AIS gap").click()
    expect(page.locator("#chips")).to_contain_text("Not: AIS gap")
    expect(page.locator("#list a .who")).to_contain_text("OCEAN STAR")
    expect(page.locator("#list a[data-id$='1']")).to_have_count(1)
    expect(page.locator("#list a[data-id$='2']")).to_have_count(0)
    assert "not_type=gap" in page.url


def test_the_browser_notifies_a_reader_who_looks_elsewhere(live: Live, tab: Open) -> None:
    opened = tab(live)
    opened.context.grant_permissions(["notifications"], origin=live.url)
    opened.page.add_init_script(f"({NOTIFIED})()")
    page = opened.open("?type=gap&quiet=true")
    choice = saved(page, "Gaps").get_by_label("Notification")
    choice.check()
    expect(choice).to_be_checked()
    page.goto(f"{live.url}/?quiet=true")
    expect(page.locator("body.ready")).to_be_visible()
    gap: dict[str, Any] = {"type": EventType.GAP, "port_visit": None}
    live.add([event(1, **gap)])
    expect(page).to_have_title("(1) tankerwatch")
    assert notified(page) == []  # the reader is here
    page.evaluate("window.away = true")
    live.add([event(2), event(3, **gap)])  # the first is in no filter that notifies
    expect(page).to_have_title("(3) tankerwatch")
    (told,) = notified(page)
    assert (told["title"], told["body"]) == ("Possible: AIS gap", "OCEAN STAR")
    live.add([event(4, **gap)])
    expect(page).to_have_title("(4) tankerwatch")
    first, second = notified(page)
    assert (second["title"], second["tag"]) == ("2 new events, the latest Possible: AIS gap", first["tag"])
    page.evaluate("window.notified[1].click()")
    expect(page.locator("#panel")).to_contain_text("AIS gap")
    expect(page).to_have_url(re.compile(event(4).id))
