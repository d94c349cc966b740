"""The page on a recording: the transfer appears, its panel explains it, and the reader can move the time."""

import json
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.streams.feed.page.browser import saved
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Recorded
from tests.waiting import wait_until

pytestmark = pytest.mark.xdist_group("browser")

TRANSFER = "#list a:has-text('Suspected transfer')"
MARK = ".event-mark.type-encounter"


def test_the_transfer_appears_while_the_recording_plays(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?at=2024-10-27T20:30:00Z")
    expect(page.locator("#state")).to_have_text("Recording")
    expect(page.locator("#moment-text")).to_have_text("27 Oct 2024 20:30 UTC")
    assert page.locator(TRANSFER).count() == 0
    assert page.locator(MARK).count() == 0

    page.locator("#rate").select_option(label="5 minutes a second")  # it stays `possible` for half an hour
    page.get_by_role("button", name="Play (space)").click()
    expect(page.locator(TRANSFER)).to_contain_text("Possible")
    expect(page.locator(f"{MARK}.possible.open")).to_be_visible()
    page.locator(TRANSFER).click()
    panel = page.locator("#panel")
    expect(panel).to_contain_text("Suspected ship-to-ship transfer")
    expect(panel.locator(".badge.status-open")).to_be_visible()
    # the level rises, and the event closes
    page.locator("#rate").select_option(label="1 hour a second")
    expect(panel.locator(".badge.level-probable")).to_be_visible()
    page.locator("#rate").select_option(label="4 hours a second")
    expect(panel.locator(".badge.status-closed")).to_be_visible()
    expect(page.locator(f"{MARK}.probable.closed")).to_be_visible()


def test_each_viewer_has_a_moment_that_stays_and_that_a_link_shares(demo: Recorded, tab: Open) -> None:
    mine, theirs = tab(demo).open(), tab(demo).open()
    for page in (mine, theirs):
        expect(page.get_by_role("button", name="Play from the beginning (space)")).to_be_visible()
        expect(page.locator("#cases a")).to_contain_text("Nampo")
    slider = mine.get_by_role("slider", name="Moment shown")
    steps = int(slider.get_attribute("max") or 0)
    slider.fill(str(round(steps * 0.1)))  # before anybody met
    slider.focus()
    mine.keyboard.press("Space")  # where the reader's hands are after a seek
    expect(mine.get_by_role("button", name="Pause (space)")).to_be_visible()
    slider.fill(str(round(steps * 0.1)))
    expect(mine.get_by_role("button", name="Play (space)")).to_be_visible()
    expect(mine.locator("#list a")).to_have_count(0)
    expect(mine.locator("#panel")).to_contain_text("not known yet")
    expect(mine).to_have_url(re.compile("at=2024-10-27T"))
    shown = mine.locator("#moment-text").inner_text()
    for _ in range(3):  # it holds, whatever else the page asks for meanwhile
        with mine.expect_response("**/v1/vessels*"):
            mine.evaluate("fetch('v1/vessels?limit=1')")
        assert mine.locator("#moment-text").inner_text() == shown
    expect(theirs.locator("#cases a")).to_contain_text("Nampo")
    # the earliest arrival has passed by the newest data, whatever it was when the chain was found
    for at, said in (
        ("08:00", "3 h to Sonbong at least"),
        ("11:00", "48 min to Sonbong at least"),
        ("13:45", "earliest at Sonbong 28 Oct 11:48"),
    ):
        chain = tab(demo).open(f"?at=2024-10-28T{at}:00Z").locator("#cases a")
        expect(chain).to_contain_text(said)
    linked = tab(demo).open("?" + mine.url.partition("?")[2])
    expect(linked.locator("#moment-text")).to_have_text(shown)
    expect(linked.get_by_role("button", name="Play (space)")).to_be_visible()  # it does not run on
    expect(linked.locator("#list a")).to_have_count(0)


def test_a_leg_of_a_chain_leads_to_the_chain(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    page.locator("#panel .legs a").nth(1).click()
    page.locator("#panel p a", has_text="→").first.click()  # it is called by its ships
    expect(page.locator("#panel")).to_contain_text("Suspected oil delivery chain")
    expect(page.locator("#panel")).not_to_contain_text("A leg of")


def test_the_panel_explains_the_event(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?type=encounter")
    page.locator(TRANSFER).click()
    expect(page.locator(f"{MARK}.chosen")).to_be_in_viewport(ratio=1)  # beside the panel, not under it
    panel = page.locator("#panel")
    expect(panel.locator(".for li")).to_have_count(6)
    expect(panel.locator(".for")).to_contain_text("close together for 7 h 20 min")
    expect(panel.locator(".for")).to_contain_text("Duration: 7.33 h (threshold 0.5 h)")
    expect(panel.locator(".for")).to_contain_text("Draught: −1.8 m (threshold 0.3 m)")
    expect(panel.locator("section:has(h3:text-is('Against'))")).to_contain_text("Nothing")
    distance, speed = panel.locator("svg[aria-label^=Distance]"), panel.locator("svg[aria-label^=Speed]")
    expect(distance.locator("path.series")).to_have_count(2)
    expect(distance).to_contain_text("UTC")
    expect(distance.locator("text.limit")).to_have_text("Alongside: 50 m")
    expect(speed.locator("path.series")).to_have_count(2)
    expect(panel.locator(".hulls svg")).to_have_attribute(
        "aria-label", "Hulls of PACIFIC HOPE 59 and NORTH HOPE 54 to scale, 0 metres apart"
    )
    expect(panel.locator(".hulls .hull")).to_have_count(2)
    expect(panel.locator(".card")).to_have_count(2)
    expect(panel.locator(".card").first).to_contain_text("Hong Kong (HK)")
    expect(panel).to_contain_text("Japan Sea off Primorye – STS area; inside")
    revisions = panel.locator("section", has=page.get_by_role("heading", name="Revisions"))
    expect(revisions.locator("tbody tr")).to_have_count(14)
    expect(panel.locator("time").first).to_have_attribute("title", "Your time: 28 Oct 2024, 16:25:00 GMT+9")

    # the value under the pointer, and the ships at that time
    distance.hover(position={"x": 200, "y": 100})
    expect(panel.locator(".readout").first).to_contain_text("antenna to antenna")

    event = json.loads(saved(page, "#panel a:text-is('JSON')").read_bytes())["event"]
    feature = json.loads(saved(page, "#panel a:text-is('GeoJSON')").read_bytes())
    track = json.loads(saved(page, "#panel a:text-is('Track')").read_bytes())
    assert feature["id"] == event["id"]
    assert feature["geometry"]["coordinates"] == [event["position"]["lon"], event["position"]["lat"]]
    assert {one["temporalGeometry"]["type"] for one in track["features"]} == {"MovingPoint"}


def test_the_dossier_of_a_case_is_printed_on_few_pages(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    link = page.locator("#panel a:text-is('Dossier')").get_attribute("href")
    assert link is not None
    dossier = tab(demo).open(link.removeprefix("/"))
    expect(dossier.locator("#panel .legs li")).to_have_count(3)
    expect(dossier.locator("#panel svg[aria-label^=Distance]")).to_be_visible()
    expect(dossier.locator("#panel")).not_to_contain_text("[object")
    expect(dossier.locator("#panel")).to_contain_text("May have landed")
    expect(dossier.locator("#panel")).to_contain_text(re.compile("settings [0-9a-f]{12}"))
    expect(dossier.locator("#cover")).to_contain_text("Suspected, not proven")
    for hidden in ("#events", "#player", "#panel .actions", "#panel form"):
        expect(dossier.locator(hidden).first).to_be_hidden()
    pages = dossier.pdf(prefer_css_page_size=True)
    assert pages.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pages)) <= 2
    dossier.set_viewport_size({"width": 703, "height": 1000})  # that of the paper
    expect(dossier.get_by_role("heading", name="Dossier of a suspected event")).to_be_visible()
    expect(dossier.locator("#panel")).to_contain_text("Russian port")


def test_a_vessel_and_what_it_did(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?type=encounter")
    page.locator(TRANSFER).click()
    page.locator("#panel .card").nth(1).get_by_role("button", name="More about this vessel").click()
    panel = page.locator("#panel")
    expect(panel.locator("h2")).to_have_text("NORTH HOPE 54")
    expect(panel).to_contain_text("97 × 15 m")

    def part(title: str) -> Locator:
        return panel.locator("section", has=page.get_by_role("heading", name=title, exact=True))

    expect(part("Delivery chains")).to_contain_text("PACIFIC HOPE 59 → NORTH HOPE 54")
    expect(part("Delivery chains")).to_contain_text("May have landed about 17,100 barrels")
    expect(part("Calls").locator("tbody tr")).to_have_text(re.compile("^Nampo"))
    expect(part("Share of the ledger")).to_contain_text("2024")
    track = json.loads(saved(page, "#panel a:text-is('Download the track')").read_bytes())
    assert [one["properties"]["name"] for one in track["features"]] == ["NORTH HOPE 54"]
    part("Whom it met").get_by_role("link").click()
    expect(panel.locator("h2")).to_have_text("PACIFIC HOPE 59 ↔ NORTH HOPE 54")
    page.go_back()
    expect(panel.locator("h2")).to_have_text("NORTH HOPE 54")
    part("Whom it met").get_by_role("button", name="PACIFIC HOPE 59").click()
    expect(panel.locator("h2")).to_have_text("PACIFIC HOPE 59")


def test_keys_and_the_strip_move_the_time(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open("?at=2024-10-27T00:00:00Z")
    moment = page.locator("#moment-text")
    for key, then in ((".", "00:05"), ("<", "23:05"), (">", "00:05"), (",", "00:00")):
        page.keyboard.press(key)
        expect(moment).to_contain_text(f" {then} UTC")
    page.keyboard.press("n")
    expect(page.locator("#list a")).not_to_have_count(0)
    page.keyboard.press("]")
    expect(page.locator("#rate")).to_have_value("1800")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause (space)")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play (space)")).to_be_visible()
    page.locator("#strip .type-encounter").click()
    expect(page.locator("#panel h2")).to_have_text("PACIFIC HOPE 59 ↔ NORTH HOPE 54")
    expect(moment).to_have_text("27 Oct 2024 20:40 UTC")
    page.locator("#map").focus()
    page.keyboard.press("End")
    expect(moment).to_contain_text("2 Nov 2024")
    expect(page).not_to_have_url(re.compile("at="))


def test_the_ledger_has_its_curve_and_the_facilitators(demo: Recorded, tab: Open) -> None:
    page = tab(demo).open()
    page.locator("#ledger-toggle").click()
    ledger = page.locator("#ledger")
    (year,) = demo.ask("ledger")["years"]
    about = f"{year['barrels_total']['mid']:,.0f}"
    expect(ledger.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile(f"{about} with possible ones")
    )
    expect(ledger.locator(".ledger-curve text.limit")).to_have_text("cap: 500,000")
    expect(ledger.locator("tbody tr")).not_to_have_count(0)
    expect(ledger).to_contain_text("Facilitators")


def test_tracks_tell_time_and_speed_and_links_lead_elsewhere_only_when_followed(
    demo: Recorded, tab: Open
) -> None:
    page = tab(demo).open()
    panel = page.locator("#panel")
    expect(panel.get_by_role("link", name="Optical images")).to_have_count(3)  # for each leg
    links = page.locator("#panel .elsewhere a")
    expect(links.filter(has_text="OpenSanctions")).not_to_have_count(0)
    for link in links.all():
        assert link.get_attribute("target") == "_blank"
        assert link.get_attribute("rel") == "noopener noreferrer"
    event = max(demo.ask("events?type=chain")["events"], key=lambda one: one["score"])
    found = [
        link.get_attribute("href") or "" for link in panel.get_by_role("link", name="Radar images").all()
    ]
    for leg in event["chain"]["legs"]:
        parts = f"lat={leg['position']['lat']:.5f}", f"fromTime={leg['start'][:10]}T00"
        assert any(all(part in href for part in parts) for href in found), (leg, found)
    # along the track somewhere the tooltip says when and how fast
    box = page.locator("#map").bounding_box()
    assert box is not None
    page.evaluate("document.querySelector('#legend').open = false")
    said = set[str]()
    for x in range(int(box["x"]) + 20, int(box["x"] + box["width"]) - 80, 9):
        page.mouse.move(x, box["y"] + box["height"] * 0.45)
        page.evaluate("() => new Promise(requestAnimationFrame)")
        said.add(page.locator("#tip").inner_text())
    told = r"\d{4} \d\d:\d\d UTC\n[\d.]+ kn.*\nsays: under way using engine"
    assert any(re.search(told, text) for text in said), said
    page.locator("#legend summary").click()
    page.get_by_label("Where anything was heard in 6 hours").check()
    expect(page.locator(".leaflet-coverage-pane canvas")).to_be_visible()
    page.locator("#legend summary").click()

    def heard() -> set[str]:
        """What the tooltip says of reception, along the same line."""
        said = set[str]()
        for x in range(int(box["x"]) + 20, int(box["x"] + box["width"]) - 80, 9):
            page.mouse.move(x, box["y"] + box["height"] * 0.47)
            page.evaluate("() => new Promise(requestAnimationFrame)")
            said.add(page.locator("#tip").inner_text().split("\n")[-1])
        return said

    wait_until(lambda: {"nothing was heard round here in 6 hours"} < heard(), "the layer of coverage")


COVERAGE = """async () => {
    const { CoverageLayer } = await import("/static/coverage_layer.js");
    const answers = [], layer = new CoverageLayer({});
    const fetched = window.fetch;
    window.fetch = () => new Promise((resolve) => { answers.push(resolve); });
    const answer = (number, west, minutes) =>
        answers[number](new Response(JSON.stringify({ degrees: 0.5, cells: [[west, 10, minutes]] })));
    const both = [layer.show(true, 0), layer.refresh(6 * 60e3)];
    answer(1, -180, 0);
    await both[1];
    answer(0, 100, 0);
    await both[0];
    window.fetch = fetched;
    return [179.9999999, 180, -180, -179.6, 100.1].map((lon) => layer.says(lon, 10.1));
}"""


def test_of_two_answers_about_coverage_the_one_asked_for_last_counts(demo: Recorded, tab: Open) -> None:
    heard, silent = (
        "something was heard round here in the last hour",
        "nothing was heard round here in 6 hours",
    )
    assert tab(demo).open().evaluate(COVERAGE) == [heard] * 4 + [silent]
