"""Problems: how the feed says no (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from models.errors import TankerwatchError

MEDIA_TYPE: Final = "application/problem+json"


class Problem(TankerwatchError):
    """Ends a request. `detail` says what is wrong and what to do."""

    def __init__(self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def unknown(what: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, what)


def invalid(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def response(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    content: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    return Response(msgspec.json.encode(content), status, headers, MEDIA_TYPE)


async def answer(_: Request, problem: Exception) -> Response:
    """A handler of exceptions for the application."""
    assert isinstance(problem, Problem)
    return response(problem.status, problem.detail, problem.headers)
