"""Cases: each leg of a chain that stands is sent with the id of the chain, as the chains stand then."""

from typing import Any, Final

import httpx
import msgspec
import pytest

from models.event import Event, EventType, Level, Status, from_json, to_json
from models.time import DAY
from streams.feed.recording.progress import Progress
from streams.feed.stream import cases as module
from streams.feed.stream.cases import Cases
from streams.stages.case_stage import CaseStage
from tests.once import once
from tests.scenarios.runs import RULES
from tests.streams.detection.chains.stories import START, A, B, Story, direct, passed_on
from tests.streams.factories import event
from tests.streams.feed.event_logs import InMemory, filled
from tests.streams.feed.feed_servers import revisions, served, streaming


def told(story: Story) -> list[Event]:
    """All events of a story with its chains, as the stages send them."""
    stage = CaseStage(RULES)
    stage.feed(story.events)
    return stage.advance(START + 200 * DAY)


def delivered() -> bytes:
    return b"\n".join(map(to_json, told(passed_on(Story(), (A, B)))))


DELIVERED: Final = [from_json(line) for line in once("delivered", delivered).splitlines()]
CHAIN: Final = next(one for one in DELIVERED[::-1] if one.type is EventType.CHAIN)
assert CHAIN.chain is not None
LEGS: Final = {leg.event for leg in CHAIN.chain.legs}


def chain(id: str, legs: list[str], **changes: Any) -> Event:
    assert CHAIN.chain is not None
    made = tuple(msgspec.structs.replace(CHAIN.chain.legs[0], event=leg) for leg in legs)
    content = msgspec.structs.replace(CHAIN.chain, legs=made)
    return msgspec.structs.replace(CHAIN, id=id, chain=content, **changes)


def test_legs_have_the_case_and_others_have_none() -> None:
    cases = Cases()
    for one in DELIVERED:
        cases.take(one)
    assert {one.id: cases.of(one.id) for one in DELIVERED} == {
        one.id: CHAIN.id if one.id in LEGS else None for one in DELIVERED
    }


def test_a_chain_that_loses_a_leg_is_split_or_taken_back_is_no_longer_its_case() -> None:
    cases = Cases()
    cases.take(chain("a", ["1", "2", "3"], revision=1))
    cases.take(chain("a", ["1", "2"], revision=2))
    assert [cases.of(leg) for leg in "123"] == ["a", "a", None]
    cases.take(chain("b", ["1", "3"], level=Level.POSSIBLE, revision=1))  # the load is a leg of both
    assert [cases.of(leg) for leg in "123"] == ["a", "a", "b"]
    cases.take(chain("a", ["1", "2"], revision=3, status=Status.RETRACTED))
    assert [cases.of(leg) for leg in "123"] == ["b", None, "b"]
    cases.take(chain("a", ["1", "2"], revision=2))  # comes again
    assert cases.of("2") is None


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHAINS", 3)
    cases = Cases()
    for number in range(10):
        cases.take(chain(f"{number}", [f"leg {number}", "all"]))
    cases.take(chain("7", ["leg 7"], revision=CHAIN.revision + 1))
    assert cases.chains == ["8", "9", "7"]
    assert cases.of("leg 5") is None
    assert cases.of("all") == "8"


def test_json_with_a_case_is_the_event_still() -> None:
    cases = Cases()
    cases.take(chain("a", [event(1).id]))
    added = cases.add_to(to_json(event(1)), event(1).id)
    assert msgspec.json.decode(added) == msgspec.json.decode(to_json(event(1))) | {"case": "a"}
    assert from_json(added) == event(1)
    assert cases.add_to(to_json(event(2)), event(2).id) == to_json(event(2))


@pytest.mark.services
@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_list_detail_and_stream_tell_the_case_as_the_chains_stand(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        await log.add(DELIVERED)  # before the feed starts
        async with (
            served(log.log) as url,
            httpx.AsyncClient(base_url=url) as client,
            streaming(url, "?since=0") as messages,
        ):
            expected = {one.id: CHAIN.id if one.id in LEGS else None for one in DELIVERED}
            assert await listed(client) == expected
            sent = await revisions(messages, len(DELIVERED))
            assert {one.data["id"]: one.data.get("case") for one in sent} == expected
            exported = (await client.get("/v1/events.geojson")).json()["features"]
            assert {one["id"]: one["properties"].get("case") for one in exported} == expected
            leg = min(LEGS)
            detail = (await client.get(f"/v1/events/{leg}")).json()
            assert {one["case"] for one in [detail["event"], *detail["revisions"]]} == {CHAIN.id}

            back = msgspec.structs.replace(
                CHAIN, revision=CHAIN.revision + 1, status=Status.RETRACTED, detected="2027-01-01T00:00:00Z"
            )
            again = next(one for one in DELIVERED[::-1] if one.id == leg)
            again = msgspec.structs.replace(again, revision=again.revision + 1, detected=back.detected)
            await log.add([back])
            assert set((await listed(client)).values()) == {None}
            await log.add([again])
            assert ["case" in one.data for one in await revisions(messages, 2)] == [False, False]


async def test_a_recording_tells_the_case_only_once_the_chain_is_known() -> None:
    log = InMemory()
    events = told(direct(Story()))
    await log.add(events)
    async with served(log.log, progress=Progress(log.log)) as url, httpx.AsyncClient(base_url=url) as client:
        first = next(one for one in events if one.type is EventType.CHAIN)
        assert first.chain is not None
        assert set((await listed(client)).values()) > {None}
        before = next(one.detected for one in events[::-1] if one.detected < first.detected)
        assert set((await listed(client, before)).values()) == {None}
        assert set((await listed(client, first.detected)).values()) > {None}


async def listed(client: httpx.AsyncClient, at: str | None = None) -> dict[str, str | None]:
    """The case of each event in the list."""
    answer = await client.get("/v1/events", params={"limit": "1000", **({"at": at} if at else {})})
    answer.raise_for_status()
    return {one["id"]: one.get("case") for one in answer.json()["events"]}
