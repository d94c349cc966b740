"""List, filters and address: readers can filter, share links, go back, and use the keyboard."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.streams.feed.page.browser import sizes
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Recorded

pytestmark = pytest.mark.xdist_group("browser")

PHONE = (380, 800)


def shown(page: Page, count: int) -> None:
    """Wait for so many events, in the list and on the map."""
    expect(page.locator("#list li")).to_have_count(count)
    expect(page.locator(".event-mark")).to_have_count(count)


def test_filters_are_kept_in_the_address(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    shown(page, 8)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("checkbox", name="Loitering").check()
    shown(page, 2)
    expect(page).to_have_url(re.compile(r"\?type=loitering"))
    page.get_by_role("checkbox", name="Suspected transfer").check()
    shown(page, 3)
    page.get_by_role("slider", name="Lowest score").fill("0.9")
    shown(page, 1)
    expect(page.locator("#chips li")).to_have_count(3)
    address = page.url
    with page.expect_download() as download:
        page.get_by_role("link", name="GeoJSON").click()
    file = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert {row["properties"]["type"] for row in file["features"]} == {"encounter"}

    page.go_back()
    shown(page, 3)
    page.go_back()
    shown(page, 2)
    page.go_forward()
    page.go_forward()
    shown(page, 1)
    page.get_by_role("button", name="Remove the filter Score at least 0.90").click()
    shown(page, 3)

    again = tab(demo).open("?" + address.partition("?")[2])
    shown(again, 1)
    again.get_by_role("button", name="Filters (3)").click()
    expect(again.get_by_role("checkbox", name="Loitering")).to_be_checked()
    again.get_by_role("button", name="Clear all").click()
    shown(again, 8)


def test_every_filter(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    page.keyboard.press("f")
    page.get_by_role("combobox", name="Fence", exact=True).select_option("kp-nampo-roads")
    shown(page, 2)
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("combobox", name="Country of the fence").select_option("RU")
    shown(page, 2)
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("combobox", name="Flag").fill("hk")
    page.get_by_role("combobox", name="Flag").press("Enter")
    shown(page, 6)
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("checkbox", name="Open").check()
    shown(page, 4)
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("checkbox", name="Possible", exact=True).check()
    shown(page, 2)
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("combobox", name="Watchlist").fill("OFAC SDN")
    page.get_by_role("combobox", name="Watchlist").press("Enter")
    shown(page, 0)
    expect(page.locator("#none")).to_contain_text("No matching events yet")
    page.get_by_role("button", name="Clear all").click()
    shown(page, 8)


def test_search_by_name_and_by_number(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    search = page.get_by_role("searchbox")
    search.fill("loitering nampo")
    shown(page, 0)
    search.fill("nampo")
    shown(page, 2)
    expect(page).to_have_url(re.compile("q=nampo"))
    search.fill("IMO 4889246")  # a complete number becomes a filter
    expect(page.locator("#chips")).to_contain_text("IMO 4889246")
    shown(page, 6)


def test_filter_by_the_area_of_the_map(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=8/38.6/125.0")
    shown(page, 8)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("button", name="Only this map area").click()
    shown(page, 2)
    expect(page.locator("#list")).to_contain_text("Nampo")
    expect(page).to_have_url(re.compile("bbox=12.*map=8/38.6"))


def test_a_link_leads_to_the_event_and_the_view(demo: Recorded, tab: Open) -> None:
    first = tab(demo).open()
    first.locator("#list a", has_text="Suspected transfer").click()
    expect(first).to_have_url(re.compile("event=[0-9a-f]{24}"))
    event = re.search("event=[0-9a-f]+", first.url)
    assert event is not None
    again = tab(demo).open(f"?{event[0]}&map=7/41.5000/133.2500")
    expect(again.locator("#panel h2")).to_have_text("PACIFIC HOPE 59 ↔ NORTH HOPE 54")
    expect(again.locator("#list a[aria-current]")).to_contain_text("Suspected transfer")
    expect(again.locator(".event-mark.chosen")).to_be_in_viewport()
    again.locator("#map").focus()
    again.keyboard.press("+")
    expect(again).to_have_url(re.compile(r"map=8/41\.(49|50)\d+/133\.2\d+"))

    gone = tab(demo)
    gone.excused = ("404",)
    expect(gone.open("?event=0123").locator("#panel")).to_contain_text("there is no event '0123'")


def test_keyboard(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    shown(page, 8)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#list a").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("PACIFIC HOPE 59")
    page.keyboard.press("j")
    expect(page.locator("#panel .tag")).to_have_text("Chain")
    expect(page.locator("#panel h2")).to_have_text("PACIFIC HOPE 59 ↔ NORTH HOPE 54")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#list a").nth(2)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jk?")  # only letters while the reader is typing
    expect(page.get_by_role("searchbox")).to_have_value("jk?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_tooltips(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=11/38.65/125.06")
    page.locator(".event-mark.type-chain").first.hover()
    expect(page.locator("#tip")).to_contain_text("Probable, open · score 0.98")
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#tip")).to_contain_text("Nampo, roads and discharge buoys")
    expect(page.locator("#tip")).to_contain_text("encounters are raised even here")
    expect(page.locator("#where")).to_contain_text("38°")


def test_dark_and_light(demo: Recorded, tab: Open) -> None:
    page = tab(demo, color_scheme="dark").open()
    dark = "rgb(14, 21, 28)"
    expect(page.locator("body")).to_have_css("background-color", dark)
    page.keyboard.press("t")
    expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 248)")
    page.reload()
    expect(page.locator("body")).to_have_css("background-color", "rgb(244, 246, 248)")
    page.keyboard.press("t")
    expect(page.locator("body")).to_have_css("background-color", dark)


@pytest.mark.parametrize("size", [PHONE, (1024, 768), (1440, 900)])
def test_nothing_is_cut_off(demo: Recorded, tab: Open, size: tuple[int, int]) -> None:
    page = tab(demo, size).open()
    page.locator("#list a", has_text="Suspected transfer").click()
    expect(page.locator(".hulls svg")).to_be_visible()
    assert all(wider <= 0 for wider in sizes(page).values()), sizes(page)


def test_on_a_phone_one_sheet_at_a_time(demo: Recorded, tab: Open) -> None:
    page = tab(demo, PHONE, has_touch=True, is_mobile=True).open()
    events, panel, tabs = page.locator("#events"), page.locator("#panel"), page.locator("#tabs")
    expect(events).to_be_in_viewport()
    tabs.get_by_role("button", name="Map").tap()
    expect(events).to_be_hidden()
    tabs.get_by_role("button", name="Events").tap()
    page.locator("#list a", has_text="Suspected transfer").tap()
    expect(panel).to_be_in_viewport()
    expect(events).to_be_hidden()
    expect(page.locator(".event-mark.chosen")).to_be_in_viewport()
    panel.get_by_role("button", name="Taller or lower").tap()
    expect(panel.locator(".for li").first).to_be_in_viewport()
    tabs.get_by_role("button", name="Map").tap()
    expect(panel).to_be_hidden()
    expect(page.locator("#player")).to_be_in_viewport()
    tabs.get_by_role("button", name="Events").tap()
    expect(events).to_be_in_viewport()
    tabs.get_by_role("button", name="Details").tap()
    panel.get_by_role("button", name="Close").tap()
    expect(events).to_be_in_viewport()
