"""What a frame of the map costs by the number of vessels in sight: CPU time of all of Chromium's processes.

    python -m tests.benchmarks.frames [--rounds 6] [--frames 20] [SIZE …]

A map of its own with the page's layer of vessels, repainted whole again and again, the sizes in turn.
Chromium draws by the processor here. The cheapest round of each size counts: what else the machine does adds
to the others, even to CPU time. Prints the table of docs/feed.md.
"""

import argparse
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import numpy as np

from streams.feed.http.page_routes import PAGE, SHARED
from tests.benchmarks.page import LISTED, SEAS, SIZE
from tests.benchmarks.world import TANKERS
from tests.streams.feed.page.browser import Tab, launched

EMPTY: Final = b"""<!doctype html><link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/web/event.css"><link rel="stylesheet" href="/static/page.css">
<script src="/static/leaflet/leaflet.js"></script><body></body>"""
TYPES: Final = {".js": "text/javascript", ".css": "text/css"}
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
    const { fleet } = window.bench, time = "2026-03-01T00:00:00Z";
    fleet.newest = Date.parse(time);
    const all = rows.map(([lon, lat, course, tanker, listed], mmsi) => ({ mmsi, lon, lat, course, tanker,
        listed, heading: course, speedKnots: 10, name: `VESSEL ${mmsi}`, time }));
    window.bench.fill = (size) => {
        fleet.byMmsi.clear();
        for (const vessel of all.slice(0, size)) fleet.put(vessel);
    };
}"""
PAINTED: Final = """async (frames) => {
    const next = () => new Promise((resolve) => requestAnimationFrame(resolve));
    for (let i = 0; i < frames; i++) { window.bench.layer.later(); await next(); await next(); }
}"""


class Files(SimpleHTTPRequestHandler):
    """The page's files under the addresses that the feed gives them, and an empty page that loads its map."""

    def do_GET(self) -> None:
        below = self.path.partition("?")[0].removeprefix("/static/")
        name = SHARED / below.removeprefix("web/") if below.startswith("web/") else PAGE / below
        content = name.read_bytes() if self.path.startswith("/static/") else EMPTY
        self.send_response(200)
        self.send_header("Content-Type", TYPES.get(name.suffix, "text/html"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing: standard output has the table."""


@contextmanager
def serving() -> Iterator[str]:
    """The address of these files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


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


def fleet(size: int) -> list[tuple[float, float, float, bool, bool]]:
    """Longitude, latitude, course, whether a tanker, whether listed; all in sight."""
    rng = np.random.default_rng(1)
    west, south, east, north = SEAS
    tanker = rng.random(size) < TANKERS
    columns = (
        rng.uniform(west, east, size), rng.uniform(south, north, size), rng.uniform(0, 360, size),
        tanker, tanker & (rng.random(size) < LISTED),
    )  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))


def run(sizes: list[int], rounds: int, frames: int) -> dict[int, float]:
    """Milliseconds of CPU time a frame, by the number of vessels."""
    rows = fleet(max(sizes))
    least: dict[int, float] = {}
    with serving() as url, launched() as browser:
        tab = Tab(browser, url, SIZE)
        tab.page.goto(f"{url}/")
        tab.page.evaluate(MADE)
        tab.page.evaluate(FILLED, rows)
        for _ in range(rounds):
            for size in sizes:
                tab.page.evaluate("(size) => window.bench.fill(size)", size)
                tab.page.evaluate(PAINTED, 2)
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
