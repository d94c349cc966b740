"""Posting: what answers mean, and that no address is called that the rule does not allow."""

import socket
from datetime import UTC, datetime
from typing import Any

import pytest

from streams.alerts.channel import Outcome, Result
from streams.alerts.channels import http
from streams.alerts.channels.addresses import is_public
from streams.alerts.channels.http import LONGEST_WAIT, Poster, retry_after
from tests.streams.alerts.fake_receivers import (
    CERTIFICATE,
    HOST,
    Answer,
    WebhookReceiver,
    serving,
)


async def posted(url: str, allow_private: bool = True) -> Outcome:
    return await Poster(url, allow_private).post(b"{}", {"x-test": "1"})


@pytest.mark.parametrize(
    ("answer", "result", "wait"),
    [
        (Answer(200), Result.DELIVERED, None),
        (Answer(204), Result.DELIVERED, None),
        (Answer(301, {"location": "http://127.0.0.1:1/"}), Result.NEVER, None),
        (Answer(400), Result.NEVER, None),
        (Answer(404), Result.NEVER, None),
        (Answer(410), Result.GONE, None),
        (Answer(429, {"retry-after": "7"}), Result.AWAY, 7.0),
        (Answer(503, {"retry-after": "soon"}), Result.AWAY, None),
        (Answer(503, {"retry-after": "120"}), Result.AWAY, 120.0),
        (Answer(503, {"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}), Result.AWAY, None),
        (Answer(408), Result.AWAY, None),
        (Answer(502), Result.AWAY, None),
        (Answer(504), Result.AWAY, None),
        (Answer(500), Result.REFUSED, None),
    ],
)
async def test_what_an_answer_means(answer: Answer, result: Result, wait: float | None) -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.default = answer
        outcome = await posted(receiver.url)
        assert (outcome.result, outcome.wait) == (result, wait)
        # what came of it behind is not known, unless the receiver names a time for the next attempt
        assert outcome.unsure == (answer.code in (408, 500, 502, 503, 504) and wait is None)
        assert len(receiver.requests) == 1  # a redirect is not followed
        (request,) = receiver.requests
        assert (request.path, request.body, request.headers["x-test"]) == ("/hook", b"{}", "1")
        assert request.headers["host"] == f"{HOST}:{receiver.port}"


async def test_an_answer_is_quoted_and_harmless() -> None:
    with serving(WebhookReceiver()) as receiver:
        receiver.default = Answer(500, body=b"no\x1b[2J\r\nspace" + b"x" * 10_000)
        outcome = await posted(receiver.url)
        assert r"answered 500: no\x1b[2J\r\nspace" in outcome.reason
        assert len(outcome.reason) < 400


async def test_a_receiver_that_does_not_answer_is_given_up_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "SECONDS", 0.3)
    with serving(WebhookReceiver()) as receiver:
        receiver.default = Answer(after=1.0)
        outcome = await posted(receiver.url)
        assert (outcome.result, "no answer within 0.3 s" in outcome.reason) == (Result.REFUSED, True)


async def test_a_receiver_is_away_if_nobody_listens_there() -> None:
    with socket.create_server((HOST, 0)) as unused:
        port = unused.getsockname()[1]
    assert (await posted(f"http://{HOST}:{port}/")).result is Result.AWAY
    assert (await posted("http://nobody.invalid/")).result is Result.AWAY


def test_seconds_and_dates_are_understood_within_bounds() -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert retry_after("120", now) == 120.0
    assert retry_after("Sun, 01 Mar 2026 12:01:00 GMT", now) == 60.0
    assert retry_after("Sun, 01 Mar 2026 11:00:00 GMT", now) == 0.0
    assert retry_after("9" * 400, now) == LONGEST_WAIT
    assert retry_after("Sun, 01 Mar 2099 12:00:00 GMT", now) == LONGEST_WAIT
    assert retry_after("-5", now) is None
    assert retry_after("", now) is None
    assert retry_after(None, now) is None


# --- addresses


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1", "192.0.2.1",
        "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1", "168.63.129.16",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "fe80::1",
        "fe80::1%1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1", "2001::1", "100::1",
        "4000::1", "5f00::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101",
        "2002:101:101::1",
    ],
)  # fmt: skip
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0", "[::1]", "[::]",
        "[::ffff:127.0.0.1]", "[0:0:0:0:0:ffff:7f00:1]", "LOCALHOST.",
    ],
)  # fmt: skip
async def test_every_spelling_of_loopback_is_refused(host: str) -> None:
    with serving(WebhookReceiver()) as receiver:
        outcome = await posted(f"http://{host}:{receiver.port}/hook", allow_private=False)
        assert outcome.result in (Result.NEVER, Result.AWAY)  # away: where this system has no such name
        if host in ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"):
            assert "which is not public; set allow_private = true if that is intended" in outcome.reason
        assert receiver.requests == []


class Names:
    """Stands for the name server: each name has the addresses of each question in turn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[list[str]]) -> None:
        self._answers, self._real = {k.replace("_", "."): v for k, v in answers.items()}, socket.getaddrinfo
        self.asked: list[str] = []
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host: Any, port: Any, *more: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in self._answers:
            return self._real(host, port, *more, **named)
        self.asked.append(name)
        family = socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in self._answers[name].pop(0)]


async def test_a_name_with_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    Names(monkeypatch, hook_test=[["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["169.254.169.254"]])
    with serving(WebhookReceiver()) as receiver:
        for address in ("127.0.0.1", "127.0.0.1", "169.254.169.254"):
            outcome = await posted(f"http://hook.test:{receiver.port}/hook", allow_private=False)
            assert outcome.result is Result.NEVER
            assert f"hook.test is {address}, which is not public" in outcome.reason
        assert receiver.requests == []


async def test_the_address_that_was_checked_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name that changes its address between the check and the connection gains nothing."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    names = Names(monkeypatch, hook_test=[["127.0.0.1"]])  # a second question would find no answer
    with serving(WebhookReceiver(tls=True)) as receiver:
        outcome = await posted(f"https://hook.test:{receiver.port}/hook")
        assert outcome == Outcome(Result.DELIVERED, f"https://hook.test:{receiver.port} answered 204")
        assert receiver.requests[0].headers["host"] == f"hook.test:{receiver.port}"
        assert receiver.names == ["hook.test"]
    assert names.asked == ["hook.test"]


async def test_a_certificate_for_another_name_or_of_an_unknown_issuer_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Names(monkeypatch, other_test=[["127.0.0.1"]], hook_test=[["127.0.0.1"]])
    with serving(WebhookReceiver(tls=True)) as receiver:
        untrusted = await posted(f"https://hook.test:{receiver.port}/hook")
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        misnamed = await posted(f"https://other.test:{receiver.port}/hook")
        assert (await posted(receiver.url)).result is Result.DELIVERED  # the certificate names 127.0.0.1
        for outcome in (untrusted, misnamed):
            assert (outcome.result, "certificate verify failed" in outcome.reason) == (Result.AWAY, True)
        assert len(receiver.requests) == 1


async def test_the_second_address_is_tried_if_nobody_answers_at_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Names(monkeypatch, hook_test=[["127.0.0.2", "127.0.0.1"]])
    with serving(WebhookReceiver()) as receiver:
        assert (await posted(f"http://hook.test:{receiver.port}/hook")).result is Result.DELIVERED


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{HOST}:1/")
    monkeypatch.setenv("ALL_PROXY", f"http://{HOST}:1/")
    with serving(WebhookReceiver()) as receiver:
        assert (await posted(receiver.url)).result is Result.DELIVERED
