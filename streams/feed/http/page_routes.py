"""The page: its files, the modules it shares with the report, and the land on its map.

All of them are read, compressed and given their tags once, and then served from memory: about 5 MB.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request
from starlette.responses import Response

from streams.feed.http.problems import not_found

PAGE: Final = Path(str(files("streams.feed").joinpath("page")))
SHARED: Final = Path(str(files("streams.output").joinpath("web")))
LAND: Final = Path(str(files("geofences").joinpath("data", "land.geojson.gz")))
REVALIDATE: Final = "no-cache"
"""Browsers ask each time whether a file has changed. The answer 304 is cheap, and files of two versions of
the page never mix."""
_METHODS: Final = ["GET", "HEAD"]
_COMPRESSED: Final = 1_000
"""Bytes from which a text is worth compressing."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file, ready to be sent."""

    kind: str
    plain: bytes
    packed: bytes | None  # by gzip
    tag: str
    caching: str = REVALIDATE

    def response(self, request: Request) -> Response:
        headers = {"Cache-Control": self.caching, "ETag": self.tag, "Vary": "Accept-Encoding"}
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=self.kind)
        return Response(self.plain, headers=headers, media_type=self.kind)


@cache
def _files() -> Mapping[str, _File]:
    """All files by their paths."""
    found = {"": _read(PAGE / "index.html")}
    for name, path in [*_below(PAGE, "static/"), *_below(SHARED, "static/web/")]:
        found[name] = _read(path)
    packed = LAND.read_bytes()
    plain = gzip.decompress(packed)
    found["static/land.geojson"] = _File("application/geo+json", plain, packed, _tag(plain), "max-age=86400")
    return found


def _below(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield prefix + path.relative_to(folder).as_posix(), path


def _read(path: Path) -> _File:
    data = path.read_bytes()
    kind = guess_type(path.name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind.endswith(("json", "svg+xml", "javascript"))
    packed = gzip.compress(data, mtime=0) if text and len(data) >= _COMPRESSED else None
    return _File(kind, data, packed, _tag(data))


def _tag(data: bytes) -> str:
    return f'"{hashlib.sha256(data).hexdigest()[:32]}"'


def add(app: FastAPI) -> None:
    found = _files()

    @app.api_route("/", methods=_METHODS, include_in_schema=False)
    async def page(request: Request) -> Response:
        return found[""].response(request)

    @app.api_route("/static/{path:path}", methods=_METHODS, include_in_schema=False)
    async def file(path: str, request: Request) -> Response:
        if (one := found.get(f"static/{path}")) is None:
            raise not_found("there is no such file of the page")
        return one.response(request)
