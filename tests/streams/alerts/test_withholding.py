"""A dismissed case sends no alert, nor do its legs; nor does what is silenced. The audit says so."""

import time
from typing import Any, Final

import msgspec
import pytest

from models.event import Event
from models.review import Disposition
from models.silence import Act
from streams.feed.views import reviews, silences
from tests.streams.alerts.environments import (
    AlertEnvironment,
    alert_environment,
    ids,
    wait_for_requests,
    webhook_rule,
)
from tests.streams.alerts.factories import event
from tests.streams.alerts.fake_receivers import WebhookReceiver
from tests.streams.feed.stream.test_cases import chain
from tests.waiting import eventually

pytestmark = pytest.mark.services
EVERY: Final[dict[str, Any]] = {"revisions": ["new", "updated"]}


def now() -> int:
    return int(time.time() * 1000)


async def judge(env: AlertEnvironment, about: Event, disposition: Disposition) -> None:
    await env.log.add_review(reviews.review(reviews.ReviewRequest("ann", disposition), about))


async def withheld(env: AlertEnvironment) -> dict[str, str]:
    return {line.about: line.text for line in await env.log.audit() if line.act is Act.WITHHELD}


async def test_a_dismissed_chain_silences_its_legs_and_later_revisions(
    redis_server: str, receiver: WebhookReceiver
) -> None:
    case = chain("case", [event(1).id, event(2).id], revision=1)
    async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver, **EVERY)):
        await env.write(event(1), case)
        await wait_for_requests(receiver, 2)
        await judge(env, case, Disposition.DISMISSED)
        later = msgspec.structs.replace(case, revision=2)
        await env.write(event(1, 2), event(2), later, event(3))
        await wait_for_requests(receiver, 3)
        await judge(env, event(2), Disposition.WATCHING)  # a later word about one leg
        await env.write(event(1, 3), event(2, 2), event(4))
        await wait_for_requests(receiver, 5)
        await judge(env, case, Disposition.CONFIRMED)
        await env.write(event(1, 4))
        await wait_for_requests(receiver, 6)
        told = await withheld(env)
    sent = [event(1), case, event(3), event(2, 2), event(4), event(1, 4)]
    assert ids(receiver) == [f"{one.id}:{one.revision}" for one in sent]
    assert told.keys() == {f"{event(1).id}:2", f"{event(2).id}:1", "case:2", f"{event(1).id}:3"}
    assert told[f"{event(1).id}:2"].startswith("not sent: a leg of chain case, dismissed by ann at ")
    assert told["case:2"].startswith("not sent: dismissed by ann at ")


async def test_a_silence_holds_for_its_vessel_and_place_until_its_end(
    redis_server: str, receiver: WebhookReceiver
) -> None:
    there = event(1).position
    around = f"{there.lon - 1},{there.lat - 1},{there.lon + 1},{there.lat + 1}"
    elsewhere = f"{there.lon + 5},{there.lat - 1},{there.lon + 6},{there.lat + 1}"
    mmsi = int(event(1).vessel.ssvid)
    async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver, **EVERY)):

        async def silence(**scope: object) -> str:
            asked = {"by": "ann", "until": "2099-01-01T00:00:00Z", **scope}
            given = msgspec.convert(asked, silences.SilenceRequest)
            one, line = silences.made(given, now())
            await env.log.add_silence(one, line)
            return one.id

        await silence(mmsi=mmsi, bbox=elsewhere, start="2020-01-01T00:00:00Z")
        await silence(mmsi=mmsi, start="2098-06-01T00:00:00Z")  # not yet
        await env.write(event(1))
        await wait_for_requests(receiver, 1)
        own = await silence(mmsi=mmsi, bbox=around, start="2020-01-01T00:00:00Z", note="in dock")
        await env.write(event(1, 2), event(2))
        await wait_for_requests(receiver, 2)
        assert await env.log.end_silence(own, silences.ended(own, silences.EndRequest("bob"), now()))
        await env.write(event(1, 3))
        await wait_for_requests(receiver, 3)
        await silence(start="2020-01-01T00:00:00Z")  # everything
        await env.write(event(1, 4), event(3))

        async def all_withheld() -> bool:
            return len(await withheld(env)) == 3

        await eventually(all_withheld, "the alerts to be withheld")
        told, lines = await withheld(env), await env.log.audit()
    assert ids(receiver) == [f"{one.id}:{one.revision}" for one in (event(1), event(2), event(1, 3))]
    assert told.keys() == {f"{event(1).id}:2", f"{event(1).id}:4", f"{event(3).id}:1"}
    assert f"silence {own} of vessel {mmsi:09d} in the place" in told[f"{event(1).id}:2"]
    acts = [(line.by, line.act) for line in lines if line.act is not Act.WITHHELD]
    assert ("bob", Act.END_SILENCE) in acts
    assert acts.count(("ann", Act.SILENCE)) == 4


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"until": "2026-01-01T00:00:00Z"}, "give a later time"),
        ({"until": "tomorrow"}, "no time in RFC 3339"),
        ({"until": "2026-06-02T00:00:00Z", "start": "2026-06-03T00:00:00Z"}, "is not after the start"),
    ],
)
def test_a_silence_that_cannot_be_is_refused_with_what_to_give(asked: dict[str, object], said: str) -> None:
    given = msgspec.convert({"by": "ann", **asked}, silences.SilenceRequest)
    with pytest.raises((ValueError, silences.Over), match=said):
        silences.made(given, 1_780_000_000_000)  # in May 2026
