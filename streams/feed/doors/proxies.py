"""Proxies: whose word is taken for the address of a client.

Behind a reverse proxy every connection comes from the proxy, so all clients would share one allowance. Of a
proxy that the settings trust, `Forwarded` (RFC 7239) or `X-Forwarded-For` says who asks. Each proxy adds to
the end of the list, so it is read from there: the last address that is no trusted proxy is the client.
Whatever stands before it, the client may have written itself. From anybody else these headers say nothing.
"""

import re
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from streams.feed.http import problems
from streams.feed.http.problems import Problem
from streams.feed.trusted_proxies import TrustedProxies

LONGEST: Final = 4_000
"""Characters of the longest list that is read."""
_TOKEN: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (a word of the grammar of HTTP)
_PAIR: Final = re.compile(rf"\s*({_TOKEN})=({_TOKEN}|\"(?:[^\"\\]|\\.)*\")\s*(;|,|$)")
_NODE: Final = re.compile(
    r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+)|(?P<name>unknown|_[\w.-]+))(?::\w+)?"
)


class ProxiedRequests:
    """Middleware that puts the client in the place of the trusted proxy which connects for it."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app, self._proxies = app, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("client") and self._proxies.trust(scope["client"][0]):
            try:
                self._place(scope, Headers(scope=scope))
            except Problem as problem:
                answer = problems.response(problem.status, problem.detail, problem.headers)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _place(self, scope: Scope, headers: Headers) -> None:
        """Raises Problem for headers that can't be read, or that contradict each other."""
        standard = ",".join(headers.getlist("forwarded"))
        usual = ",".join(headers.getlist("x-forwarded-for"))
        schemes = headers.get("x-forwarded-proto", "").split(",")
        found = []
        if standard:
            elements = _elements(standard)
            hosts = [_host(element.get("for", "unknown"), "Forwarded") for element in elements]
            at = self._proxies.client(hosts)
            found.append(hosts[at])
            schemes = [elements[at].get("proto", "")]
        if usual:
            parts = _short(usual, "X-Forwarded-For").split(",")
            hosts = [_host(part.strip(), "X-Forwarded-For") for part in parts]
            found.append(hosts[self._proxies.client(hosts)])
        if len(set(found)) > 1:
            # a proxy that writes one of them and hands on the other: a client could write that itself
            raise _malformed(
                "Forwarded and X-Forwarded-For name different clients; the proxy should remove one"
            )
        if found:
            scope["client"] = (found[0], 0)
        scheme = schemes[-1].strip().lower()
        if scheme in ("http", "https"):
            scope["scheme"] = scheme


def _elements(text: str) -> list[dict[str, str]]:
    """The elements of `Forwarded`, each with its parameters by name in small letters."""
    _short(text, "Forwarded")
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(text):
        if (found := _PAIR.match(text, at)) is None:
            raise _malformed("Forwarded can't be read")
        name, value, end = found.groups()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        elements[-1][name.lower()] = value
        if end == ",":
            elements.append({})
        at = found.end()
    return elements


def _host(node: str, header: str) -> str:
    """The host of a node, without its port."""
    try:
        return str(ip_address(node))  # also IPv6 without brackets, as X-Forwarded-For has it
    except ValueError:
        found = _NODE.fullmatch(node)
    if found is None:
        raise _malformed(f"{header} names no address")
    if found["name"]:
        return found["name"]
    try:
        return str(ip_address(found["six"] or found["four"]))
    except ValueError:
        raise _malformed(f"{header} names no address") from None


def _short(text: str, header: str) -> str:
    if len(text) > LONGEST:
        raise _malformed(f"{header} is longer than {LONGEST:,} characters")
    return text


def _malformed(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, detail)
