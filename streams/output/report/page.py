"""The page of the report: data, style and script in one file that loads nothing from the network.

Names and call signs come from strangers. They reach the page in one place only, a JSON island without `<`,
`>` and `&`. The script builds everything from it as text. A Content-Security-Policy allows the one script and
the one style by their hashes, so that even a mistake in the script could load nothing.
"""

import base64
import hashlib
import html
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Final

import msgspec

from geofences.fence import Fence
from models.event import Event, EventType, to_json
from models.report import Rows
from models.time import to_text
from streams.ledger.book import deliveries
from streams.ledger.ledger import ledger
from streams.ledger.settings import LedgerSettings
from streams.output.report.backdrop import Land, backdrop
from streams.output.report.shapes import (
    Extent,
    encode_fence,
    extent_of,
    span_of,
)
from streams.output.report.tracks import encode_tracks
from streams.recordings.summary import Summary
from streams.stages.settings import Settings

MODULES: Final = ("words.js", "colours.js", "plot.js", "reasons.js", "event.js")
"""Modules in `streams/output/web`, which the live page uses, too."""
SCRIPTS: Final = ("map.js", "report.js")
"""Scripts of the report alone, in the order in which they follow the modules."""

LEDGER: Final = LedgerSettings()

PlotThresholds = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Lines in the plots: event type, plot ("distance" in metres, "speed" in knots), name, value."""


def plot_thresholds(settings: Settings) -> PlotThresholds:
    """The thresholds of the rules, as set for a run, that are lines in the plots."""
    encounter, loitering = settings.meeting.encounter, settings.vessel.detectors.loitering
    return {
        EventType.ENCOUNTER.value: {
            "distance": {"Contact begins": encounter.near_metres},
            "speed": {"Slow": encounter.slow_knots},
        },
        EventType.LOITERING.value: {"speed": {"Slow": loitering.slow_knots}},
    }


def render(
    events: Sequence[Event],
    tracks: Mapping[int, Rows],
    fences: Sequence[Fence],
    summary: Summary,
    land: Land,
    thresholds: PlotThresholds | None = None,
    ledger_settings: LedgerSettings = LEDGER,
    note: str = "",
) -> str:
    """The report as HTML text. The same input gives the same text.

    `events` holds all revisions; the highest of each event is shown, with its history. `tracks` maps MMSIs to
    arrays with the fields time, lon, lat and sog; they are thinned. `land` returns the land inside west,
    south, east and north (degrees from -180 to 180) as a GeoJSON geometry. `thresholds` come from
    `plot_thresholds`. The thresholds of an event's own reasons are drawn in any case. The deliveries of the
    ledger are counted with `ledger_settings`. `note` is what a reader has to know first of all.
    """
    latest, history = _latest(events)
    extent = _extent(latest, tracks, fences)
    named = {int(vessel.ssvid) for event in latest for vessel in event.vessels}
    pieces, omitted = encode_tracks(tracks, named, extent.centre)
    data = {
        "title": _title(summary),
        "events": [{"event": _content(event), "history": history[event.id]} for event in latest],
        "tracks": pieces,
        "omittedTracks": omitted,
        "fences": [encode_fence(fence, extent.centre) for fence in fences],
        "land": backdrop(land, extent, [(event.position.lon, event.position.lat) for event in latest]),
        "extent": extent.bounds,
        "thresholds": thresholds or {},
        "note": note,
        "summary": _summary(summary),
        "ledger": msgspec.to_builtins(ledger(deliveries(latest, ledger_settings), ledger_settings)),
    }
    return _fill(data)


def _latest(events: Sequence[Event]) -> tuple[list[Event], dict[str, list[dict[str, Any]]]]:
    """The highest revision of each event, by start; and the history of each event by its id."""
    revisions: dict[str, dict[int, Event]] = {}
    for event in events:
        revisions.setdefault(event.id, {})[event.revision] = event
    latest = [of_one[max(of_one)] for of_one in revisions.values()]
    history = {
        event_id: [
            {
                "revision": number,
                "detected": event.detected,
                "status": event.status.value,
                "level": event.level.value,
                "score": event.score,
            }
            for number, event in sorted(of_one.items())
        ]
        for event_id, of_one in revisions.items()
    }
    return sorted(latest, key=lambda event: (event.start, event.id)), history


def _content(event: Event) -> Any:
    return msgspec.json.decode(to_json(event))


def _extent(events: Sequence[Event], tracks: Mapping[int, Rows], fences: Sequence[Fence]) -> Extent:
    """What the map shows at first: the events with the tracks of their vessels, or all tracks, or the
    fences."""
    at = [(event.position.lon, event.position.lat) for event in events]
    at += [(sample.lon, sample.lat) for event in events for sample in event.evidence.positions]
    named = [int(vessel.ssvid) for event in events for vessel in event.vessels]
    spans = [span_of(tracks[mmsi]) for mmsi in (named or sorted(tracks)) if mmsi in tracks]
    at += [point for span in spans for point in span]
    if not at:
        at = [(lon, lat) for fence in fences for lon, lat in _corners(fence)]
    return extent_of(at)


def _corners(fence: Fence) -> tuple[tuple[float, float], tuple[float, float]]:
    west, south, east, north = fence.geometry.bounds
    return (west, south), (east, north)


def _title(summary: Summary) -> str:
    if summary.first is None or summary.last is None:
        return "Suspected ship-to-ship transfers"
    return f"Suspected ship-to-ship transfers, {to_text(summary.first)[:10]} to {to_text(summary.last)[:10]}"


def _summary(summary: Summary) -> dict[str, Any]:
    """The run in figures, without anything that a clock measured, so that the page is the same each time."""
    total: Counter[str] = Counter()
    for counts in summary.outcomes.values():
        total.update(counts)
    return {
        "sources": [{"name": name, "outcomes": dict(counts)} for name, counts in summary.outcomes.items()],
        # + leaves out counts of zero
        "outcomes": sorted(+total, key=lambda outcome: (-total[outcome], outcome)),
        "lines": summary.lines,
        "messages": sum(summary.messages.values()),
        "vessels": summary.vessels,
        "tankers": summary.tankers,
        "overtaken": summary.overtaken,
        "first": None if summary.first is None else to_text(summary.first),
        "last": None if summary.last is None else to_text(summary.last),
        "problems": summary.problems,
    }


def _fill(data: dict[str, Any]) -> str:
    style = _asset("streams.output.web", "event.css") + _asset("streams.output.report", "report.css")
    modules = [_inlined(_asset("streams.output.web", name)) for name in MODULES]
    script = "\n".join(
        ['"use strict";', *modules, *(_asset("streams.output.report", name) for name in SCRIPTS)]
    )
    policy = (
        f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    parts = {
        "policy": policy,
        "title": html.escape(data["title"]),
        "style": style,
        "data": _island(data),
        "script": script,
    }
    # In one pass, so that what is filled in is not searched for placeholders.
    return re.sub(
        r"\{\{(\w+)\}\}", lambda match: parts[match[1]], _asset("streams.output.report", "report.html")
    )


def _island(data: dict[str, Any]) -> str:
    """JSON that an HTML parser takes as text: only ASCII, without the characters that begin markup."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return re.sub("[<>&]", lambda match: f"\\u{ord(match[0]):04x}", text)


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _inlined(module: str) -> str:
    """A module as part of one script. What it imports comes before it in that script."""
    module = re.sub(r"^import [^;]*;\n", "", module, flags=re.MULTILINE)
    return re.sub(r"^export ", "", module, flags=re.MULTILINE)


def _asset(package: str, name: str) -> str:
    return (files(package) / name).read_text("utf-8")
