"""A dismissed case sends no alert, nor do its legs; nor does what is silenced. The audit says so."""

import time
from functools import partial
from typing import Any, Final

import msgspec
import pytest

from models.event import Event, Status, to_json
from models.review import Disposition, Review
from models.silence import Act, Silence
from models.time import HOUR, MINUTE, from_text, to_text
from streams.alerts.channel import Outcome, Result
from streams.alerts.delivery import MAYBE
from streams.alerts.message import Message, Single
from streams.alerts.schedule import Schedule, State
from streams.alerts.state_store import RuleStore, key
from streams.alerts.withholding import Withholding
from streams.feed.views import reviews, silences
from streams.store import judgement_log
from streams.store.event_log import entry_key
from tests.streams.alerts import factories
from tests.streams.alerts.environments import (
    AlertEnvironment,
    alert_environment,
    ids,
    wait_for_requests,
    webhook_rule,
)
from tests.streams.alerts.factories import NIGHT, event
from tests.streams.alerts.fake_receivers import Answer, WebhookReceiver
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


async def test_a_silence_keeps_back_what_was_raised_before_it_and_drops_only_what_is_raised_in_it(
    redis_server: str, receiver: WebhookReceiver
) -> None:
    moment = from_text("2026-03-03T02:00:00Z")
    retracted = event(3, 2, status=Status.RETRACTED)
    rule = webhook_rule(receiver, quiet=NIGHT)
    async with alert_environment(redis_server) as env, env.deliveries(rule, now=lambda: moment):

        async def until_withheld(*events: Event) -> None:
            await env.write(*events)

            async def all_withheld() -> bool:
                return {f"{one.id}:{one.revision}" for one in events} <= (await withheld(env)).keys()

            await eventually(all_withheld, "the alerts to be withheld")

        await env.write(event(1))

        async def held() -> bool:
            return bool((await env.rule_status(rule)).waiting)

        await eventually(held, "the alert of the night to be held")
        moment = from_text("2026-03-03T06:50:00Z")
        given = silences.SilenceRequest("ann", "2026-03-03T07:50:00Z")
        await env.log.add_silence(*silences.made(given, moment))
        moment += MINUTE
        await until_withheld(event(2), event(3))
        moment = from_text("2026-03-03T07:20:00Z")  # no longer quiet, but silent
        await until_withheld(event(4))
        await until_withheld(event(5))
        assert receiver.requests == []
        moment = from_text("2026-03-03T07:50:00Z")
        await env.write(event(2, 2), retracted, event(6))
        await wait_for_requests(receiver, 3)
        told = await withheld(env)
    assert sorted(ids(receiver)) == [f"{event(1).id}:1", f"{event(2).id}:2", f"{event(6).id}:1"]
    assert {msgspec.json.decode(request.body)["type"] for request in receiver.requests} == {"event.new"}
    assert told.keys() == {f"{event(number).id}:1" for number in (2, 3, 4, 5)}


async def test_a_message_that_its_receiver_has_not_taken_is_dropped_when_its_event_is_dismissed(
    redis_server: str, receiver: WebhookReceiver
) -> None:
    receiver.default = Answer(503)
    async with alert_environment(redis_server) as env, env.deliveries(webhook_rule(receiver)):
        await env.write(event(1))
        await wait_for_requests(receiver, 2)
        await judge(env, event(1), Disposition.DISMISSED)

        async def dropped() -> bool:
            return bool(await withheld(env))

        await eventually(dropped, "the message to be dropped")
        before = len(receiver.requests)
        receiver.default = Answer()
        await env.write(event(2))
        await wait_for_requests(receiver, before + 1)
    assert ids(receiver)[before:] == [f"{event(2).id}:1"]


async def test_a_message_that_its_receiver_refused_with_410_counts_as_not_sent(
    redis_server: str, receiver: WebhookReceiver
) -> None:
    rule, receiver.answers = webhook_rule(receiver), [Answer(410)]
    async with alert_environment(redis_server) as env, env.deliveries(rule) as (delivery,):
        await env.write(event(1))

        async def disabled() -> bool:
            return bool((await env.rule_status(rule)).state == "disabled")

        await eventually(disabled, "the rule to be disabled")
        await judge(env, event(1), Disposition.DISMISSED)
        await env.client.hdel(key(env.prefix, rule.name), "disabled")
        delivery.news.set()

        async def dropped() -> bool:
            return bool(await withheld(env))

        await eventually(dropped, "the message to be dropped")
        assert (await withheld(env))[f"{event(1).id}:1"].startswith("not sent: dismissed by ann at ")


class Killed(Exception):
    pass


async def test_a_kill_while_something_is_withheld_sends_nothing_of_it_after_the_silence_and_audits_it_once(
    redis_server: str, receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = from_text("2026-03-03T02:00:00Z")
    rule, commit = webhook_rule(receiver), RuleStore.commit
    async with alert_environment(redis_server) as env:
        given = silences.SilenceRequest("ann", to_text(moment + HOUR), mmsi=int(event(1).vessel.ssvid))

        kills: list[str] = []

        async def killed(self: RuleStore, changed: Any, dead: Any = (), lines: Any = ()) -> None:
            if lines:
                kills.append(lines[0].about)
                raise Killed
            await commit(self, changed, dead, lines)

        monkeypatch.setattr(RuleStore, "commit", killed)
        await env.log.add_silence(*silences.made(given, moment))

        async def until_killed() -> None:
            async with env.deliveries(rule, now=lambda: moment):
                await env.write(event(1))

                async def dead() -> bool:
                    return bool(kills)

                await eventually(dead, "the alert to be withheld")
                await env.write(event(2))

        with pytest.raises(Killed):
            await until_killed()
        monkeypatch.setattr(RuleStore, "commit", commit)
        moment += 2 * HOUR
        async with env.deliveries(rule, now=lambda: moment):
            await wait_for_requests(receiver, 1)
            await env.write(event(1, 2))
            await wait_for_requests(receiver, 2)
        audit = [line.about for line in await env.log.audit() if line.act is Act.WITHHELD]
    assert ids(receiver) == [f"{event(2).id}:1", f"{event(1).id}:2"]
    assert audit == kills == [f"{event(1).id}:1"]


class Unanswering:
    """A receiver whose first answer is lost."""

    def __init__(self) -> None:
        self.got: list[Message] = []

    async def send(self, message: Message) -> Outcome:
        self.got.append(message)
        first = len(self.got) == 1
        return Outcome(Result.REFUSED, "no answer", 3600, unsure=True) if first else Outcome(Result.DELIVERED)


async def test_what_may_have_arrived_before_it_was_dismissed_is_not_called_unsent_and_is_told_again(
    redis_server: str, receiver: WebhookReceiver
) -> None:
    rule, channel = webhook_rule(receiver), Unanswering()
    async with alert_environment(redis_server) as env:
        async with env.deliveries(rule, channels=[channel]):
            await env.write(event(1))

            async def sent() -> bool:
                return bool(channel.got)

            await eventually(sent, "the message to be sent")
        async with env.deliveries(rule, channels=[channel]):  # it is remembered over a restart
            await judge(env, event(1), Disposition.DISMISSED)

            async def dropped() -> bool:
                return bool(await withheld(env))

            await eventually(dropped, "the message to be dropped")
            await judge(env, event(1), Disposition.WATCHING)
            await env.write(event(1, 2))

            async def told_again() -> bool:
                return len(channel.got) == 2

            await eventually(told_again, "the next revision")
            await env.write(event(1, 3, status=Status.RETRACTED))

            async def taken_back() -> bool:
                return len(channel.got) == 3

            await eventually(taken_back, "the retraction")
        told = await withheld(env)
    assert told[f"{event(1).id}:1"].startswith(f"{MAYBE}: dismissed by ann at ")
    assert [one.kind for one in channel.got if isinstance(one, Single)] == ["new", "new", "retracted"]


class CountedLog:
    """A log with one dismissed chain, which counts the events that are read."""

    def __init__(self) -> None:
        self.case = chain("case", [event(1).id], revision=1)
        self.words = [("1-1", reviews.review(reviews.ReviewRequest("ann", Disposition.DISMISSED), self.case))]
        self.read = 0
        self.silences: list[Silence] = []

    async def reviews_since(self, entry: str, count: int) -> list[tuple[str, Review]]:
        return [one for one in self.words if entry_key(one[0]) > entry_key(entry)]

    async def latest_of(self, events: list[str]) -> list[bytes]:
        self.read += len(events)
        return [to_json(self.case) for _ in events]

    async def kept_silences(self) -> list[Silence]:
        return self.silences


async def test_a_dismissed_chain_is_read_once_and_known_as_it_changes() -> None:
    log: Any = CountedLog()
    schedule, people = Schedule(factories.rule(), State()), Withholding(log)
    for number in range(1, 6):
        schedule.take(factories.entry(number, event(number)), event(number), number)
    alerts = schedule.unsent()

    async def gone(at: int) -> list[str]:
        await people.read(at)
        return [alerts[id].event for id, one in people.verdicts(alerts).items() if not one.waits]

    assert [await gone(9) for _ in range(20)] == [[event(1).id]] * 20
    assert log.read == 1
    people.take(chain("case", [event(2).id, event(3).id], revision=2))
    assert await gone(9) == [event(2).id, event(3).id]
    given = silences.SilenceRequest("ann", "1970-01-01T00:00:01Z", mmsi=int(event(5).vessel.ssvid))
    log.silences = [silences.made(given, 5)[0]]  # event 5 was read at that instant
    assert await gone(9) == await gone(2_000) == [event(2).id, event(3).id, event(5).id]
    log.words.append(("1-2", reviews.review(reviews.ReviewRequest("bob", Disposition.CONFIRMED), log.case)))
    assert await gone(9) == [event(5).id]
    assert log.read == 1


async def test_a_clock_ahead_ends_no_silence_and_one_that_is_over_can_not_be_ended(
    redis_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = from_text("2026-03-03T02:00:00Z")
    given = silences.SilenceRequest("ann", to_text(start + HOUR))
    ended = partial(silences.ended, given=silences.EndRequest("bob"))
    async with alert_environment(redis_server) as env:
        one, line = silences.made(given, start)
        await env.log.add_silence(one, line)
        assert await env.log.silences(start + HOUR) == []
        assert await env.log.silences(start) == [one]
        assert not await env.log.end_silence(one.id, ended(one.id, now=start + HOUR))
        assert await env.log.end_silence(one.id, ended(one.id, now=start))
        assert not await env.log.end_silence(one.id, ended(one.id, now=start))
        assert [line.by for line in await env.log.audit()].count("bob") == 1
        monkeypatch.setattr(judgement_log, "AUDIT", 10)
        for number in range(130):
            later = start + number * HOUR
            request = msgspec.structs.replace(given, until=to_text(later + HOUR))
            await env.log.add_silence(*silences.made(request, later))
        assert len(await env.log.kept_silences()) < 30  # those that were over for a day are gone
        assert len(await env.log.audit(1_000)) < 120  # Redis trims by the hundred


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"until": "2026-01-01T00:00:00Z"}, "give a later time"),
        ({"until": "tomorrow"}, "no time in RFC 3339"),
        (
            {"until": "2026-06-02T00:00:00Z", "start": "2026-06-03T00:00:00Z"},
            "must be in the future and after the start",
        ),
    ],
)
def test_a_silence_that_cannot_be_is_refused_with_what_to_give(asked: dict[str, object], said: str) -> None:
    given = msgspec.convert({"by": "ann", **asked}, silences.SilenceRequest)
    with pytest.raises((ValueError, silences.Over), match=said):
        silences.made(given, 1_780_000_000_000)  # in May 2026
