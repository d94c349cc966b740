"""Exports: other programs can read them, whatever is in a name."""

import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from models.event import Event, Status, from_json, to_json
from models.time import MINUTE, from_text
from streams.feed.views.exports import ATOM, GEORSS
from streams.output.event_files import COLUMNS
from tests.streams.factories import START, event, tick
from tests.streams.feed.event_logs import InMemory
from tests.streams.feed.feed_servers import revisions, served, streaming
from tests.streams.feed.hostile_names import TEXTS, named
from tests.streams.feed.recorded import found, log_of


@asynccontextmanager
async def client_of(events: list[Event]) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a feed that has these events."""
    log = InMemory()
    await log.add(events)
    async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


def readable(text: str) -> bool:
    """Whether nothing in it is a control character, or turns writing round."""
    return all(sign.isprintable() for sign in text)


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
async def test_hostile_names_stay_text(text: str) -> None:
    try:
        made = from_json(to_json(named(text)))
    except UnicodeEncodeError:  # half of a surrogate pair cannot be published
        assert text == "\ud800"
        return

    async with client_of([made]) as client:
        table = list(csv.reader(io.StringIO((await client.get("/v1/events.csv")).text, newline="")))
        assert [len(row) for row in table] == [len(COLUMNS)] * 2
        for cell in table[1]:
            assert readable(cell)
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
        (entry,) = ElementTree.fromstring((await client.get("/v1/events.atom")).text).findall(
            f"{{{ATOM}}}entry"
        )
        assert all(readable(part) for part in entry.itertext())
        assert {part.tag.partition("}")[2] for part in entry.iter()} == {
            "entry", "id", "title", "updated", "published", "link", "category", "summary", "content", "point",
        }  # fmt: skip
        (feature,) = (await client.get("/v1/events.geojson")).json()["features"]
        assert feature["properties"]["vessel"]["name"] == text
        (listed,) = (await client.get("/v1/events")).json()["events"]
        assert listed == json.loads(to_json(made))
        async with streaming(str(client.base_url).rstrip("/"), "?since=0") as messages:
            assert (await revisions(messages, 1))[0].data == listed


async def test_a_point_and_a_link_for_each_event_in_the_atom_feed() -> None:
    async with client_of([event(number, minutes=5 * number) for number in range(3)]) as client:
        answer = await client.get("/v1/events.atom?limit=2")
        assert answer.headers["content-type"] == "application/atom+xml"
        feed = ElementTree.fromstring(answer.text)
        entries = feed.findall(f"{{{ATOM}}}entry")
        assert [entry.findtext(f"{{{ATOM}}}id") for entry in entries] == [
            f"urn:tankerwatch:event:{event(number).id}" for number in (2, 1)
        ]
        assert entries[0].findtext(f"{{{GEORSS}}}point") == "42.7 133.0"
        assert feed.findtext(f"{{{ATOM}}}updated") == event(2, minutes=10).detected


@pytest.mark.parametrize("form", ["csv", "geojson"])
async def test_an_export_has_all_events_that_match(form: str) -> None:
    many = [event(number, minutes=number, score=number % 2) for number in range(2_500)]

    async with client_of(many) as client:
        answer = await client.get(f"/v1/events.{form}?min_score=1&end={many[2_000].detected}")
        if form == "csv":
            ids = [row["id"] for row in csv.DictReader(io.StringIO(answer.text))]
        else:
            ids = [feature["id"] for feature in answer.json()["features"]]
        assert ids == [one.id for one in reversed(many[:2_001]) if one.score == 1]


def moving_points(collection: Any) -> dict[str, list[tuple[int, float, float]]]:
    """The points as MovingPandas reads them (movingpandas.io.read_mf_dict)."""
    assert collection["type"] == "FeatureCollection"
    points = {}
    for feature in collection["features"]:
        moving = feature["temporalGeometry"]
        assert moving["type"] == "MovingPoint"
        x, y = zip(*moving["coordinates"], strict=True)
        times = [from_text(time) for time in moving["datetimes"]]
        for group in feature.get("temporalProperties", ()):
            assert len(group["speed"]["values"]) == len(group["datetimes"]) == len(times)
        points[feature["properties"]["mmsi"]] = list(zip(times, x, y, strict=True))
    return points


async def test_the_track_of_an_encounter_is_a_moving_point_for_each_vessel() -> None:
    met = [one for one in found("cho_do")[1] if one.encounter][-1]
    async with served(log_of()) as url, httpx.AsyncClient(base_url=url) as client:
        points = moving_points((await client.get(f"/v1/events/{met.id}/track")).json())
    assert set(points) == {vessel.ssvid for vessel in met.vessels}
    for track in points.values():
        times = [time for time, _, _ in track]
        assert times == sorted(set(times))
        assert times[0] < from_text(met.start) < times[-1]


@pytest.mark.parametrize("status", [Status.OPEN, Status.CLOSED, Status.RETRACTED])
async def test_a_track_has_the_evidence_if_the_recent_track_is_gone_and_goes_on_while_the_event_is_open(
    status: Status,
) -> None:
    log, one = InMemory(), event(status=status)
    mmsi = int(one.vessel.ssvid)
    await log.add([one], [tick(mmsi, 1_000)])
    async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
        points = moving_points((await client.get(f"/v1/events/{one.id}/track")).json())
    later = [5_000] if status is Status.OPEN else []
    assert [time for time, _, _ in points[one.vessel.ssvid]] == [
        START + minutes * MINUTE for minutes in (0, 5, 10, *later)
    ]
