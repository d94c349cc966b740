"""List, filters and address: readers can filter, share links, go back, and use the keyboard."""

import json
import math
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.streams.feed.page.browser import sizes
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Recorded

pytestmark = pytest.mark.xdist_group("browser")

PHONE = (380, 800)
SEEN = """(node) => {
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight && !node.closest("[aria-hidden=true]");
}"""
NAMELESS = """() => [...document.querySelectorAll("button, a[href], input:not([hidden]), select, textarea")]
    .filter((node) => node.checkVisibility() && !node.closest("[aria-hidden=true]"))
    .filter((node) => !(node.ariaLabel || node.textContent.trim() || node.labels?.length))
    .map((node) => node.outerHTML)"""
ALL = 3
"""Cases and single events of the recording."""


def shown(page: Page, count: int) -> None:
    """Wait for so many events, in the list and on the map."""
    expect(page.locator("#list li")).to_have_count(count)
    expect(page.locator(".event-mark")).to_have_count(count)


def test_filters_are_kept_in_the_address(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    shown(page, ALL)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("checkbox", name="Loitering").check()
    shown(page, 2)
    expect(page).to_have_url(re.compile(r"\?type=loitering"))
    page.get_by_role("checkbox", name="AIS gap").check()
    shown(page, 3)
    page.get_by_role("slider", name="Lowest score").fill("0.5")
    shown(page, 2)
    expect(page.locator("#chips li")).to_have_count(3)
    address = page.url
    with page.expect_download() as download:
        page.get_by_role("form", name="Filters").get_by_role("link", name="GeoJSON").click()
    file = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert {row["properties"]["type"] for row in file["features"]} == {"loitering"}

    page.go_back()
    shown(page, 3)
    page.go_back()
    shown(page, 2)
    page.go_forward()
    page.go_forward()
    shown(page, 2)
    page.get_by_role("button", name="Remove the filter Score at least 0.50").click()
    shown(page, 3)

    again = tab(demo).open("?" + address.partition("?")[2])
    shown(again, 2)
    again.get_by_role("button", name="Filters (3)").click()
    expect(again.get_by_role("checkbox", name="Loitering")).to_be_checked()
    again.get_by_role("button", name="Clear all").click()
    shown(again, ALL)


def test_every_filter(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    page.keyboard.press("f")
    clear = page.get_by_role("button", name="Clear all")
    page.get_by_role("combobox", name="Fence", exact=True).select_option("kp-nampo-roads")
    shown(page, 1)
    clear.click()
    page.get_by_role("combobox", name="Country of the fence").select_option("RU")
    shown(page, 1)
    clear.click()
    page.get_by_role("combobox", name="Flag").fill("hk")
    page.get_by_role("combobox", name="Flag").press("Enter")
    shown(page, ALL)
    clear.click()
    page.get_by_role("checkbox", name="Port visit", exact=True).check()  # not shown until asked for
    shown(page, 2)
    clear.click()
    page.get_by_role("checkbox", name="Possible", exact=True).check()
    shown(page, 2)
    clear.click()
    page.get_by_label("Until day").fill("2024-10-27")  # by when it happened, not by when it was known
    shown(page, 1)
    exports = page.locator("#exports")
    expect(exports).to_contain_text("also of other days")
    with page.expect_download() as download:
        exports.get_by_role("link", name="CSV").click()
    assert Path(download.value.path()).read_text("utf-8").startswith("id,type,")
    page.get_by_label("From day").fill("2024-11-03")
    shown(page, 0)
    page.get_by_label("From day").blur()
    expect(page.get_by_label("Until day")).to_have_value("2024-11-03")  # no period ends before it starts
    page.get_by_label("Until day").fill("0002-11-04")  # its year is being typed
    page.get_by_label("Until day").fill("2024-11-04")
    page.get_by_label("Until day").blur()
    expect(page.get_by_label("From day")).to_have_value("2024-11-03")
    clear.click()
    page.get_by_role("combobox", name="Watchlist").fill("OFAC SDN")
    page.get_by_role("combobox", name="Watchlist").press("Enter")
    shown(page, 0)
    expect(page.locator("#none")).to_contain_text(
        re.compile(r"OFAC SDN.*No matching events up to 2 Nov 2024", re.I)
    )
    clear.click()
    shown(page, ALL)
    page.goto(f"{demo.url}/?fence=Nampoo")
    expect(page.locator("#none")).to_contain_text("there is no fence with the id or name 'Nampoo' now")


def test_cases_come_first_and_open_with_the_whole_voyage(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    case = page.locator("#cases a")
    expect(case).to_have_count(1)
    expect(case).to_contain_text("PACIFIC HOPE 59 → NORTH HOPE 54")
    expect(case).to_contain_text("Vostochny → Japan Sea off Primorye → Nampo")
    expect(case).to_contain_text("about 17,100 barrels")
    expect(page.locator("#singles a")).to_have_count(2)  # the legs and loiterings are in the case
    # a recording opens on its likeliest delivery
    expect(case).to_have_attribute("aria-current", "true")
    panel = page.locator("#panel")
    expect(panel.locator(".figures")).to_contain_text("≈ 17,100 barrels")
    expect(panel.locator(".figures")).to_contain_text("score 0.98 of 1")
    legs = panel.locator(".legs li")
    expect(legs).to_have_count(3)
    expect(legs.nth(1)).to_contain_text("PACIFIC HOPE 59 → NORTH HOPE 54")
    expect(panel.locator(".sum")).to_contain_text("0.51 for probable + 0.47 for")
    expect(panel.locator("svg[aria-label^=Distance]")).to_be_visible()  # of its transfer
    expect(page).to_have_url(re.compile(r"map=6/"))  # the whole voyage is in sight: nothing is drawn anew
    panel.get_by_role("button", name="Show leg 3 on the map").click()
    expect(page).to_have_url(re.compile(r"map=10/38\.69\d+/124\.94"))
    legs.nth(1).get_by_role("link").click()
    expect(panel.locator(".tag").first).to_have_text("Suspected transfer")
    expect(case).to_have_attribute("aria-current", "true")  # its leg is open
    expect(panel).to_contain_text("Before, meanwhile and after")
    # the order can be chosen
    page.locator("#sort").select_option("score")
    expect(page.locator("#singles .score")).to_have_text(["0.30", "0.10"])


def test_the_search_finds_vessels_places_and_cases(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=5/38/130")
    search, found = (
        page.get_by_role("combobox", name="Find a vessel"),
        page.get_by_role("listbox", name="Found"),
    )
    search.fill("north hope")
    expect(found.get_by_role("option").first).to_contain_text("NORTH HOPE 54")
    expect(found).to_contain_text("MMSI 538374621, IMO 4824765, V7POE, MH, tanker")
    shown(page, ALL)  # typing changes nothing in the list
    search.fill("IMO 4889246")  # nor does a number
    expect(found.get_by_role("option").first).to_contain_text("PACIFIC HOPE 59")
    search.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("PACIFIC HOPE 59")
    expect(page).to_have_url(re.compile("vessel=477221877"))
    shown(page, ALL)
    search.fill("nampo roads")
    found.get_by_role("option", name="Nampo, roads").click()
    expect(page).to_have_url(re.compile(r"map=[\d.]+/38\.\d+/12[45]"))
    search.fill("pacific")
    found.get_by_role("option", name="Delivery chain").click()
    expect(page.locator("#panel .tag").first).to_have_text("Delivery chain")
    # the words become a filter of the list only when that is chosen
    search.fill("nampo")
    found.get_by_role("option", name="Only events with").click()
    shown(page, 1)
    expect(page).to_have_url(re.compile("q=nampo"))
    page.get_by_role("button", name="Remove the filter With “nampo”").click()
    shown(page, ALL)
    search.fill("nobody has this name")
    expect(found).to_contain_text("No vessel, case or place is known by this.")


def test_filter_by_the_area_of_the_map(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=8/38.6/125.0")
    shown(page, ALL)
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("button", name="Only this map area").click()
    shown(page, 1)
    expect(page.locator("#list")).to_contain_text("Nampo")
    expect(page).to_have_url(re.compile("bbox=12.*map=8/38.6"))


def test_a_link_leads_to_the_event_and_the_view(demo: Recorded, tab: Open) -> None:
    first = tab(demo).open()
    first.locator("#panel .legs a").nth(1).click()
    expect(first.locator("#panel .tag").first).to_have_text("Suspected transfer")
    event = re.search("event=[0-9a-f]+", first.url)
    assert event is not None
    again = tab(demo).open(f"?{event[0]}&map=7/41.5000/133.2500")
    expect(again.locator("#panel h2")).to_have_text("PACIFIC HOPE 59 ↔ NORTH HOPE 54")
    expect(again.locator("#list a[aria-current]")).to_contain_text("Delivery chain")
    again.locator("#map").focus()
    again.keyboard.press("+")
    expect(again).to_have_url(re.compile(r"map=8/41\.(49|50)\d+/133\.2\d+"))

    gone = tab(demo)
    gone.excused = ("404",)
    expect(gone.open("?event=0123").locator("#panel")).to_contain_text("there is no event '0123'")


def test_keyboard(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=5/38/130")
    shown(page, ALL)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator("#list a").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("PACIFIC HOPE 59")
    page.keyboard.press("k")
    expect(page.locator("#panel .tag").first).to_have_text("Delivery chain")
    expect(page.locator("#panel h2")).to_have_text("PACIFIC HOPE 59 → NORTH HOPE 54")
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(page.locator("#list a").nth(0)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Find a vessel")).to_be_focused()
    page.keyboard.type("jk?")  # only letters while the reader is typing
    expect(page.get_by_role("combobox", name="Find a vessel")).to_have_value("jk?")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # the first one may have closed what was found
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()


def test_all_by_keyboard(demo: Recorded, tab: Open) -> None:
    """Enter and Escape act on what has the focus, which is seen and never lost."""
    page = tab(demo).open("?map=5/38/130")
    shown(page, ALL)
    focused, panel = page.locator(":focus"), page.locator("#panel")

    def press(key: str) -> None:
        page.keyboard.press(key)
        expect(focused).to_have_count(1)
        assert focused.evaluate(SEEN), focused.evaluate("(node) => node.outerHTML")

    press("Tab")
    press("Enter")  # skips to the list
    press("Tab")
    expect(focused).to_have_text(re.compile("Delivery chain"))
    press("ArrowDown")
    press("ArrowUp")
    press("Enter")
    expect(panel.locator("h2")).to_have_text("PACIFIC HOPE 59 → NORTH HOPE 54")
    press("Enter")  # once more: to its details
    expect(panel).to_be_focused()
    panel.get_by_role("button", name="More about this vessel").first.focus()
    press("Enter")
    expect(panel.locator("h2")).to_have_text("PACIFIC HOPE 59")
    expect(panel).to_be_focused()
    panel.get_by_role("link", name="NORTH HOPE 54").first.focus()
    press("Enter")
    expect(panel.locator(".tag").first).to_have_text("Delivery chain")
    panel.get_by_role("button", name="Next event").focus()
    press("Enter")
    expect(panel.locator(".tag").first).to_have_text("AIS gap")
    press("Escape")
    expect(panel).to_be_hidden()
    expect(focused).to_have_text(re.compile("AIS gap"))
    for opener, opened in (("Filters", "#filters"), ("Help", "#help"), ("Ledger", "#ledger")):
        page.get_by_role("button", name=opener).focus()
        press("Enter")
        expect(page.locator(opened)).to_be_visible()
        if opener == "Filters":
            press("Tab")
        press("Escape")
        expect(page.locator(opened)).to_be_hidden()
        expect(page.get_by_role("button", name=opener)).to_be_focused()
    page.locator("#legend summary").focus()
    press("Enter")
    expect(page.locator("#legend ul")).to_be_visible()
    expect(panel).to_be_hidden()  # Enter opens no event here
    assert page.evaluate(NAMELESS) == []


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


def test_distances_are_measured(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?map=6/40/130")
    page.keyboard.press("m")
    expect(page.locator("#measured")).to_contain_text("Click where to begin")
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.mouse.click(x + 128, y)  # at this zoom 360 degrees are 16,384 pixels
    degrees = 128 / 16384 * 360
    expected = degrees * 111.195 * math.cos(math.radians(40))
    measured = page.locator("#measured")
    expect(measured).to_contain_text("bearing 89°")
    told = re.search(r"(\d+) km · (\d+) nm", measured.inner_text())
    assert told is not None
    assert float(told[1]) == pytest.approx(expected, rel=0.01)
    assert float(told[2]) == pytest.approx(expected / 1.852, rel=0.01)
    page.keyboard.press("Escape")
    expect(measured).to_be_hidden()


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
    page = tab(demo, size).open("?map=5/38/130")
    page.locator("#cases a").click()
    expect(page.locator(".hulls svg")).to_be_visible()
    assert all(wider <= 0 for wider in sizes(page).values()), sizes(page)


def test_on_a_phone_one_sheet_at_a_time(demo: Recorded, tab: Open) -> None:
    page = tab(demo, PHONE, has_touch=True, is_mobile=True).open()
    events, panel, tabs = page.locator("#events"), page.locator("#panel"), page.locator("#tabs")
    expect(events).to_be_in_viewport()
    tabs.get_by_role("button", name="Map").tap()
    expect(events).to_be_hidden()
    tabs.get_by_role("button", name="Events").tap()
    page.locator("#cases a").tap()
    expect(panel).to_be_in_viewport()
    expect(events).to_be_hidden()
    panel.get_by_role("button", name="Taller or lower").tap()
    expect(panel.locator(".legs li").last).to_be_in_viewport()
    tabs.get_by_role("button", name="Map").tap()
    expect(panel).to_be_hidden()
    expect(page.locator("#player")).to_be_in_viewport()
    tabs.get_by_role("button", name="Events").tap()
    expect(events).to_be_in_viewport()
    tabs.get_by_role("button", name="Details").tap()
    panel.get_by_role("button", name="Close").tap()
    expect(events).to_be_in_viewport()
