"""Transmissions: finds messages whose bits were heard before, and says which earlier message they repeat.

A position with its UTC second (types 1 to 3, 18 and 19) is the same transmission whenever the same bits come
again within 20 minutes of the first hearing. Messages of other types say the same again and again; of these
the same bits on the same channel are one transmission only within a few seconds.
"""

from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from models.time import MINUTE, Millis
from streams.decoding.lines.byte_spans import ByteSpans, Flags, Int64Array, Words

WINDOW: Final = 20 * MINUTE
"""Within this event time of the first hearing the same bits with a UTC second are one transmission."""
_MOST: Final = 2_000_000  # originals that are remembered
_PAGE_ROWS: Final = 1 << 15  # originals of a page, beyond which it is not merged with another
_PAGE_SPAN: Final = WINDOW // 4
_NEVER: Final = np.iinfo(np.int64).min // 2
_EPOCH: Final = WINDOW // 8  # event time that has one number in the filter
_EPOCHS: Final = 255
_REACH: Final = WINDOW // _EPOCH + 1
_LEAST_SLOTS: Final = 1 << 14
_SLOTS_FOR_ONE: Final = 8

Salts = npt.NDArray[np.uint8]
"""What equal payloads have to agree in besides. 0 and 1 mark messages with a UTC second."""
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
    """Originals in order of their hash. `last` is the latest of their times."""

    last: Millis
    hashes: Words
    times: Int64Array
    numbers: Int64Array
    salts: Salts
    payloads: ByteSpans

    @property
    def size(self) -> int:
        return len(self.hashes)

    def take(self, index: Int64Array | Flags) -> "_Page":
        columns = (self.hashes[index], self.times[index], self.numbers[index], self.salts[index])
        return _Page(self.last, *columns, self.payloads.take(index))

    def merged(self, later: "_Page", window: Millis) -> "_Page":
        """Both as one, without what nothing can repeat any more."""
        page = _Page(
            later.last,
            np.concatenate((self.hashes, later.hashes)),
            np.concatenate((self.times, later.times)),
            np.concatenate((self.numbers, later.numbers)),
            np.concatenate((self.salts, later.salts)),
            ByteSpans.join([self.payloads, later.payloads]),
        )
        order = np.argsort(page.hashes, kind="stable")  # two sorted runs
        useful = page.times + windows(page.salts, window) >= later.last
        page = page.take(order[useful[order]])
        return page._replace(payloads=page.payloads.compact())

    def dump(self) -> bytes:
        first = int(self.numbers.min()) if self.size else 0
        stored = _StoredPage(
            self.last,
            first,
            (self.last - self.times).astype("<u8").tobytes(),
            (self.numbers - first).astype("<u4").tobytes(),
            self.salts.tobytes(),
            self.payloads.lengths.astype("<u2").tobytes(),
            _text(self.payloads),
        )
        return msgspec.msgpack.encode(stored)

    @classmethod
    def load(cls, data: bytes) -> "_Page":
        stored = msgspec.msgpack.decode(data, type=_StoredPage)
        ages = np.frombuffer(stored.ages, "<u8").astype(np.int64)
        numbers = np.frombuffer(stored.numbers, "<u4").astype(np.int64)
        salts = np.frombuffer(stored.salts, "u1")
        payloads = ByteSpans.packed(stored.payloads, np.frombuffer(stored.lengths, "<u2").astype(np.int64))
        hashes = _hashes(payloads, salts)
        return cls(stored.last, hashes, stored.last - ages, stored.first_number + numbers, salts, payloads)


class Transmissions:
    """The originals of one source: messages that repeat none before them.

    Each batch of them is a page; neighbouring pages are merged, so that there are few. A page never changes
    once it is made, so that a checkpoint writes it once. Messages are found by a hash and confirmed by their
    bytes. Originals are forgotten by event time, and beyond a number of them the oldest first.
    """

    def __init__(self, window: Millis) -> None:
        """Messages without a UTC second repeat others within `window` only."""
        self._window = window
        self._pages: dict[int, _Page] = {}  # by number, in order of time
        self._next_page = 0
        self._gone: list[int] = []  # pages that a checkpoint may still have
        self._new: set[int] = set()  # pages that no checkpoint has
        self._filter = _Filter(_LEAST_SLOTS)

    def __len__(self) -> int:
        return sum(page.size for page in self._pages.values())

    def settle(self, payloads: ByteSpans, salts: Salts, times: Int64Array, kept: int) -> Repeats:
        """Take messages in, in order of event time and none before those of an earlier call.

        Those that repeat none are numbered from `kept` on.
        """
        count = len(times)
        flag, original, after = (
            np.zeros(count, np.bool_),
            np.empty(count, np.int64),
            np.zeros(count, np.int64),
        )
        hashes = _hashes(payloads, salts)
        order = np.argsort(hashes)
        same = hashes[order][1:] == hashes[order][:-1]
        chosen = self._filter.seen(hashes, times)
        if same.any():
            chosen[order[1:][same]] = chosen[order[:-1][same]] = True
        some = np.flatnonzero(chosen)
        if len(some):
            flag[some], original[some], after[some] = self._repeats(
                payloads.take(some), salts[some], times[some], hashes[some]
            )
        running = kept + np.cumsum(~flag) - 1
        inside = flag & (original < 0)  # repeats one of this batch: the place of that among `some`
        original[inside] = running[some[-1 - original[inside]]]
        original[~flag] = running[~flag]
        self._filter.note(hashes[~flag], times[~flag])
        rows = order[~flag[order]]
        if len(rows):
            columns = (hashes[rows], times[rows], original[rows], salts[rows])
            self._add(_Page(int(times[-1]), *columns, payloads.take(rows).compact()))
        return Repeats(flag, original, after)

    def forget(self, watermark: Millis) -> None:
        """Give up what no message from `watermark` on can repeat."""
        size = len(self)
        while self._pages:
            number, page = next(iter(self._pages.items()))
            if size <= _MOST and page.last + max(WINDOW, self._window) >= watermark:
                break
            size -= page.size
            self._drop(number)

    def changes(self) -> Pieces:
        """What is new or gone since the last call."""
        changed: Pieces = {str(number): None for number in self._gone}
        changed.update({str(number): self._pages[number].dump() for number in sorted(self._new)})
        self._gone, self._new = [], set()
        return changed

    def dump(self) -> dict[str, bytes]:
        """All of it."""
        return {str(number): page.dump() for number, page in self._pages.items()}

    def load(self, pieces: dict[str, bytes]) -> None:
        """Raises msgspec.DecodeError."""
        self._pages = {int(name): _Page.load(pieces[name]) for name in sorted(pieces, key=int)}
        self._next_page = max(self._pages, default=-1) + 1
        self._gone, self._new = [], set()
        self._fill_filter()

    # Finding

    def _repeats(
        self, payloads: ByteSpans, salts: Salts, times: Int64Array, hashes: Words
    ) -> tuple[Flags, Int64Array, Int64Array]:
        """For messages that may repeat one: whether they do, which one, and by how much they are later.

        The one is told by its running number, or if it is one of these by -1 less its place among them.
        """
        count = len(times)
        flag, original, after = (
            np.zeros(count, np.bool_),
            np.zeros(count, np.int64),
            np.zeros(count, np.int64),
        )
        left, begins = _by_content(payloads, salts, hashes)
        group, heads = np.cumsum(begins) - 1, left[begins]
        since, of = self._look_up(payloads.take(heads), salts[heads], hashes[heads])
        reach = windows(salts, self._window)
        while len(left):
            near = times[left] - since[group] <= reach[left]
            at, mine = left[near], group[near]
            flag[at], original[at], after[at] = True, of[mine], times[at] - since[mine]
            left, group = left[~near], group[~near]
            first = _begins(group)  # the first that is not near repeats none; those near it repeat it
            since[group[first]], of[group[first]] = times[left[first]], -1 - left[first]
            left, group = left[~first], group[~first]
        return flag, original, after

    def _look_up(self, payloads: ByteSpans, salts: Salts, hashes: Words) -> tuple[Int64Array, Int64Array]:
        """Time and running number of the latest original that is equal; `_NEVER` where there is none."""
        since, of = np.full(len(hashes), _NEVER), np.zeros(len(hashes), np.int64)
        order = np.argsort(hashes)
        for page in self._pages.values():
            at, mine = np.searchsorted(page.hashes, hashes[order]), order
            while True:
                inside = at < page.size
                at, mine = at[inside], mine[inside]
                hit = page.hashes[at] == hashes[mine]
                at, mine = at[hit], mine[hit]
                if not len(at):
                    break
                equal = (page.salts[at] == salts[mine]) & _equal(page.payloads.take(at), payloads.take(mine))
                newer = equal & (page.times[at] > since[mine])
                since[mine[newer]], of[mine[newer]] = page.times[at[newer]], page.numbers[at[newer]]
                at = at + 1
        return since, of

    # Pages

    def _add(self, page: _Page) -> None:
        while self._pages:
            number = next(reversed(self._pages))
            before = self._pages[number]
            small = before.size < 2 * page.size and before.size + page.size <= _PAGE_ROWS
            if not small or page.last - int(before.times.min()) > _PAGE_SPAN:
                break
            page = before.merged(page, self._window)
            self._drop(number)
        if not page.size:  # all are so old by now that nothing can repeat them
            return
        self._pages[self._next_page] = page
        self._new.add(self._next_page)
        self._next_page += 1
        if len(self) * _SLOTS_FOR_ONE > self._filter.slots:
            self._fill_filter()

    def _drop(self, number: int) -> None:
        del self._pages[number]
        if number in self._new:
            self._new.remove(number)
        else:
            self._gone.append(number)

    def _fill_filter(self) -> None:
        slots = _LEAST_SLOTS
        while slots < 2 * _SLOTS_FOR_ONE * len(self):
            slots *= 2
        self._filter = _Filter(slots)
        for page in self._pages.values():
            by_time = np.argsort(page.times, kind="stable")
            self._filter.note(page.hashes[by_time], page.times[by_time])


class _Filter:
    """Tells most hashes that are in no page from those that may be, by one look into a small array.

    Each slot has the number of the epoch in which a hash was last put into it: 0 for none. The numbers begin
    again after many hours, which makes a hash look known that is not, and never the other way round.
    """

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self._epochs = np.zeros(slots, np.uint8)
        self._shift = np.uint64(64 - (slots.bit_length() - 1))

    def seen(self, hashes: Words, times: Int64Array) -> Flags:
        """Whether a hash may have been noted within `WINDOW` before each time."""
        epochs = self._epochs[(hashes >> self._shift).view(np.int64)]
        if not epochs.any():
            return np.zeros(len(hashes), np.bool_)
        passed = (times // _EPOCH - (epochs.astype(np.int64) - 1)) % _EPOCHS
        return np.asarray((epochs > 0) & (passed <= _REACH))

    def note(self, hashes: Words, times: Int64Array) -> None:
        """Put hashes in; none may be older than those before, but for some within one epoch and the next."""
        self._epochs[(hashes >> self._shift).view(np.int64)] = times // _EPOCH % _EPOCHS + 1


def windows(salts: Salts, window: Millis) -> Int64Array:
    """The event time within which a message with each of these salts repeats an earlier one."""
    return np.asarray(np.where(salts <= 1, WINDOW, window))


def _hashes(payloads: ByteSpans, salts: Salts) -> Words:
    return np.asarray(payloads.hashes() + salts.astype(np.uint64))


def _by_content(payloads: ByteSpans, salts: Salts, hashes: Words) -> tuple[Int64Array, Flags]:
    """An order in which equal messages follow each other as they came, and where others begin in it."""
    order = np.argsort(hashes, kind="stable")
    begins = _begins(hashes[order])
    right = np.flatnonzero(~begins)
    one, other = order[right - 1], order[right]
    if not np.all((salts[one] == salts[other]) & payloads.equal(one, other)):  # different ones share a hash
        said = payloads.numbered()[0] * 256 + salts
        order = np.argsort(said, kind="stable")
        begins = _begins(said[order])
    return order, begins


def _begins(keys: npt.NDArray[Any]) -> Flags:
    """Where a run of equal keys begins."""
    return np.concatenate((np.ones(min(1, len(keys)), np.bool_), keys[1:] != keys[:-1]))


def _equal(left: ByteSpans, right: ByteSpans) -> Flags:
    both = ByteSpans.join([left, right])
    return both.equal(np.arange(left.size), np.arange(left.size, both.size))


def _text(payloads: ByteSpans) -> bytes:
    """The pieces, one right after another."""
    lengths = payloads.lengths
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return payloads.block[np.repeat(payloads.starts - ends + lengths, lengths) + np.arange(total)].tobytes()
