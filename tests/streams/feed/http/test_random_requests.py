"""Random bytes, headers, parameters and bodies: each gets an answer below 500, or none, and no failure is
logged.

For a longer run: `TANKERWATCH_EXAMPLES=100000 pytest tests/streams/feed/http/test_random_requests.py`, or for
an hour, together with Schemathesis, `python -m tests.streams.feed.siege`.
"""

import asyncio
import os
from typing import Final

import pytest

from streams.feed.settings import FeedSettings
from tests.streams.feed.feed_servers import served
from tests.streams.feed.random_requests import Requests, answered
from tests.streams.feed.recorded import desk_of, log_of

MANY: Final = int(os.environ.get("TANKERWATCH_EXAMPLES", "0")) or 400
AT_ONCE: Final = 8


async def test_no_request_makes_the_feed_fail(logged: pytest.LogCaptureFixture) -> None:
    log = log_of()
    progress, desk = desk_of(log)
    events = [entry.id for entry in log.all_latest()]
    settings = FeedSettings(
        requests_per_minute=100_000_000, trusted_proxies="127.0.0.1", heartbeat_seconds=0.2
    )
    found: dict[int, bytes] = {}
    async with served(log, settings, progress=progress, desk=desk) as url:

        async def some(seed: int) -> None:
            requests = Requests(seed, events)
            for _ in range(MANY // AT_ONCE):
                request = requests.one()
                found[await answered(url, request)] = request

        await asyncio.gather(*(some(seed) for seed in range(AT_ONCE)))
    assert {200, 400, 404, 405, 422} <= found.keys()
    assert not [(status, request) for status, request in found.items() if status >= 500], found
    assert "Traceback" not in logged.text, logged.text
    assert "request_failed" not in logged.text
