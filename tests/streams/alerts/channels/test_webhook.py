"""Webhooks: signed, the same at every attempt, marked by kind."""

import json
import re
from pathlib import Path

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from models.event import from_json
from streams.alerts.alert import Kind
from streams.alerts.channel import Channel, Result
from streams.alerts.channels.factory import channel_of
from streams.alerts.message import Digest, subject
from streams.alerts.rules import RulesError
from streams.alerts.sample import sample
from tests.streams.alerts.factories import event, rule
from tests.streams.alerts.fake_receivers import Answer, WebhookReceiver
from tests.streams.alerts.hostile_names import NAMES, hostile
from tests.streams.alerts.message_factories import (
    DIGEST,
    GAP,
    SECRET,
    alert,
    channel,
    deliver,
    single,
)


def webhook(receiver: WebhookReceiver) -> Channel:
    return channel(webhook={"url": receiver.url, "secret_env": "SECRET", "allow_private": True})


async def test_a_webhook_is_signed_and_holds_the_event_as_published(receiver: WebhookReceiver) -> None:
    message = single(kind=Kind.RAISED)
    (outcome,) = await deliver(webhook(receiver), message)
    assert outcome.result is Result.DELIVERED
    (request,) = receiver.requests
    body = Verifier(SECRET).verify(request.body, request.headers)
    assert (body["type"], body["timestamp"]) == ("event.raised", message.event.detected)
    assert from_json(json.dumps(body["data"])) == message.event
    assert request.headers["webhook-id"] == f"{message.event.id}:1"
    assert request.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(request.body + b" ", request.headers)


async def test_another_attempt_has_the_same_id_and_bytes_and_a_new_signature(
    receiver: WebhookReceiver,
) -> None:
    receiver.answers = [Answer(500)]
    target, message = webhook(receiver), single()
    assert [outcome.result for outcome in await deliver(target, message, message)] == [
        Result.REFUSED,
        Result.DELIVERED,
    ]
    first, second = receiver.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    for request in receiver.requests:
        assert abs(float(request.headers["webhook-timestamp"]) - request.time) <= 2
        Verifier(SECRET).verify(request.body, request.headers)


async def test_digests_gaps_and_tests_are_marked(receiver: WebhookReceiver) -> None:
    await deliver(webhook(receiver), DIGEST, GAP, single(sample(), test=True))
    digest, gap, test = (request.json for request in receiver.requests)
    assert (digest["type"], gap["type"], test["type"]) == ("digest", "gap", "test")
    one, two = digest["data"]["events"]
    assert (one["id"], one["revision"], one["level"], one["kinds"]) == (
        event(1).id,
        2,
        "probable",
        ["new", "updated"],
    )
    assert (two["id"], two["revision"], two["kinds"]) == (event(2).id, 1, ["new"])
    assert "between 1970-01-01 00:00 and 1970-01-02 00:00 UTC" in gap["data"]["text"]
    assert "TEST" in test["data"]["summary"]


def test_an_invalid_secret_is_reported_without_its_text() -> None:
    with pytest.raises(RulesError) as raised:
        channel_of(rule(), "", {"SECRET": "whsec_%%%"})
    assert "rule 'night-watch': webhook: SECRET is not a secret of Standard Webhooks" in str(raised.value)
    with pytest.raises(RulesError, match="the environment variable SECRET is not set"):
        channel_of(rule(), "", {})
    with pytest.raises(RulesError, match="goes without TLS") as raised:
        channel_of(rule(webhook=None, slack={"url_env": "URL"}), "", {"URL": "http://example.org/T0K3N"})
    assert "T0K3N" not in str(raised.value)


def test_every_subject_of_every_hostile_name_is_one_line() -> None:
    for name in NAMES:
        assert subject(single(hostile(name))).isprintable()


def test_the_example_of_rules_has_a_channel_for_each(tmp_path: Path) -> None:
    from importlib.resources import files

    from streams.alerts.channels.factory import channels
    from streams.alerts.rules import load

    path = tmp_path / "rules.toml"
    path.write_text(files("streams.alerts").joinpath("example.toml").read_text("utf-8"))
    environment = {
        "CASES_SECRET": SECRET, "MAIL_PASSWORD": "a", "MQTT_PASSWORD": "b", "SLACK_URL": "https://example.org/T",
    }  # fmt: skip
    made = channels(load(path), environment)
    kinds = ["WebhookChannel", "MailChannel", "SlackChannel", "MqttChannel", "SlackChannel", "SlackChannel"]
    assert [type(one).__name__ for one in made] == kinds
    with pytest.raises(RulesError) as raised:
        channels(load(path), {})
    assert len(raised.value.problems) == 6


@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_name_arrives_as_it_is_and_signed(receiver: WebhookReceiver, name: str) -> None:
    event = hostile(name)
    await deliver(webhook(receiver), single(event), Digest("digest:1", 0, alert(event)))
    for request in receiver.requests:
        Verifier(SECRET).verify(request.body, request.headers)
        assert not re.search(rb"[\x00-\x1f\x7f]", request.body)
    assert from_json(json.dumps(receiver.requests[0].json["data"])) == event
    assert receiver.requests[1].json["data"]["events"][0]["summary"].isprintable()
