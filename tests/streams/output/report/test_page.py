"""The page as a whole: one file that loads nothing and runs nothing that strangers sent."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from shapely import MultiPolygon, box

from geofences.fence import Fence, FenceKind, Policy
from models.event import Event, FenceRelation, Level, Status, to_json
from models.vessel import WatchlistHit
from streams.output.report import plot_thresholds, render
from streams.recordings.summary import Summary
from streams.stages.settings import Settings
from tests.streams.output.report.factories import (
    ALPHA,
    START,
    encounter,
    loitering,
    port_visit,
    summary,
    track,
)

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "-->]]><img src=x onerror=alert(1)>",
    "\"'&quot;&#39;`${alert(1)}",
    "{{script}}{{data}}",
    "\\u003c/script\\u003e \\",
    "\u2028\u2029\u202e\u2066\x00\x07\x1b[31m",
]

FENCE = Fence(
    id="kp-nampo",
    name="Nampo",
    kind=FenceKind.PORT,
    country="KP",
    locode="KPNAM",
    policy=Policy.WATCH,
    source="drawn by hand",
    geometry=box(125.0, 38.6, 125.3, 38.8),
)


def island(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """Land in the middle of any box."""
    x, y = (east - west) / 4, (north - south) / 4
    ring = [
        [west + x, south + y],
        [east - x, south + y],
        [east - x, north - y],
        [west + x, north - y],
        [west + x, south + y],
    ]
    return {"type": "MultiPolygon", "coordinates": [[ring]]}


def page(events: Sequence[Event] = (), fences: Sequence[Fence] = (FENCE,), run: Summary | None = None) -> str:
    tracks = {273_000_001: track((START - 3_600_000, 124.0, 38.0), (START, 124.62, 38.46))}
    return render(events, tracks, fences, run or summary(), island)


class Reader(HTMLParser):
    """The tags with their attributes, and the text of scripts and styles, as a browser sees them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, dict[str, str | None], str]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag in ("script", "style", "title"):
            self.texts.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style", "title"):
            tag, attributes, text = self.texts[-1]
            self.texts[-1] = (tag, attributes, text + data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "title"):
            self.tags.append((f"/{tag}", {}))

    def text(self, tag: str, **attributes: str) -> str:
        (found,) = [
            text for name, given, text in self.texts if name == tag and attributes.items() <= given.items()
        ]
        return found

    @property
    def data(self) -> Any:
        return json.loads(self.text("script", id="data"))


def hostile_event(text: str) -> Event:
    vessel = msgspec.structs.replace(
        ALPHA, name=text, callsign=text, flag=text, watchlists=(WatchlistHit(text, text, "imo"),)
    )
    relation = FenceRelation(id=text, name=text, kind="port", country=text)
    return encounter(vessel, summary=text, geofences=(relation,))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_data(text: str) -> None:
    run = summary(problems=[text])
    run.outcomes = {text: run.outcomes["run.nmea.gz"]}
    fence = Fence(text, text, FenceKind.PORT, None, None, Policy.WATCH, text, FENCE.geometry)
    found, tame = Reader(page([hostile_event(text)], [fence], run)), Reader(page([encounter()]))
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in tame.tags]
    event = found.data["events"][0]["event"]
    assert event["vessel"]["name"] == event["vessel"]["callsign"] == event["summary"] == text
    assert found.data["fences"][0]["name"] == text
    assert found.data["summary"]["problems"] == [text]
    assert found.data["summary"]["sources"][0]["name"] == text


@pytest.mark.parametrize("text", HOSTILE)
def test_the_data_holds_nothing_that_begins_markup(text: str) -> None:
    data = Reader(page([hostile_event(text)])).text("script", id="data")
    assert data.isascii()
    assert not set("<>&") & set(data)


def test_a_lone_surrogate_does_not_break_the_page() -> None:
    """JSON can hold half of a surrogate pair. The page must still be valid UTF-8."""
    fence = Fence("x", "\ud800", FenceKind.PORT, None, None, Policy.WATCH, "", FENCE.geometry)
    assert page(fences=[fence]).encode()


def test_every_event_is_on_the_page_with_all_fields() -> None:
    events = [encounter(), loitering(), port_visit()]
    embedded = [entry["event"] for entry in Reader(page(events)).data["events"]]
    by_start = sorted(events, key=lambda event: event.start)
    assert embedded == [msgspec.json.decode(to_json(event)) for event in by_start]


def test_latest_revision_with_history() -> None:
    closed = encounter(revision=3)
    opened = msgspec.structs.replace(closed, revision=1, status=Status.OPEN, level=Level.POSSIBLE, end=None)
    retracted = msgspec.structs.replace(closed, revision=10, status=Status.RETRACTED)
    (entry,) = Reader(page([retracted, opened, closed])).data["events"]
    assert entry["event"]["status"] == "retracted"
    assert [(each["revision"], each["status"], each["level"]) for each in entry["history"]] == [
        (1, "open", "possible"),
        (3, "closed", "probable"),
        (10, "retracted", "probable"),
    ]


def test_loads_nothing_from_the_network() -> None:
    html = page([encounter()])
    found = Reader(html)
    linked = [
        value
        for tag, attributes in found.tags
        for key, value in attributes.items()
        if key in ("src", "href", "srcset", "action", "data", "poster") and tag != "a"
    ]
    assert linked == ["data:,"]
    assert not re.search(r"url\(|@import", found.text("style"))
    # the one address in the script is the name of SVG's namespace, which is never fetched
    addresses = set(re.findall(r"(?:https?:)?//[a-z][\w.-]*\.\w+[^\"'\s]*", html))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|import)\s*\(", html)


def test_the_policy_allows_only_this_script_and_style() -> None:
    found = Reader(page([encounter()]))
    (policy,) = [
        attributes["content"]
        for tag, attributes in found.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    scripts = [text for tag, attributes, text in found.texts if tag == "script" and "type" not in attributes]
    assert len(scripts) == 1
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == f"'{sha256(scripts[0])}'"
    assert rules["style-src"] == f"'{sha256(found.text('style'))}'"
    assert [tag for tag, _ in found.tags].index("meta") < [tag for tag, _ in found.tags].index("style")


def sha256(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_nothing_that_the_policy_would_block() -> None:
    found = Reader(page([encounter()]))
    for tag, attributes in found.tags:
        assert "style" not in attributes, tag
        assert not [name for name in attributes if name.startswith("on")], tag
    (script,) = [text for tag, attributes, text in found.texts if tag == "script" and not attributes]
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", script
    )


def test_same_input_same_page() -> None:
    events = [encounter(), loitering(), port_visit()]
    slow, quick = summary(seconds=9.0), summary(seconds=1.0)
    assert page(events, run=slow) == page(events[::-1], run=quick)


def test_no_events() -> None:
    found = Reader(page())
    assert found.data["events"] == []
    assert found.data["summary"]["lines"] == 80_246


def test_nothing_at_all() -> None:
    html = render([], {}, [], Summary(), lambda *box: {"type": "MultiPolygon", "coordinates": []})
    found = Reader(html)
    assert found.data["extent"] == [-180.0, -60.0, 180.0, 75.0]
    assert found.text("title") == "Suspected ship-to-ship transfers"


def test_lines_by_outcome_and_source() -> None:
    told = Reader(page()).data["summary"]
    assert sum(count for source in told["sources"] for count in source["outcomes"].values()) == told["lines"]
    assert told["outcomes"] == ["message", "duplicate", "checksum", "late"]
    assert told["messages"] == 76_004


def test_an_event_across_180_degrees_keeps_the_map_small() -> None:
    """The view is a few degrees wide, not the world, and the fence cut at 180° is in one piece."""
    cut = MultiPolygon([box(179, 51, 180, 53), box(-180, 51, -179, 53)])
    fence = Fence("dl", "Date line", FenceKind.WATCH_AREA, None, None, Policy.WATCH, "", cut)
    tracks = {273_000_001: track((START - 7_200_000, 178.5, 52.0), (START + 7_200_000, -178.5, 52.5))}
    found = Reader(render([encounter(lon=179.99, lat=52.3)], tracks, [fence], summary(), island)).data
    west, _, east, _ = found["extent"]
    assert 178 < west < east < 182
    assert len(found["fences"][0]["rings"]) == 1
    (piece,) = found["tracks"][0]["pieces"]
    assert max(abs(step) for step in piece["p"][2:]) < 300_000


def test_thresholds_reach_the_plots() -> None:
    told = Reader(render([], {}, [], summary(), island, plot_thresholds(Settings()))).data["thresholds"]
    assert told["encounter"] == {"distance": {"Contact begins": 500.0}, "speed": {"Slow": 2.0}}
    assert told["loitering"] == {"speed": {"Slow": 2.0}}
