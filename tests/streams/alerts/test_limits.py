"""Alerts on limits: the time left of chains, the ledger beside the cap; each once, also after restarts."""

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from models.event import Event, Level, Status, from_json, to_json
from models.time import DAY, HOUR, from_text, to_text
from streams.alerts.alert import Alert
from streams.alerts.channels import mail, mqtt, slack
from streams.alerts.message import Digest, Share, message_of, payload, subject
from streams.alerts.receivers import Email
from streams.alerts.rules import RulesError, read
from streams.alerts.schedule import PendingMessage, Schedule, State
from streams.deployment.config import Deployment
from streams.ledger.book import deliveries
from streams.ledger.ledger import ledger
from streams.ledger.settings import LedgerSettings
from tests.once import once
from tests.processes import run
from tests.services.redis import RedisServer
from tests.streams.alerts.environments import alert_environment, ids, wait_for_requests, webhook_rule
from tests.streams.alerts.factories import WEBHOOK, StoredState, entry, event, rule, sent
from tests.streams.alerts.fake_receivers import WebhookReceiver, serving
from tests.streams.alerts.message_factories import PAGE, SECRET
from tests.streams.deployments import COMMAND, environment, process
from tests.streams.detection.chains.stories import KOREAN, LISTED, START, A, B, Story
from tests.waiting import eventually

MAIL: Final = Email(host="mail.example.org", sender="a@example.org", recipients=("b@example.org",))


def open_chain() -> Event:
    """A cargo from Vostochny that a listed tanker has taken over."""
    story = Story()
    story.ship(B, watchlists=LISTED)
    story.visit(A, "vostochny", 0, 20, (4.0, 6.0))
    story.meet(A, B, 2, draughts=(-1.5, 1.5))
    (chain,) = story.chains(until=4.0)
    assert chain.chain is not None
    assert chain.chain.arrivals
    return chain


CHAIN: Final = from_json(once("open chain", lambda: to_json(open_chain())))


def revised(number: int, arrives_in: float | None, **changes: Any) -> Event:
    """A revision of the chain, detected so many hours after the first, with the earliest arrival so late."""
    chain = CHAIN.chain
    assert chain is not None
    detected = from_text(CHAIN.detected) + (number - 1) * HOUR
    first = chain.arrivals[0]
    arrivals = []
    if arrives_in is not None:
        time = detected + round(arrives_in * HOUR)
        arrivals = [msgspec.structs.replace(first, earliest_arrival=to_text(time), hours_left=arrives_in)]
    chain = msgspec.structs.replace(chain, arrivals=tuple(arrivals), window_ends=to_text(detected + 30 * DAY))
    return msgspec.structs.replace(CHAIN, revision=number, detected=to_text(detected), chain=chain, **changes)


FOUND: Final = from_text(CHAIN.detected)
BACK: Final = revised(2, 20, status=Status.RETRACTED)


def schedule(**settings: Any) -> Schedule:
    return Schedule(rule(**settings), State())


def watching(*limits: float, **settings: Any) -> Schedule:
    given: Any = limits[0] if len(limits) == 1 else list(limits)
    return schedule(filter={"type": ["chain"]}, time_left_below_hours=given, **settings)


def told(watch: Schedule, hours: float, behind: float = 0.0) -> list[float]:
    """The limits that are told when the data have come so many hours after the first revision."""
    time = FOUND + round(hours * HOUR)
    alerts = watch.pass_limits(time, time + round(behind * HOUR))
    return [alert.time_left.below_hours for alert in alerts if alert.time_left]


# --- time left


def test_a_chain_is_told_once_when_its_time_left_falls_below_the_limit_and_not_before() -> None:
    watch = watching(24)
    assert watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND) is None
    assert told(watch, 0) == []
    assert told(watch, 6) == []  # exactly 24 h
    assert told(watch, 6.01) == [24]
    assert told(watch, 10) == told(watch, 40) == []


def test_it_is_told_again_only_after_it_rose_above_the_limit() -> None:
    watch = watching(24)
    watch.take(entry(1, revised(1, 20)), revised(1, 20), FOUND)
    assert told(watch, 0) == [24]
    watch.take(entry(2, revised(2, 10)), revised(2, 10), FOUND)
    assert told(watch, 2) == []
    watch.take(entry(3, revised(4, 48)), revised(4, 48), FOUND)
    assert told(watch, 4) == []
    assert told(watch, 30) == [24]
    assert [alert.id for alert in watch.state.waiting.values()] == [
        f"{CHAIN.id}:1:time-left-24",
        f"{CHAIN.id}:4:time-left-24",
    ]


def test_each_limit_is_told_for_itself() -> None:
    watch = watching(24, 72)
    watch.take(entry(1, revised(1, 80)), revised(1, 80), FOUND)
    assert [told(watch, hours) for hours in (0, 9, 20, 57)] == [[], [72], [], [24]]


@pytest.mark.parametrize(
    "over",
    [
        revised(2, None, status=Status.CLOSED),
        revised(2, 10, status=Status.RETRACTED),
        revised(2, None),
    ],
)
def test_a_chain_that_is_over_or_can_not_arrive_any_more_is_not_told(over: Event) -> None:
    watch = watching(24)
    watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND)
    watch.take(entry(2, over), over, FOUND)
    assert told(watch, 20) == []


def test_after_the_window_of_the_cargo_nothing_is_told() -> None:
    watch = watching(24)
    watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND)
    assert told(watch, 31 * 24) == []


def test_only_what_was_told_is_taken_back_and_no_other_revision_is_sent() -> None:
    for arrives_in, expected in ((20, ["retracted"]), (30, [])):
        watch = watching(24)
        events = [revised(1, arrives_in), revised(2, arrives_in, level=Level.PROBABLE)]
        alerts = [watch.take(entry(number, one), one, FOUND) for number, one in enumerate(events, 1)]
        told(watch, 2)
        back = revised(3, None, status=Status.RETRACTED)
        alerts.append(watch.take(entry(3, back), back, FOUND))
        assert [alert.kind for alert in alerts if alert] == expected


def test_a_limit_that_is_passed_while_alerts_are_withheld_is_told_afterwards() -> None:
    watch = watching(24, 12)
    watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND)
    assert watch.pass_limits(FOUND + 7 * HOUR, FOUND, withheld=lambda alert: alert.event == CHAIN.id) == []
    assert told(watch, 8) == [24]
    assert len(watch.drop(list(watch.state.waiting))) == 1  # dismissed before it went out
    assert told(watch, 9) == [24]
    watch.drop(list(watch.state.waiting))
    assert watch.take(entry(2, BACK), BACK, FOUND) is None  # nobody was told
    assert told(watch, 20) == []


def test_a_chain_from_before_the_rule_that_is_retracted_is_told_no_more_and_taken_back_if_it_was() -> None:
    for hours, limits, kinds in ((0, [], []), (7, [24], ["retracted"])):
        watch = watching(24)
        watch.know("1-1", revised(1, 30))
        assert told(watch, hours) == limits
        assert [one.kind for one in [watch.take(entry(2, BACK), BACK, FOUND)] if one] == kinds
        assert told(watch, 20) == []


def test_a_restart_or_a_repeated_entry_doubles_nothing() -> None:
    stored, times = StoredState(), []
    for hours in range(12):
        watch = stored.schedule(rule(time_left_below_hours=24))
        watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND)
        times += [(hours, limit) for limit in told(watch, hours)]
        stored.commit(watch)
    assert times == [(7, 24)]


def test_the_message_tells_the_instant_of_the_data_and_how_far_it_lies_behind() -> None:
    watch = watching(24)
    watch.take(entry(1, revised(1, 30)), revised(1, 30), FOUND)
    told(watch, 7, behind=3.0)
    (parcel,) = sent(watch, FOUND)
    message = message_of(parcel, to_json(revised(1, 30)))
    content = msgspec.json.decode(payload(message))
    assert content["type"] == "event.time_left"
    assert content["timestamp"] == content["timeLeft"]["asOf"] == to_text(FOUND + 7 * HOUR)
    assert content["timeLeft"]["hoursLeft"] == 23.0
    assert content["data"]["id"] == CHAIN.id
    assert subject(message).startswith("Time left below 24 h: ")
    for said in (str(mail.compose(message, MAIL, "watch")), str(slack.compose(message, PAGE))):
        flat = re.sub(r"=?\n", "", said)
        assert "23 h after the newest data" in flat
        assert "3 h behind the clock" in flat
    assert mqtt.topic_of(message, "a/{kind}/{id}") == f"a/time_left/{CHAIN.id}"


# --- the ledger


def calls(ships: int, every: float = 10.0) -> list[Event]:
    """Calls of North Korean tankers of known size at the berths of Nampo, one after the other."""
    story = Story()
    for number in range(ships):
        story.ship(KOREAN + number, length_meters=180, beam_meters=32, type="tanker")
        story.visit(KOREAN + number, "nampo", every * number, 20)
    return story.events


CALLS: Final = calls(12)
S: Final = LedgerSettings()
SHARES: Final = [0.5, 0.8, 1.0]


def passed(events: Iterable[Event], share: float) -> bool:
    return any(year.barrels_seen.mid > share * S.cap_barrels for year in ledger(deliveries(events, S), S))


def ledger_alerts(watch: Schedule, events: Iterable[Event]) -> list[Alert]:
    alerts = []
    for number, one in enumerate(events, 1):
        watch.take(entry(number, one), one, START)
        alerts += watch.pass_limits(from_text(one.detected), START)
    return alerts


def test_each_share_is_told_once_by_the_call_that_passes_it() -> None:
    watch = schedule(cap_share=SHARES)
    found: dict[float, int] = {}
    for number, one in enumerate(CALLS, 1):
        for alert in ledger_alerts(watch, [one]):
            assert alert.cap_share is not None
            found[alert.cap_share.share] = number
    expected = {
        share: next(n for n in range(1, len(CALLS) + 1) if passed(CALLS[:n], share)) for share in SHARES
    }
    assert found == expected
    assert ledger_alerts(watch, CALLS) == []


def test_restarts_and_events_that_come_again_double_no_share() -> None:
    stored, told = StoredState(), list[str]()
    for number, one in enumerate([*CALLS, *CALLS], 1):
        watch = stored.schedule(rule(cap_share=SHARES))
        watch.take(entry(number, one), one, START)
        told += [alert.id for alert in watch.pass_limits(from_text(one.detected), START)]
        stored.commit(watch)
    assert told == [f"ledger:2026:seen:{share:g}" for share in SHARES]


def test_possible_deliveries_count_only_where_the_rule_says_so_and_are_always_told_apart() -> None:
    story = Story()
    story.ship(A, length_meters=180, beam_meters=32)
    for number in range(12):
        story.visit(A, "nampo roads", 10.0 * number, 20)
    assert ledger_alerts(schedule(cap_share=1.0), story.events) == []
    (alert,) = ledger_alerts(schedule(cap_share=1.0, cap_counts="with_possible"), story.events)
    one = alert.cap_share
    assert one is not None
    assert (one.seen, one.barrels_seen.high) == (0, 0)
    assert one.barrels_with_possible.low < S.cap_barrels < one.barrels_with_possible.mid
    assert "Seen: 0 deliveries, 0 barrels (0 to 0)." in alert.summary


def test_the_message_gives_both_totals_with_their_ranges() -> None:
    watch = schedule(cap_share=0.5)
    ledger_alerts(watch, CALLS)
    (parcel,) = sent(watch, START)
    message = message_of(parcel, None)
    assert isinstance(message, Share)
    content = msgspec.json.decode(payload(message))
    data = content["data"]
    assert (content["type"], data["year"], data["share"]) == ("ledger.cap_share", 2026, 0.5)
    assert data["barrelsSeen"]["low"] < data["barrelsSeen"]["mid"] < data["barrelsSeen"]["high"]
    assert subject(message) == "Ledger 2026: deliveries seen above 50 % of the cap"
    for said in (str(mail.compose(message, MAIL, "watch")), str(slack.compose(message, PAGE))):
        assert f"{data['barrelsSeen']['mid']:,.0f} barrels (" in re.sub(r"=?\n", "", said)
    assert mqtt.topic_of(message, "a/{type}/{id}") == "a/ledger/2026-0.5"


def test_shares_that_had_to_wait_come_as_one_digest() -> None:
    watch = schedule(cap_share=SHARES)
    alerts = tuple(ledger_alerts(watch, CALLS))
    message = message_of(PendingMessage("digest:1", alerts, START, START), None)
    assert isinstance(message, Digest)
    assert subject(message) == "3 shares of the cap passed"
    assert len(msgspec.json.decode(payload(message))["data"]["events"]) == 3


# --- the file of rules


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"time_left_below_hours": 0}, "time_left_below_hours: 0 is not above 0"),
        ({"time_left_below_hours": []}, "is empty or names a value twice"),
        ({"time_left_below_hours": "24"}, "time_left_below_hours: should be a number or a list, not text"),
        ({"time_left_below_hours": 24, "filter": {"type": "gap"}}, "filter.type must have chain"),
        ({"time_left_below_hours": 24, "cap_share": 1.0}, "exclude each other; make two rules"),
        ({"cap_share": 50}, "cap_share: 50 is not above 0 and at most 10"),
        ({"cap_share": [0.5, 0.5]}, "names a value twice"),
        ({"cap_share": 0.5, "filter": {"flag": "KP"}}, "leave filter and revisions out"),
        ({"cap_share": 0.5, "cap_counts": "all"}, "cap_counts: 'all' is not valid; choose one of seen, with"),
        ({"cap_counts": "with_possible"}, "cap_counts goes with cap_share"),
    ],
)
def test_a_limit_that_can_not_be_used_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RulesError, match=r"rule 'watch'") as raised:
        read({"rule": [{"name": "watch", "webhook": WEBHOOK, **given}]})
    assert said in str(raised.value)


# --- from the log


@pytest.mark.services
async def test_a_new_rule_knows_what_is_kept_and_event_time_alone_passes_a_limit(redis_server: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        async with alert_environment(redis_server) as env:
            early = calls(12, every=0.05)  # before the chain is found
            await env.write(*early[:11], revised(1, 30))
            rules = [
                webhook_rule(receiver, "left", time_left_below_hours=24),
                webhook_rule(receiver, "cap", cap_share=0.5),
            ]
            async with env.deliveries(*rules):
                await wait_for_requests(receiver, 1)
                later = event(5, detected=to_text(FOUND + 7 * HOUR))
                await env.write(later)
                await wait_for_requests(receiver, 2)
            async with env.deliveries(*rules):  # a restart tells nothing again
                await env.write(early[11], event(5, 2, detected=to_text(FOUND + 200 * DAY)))
            async with env.deliveries(*rules):
                pass
        assert sorted(ids(receiver)) == sorted([f"{CHAIN.id}:1:time-left-24", "ledger:2026:seen:0.5"])


@pytest.mark.services
async def test_what_the_log_has_cut_off_is_learnt_from_what_is_kept(own_redis: RedisServer) -> None:
    with serving(WebhookReceiver()) as receiver:
        async with alert_environment(own_redis.url) as env:
            watch = webhook_rule(receiver, "cap", cap_share=0.5)
            async with env.deliveries(watch):
                pass
            await env.write(*CALLS)
            await env.client.xtrim(env.log.keys.log, maxlen=1, approximate=False)
            async with env.deliveries(watch):
                await wait_for_requests(receiver, 2)
        assert {identifier.partition(":")[0] for identifier in ids(receiver)} == {"gap", "ledger"}


@pytest.mark.services
async def test_the_process_tells_each_limit_once_over_kills_with_the_settings_of_the_deployment(
    redis_server: str, tmp_path: Path
) -> None:
    settings, rules = tmp_path / "settings.toml", tmp_path / "rules.toml"
    settings.write_text("[ledger]\ncap_barrels = 1000.0\n")
    with serving(WebhookReceiver()) as receiver:
        hook = f'webhook = {{ url = "{receiver.url}", secret_env = "SECRET", allow_private = true }}'
        rules.write_text(
            f'[[rule]]\nname = "left"\nfilter = {{ type = ["chain"] }}\ntime_left_below_hours = 24\n{hook}\n'
            f'[[rule]]\nname = "cap"\ncap_share = [0.5, 0.8, 1.0]\n{hook}\n'
        )
        async with alert_environment(redis_server) as env:
            deployment = Deployment(redis=env.url, prefix=env.prefix, settings=str(settings))
            command = ("alerts", "run", "--rules", str(rules))
            early = calls(2, every=0.05)
            await env.write(*early, revised(1, 30))
            for hours, count in ((0, 3), (7, 4), (9, 4)):
                with process(deployment, tmp_path / "alerts.log", *command, SECRET=SECRET) as running:
                    await env.write(event(5, hours + 1, detected=to_text(FOUND + hours * HOUR)))

                    async def told_of(count: int = count) -> bool:
                        # one can come again: killed while it was sent
                        return len(set(ids(receiver))) == count

                    await eventually(told_of, f"{count} alerts")
                    running.kill()
            told = {f"ledger:2026:seen:{share:g}" for share in SHARES} | {f"{CHAIN.id}:1:time-left-24"}
            assert set(ids(receiver)) == told
            assert all(n <= 2 for n in Counter(ids(receiver)).values())  # killed while one was sent
            for rule_name, key, value in (("left", "belowHours", 24), ("cap", "share", 0.5)):
                before = len(receiver.requests)
                tried = await asyncio.to_thread(
                    run,
                    [sys.executable, "-c", COMMAND, "alerts", "test", rule_name, "--rules", str(rules)],
                    env=environment(deployment, SECRET=SECRET),
                    capture_output=True,
                )
                assert tried.returncode == 0, tried.stderr
                sample = receiver.requests[before].json
                assert sample["type"] == "test"
                assert (sample.get("timeLeft") or sample["data"])[key] == value
