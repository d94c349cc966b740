"""Operations on a recording as a whole. The live feed does not have them."""

from typing import Annotated, Final

from fastapi import APIRouter
from starlette.responses import Response

from streams.feed.http.context import Feed
from streams.feed.http.openapi import Msgspec
from streams.feed.http.parameters import ONCE, NoQuery
from streams.feed.http.response_models import Marks
from streams.feed.http.responses import Json
from streams.feed.recording.progress import Playback
from streams.feed.views.marks import marks

router: Final = APIRouter(prefix="/v1/replay", tags=["recording"], dependencies=ONCE)


@router.get(
    "",
    summary="From when to when the recording is, and how far it has been read.",
    response_model=Annotated[Playback, Msgspec()],
)
async def get_replay(_: NoQuery, feed: Feed) -> Response:
    """To see what was known at a moment, give other operations that moment as `at`."""
    assert feed.progress is not None, "the application has these operations only with a recording"
    return Json(feed.progress.playback())


@router.get(
    "/marks",
    summary="All events of the recording in brief, for a strip beside its time.",
    response_model=Annotated[Marks, Msgspec()],
)
async def get_replay_marks(_: NoQuery, feed: Feed) -> Response:
    """As far as the recording has been read, in the order in which they became known."""
    return Json(Marks(await marks(feed.log)))
