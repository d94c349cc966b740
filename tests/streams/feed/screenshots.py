"""Screenshots of the page for the docs, made with a headless Chromium.

    python -m tests.streams.feed.screenshots [--live URL] [FOLDER]

The recording of `make demo`, and one in which a vessel turns out to be a tug after it was taken for a tanker.
With `--live` only the page of a running `make live`, with the transfer off Cho-do.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect

from tests.streams.contracts.recorded import tug_lines
from tests.streams.feed.page.browser import Tab, launched
from tests.streams.feed.page.feed_processes import Recorded, recording
from tests.waiting import wait_until

FOLDER: Final = Path(__file__).parents[3] / "docs"
MOST: Final = 360_000
"""The most bytes of a picture."""
DESKTOP: Final = (1440, 900)
PHONE: Final = (390, 844)
SCROLL: Final = """(heading) => {
    const panel = heading.closest("#panel"), bar = panel.querySelector(".panel-bar");
    panel.scrollTop += heading.getBoundingClientRect().top - bar.getBoundingClientRect().bottom - 12;
}"""
CASE: Final = "#list a:has-text('Delivery chain')"
TRANSFER: Final = "#list a:has-text('Suspected transfer'), #panel .legs a:has-text('transfer')"


@contextmanager
def opened(browser: Browser, feed: Recorded, size: tuple[int, int], **options: Any) -> Iterator[Page]:
    """The page on a recording that has been read. Raises AssertionError if anything goes wrong on the
    page."""
    wait_until(feed.finished, "the recording to be read")
    tab = Tab(browser, feed.url, size, reduced_motion="reduce", **options)
    yield tab.open()
    if complaints := tab.close():
        raise AssertionError(complaints)


def open_case(page: Page) -> None:
    """Open the chain with its whole voyage, wait until all is drawn."""
    if not page.locator("#panel .legs").is_visible():
        page.locator(CASE).first.click()
    expect(page.locator("#panel svg.plot").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Zoom to event").click()
    page.locator("#panel h2").scroll_into_view_if_needed()
    page.locator("#panel").evaluate("(panel) => { panel.scrollTop = 0; }")
    page.wait_for_timeout(1000)  # nothing says when the tracks are painted; for a picture this will do


def open_transfer(page: Page, top: str = "", wider: int = 0, busy: bool = False) -> None:
    """Zoom to the event and out again by so many steps, scroll the panel to a heading, wait until all is
    drawn. A page that is `busy` asks for something all the time."""
    page.locator(TRANSFER).first.click()
    expect(page.locator("#panel svg.plot").first).to_be_visible()
    if not busy:
        page.wait_for_load_state("networkidle")
    page.get_by_role("button", name="Zoom to event").click()
    for _ in range(wider):
        page.locator("#zoom-out").click()
    if top:
        page.locator(f"#panel h3:text-is('{top}')").evaluate(SCROLL)
    page.wait_for_timeout(1000)  # nothing says when the tracks are painted; for a picture this will do


def save(page: Page, path: Path) -> None:
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=path, animations="disabled")
    if (size := path.stat().st_size) > MOST:
        raise AssertionError(f"{path} has {size:,} bytes, more than {MOST:,}")
    print(f"{path} {size:,} bytes")


def run(out: Path, folder: Path) -> None:
    tug = folder / "tug.nmea"
    tug.write_text("".join(f"{line}\n" for line in tug_lines()), "ascii")
    with launched() as browser:
        with Recorded(folder / "demo", recording(folder, "full_run"), "max") as demo:
            with opened(browser, demo, DESKTOP) as page:
                open_case(page)
                save(page, out / "feed.png")
            with opened(browser, demo, DESKTOP, color_scheme="dark") as page:
                open_transfer(page, "Over time")
                save(page, out / "feed-dark.png")
            with opened(browser, demo, PHONE, has_touch=True, device_scale_factor=2) as page:
                open_case(page)
                save(page, out / "feed-phone.png")
        with (
            Recorded(folder / "tug", tug, "max") as taken_back,
            opened(browser, taken_back, DESKTOP) as page,
        ):
            open_transfer(page)
            save(page, out / "feed-retraction.png")


def run_live(out: Path, url: str) -> None:
    with launched() as browser:
        tab = Tab(browser, url, DESKTOP, reduced_motion="reduce")
        page = tab.open()
        open_transfer(page, wider=2, busy=True)
        save(page, out / "feed-live.png")
        if complaints := tab.close():
            raise AssertionError(complaints)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--live", metavar="URL")
    given = parser.parse_args()
    out: Path = given.folder
    if given.live:
        run_live(out, given.live)
        return
    with tempfile.TemporaryDirectory() as folder:
        run(out, Path(folder))


if __name__ == "__main__":
    main()
