"""Requests to the time machine."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from streams.feed.http import bodies, responses
from streams.feed.http.openapi import operation
from streams.feed.http.problems import invalid
from streams.feed.http.query import Query
from streams.feed.recording.player import Command, Player


def routes(player: Player) -> APIRouter:
    router = APIRouter(prefix="/v1/replay", tags=["recording"])

    @router.get("", **operation("getReplay", "Which moment of the recording is shown.", "Playback"))
    async def playback(request: Request) -> Response:
        Query(request.query_params).done()
        return responses.json(player.playback())

    @router.post(
        "",
        **operation(
            "postReplay",
            "Play, pause, change the speed, go to a moment.",
            "Playback",
            description="Everything shows the state at the new moment; going back sends `reset` to streams.",
            body="Command",
            problems=(413,),
        ),
    )
    async def command(request: Request) -> Response:
        Query(request.query_params).done()
        wanted = await bodies.read(request, Command)
        try:
            player.obey(wanted)
        except (ValueError, OverflowError):
            raise invalid(
                f"seek: {wanted.seek!r} is no time; give RFC 3339 like 2026-03-01T12:00:00Z"
            ) from None
        return responses.json(player.playback())

    return router
