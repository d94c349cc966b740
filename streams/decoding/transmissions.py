"""Transmissions: finds messages whose bits were heard before, and says which earlier message they repeat.

A position with its UTC second (types 1 to 3, 18 and 19) is the same transmission whenever the same bits come
again within 20 minutes of the first hearing. Messages of other types say the same again and again; of these
the same bits on the same channel are one transmission only within a few seconds.
"""

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.time import MINUTE, Millis
from streams.decoding.lines.byte_spans import Bytes, ByteSpans, Flags, Int64Array
from streams.runtime.compiled import compiled

WINDOW: Final = 20 * MINUTE
"""Within this event time of the first hearing the same bits with a UTC second are one transmission."""
_MOST: Final = 2_000_000  # originals that are remembered
_PAGE_ROWS: Final = 1 << 15  # originals of a page, beyond which it is not merged with another
_PAGE_SPAN: Final = WINDOW // 4
_LEAST_ROOM: Final = 1 << 12
_AHEAD: Final = 128  # messages
_FACTOR: Final = 0x1E3779B97F4A7C15
_ORIGINAL: Final = np.dtype(
    [
        ("time", "i8"),
        ("number", "i8"),  # among all messages that were kept
        ("hash", "i8"),
        ("start", "i4"),  # of the payload, in the text of all of them
        ("length", "u2"),
        ("salt", "u1"),
        ("useful", "?"),  # something may still repeat it
    ],
    align=True,
)

Salts = npt.NDArray[np.uint8]
"""What equal payloads have to agree in besides. 0 and 1 mark messages with a UTC second."""
Slots = npt.NDArray[np.int32]
"""Rows by hash, plus 1."""
Pieces = dict[str, bytes | None]
"""State by name of its piece; None where a piece is gone."""


class Repeats(NamedTuple):
    """For each message: whether it repeats another one, the running number of that one (or its own), and by
    how much it is later."""

    flag: Flags
    of: Int64Array
    after: Int64Array


class _StoredPage(msgspec.Struct, array_like=True):
    last: Millis
    first_number: int
    ages: bytes
    numbers: bytes
    salts: bytes
    lengths: bytes
    payloads: bytes


class _Page(NamedTuple):
    """Originals in order of time, from one row of the table to another; `last` is the latest time."""

    last: Millis
    begin: int
    end: int
    size: int
    """Those of them that are useful."""


class Transmissions:
    """The originals of one source: messages that repeat none before them.

    Messages are found by a hash and confirmed by their bytes. Each batch of originals is a page; neighbouring
    pages are merged, so that there are few. A page never changes once it is made, so that a checkpoint writes
    it once. Originals are forgotten by event time, and beyond a number of them the oldest first.
    """

    def __init__(self, window: Millis) -> None:
        """Messages without a UTC second repeat others within `window` only."""
        self._window = window
        self._reach = windows(np.arange(256, dtype=np.uint8), window)  # by salt
        self._pages: dict[int, _Page] = {}  # by number, in order of time
        self._next_page = 0
        self._gone: list[int] = []  # pages that a checkpoint may still have
        self._new: set[int] = set()  # pages that no checkpoint has
        self._table = _Table(0, 0)
        self._forgotten = 0  # rows of the table before those of the oldest page

    def __len__(self) -> int:
        return sum(page.size for page in self._pages.values())

    def settle(self, payloads: ByteSpans, salts: Salts, times: Int64Array, kept: int) -> Repeats:
        """Take messages in, in order of event time and none before those of an earlier call.

        Those that repeat none are numbered from `kept` on.
        """
        count = len(times)
        found = Repeats(np.empty(count, np.bool_), *np.empty((2, count), np.int64))
        if not count:
            return found
        self._make_room(count, int(payloads.lengths.sum()))
        begin = self._table.size
        self._table.settle(payloads, salts, times, kept, self._reach, self._forgotten, found)
        if self._table.size > begin:
            self._add(_Page(int(times[-1]), begin, self._table.size, self._table.size - begin))
        return found

    def forget(self, watermark: Millis) -> None:
        """Give up what no message from `watermark` on can repeat."""
        size = len(self)
        while self._pages:
            number, page = next(iter(self._pages.items()))
            if size <= _MOST and page.last + max(WINDOW, self._window) >= watermark:
                break
            size -= page.size
            self._forgotten = page.end
            self._drop(number)

    def changes(self) -> Pieces:
        """What is new or gone since the last call."""
        changed: Pieces = {str(number): None for number in self._gone}
        changed.update({str(number): self._dump(self._pages[number]) for number in sorted(self._new)})
        self._gone, self._new = [], set()
        return changed

    def dump(self) -> dict[str, bytes]:
        """All of it."""
        return {str(number): self._dump(page) for number, page in self._pages.items()}

    def load(self, pieces: dict[str, bytes]) -> None:
        """Raises msgspec.DecodeError."""
        self._table, self._forgotten = _Table(0, 0), 0
        self._pages, self._gone, self._new = {}, [], set()
        for name in sorted(pieces, key=int):
            self._pages[int(name)] = self._load(pieces[name])
        self._next_page = max(self._pages, default=-1) + 1

    # Pages

    def _add(self, page: _Page) -> None:
        while self._pages:
            number = next(reversed(self._pages))
            before = self._pages[number]
            small = before.size < 2 * page.size and before.size + page.size <= _PAGE_ROWS
            rows = self._table.rows[before.begin : before.end]
            if not small or page.last - int(rows["time"][rows["useful"].argmax()]) > _PAGE_SPAN:
                break
            rows = self._table.rows[before.begin : page.end]
            rows["useful"] &= rows["time"] + windows(rows["salt"], self._window) >= page.last
            page = _Page(page.last, before.begin, page.end, int(np.count_nonzero(rows["useful"])))
            self._drop(number)
        if page.size:  # else all are so old by now that nothing can repeat them
            self._pages[self._next_page] = page
            self._new.add(self._next_page)
            self._next_page += 1

    def _drop(self, number: int) -> None:
        del self._pages[number]
        if number in self._new:
            self._new.remove(number)
        else:
            self._gone.append(number)

    def _dump(self, page: _Page) -> bytes:
        rows = self._table.rows[page.begin : page.end]
        rows = rows[rows["useful"]]
        first = int(rows["number"][0])
        payloads = self._table.payloads(rows)
        stored = _StoredPage(
            page.last,
            first,
            (page.last - rows["time"]).astype("<u8").tobytes(),
            (rows["number"] - first).astype("<u4").tobytes(),
            rows["salt"].tobytes(),
            payloads.lengths.astype("<u2").tobytes(),
            payloads.text(),
        )
        return msgspec.msgpack.encode(stored)

    def _load(self, data: bytes) -> _Page:
        stored = msgspec.msgpack.decode(data, type=_StoredPage)
        lengths = np.frombuffer(stored.lengths, "<u2").astype(np.int64)
        payloads = ByteSpans.packed(stored.payloads, lengths)
        times = stored.last - np.frombuffer(stored.ages, "<u8").astype(np.int64)
        numbers = stored.first_number + np.frombuffer(stored.numbers, "<u4").astype(np.int64)
        order = np.argsort(numbers)  # by time, too
        self._make_room(len(times), int(lengths.sum()))
        begin, salts = self._table.size, np.frombuffer(stored.salts, "u1")
        self._table.take_in(payloads.take(order), salts[order], times[order], numbers[order])
        return _Page(stored.last, begin, self._table.size, self._table.size - begin)

    def _make_room(self, count: int, size: int) -> None:
        """Make sure that so many originals with so many bytes go into the table.

        A new one has room for as much again as it holds, and nothing of what is useless.
        """
        if self._table.has_room(count, size):
            return
        rows, text = self._table.rows[: self._table.size], self._table.text
        rows["useful"][: self._forgotten] = False
        some = rows[rows["useful"]]
        self._table = _Table(
            2 * (len(some) + count) + _LEAST_ROOM, 2 * (int(some["length"].sum()) + size) + _LEAST_ROOM
        )
        place = self._table.move_in(rows, text)
        self._forgotten = 0
        for number, page in self._pages.items():
            self._pages[number] = page._replace(begin=int(place[page.begin]), end=int(place[page.end]))


class _Table:
    """Originals by what they say, in rows in order of time. A slot has the row of one, plus 1."""

    def __init__(self, room: int, text: int) -> None:
        """With room for so many originals and so many bytes."""
        self.rows, self.text = np.empty(room, _ORIGINAL), np.empty(text, np.uint8)
        self._slots = np.zeros(1 << room.bit_length() + 1, np.int32)
        self.size = self._used = 0  # rows and bytes in use

    def has_room(self, count: int, size: int) -> bool:
        return self.size + count < len(self.rows) and self._used + size <= len(self.text)

    def payloads(self, rows: Rows) -> ByteSpans:
        return ByteSpans(self.text, rows["start"].astype(np.int64), rows["length"].astype(np.int64))

    def settle(
        self,
        payloads: ByteSpans,
        salts: Salts,
        times: Int64Array,
        kept: int,
        reach: Int64Array,
        forgotten: int,
        found: Repeats,
    ) -> None:
        """Find what messages repeat, and add those that repeat none; rows before `forgotten` do not count."""
        self.size, self._used, _ = _settle(
            *payloads, salts, times, _hashed(payloads, salts), kept, reach, forgotten,
            self.rows, self.size, self.text, self._used, self._slots, *found,
        )  # fmt: skip

    def take_in(self, payloads: ByteSpans, salts: Salts, times: Int64Array, numbers: Int64Array) -> None:
        """Add originals in order of time."""
        rows = np.empty(payloads.size, _ORIGINAL)
        rows["time"], rows["number"], rows["salt"], rows["useful"] = times, numbers, salts, True
        rows["hash"], rows["start"], rows["length"] = _hashed(payloads, salts), *payloads[1:]
        self.move_in(rows, payloads.block)

    def move_in(self, rows: Rows, text: Bytes) -> Int64Array:
        """Add useful rows whose payloads are in a text. Returns the place of each, and of the end."""
        places = np.empty(len(rows) + 1, np.int64)
        room = self.rows, self.size, self.text, self._used, self._slots
        self.size, self._used, _ = _move(rows, text, places, *room)
        return places


def windows(salts: Salts, window: Millis) -> Int64Array:
    """The event time within which a message with each of these salts repeats an earlier one."""
    return np.asarray(np.where(salts <= 1, WINDOW, window))


def _hashed(payloads: ByteSpans, salts: Salts) -> Int64Array:
    hashes = np.empty(payloads.size, np.int64)
    _hash(*payloads, salts, _FACTOR, hashes)
    return hashes


@compiled
def _hash(
    block: Bytes, starts: Int64Array, lengths: Int64Array, salts: Salts, factor: int, hashes: Int64Array
) -> None:
    """Hash messages, eight bytes at a time."""
    for row in range(len(starts)):
        start, length = starts[row], lengths[row]
        mixed = (length << 8 | salts[row]) * factor
        for at in range(start, start + length, 8):
            word = 0
            for code in block[at : min(at + 8, start + length)]:
                word = word << 8 | code
            mixed = (mixed ^ word) * factor
            mixed ^= mixed >> 29
        hashes[row] = mixed


@compiled
def _settle(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    salts: Salts,
    times: Int64Array,
    hashes: Int64Array,
    kept: int,
    reach: Int64Array,
    forgotten: int,
    rows: Rows,
    size: int,
    text: Bytes,
    used: int,
    slots: Slots,
    flag: Flags,
    of: Int64Array,
    after: Int64Array,
) -> tuple[int, int, int]:
    """Compare each message with the latest original that is equal. Returns rows and bytes in use."""
    begin, number, seen = size, kept, 0
    for at in range(len(starts)):
        if at % _AHEAD == 0:
            seen ^= _look_ahead(hashes[at : at + _AHEAD], rows, slots)
        new = rows[size]  # its payload is in the block until the end
        new.time, new.number, new.hash, new.salt, new.useful = times[at], number, hashes[at], salts[at], True
        new.start, new.length = starts[at], lengths[at]
        slot = _slot_of(size, block, begin, rows, text, slots)
        known = slots[slot] - 1
        flag[at] = known >= forgotten and new.time - rows[known].time <= reach[new.salt]
        of[at], after[at] = number, 0
        if flag[at]:
            of[at], after[at] = rows[known].number, new.time - rows[known].time
        else:
            size, number = size + 1, number + 1
            slots[slot] = size
    for at in range(begin, size):
        used = _keep(rows[at], block, text, used)
    return size, used, seen


@compiled
def _look_ahead(hashes: Int64Array, rows: Rows, slots: Slots) -> int:
    """Read what some hashes lead to, all at once: one after another each would wait for the memory.

    The result has no meaning, but without one nothing would be read.
    """
    seen, mask = 0, len(slots) - 1
    for number in hashes:
        seen ^= slots[number & mask]
    for number in hashes:
        slot = slots[number & mask]
        if slot > 0:
            seen ^= rows[slot - 1].hash
    return seen


@compiled
def _keep(row: Any, block: Bytes, text: Bytes, used: int) -> int:
    """Copy the payload of a row from a block to the end of the text."""
    piece, to = block[row.start : row.start + row.length], text[used : used + row.length]
    for place in range(len(piece)):
        to[place] = piece[place]
    row.start = used
    return int(used + len(piece))


@compiled
def _move(
    old: Rows, block: Bytes, places: Int64Array, rows: Rows, size: int, text: Bytes, used: int, slots: Slots
) -> tuple[int, int, int]:
    """Add those of other rows that are useful. Returns rows and bytes in use."""
    seen, mask = 0, len(slots) - 1
    for at in range(len(old)):
        if at % _AHEAD == 0:
            for other in old[at : at + _AHEAD]:
                seen ^= slots[other.hash & mask]
        places[at] = size
        if old[at].useful:
            rows[size] = old[at]
            used = _keep(rows[size], block, text, used)
            slots[_slot_of(size, text, len(rows), rows, text, slots)] = size + 1
            size += 1
    places[len(old)] = size
    return size, used, seen


@compiled
def _slot_of(of: int, block: Bytes, begin: int, rows: Rows, text: Bytes, slots: Slots) -> int:
    """The slot of the latest original that is equal to a row, or an empty one; there is always one.

    The payload of the row is in the block, as are those of the rows from `begin` on.
    """
    row, mask = rows[of], len(slots) - 1
    slot = row.hash & mask
    while slots[slot] > 0:
        known = rows[slots[slot] - 1]
        if known.hash == row.hash and known.salt == row.salt and known.length == row.length:
            within = block if slots[slot] > begin else text
            one = block[row.start : row.start + row.length]
            other = within[known.start : known.start + row.length]
            at = 0
            while at < len(one) and one[at] == other[at]:
                at += 1
            if at == len(one):
                break
        slot = slot + 1 & mask
    return int(slot)
