"""Write the examples of the OpenAPI document: `python -m tests.streams.feed.write_examples`.

They are answers of a real feed about a simulated transfer off Cho-do, with long lists cut short.
"""

import asyncio
import json
from pathlib import Path
from typing import Any, Final

import httpx

from streams.feed.http import openapi
from tests.streams.feed.feed_servers import served
from tests.streams.feed.recorded import desk_of, found, log_of

FILE: Final = Path(openapi.__file__).with_name("examples.json")
LONGEST: Final = 2
"""The most items of a list that are shown."""
REVIEW: Final = {"by": "A. Analyst", "disposition": "confirmed", "note": "Both lay alongside all night."}
SILENCE: Final = {
    "by": "A. Analyst",
    "until": "2099-12-31T00:00:00Z",
    "mmsi": 273316240,
    "note": "In dry dock.",
}
FENCE: Final = {
    "name": "Roads",
    "geometry": {
        "type": "Polygon",
        "coordinates": [[[124.5, 38.5], [124.8, 38.5], [124.8, 38.7], [124.5, 38.7], [124.5, 38.5]]],
    },
    "by": "A. Analyst",
}
CHANGING: Final = {
    "drawn": "2026-03-03T08:00:00.000Z",
    "source": "drawn by A. Analyst, 2026-03-03T08:00:00.000Z",
    "id": "9f8e7d6c5b4a3921",
    "time": "2026-03-03T08:00:00.000Z",
    "start": "2026-03-03T08:00:00.000Z",
    "next": "5d2f8c1e.2",
    "about": "9f8e7d6c5b4a3921",
    "text": "no alerts about vessel 273316240 from 2026-03-03T08:00:00.000Z until 2099-12-31T00:00:00.000Z",
}
"""Values shown for what differs in every run."""
DRAWN: Final = "drawn-5d2f8c1e9b4a"


async def answers() -> dict[str, Any]:
    """The answers, by operation id."""
    log = log_of()
    progress, desk = desk_of(log)
    async with served(log, progress=progress, desk=desk) as url, httpx.AsyncClient(base_url=url) as client:
        encounter = next(event for event in found("cho_do")[1] if event.type == "encounter")

        async def get(path: str) -> Any:
            answer = await client.get(path)
            answer.raise_for_status()
            json_like = "json" in answer.headers["content-type"]
            return answer.json() if json_like else answer.text

        drawn = (await client.post("/v1/fences", json=FENCE)).raise_for_status().json()
        edited = {**FENCE, "name": "Roads, east", "version": 1}
        fence = f"/v1/fences/{drawn['id']}"
        posted = await client.post(f"/v1/events/{encounter.id}/review", json=REVIEW)
        posted.raise_for_status()
        return {
            "getEvents": await get("/v1/events?type=encounter&limit=1"),
            "getEventsGeojson": await get("/v1/events.geojson?type=encounter"),
            "getEventsCsv": await get("/v1/events.csv?type=encounter"),
            "getEventsAtom": (await get("/v1/events.atom?type=encounter")).replace(
                url, "http://127.0.0.1:8080"
            ),
            "getEvent": await get(f"/v1/events/{encounter.id}"),
            "getEventTrack": await get(f"/v1/events/{encounter.id}/track"),
            "postReview": posted.json(),
            "postReviewBody": REVIEW,
            "postSilence": (await client.post("/v1/silences", json=SILENCE)).raise_for_status().json(),
            "postSilenceBody": SILENCE,
            "endSilenceBody": {"by": "A. Analyst"},
            "getSilences": await get("/v1/silences"),
            "getAudit": await get("/v1/audit"),
            "postFence": drawn,
            "postFenceBody": FENCE,
            "putFence": (await client.put(fence, json=edited)).raise_for_status().json(),
            "putFenceBody": edited,
            "getDrawn": await get("/v1/fences"),
            "getDrawnFile": await get("/v1/fences/drawn.geojson"),
            "deleteFence": (await client.delete(f"{fence}?version=2&by=Kim")).raise_for_status().json(),
            "getCoverage": await get("/v1/coverage"),
            "getReviews": await get("/v1/reviews"),
            "getVessels": await get("/v1/vessels"),
            "getVessel": await get(f"/v1/vessels/{encounter.vessel.ssvid}"),
            "getVesselTrack": await get(f"/v1/vessels/{encounter.vessel.ssvid}/track"),
            "getSearch": await get("/v1/search?q=cho"),
            "getLedger": await get("/v1/ledger"),
            "getFacilitators": await get("/v1/facilitators"),
            "getConfig": await get("/v1/config"),
            "getFences": await get("/v1/fences.geojson"),
            "getSources": await get("/v1/sources"),
            "getHealth": await get("/healthz"),
            "postSessionBody": {"token": "tQ3nKf0c8aVx1mZ7"},
            "getReplay": await get("/v1/replay"),
            "getReplayMarks": await get("/v1/replay/marks"),
        }


def short(value: Any, key: str = "") -> Any:
    """The value with lists cut short, and fixed values for what differs in every run."""
    if isinstance(value, dict):
        changing = {"next"} if isinstance(value.get("next"), str) and "whole" in value else set()
        changing |= {"id", "time"} if "disposition" in value else set()
        changing |= {"id", "time", "start"} if "until" in value and "id" in value else set()
        changing |= {"time", "about", "text"} if "act" in value else set()
        changing |= {"drawn"} if "drawn" in value and "version" in value else set()
        changing |= {"source"} if str(value.get("source", "")).startswith("drawn by A. Analyst") else set()
        changing |= {"id"} if str(value.get("id", "")).startswith("drawn-") else set()
        shown = {**CHANGING, "id": DRAWN} if str(value.get("id", "")).startswith("drawn-") else CHANGING
        return {name: shown[name] if name in changing else short(one, name) for name, one in value.items()}
    if isinstance(value, list) and key not in ("bbox", "boundingBox", "mmsis") and not _is_whole(value):
        return [short(one) for one in value[:LONGEST]]
    return value


def _is_whole(value: list[Any]) -> bool:
    """Whether it means nothing when cut short: a point, or a small ring."""
    is_ring = 3 < len(value) < 6 and value[0] == value[-1]
    return is_ring or all(isinstance(one, int | float) for one in value)


def write() -> None:
    made = {name: short(answer) for name, answer in asyncio.run(answers()).items()}
    FILE.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
