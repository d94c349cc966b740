"""Whatever strangers call their ships, it is only text on the page: it runs nothing and shifts nothing."""

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from models.event import EventType, FenceRelation, Reason
from models.vessel import Identity, Role, WatchlistHit
from streams.simulator import nmea
from streams.simulator.scenario import simulate
from streams.simulator.vessel import Ship
from tests.processes import run
from tests.streams.deployments import COMMAND
from tests.streams.factories import (
    START,
    event,
    met,
    tick,
    vessel,
)
from tests.streams.feed.page.browser import Tab, sizes
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Live, Recorded
from tests.waiting import wait_until

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.services]

NAMES: Final = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)//",
    "</title></style></textarea><b>",
    "{{7*7}}${7*7}&lt;b&gt;&#x41;",
    '=HYPERLINK("http://x.example")',
    "\u202egnp.evil\u2066 \u200f\u061c",
    "\x1b[31m\x07\r\n\tTAB",
    "W" * 300,
    "A\u0301" + "\u0301" * 40,
)
SHOWN: Final = {"\u202egnp.evil\u2066 \u200f\u061c": "\ufffdgnp.evil\ufffd \ufffd\ufffd"}
"""What the page shows in place of characters that would turn writing round."""
ELEMENTS: Final = """() => [...document.querySelectorAll("body *")].map((node) => node.localName)
    .filter((name, i, all) => all.indexOf(name) === i).sort()"""


def ship(name: str) -> dict[str, object]:
    hit = WatchlistHit(list=name[:80], entry=name, matched_on="imo")
    return {"name": name, "callsign": name, "flag": "RU", "watchlists": (hit,), "type": "tanker"}


def fill(live: Live, names: tuple[str, ...], revision: int = 1) -> None:
    """An encounter of two ships for each name, with the ships on the map."""
    for number, name in enumerate(names):
        one, other = 273_000_100 + number, 445_000_100 + number
        made = event(
            number,
            revision,
            minutes=number,
            type=EventType.ENCOUNTER,
            port_visit=None,
            vessel=vessel(one, **ship(name)),
            encounter=met(vessel(other, **ship(name))),
            geofences=(FenceRelation(id=f"f{number}", name=name, kind="port", country="RU"),),
            reasons=(Reason(code=name[:30], text=name, value=name, threshold=name, weight=0.1),),
            summary=f"{name} met {name}",
        )
        place = (131.0 + number / 10, 42.5)
        who = Identity(one, START, Role.TANKER, name=name, callsign=name, watchlists=made.vessel.watchlists)
        live.add([made], [tick(one, 0, *place)], [who])


def walk(page: Page, names: tuple[str, ...]) -> None:
    """Open everything about each event and ship."""
    for number, name in enumerate(names):
        shown = SHOWN.get(name, name)
        if (events := page.locator("#tabs [data-view=list]")).is_visible():  # on a phone
            events.click()
        link = page.locator(f"#list a[data-id='{event(number).id}']")
        link.scroll_into_view_if_needed()
        box = link.bounding_box()
        assert box is not None
        assert box["height"] < 130
        link.click()
        heading = page.locator("#panel h2 bdi")
        expect(heading).to_have_count(2)
        assert heading.first.evaluate("node => node.childElementCount") == 0
        if name.isprintable():
            expect(heading.first).to_have_text(shown)
            expect(page.locator("#panel .sentence")).to_have_text(f"{shown} met {shown}")
        expect(page.locator("#panel .hit")).to_have_count(2)
        assert all(wider <= 0 for wider in sizes(page).values()), (name, sizes(page))


@pytest.mark.parametrize("width", [1440, 380])
def test_names_are_shown_as_text(live: Live, tab: Open, width: int) -> None:
    page = tab(live, (width, 900)).open("?map=9/42.5/131.5")
    fill(live, ("PLAIN",))
    walk(page, ("PLAIN",))
    made = page.evaluate(ELEMENTS)
    fill(live, NAMES, revision=2)
    expect(page.locator("#list li")).to_have_count(len(NAMES))
    walk(page, NAMES)
    assert page.evaluate(ELEMENTS) == made
    assert page.evaluate("document.title") == "tankerwatch"


def test_names_under_the_pointer(live: Live, tab: Open) -> None:
    fill(live, NAMES)
    page = tab(live).open("?map=9/42.5/131.5")
    page.locator("#which-vessels").evaluate("node => node.closest('details').open = true")
    for number, name in enumerate(NAMES):
        if not name.isprintable():
            continue
        page.goto(f"{live.url}/?map=12/42.5/{131 + number / 10}&type=loitering")
        box = page.locator("#map").bounding_box()
        assert box is not None
        expect(page.locator("body.ready")).to_be_visible()
        expect(page.locator("#data-time")).to_contain_text("Data to")
        page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2)
        expect(page.locator("#tip bdi")).to_have_text(SHOWN.get(name, name))
        page.mouse.move(box["x"] + 5, box["y"] + 5)


def test_text_of_reviewers_and_links(live: Live, tab: Open) -> None:
    live.add([event(1)])
    live.ask(
        f"events/{event(1).id}/review",
        {"by": NAMES[0], "disposition": "watching", "note": NAMES[1]},
    )
    opened = tab(live)
    opened.excused = ("404", "422")
    page = opened.open(f"?event={event(1).id}")
    expect(page.locator(".reviews li")).to_contain_text(NAMES[1])
    expect(page.locator(".reviews b")).to_have_text(NAMES[0])
    page = opened.open("?event=%3Cimg%20src=x%20onerror=alert(1)%3E&fence=%3Cb%3Ex&q=%3Cscript%3E")
    expect(page.locator("#panel")).to_contain_text("there is no event '<img src=x onerror=alert(1)>'")
    expect(page.locator("#chips")).to_contain_text("<b>x")
    page = opened.open("?type=%3Cimg%20src=x%20onerror=alert(1)%3E")
    expect(page.locator("#notice")).to_contain_text("the valid values are")


def test_downloads_hold_the_names_unchanged(live: Live, tab: Open, tmp_path: Path) -> None:
    fill(live, NAMES[:1])
    page = tab(live).open(f"?event={event(0).id}")
    with page.expect_download() as download:
        page.locator("#panel a", has_text="GeoJSON").click()
    path = tmp_path / "event.geojson"
    download.value.save_as(path)
    assert download.value.suggested_filename == f"tankerwatch-{event(0).id}.geojson"
    assert json.loads(path.read_bytes())["properties"]["vessel"]["name"] == NAMES[0]


def test_names_by_radio_are_text_everywhere(
    tmp_path: Path, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the antenna to the terminal, the table, the report and the page, with all that six-bit text
    allows."""
    names = ("<SVG/ONLOAD=ALERT(1)", '=HYPERLINK("//X.IO")')
    of: dict[int, str] = {}
    said = nmea.static

    def hostile(ship: Ship, draught: float) -> nmea.Payload:
        name = of.setdefault(ship.mmsi, names[len(of) % 2])
        return said(replace(ship, name=name, callsign="<B>&\\;'", destination="\"'><SCRIPT>//"), draught)

    monkeypatch.setattr(nmea, "static", hostile)
    path = tmp_path / "full_run.nmea"  # not the one that other tests share
    path.write_text("".join(f"{line}\n" for line in simulate("full_run", 1, "normal").lines), "ascii")
    table, report = tmp_path / "events.csv", tmp_path / "report.html"
    command = [sys.executable, "-c", COMMAND, "replay", str(path), "--report", str(report)]
    done = run([*command, "--format", "csv", "--out", str(table)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(name in done.stdout + done.stderr for name in names)
    assert (done.stdout + done.stderr).replace("\n", "").isprintable()
    with table.open(newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert {cell for cell in cells if cell.endswith(names[1])} == {f"'{names[1]}"}
    assert names[0] in cells
    assert "<SVG" not in report.read_text()
    with Recorded(tmp_path / "feed", path) as feed:
        wait_until(feed.finished, "the recording to be read")
        tab = Tab(browser, feed.url)
        page = tab.open()
        expect(page.locator("#cases .who bdi")).to_have_text(list(names))
        expect(page.locator("#panel h2 bdi")).to_have_text(list(names))
        assert page.locator("[onload]").count() == 0
        assert "<B>&\\;'" in page.locator("#panel").inner_text()
        assert tab.close() == []
