"""Random bytes, headers, parameters and bodies, and well-formed requests with wild values: each gets an
answer below 500, or none, and no failure is logged.

For a longer run: `TANKERWATCH_EXAMPLES=100000 pytest tests/streams/feed/http/test_random_requests.py`, or for
an hour, together with Schemathesis, `python -m tests.streams.feed.siege`.
"""

import asyncio
import os
from typing import Final

import pytest

from models.event import from_json
from streams.feed.settings import FeedSettings
from tests.streams.feed.deep_requests import DeepRequests, Known
from tests.streams.feed.feed_servers import served
from tests.streams.feed.random_requests import Requests, answered, exchanged
from tests.streams.feed.recorded import desk_of, log_of

MANY: Final = int(os.environ.get("TANKERWATCH_EXAMPLES", "0")) or 400
AT_ONCE: Final = 8


async def test_no_request_makes_the_feed_fail(logged: pytest.LogCaptureFixture) -> None:
    log = log_of()
    progress, desk = desk_of(log)
    made = [from_json(entry.json) for entry in log.all_latest()]
    events = [one.id for one in made]
    settings = FeedSettings(
        requests_per_minute=100_000_000, trusted_proxies="127.0.0.1", heartbeat_seconds=0.2
    )
    vessels = sorted({vessel.ssvid for one in made for vessel in one.vessels if vessel.ssvid})
    known = Known(events, vessels, sorted({one.detected for one in made}))
    found: dict[int, bytes] = {}
    async with served(log, settings, progress=progress, desk=desk) as url:

        async def some(seed: int) -> None:
            malformed, deep = Requests(seed, events), DeepRequests(seed, known)
            for _ in range(MANY // AT_ONCE // 2):
                request = malformed.one()
                found[await answered(url, request)] = request
                status, body = await exchanged(url, request := deep.one(), 100_000, 0.1)
                found[status] = request
                if status in (200, 201):
                    deep.learn(request, body)

        await asyncio.gather(*(some(seed) for seed in range(AT_ONCE)))
    assert {200, 201, 400, 404, 405, 422} <= found.keys()
    assert not [(status, request) for status, request in found.items() if status >= 500], found
    assert "Traceback" not in logged.text, logged.text
    assert "request_failed" not in logged.text
