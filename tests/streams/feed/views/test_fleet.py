"""Vessels for the map: a client that polls misses nothing, and gets only what has changed."""

from typing import Any

import httpx
import pytest

from models.time import MINUTE, to_text
from models.vessel import Identity, Role, WatchlistHit
from streams.feed.recording.progress import Progress
from tests.streams.factories import START, STEP, event, tick
from tests.streams.feed.event_logs import InMemory, filled
from tests.streams.feed.feed_servers import served

pytestmark = pytest.mark.services
MMSI = 273_000_001


def mmsis(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return sorted(vessel["mmsi"] for vessel in answer.json()["vessels"])


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_polling_gives_what_has_changed_and_misses_nothing(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        await log.add(ticks=[tick(MMSI + number, 0) for number in range(5)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            whole = await client.get("/v1/vessels")
            assert mmsis(whole) == [MMSI + number for number in range(5)]
            assert whole.json()["whole"]
            after = whole.json()["next"]
            await log.add(ticks=[tick(MMSI, 1), tick(MMSI + 1, 1)])
            first = await client.get(f"/v1/vessels?after={after}")
            await log.add(ticks=[tick(MMSI + 2, 1)])  # the same instant, in a later part
            second = await client.get(f"/v1/vessels?after={first.json()['next']}")
            third = await client.get(f"/v1/vessels?after={second.json()['next']}")
            strange = await client.get("/v1/vessels?after=00000000.1")
        assert [mmsis(one) for one in (first, second, third)] == [[MMSI, MMSI + 1], [MMSI + 2], []]
        assert not first.json()["whole"]
        assert strange.json()["whole"]
        assert len(mmsis(strange)) == 5


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_a_limit_cuts_into_parts_that_add_up(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        await log.add(ticks=[tick(MMSI + number, 0) for number in range(25)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            seen: list[int] = []
            query = ""
            for _ in range(4):
                answer = await client.get(f"/v1/vessels?limit=10{query}")
                seen += mmsis(answer)
                query = f"&after={answer.json()['next']}"
        assert seen == [MMSI + number for number in range(25)]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_vessels_in_brief_and_in_detail(kind: str, redis_server: str) -> None:
    hit = WatchlistHit("OFAC SDN", "1", "imo")
    known = Identity(
        MMSI, START, Role.TANKER, "OCEAN STAR", imo=9_074_729, ship_type=80, draught=7.5, watchlists=(hit,)
    )
    async with filled(kind, redis_server) as log:
        await log.add(
            [event(1)],
            [tick(MMSI, 0), tick(MMSI + 1, 0, lon=-179.0)],
            [known, Identity(MMSI + 1, START, Role.OTHER, "TUG")],
        )
        await log.add(ticks=[tick(MMSI, 1, lon=131.1, heading=12.0)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            assert mmsis(await client.get("/v1/vessels?tankers=true")) == [MMSI]
            assert mmsis(await client.get("/v1/vessels?listed=true")) == [MMSI]
            assert mmsis(await client.get("/v1/vessels?bbox=170,0,-170,80")) == [MMSI + 1]
            assert mmsis(await client.get(f"/v1/vessels?mmsi={MMSI + 1}")) == [MMSI + 1]
            assert mmsis(await client.get(f"/v1/vessels?since={to_text(START)}")) == [MMSI]
            (brief,) = (await client.get("/v1/vessels?tankers=true")).json()["vessels"]
            assert brief == {
                "mmsi": MMSI, "time": to_text(START + STEP), "lat": 42.5, "lon": 131.1, "speedKnots": 1.5,
                "course": None, "heading": 12.0, "status": 0, "name": "OCEAN STAR", "flag": "RU",
                "aisShipType": 80, "tanker": True, "listed": True,
            }  # fmt: skip
            told: Any = (await client.get(f"/v1/vessels/{MMSI}")).json()
            missing = await client.get("/v1/vessels/1")
        assert [point["time"] for point in told["track"]] == [to_text(START), to_text(START + STEP)]
        assert told["identity"]["imo"] == "9074729"
        (found,) = told["watchlists"]
        wanted = {"list": "OFAC SDN", "entry": "1", "matchedOn": "imo", "weak": False, "status": "listed"}
        assert found.items() >= wanted.items()
        assert told["events"] == [event(1).id]
        assert missing.status_code == 404


async def test_each_viewer_of_a_recording_has_a_moment_of_its_own() -> None:
    log = InMemory()
    await log.add([event(1, 1, 0)], ticks=[tick(MMSI, 0)])
    await log.add([event(1, 2, 50)], ticks=[tick(MMSI, 10, lon=140.0), tick(MMSI + 1, 10)])
    async with served(log.log, progress=Progress(log.log)) as url, httpx.AsyncClient(base_url=url) as client:
        early, late = ({"at": to_text(START + minutes * MINUTE)} for minutes in (0, 50))
        first = await client.get("/v1/vessels", params=early)
        assert [vessel["lon"] for vessel in first.json()["vessels"]] == [131.0]
        assert first.json()["time"] == early["at"]
        assert mmsis(await client.get("/v1/vessels", params=late)) == [MMSI, MMSI + 1]
        assert mmsis(await client.get("/v1/vessels")) == [MMSI, MMSI + 1]
        since = {**late, "since": to_text(START)}
        assert mmsis(await client.get("/v1/vessels", params=since)) == [MMSI, MMSI + 1]
        assert not (await client.get("/v1/vessels", params=since)).json()["whole"]
        for path in ("/v1/events", f"/v1/events/{event(1).id}"):
            for moment, revision in ((early, 1), (late, 2), ({}, 2)):
                told = (await client.get(path, params=moment)).json()
                assert (told.get("event") or told["events"][0])["revision"] == revision
        # only what came in between, as a page asks for it that plays on
        start = {**late, "start": to_text(START + 1)}
        assert [
            one["revision"] for one in (await client.get("/v1/events", params=start)).json()["events"]
        ] == [2]


async def test_the_live_feed_has_no_moments(redis_server: str) -> None:
    async with (
        filled("redis", redis_server) as log,
        served(log.log) as url,
        httpx.AsyncClient(base_url=url) as client,
    ):
        refused = await client.get("/v1/events", params={"at": to_text(START)})
    assert refused.status_code == 422
    assert "only a recording" in refused.json()["detail"]


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_coverage_and_tracks_say_where_something_was_heard_and_with_which_status(
    kind: str, redis_server: str
) -> None:
    async with filled(kind, redis_server) as log:
        await log.add(ticks=[tick(MMSI, 0, 131.2, 42.7, status=1), tick(MMSI + 1, 0, 124.6, 38.4)])
        await log.add(ticks=[tick(MMSI, 12, 131.4, 42.6, status=5), tick(MMSI + 1, 12, -179.9, -0.1)])
        await log.add(ticks=[tick(MMSI, 36, 179.9, 0.1, status=15, heading=359)])
        async with served(log.log) as url, httpx.AsyncClient(base_url=url) as client:
            whole = (await client.get("/v1/coverage")).json()
            some = (await client.get("/v1/coverage?hours=1")).json()
            points = (await client.get(f"/v1/vessels/{MMSI:09d}")).json()["track"]
            track = (await client.get(f"/v1/vessels/{MMSI:09d}/track")).json()["features"][0]
    assert whole["degrees"] == 0.5
    cells = {(west, south): minutes for west, south, minutes in whole["cells"]}
    assert cells == {(131, 42.5): 120, (124.5, 38): 180, (-180, -0.5): 120, (179.5, 0): 0}
    assert some["cells"] == [[179.5, 0, 0]]
    assert [point["status"] for point in points] == [1, 5, None]
    assert points[-1]["heading"] == 359
    assert track["temporalProperties"][0]["status"]["values"] == [1, 5, None]
