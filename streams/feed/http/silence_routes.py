"""Operations on silences: all of them, a new one, ending one; and the audit."""

import time
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from models.silence import AuditLine, Silence
from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec, example, problems
from streams.feed.http.parameters import ONCE, NoQuery
from streams.feed.http.problems import Problem, invalid, not_found
from streams.feed.http.responses import Json
from streams.feed.views import silences
from streams.feed.views.silences import Audit, EndRequest, SilenceList, SilenceRequest

router: Final = APIRouter(prefix="/v1", tags=["silences"], dependencies=ONCE)
SilenceId = Annotated[str, Path(description="The silence's id.", examples=example("postSilence", "id"))]


@router.get(
    "/silences",
    summary="What no alerts are sent about, and until when.",
    response_model=Annotated[SilenceList, Msgspec()],
)
async def get_silences(_: NoQuery, feed: Feed) -> Response:
    return Json(SilenceList(await feed.log.silences(_now())))


@router.post(
    "/silences",
    summary="Send no alerts about a vessel, a place or anything until a date.",
    status_code=HTTPStatus.CREATED,
    response_model=Annotated[Silence, Msgspec()],
    responses=problems(409, 413),
)
async def post_silence(
    given: Annotated[SilenceRequest, Msgspec(), Body()], _: NoQuery, feed: Feed
) -> Response:
    """Everybody sees it. What is withheld is not sent later; the event's next revision counts as new. Where
    tokens are needed, it needs one for reviews."""
    now = _now()
    try:
        silence, line = silences.made(given, now)
    except ValueError as error:
        raise invalid(f"body: {error}") from None
    except silences.Over as error:
        raise Problem(HTTPStatus.CONFLICT, f"body: {error}") from None
    if len(await feed.log.silences(now)) >= silences.MOST:
        raise Problem(HTTPStatus.CONFLICT, f"there are {silences.MOST} silences already; end one of them")
    await feed.log.add_silence(silence, line)
    return Json(silence, HTTPStatus.CREATED)


@router.post(
    "/silences/{id}/end",
    summary="End a silence now.",
    response_model=Annotated[AuditLine, Msgspec()],
    responses=problems(404, 413),
)
async def end_silence(
    id: SilenceId, given: Annotated[EndRequest, Msgspec(), Body()], _: NoQuery, feed: Feed
) -> Response:
    """The answer is the line of the audit."""
    line = silences.ended(id, given, _now())
    if not await feed.log.end_silence(id, line):
        raise not_found(f"there is no silence {id!r}, or it has ended")
    return Json(line)


@router.get(
    "/audit",
    summary="Who kept alerts from being sent, and which were not sent for that reason.",
    response_model=Annotated[Audit, Msgspec()],
)
async def get_audit(_: NoQuery, feed: Feed) -> Response:
    """The latest 200 lines about people, and as many about alerts that were withheld."""
    return Json(Audit(await feed.log.audit()))


def _now() -> int:
    return int(time.time() * 1000)
