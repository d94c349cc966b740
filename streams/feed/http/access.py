"""Access: who may ask, by token, and how often, by address. Nothing is asked for on loopback."""

import hmac
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from streams.feed import metrics
from streams.feed.http import problems
from streams.feed.http.problems import Problem
from streams.feed.settings import FeedSettings

COOKIE: Final = "tankerwatch_token"
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN: Final = frozenset({"/", "/v1/config", "/v1/session", "/healthz", "/openapi.json"})
"""What is told without a token: the page without data, and whether the feed is well."""
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ADDRESSES: Final = 10_000
"""Addresses whose requests are counted."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens that are demanded, if any are."""

    read: frozenset[str] = frozenset()
    review: frozenset[str] = frozenset()

    @property
    def demanded(self) -> bool:
        return bool(self.read or self.review)

    def may_read(self, token: str) -> bool:
        return _among(token, self.read) | _among(token, self.review)

    def may_review(self, token: str) -> bool:
        return _among(token, self.review)


def tokens(settings: FeedSettings, host: str) -> tuple[Tokens, str | None]:
    """The tokens that are set. Beyond loopback, where none are, one is made, and returned to be told."""
    given = Tokens(_several(settings.read_tokens), _several(settings.review_tokens))
    if given.demanded or (is_loopback(host) and not settings.hosts):
        return given, None
    made = secrets.token_urlsafe(18)
    return Tokens(review=frozenset({made})), made


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def address(scope: Scope) -> str:
    """Whom requests are counted for: an address, or the network of an IPv6 host."""
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
    """How many requests each address has left; a full minute's worth to begin with."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)  # how many, and when that was

    def take(self, name: str) -> float:
        """Count one request. 0, or the seconds until there may be one."""
        now = self.clock()
        left, since = self._left.pop(name, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - since) * self.per_minute / 60)
        short = max(0.0, 1 - left) * 60 / self.per_minute
        self._left[name] = (left if short else left - 1, now)
        if len(self._left) > ADDRESSES:
            del self._left[next(iter(self._left))]  # the one that has been silent for longest
        return short


class Guard:
    """Stands before the application: refuses what may not be, before anything is done for it."""

    def __init__(self, app: ASGIApp, tokens: Tokens, settings: FeedSettings) -> None:
        self._app, self._tokens = app, tokens
        self._rates = Rates(settings.requests_per_minute)
        named = _several(settings.hosts)
        # without tokens, only who calls us by our own names: not a page that has its name lead here
        self._hosts = LOCAL | named if named or not tokens.demanded else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._check(Request(scope))
        except Problem as problem:
            answer = problems.response(problem.status, problem.detail, problem.headers)
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check(self, request: Request) -> None:
        """Raises Problem."""
        if wait := self._rates.take(address(request.scope)):
            self._refuse(
                "rate",
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many requests from your address; come back in {wait:.0f} s",
                {"Retry-After": str(int(wait) + 1)},
            )
        host = request.headers.get("host", "")
        if self._hosts and _hostname(host) not in self._hosts:
            self._refuse(
                "host",
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this feed does not go by the name {host!r}; add it to TANKERWATCH_FEED_HOSTS",
            )
        writes = request.method not in SAFE
        origin = request.headers.get("origin")
        if writes and origin is not None and urlsplit(origin).netloc != host:
            self._refuse("origin", HTTPStatus.FORBIDDEN, "pages of other sites may not do this")
        path = request.url.path
        if not self._tokens.demanded or path in OPEN or path.startswith("/static/"):
            return
        token = _token(request)
        if token is None or not self._tokens.may_read(token):
            self._refuse(
                "token",
                HTTPStatus.UNAUTHORIZED,
                "give a token of this feed as `Authorization: Bearer TOKEN`, or enter it on the page",
                {"WWW-Authenticate": "Bearer"},
            )
        if writes and not self._tokens.may_review(token or ""):
            self._refuse("token", HTTPStatus.FORBIDDEN, "this token only lets read; give one for reviews")

    @staticmethod
    def _refuse(reason: str, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        metrics.REFUSED.labels(reason).inc()
        raise Problem(status, detail, headers)


def cookie(token: str, secure: bool) -> str:
    """The header that keeps a token in the browser, out of reach of scripts and of other sites."""
    return f"{COOKIE}={token}; Path=/; HttpOnly; SameSite=Strict; Max-Age=2592000" + "; Secure" * secure


def _token(request: Request) -> str | None:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return token.strip()
    return request.cookies.get(COOKIE)


def _among(token: str, valid: Iterable[str]) -> bool:
    """Takes as long for a token that is nearly right as for any other."""
    return any(hmac.compare_digest(token.encode(), one.encode()) for one in valid)


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _several(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",")) - {""}
