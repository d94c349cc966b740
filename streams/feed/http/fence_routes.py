"""Operations on drawn fences: the list, drawing, editing, deleting, and the file for a replay."""

from collections.abc import Awaitable
from http import HTTPStatus
from typing import Annotated, Final, TypeVar

from fastapi import APIRouter, Body, Path
from starlette.convertors import Convertor, register_url_convertor
from starlette.responses import Response

from geofences.fence import dump_fences
from models.drawn_fence import FenceVersion
from models.errors import InputError
from streams.feed.http.context import Feed, FeedContext
from streams.feed.http.openapi import Msgspec, problems
from streams.feed.http.parameters import ONCE, FenceRemoval, NoQuery
from streams.feed.http.problems import Problem, invalid, not_found
from streams.feed.http.response_models import FeatureCollection
from streams.feed.http.responses import GeoJson, Json
from streams.feed.recording.fences import FencesNotReady
from streams.feed.views.drawn_fences import (
    FenceConflict,
    FenceDesk,
    FenceEdit,
    FenceList,
    FenceNotSent,
    FenceRequest,
    FenceUnsure,
    NoSuchFence,
)

T = TypeVar("T")
ID: Final = "drawn-[0-9a-f]{12}"
FenceId = Annotated[str, Path(pattern=f"^{ID}$", description="The id of a drawn fence.")]


class _FenceIds(Convertor[str]):
    """So that no other address below `fences/` is taken for that of a fence."""

    regex = ID

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("fence", _FenceIds())
router: Final = APIRouter(prefix="/v1", tags=["fences"], dependencies=ONCE)


@router.get(
    "/fences",
    summary="The drawn fences as they stand.",
    response_model=Annotated[FenceList, Msgspec()],
)
async def get_drawn(_: NoQuery, feed: Feed) -> Response:
    """Fences of files and of the package are in `/v1/fences.geojson`, earlier versions and deleted fences in
    `/v1/fences/drawn.geojson`."""
    desk = _desk(feed)
    return Json(FenceList(await desk.standing(), desk.note))


@router.get(
    "/fences/drawn.geojson",
    summary="The drawn fences as a file for `tankerwatch replay --fence`.",
    response_class=GeoJson,
    response_model=Annotated[FeatureCollection, Msgspec()],
)
async def get_drawn_file(_: NoQuery, feed: Feed) -> Response:
    """Each version is a feature, with the event time from which (`validFrom`) and up to which (`validTo`) it
    counts. Versions that do not count yet are left out."""
    text = dump_fences(await _desk(feed).export())
    headers = {"Content-Disposition": 'attachment; filename="drawn.geojson"'}
    return Response(text.encode(), media_type=str(GeoJson.media_type), headers=headers)


@router.post(
    "/fences",
    summary="Draw a fence.",
    status_code=HTTPStatus.CREATED,
    response_model=Annotated[FenceVersion, Msgspec()],
    responses=problems(409, 413, 504),
)
async def post_fence(given: Annotated[FenceRequest, Msgspec(), Body()], _: NoQuery, feed: Feed) -> Response:
    """It raises `fence_entry` and `fence_exit` from the next instants of event time on; `validFrom` says from
    when, once it counts. Where tokens are needed, it needs one for reviews."""
    return Json(await _answer(_desk(feed).draw(given)), HTTPStatus.CREATED)


@router.put(
    "/fences/{id:fence}",
    summary="Edit a drawn fence.",
    response_model=Annotated[FenceVersion, Msgspec()],
    responses=problems(404, 409, 413, 504),
)
async def put_fence(
    id: FenceId, given: Annotated[FenceEdit, Msgspec(), Body()], _: NoQuery, feed: Feed
) -> Response:
    """A new version, which follows on the one that the request names."""
    return Json(await _answer(_desk(feed).edit(id, given)))


@router.delete(
    "/fences/{id:fence}",
    summary="Delete a drawn fence.",
    response_model=Annotated[FenceVersion, Msgspec()],
    responses=problems(404, 409, 504),
)
async def delete_fence(id: FenceId, query: FenceRemoval, feed: Feed) -> Response:
    """It counts no more; what it found stays, and so do its versions."""
    return Json(await _answer(_desk(feed).remove(id, query.version, query.by)))


def _desk(feed: FeedContext) -> FenceDesk:
    if feed.desk is None:
        raise not_found("this feed has no drawn fences")
    return feed.desk


async def _answer(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except NoSuchFence as error:
        raise not_found(str(error)) from None
    except (FenceConflict, FencesNotReady) as error:
        raise Problem(HTTPStatus.CONFLICT, str(error)) from None
    except FenceNotSent as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None
    except FenceUnsure as error:
        raise Problem(HTTPStatus.GATEWAY_TIMEOUT, str(error)) from None
    except InputError as error:
        raise invalid(str(error)) from None
