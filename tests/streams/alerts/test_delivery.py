"""Couriers on a real Redis: receivers that refuse, a log that was cut, a Redis that was set back."""

import asyncio
import logging
from collections import Counter

import pytest
from standardwebhooks import Webhook as Verifier

from models.event import Level, to_json
from streams.alerts import delivery
from streams.alerts.channel import Outcome, Result
from streams.alerts.channels.factory import channel_of
from streams.alerts.delivery import Delivery
from streams.alerts.message import Message
from streams.alerts.rule_status import table
from streams.alerts.state_store import RuleStore, key
from streams.runtime.fencing import Fenced
from streams.store.retention import Retention
from tests.services.redis import RedisServer
from tests.streams.alerts.environments import (
    got,
    ids,
    place,
    to,
)
from tests.streams.alerts.factories import event, rule
from tests.streams.alerts.fake_receivers import Answer, Hook, serving
from tests.streams.alerts.message_factories import SECRET
from tests.waiting import eventually

pytestmark = pytest.mark.services


async def test_a_rule_tells_what_comes_after_it_was_made_and_goes_on_where_it_was(redis_server: str) -> None:
    with serving(Hook()) as hook:
        async with place(redis_server) as here:
            await here.write(event(1), event(2))
            async with here.couriers(to(hook)):
                await here.write(event(1, 2), event(3), event(2, 2, level=Level.PROBABLE))
                await got(hook, 3)
            await here.write(event(4), event(3, 2, level=Level.PROBABLE))
            async with here.couriers(to(hook)):
                await got(hook, 5)
            expected = [(1, 2), (3, 1), (2, 2), (4, 1), (3, 2)]
            assert ids(hook) == [f"{event(number).id}:{revision}" for number, revision in expected]
            for request in hook.requests:
                Verifier(SECRET).verify(request.body, request.headers)
            stands = await here.stands(to(hook))
            assert (stands.state, stands.unread, stands.waiting) == ("well", 0, 0)
            assert stands.last is not None


async def test_a_rule_whose_receiver_is_away_holds_no_other_and_catches_up(redis_server: str) -> None:
    with serving(Hook()) as well, serving(Hook()) as away:
        away.default = Answer(503)
        rules = [to(away, "away"), to(well, "well")]
        async with place(redis_server) as here:
            async with here.couriers(*rules):
                await here.write(*(event(number) for number in range(30)))
                await got(well, 30)
                await got(away, 3)
                assert set(ids(away)) == {f"{event(0).id}:1"}  # the others don't even knock
                stands = await here.stands(rules[0])
                assert (stands.state, stands.waiting, stands.unread) == ("failing", 30, 0)
                assert "answered 503" in table([stands])
                away.requests.clear()
                away.default = Answer()
                await got(away, 30)
            assert ids(away)[-29:] == ids(well)[-29:]
            assert (await here.stands(rules[0])).state == "well"
            assert not await here.dead()


async def test_a_receiver_is_left_alone_for_as_long_as_it_asks(redis_server: str) -> None:
    with serving(Hook()) as hook:
        hook.answers = [Answer(429, {"retry-after": "1"})]
        async with place(redis_server) as here, here.couriers(to(hook)):
            await here.write(event(1), event(2))
            await got(hook, 3)
        assert ids(hook) == [f"{event(number).id}:1" for number in (1, 1, 2)]
        assert hook.requests[1].time - hook.requests[0].time >= 1.0


async def test_a_message_that_is_refused_lets_others_pass(redis_server: str) -> None:
    with serving(Hook()) as hook:
        hook.answers = [Answer(500)]
        async with place(redis_server) as here, here.couriers(to(hook)):
            await here.write(event(1), event(2))
            await got(hook, 3)
        assert ids(hook) == [f"{event(number).id}:1" for number in (1, 2, 1)]


async def test_what_is_refused_for_good_is_a_dead_letter_with_its_event(redis_server: str) -> None:
    with serving(Hook()) as hook:
        hook.answers = [Answer(400, body=b"no such field")]
        async with place(redis_server) as here:
            async with here.couriers(to(hook)):
                await here.write(event(1), event(2))
                await got(hook, 2)
            (letter,) = await here.dead()
            assert (letter.rule, letter.parcel.id, letter.json) == (
                "watch",
                f"{event(1).id}:1",
                to_json(event(1)),
            )
            assert letter.reason.endswith("answered 400: no such field")


async def test_what_is_refused_for_too_long_is_a_dead_letter(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "GIVE_UP", 300)
    with serving(Hook()) as hook:
        hook.default = Answer(500)
        async with place(redis_server) as here, here.couriers(to(hook)):
            await here.write(event(1))

            async def given_up() -> bool:
                return bool(await here.dead())

            await eventually(given_up, "a dead letter")
            assert len(hook.requests) > 2
            assert (await here.stands(to(hook))).waiting == 0


async def test_a_receiver_that_is_gone_gets_nothing_until_a_person_says_so(redis_server: str) -> None:
    with serving(Hook()) as hook:
        hook.answers = [Answer(410)]
        one = to(hook)
        async with place(redis_server) as here:
            async with here.couriers(one):
                await here.write(event(1), event(2))

                async def disabled() -> bool:
                    return bool((await here.stands(one)).state == "disabled")

                await eventually(disabled, "the rule to be disabled")
            async with here.couriers(one) as (again,):  # a restart changes nothing
                await here.write(event(3))
                await asyncio.sleep(0.2)
                assert len(hook.requests) == 1
                await here.client.hdel(key(here.prefix, one.name), "disabled")
                again.news.set()
                await got(hook, 4)
            assert ids(hook) == [f"{event(number).id}:1" for number in (1, 1, 2, 3)]


async def test_a_log_that_was_cut_is_said_to_the_receiver(redis_server: str) -> None:
    with serving(Hook()) as hook:
        async with place(redis_server) as here:
            await here.write(event(0))
            async with here.couriers(to(hook)):
                await here.write(event(1))
                await got(hook, 1)
            await here.client.xtrim(here.log.keys.log, maxlen=0, approximate=False)
            await here.write(event(2))
            async with here.couriers(to(hook)):
                await got(hook, 2)  # all that was cut had been read: nothing to say
            await here.write(*(event(number) for number in range(3, 10)))
            await here.client.xtrim(here.log.keys.log, maxlen=2, approximate=False)
            async with here.couriers(to(hook)):
                await got(hook, 5)
            kinds = [request.json["type"] for request in hook.requests]
            assert kinds == ["event.new", "event.new", "gap", "event.new", "event.new"]
            assert ids(hook)[3:] == [f"{event(8).id}:1", f"{event(9).id}:1"]
            async with here.couriers(to(hook)):
                await here.write(event(10))
                await got(hook, 6)


async def test_an_alert_whose_event_the_log_has_no_more_is_told_all_the_same(redis_server: str) -> None:
    with serving(Hook()) as hook:
        hook.default = Answer(503)
        async with place(redis_server) as here, here.couriers(to(hook)):
            await here.write(event(1))
            await got(hook, 1)
            await here.client.xtrim(here.log.keys.log, maxlen=0, approximate=False)
            hook.default = Answer()

            async def delivered() -> bool:
                return (await here.stands(to(hook))).last is not None

            await eventually(delivered, "the alert to be delivered")
            told = hook.requests[-1]
        assert told.headers["webhook-id"] == f"{event(1).id}:1"
        assert told.json["data"]["events"][0]["summary"] == event(1).summary


async def test_what_is_too_much_for_an_hour_is_held_and_counted(redis_server: str) -> None:
    with serving(Hook()) as hook:
        one = to(hook, max_per_hour=2)
        async with place(redis_server) as here, here.couriers(one):
            await here.write(*(event(number) for number in range(10)))

            async def held() -> bool:
                return bool((await here.stands(one)).held == 8)

            await eventually(held, "eight to be held")
            assert len(hook.requests) == 2


async def test_redis_away_for_a_while_and_set_back(own_redis: RedisServer) -> None:
    with serving(Hook()) as hook:
        async with place(own_redis.url) as here, here.couriers(to(hook)):
            await here.write(*(event(number) for number in range(20)))
            await got(hook, 5)
            await asyncio.to_thread(own_redis.restart, kill=True)
            await here.write(*(event(number) for number in range(20, 40)))
            await got(hook, 40)
            before = await here.client.hgetall(key(here.prefix, "watch"))
            await here.write(event(40))
            await got(hook, 41)
            # what a Redis restored from a backup would have
            await here.client.delete(key(here.prefix, "watch"))
            await here.client.hset(key(here.prefix, "watch"), mapping=before)
            await here.write(event(41))
            await got(hook, 43)
        counted = Counter(ids(hook))
        assert set(counted) == {f"{event(number).id}:1" for number in range(42)}


async def test_who_comes_second_takes_over(redis_server: str) -> None:
    with serving(Hook()) as hook:
        async with place(redis_server) as here:
            first = Delivery(
                to(hook),
                here.log,
                RuleStore(here.client, here.prefix, "watch"),
                channel_of(to(hook), "", {"SECRET": SECRET}),
                here.url,
            )
            task = asyncio.create_task(first.run())
            await eventually(lambda: here._started(to(hook)), "the first to start")
            async with here.couriers(to(hook)):
                await here.write(event(1))
                await got(hook, 1)
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


async def test_a_fault_of_one_channel_ends_nothing_and_logs_on_one_line(
    redis_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "streams")
    well = Wellbehaved()
    rules = [rule(name="broken"), rule(name="well")]
    async with place(redis_server) as here, here.couriers(*rules, channels=[Broken(), well]):
        await here.write(event(1))

        async def told() -> bool:
            return hasattr(well, "last") and (await here.stands(rules[0])).state == "failing"

        await eventually(told, "the other rule to be told")
    lines = [record.getMessage() for record in caplog.records if "retried" in record.getMessage()]
    assert lines
    assert all("\n" not in line and "\x1b" not in line for line in lines)


def test_limits_of_the_log_are_above_what_may_wait() -> None:
    """An alert that waits finds its event in the log."""
    from streams.alerts.schedule import WAITING

    assert Retention().log_entries > 2 * WAITING
