"""An hour of requests that nobody sensible sends, to a feed of the demo's recording in a process of its own:
none may end in a 5xx, and none in a failure that the feed logs.

    python -m tests.streams.feed.siege [--minutes 60] [--seed 1]

Rounds of Schemathesis, with all its checks, by the OpenAPI document, each with another seed; beside them
random bytes, headers, parameters and bodies, one at a time. Prints a line for each round, and a summary; what
Schemathesis finds is in the folder that is printed first. Ends with 1 if anything was found.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.feed.http import openapi
from tests.streams.contracts.validators import ROOT
from tests.streams.feed.page.feed_processes import Recorded, recording
from tests.streams.feed.random_requests import Requests, answered
from tests.waiting import PATIENCE, wait_until

TOKEN: Final = openapi.examples()["postSessionBody"]["token"]
MANY: Final = 10_000_000
FEED: Final = {
    "TANKERWATCH_FEED_REVIEW_TOKENS": TOKEN,
    "TANKERWATCH_FEED_REQUESTS_PER_MINUTE": str(MANY),
    "TANKERWATCH_FEED_REFUSALS_PER_MINUTE": str(MANY),
    "TANKERWATCH_FEED_TRUSTED_PROXIES": "127.0.0.1",
    "TANKERWATCH_FEED_HEARTBEAT_SECONDS": "0.5",
}
ROUND: Final = 300.0
"""Seconds of a round."""
STREAM: Final = "streamEvents"
"""The operation that does not end: it has a short round of its own, whose requests end by a time-out."""
STREAM_ROUND: Final = 60.0
FAILURES: Final = re.compile(r"Traceback|request_failed")


@dataclass(slots=True)
class Found:
    """What a siege has seen."""

    statuses: Counter[int] = field(default_factory=Counter)
    """Of the random requests; 0 for no answer."""
    failed: list[bytes] = field(default_factory=list)
    """Random requests that were answered with a 5xx."""
    cases: int = 0
    """Requests of Schemathesis."""
    findings: int = 0
    """Rounds of Schemathesis that found anything."""


class Besieged(Recorded):
    """A feed of a recording that needs a token, and lets one address ask as often as it likes."""

    def _variables(self) -> dict[str, str]:
        return FEED

    def listed(self) -> list[dict[str, Any]]:
        asked = urllib.request.Request(f"{self.url}/v1/events", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            found: list[dict[str, Any]] = msgspec.json.decode(answer.read())["events"]
        return found

    def memory(self) -> int:
        """What it occupies, in MiB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(re.findall(r"VmRSS:\s+(\d+)", status)[0]) >> 10


async def schemathesis(
    url: str, seed: int, seconds: float, stream: bool, folder: Path, known: Mapping[str, str]
) -> tuple[int, str]:
    """The exit code of a round, and what it told."""
    which = "--include-operation-id" if stream else "--exclude-operation-id"
    more = ["--mode", "negative", "--phases", "coverage,fuzzing"] if stream else []
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", "all",
        "--max-time", str(int(seconds)), "--seed", str(seed), which, STREAM, "--continue-on-failure", *more,
        "--header", f"Authorization: Bearer {TOKEN}", "--generation-database", "none", "--no-color",
        "--request-timeout", "3" if stream else str(PATIENCE),
        cwd=folder,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.streams.feed.schemathesis_hooks",
            "PYTHONPATH": str(ROOT),
            **known,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await running.communicate()
    return running.returncode or 0, output.decode()


async def bombard(url: str, requests: Requests, found: Found, end: float) -> None:
    """Random requests, one after the other, until then."""
    while time.monotonic() < end:
        request = requests.one()
        status = await answered(url, request)
        found.statuses[status] += 1
        if status >= 500:
            found.failed.append(request)


async def besiege(
    feed: Besieged, events: list[dict[str, Any]], seconds: float, seed: int, out: Path
) -> Found:
    found, begin = Found(), time.monotonic()
    ids = [event["id"] for event in events]
    vessels = sorted({event["vessel"]["ssvid"] for event in events if event["vessel"]["ssvid"]})
    known = {"TANKERWATCH_SIEGE_ID": ",".join(ids), "TANKERWATCH_SIEGE_MMSI": ",".join(vessels)}
    number = 0
    while (left := begin + seconds - time.monotonic()) > 1:
        stream = number % 6 == 1
        span = min(left, STREAM_ROUND if stream else ROUND)
        requests = Requests(seed + number, ids, vessels[number % len(vessels)], TOKEN)
        told = out / f"round-{number}.txt"
        (wrong, text), _ = await asyncio.gather(
            schemathesis(feed.url, seed + number, span, stream, out, known),
            bombard(feed.url, requests, found, time.monotonic() + span),
        )
        await asyncio.to_thread(told.write_text, text, "utf-8")
        cases = re.search(r"(\d+) generated", text)
        found.cases += int(cases[1]) if cases else 0
        found.findings += wrong != 0
        number += 1
        print(
            f"{(time.monotonic() - begin) / 60:5.1f} min: {found.cases:,} cases of Schemathesis, "
            f"{found.statuses.total():,} random requests, {len(found.failed)} of them a 5xx; "
            f"the feed takes {feed.memory()} MiB" + (f"; see {told}" if wrong else ""),
            flush=True,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    out = Path(tempfile.mkdtemp(prefix="siege-"))
    print(out, flush=True)
    with Besieged(out / "feed", recording(out, "full_run")) as feed:
        wait_until(lambda: "All has been read" in feed.tail(), "the recording to be read")
        found = asyncio.run(besiege(feed, feed.listed(), given.minutes * 60, given.seed, out))
        alive, logged = feed.running, len(FAILURES.findall(feed.log.read_text(errors="replace")))
    print(dict(sorted(found.statuses.items())))
    for request in found.failed[:20]:
        print(request)
    print(
        f"failures in the log: {logged}; the feed is {'alive' if alive else 'dead'}; "
        f"rounds of Schemathesis with findings: {found.findings}"
    )
    sys.exit(bool(found.failed or logged or found.findings or not alive))


if __name__ == "__main__":
    main()
