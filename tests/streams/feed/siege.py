"""An hour of requests that nobody sensible sends, to a feed of the demo's recording in a process of its own:
none may end in a 5xx, and none in a failure that the feed logs.

    python -m tests.streams.feed.siege [--minutes 60] [--seed 1] [--deep 0.9]

Rounds of Schemathesis, with all its checks, by the OpenAPI document, each with another seed; beside them
random requests, four at a time: nine in ten by default carry a token and are well-formed, with wild values
(`deep_requests.py`), the others are random bytes, headers, parameters and bodies (`random_requests.py`).
Prints a line for each round, and how often each operation was answered how; what Schemathesis finds is in the
folder that is printed first. Ends with 1 if anything was found.
"""

import argparse
import asyncio
import os
import random
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
from tests.streams.feed.deep_requests import DeepRequests, Known
from tests.streams.feed.page.feed_processes import Recorded, recording
from tests.streams.feed.random_requests import Requests, answered, exchanged
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
MOST: Final = 3_000_000
"""Bytes of an answer that are read at most."""
AT_ONCE: Final = 4
"""Random requests at a time."""
LONGEST: Final = 2.0
"""Seconds for which the body of an answer is read: the stream does not end."""
LOOKED_UP: Final = re.compile(r"(?<=events|essels|lences|fences)/(?!stream|drawn\.)[^/]+")
FAILURES: Final = re.compile(r"Traceback|request_failed")


@dataclass(slots=True)
class Found:
    """What a siege has seen."""

    deep: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Well-formed random requests by operation and status; 0 for no answer."""
    statuses: Counter[int] = field(default_factory=Counter)
    """Of the malformed random requests."""
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
        "--max-response-time", str(PATIENCE),  # how long it takes depends on what else the machine does
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


async def bombard(
    url: str, malformed: Requests, deep: DeepRequests, share: float, seed: int, found: Found, end: float
) -> None:
    """Random requests, one after the other, until then; this share of them well-formed."""
    chance = random.Random(seed)
    while time.monotonic() < end:
        if chance.random() < share:
            request = deep.one()
            most = chance.choice((1, 100_000, MOST))  # who leaves before the end, and who stays
            status, body = await exchanged(url, request, most, LONGEST)
            found.deep[operation(request), status] += 1
            if status in (200, 201):
                deep.learn(request, body)
        else:
            request = malformed.one()
            status = await answered(url, request)
            found.statuses[status] += 1
        if status >= 500:
            found.failed.append(request)


def operation(request: bytes) -> str:
    """Method and path of a well-formed request, with `ID` for whatever is looked up."""
    method, target, _ = request.decode("utf-8", "replace").split(" ", 2)
    return f"{method} {LOOKED_UP.sub('/ID', target.partition('?')[0])}"


async def besiege(
    feed: Besieged, events: list[dict[str, Any]], seconds: float, seed: int, share: float, out: Path
) -> Found:
    found, begin = Found(), time.monotonic()
    ids = [event["id"] for event in events]
    vessels = sorted({event["vessel"]["ssvid"] for event in events if event["vessel"]["ssvid"]})
    known = Known(ids, vessels, sorted({event["detected"] for event in events}))
    hooks = {"TANKERWATCH_SIEGE_ID": ",".join(ids), "TANKERWATCH_SIEGE_MMSI": ",".join(vessels)}
    number = 0
    while (left := begin + seconds - time.monotonic()) > 1:
        stream = number % 6 == 1
        span = min(left, STREAM_ROUND if stream else ROUND)
        told = out / f"round-{number}.txt"

        first, end = seed + AT_ONCE * number, time.monotonic() + span
        at_once = [
            bombard(
                feed.url,
                Requests(its, ids, vessels[its % len(vessels)], TOKEN),
                DeepRequests(its, known, TOKEN),
                share,
                its,
                found,
                end,
            )
            for its in range(first, first + AT_ONCE)
        ]
        (wrong, text), _ = await asyncio.gather(
            schemathesis(feed.url, seed + number, span, stream, out, hooks), asyncio.gather(*at_once)
        )
        await asyncio.to_thread(told.write_text, text, "utf-8")
        cases = re.search(r"(\d+) generated", text)
        found.cases += int(cases[1]) if cases else 0
        found.findings += wrong != 0
        number += 1
        print(
            f"{(time.monotonic() - begin) / 60:5.1f} min: {found.cases:,} cases of Schemathesis, "
            f"{found.deep.total():,} well-formed and {found.statuses.total():,} malformed random requests, "
            f"{len(found.failed)} of them a 5xx; "
            f"the feed takes {feed.memory()} MiB" + (f"; see {told}" if wrong else ""),
            flush=True,
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deep", type=float, default=0.9, help="share of well-formed random requests")
    given = parser.parse_args()
    out = Path(tempfile.mkdtemp(prefix="siege-"))
    print(out, flush=True)
    with Besieged(out / "feed", recording(out, "full_run")) as feed:
        wait_until(lambda: "All has been read" in feed.tail(), "the recording to be read")
        found = asyncio.run(besiege(feed, feed.listed(), given.minutes * 60, given.seed, given.deep, out))
        alive, logged = feed.running, len(FAILURES.findall(feed.log.read_text(errors="replace")))
    for name in sorted({name for name, _ in found.deep}):
        print(f"{name:32} {dict(sorted((s, n) for (one, s), n in found.deep.items() if one == name))}")
    print(f"{'malformed':32} {dict(sorted(found.statuses.items()))}")
    for request in found.failed[:20]:
        print(request)
    print(
        f"failures in the log: {logged}; the feed is {'alive' if alive else 'dead'}; "
        f"rounds of Schemathesis with findings: {found.findings}"
    )
    sys.exit(bool(found.failed or logged or found.findings or not alive))


if __name__ == "__main__":
    main()
