"""Posts JSON to a web address: to the very IP address that was checked, without redirects."""

import asyncio
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from streams.alerts.channel import Outcome, Result
from streams.alerts.channels.addresses import Private, resolve
from streams.output.sanitize import sanitize

CONNECT_SECONDS: Final = 10.0
SECONDS: Final = 30.0
"""Seconds that a receiver has for the whole request."""
LONGEST_WAIT: Final = 3_600.0
"""The longest wait in seconds that a receiver can ask for."""
QUOTED: Final = 200
"""Bytes of an answer that are read, to be quoted."""
_AWAY: Final = frozenset({408, 429, 502, 503, 504})


class Poster:
    """Posts to one address. Raises ValueError if it can't be parsed."""

    def __init__(self, url: str, allow_private: bool = False) -> None:
        self._url, self._allow_private = httpx.URL(url), allow_private
        self._host = self._url.raw_host.decode("ascii")
        self._port = self._url.port or {"http": 80, "https": 443}[self._url.scheme]
        self._context = ssl.create_default_context()
        self.at = sanitize(f"{self._url.scheme}://{self._url.netloc.decode('ascii')}")
        """The address without path and query, which may be secret."""

    async def post(self, body: bytes, headers: dict[str, str]) -> Outcome:
        try:
            async with asyncio.timeout(SECONDS):
                return await self._post(body, headers)
        except TimeoutError:
            return Outcome(Result.REFUSED, f"{self.at}: no answer within {SECONDS:g} s", unsure=True)

    async def _post(self, body: bytes, headers: dict[str, str]) -> Outcome:
        try:
            addresses = await resolve(self._host, self._port, self._allow_private)
        except Private as error:
            return Outcome(Result.NEVER, str(error))
        except (OSError, UnicodeError) as error:
            return Outcome(Result.AWAY, f"{self._host}: no such host, or no name server ({sanitize(error)})")
        outcome = Outcome(Result.AWAY, f"{self.at}: no address")
        for address in addresses:
            try:
                return await self._post_to(address, body, headers)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                why = sanitize(error) or "no connection"
                outcome = Outcome(Result.AWAY, f"{self.at}: {why} ({address})")
            except (httpx.TransportError, httpx.StreamError) as error:
                why = sanitize(error) or type(error).__name__
                return Outcome(Result.REFUSED, f"{self.at}: {why}", unsure=True)
        return outcome

    async def _post_to(self, address: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """Put the IP address into the URL, so nothing resolves the name again. Host and TLS keep the name."""
        named = self._host != address and not self._host.startswith("[")
        async with httpx.AsyncClient(
            verify=self._context,
            trust_env=False,
            timeout=httpx.Timeout(SECONDS, connect=CONNECT_SECONDS),
        ) as client:
            request = client.build_request(
                "POST",
                self._url.copy_with(host=address),
                content=body,
                headers={
                    **headers,
                    "Host": self._url.netloc.decode("ascii"),
                    "Content-Type": "application/json",
                    "Accept-Encoding": "identity",
                    "User-Agent": "tankerwatch",
                },
                extensions={"sni_hostname": self._host} if named else {},
            )
            response = await client.send(request, stream=True)
            try:
                head = b""
                async for chunk in response.aiter_raw():
                    head += chunk
                    if len(head) >= QUOTED:
                        break
            finally:
                await response.aclose()
        return judge(response.status_code, response.headers, head[:QUOTED], self.at)


def judge(code: int, headers: httpx.Headers, body: bytes, at: str) -> Outcome:
    """What an answer means."""
    said = sanitize(body.decode("utf-8", "replace").strip())
    reason = f"{at} answered {code}{': ' + said if said else ''}"
    if 200 <= code < 300:
        return Outcome(Result.DELIVERED, f"{at} answered {code}")
    if code == 410:
        return Outcome(Result.GONE, reason)
    wait = retry_after(headers.get("retry-after"))
    # Who names a time for the next attempt has not taken this one (RFC 9110, 15.6.4). Without it, 503 may
    # come from a proxy whose connection broke, and 408 from a receiver that was too slow itself. A gateway
    # that answers 502 or 504 has called the receiver, or tried to (15.6.3, 15.6.5), and after 500 it may have
    # done part of its work.
    unsure = (code == 408 or code >= 500) and not (code == 503 and wait is not None)
    if code in _AWAY:
        return Outcome(Result.AWAY, reason, wait, unsure)
    if code >= 500:
        return Outcome(Result.REFUSED, reason, unsure=unsure)
    if 300 <= code < 400:
        to = sanitize(headers.get("location", "elsewhere"))[:QUOTED]
        return Outcome(Result.NEVER, f"{at} answered {code} and points to {to}: give the final address")
    return Outcome(Result.NEVER, reason)


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """The seconds of a Retry-After header (RFC 9110, 10.2.3), within bounds; None if it has none."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        seconds = float(value[:12])
    else:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, OverflowError):  # the latter of years and offsets with too many digits
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - (now or datetime.now(UTC))).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT)
