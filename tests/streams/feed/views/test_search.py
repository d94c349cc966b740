"""The search finds vessels by all that they were ever called, places, and cases."""

from typing import Any

import httpx
import msgspec
import pytest

from models.event import EventType
from models.time import MINUTE, to_text
from models.vessel import Identity, Role
from tests.streams.factories import START, event, met, tick, vessel
from tests.streams.feed.event_logs import filled
from tests.streams.feed.feed_servers import served

pytestmark = pytest.mark.services
LONE, ONE, OTHER = 273_000_001, 273_000_002, 445_000_003


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_vessels_places_and_cases_are_found(kind: str, redis_server: str) -> None:
    def called(mmsi: int, minutes: int, name: str, **more: Any) -> Identity:
        return Identity(mmsi, START + minutes * MINUTE, Role.TANKER, name=name, **more)

    transfer = msgspec.structs.replace(
        event(7),
        type=EventType.ENCOUNTER,
        port_visit=None,
        vessel=vessel(ONE, name="EASTERN HOPE"),
        encounter=met(vessel(OTHER, name="NORTH")),
        summary="EASTERN HOPE met NORTH.",
    )
    async with filled(kind, redis_server) as log:
        first = [called(LONE, 0, "SEA BREEZE", imo=9074729, callsign="UBX7"), called(ONE, 0, "EASTERN HOPE")]
        await log.add([transfer], [tick(LONE, 0), tick(ONE, 0), tick(OTHER, 0)], first)
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:

            async def found(text: str, **more: str) -> tuple[list[int], list[str], list[str]]:
                answer = await client.get("/v1/search", params={"q": text, **more})
                told = answer.raise_for_status().json()
                places, cases = ([one["id"] for one in told[part]] for part in ("places", "cases"))
                return [one["mmsi"] for one in told["vessels"]], places, cases

            for text in (
                "sea breeze",
                "Breeze",
                "IMO 9074729",
                "9074729",
                "mmsi 273000001",
                "ubx7",
                "273000001",
            ):
                assert (await found(text))[0] == [LONE], text  # it has no event
            assert await found("eastern") == ([ONE], [], [transfer.id])
            assert (await found(transfer.id))[2] == [transfer.id]
            assert "kp-nampo-roads" in (await found("nampo roads"))[1]
            assert (await found("nampo breeze")) == ([], [], [])
            assert len((await found("27300000", limit="1"))[0]) == 1
            # a new name is found at once, and the old one still leads to the vessel
            await log.add([], [tick(LONE, 2)], [called(LONE, 10, "NEW DAWN", imo=9074729)])
            assert (await found("dawn"))[0] == [LONE]
            (told,) = (await client.get("/v1/search", params={"q": "breeze"})).json()["vessels"]
            assert (told["name"], told["former"]) == ("NEW DAWN", "SEA BREEZE")
            if kind == "memory":  # at a moment before, nobody knew
                assert (await found("dawn", at=to_text(START)))[0] == []
            for refused in ("", "x" * 101):
                assert (await client.get("/v1/search", params={"q": refused})).status_code == 422
