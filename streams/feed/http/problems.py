"""Problems: how the feed refuses a request (RFC 9457). Every error ends here; each says what is wrong."""

import reprlib
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import compile_path

from models.errors import TankerwatchError, meant
from models.event_filter import EventFilterError
from streams.feed.http.response_models import Problem as Content
from streams.runtime.retry import REDIS_AWAY

MEDIA_TYPE: Final = "application/problem+json"
LONGEST_BODY: Final = 64_000
"""Bytes of the longest request body that is read."""


class Problem(TankerwatchError):
    """Ends a request. `detail` says what is wrong and what to do."""

    def __init__(self, status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers


def not_found(detail: str) -> Problem:
    return Problem(HTTPStatus.NOT_FOUND, detail)


def invalid(detail: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def response(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    content = Content("about:blank", title, status, detail)
    return Response(msgspec.json.encode(content), status, headers, MEDIA_TYPE)


def add_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(EventFilterError, _filter)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _failed)
    for away in REDIS_AWAY:
        app.add_exception_handler(away, _away)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return response(error.status, error.detail, error.headers)


async def _filter(_: Request, error: Exception) -> Response:
    return response(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))


async def _invalid(request: Request, error: Exception) -> Response:
    """A parameter or a body that does not fit its type: the first thing that is wrong with it."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where, *names = first["loc"]
    # what concerns several parameters names them itself
    place = "body: " if where == "body" else f"{names[0]}: " if names else ""
    return response(HTTPStatus.UNPROCESSABLE_ENTITY, place + _reason(request, first))


def _reason(request: Request, error: Mapping[str, Any]) -> str:
    """What is wrong, and what is valid. The framework has no words for people."""
    given, context = reprlib.repr(error.get("input")), error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            known = _declared(request)
            reason = f"no such parameter{meant(str(error['loc'][-1]), known)}; "
            return reason + (f"the parameters are {', '.join(known)}" if known else "there are none here")
        case "missing" if error["loc"] == ("body",):
            return "missing; give a JSON object, as in /openapi.json"
        case "missing":
            return "missing; give a value"
        case "json_invalid":
            return "not JSON in UTF-8; give a JSON object, as in /openapi.json"
        case "literal_error":
            return f"{given} is not valid; give {context['expected'].replace(chr(39), '')}"
        case "string_too_short":
            return f"{given} is too short; give at least {_characters(context['min_length'])}"
        case "string_too_long":
            return f"{given} is too long; give at most {_characters(context['max_length'])}"
        case _:
            return str(context.get("error", error["msg"]))


def _characters(count: int) -> str:
    return "one character" if count == 1 else f"{count} characters"


def _declared(request: Request) -> list[str]:
    """The query parameters of the operation, as the OpenAPI document has them."""
    operation = request.app.openapi()["paths"][request.scope["route"].path_format][request.method.lower()]
    return [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]


async def _http(request: Request, error: Exception) -> Response:
    """An error of the framework, in our words."""
    assert isinstance(error, HTTPException)
    status, detail, headers = error.status_code, str(error.detail), dict(error.headers or {})
    if status == HTTPStatus.BAD_REQUEST:  # FastAPI says so only of a body that it cannot read as JSON
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        detail = "body: not JSON in UTF-8; give a JSON object, as in /openapi.json"
    elif status == HTTPStatus.NOT_FOUND:
        detail = "there is nothing at this address; see /openapi.json"
        if request.url.path.startswith("/v1/fences/"):
            detail += ". Drawn fences have ids like drawn-0123456789ab; no others can be changed here"
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        known = _allowed(request) or sorted(headers.get("Allow", "").split(", "))
        headers["Allow"] = ", ".join(known)
        detail = f"{request.method} does not work here; {headers['Allow']} does"
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        detail = f"the body is longer than {LONGEST_BODY:,} bytes; send less"
    return response(status, detail, headers)


def _allowed(request: Request) -> list[str]:
    """The methods of all operations at this path. The framework knows only that of the first one. A path that
    is written out is none of those with a parameter in the same place."""
    paths, asked = request.app.openapi()["paths"], request.url.path
    matching = [path for path in paths if compile_path(path)[0].match(asked)]
    found = [paths[path] for path in matching if path == asked or asked not in paths]
    return sorted(method.upper() for operations in found for method in operations)


async def _failed(_: Request, error: Exception) -> Response:
    """A fault of ours. The server writes the error to the log."""
    return response(HTTPStatus.INTERNAL_SERVER_ERROR, "the feed failed; its log says why")


async def _away(_: Request, error: Exception) -> Response:
    return response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "the event log cannot be reached; try again later",
        {"Retry-After": "5"},
    )
