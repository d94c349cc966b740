"""Keepers: which parts of a stage keep which pieces of its state.

A piece has a name, its kind and the rest: `gap/273123456`. Where the rest is one number, the part that keeps
it wants no kind.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Protocol


class ByNumber(Protocol):
    """Keeps pieces of one kind, by number."""

    def pieces(self) -> Collection[str]: ...

    def piece(self, number: int, /) -> object | None: ...

    def load(self, pieces: Iterable[tuple[int, bytes]], /) -> None: ...


class ByKind(Protocol):
    """Keeps pieces of several kinds, by what the rest of their names says."""

    def pieces(self) -> Collection[str]: ...

    def piece(self, kind: str, rest: str, /) -> object | None: ...

    def load(self, pieces: Iterable[tuple[str, str, bytes]], /) -> None: ...


class Keepers:
    """The parts that keep pieces, by the kinds that they keep."""

    def __init__(self, by_number: Mapping[str, ByNumber], by_kind: Mapping[tuple[str, ...], ByKind]) -> None:
        self._by_number = by_number
        self._by_kind = by_kind
        self._of = {kind: keeper for kinds, keeper in by_kind.items() for kind in kinds}

    def __contains__(self, kind: str) -> bool:
        return kind in self._by_number or kind in self._of

    def pieces(self) -> set[str]:
        """The names of all pieces that they keep."""
        keepers: list[ByNumber | ByKind] = [*self._by_number.values(), *self._by_kind.values()]
        return {name for keeper in keepers for name in keeper.pieces()}

    def piece(self, kind: str, rest: str) -> object | None:
        """What one piece holds; None where it is gone."""
        if kind in self._by_number:
            return self._by_number[kind].piece(int(rest))
        return self._of[kind].piece(kind, rest)

    def load(self, pieces: Collection[tuple[str, str, bytes]]) -> None:
        """Have each replace its state by its pieces: kind, the rest of the name, and what it holds."""
        for kind, keeper in self._by_number.items():
            keeper.load([(int(rest), data) for each, rest, data in pieces if each == kind])
        for kinds, named in self._by_kind.items():
            named.load([each for each in pieces if each[0] in kinds])
