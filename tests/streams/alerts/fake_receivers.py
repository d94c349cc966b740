"""Receivers on loopback: an HTTP and an SMTP server that note what they get and answer as they are told.

tls/ has a certificate for localhost, hook.test and 127.0.0.1 that nobody else trusts, and its key, which is
no secret.
"""

import base64
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import msgspec

CERTIFICATE: Final = Path(__file__).parent / "tls" / "cert.pem"
KEY: Final = CERTIFICATE.with_name("key.pem")
HOST: Final = "127.0.0.1"


@dataclass
class Request:
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    time: float

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Answer:
    code: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    after: float = 0.0  # seconds


class WebhookReceiver(ThreadingHTTPServer):
    """Answers with what is in `answers`, in their order, and then always with `default`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: bool = False) -> None:
        super().__init__((HOST, 0), _WebhookHandler)
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self.default = Answer()
        self.names: list[str | None] = []  # that clients asked for in TLS
        self.scheme = "https" if tls else "http"
        if tls:
            context = _context()
            context.sni_callback = lambda _, name, __: self.names.append(name)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://{HOST}:{self.port}/hook"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that break off are part of the tests."""


class _WebhookHandler(BaseHTTPRequestHandler):
    server: WebhookReceiver

    def do_POST(self) -> None:
        size = int(self.headers["content-length"])
        body = self.rfile.read(size)
        if len(body) < size:  # who is killed on the way has sent nothing
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver = self.server
        answer = receiver.answers.pop(0) if receiver.answers else receiver.default
        receiver.requests.append(Request(self.path, headers, body, time.time()))
        time.sleep(answer.after)
        self.send_response(answer.code)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: Any) -> None:
        pass


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail. `refusals` are answers to commands that begin so, instead of the usual ones. To the command
    `drips` it gives an answer without an end."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, starttls: bool = False, tls: bool = False) -> None:
        super().__init__((HOST, 0), _MailHandler)
        self.mails: list[EmailMessage] = []
        self.envelopes: list[list[str]] = []
        self.logins: list[str] = []
        self.refusals: dict[str, str] = {}
        self.drips = ""
        self.starttls = starttls
        self.context = _context()
        if tls:
            self.socket = self.context.wrap_socket(self.socket, server_side=True)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass


class _MailHandler(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 ready")
        self._secure = isinstance(self.request, ssl.SSLSocket)
        recipients: list[str] = []
        while line := self.rfile.readline():
            command = line.decode().strip()
            word = command.partition(" ")[0].upper()
            refusal = next(
                (
                    says
                    for key, says in self.server.refusals.items()
                    if command.upper().startswith(key.upper())
                ),
                None,
            )
            if word == self.server.drips:
                while True:  # until the client has gone
                    self._say("250-and")
                    time.sleep(0.01)
            elif refusal is not None:
                self._say(refusal)
            elif word == "EHLO":
                recipients = []
                offers = ["AUTH PLAIN", *(["STARTTLS"] if self.server.starttls and not self._secure else [])]
                self._say(
                    "\r\n".join(["250-mail.test", *(f"250-{offer}" for offer in offers), "250 8BITMIME"])
                )
            elif word == "STARTTLS":
                self._say("220 go ahead")
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
                self._secure = True
                self.setup()
            elif word == "AUTH":
                self.server.logins.append(base64.b64decode(command.split()[2]).decode())
                self._say("235 welcome")
            elif word == "RCPT":
                recipients.append(command.partition("<")[2].partition(">")[0])
                self._say("250 fine")
            elif word == "DATA":
                self._say("354 go on")
                data = b""
                while (text := self.rfile.readline()) != b".\r\n":
                    data += text.removeprefix(b".") if text.startswith(b"..") else text
                mail = message_from_bytes(data, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                self.server.mails.append(mail)
                self.server.envelopes.append(recipients)
                self._say("250 taken")
            elif word == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def finish(self) -> None:
        super().finish()
        if self.server.starttls:
            self.request.close()  # wrapped: the server closes only what it accepted

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    """The server, in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, KEY)
    return context
