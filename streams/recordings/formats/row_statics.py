"""Row statics: the static data that rows repeat, written where it is new and now and then."""

from typing import Final

import numpy as np

from models.time import MINUTE
from streams.recordings.formats.batch import Flags, Ints
from streams.recordings.formats.row_contents import Contents, RowContents, sentence
from streams.recordings.formats.row_reader import Rows

_STATIC_EVERY: Final = 6 * MINUTE
"""How often transponders send static data (ITU-R M.1371-5, annex 1), in milliseconds: a slot."""
_HOUR: Final = 10  # slots
_MOST_VESSELS: Final = 1_000_000
_WITHOUT: Final = (4, 9, 27)
"""Message types of stations, aircraft and ships far away, which send no static data."""
_CONTENT, _KIND, _FIRST, _SLOT = range(4)
"""The static data of a vessel as it was written last: what, in rows of which kind, since which slot it is
the same, and in which slot it was written."""


class RowStatics:
    """Of one table."""

    def __init__(self, contents: RowContents) -> None:
        self._contents = contents
        self._place: dict[int, int] = {}  # of each vessel, by MMSI, in the following
        self._said = np.empty((1024, 4), np.int64)
        self._sentences: list[bytes] = []

    def sentences(self, rows: Rows, contents: Contents) -> dict[int, bytes]:
        """By row, sentences with static data: where they are new, six minutes later, and every hour.

        Afterwards contents may have other ids than in `contents`.
        """
        mmsi, kind = rows.mmsi, rows.kind
        slots = rows.times // _STATIC_EVERY
        wanted = self._contents.full(contents.ids) & ~np.isin(kind, _WITHOUT) & (mmsi > 0)
        chosen = np.flatnonzero(wanted)
        chosen = chosen[np.argsort(mmsi[chosen], kind="stable")]
        changed = np.ones(len(chosen), np.bool_)  # against the row of the same vessel before
        if len(chosen):
            told = np.stack([mmsi[chosen], contents.cells[chosen], slots[chosen]])
            changed[1:] = (told[:, 1:] != told[:, :-1]).any(axis=0)
        own = wanted & rows.own  # messages of their own are all written
        wanted = own.copy()
        wanted[chosen[changed]] = True
        chosen = np.flatnonzero(wanted)
        chosen = chosen[
            self._says_more(mmsi[chosen], contents.ids[chosen], kind[chosen], slots[chosen], own[chosen])
        ]
        found: dict[int, bytes] = {}
        columns = (column[chosen].tolist() for column in (mmsi, contents.ids, kind, slots, own))
        for row, vessel, content, of, slot, is_own in zip(chosen.tolist(), *columns, strict=True):
            if not self._is_same(vessel, content, of):
                self._take(vessel, content, of, slot)
            elif not is_own and not self._is_due(vessel, slot):
                continue
            place = self._place[vessel]
            self._said[place, _SLOT] = slot
            if self._sentences[place]:
                found[row] = self._sentences[place]
        if self._contents.held > self._contents.most:
            said = self._said[: len(self._sentences)]
            said[:, _CONTENT] = self._contents.keep(said[:, _CONTENT])
        return found

    def _says_more(self, mmsi: Ints, content: Ints, kind: Ints, slots: Ints, own: Flags) -> Flags:
        """Rows of vessels of which any row may say something else than was written last, or again."""
        vessels, which = np.unique(mmsi, return_inverse=True)
        place = np.array([self._place.get(vessel, -1) for vessel in vessels.tolist()], np.int64)[which]
        said = self._said[place]
        more = own | (place < 0) | (said[:, _CONTENT] != content) | (said[:, _KIND] != kind)
        more |= (slots != said[:, _SLOT]) & (
            (slots <= said[:, _FIRST] + 1) | (slots // _HOUR != said[:, _SLOT] // _HOUR)
        )
        found = np.zeros(len(vessels), np.bool_)
        found[which[more]] = True
        return found[which]

    def _is_same(self, vessel: int, content: int, kind: int) -> bool:
        place = self._place.get(vessel)
        return place is not None and bool(self._said[place, :2].tolist() == [content, kind])

    def _is_due(self, vessel: int, slot: int) -> bool:
        """Whether to write it again: once soon, so that it counts, and then every hour."""
        first, last = self._said[self._place[vessel], 2:].tolist()
        return bool(slot != last and (slot <= first + 1 or slot // _HOUR != last // _HOUR))

    def _take(self, vessel: int, content: int, kind: int, slot: int) -> None:
        """A vessel says something new."""
        if len(self._place) > _MOST_VESSELS:
            self._place.clear()
            self._sentences.clear()
        place = self._place.setdefault(vessel, len(self._place))
        if place == len(self._sentences):
            self._sentences.append(b"")
            if place == len(self._said):
                self._said = np.concatenate((self._said, np.empty_like(self._said)))
        self._said[place] = content, kind, slot, slot
        self._sentences[place] = self._contents.sentences(content, vessel, kind)


def detached(sentences: bytes) -> bytes:
    """The same where no position stands before them, so that the first one adds to nothing."""
    first, mark, others = sentences[1:].partition(b"!")
    payload, fill = first[: first.index(b"*")].split(b",")[5:]
    return sentence(payload, int(fill), b"") + mark + others
