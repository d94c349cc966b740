"""Channels against real receivers: what they are told, what they answer, and names that mean harm."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import aiomqtt
import msgspec
import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from models.event import Level, from_json, to_json
from streams.alerts.alert import Alert, Kind
from streams.alerts.channel import Channel, Outcome, Result
from streams.alerts.channels import channel_of
from streams.alerts.desk import Desk, State
from streams.alerts.message import Digest, Gap, Message, Single, subject
from streams.alerts.rules import RulesError
from streams.alerts.sample import sample
from tests.alerts.hostile import NAMES, hostile
from tests.alerts.made import entry, event, rule
from tests.alerts.servers import CERTIFICATE, HOST, Answer, Hook, MailServer, serving
from tests.services.mosquitto import MosquittoServer

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENVIRONMENT = {"SECRET": SECRET, "PASSWORD": "s3cret"}
PAGE = "https://feed.example.org/"


def single(of: Any = None, kind: Kind = Kind.NEW, test: bool = False) -> Single:
    of = of or event(1)
    return Single(f"{of.id}:{of.revision}", kind, of, to_json(of), test)


def alert(*events: Any) -> tuple[Alert, ...]:
    desk = Desk(rule(revisions=["new", "updated"]), State())
    found = [desk.take(entry(number, one), one, 0) for number, one in enumerate(events, 1)]
    return tuple(one for one in found if one)


DIGEST = Digest("digest:1", 0, alert(event(1), event(2), event(1, 2, level=Level.PROBABLE)))
GAP = Gap("gap:1-0", 0, "1-0", "86400000-0")


def channel(page: str = "", **receiver: Any) -> Channel:
    return channel_of(rule(**{"webhook": None, **receiver}), page, ENVIRONMENT)


def deliver(to: Channel, *messages: Message) -> list[Outcome]:
    async def all_() -> list[Outcome]:
        return [await to.send(message) for message in messages]

    return asyncio.run(all_())


# --- webhooks


@pytest.fixture
def hook() -> Iterator[Hook]:
    with serving(Hook()) as server:
        yield server


def webhook(hook: Hook) -> Channel:
    return channel(webhook={"url": hook.url, "secret_env": "SECRET", "allow_private": True})


def test_a_webhook_is_signed_and_holds_the_event_as_published(hook: Hook) -> None:
    message = single(kind=Kind.RAISED)
    (outcome,) = deliver(webhook(hook), message)
    assert outcome.result is Result.DELIVERED
    (request,) = hook.requests
    body = Verifier(SECRET).verify(request.body, request.headers)
    assert (body["type"], body["timestamp"]) == ("event.raised", message.event.detected)
    assert from_json(json.dumps(body["data"])) == message.event
    assert request.headers["webhook-id"] == f"{message.event.id}:1"
    assert request.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(request.body + b" ", request.headers)


def test_another_attempt_has_the_same_id_and_bytes_and_a_signature_of_its_own_time(hook: Hook) -> None:
    hook.answers = [Answer(500)]
    to, message = webhook(hook), single()
    assert [outcome.result for outcome in deliver(to, message, message)] == [Result.REFUSED, Result.DELIVERED]
    first, second = hook.requests
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    for request in hook.requests:
        assert abs(float(request.headers["webhook-timestamp"]) - request.time) <= 2
        Verifier(SECRET).verify(request.body, request.headers)


def test_digests_gaps_and_tests_are_marked(hook: Hook) -> None:
    deliver(webhook(hook), DIGEST, GAP, single(sample(), test=True))
    digest, gap, test = (request.json for request in hook.requests)
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


def test_what_is_no_secret_is_said_without_it() -> None:
    with pytest.raises(RulesError) as raised:
        channel_of(rule(), "", {"SECRET": "whsec_%%%"})
    assert "rule 'night-watch': webhook: SECRET is no secret of Standard Webhooks" in str(raised.value)
    with pytest.raises(RulesError, match="the environment variable SECRET is not set"):
        channel_of(rule(), "", {})
    with pytest.raises(RulesError, match="goes without TLS") as raised:
        channel_of(rule(webhook=None, slack={"url_env": "URL"}), "", {"URL": "http://example.org/T0K3N"})
    assert "T0K3N" not in str(raised.value)


# --- e-mail


def mail(server: MailServer, **settings: Any) -> Channel:
    given = {
        "host": "localhost",
        "port": server.port,
        "security": "none",
        "from": "watch@example.org",
        "to": ["duty@example.org", "desk@example.org"],
    }
    return channel(PAGE, email=given | settings)


def body(of: Any, kind: str) -> str:
    part = of.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_a_mail_says_all_that_a_person_needs() -> None:
    with serving(MailServer()) as server:
        (outcome,) = deliver(mail(server), single(hostile("KUM & SONG")))
        assert outcome.result is Result.DELIVERED
        (sent,) = server.mails
        assert server.envelopes == [["duty@example.org", "desk@example.org"]]
    assert sent["subject"] == "Possible encounter: KUM & SONG and KUM & SONG"
    assert (sent["to"], sent["auto-submitted"]) == ("duty@example.org, desk@example.org", "auto-generated")
    text = body(sent, "plain")
    for expected in (
        "The tanker KUM & SONG met the tanker KUM & SONG.",
        "For it\n- KUM & SONG is a tanker",
        "Against it\n- KUM & SONG is at anchor",
        "- KUM & SONG (MMSI 273000001, no IMO number,",
        "- listed: KUM & SONG KUM & SONG, by its IMO",
        "- for 2 h 00 min",
        "revision 1, detected 2026-03-01 00:00 UTC",
        f"https://feed.example.org/?event={event(1).id}",
    ):
        assert expected in text
    assert "<li>KUM &amp; SONG is a tanker</li>" in body(sent, "html")


def test_the_mails_about_an_event_are_one_thread() -> None:
    with serving(MailServer()) as server:
        later = [event(1, 2, level=Level.PROBABLE), event(1, 3)]
        messages = [single(), single(later[0], Kind.RAISED), single(later[1], Kind.UPDATED), single(event(2))]
        deliver(mail(server), *messages, messages[1])
        first, second, third, other, again = server.mails
    root = f"<{event(1).id}.night-watch@example.org>"
    assert (first["message-id"], first["in-reply-to"]) == (root, None)
    assert {second["in-reply-to"], second["references"], third["in-reply-to"]} == {root}
    assert len({mail["message-id"] for mail in (first, second, third, other)}) == 4
    assert again["message-id"] == second["message-id"]
    assert second["subject"].startswith("Raised: Probable port visit: ")


def test_digests_gaps_and_tests_by_mail() -> None:
    with serving(MailServer()) as server:
        deliver(mail(server), DIGEST, GAP, single(sample(), test=True))
        digest, gap, test = server.mails
    assert digest["subject"] == "2 events, 1 of them probable"
    assert "Probable port visit: OCEAN STAR (new, updated; score 0.50)" in body(digest, "plain")
    assert gap["subject"] == "Some alerts may be missing"
    assert test["subject"] == "TEST: Possible encounter: TEST ONE and TEST TWO"
    assert body(test, "plain").startswith("This is a test; nothing has happened.")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_mail_is_encrypted_and_the_certificate_checked(
    security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(MailServer(starttls=True, tls=security == "tls")) as server:
        settings = {"security": security, "user": "watch", "password_env": "PASSWORD"}
        (outcome,) = deliver(mail(server, **settings), single())
        assert (outcome.result, "certificate verify failed" in outcome.reason) == (Result.AWAY, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        (outcome,) = deliver(mail(server, **settings), single())
        assert outcome.result is Result.DELIVERED
        assert server.logins == ["\0watch\0s3cret"]


def test_no_password_goes_over_a_connection_that_was_to_be_encrypted() -> None:
    with serving(MailServer(starttls=False)) as server:
        settings = {"security": "starttls", "user": "watch", "password_env": "PASSWORD"}
        (outcome,) = deliver(mail(server, **settings), single())
        assert (outcome.result, server.logins, server.mails) == (Result.AWAY, [], [])


@pytest.mark.parametrize(
    ("refusals", "result", "said"),
    [
        ({"RCPT": "550 nobody here"}, Result.NEVER, "550 nobody here"),
        ({"RCPT": "450 later"}, Result.REFUSED, "450 later"),
        ({"RCPT": "421 closing"}, Result.AWAY, "421 closing"),
        ({"RCPT TO:<desk": "550 nobody here"}, Result.DELIVERED, "but not for desk@example.org"),
        ({"DATA": "554 spam"}, Result.NEVER, "554 spam"),
        ({"DATA": "451 later"}, Result.REFUSED, "451 later"),
        ({"MAIL": "530 log in"}, Result.NEVER, "530 log in"),
        ({"EHLO": "421 busy", "HELO": "421 busy"}, Result.AWAY, "421"),
    ],
)
def test_what_a_mail_server_refuses(refusals: dict[str, str], result: Result, said: str) -> None:
    with serving(MailServer()) as server:
        server.refusals = refusals
        (outcome,) = deliver(mail(server), single())
        assert outcome.result is result
        assert said in outcome.reason


def test_no_mail_server() -> None:
    with serving(MailServer()) as server:
        to = mail(server)
    (outcome,) = deliver(to, single())
    assert outcome.result is Result.AWAY


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_changes_nothing_in_a_mail(name: str) -> None:
    event = hostile(name)
    messages: list[Message] = [single(event), single(event, Kind.RAISED), Digest("digest:1", 0, alert(event))]
    with serving(MailServer()) as server:
        assert [one.result for one in deliver(mail(server), *messages)] == [Result.DELIVERED] * 3
        assert len(server.mails) == 3
        for sent, envelope in zip(server.mails, server.envelopes, strict=True):
            assert envelope == ["duty@example.org", "desk@example.org"]
            assert {key.lower() for key in sent} <= {
                "subject", "from", "to", "date", "message-id", "in-reply-to", "references", "auto-submitted",
                "content-type", "mime-version",
            }  # fmt: skip
            assert sent["subject"].isprintable()
            html = Tags()
            html.feed(body(sent, "html"))
            assert html.tags <= {"html", "body", "h2", "h3", "ul", "li", "p", "a"}
            assert html.attributes <= {"href"}
            assert all(sign.isprintable() or sign == "\n" for sign in body(sent, "plain"))


# --- Slack


def texts(blocks: Any) -> Iterator[dict[str, Any]]:
    """Every text object in there."""
    if isinstance(blocks, dict):
        if "text" in blocks and isinstance(blocks["text"], str):
            yield blocks
        else:
            yield from (text for value in blocks.values() for text in texts(value))
    elif isinstance(blocks, list):
        yield from (text for one in blocks for text in texts(one))


def slack(hook: Hook) -> Channel:
    return channel(PAGE, slack={"url": hook.url, "allow_private": True})


def test_a_message_for_slack_has_blocks_and_a_text(hook: Hook) -> None:
    (outcome,) = deliver(slack(hook), single(hostile("KUM & SONG")))
    assert outcome.result is Result.DELIVERED
    told = hook.requests[0].json
    assert told["text"].startswith("Possible encounter: KUM &amp; SONG and KUM &amp; SONG\nThe tanker ")
    header, sentence, facts, link = told["blocks"]
    assert (header["type"], header["text"]["type"]) == ("header", "plain_text")
    assert sentence["text"]["text"] == "The tanker KUM &amp; SONG met the tanker KUM &amp; SONG."
    assert (
        "42.700°N 133.000°E · 2026-03-01 00:00 UTC, still open · score 0.50" in facts["elements"][0]["text"]
    )
    assert link["text"]["text"] == f"<https://feed.example.org/?event={event(1).id}|Open in the feed>"


def test_digests_keep_to_the_limits_of_slack(hook: Hook) -> None:
    many = Digest(
        "digest:1", 0, alert(*(hostile("<&>" * 20) for _ in range(1)), *(event(n) for n in range(2, 300)))
    )
    deliver(slack(hook), many, DIGEST, GAP)
    for request in hook.requests:
        assert len(request.json["blocks"]) <= 50
        assert len(request.json["text"]) <= 40_000
        for text in texts(request.json["blocks"]):
            assert len(text["text"]) <= 3_000
        assert len(request.json["blocks"][0]["text"]["text"]) <= 150
    assert "OCEAN STAR (new, updated; score 0.50)" in hook.requests[1].json["text"]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_mentions_formats_and_links_nothing_in_slack(hook: Hook, name: str) -> None:
    deliver(slack(hook), single(hostile(name)), Digest("digest:1", 0, alert(hostile(name))))
    for request in hook.requests:
        *plain, link = texts(request.json["blocks"])
        assert {text["type"] for text in plain} == {"plain_text"}
        assert re.fullmatch(r"<https://feed\.example\.org/[^<>|&]*\|Open in the feed>", link["text"])
        for text in plain:
            assert not set("<>") & set(text["text"])
            assert not re.search(r"&(?!amp;|lt;|gt;)", text["text"])
        assert not set("<>@*_~`[]|") & set(request.json["text"])
        assert all(sign.isprintable() or sign == "\n" for sign in request.json["text"])


# --- MQTT


def broker(server: MosquittoServer, **settings: Any) -> Channel:
    return channel(mqtt={"host": HOST, "port": server.port, "tls": False, **settings})


def heard(server: MosquittoServer, count: int, work: Callable[[], Awaitable[None]]) -> list[aiomqtt.Message]:
    """So many messages that a subscriber of everything gets."""

    async def listen() -> list[aiomqtt.Message]:
        async with asyncio.timeout(20), aiomqtt.Client(HOST, server.port) as client:
            await client.subscribe("#", qos=1)
            await work()
            return [message async for _, message in _first(count, client)]

    return asyncio.run(listen())


async def _first(count: int, client: aiomqtt.Client) -> Any:
    number = 0
    while number < count:
        yield number, await anext(client.messages)
        number += 1


def test_mqtt_has_a_topic_for_each_and_the_payload_of_webhooks(own_mqtt: MosquittoServer) -> None:
    messages: list[Message] = [single(), DIGEST, GAP, single(sample(), test=True)]

    async def publish() -> None:
        to = broker(own_mqtt)
        assert [(await to.send(message)).result for message in messages] == [Result.DELIVERED] * 4

    told = heard(own_mqtt, 4, publish)
    assert [str(message.topic) for message in told] == [
        f"tankerwatch/port_visit/possible/{event(1).id}",
        "tankerwatch/digest/probable/digest_1",
        "tankerwatch/gap/none/gap_1-0",
        f"tankerwatch/encounter/possible/{'0' * 24}_1",
    ]
    assert [msgspec.json.decode(message.payload)["type"] for message in told] == [
        "event.new",
        "digest",
        "gap",
        "test",
    ]
    assert all((message.qos, message.retain) == (1, False) for message in told)


def test_an_event_may_be_retained_for_who_comes_later(own_mqtt: MosquittoServer) -> None:
    to = broker(own_mqtt, retain=True, topic="ships/{mmsi}/{kind}/{id}")
    deliver(to, single(event(1)), single(event(1, 2)), DIGEST, single(sample(), test=True))

    async def nothing() -> None:
        pass

    (message,) = heard(own_mqtt, 1, nothing)
    assert str(message.topic) == f"ships/273000001/new/{event(1).id}"
    assert msgspec.json.decode(message.payload)["data"]["revision"] == 2


def test_a_broker_that_went_away_is_found_again(own_mqtt: MosquittoServer) -> None:
    async def check() -> None:
        to = broker(own_mqtt)
        assert (await to.send(single())).result is Result.DELIVERED
        own_mqtt.kill()
        outcome = await to.send(single())
        assert (outcome.result, outcome.reason.startswith(f"{HOST}:{own_mqtt.port}")) == (Result.AWAY, True)
        own_mqtt.start()
        assert (await to.send(single())).result is Result.DELIVERED

    asyncio.run(check())


@pytest.mark.parametrize("field", ["type", "flag", "id"])
def test_no_field_adds_a_level_or_a_wildcard(own_mqtt: MosquittoServer, field: str) -> None:
    bad = msgspec.structs.replace(
        event(1), id="a/b/#", vessel=msgspec.structs.replace(event(1).vessel, flag="+/\0$")
    )

    async def publish() -> None:
        to = broker(own_mqtt, topic=f"tankerwatch/{{{field}}}/end")
        assert (await to.send(single(bad))).result is Result.DELIVERED

    (message,) = heard(own_mqtt, 1, publish)
    assert len(str(message.topic).split("/")) == 3
    assert not set("#+$\0") & set(str(message.topic))


def test_every_subject_of_every_hostile_name_is_one_line() -> None:
    for name in NAMES:
        assert subject(single(hostile(name))).isprintable()


def test_the_example_of_rules_has_a_channel_for_each(tmp_path: Path) -> None:
    from importlib.resources import files

    from streams.alerts.channels import channels
    from streams.alerts.rules import load

    path = tmp_path / "rules.toml"
    path.write_text(files("streams.alerts").joinpath("example.toml").read_text("utf-8"))
    environment = {
        "CASES_SECRET": SECRET, "MAIL_PASSWORD": "a", "MQTT_PASSWORD": "b", "SLACK_URL": "https://example.org/T",
    }  # fmt: skip
    made = channels(load(path), environment)
    assert [type(one).__name__ for one in made] == [
        "WebhookChannel",
        "MailChannel",
        "SlackChannel",
        "MqttChannel",
    ]
    with pytest.raises(RulesError) as raised:
        channels(load(path), {})
    assert len(raised.value.problems) == 4
