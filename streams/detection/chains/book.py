"""The facts of the last months, and which of them are of one ship, whatever MMSI it had.

A ship is known by its IMO number. An MMSI under which a single IMO number was sent is that ship's; one under
which none, or several, were sent stands for itself where no number was sent.
"""

from collections.abc import Iterable, Iterator

from streams.detection.chains.facts import Fact, Side


class FactBook:
    """The latest revision of each fact, by id and by ship."""

    def __init__(self) -> None:
        self._facts: dict[str, Fact] = {}
        self._of: dict[int, set[str]] = {}  # ids of facts by MMSI
        self._imos: dict[int, dict[str, int]] = {}  # how many facts give which IMO number under an MMSI
        self._mmsis: dict[str, dict[int, int]] = {}  # the same, by IMO number

    def __len__(self) -> int:
        return len(self._facts)

    def __iter__(self) -> Iterator[Fact]:
        return iter(self._facts.values())

    def get(self, id: str) -> Fact | None:
        return self._facts.get(id)

    def put(self, fact: Fact) -> None:
        """Take in a fact, in place of its earlier revision."""
        self.drop(fact.id)
        self._facts[fact.id] = fact
        for side in fact.sides:
            for mmsi in (side.mmsi, *side.former):
                self._of.setdefault(mmsi, set()).add(fact.id)
                if side.imo:
                    _count(self._imos.setdefault(mmsi, {}), side.imo, 1)
                    _count(self._mmsis.setdefault(side.imo, {}), mmsi, 1)

    def drop(self, id: str) -> Fact | None:
        """Forget a fact, if it is known."""
        fact = self._facts.pop(id, None)
        for side in fact.sides if fact else ():
            for mmsi in (side.mmsi, *side.former):
                if ids := self._of.get(mmsi):
                    ids.discard(id)
                    if not ids:
                        del self._of[mmsi]
                if side.imo:
                    _count(self._imos[mmsi], side.imo, -1)
                    _count(self._mmsis[side.imo], mmsi, -1)
                    if not self._imos[mmsi]:
                        del self._imos[mmsi]
                    if not self._mmsis[side.imo]:
                        del self._mmsis[side.imo]
        return fact

    def ship(self, side: Side) -> str:
        """The key of the ship that a vessel in a fact is."""
        imos = self._imos.get(side.mmsi, {})
        imo = side.imo or (next(iter(imos)) if len(imos) == 1 else None)
        return f"imo {imo}" if imo else f"mmsi {side.mmsi}"

    def mmsis(self, ship: str) -> tuple[int, ...]:
        """The MMSIs that a ship has had, sorted."""
        kind, number = ship.split()
        return tuple(sorted(self._mmsis.get(number, {}))) if kind == "imo" else (int(number),)

    def related(self, mmsis: Iterable[int]) -> set[int]:
        """These MMSIs, with all others of the ships that have used them."""
        numbers = set(mmsis)
        for mmsi in tuple(numbers):
            for imo in self._imos.get(mmsi, ()):
                numbers.update(self._mmsis[imo])
        return numbers

    def under(self, mmsis: Iterable[int]) -> list[Fact]:
        """The facts under any of these MMSIs, by id."""
        return [self._facts[id] for id in sorted({id for mmsi in mmsis for id in self._of.get(mmsi, ())})]

    def of(self, ship: str) -> list[Fact]:
        """The facts of a ship, by their start."""
        ids = {id for mmsi in self.mmsis(ship) for id in self._of.get(mmsi, ())}
        facts = [self._facts[id] for id in ids]
        mine = [fact for fact in facts if any(self.ship(side) == ship for side in fact.sides)]
        return sorted(mine, key=lambda fact: (fact.start, fact.id))

    def side_of(self, fact: Fact, ship: str) -> Side:
        return next(side for side in fact.sides if self.ship(side) == ship)

    def other(self, fact: Fact, ship: str) -> Side | None:
        """The other vessel of a meeting; None where both are the same ship."""
        return next((side for side in fact.sides if self.ship(side) != ship), None)


def _count(numbers: dict[str, int] | dict[int, int], key: str | int, by: int) -> None:
    counts: dict[str | int, int] = numbers  # type: ignore[assignment]
    counts[key] = counts.get(key, 0) + by
    if not counts[key]:
        del counts[key]
