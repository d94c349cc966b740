"""Fixtures: one browser for all tests of the page, a feed of a recording, feeds on Redis."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.services.plugin import fails_without_service
from tests.streams.feed.page.browser import Tab, launched
from tests.streams.feed.page.feed_processes import (
    Feed,
    Live,
    Recorded,
    recording,
)
from tests.waiting import wait_until

Open = Callable[..., Tab]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with fails_without_service(), launched() as running:
        yield running


@pytest.fixture
def tab(browser: Browser) -> Iterator[Open]:
    """Opens tabs on a feed. The test fails if any of them has recorded an error."""
    tabs: list[Tab] = []

    def opened(feed: Feed, size: tuple[int, int] = (1440, 900), **options: Any) -> Tab:
        tabs.append(Tab(browser, feed.url, size, **options))
        return tabs[-1]

    yield opened
    assert [complaint for one in tabs for complaint in one.close()] == []


@pytest.fixture(scope="package")
def full_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return recording(tmp_path_factory.mktemp("recordings"), "full_run")


@pytest.fixture(scope="package")
def demo(full_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    """The recording of `make demo`, read to its end."""
    with fails_without_service(), Recorded(tmp_path_factory.mktemp("demo"), full_run) as feed:
        wait_until(feed.finished, "the recording to be read")
        yield feed


@pytest.fixture
def live(tmp_path: Path, redis_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    """A feed on an empty log, with a heartbeat every second."""
    monkeypatch.setenv("TANKERWATCH_FEED_HEARTBEAT_SECONDS", "1")
    with fails_without_service(), Live(tmp_path / "feed", redis_server) as feed:
        yield feed
