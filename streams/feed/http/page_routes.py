"""The page: its files, the modules it shares with the report, and the land on its map."""

import gzip
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

PAGE: Final = Path(str(files("streams.feed").joinpath("page")))
SHARED: Final = Path(str(files("streams.output").joinpath("web")))
LAND: Final = Path(str(files("geofences").joinpath("data", "land.geojson.gz")))
REVALIDATE: Final = {"Cache-Control": "no-cache"}
"""Browsers ask each time whether a file has changed. The answer 304 is cheap, and files of two versions of
the page never mix."""


class _Files(StaticFiles):
    def file_response(self, *arguments: object, **named: object) -> Response:
        response = super().file_response(*arguments, **named)  # type: ignore[arg-type]
        response.headers.update(REVALIDATE)
        return response


def add(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(PAGE / "index.html", headers=REVALIDATE)

    @app.get("/static/land.geojson", include_in_schema=False)
    async def land(request: Request) -> Response:
        kind = "application/geo+json"
        headers = {"Cache-Control": "max-age=86400", "Vary": "Accept-Encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return FileResponse(LAND, media_type=kind, headers=headers)
        return Response(gzip.decompress(LAND.read_bytes()), media_type=kind, headers=headers)

    app.mount("/static/web", _Files(directory=SHARED), name="shared")
    app.mount("/static", _Files(directory=PAGE), name="static")
