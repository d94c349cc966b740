"""Deliveries on a real Redis: receivers that refuse, a trimmed log, a Redis that was set back."""

import asyncio

import pytest
from standardwebhooks import Webhook as Verifier

from models.event import Level, to_json
from models.review import Disposition
from streams.alerts import delivery
from streams.alerts.channel import Outcome, Result
from streams.alerts.channels.factory import channel_of
from streams.alerts.delivery import Delivery
from streams.alerts.message import Message
from streams.alerts.rule_status import table
from streams.alerts.state_store import RuleStore, key
from streams.feed.views import reviews
from streams.runtime.fencing import Fenced
from streams.store.retention import Retention
from tests.services.redis import RedisServer
from tests.streams.alerts.environments import (
    alert_environment,
    ids,
    wait_for_requests,
    webhook_rule,
)
from tests.streams.alerts.factories import event, rule
from tests.streams.alerts.fake_receivers import Answer, WebhookReceiver, serving
from tests.streams.alerts.message_factories import SECRET
from tests.waiting import eventually

pytestmark = pytest.mark.services


async def test_a_rule_starts_with_the_next_event_and_goes_on_where_it_stopped(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        async with alert_environment(redis_server) as env:
            await env.write(event(1), event(2))
            async with env.deliveries(webhook_rule(receiver)):
                await env.write(event(1, 2), event(3), event(2, 2, level=Level.PROBABLE))
                await wait_for_requests(receiver, 3)
            await env.write(event(4), event(3, 2, level=Level.PROBABLE))
            async with env.deliveries(webhook_rule(receiver)):
                await wait_for_requests(receiver, 5)
            expected = [(1, 2), (3, 1), (2, 2), (4, 1), (3, 2)]
            assert ids(receiver) == [f"{event(number).id}:{revision}" for number, revision in expected]
            for request in receiver.requests:
                Verifier(SECRET).verify(request.body, request.headers)
            stands = await env.rule_status(webhook_rule(receiver))
            assert (stands.state, stands.unread, stands.waiting) == ("well", 0, 0)
            assert stands.last is not None


async def test_a_rule_whose_receiver_is_away_delays_no_other_and_catches_up(redis_server: str) -> None:
    with serving(WebhookReceiver()) as well, serving(WebhookReceiver()) as away:
        away.default = Answer(503)
        rules = [webhook_rule(away, "away"), webhook_rule(well, "well")]
        async with alert_environment(redis_server) as env:
            async with env.deliveries(*rules):
                await env.write(*(event(number) for number in range(30)))
                await wait_for_requests(well, 30)
                await wait_for_requests(away, 3)
                assert set(ids(away)) == {f"{event(0).id}:1"}  # the others don't even knock
                stands = await env.rule_status(rules[0])
                assert (stands.state, stands.waiting, stands.unread) == ("failing", 30, 0)
                assert "answered 503" in table([stands])
                away.requests.clear()
                away.default = Answer()
                await wait_for_requests(away, 30)
            assert ids(away)[-29:] == ids(well)[-29:]
            assert (await env.rule_status(rules[0])).state == "well"
            assert not await env.dead_letters()


async def test_a_receiver_gets_nothing_for_as_long_as_it_asks(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.answers = [Answer(429, {"retry-after": "1"})]
        async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver)):
            await env.write(event(1), event(2))
            await wait_for_requests(receiver, 3)
        assert ids(receiver) == [f"{event(number).id}:1" for number in (1, 1, 2)]
        assert receiver.requests[1].time - receiver.requests[0].time >= 1.0


async def test_an_event_that_was_dismissed_sends_nothing_until_it_is_watched_again(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        every = webhook_rule(receiver, revisions=["updated"])
        async with alert_environment(redis_server) as env, env.deliveries(every):
            await env.write(event(1))
            await wait_for_requests(receiver, 1)
            for revision, disposition in ((2, Disposition.DISMISSED), (3, Disposition.WATCHING)):
                given = reviews.ReviewRequest("ann", disposition)
                await env.log.add_review(reviews.review(given, event(1)))
                await env.write(event(1, revision), event(10 + revision))
                await wait_for_requests(receiver, 2 * revision - 2)
        expected = [(1, 1), (12, 1), (1, 3), (13, 1)]
        assert ids(receiver) == [f"{event(number).id}:{revision}" for number, revision in expected]


async def test_a_message_that_is_refused_lets_others_pass(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.answers = [Answer(500)]
        async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver)):
            await env.write(event(1), event(2))
            await wait_for_requests(receiver, 3)
        assert ids(receiver) == [f"{event(number).id}:1" for number in (1, 2, 1)]


async def test_a_message_refused_for_good_is_a_dead_letter_with_its_event(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.answers = [Answer(400, body=b"no such field")]
        async with alert_environment(redis_server) as env:
            async with env.deliveries(webhook_rule(receiver)):
                await env.write(event(1), event(2))
                await wait_for_requests(receiver, 2)
            (letter,) = await env.dead_letters()
            assert (letter.rule, letter.parcel.id, letter.json) == (
                "watch",
                f"{event(1).id}:1",
                to_json(event(1)),
            )
            assert letter.reason.endswith("answered 400: no such field")


async def test_a_message_refused_for_too_long_is_a_dead_letter(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GIVE_UP", 300)
    with serving(WebhookReceiver()) as receiver:
        receiver.default = Answer(500)
        async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver)):
            await env.write(event(1))

            async def given_up() -> bool:
                return bool(await env.dead_letters())

            await eventually(given_up, "a dead letter")
            assert len(receiver.requests) > 2
            assert (await env.rule_status(webhook_rule(receiver))).waiting == 0


async def test_a_receiver_that_is_gone_gets_nothing_until_its_rule_is_enabled(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.answers = [Answer(410)]
        one = webhook_rule(receiver)
        async with alert_environment(redis_server) as env:
            async with env.deliveries(one):
                await env.write(event(1), event(2))

                async def disabled() -> bool:
                    return bool((await env.rule_status(one)).state == "disabled")

                await eventually(disabled, "the rule to be disabled")
            async with env.deliveries(one) as (again,):  # a restart changes nothing
                await env.write(event(3))
                await asyncio.sleep(0.2)
                assert len(receiver.requests) == 1
                await env.client.hdel(key(env.prefix, one.name), "disabled")
                again.news.set()
                await wait_for_requests(receiver, 4)
            assert ids(receiver) == [f"{event(number).id}:1" for number in (1, 1, 2, 3)]


async def test_a_receiver_is_told_that_entries_are_missing(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        async with alert_environment(redis_server) as env:
            await env.write(event(0))
            async with env.deliveries(webhook_rule(receiver)):
                await env.write(event(1))
                await wait_for_requests(receiver, 1)
            await env.client.xtrim(env.log.keys.log, maxlen=0, approximate=False)
            await env.write(event(2))
            async with env.deliveries(webhook_rule(receiver)):
                await wait_for_requests(receiver, 2)  # all that was cut had been read: nothing to say
            await env.write(*(event(number) for number in range(3, 10)))
            await env.client.xtrim(env.log.keys.log, maxlen=2, approximate=False)
            async with env.deliveries(webhook_rule(receiver)):
                await wait_for_requests(receiver, 5)
            kinds = [request.json["type"] for request in receiver.requests]
            assert kinds == ["event.new", "event.new", "gap", "event.new", "event.new"]
            assert ids(receiver)[3:] == [f"{event(8).id}:1", f"{event(9).id}:1"]
            async with env.deliveries(webhook_rule(receiver)):
                await env.write(event(10))
                await wait_for_requests(receiver, 6)


async def test_an_alert_is_sent_even_if_the_log_has_dropped_its_event(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.default = Answer(503)
        async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver)):
            await env.write(event(1))
            await wait_for_requests(receiver, 1)
            await env.client.xtrim(env.log.keys.log, maxlen=0, approximate=False)
            receiver.default = Answer()

            async def delivered() -> bool:
                return (await env.rule_status(webhook_rule(receiver))).last is not None

            await eventually(delivered, "the alert to be delivered")
            told = receiver.requests[-1]
        assert told.headers["webhook-id"] == f"{event(1).id}:1"
        assert told.json["data"]["events"][0]["summary"] == event(1).summary


async def test_alerts_above_the_limit_are_held_and_counted(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        one = webhook_rule(receiver, max_per_hour=2)
        async with alert_environment(redis_server) as env, env.deliveries(one):
            await env.write(*(event(number) for number in range(10)))

            async def held() -> bool:
                return bool((await env.rule_status(one)).held == 8)

            await eventually(held, "eight to be held")
            assert len(receiver.requests) == 2


async def test_redis_away_for_a_while_and_set_back(own_redis: RedisServer) -> None:
    with serving(WebhookReceiver()) as receiver:
        async with alert_environment(own_redis.url) as env, env.deliveries(webhook_rule(receiver)):
            await env.write(*(event(number) for number in range(20)))
            await wait_for_requests(receiver, 5)
            await asyncio.to_thread(own_redis.restart, kill=True)
            await env.write(*(event(number) for number in range(20, 40)))
            await wait_for_requests(receiver, 40)
            before = await env.client.hgetall(key(env.prefix, "watch"))
            await env.write(event(40))
            await wait_for_requests(receiver, 41)
            # what a Redis restored from a backup would have
            async with env.client.pipeline(transaction=True) as pipe:
                pipe.delete(key(env.prefix, "watch"))
                pipe.hset(key(env.prefix, "watch"), mapping=before)
                await pipe.execute()
            await env.write(event(41))

            async def all_delivered() -> bool:  # some of them twice
                return set(ids(receiver)) == {f"{event(number).id}:1" for number in range(42)}

            await eventually(all_delivered, "all to be delivered")


async def test_the_second_process_takes_over(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        async with alert_environment(redis_server) as env:
            first = Delivery(
                webhook_rule(receiver),
                env.log,
                RuleStore(env.ours, env.prefix, "watch"),
                channel_of(webhook_rule(receiver), "", {"SECRET": SECRET}),
                env.url,
            )
            task = asyncio.create_task(first.run())
            await eventually(lambda: env._started(webhook_rule(receiver)), "the first to start")
            async with env.deliveries(webhook_rule(receiver)):
                await env.write(event(1))
                await wait_for_requests(receiver, 1)
                first.news.set()
                with pytest.raises(Fenced):
                    await task


class Broken:
    """A channel with a fault of its own."""

    async def send(self, message: Message) -> Outcome:
        raise RuntimeError("\x1b[31mbroken\nlevel=INFO event=feigned")


class Wellbehaved:
    async def send(self, message: Message) -> Outcome:
        self.last = message
        return Outcome(Result.DELIVERED, "fine")


async def test_a_fault_of_one_channel_stops_no_other_and_is_logged_in_one_line(
    redis_server: str, logged: pytest.LogCaptureFixture
) -> None:
    well = Wellbehaved()
    rules = [rule(name="broken"), rule(name="well")]
    async with alert_environment(redis_server) as env, env.deliveries(*rules, channels=[Broken(), well]):
        await env.write(event(1))

        async def both_tried() -> bool:
            return hasattr(well, "last") and (await env.rule_status(rules[0])).state == "failing"

        await eventually(both_tried, "the other rule to be told")
    assert "event=retried rule=broken" in logged.text
    lines = logged.text.splitlines()
    assert all(line.startswith("time=") and line.isprintable() for line in lines)


def test_the_log_keeps_more_than_may_wait() -> None:
    """An alert that waits finds its event in the log."""
    from streams.alerts.schedule import WAITING

    assert Retention().log_entries > 2 * WAITING
