"""A real Chromium for tests, with tabs that record every error on the page."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, expect, sync_playwright

from tests.services.server import ServiceError
from tests.waiting import PATIENCE

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
WAIT: Final = int(PATIENCE * 1000)
"""Milliseconds to wait for a condition."""
MISSING: Final = (
    "Chromium is not installed. Run tests/services/setup.sh, or install the package chromium, or name the "
    "program by TANKERWATCH_TEST_CHROMIUM=/path/to/chromium"
)


def chromium() -> str:
    """The path of Chromium. Raises ServiceError if it is not installed."""
    named = os.environ.get("TANKERWATCH_TEST_CHROMIUM")
    found = named or next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        raise ServiceError(MISSING)
    return found


OFF: Final = (
    # pages of its address bar, which it draws unseen for each tab: more than half of what a tab takes
    *("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "WebUIOmniboxFullPopup"),
    "SpareRendererForSitePerProcess",  # a process on stock
    # and what Playwright turns off, because the last list counts alone
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades"),
    *("HttpsFirstBalancedModeAutoEnable", "LensOverlay", "MediaRouter", "PaintHolding", "OptimizationHints"),
    *("ThirdPartyStoragePartitioning", "AvoidCorsURLLoaderRestartOnRedirect", "NetworkTimeServiceQuerying"),
    *("AimEnabled", "PreconnectToSearch"),
)
"""Features that Chromium does without."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser. Root has to run it without its sandbox."""
    options = [f"--disable-features={','.join(OFF)}", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as home:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=options, timeout=WAIT, env={**os.environ, "HOME": home}
        )
        yield browser
        browser.close()


class Tab:
    """A page in its own browser context. `complaints` holds the errors on it."""

    def __init__(
        self, browser: Browser, url: str, size: tuple[int, int] = (1440, 900), **options: Any
    ) -> None:
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, locale="en-GB", timezone_id="Asia/Seoul", **options
        )
        self.context.set_default_timeout(WAIT)
        self.url, self.complaints = url, list[str]()
        self.excused: tuple[str, ...] = ()
        """Allow complaints with these texts: the browser itself complains when the server is down."""
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self._complain(f"uncaught: {error}"))
        self.page.on("dialog", self._asked)
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self._check(request.url))

    def open(self, address: str = "") -> Page:
        """Open the page and wait until it has drawn its content."""
        self.page.goto(f"{self.url}/{address}")
        expect(self.page.locator("body.ready")).to_be_visible()
        return self.page

    def close(self) -> list[str]:
        self.context.close()
        return [said for said in self.complaints if not any(text in said for text in self.excused)]

    def _complain(self, said: str) -> None:
        self.complaints.append(said)

    def _said(self, message: ConsoleMessage) -> None:
        """Messages on the console, which include violations of the content security policy."""
        if message.type in ("error", "warning"):
            self._complain(f"console: {message.text}")

    def _asked(self, dialog: Dialog) -> None:
        self._complain(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.url).netloc:
            self._complain(f"asked elsewhere: {url}")


def sizes(page: Page) -> dict[str, int]:
    """By how many pixels the page, the panel and the lists are wider than their space."""
    found: dict[str, int] = page.evaluate(
        """() => Object.fromEntries([["page", document.documentElement], ...["panel", "events", "list"]
            .map((id) => [id, document.getElementById(id)])]
            .map(([name, node]) => [name, node.scrollWidth - node.clientWidth]))"""
    )
    return found


def saved(page: Page, selector: str) -> Path:
    """The file that a click downloads."""
    with page.expect_download() as download:
        page.locator(selector).click()
    return Path(download.value.path())
