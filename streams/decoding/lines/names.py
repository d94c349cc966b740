"""Names of stations, groups and sources as numbers, so that sentences can hold them in columns."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

import numpy as np

from streams.decoding.lines.byte_spans import ByteSpans, Int64Array, find_pieces

_MOST: Final = 4_096  # names that are kept from one frame to the next
_UNKNOWN: Final = -1


class Names:
    """Names, each once, with a number; number 0 is no name."""

    def __init__(self) -> None:
        self.reset([""])

    def reset(self, names: Iterable[str]) -> None:
        """Hold these names in place of all others."""
        self._names = list(names)
        self._numbers = {name: number for number, name in enumerate(self._names)}

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, number: int) -> str:
        return self._names[number]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def number(self, name: str) -> int:
        known = self._numbers.setdefault(name, len(self._names))
        if known == len(self._names):
            self._names.append(name)
        return known

    def column(self, pieces: ByteSpans, read: Callable[[bytes], str]) -> Int64Array:
        """The number of the name that `read` finds in each piece; 0 in an empty one."""
        if not pieces.lengths.any():
            return np.zeros(pieces.size, np.int64)
        which, distinct = pieces.numbered()
        return np.array([self.number(read(piece)) for piece in distinct], np.int64)[which]

    def among(self, others: "Names", used: Int64Array, most: int) -> Int64Array:
        """The numbers that a column of ours has among `others`, which take in what they lack in its order.

        Names beyond `most` are no name there.
        """
        first = np.full(len(self), len(used))
        first[used[::-1]] = np.arange(len(used))[::-1]
        order = np.argsort(first)[: np.count_nonzero(first < len(used))]
        numbers = np.zeros(len(self), np.int64)
        numbers[order] = [others._number_of(self._names[number], most) for number in order.tolist()]
        return numbers[used]

    def _number_of(self, name: str, most: int) -> int:
        """The number of a name; 0 where it would be one too many."""
        known = self._numbers.get(name)
        if known is None:
            return self.number(name) if len(self) < most else 0
        return known


class KnownNames(Names):
    """Names that are kept from one frame to the next, with the bytes that they were read from.

    So each is read once, and not in every frame. What is kept changes nothing but how long that takes.
    """

    def reset(self, names: Iterable[str]) -> None:
        super().reset(names)
        self._pieces: dict[Callable[[bytes], str], _Pieces] = {}
        self._known = np.zeros(1, np.int64)  # numbers among the others

    def column(self, pieces: ByteSpans, read: Callable[[bytes], str]) -> Int64Array:
        if not pieces.lengths.any():
            return np.zeros(pieces.size, np.int64)
        known = self._pieces.setdefault(read, _Pieces())
        result = known.find(pieces)
        missing = np.flatnonzero(result == _UNKNOWN)
        if len(missing):
            which, distinct = pieces.take(missing).numbered()
            numbers = [self.number(read(piece)) for piece in distinct]
            result[missing] = np.array(numbers, np.int64)[which]
            known.add(distinct, numbers)
        return result

    def among(self, others: Names, used: Int64Array, most: int) -> Int64Array:
        """The same, `others` being the same at each call."""
        more = len(self) - len(self._known)
        self._known = np.concatenate((self._known, np.full(more, _UNKNOWN)))
        result = self._known[used]
        if (result == _UNKNOWN).any():
            result = super().among(others, used, most)
            self._known[used] = result
        if len(self) > _MOST:
            self.reset([""])
        return result


class _Pieces:
    """Pieces of bytes, each with a number; all go when there are too many."""

    def __init__(self) -> None:
        self._numbers: dict[bytes, int] = {}
        self._arrange()

    def find(self, pieces: ByteSpans) -> Int64Array:
        """The number of each; -1 where there is none."""
        which = np.empty(pieces.size, np.int64)
        find_pieces(*pieces, *self._spans, self._slots, which)
        return self._column[which]

    def add(self, pieces: Iterable[bytes], numbers: Iterable[int]) -> None:
        self._numbers.update(zip(pieces, numbers, strict=True))
        if len(self._numbers) > _MOST:
            self._numbers = {}
        self._arrange()

    def _arrange(self) -> None:
        self._spans = ByteSpans.of(list(self._numbers))
        self._slots = self._spans.slots()
        self._column = np.array([*self._numbers.values(), _UNKNOWN], np.int64)
