"""Transmissions: finds messages whose bits were heard before, and says which earlier message they repeat.

A position with its UTC second (types 1 to 3, 18 and 19) is the same transmission whenever the same bits come
again within 20 minutes of the first hearing. Messages of other types say the same again and again; of these
the same bits on the same channel are one transmission only within a few seconds.
"""

from typing import Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.report import Rows
from models.time import MINUTE, Millis
from streams.decoding.lines.byte_spans import PADDING, Bytes, ByteSpans, Flags, Int64Array
from streams.decoding.lines.words import copy_words, hash_words, same_words
from streams.runtime.compiled import compiled

WINDOW: Final = 20 * MINUTE
"""Within this event time of the first hearing the same bits with a UTC second are one transmission."""
_MOST: Final = 2_000_000  # originals that are remembered
_PAGE_ROWS: Final = 1 << 15  # originals of a page, beyond which it is not merged with another
_PAGE_SPAN: Final = WINDOW // 4
_LEAST_ROOM: Final = 1 << 13  # originals that go into a table before it is packed
_ROOM: Final = 1 << 16  # of its arrays; what is not used takes no memory, as long as they are no huge pages
_TEXT: Final = 32 * _ROOM
_SPARE: Final = 4
_AHEAD: Final = 128  # messages
_FACTOR: Final = np.uint64(0x1E3779B97F4A7C15)
_ORIGINAL: Final = np.dtype(
    [
        ("time", "i8"),
        ("number", "i8"),  # among all messages that were kept
        ("hash", "i4"),
        ("before", "i4"),  # the row before it with the same slot, plus 1
        ("start", "i4"),  # of the payload, in the text of all of them
        ("length", "u2"),
        ("salt", "u1"),
        ("useful", "?"),  # something may still repeat it
    ],
    align=True,
)

_NEVER: Final = np.full(256, -1)

Salts = npt.NDArray[np.uint8]
"""What equal payloads have to agree in besides. 0 and 1 mark messages with a UTC second."""
Slots = npt.NDArray[np.int32]
"""The latest row of each slot, plus 1. The lowest bits of the hash of a row are the number of its slot."""
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
        self._table = _Table(_ROOM, _TEXT)
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
            self._table.rows["useful"][page.begin : page.end] = False
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
        self._table, self._forgotten = _Table(_ROOM, _TEXT), 0
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

        Where it is full, the useless ones go out of it.
        """
        if not self._table.has_room(count, size) and not self._table.spread(count, size):
            self.pack(count, size)

    def pack(self, count: int = 0, size: int = 0) -> None:
        """Put the useless originals out of the table, and have room in it for so many more with so many
        bytes."""
        self._table = self._table.packed(count, size)
        self._forgotten = begin = 0
        for number, page in self._pages.items():
            self._pages[number] = page._replace(begin=begin, end=begin + page.size)
            begin += page.size


class _Table:
    """Originals by what they say, in rows in order of time.

    Its arrays have room to spare, which takes no memory before it is used. What it may use is twice as much
    as was useful when it was full before.
    """

    def __init__(self, room: int, text: int) -> None:
        """With room for so many originals and so many bytes."""
        self.rows, self.text = np.empty(room, _ORIGINAL), np.empty(text + PADDING, np.uint8)
        self._most = min(room, _LEAST_ROOM)
        self._slots = np.zeros(1 << self._most.bit_length(), np.int32)
        self.size = self._used = 0  # rows and bytes in use

    def has_room(self, count: int, size: int) -> bool:
        return self.size + count <= self._most and self._used + size <= len(self.text) - PADDING

    def spread(self, count: int, size: int) -> bool:
        """Use more of the arrays, where that is the cheapest way to make room: hardly anything is useless."""
        useful = int(np.count_nonzero(self.rows["useful"][: self.size]))
        most = 2 * (useful + count)
        if 2 * useful < self.size or most > min(len(self.rows), 2 * len(self._slots)):
            return False
        before, self._most = self._most, most
        if self.has_room(count, size):
            return True
        self._most = before
        return False

    def packed(self, count: int, size: int) -> "_Table":
        """The useful originals at the beginning of this table, or of a larger one if there are too many."""
        rows = self.rows[: self.size]
        room = 2 * (int(np.count_nonzero(rows["useful"])) + count)
        text = 2 * (int(rows["length"][rows["useful"]].sum()) + size)
        table = self
        if room > len(self.rows) or text > len(self.text) - PADDING:
            table = _Table(max(_SPARE * room, _ROOM), max(_SPARE * text, _TEXT))
        table._most = max(room, table._most)
        if len(table._slots) < table._most:
            table._slots = np.zeros(1 << (2 * table._most).bit_length(), np.int32)
        else:
            table._slots[:] = 0
        table.size, table._used = _move(rows, self.text, table.rows, table.text, table._slots)
        return table

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
            *payloads, salts, times, _FACTOR, kept, reach, forgotten,
            self.rows, self.size, self.text, self._used, self._slots, *found,
        )  # fmt: skip

    def take_in(self, payloads: ByteSpans, salts: Salts, times: Int64Array, numbers: Int64Array) -> None:
        """Add originals in order of time."""
        begin, count = self.size, len(times)
        found = Repeats(np.empty(count, np.bool_), *np.empty((2, count), np.int64))
        self.settle(payloads, salts, times, 0, _NEVER, 0, found)
        self.rows["number"][begin : self.size] = numbers


def windows(salts: Salts, window: Millis) -> Int64Array:
    """The event time within which a message with each of these salts repeats an earlier one."""
    return np.asarray(np.where(salts <= 1, WINDOW, window))


@compiled
def _settle(
    block: Bytes,
    starts: Int64Array,
    lengths: Int64Array,
    salts: Salts,
    times: Int64Array,
    factor: np.uint64,
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
    number, seen, mask = kept, 0, len(slots) - 1
    here, there = block.ctypes.data, text.ctypes.data
    hashes = np.empty(_AHEAD, np.int32)
    for at in range(len(starts)):
        turn = at % _AHEAD
        if turn == 0:
            for other in range(min(_AHEAD, len(starts) - at)):
                which = at + other
                hashes[other] = hash_words(here, starts[which], lengths[which], salts[which], factor)
            seen ^= _look_ahead(hashes, rows, size, slots)
        start, length, salt, mixed = starts[at], lengths[at], salts[at], hashes[turn]
        known = slots[mixed & mask] - 1
        while known >= forgotten:
            row = rows[known]
            alike = row.hash == mixed and row.salt == salt and row.length == length
            if alike and same_words(here, start, there, row.start, length):
                break
            known = row.before - 1
        flag[at] = known >= forgotten and times[at] - rows[known].time <= reach[salt]
        if flag[at]:
            of[at], after[at] = rows[known].number, times[at] - rows[known].time
            continue
        of[at], after[at] = number, 0
        new = rows[size]
        new.time, new.number, new.hash, new.salt, new.useful = times[at], number, mixed, salt, True
        new.start, new.length, new.before = used, length, slots[mixed & mask]
        copy_words(here, start, there, used, length)
        size, number, used = size + 1, number + 1, used + length
        slots[mixed & mask] = size
    return size, used, seen


@compiled
def _look_ahead(hashes: npt.NDArray[np.int32], rows: Rows, size: int, slots: Slots) -> int:
    """Read what some hashes lead to, all at once: one after another each would wait for the memory.

    The result has no meaning, but without one nothing would be read.
    """
    seen, mask = 0, len(slots) - 1
    for number in hashes:
        slot = slots[number & mask]
        if slot > 0:
            seen ^= rows[slot - 1].hash
    return seen


@compiled
def _move(old: Rows, block: Bytes, rows: Rows, text: Bytes, slots: Slots) -> tuple[int, int]:
    """Put the useful ones of other rows, which may be the same, first. Returns rows and bytes in use."""
    size, used, mask = 0, 0, len(slots) - 1
    here, there = block.ctypes.data, text.ctypes.data
    for at in range(len(old)):
        if old[at].useful:
            row, slot = rows[size], old[at].hash & mask
            rows[size] = old[at]
            copy_words(here, row.start, there, used, row.length)
            row.start, row.before = used, slots[slot]
            size, used = size + 1, used + row.length
            slots[slot] = size
    return size, used
