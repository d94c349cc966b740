"""Fences by hand: one is drawn on the page of a recording, and an entry arrives; keys, edits and deletion."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from geofences.fence import read_fences
from tests.streams.feed.page.browser import saved
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Recorded

pytestmark = pytest.mark.xdist_group("browser")

ENTRY = "#list a:has-text('Fence entered')"


def corners(page: Page, *shares: tuple[float, float]) -> None:
    """Click at these shares of the map's width and height."""
    box = page.locator("#map").bounding_box()
    assert box is not None
    for x, y in shares:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def test_a_drawn_fence_raises_entries_until_it_is_deleted(demo: Recorded, tab: Open) -> None:
    one = tab(demo)
    one.excused = ("422", "404")  # the outline that is refused, and the open event of the fence that goes
    page = one.open("?view=9/38.6/124.9")
    watching = tab(demo).open("?view=9/38.6/124.9")
    expect(page.get_by_role("button", name="Play from the beginning (space)")).to_be_visible()
    expect(page.locator(ENTRY)).to_have_count(0)
    page.keyboard.press("d")
    tool = page.locator("#fence-tool")
    expect(tool).to_contain_text("Nobody has drawn a fence yet")
    expect(tool).to_contain_text("from the beginning of the recording")
    tool.get_by_role("button", name="Draw a fence").click()
    save = tool.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    corners(page, (0.1, 0.3), (0.38, 0.3), (0.38, 0.8), (0.1, 0.8))
    expect(tool).to_contain_text("4 corners")
    tool.get_by_label("Name of the fence").fill("Nampo <b>roads</b>")
    page.keyboard.press("Escape")  # nothing is lost by a slip
    expect(tool.get_by_role("alert")).to_contain_text("not saved")
    expect(tool).to_contain_text("4 corners")
    tool.get_by_label("Your name").fill("Kim")
    # an outline that crosses itself is refused with a sentence, and can be mended
    corner = page.locator(".fence-corner").first
    at, to = corner.bounding_box(), page.locator(".fence-corner").nth(2).bounding_box()
    assert at is not None
    assert to is not None
    page.mouse.move(at["x"] + 14, at["y"] + 14)
    page.mouse.down()
    page.mouse.move(to["x"] + 80, to["y"] - 120, steps=5)
    page.mouse.up()
    save.click()
    expect(tool.get_by_role("alert")).to_contain_text("crosses itself")
    moved = page.locator(".fence-corner").first.bounding_box()
    assert moved is not None
    page.mouse.move(moved["x"] + 14, moved["y"] + 14)
    page.mouse.down()
    page.mouse.move(at["x"] + 14, at["y"] + 14, steps=5)
    page.mouse.up()
    save.click()
    expect(tool.locator("li")).to_contain_text("Nampo <b>roads</b>")
    for each in (page, watching):  # everybody's page shows what it found
        expect(each.locator(ENTRY).first).to_be_visible()
    page.locator(ENTRY).first.click()
    expect(page.locator("#panel")).to_contain_text("came into the drawn fence Nampo <b>roads</b> between")
    (fence,) = read_fences(Path(saved(page, "#fence-tool a[download]")).read_bytes(), "drawn.geojson")
    assert fence.name == "Nampo <b>roads</b>"
    assert fence.valid_from is not None
    # an edit is a new version; deleting asks once
    tool.get_by_role("button", name="Nampo").click()
    tool.get_by_label("Name of the fence").fill("Roads")
    tool.get_by_role("button", name="Save").click()
    expect(tool.locator("li")).to_contain_text(re.compile("^Roads"))
    tool.get_by_role("button", name="Roads").click()
    tool.get_by_role("button", name="Delete").click()
    tool.get_by_role("button", name="Really delete it?").click()
    expect(tool).to_contain_text("Nobody has drawn a fence yet")
    for each in (page, watching):
        expect(each.locator(ENTRY)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(tool).to_be_hidden()
    versions = demo.ask("fences")["fences"]
    assert json.dumps(versions) == "[]"
