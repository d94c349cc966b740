"""A refusal says what is wrong, where, and what is valid; what does not exist is hinted at."""

# ruff: noqa: E501 (rows of requests and sentences)
from typing import Any, Final

import httpx
import msgspec
import redis

from models.event_filter import EventFilter
from streams.feed.recording.memory_log import MemoryLog
from streams.feed.views import hints
from streams.feed.views.vessel_index import VesselIndex
from tests.streams.feed.feed_servers import next_message, served, streaming
from tests.streams.feed.recorded import desk_of, log_of

AREA: Final = {"type": "Polygon", "coordinates": [[[1, 2], [3, 4], [1, 4], [1, 2]]]}
UNTIL: Final = "2099-01-01T00:00:00Z"
REFUSED: Final[list[tuple[str, str, Any, str]]] = [
    ("GET", "events?start=2026-03-02T00:00:00Z&end=2026-03-01T00:00:00Z", None, "start: 2026-03-02T00:00:00Z is after end, 2026-03-01T00:00:00Z; swap them"),
    ("GET", "vessels/273000001/track?start=2026-03-02&end=2026-03-01", None, "start: 2026-03-02T00:00:00Z is after end, 2026-03-01T00:00:00Z; swap them"),
    ("GET", "events?limt=5", None, "limt: no such parameter (did you mean limit?); the parameters are type, level"),
    ("GET", "search", None, "q: missing; give a value"),
    ("GET", "search?q=", None, "q: '' is too short; give at least one character"),
    ("GET", "reviews?format=xml", None, "format: 'xml' is not valid; give json or csv"),
    ("GET", "vessels/abc", None, "'abc' is no MMSI; give up to nine digits"),
    ("POST", "events/x/review", {"by": "me", "disposition": "good"}, "body: disposition: 'good' is not valid; give one of confirmed, dismissed, watching"),
    ("POST", "events/x/review", {"disposition": "confirmed"}, "body: by: missing; give a text of 1 to 100 characters"),
    ("POST", "events/x/review", {"by": 5, "disposition": "confirmed"}, "body: by: 5 is not valid; give a text of 1 to 100 characters"),
    ("POST", "events/x/review", {"by": "me", "disposition": "confirmed", "notes": ""}, "body: notes: no such field (did you mean note?); the fields are by, disposition, note"),
    ("POST", "events/x/review", [1], "body: should be an object, not a list; give a JSON object of by, disposition, note"),
    ("POST", "silences", {"by": "me", "until": UNTIL, "mmsi": -3}, "body: mmsi: -3 is not valid; give a whole number from 1 to 999999999, or leave it out"),
    ("POST", "silences", {"by": "me", "until": UNTIL, "bbox": "1,2,3"}, "body: bbox: '1,2,3' is not valid; give WEST,SOUTH,EAST,NORTH in degrees, like 124,37,132,43"),
    ("POST", "silences", {"by": "me"}, "body: until: missing; give a time in RFC 3339, like 2026-03-01T12:00:00Z"),
    ("POST", "session", {"token": 123456789}, "body: token: this is not valid; give a text"),
    ("POST", "fences", {"name": " ", "by": "me", "geometry": AREA}, "body: name: ' ' is not valid; give a text of 1 to 100 characters, not only blanks"),
    ("POST", "fences", {"name": "a", "by": "me"}, "body: geometry: missing; give a GeoJSON Polygon or MultiPolygon"),
    ("PUT", "fences/kp-nampo", {"name": "a"}, "there is nothing at this address; see /openapi.json. Drawn fences have ids like"),
]  # fmt: skip
HINTS: Final = {
    "fence=Nampoo": "fence: there is no fence with the id or name 'Nampoo' now (did you mean kp-nampo-",
    "not_fence=Nampoo": "fence: there is no fence with the id or name 'Nampoo' now (did you mean kp-nampo-",
    "country=XX": "country: no fence is in 'XX'; there are fences in ",
    "flag=ZZ": "flag: no ship's MMSI has the flag 'ZZ'; give a code like RU",
    "mmsi=273000009": "mmsi: no vessel with the MMSI 273000009 is known here, or it has been silent for too long",
    "watchlist=OFAC": "watchlist: no vessel that was heard here lately is on a list 'ofac'; none is on any",
    "imo=9006759": "imo: 9006759 is no IMO number: its last digit does not fit the others; check it",
}


async def test_a_refusal_says_what_is_wrong_where_and_what_is_valid() -> None:
    log = MemoryLog()
    progress, desk = desk_of(log)
    async with (
        served(log, progress=progress, desk=desk) as url,
        httpx.AsyncClient(base_url=f"{url}/v1/") as client,
    ):
        for method, path, body, told in REFUSED:
            answer = await client.request(method, path, json=body)
            assert answer.status_code in (404, 422), (path, answer.text)
            assert answer.json()["detail"].startswith(told), (path, body)
        for text in ("{", "", "\ud800".encode("utf-8", "surrogatepass")):
            answer = await client.post("silences", content=text)
            assert "; give a JSON object" in answer.json()["detail"]


async def test_of_fences_nothing_is_hinted_while_drawn_ones_are_not_known() -> None:
    async def away() -> msgspec.Raw:
        raise redis.exceptions.ConnectionError

    wanted = EventFilter.parse({"fence": ["drawn-0123456789ab"], "imo": ["9006759"]})
    log = MemoryLog()
    (hint,) = await hints.hints(wanted, away, VesselIndex(log), log)
    assert hint.startswith("imo:")
    recorded = log_of()
    heard = [str(mmsi) for mmsi in await recorded.heard_at(0)][:2]
    some = EventFilter.parse({"mmsi": [*heard, "1"]})
    (hint,) = await hints.hints(some, away, VesselIndex(recorded), recorded)
    assert hint.startswith("mmsi: no vessel with the MMSI 000000001 ")


async def test_what_a_filter_names_that_does_not_exist_is_hinted_at() -> None:
    async with served(MemoryLog()) as url, httpx.AsyncClient() as client:
        for query, told in HINTS.items():
            (hint,) = (await client.get(f"{url}/v1/events?{query}")).json()["hints"]
            assert hint.startswith(told), query
        async with streaming(url, f"?{query}") as messages:
            assert (await next_message(messages, "hello")).data["hints"] == [hint]
        (hint,) = (await client.get(f"{url}/v1/events?fence=kp-nampo-road")).json()["hints"]
        named = hint.partition("did you mean ")[2].partition("?")[0].split(" or ")
        assert named[0] == "kp-nampo-roads"
        assert len(set(named)) == len(named) == 3
        known = "?fence=kp-nampo-roads&country=KP&flag=RU&imo=9006758"
        assert (await client.get(f"{url}/v1/events{known}")).json()["hints"] == []
        many = ",".join(
            f"x{number}" for number in range(8_000)
        )  # looking for names like all of them took 9 s
        assert len((await client.get(f"{url}/v1/events?fence={many}")).json()["hints"]) == 5
