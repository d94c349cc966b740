"""The OpenAPI document and the real feed agree: Schemathesis finds nothing, and the examples are real.

For a longer run: `TANKERWATCH_EXAMPLES=500 pytest tests/streams/feed/http/test_contract.py`.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import httpx
import jsonschema
import pytest

from streams.feed.http import access, openapi
from streams.feed.recording.progress import Progress
from streams.feed.settings import FeedSettings
from tests.streams.contracts.validators import ROOT
from tests.streams.feed import write_examples
from tests.streams.feed.feed_servers import served
from tests.streams.feed.recorded import desk_of, log_of
from tests.waiting import PATIENCE

TOKEN: Final = openapi.examples()["postSessionBody"]["token"]
SETTINGS: Final = FeedSettings(
    review_tokens=TOKEN, requests_per_minute=10_000_000, refusals_per_minute=10_000_000
)


async def described(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        found: dict[str, Any] = (await client.get(f"{url}/openapi.json")).json()
    return found


async def test_schemathesis_finds_nothing(tmp_path: Path) -> None:
    many = os.environ.get("TANKERWATCH_EXAMPLES", "5")
    log = log_of()
    progress, desk = desk_of(log)
    async with served(log, SETTINGS, progress, desk=desk) as url:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json",
            "--exclude-operation-id", "streamEvents",  # it does not end; see test_stream.py
            "--max-examples", many, "--seed", "1", "--continue-on-failure", "--no-color",
            "--header", f"Authorization: Bearer {TOKEN}", "--generation-database", "none",
            "--request-timeout", str(PATIENCE),
            cwd=tmp_path,
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": "tests.streams.feed.schemathesis_hooks",
                "PYTHONPATH": str(ROOT),
            },
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await running.communicate()
    told = output.decode()
    assert running.returncode == 0, told
    assert "Warnings" not in told, told


async def test_examples_are_real_and_match_their_schemas() -> None:
    log = log_of()
    progress, desk = desk_of(log)
    async with served(log, progress=progress, desk=desk) as url:
        told = await described(url)
    shown = 0
    for operations in told["paths"].values():
        for operation in operations.values():
            contents = [answer.get("content", {}) for answer in operation["responses"].values()]
            contents.append(operation.get("requestBody", {}).get("content", {}))
            for content in contents:
                for media in content.values():
                    if "example" in media:
                        schema = {**media["schema"], "components": told["components"]}
                        jsonschema.validate(media["example"], schema)
                        shown += 1
    assert shown == len(openapi.examples())
    made = {name: write_examples.short(answer) for name, answer in (await write_examples.answers()).items()}
    assert json.loads(write_examples.FILE.read_text()) == made, (
        "run `python -m tests.streams.feed.write_examples`"
    )


@pytest.mark.parametrize("mode", ["live", "recording"])
async def test_every_operation_has_a_summary_and_an_id_of_its_own(mode: str) -> None:
    log = log_of()
    async with served(log, progress=Progress(log) if mode == "recording" else None) as url:
        told = await described(url)
    operations = [one for path in told["paths"].values() for one in path.values()]
    assert all(one["summary"].endswith(".") for one in operations)
    assert len({one["operationId"] for one in operations}) == len(operations)
    assert ("/v1/replay" in told["paths"]) is (mode == "recording")
    named = {one["name"] for operation in operations for one in operation.get("parameters", ())}
    assert ("at" in named) is (mode == "recording")


async def test_the_operations_that_need_no_token_are_those_that_access_lets_through() -> None:
    async with served(log_of()) as url:
        paths = (await described(url))["paths"]
    open_ = {
        path for path, operations in paths.items() for one in operations.values() if one.get("security") == []
    }
    assert open_ == access.OPEN - {"/", "/openapi.json"}
