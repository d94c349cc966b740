"""E-mail on a real server: what it says, threads, encryption, refusals, names that mean harm."""

from html.parser import HTMLParser
from typing import Any

import pytest

from models.event import Level
from streams.alerts.alert import Kind
from streams.alerts.channel import Channel, Result
from streams.alerts.channels import mail as channel_module
from streams.alerts.message import Digest, Message
from streams.alerts.sample import sample
from tests.streams.alerts.factories import event
from tests.streams.alerts.fake_receivers import CERTIFICATE, MailServer, serving
from tests.streams.alerts.hostile_names import NAMES, hostile
from tests.streams.alerts.message_factories import (
    DIGEST,
    GAP,
    PAGE,
    alert,
    channel,
    deliver,
    single,
)
from tests.unsaid import PASSWORD


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


async def test_a_mail_has_what_a_person_needs() -> None:
    with serving(MailServer()) as server:
        (outcome,) = await deliver(mail(server), single(hostile("KUM & SONG")))
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
        "- KUM & SONG (MMSI 273000001, no IMO number, unknown, call sign KUM & SONG); listed: KUM & SONG",
        "- for 2 h 00 min",
        "revision 1, detected 2026-03-01 00:00 UTC",
        f"https://feed.example.org/?event={event(1).id}",
    ):
        assert expected in text
    assert "<li>KUM &amp; SONG is a tanker</li>" in body(sent, "html")


async def test_the_mails_about_an_event_are_one_thread() -> None:
    with serving(MailServer()) as server:
        later = [event(1, 2, level=Level.PROBABLE), event(1, 3)]
        messages = [single(), single(later[0], Kind.RAISED), single(later[1], Kind.UPDATED), single(event(2))]
        await deliver(mail(server), *messages, messages[1])
        first, second, third, other, again = server.mails
    root = f"<{event(1).id}.night-watch@example.org>"
    assert (first["message-id"], first["in-reply-to"]) == (root, None)
    assert {second["in-reply-to"], second["references"], third["in-reply-to"]} == {root}
    assert len({mail["message-id"] for mail in (first, second, third, other)}) == 4
    assert again["message-id"] == second["message-id"]
    assert second["subject"].startswith("Raised: Probable port visit: ")


async def test_digests_gaps_and_tests_by_mail() -> None:
    with serving(MailServer()) as server:
        await deliver(mail(server), DIGEST, GAP, single(sample(), test=True))
        digest, gap, test = server.mails
    assert digest["subject"] == "2 events, 1 of them probable"
    assert "Probable port visit: OCEAN STAR (new, updated; score 0.50)" in body(digest, "plain")
    assert gap["subject"] == "Some alerts may be missing"
    assert test["subject"] == "TEST: Possible encounter: TEST ONE and TEST TWO"
    assert body(test, "plain").startswith("This is a test; nothing has happened.")


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_is_encrypted_and_the_certificate_checked(
    security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(MailServer(starttls=True, tls=security == "tls")) as server:
        settings = {"security": security, "user": "watch", "password_env": "PASSWORD"}
        (outcome,) = await deliver(mail(server, **settings), single())
        assert (outcome.result, "certificate verify failed" in outcome.reason) == (Result.AWAY, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        (outcome,) = await deliver(mail(server, **settings), single())
        assert outcome.result is Result.DELIVERED
        assert server.logins == [f"\0watch\0{PASSWORD}"]


async def test_no_password_is_sent_if_encryption_fails() -> None:
    with serving(MailServer(starttls=False)) as server:
        settings = {"security": "starttls", "user": "watch", "password_env": "PASSWORD"}
        (outcome,) = await deliver(mail(server, **settings), single())
        assert (outcome.result, server.logins, server.mails) == (Result.AWAY, [], [])


@pytest.mark.parametrize(
    ("refusals", "result", "said"),
    [
        ({"RCPT": "550 nobody here"}, Result.NEVER, "550 nobody here"),
        ({"RCPT": "450 later"}, Result.REFUSED, "450 later"),
        ({"RCPT": "421 closing"}, Result.AWAY, "421 closing"),
        ({"RCPT TO:<desk": "550 nobody here"}, Result.DELIVERED, "but not for desk@example.org"),
        ({"QUIT": "421 closing"}, Result.DELIVERED, "took it"),
        ({"DATA": "554 spam"}, Result.NEVER, "554 spam"),
        ({"DATA": "451 later"}, Result.REFUSED, "451 later"),
        ({"MAIL": "530 log in"}, Result.NEVER, "530 log in"),
        ({"EHLO": "421 busy", "HELO": "421 busy"}, Result.AWAY, "421"),
    ],
)
async def test_what_a_mail_server_refuses(refusals: dict[str, str], result: Result, said: str) -> None:
    with serving(MailServer()) as server:
        server.refusals = refusals
        (outcome,) = await deliver(mail(server), single())
        assert outcome.result is result
        assert said in outcome.reason


@pytest.mark.parametrize(("drips", "security"), [("EHLO", "none"), ("EHLO", "tls"), ("RSET", "none")])
async def test_a_server_that_never_ends_its_answer(
    drips: str, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "IN_ALL", 0.3)
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    with serving(MailServer(tls=security == "tls")) as server:
        server.drips = drips
        server.refusals = {"RCPT": "550 nobody here"} if drips == "RSET" else {}
        (outcome,) = await deliver(mail(server, security=security), single())
        assert outcome.result in (Result.AWAY, Result.NEVER)
        assert not server.mails


async def test_no_mail_server() -> None:
    with serving(MailServer()) as server:
        target = mail(server)
    (outcome,) = await deliver(target, single())
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
async def test_a_hostile_name_changes_nothing_in_a_mail(name: str) -> None:
    event = hostile(name)
    messages: list[Message] = [single(event), single(event, Kind.RAISED), Digest("digest:1", 0, alert(event))]
    with serving(MailServer()) as server:
        assert [one.result for one in await deliver(mail(server), *messages)] == [Result.DELIVERED] * 3
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
