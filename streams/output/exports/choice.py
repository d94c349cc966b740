"""Which revisions of events an export has: by default the latest of each event that stands.

Events are read one by one, and wait in a temporary file, so that memory holds no more than a few hundred
bytes for each, however large an archive is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from models.event import Event, Status, from_json, sort_key, to_json
from streams.recordings.temporary import Block, TemporaryFile


class Revisions:
    """Revisions in the order of `sort_key`, read from disk when they are asked for."""

    def __init__(self, file: TemporaryFile, blocks: list[Block]) -> None:
        self._file, self._blocks = file, blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def __iter__(self) -> Iterator[Event]:
        return (from_json(self._file.read(block)) for block in self._blocks)


@dataclass(frozen=True, slots=True)
class Choice:
    """The revisions to export, and how many events were left out as retracted."""

    revisions: Revisions
    left_out: int


class _Kept(NamedTuple):
    key: tuple[str, str, int]
    retracted: bool
    block: Block


def choose(events: Iterable[Event], every: bool = False, retracted: bool = False) -> Choice:
    """Choose from revisions in any order; a revision that is there twice counts once.

    With `every` all revisions are chosen, also of events that were retracted later: `status` says so. Without
    it the highest of each event is, and events that are retracted are left out unless `retracted` is set.
    Raises SourceError where there is no room for a temporary file.
    """
    file = TemporaryFile()
    found: dict[tuple[str, int], _Kept] = {}
    latest: dict[str, int] = {}
    for event in events:
        id, revision = event.id, event.revision
        if not every and revision < latest.get(id, revision):
            continue
        if not every and id in latest:
            found.pop((id, latest[id]), None)
        latest[id] = revision
        gone = event.status == Status.RETRACTED
        found[id, revision] = _Kept(sort_key(event), gone, file.write(to_json(event)))
    chosen = [kept for kept in found.values() if every or retracted or not kept.retracted]
    chosen.sort(key=lambda kept: kept.key)
    return Choice(Revisions(file, [kept.block for kept in chosen]), len(found) - len(chosen))
