"""Reviews: kept beside the event, visible to all, and labels that `tankerwatch evaluate` reads."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from models.event import Event, to_json
from models.time import HOUR, to_text
from streams.cli.main import run
from streams.feed.views.reviews import COLUMNS
from tests.streams.factories import START, event
from tests.streams.feed.event_logs import filled
from tests.streams.feed.feed_servers import served
from tests.streams.feed.hostile_names import TEXTS

pytestmark = pytest.mark.services
EVENTS = [event(number, minutes=number, end=to_text(START + HOUR), status="closed") for number in range(5)]


async def review(client: httpx.AsyncClient, one: Event, disposition: str, note: str = "") -> Any:
    answer = await client.post(
        f"/v1/events/{one.id}/review", json={"by": "me", "disposition": disposition, "note": note}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_reviews_are_added_and_delete_nothing(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        await log.add([event(0), event(0, 2), event(1)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            first = await review(client, event(0), "watching")
            second = await review(client, event(0), "dismissed", "bunkering")
            assert first["revision"] == 2
            assert first["mmsis"] == [int(event(0).vessel.ssvid)]
            told = (await client.get(f"/v1/events/{event(0).id}")).json()
            assert told["reviews"] == [first, second]
            assert told["event"]["status"] == "open"
            listed = (await client.get("/v1/events")).json()
            assert listed["reviews"] == {event(0).id: second}
            assert len(listed["events"]) == 2
            missing = await client.post(
                "/v1/events/none/review", json={"by": "me", "disposition": "watching"}
            )
            assert missing.status_code == 404


async def test_labels_are_a_truth_that_evaluate_reads(
    redis_server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Confirmed events are true, dismissed ones false; the others are unknown."""

    async def labels() -> str:
        async with filled("redis", redis_server) as log:
            await log.add(EVENTS)
            async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
                await review(client, EVENTS[0], "dismissed")
                await review(client, EVENTS[0], "confirmed")
                await review(client, EVENTS[1], "dismissed", "a tow")
                await review(client, EVENTS[2], "watching")
                await review(client, EVENTS[3], "confirmed")
                return (await client.get("/v1/reviews")).text

    truth, found = tmp_path / "labels.json", tmp_path / "events.jsonl"
    truth.write_text(await labels())
    found.write_bytes(b"\n".join(to_json(one) for one in EVENTS if one is not EVENTS[3]))
    assert run(["evaluate", str(found), "--truth", str(truth), "--format", "json"]) == 0
    scored = json.loads(capsys.readouterr().out)
    (score,) = scored["scores"]
    assert (score["true"], score["found"], score["matched"]) == (2, 2, 1)
    assert [miss["mmsis"] for miss in scored["missed"]] == [[int(EVENTS[3].vessel.ssvid)]]
    assert [miss["id"] for miss in scored["false"]] == [EVENTS[1].id]


async def test_hostile_text_in_a_table_of_reviews(redis_server: str) -> None:
    words = [text for text in TEXTS if text.isascii() or text != "\ud800"]
    async with filled("redis", redis_server) as log:
        await log.add([event()])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            for word in words:
                assert (await review(client, event(), "watching", word))["note"] == word
            answer = await client.get("/v1/reviews?format=csv")
            rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == len(words)
    for row in rows:
        assert list(row) == list(COLUMNS)
        assert row["note"].isprintable()
        assert not row["note"].lstrip().startswith(("=", "+", "-", "@", "＝"))
