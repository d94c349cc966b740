"""E-mail: plain text and simple HTML by SMTP; the mails about an event are one thread."""

import asyncio
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from email.message import EmailMessage
from email.utils import formatdate
from html import escape
from typing import Any, Final

from models.event import Event
from streams.alerts.alert import Kind
from streams.alerts.channel import Outcome, Result
from streams.alerts.message import (
    Digest,
    Gap,
    Message,
    Share,
    Single,
    items,
    line,
    link,
    missing,
    sentences,
    subject,
)
from streams.alerts.receivers import Email
from streams.output import event_text
from streams.output.sanitize import sanitize

SECONDS: Final = 30.0
"""Seconds that the server has for each answer to begin, or to go on."""
IN_ALL: Final = 120.0
"""Seconds that a mail may take, however diligently the server goes on answering."""
Part = tuple[str, list[str]]
"""A title, and the lines under it."""


class MailChannel:
    def __init__(self, settings: Email, password: str | None, rule: str, page: str = "") -> None:
        self._settings, self._password, self._rule, self._page = settings, password, rule, page
        self._context = ssl.create_default_context()

    async def send(self, message: Message) -> Outcome:
        mail = compose(message, self._settings, self._rule, self._page)
        host, port = self._settings.at
        at, began = f"{host}:{port}", threading.Event()
        try:
            refused = await asyncio.to_thread(self._send, mail, began)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            codes, why = _answers(error)
            if 421 in codes:
                return Outcome(Result.AWAY, f"{at}: {why}")
            return Outcome(
                Result.NEVER if all(code >= 500 for code in codes) else Result.REFUSED, f"{at}: {why}"
            )
        except (smtplib.SMTPException, OSError) as error:
            unsure = began.is_set() and not isinstance(error, smtplib.SMTPResponseException)
            return Outcome(Result.AWAY, f"{at}: {sanitize(error) or type(error).__name__}", unsure=unsure)
        if refused:
            return Outcome(
                Result.DELIVERED, f"{at} took it, but not for {sanitize(', '.join(sorted(refused)))}"
            )
        return Outcome(Result.DELIVERED, f"{at} took it")

    def _send(self, mail: EmailMessage, began: threading.Event) -> dict[str, tuple[int, bytes]]:
        """The recipients that were refused while others were taken. Sets `began` before it hands over the
        mail."""
        with ExitStack() as stack:
            return self._converse(mail, began, stack)

    def _converse(
        self, mail: EmailMessage, began: threading.Event, stack: ExitStack
    ) -> dict[str, tuple[int, bytes]]:
        settings = self._settings
        host, port = settings.at

        def limit(connection: socket.socket) -> None:
            """End the connection in time, also under the encryption that comes over it."""
            ours = stack.enter_context(connection.dup())
            timer = threading.Timer(IN_ALL, _shut, [ours])
            timer.daemon = True
            timer.start()
            stack.callback(timer.join)
            stack.callback(timer.cancel)

        server = (
            _LimitedTls(limit, host, port, timeout=SECONDS, context=self._context)
            if settings.security == "tls"
            else _Limited(limit, host, port, timeout=SECONDS)
        )
        try:
            if settings.security == "starttls":
                server.starttls(context=self._context)
            if settings.user is not None:
                server.login(settings.user, self._password or "")
            began.set()
            return server.send_message(mail, settings.sender, list(settings.recipients))
        finally:  # whatever the server says to a goodbye, it has taken the mail or not
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()


class _Limited(smtplib.SMTP):
    """`limit` is called with the connection before the server has said anything."""

    def __init__(self, limit: Callable[[socket.socket], None], *given: Any, **named: Any) -> None:
        self._limit = limit
        super().__init__(*given, **named)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        found: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._limit(found)
        return found


class _LimitedTls(smtplib.SMTP_SSL, _Limited):
    def __init__(self, limit: Callable[[socket.socket], None], *given: Any, **named: Any) -> None:
        self._limit = limit
        super().__init__(*given, **named)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended
        connection.shutdown(socket.SHUT_RDWR)


def _answers(error: Exception) -> tuple[list[int], str]:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        found = error.recipients
        said = "; ".join(
            f"{who}: {code} {text.decode(errors='replace')}" for who, (code, text) in found.items()
        )
        return [code for code, _ in found.values()], sanitize(said)
    assert isinstance(error, smtplib.SMTPResponseException)
    text = error.smtp_error
    return [error.smtp_code], sanitize(
        f"{error.smtp_code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
    )


def compose(message: Message, settings: Email, rule: str, page: str = "") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = subject(message)
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.recipients)
    mail["Date"] = formatdate()
    domain = settings.sender.rpartition("@")[2]

    def name(what: str) -> str:
        return f"<{what.replace(':', '.')}.{rule}@{domain}>"

    mail["Message-ID"] = name(message.id)
    if isinstance(message, Single) and not message.test:
        # later mails about an event answer the first one
        root = name(message.event.id)
        if message.kind is Kind.NEW:
            mail.replace_header("Message-ID", root)
        else:
            mail["In-Reply-To"] = mail["References"] = root
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office answers stay away
    parts = _parts(message)
    target = link(page, message.event.id) if isinstance(message, Single) else page
    mail.set_content(_text(parts, target))
    mail.add_alternative(_html(subject(message), parts, target), subtype="html")
    return mail


def _parts(message: Message) -> list[Part]:
    match message:
        case Single(event=event):
            told: list[Part] = [("", ["This is a test; nothing has happened."])] if message.test else []
            return told + [("", [text]) for text in sentences(message)] + sheet(event)
        case Share():
            told = [("", ["This is a test; nothing has happened."])] if message.test else []
            return [*told, ("", sentences(message))]
        case Digest():
            return [("", ["What had to wait, as it stands now:"])] + [
                (line(item), [item.alert.summary]) for item in items(message)
            ]
        case Gap():
            return [("", [missing(message)])]


def sheet(event: Event) -> list[Part]:
    """What a person needs to judge an event."""
    facts = [event_text.place(event), event_text.period(event)]
    if lasted := event_text.lasted(event):
        facts.append(f"for {lasted}")
    facts.append(f"score {event.score:.2f}, {event.level}, {event.status}")
    vessels = [
        "; listed: ".join([event_text.described(vessel), *event_text.listed(vessel)])
        for vessel in event.vessels
    ]
    parts = [
        ("", [sanitize(event.summary)]),
        ("For it", event_text.reasons(event.reasons)),
        ("Against it", event_text.reasons(event.against)),
        ("Vessels", vessels),
        ("Where and when", facts),
        (
            "",
            [f"Event {event.id}, revision {event.revision}, detected {event_text.short(event.detected)} UTC"],
        ),
    ]
    return [part for part in parts if part[1]]


def _text(parts: list[Part], target: str) -> str:
    blocks = [
        "\n".join([title, *(f"- {text}" for text in lines)]) if title else "\n".join(lines)
        for title, lines in parts
    ]
    return "\n\n".join([*blocks, *([target] if target else [])]) + "\n"


def _html(title: str, parts: list[Part], target: str) -> str:
    body = [f"<h2>{escape(title)}</h2>"]
    for head, lines in parts:
        if head:
            listed = "".join(f"<li>{escape(text)}</li>" for text in lines)
            body.append(f"<h3>{escape(head)}</h3><ul>{listed}</ul>")
        else:
            body += (f"<p>{escape(text)}</p>" for text in lines)
    if target:
        body.append(f'<p><a href="{escape(target)}">Open in the feed</a></p>')
    return f"<!doctype html><html><body>{''.join(body)}</body></html>\n"
