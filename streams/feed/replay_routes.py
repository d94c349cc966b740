"""Requests to the time machine."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from models.time import from_text
from streams.feed import answers
from streams.feed.player import Player
from streams.feed.problems import invalid
from streams.feed.queries import Query

FASTEST = 100_000.0


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to change; what is left out stays. `rate` null: as fast as can be read."""

    playing: bool | msgspec.UnsetType = msgspec.UNSET
    rate: Annotated[float, msgspec.Meta(gt=0, le=FASTEST)] | msgspec.UnsetType | None = msgspec.UNSET
    seek: str | msgspec.UnsetType = msgspec.UNSET


def routes(player: Player) -> APIRouter:
    router = APIRouter(prefix="/v1/replay", tags=["recording"])

    @router.get("")
    async def playback(request: Request) -> Response:
        Query(request.query_params).done()
        return answers.json(player.playback())

    @router.post("")
    async def command(request: Request) -> Response:
        Query(request.query_params).done()
        try:
            wanted = msgspec.json.decode(await request.body(), type=Command)
            to = None if wanted.seek is msgspec.UNSET else from_text(wanted.seek)
        except (ValueError, OverflowError) as error:
            raise invalid(
                f'{error}; give JSON like {{"playing": true, "rate": 600, "seek": "2026-03-01T12:00:00Z"}}'
            ) from None
        if wanted.playing is not msgspec.UNSET:
            player.playing = wanted.playing
        if wanted.rate is not msgspec.UNSET:
            player.rate = wanted.rate
        if to is not None:
            player.seek(to)
        return answers.json(player.playback())

    return router
