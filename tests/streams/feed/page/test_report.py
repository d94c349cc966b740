"""The report in a real browser. It shares the display of events with the live page."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from geofences.catalogue import load_catalogue
from geofences.land import land_clip
from streams.output.report import render
from tests.streams.detection.chains.stories import A, Story
from tests.streams.feed.page.browser import Tab
from tests.streams.output.report.factories import encounter, summary

pytestmark = pytest.mark.xdist_group("browser")


def test_the_report_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    html = render([encounter()], {}, load_catalogue(), summary(), land_clip, note="Only <b>this</b>.")
    path.write_text(html, "utf-8")
    tab = Tab(browser, path.as_uri())
    tab.page.goto(path.as_uri())
    expect(tab.page.locator("#events a")).to_have_count(1)
    expect(tab.page.locator("#panel h2")).to_contain_text("↔")
    expect(tab.page.locator("#panel svg.plot")).not_to_have_count(0)
    expect(tab.page.locator("#panel .grounds.for li")).not_to_have_count(0)
    expect(tab.page.locator("#panel")).not_to_contain_text("[object")
    expect(tab.page.locator("header .caution").first).to_have_text("Only <b>this</b>.")
    drawn = tab.page.locator("#map").evaluate(
        """canvas => new Set(new Uint32Array(canvas.getContext("2d")
            .getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )
    assert drawn > 10, "colours on the map"
    expect(tab.page.locator("#ledger")).to_be_hidden()
    assert tab.close() == []


def test_the_ledger_is_a_section_of_the_report(browser: Browser, tmp_path: Path) -> None:
    story = Story()
    story.ship(A, name="<img src=x onerror=alert(1)>", length_meters=100, beam_meters=16)
    story.visit(A, "nampo", 0, 20, (6.0, 4.0))
    path = tmp_path / "report.html"
    path.write_text(render(story.events, {}, load_catalogue(), summary(), land_clip), "utf-8")
    tab = Tab(browser, path.as_uri())
    tab.page.goto(path.as_uri())
    tab.page.locator("#ledger > summary").click()
    expect(tab.page.locator("#ledger tbody tr")).to_have_count(1)
    expect(tab.page.locator("#ledger tbody")).to_contain_text("<img src=x onerror=alert(1)> MMSI 352000001")
    expect(tab.page.locator("#ledger")).to_contain_text("20,900")
    expect(tab.page.locator("#ledger")).to_contain_text("500,000 barrels")
    assert tab.close() == []
