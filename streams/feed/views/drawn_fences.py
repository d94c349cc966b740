"""The desk for drawn fences: what people ask for, checked; the versions; and the file that a replay reads."""

import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from typing import Annotated, Any, Final, Protocol

import msgspec

from geofences.drawn import fences_of, read_outline
from geofences.fence import Fence
from models.drawn_fence import LONGEST_NAME, MOST_FENCES, MOST_VERSIONS, FenceVersion
from models.errors import InputError, TankerwatchError
from models.time import Millis, to_text
from streams.runtime.logs import get_logger

log = get_logger(__name__)
MOST_KEPT: Final = 10_000
"""Versions of all fences that there ever were; they are kept, because a replay needs them."""

Text = Annotated[
    str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME, pattern=r"[^\s\x1c-\x1f\x85\ufeff]")
]
"""With something else than blanks; what those are, Python and JSON Schema see alike."""


Outline = Annotated[dict[str, Any], msgspec.Meta(description="a GeoJSON Polygon or MultiPolygon")]


class FenceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fence to draw. `geometry` is a GeoJSON Polygon or MultiPolygon."""

    name: Text
    geometry: Outline
    by: Text


class FenceEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A drawn fence as it should be from now on; `version` is the one that was edited."""

    name: Text
    geometry: Outline
    by: Text
    version: Annotated[int, msgspec.Meta(ge=1, le=MOST_VERSIONS)]


class FenceList(msgspec.Struct):
    """The drawn fences that are not deleted, by id, in their last version; and what comes of drawing here."""

    fences: list[FenceVersion]
    note: str


class FenceConflict(TankerwatchError):
    """Somebody else has changed the fence meanwhile, or there are as many as there may be."""


class NoSuchFence(TankerwatchError):
    """There is no drawn fence of this id."""


class FenceNotSent(TankerwatchError):
    """The stages surely do not get it."""


class FenceUnsure(TankerwatchError):
    """Whether the stages get it is not known."""


class FenceBook(Protocol):
    """Where versions are kept: `streams.store.drawn_fences.DrawnFences` documents it."""

    async def versions(self) -> list[FenceVersion]: ...
    async def claim(self, version: FenceVersion) -> bool: ...
    async def release(self, version: FenceVersion) -> None: ...


class FenceDesk:
    """Draws, edits and removes fences."""

    def __init__(
        self,
        book: FenceBook,
        publish: Callable[[FenceVersion], Awaitable[None]],
        newest: Callable[[], Awaitable[Millis | None]],
        note: str,
    ) -> None:
        """`publish` hands a version to the stages; `newest` is how far event time has come; `note` tells
        people what comes of drawing."""
        self.book, self.note = book, note
        self._publish, self._newest = publish, newest

    async def draw(self, given: FenceRequest) -> FenceVersion:
        """A new fence. Raises InputError, FenceConflict and what `publish` raises."""
        versions = await self.book.versions()
        standing = [each for each in current(versions) if not each.deleted]
        if len(standing) >= MOST_FENCES:
            raise FenceConflict(f"there are {MOST_FENCES} drawn fences, and no more are allowed; delete one")
        if len(versions) >= MOST_KEPT:
            raise FenceConflict(
                f"{MOST_KEPT:,} versions of drawn fences are kept, and no more are allowed; export them, "
                "give the file to workers and feed with TANKERWATCH_FENCES, and delete the key "
                "`tankerwatch:fences` in Redis"
            )
        return await self._take(given, f"drawn-{secrets.token_hex(6)}", 1)

    async def edit(self, id: str, given: FenceEdit) -> FenceVersion:
        """The next version of a fence. Raises as `draw`, and NoSuchFence."""
        last = await self._last(id, given.version)
        return await self._take(given, id, last.version + 1)

    async def remove(self, id: str, version: int, by: str) -> FenceVersion:
        """The version that says that it is no more. Raises as `edit`."""
        last = await self._last(id, version)
        if last.deleted:  # it may not have arrived; what did is taken once
            await self._publish(last)
            return last
        since, drawn = await self._now()
        gone = msgspec.structs.replace(
            last,
            version=last.version + 1,
            deleted=True,
            by=by,
            valid_from=None,
            since=since,
            drawn=drawn,
        )
        return await self._send(gone)

    async def standing(self) -> list[FenceVersion]:
        """The last version of each fence that counts or may come to; one is gone once its deletion counts."""
        return [each for each in current(await self.book.versions()) if not _is_gone(each)]

    async def export(self) -> list[Fence]:
        """Every version that counts or has counted, with the time for which it does."""
        return exported(await self.book.versions())

    async def _last(self, id: str, version: int) -> FenceVersion:
        last = next((each for each in current(await self.book.versions()) if each.id == id), None)
        if last is None or _is_gone(last):
            raise NoSuchFence(f"there is no drawn fence {id!r}; it may have been deleted")
        if last.version != version:
            raise FenceConflict(
                f"{last.by} has changed this fence in the meantime (it is in version {last.version}); "
                "reload it"
            )
        if last.version >= MOST_VERSIONS:
            raise FenceConflict(f"this fence has {MOST_VERSIONS} versions; draw a new one in its place")
        return last

    async def _take(self, given: FenceRequest | FenceEdit, id: str, version: int) -> FenceVersion:
        name, by = given.name.strip(), given.by.strip()
        if not name or not by:
            raise InputError("name and by: give the fence a name, and say who you are")
        area = read_outline(given.geometry)
        since, drawn = await self._now()
        made = FenceVersion(id=id, version=version, name=name, area=area, by=by, since=since, drawn=drawn)
        return await self._send(made)

    async def _send(self, version: FenceVersion) -> FenceVersion:
        if not await self.book.claim(version):
            raise FenceConflict("somebody else has changed this fence at the same time; reload it")
        try:
            await self._publish(version)
        except FenceUnsure:  # it may count yet: it stays, without a time from which it does
            log.warning("fence_unsure", fence=version.id, version=version.version, by=version.by)
            raise
        except TankerwatchError:
            await self.book.release(version)
            raise
        log.info(
            "fence_deleted" if version.deleted else "fence_drawn", fence=version.id, name=version.name,
            version=version.version, by=version.by, positions=sum(map(len, version.area.coordinates[0])),
        )  # fmt: skip
        return version

    async def _now(self) -> tuple[str | None, str]:
        """Event time, None where there is no data yet; and that of the clock."""
        newest = await self._newest()
        return None if newest is None else to_text(newest), to_text(int(time.time() * 1000))


def _is_gone(version: FenceVersion) -> bool:
    return version.deleted and version.valid_from is not None


def current(versions: Sequence[FenceVersion]) -> list[FenceVersion]:
    """The last version of each fence; one that was deleted, too."""
    return [list(group)[-1] for _, group in groupby(versions, key=lambda each: each.id)]


def exported(versions: Sequence[FenceVersion]) -> list[Fence]:
    """As fences that `--fence` reads. What the stages have not taken yet is left out."""
    return fences_of([version for version in versions if version.valid_from is not None])
