"""Operations on the player of a recording. The live feed does not have them."""

from typing import Annotated, Final

from fastapi import APIRouter, Body
from starlette.responses import Response

from streams.feed.http.context import Feed, FeedContext
from streams.feed.http.openapi import Msgspec, problems
from streams.feed.http.parameters import ONCE, NoQuery
from streams.feed.http.problems import invalid
from streams.feed.http.responses import Json
from streams.feed.recording.player import Playback, PlaybackCommand, Player

router: Final = APIRouter(prefix="/v1/replay", tags=["recording"], dependencies=ONCE)


@router.get(
    "", summary="Which moment of the recording is shown.", response_model=Annotated[Playback, Msgspec()]
)
async def get_replay(_: NoQuery, feed: Feed) -> Response:
    return Json(_player(feed).playback())


@router.post(
    "",
    summary="Play, pause, change the speed, go to a moment.",
    response_model=Annotated[Playback, Msgspec()],
    responses=problems(413),
)
async def post_replay(
    command: Annotated[PlaybackCommand, Msgspec(), Body()], _: NoQuery, feed: Feed
) -> Response:
    """Everything shows the state at the new moment. Going back sends `reset` to the streams."""
    player = _player(feed)
    try:
        player.obey(command)
    except (ValueError, OverflowError):
        raise invalid(
            f"seek: {command.seek!r} is not a time; give RFC 3339, like 2026-03-01T12:00:00Z"
        ) from None
    return Json(player.playback())


def _player(feed: FeedContext) -> Player:
    assert feed.player is not None, "the application has these operations only with a player"
    return feed.player
