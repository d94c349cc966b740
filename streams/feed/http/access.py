"""Access: who may make requests (by token) and how often (by address). On loopback no token is needed."""

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feed import metrics
from streams.feed.http import problems
from streams.feed.http.problems import LONGEST_BODY, Problem
from streams.feed.settings import FeedSettings

COOKIE: Final = "tankerwatch_token"
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN: Final = frozenset({"/", "/v1/config", "/v1/session", "/healthz", "/openapi.json"})
"""Addresses that never need a token: the page without data, and whether the feed is healthy."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ADDRESSES: Final = 10_000
"""The most addresses whose requests are counted at a time."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of this feed. Without any, no request needs one."""

    read: frozenset[str] = frozenset()
    review: frozenset[str] = frozenset()

    @property
    def needed(self) -> bool:
        return bool(self.read or self.review)

    def may_read(self, token: str) -> bool:
        return _among(token, self.read) | _among(token, self.review)

    def may_review(self, token: str) -> bool:
        return _among(token, self.review)


def tokens(settings: FeedSettings, host: str) -> tuple[Tokens, str | None]:
    """The tokens of the settings.

    A feed that listens beyond loopback without any gets a random one, which is returned as well: the caller
    has to show it to the person who runs the feed.
    """
    given = Tokens(_split(settings.read_tokens), _split(settings.review_tokens))
    if given.needed or (is_loopback(host) and not settings.hosts):
        return given, None
    random = secrets.token_urlsafe(18)
    return Tokens(review=frozenset({random})), random


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(scope: Scope) -> str:
    """The address that a request is counted under: the client's, or the /64 network of an IPv6 client."""
    host = scope["client"][0] if scope.get("client") else ""
    try:
        parsed = ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(IPv6Address(int(parsed) >> 64 << 64))
    return str(parsed)


@dataclass(slots=True)
class Rates:
    """A token bucket for each address. A full one holds a minute's worth of requests."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)  # requests left, at which time

    def take(self, name: str) -> float:
        """Count one request. Returns 0, or the seconds to wait before the next request is allowed."""
        now = self.clock()
        left, since = self._left.pop(name, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - since) * self.per_minute / 60)
        wait = max(0.0, 1 - left) * 60 / self.per_minute
        self._left[name] = (left if wait else left - 1, now)
        if len(self._left) > ADDRESSES:
            del self._left[next(iter(self._left))]  # the one that has been silent for longest
        return wait


class Guard:
    """Middleware that refuses requests before the application does any work for them."""

    def __init__(self, app: ASGIApp, tokens: Tokens, settings: FeedSettings) -> None:
        self._app, self._tokens = app, tokens
        self._rates = Rates(settings.requests_per_minute)
        named = _split(settings.hosts)
        # Without tokens, only our own names are answered: a stranger could let a name of theirs lead here
        # (DNS rebinding), and a page under that name would then be of the same origin as the feed.
        self._hosts = LOCAL | named if named or not tokens.needed else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                self._check(Request(scope))
            except Problem as problem:
                refusal = problems.response(problem.status, problem.detail, problem.headers)
                await refusal(scope, receive, send)
                return
        await self._app(scope, _bounded(receive), send)

    def _check(self, request: Request) -> None:
        """Raises Problem."""
        self._check_rate(request)
        self._check_origin(request)
        self._check_token(request)

    def _check_rate(self, request: Request) -> None:
        if wait := self._rates.take(address(request.scope)):
            _refuse(
                "rate",
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many requests from your address; try again in {wait:.0f} s",
                {"Retry-After": str(int(wait) + 1)},
            )

    def _check_origin(self, request: Request) -> None:
        host = request.headers.get("host", "")
        if self._hosts and _hostname(host) not in self._hosts:
            _refuse(
                "host",
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this feed does not answer to the host name {host!r}; add it to TANKERWATCH_FEED_HOSTS",
            )
        origin = request.headers.get("origin")
        if request.method not in SAFE and origin is not None and urlsplit(origin).netloc != host:
            _refuse("origin", HTTPStatus.FORBIDDEN, "pages of other sites may not do this")

    def _check_token(self, request: Request) -> None:
        path = request.url.path
        if not self._tokens.needed or path in OPEN or path.startswith("/static/"):
            return
        token = _token(request)
        if token is None or not self._tokens.may_read(token):
            _refuse(
                "token",
                HTTPStatus.UNAUTHORIZED,
                "send a token of this feed as `Authorization: Bearer TOKEN`, or enter it on the page",
                {"WWW-Authenticate": "Bearer"},
            )
        if request.method not in SAFE and not self._tokens.may_review(token or ""):
            _refuse("token", HTTPStatus.FORBIDDEN, "this token can only read; send one for reviews")


def _bounded(receive: Receive) -> Receive:
    """Raises HTTPException, which the framework lets through, for a body that is too long."""
    size = 0

    async def receive_bounded() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > LONGEST_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return message

    return receive_bounded


def _refuse(reason: str, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
    metrics.REFUSED.labels(reason).inc()
    raise Problem(status, detail, headers)


def cookie(token: str, secure: bool) -> str:
    """The value of `Set-Cookie` that keeps a token where no script and no other site can use it."""
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000" + "; Secure" * secure


def _token(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.cookies.get(COOKIE)


def _among(token: str, valid: Iterable[str]) -> bool:
    """Compares in constant time, so that the time taken does not say how much of a guess was right."""
    return any(hmac.compare_digest(token.encode(), one.encode()) for one in valid)


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _split(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",")) - {""}
