"""The page with a fleet on its map, moved about as a person does: frames a second in a real Chromium.

    python -m tests.benchmarks.page [--vessels 20000] [--seconds 10]

A Redis and a feed of its own. The fleet lies in the seas from Taiwan to Sakhalin, none of it on land; every
ten seconds, as often as the page asks, all of it has moved. Chromium has no window and no GPU, so it draws by
the processor, on which Redis, the feed and the writer run too. Frames are those of requestAnimationFrame: a
frame lasts until the next begins. Prints the table of docs/feed.md.
"""

import argparse
import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.sync_api import Page

from geofences.distance import shore_distance_km
from models.event import Event, Level, Position, Status
from models.report import Rows
from models.tick import TICK
from models.time import HOUR, SECOND, Millis, to_text
from models.vessel import Identity, Role, WatchlistHit
from tests.benchmarks.world import HARBOUR, MIDS, TANKERS, UNDER_WAY
from tests.services.redis import RedisServer
from tests.streams.factories import event, vessel
from tests.streams.feed.event_logs import in_redis
from tests.streams.feed.page.browser import Tab, launched
from tests.streams.feed.page.feed_processes import Live

SEAS: Final = (118.0, 24.0, 146.0, 52.0)
"""West, south, east, north: the East China, Yellow and Japan Seas, and the Sea of Okhotsk up to Sakhalin."""
LISTED: Final = 1 / 20
"""Of the tankers."""
EVENTS: Final = 100
PART: Final = 5
"""The fleet moves in so many parts,"""
PAUSE: Final = 2.0
"""with so many seconds between: all of it between two questions of the page."""
SIZE: Final = (1440, 900)
VIEW: Final = "?map=4.5/39.5/132"
"""All of the seas in sight."""

FRAMES: Final = """() => {
    const seen = { frames: [], tasks: [] };
    const observer = new PerformanceObserver((list) =>
        seen.tasks.push(...list.getEntries().map((task) => task.duration)));
    observer.observe({ type: "longtask" });
    const frame = (time) => { seen.frames.push(time); seen.next = requestAnimationFrame(frame); };
    seen.next = requestAnimationFrame(frame);
    window.measured = () => { cancelAnimationFrame(seen.next); observer.disconnect(); return seen; };
}"""

DRAWN: Final = """window.drawn = new Promise((resolve) => {
    const look = () => {
        const canvas = document.querySelector(".leaflet-vessels-pane canvas");
        if (canvas?.width) {
            const middle = [canvas.width / 2 - 150, canvas.height / 2 - 150, 300, 300].map(Math.floor);
            const pixels = new Uint32Array(canvas.getContext("2d").getImageData(...middle).data.buffer);
            if (pixels.some((pixel) => pixel)) { resolve(performance.now()); return; }
        }
        requestAnimationFrame(look);
    };
    addEventListener("DOMContentLoaded", look);
});"""


class Seas:
    """`size` vessels, the same for the same seed: under way, or at anchor in harbours of forty."""

    def __init__(self, size: int, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        number = np.arange(size)
        self.mmsi = np.array(MIDS)[number % len(MIDS)] * 1_000_000 + number // len(MIDS)
        self.moving = rng.random(size) < UNDER_WAY
        harbours = _at_sea(rng, size // HARBOUR + 1, nearer_km=5)
        near = harbours[rng.integers(0, len(harbours), size)] + rng.normal(0, 0.02, (size, 2))
        self.place = np.where(self.moving[:, None], _at_sea(rng, size), near)
        self.course = rng.uniform(0, 360, size)
        self.knots = np.where(self.moving, rng.uniform(8, 16, size), 0.1)
        self.tanker = rng.random(size) < TANKERS
        self.listed = self.tanker & (rng.random(size) < LISTED)

    def identities(self, at: Millis) -> list[Identity]:
        hit = WatchlistHit("OFAC SDN", "1", "mmsi")
        return [
            Identity(
                mmsi,
                at,
                Role.TANKER if tanker else Role.OTHER,
                f"VESSEL {mmsi % 1_000_000}",
                ship_type=80 if tanker else 70,
                watchlists=(hit,) if listed else (),
            )
            for mmsi, tanker, listed in zip(
                self.mmsi.tolist(), self.tanker.tolist(), self.listed.tolist(), strict=True
            )
        ]

    def ticks(self, at: Millis, since: Millis, part: slice) -> Rows:
        """Where they have come to since then."""
        hours, angle = (at - since) / HOUR, np.radians(self.course[part])
        rows = np.zeros(len(self.mmsi[part]), TICK)
        rows["time"], rows["mmsi"] = at, self.mmsi[part]
        rows["lat"] = self.place[part, 1] + self.knots[part] * hours * np.cos(angle) / 60
        east = self.knots[part] * hours * np.sin(angle) / 60
        rows["lon"] = self.place[part, 0] + east / np.cos(np.radians(rows["lat"]))
        rows["sog"], rows["cog"] = self.knots[part], self.course[part]
        rows["heading"] = np.where(np.arange(len(rows)) % 5 == 0, np.nan, np.rint(self.course[part]) % 360)
        return rows

    def events(self, at: Millis) -> list[Event]:
        """One of each of some tankers, where it is."""
        made = []
        for number, index in enumerate(np.flatnonzero(self.tanker)[:EVENTS].tolist()):
            lon, lat = self.place[index].tolist()
            made.append(
                event(
                    number,
                    detected=to_text(at - number * SECOND),
                    position=Position(lat=lat, lon=lon),
                    vessel=vessel(int(self.mmsi[index]), name=f"VESSEL {self.mmsi[index] % 1_000_000}"),
                    level=Level.PROBABLE if number % 3 else Level.POSSIBLE,
                    status=Status.OPEN if number % 2 else Status.CLOSED,
                )
            )
        return made


def _at_sea(rng: np.random.Generator, count: int, nearer_km: float = np.inf) -> Any:
    """Positions off the coast, and no farther than this."""
    west, south, east, north = SEAS
    found = np.empty((0, 2))
    while len(found) < count:
        tried = rng.uniform((west, south), (east, north), (4 * count, 2))
        away = shore_distance_km(tried[:, 0], tried[:, 1])
        found = np.concatenate([found, tried[(away > 0) & (away < nearer_km)]])
    return found[:count]


@contextmanager
def moving(live: Live, seas: Seas, since: Millis) -> Iterator[None]:
    """Meanwhile the fleet moves, part by part; as the sink would write it."""
    stopped = threading.Event()

    async def move() -> None:
        async with in_redis(live.redis, live.prefix) as log:
            for number in cycle(range(PART)):
                if stopped.is_set():
                    return
                part = slice(number, None, PART)
                await log.add(ticks=[seas.ticks(_now(), since, part)])
                await asyncio.sleep(PAUSE)

    writer = threading.Thread(target=lambda: asyncio.run(move()))
    writer.start()
    try:
        yield
    finally:
        stopped.set()
        writer.join()


def _now() -> Millis:
    return time.time_ns() // 1_000_000


def rest(page: Page) -> None:
    page.wait_for_timeout(1000)


def drag(page: Page) -> None:
    """There and back, let go while it moves."""
    x, y = SIZE[0] * 0.65, SIZE[1] * 0.5
    for east, south in ((-260, 120), (260, -120)):
        page.mouse.move(x, y)
        page.mouse.down()
        for step in range(1, 41):
            page.mouse.move(x + east * step / 40, y + south * step / 40)
        page.mouse.up()
        page.wait_for_timeout(250)


def wheel(page: Page) -> None:
    """Two steps in and two out, over the map."""
    page.mouse.move(SIZE[0] * 0.65, SIZE[1] * 0.5)
    for notch in (-120, -120, 120, 120):
        page.mouse.wheel(0, notch)
        page.wait_for_timeout(450)


def point(page: Page) -> None:
    """Over the vessels, which say their names."""
    for step in range(60):
        page.mouse.move(SIZE[0] * 0.4 + 8 * step, SIZE[1] * 0.3 + 5 * step)


def measure(page: Page, act: Callable[[Page], None], seconds: float) -> str:
    """Frames a second, on the whole and by the median; the longest frames; tasks beyond 50 ms."""
    page.evaluate(FRAMES)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        act(page)
    seen = page.evaluate("() => window.measured()")
    frames = np.diff(seen["frames"])
    tasks: list[float] = seen["tasks"]
    return (
        f"{1000 * len(frames) / frames.sum():.0f} | {1000 / np.median(frames):.0f} "
        f"| {np.quantile(frames, 0.99):.0f} ms | {frames.max():.0f} ms "
        f"| {len(tasks)} | {max(tasks, default=0):.0f} ms"
    )


def load(page: Page, url: str) -> str:
    """From opening the page to the fleet's being on it."""
    page.add_init_script(DRAWN)
    page.goto(url)
    return f"{page.evaluate('() => window.drawn') / 1000:.1f} s"


def heap(page: Page) -> str:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    session.send("Performance.enable")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    return f"{metrics['JSHeapUsedSize'] / 2**20:.0f} MiB"


def run(options: argparse.Namespace, folder: Path) -> None:
    seas, since = Seas(options.vessels), _now()
    with RedisServer(folder / "redis") as server, Live(folder / "feed", server.url) as live:
        live.add(seas.events(since), [seas.ticks(since, since, slice(None))], seas.identities(since))
        with launched() as browser, moving(live, seas, since):
            tab = Tab(browser, live.url, SIZE)
            tab.excused = ("willReadFrequently",)  # of DRAWN
            page = tab.page
            first = load(page, f"{live.url}/{VIEW}")
            page.wait_for_timeout(2000)
            print("| what | frames a second | median | worst 1 % | longest | long tasks | longest |")
            print("|---|---|---|---|---|---|---|")
            for what, act in (
                ("nothing", rest),
                ("dragging, all in sight", drag),
                ("zooming by the wheel", wheel),
                ("pointing at vessels", point),
            ):
                print(f"| {what} | {measure(page, act, options.seconds)} |", flush=True)
            print(f"\n{options.vessels:,} vessels first drawn after {first}; JS heap {heap(page)}")
            print(*tab.close(), sep="\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vessels", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run(options, Path(folder))


if __name__ == "__main__":
    main()
