"""What a frame of the map costs by the number of vessels in sight: CPU time of all of Chromium's processes.

    python -m tests.benchmarks.frames [--rounds 6] [--frames 20] [SIZE …]

A map of its own with the page's layer of vessels, repainted whole again and again, the sizes in turn.
Chromium draws by the processor here. The cheapest round of each size counts: what else the machine does adds
to the others, even to CPU time. Prints the table of docs/feed.md.
"""

import argparse
import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from streams.feed.recording.memory_log import MemoryLog
from tests.benchmarks.page import SIZE, Seas
from tests.streams.feed.feed_servers import served
from tests.streams.feed.page.browser import Tab, launched

SIZES: Final = (0, 20_000, 100_000)
TICK: Final = 1000 / os.sysconf("SC_CLK_TCK")
"""Milliseconds of a tick of the kernel's clock of CPU time."""
MADE: Final = """async () => {
    const { VesselLayer } = await import("/static/vessel_layer.js");
    const { Fleet } = await import("/static/fleet.js");
    document.body.replaceChildren(Object.assign(document.createElement("div"), { id: "bench" }));
    Object.assign(document.getElementById("bench").style, { width: "1000px", height: "850px" });
    const map = window.L.map("bench", { zoomAnimation: false }).setView([39.5, 132], 4.5);
    map.createPane("vessels");
    const fleet = new Fleet(() => {}, () => {});
    const layer = new VesselLayer(fleet, { pane: "vessels" }).addTo(map);
    window.bench = { fleet, layer };
}"""
FILLED: Final = """(rows) => {
    const { fleet } = window.bench;
    fleet.byMmsi.clear();
    fleet.newest = Date.parse("2026-03-01T00:00:00Z");
    for (const [mmsi, lon, lat, course, tanker, listed] of rows) fleet.put({ mmsi, lon, lat, course,
        heading: course, speedKnots: 10, name: `VESSEL ${mmsi}`, tanker, listed,
        time: "2026-03-01T00:00:00Z" });
}"""
PAINTED: Final = """async (frames) => {
    const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let i = 0; i < frames; i++) { window.bench.layer.later(); await next(); await next(); }
}"""


@contextmanager
def serving() -> Iterator[str]:
    """The address of a feed that has nothing to tell."""
    up, down, found = threading.Event(), threading.Event(), list[str]()

    async def serve() -> None:
        async with served(MemoryLog()) as url:
            found.append(url)
            up.set()
            await asyncio.to_thread(down.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    up.wait()
    try:
        yield found[0]
    finally:
        down.set()
        thread.join()


def cpu_of(parents: set[int]) -> float:
    """Milliseconds of CPU time that these processes and all below them have used."""
    rows = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                fields = (path / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it has ended meanwhile
            rows[int(path.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    family, grown = set(parents), True
    while grown:
        more = {pid for pid, (parent, _) in rows.items() if parent in family} - family
        family, grown = family | more, bool(more)
    return TICK * sum(ticks for pid, (_, ticks) in rows.items() if pid in family)


def run(sizes: list[int], rounds: int, frames: int) -> dict[int, float]:
    """Milliseconds of CPU time a frame, by the number of vessels."""
    rows = {}
    for size in sizes:
        seas = Seas(max(size, 1))
        columns = seas.mmsi, *seas.place.T, seas.course, seas.tanker, seas.listed
        rows[size] = list(zip(*(column.tolist() for column in columns), strict=True))[:size]
    least: dict[int, float] = {}
    with serving() as url, launched() as browser:
        tab = Tab(browser, url, SIZE)
        tab.page.goto(f"{url}/")
        tab.page.evaluate(MADE)
        for _ in range(rounds):
            for size in sizes:
                tab.page.evaluate(FILLED, rows[size])
                tab.page.evaluate(PAINTED, 3)
                before = cpu_of({os.getpid()})
                tab.page.evaluate(PAINTED, frames)
                took = (cpu_of({os.getpid()}) - before) / frames
                least[size] = min(least.get(size, took), took)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--frames", type=int, default=20)
    options = parser.parse_args()
    print("| vessels in sight | CPU time a frame |\n|---|---|")
    for size, took in run(list(options.sizes), options.rounds, options.frames).items():
        print(f"| {size:,} | {took:.1f} ms |")


if __name__ == "__main__":
    main()
