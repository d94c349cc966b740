"""Access: who may make requests (by token) and how often (by address). On loopback no token is needed."""

import hmac
import re
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv6Address, ip_address
from typing import Final, NoReturn

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feed import metrics
from streams.feed.http import problems
from streams.feed.http.connections import is_surplus
from streams.feed.http.problems import LONGEST_BODY, Problem
from streams.feed.settings import FeedSettings

COOKIE: Final = "tankerwatch_token"
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
OPEN: Final = frozenset({"/", "/v1/config", "/v1/session", "/healthz", "/openapi.json"})
"""Addresses that never need a token: the page without data, and whether the feed is healthy."""
HEALTH: Final = "/healthz"
SESSION: Final = "/v1/session"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HOST: Final = re.compile(r"(?:(?P<name>[A-Za-z0-9._~-]*)|\[(?P<six>[0-9A-Fa-f:.]+)\])(?::[0-9]{0,5})?")
_ORIGIN: Final = re.compile(
    r"null|[A-Za-z][A-Za-z0-9+.-]*://(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)
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
    """Middleware that refuses requests before the application does any work for them.

    Requests with a right token have an allowance for each address and token, others one for each address,
    and those that are refused for their token a third. So nobody can spend the allowance of somebody else
    who shares an address with them.
    """

    def __init__(self, app: ASGIApp, tokens: Tokens, settings: FeedSettings) -> None:
        self._app, self._tokens = app, tokens
        self._rates = Rates(settings.requests_per_minute)
        self._refusals = Rates(settings.refusals_per_minute)
        named = _split(settings.hosts)
        # Without tokens, only our own names are answered: a stranger could let a name of theirs lead here
        # (DNS rebinding), and a page under that name would then be of the same origin as the feed.
        self._hosts = LOCAL | named if named or not tokens.needed else frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._check(Request(scope))
        except Problem as problem:
            refusal = problems.response(problem.status, problem.detail, problem.headers)
            await refusal(scope, receive, send)
            return
        if scope["path"] == SESSION:
            send = self._counted(scope, receive, send)
        await self._app(scope, _bounded(receive), send)

    def _check(self, request: Request) -> None:
        """Raises Problem."""
        path = request.scope["path"]
        self._check_origin(request)
        if path == HEALTH:
            return  # whoever watches the feed is told, however much others ask
        if is_surplus(request.scope):
            _refuse(
                "connections",
                HTTPStatus.SERVICE_UNAVAILABLE,
                "too many connections; try again later",
                {"Retry-After": "10"},
            )
        token = _token(request) or ""
        right = self._tokens.may_read(token)
        if self._tokens.needed and path not in OPEN and not path.startswith("/static/") and not right:
            self._count_refusal(request.scope)
            _refuse(
                "token",
                HTTPStatus.UNAUTHORIZED,
                "send a token of this feed as `Authorization: Bearer TOKEN`, or enter it on the page",
                {"WWW-Authenticate": "Bearer"},
            )
        if path != SESSION:  # its answers are counted
            name = address(request.scope)
            if wait := self._rates.take(f"{name} {token}" if right else name):
                _refuse_for("rate", wait)
        if request.method not in SAFE:
            self._check_change(request, token)

    def _check_origin(self, request: Request) -> None:
        """Whether the request comes to a name of this feed, and from no page of another one."""
        host, origins = request.headers.get("host", ""), request.headers.getlist("origin")
        name = _hostname(host)
        if name is None:
            _refuse("header", HTTPStatus.BAD_REQUEST, "Host: this is no host name")
        if len(origins) > 1 or not all(map(_ORIGIN.fullmatch, origins)):
            _refuse("header", HTTPStatus.BAD_REQUEST, "Origin: this is no origin")
        if self._hosts and name not in self._hosts:
            _refuse(
                "host",
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this feed does not answer to the host name {host!r}; add it to TANKERWATCH_FEED_HOSTS",
            )
        same = not origins or origins[0].lower().partition("://")[2] == host.lower()
        if request.method not in SAFE and not same:
            _refuse("origin", HTTPStatus.FORBIDDEN, "pages of other sites may not do this")

    def _check_change(self, request: Request, token: str) -> None:
        """Whether a request may change something: by its token, and by what a browser says of it.

        A browser that names no page could have been led here by another site. A token in `Authorization`
        proves that it was not: other sites do not know it, while a cookie goes along by itself.
        """
        browser = any(name.startswith("sec-fetch-") for name in request.headers)
        ours = "origin" in request.headers or request.headers.getlist("sec-fetch-site") == ["same-origin"]
        if browser and not ours and not (_bears(request) and self._tokens.may_review(token)):
            _refuse(
                "origin",
                HTTPStatus.FORBIDDEN,
                "the browser does not say that a page of this feed asks (Origin, Sec-Fetch-Site); "
                "send a token for reviews as `Authorization: Bearer TOKEN`",
            )
        open_ = not self._tokens.needed or request.scope["path"] in OPEN
        if not open_ and not self._tokens.may_review(token):
            _refuse("token", HTTPStatus.FORBIDDEN, "this token can only read; send one for reviews")

    def _count_refusal(self, scope: Scope) -> None:
        """Count a wrong token. Raises Problem where there were too many."""
        if wait := self._refusals.take(address(scope)):
            _refuse_for("refusals", wait)

    def _counted(self, scope: Scope, receive: Receive, send: Send) -> Send:
        """Sends the answer about a session; another one where too many tokens from there were wrong."""
        replaced = False

        async def send_counted(message: Message) -> None:
            nonlocal replaced
            if message.get("status", 0) >= HTTPStatus.BAD_REQUEST:
                try:
                    self._count_refusal(scope)
                except Problem as problem:
                    replaced = True
                    await problems.response(problem.status, problem.detail, problem.headers)(
                        scope, receive, send
                    )
            if not replaced:
                await send(message)

        return send_counted


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


def _refuse(reason: str, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> NoReturn:
    metrics.REFUSED.labels(reason).inc()
    raise Problem(status, detail, headers)


def _refuse_for(reason: str, seconds: float) -> NoReturn:
    _refuse(
        reason,
        HTTPStatus.TOO_MANY_REQUESTS,
        f"too many requests from your address; try again in {seconds:.0f} s",
        {"Retry-After": str(int(seconds) + 1)},
    )


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


def _bears(request: Request) -> bool:
    """Whether a token is in `Authorization`, and not only in a cookie."""
    return request.headers.get("authorization", "").lower().startswith("bearer ")


def _hostname(host: str) -> str | None:
    """The name in a `Host` header; None if it is none."""
    if (found := _HOST.fullmatch(host)) is None:
        return None
    return (found["name"] or found["six"] or "").lower()


def _split(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",")) - {""}
