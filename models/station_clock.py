"""Station clocks: what is known about the clocks of a source's stations, as data and in sentences."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec

from models.time import SECOND, Millis

_MOST_TOLD: Final = 5  # stations that the summary names


class StationClock(msgspec.Struct, frozen=True):
    """What is known about the clock of one station. Times in milliseconds."""

    station: str
    lines: int
    offset: Millis | None = None
    """How far it is ahead of the reference; None where nothing tells it."""
    uncertainty: Millis = 0
    common: int = 0
    """Transmissions that it shares with other stations or with universal time, and that agree."""
    corrected: bool = False

    @property
    def sentence(self) -> str:
        """The offset in words."""
        offset = self.offset or 0
        size = f"{abs(offset) / SECOND:.1f}"
        where = "right" if size == "0.0" else f"{size} s {'ahead' if offset > 0 else 'behind'}"
        use = ", and is corrected" if self.corrected else ""
        return (
            f"the clock of station {self.station} is {where}{use} "
            f"(to within {self.uncertainty / SECOND:.1f} s, by {self.common:,} transmissions in common)"
        )


class Clocks(msgspec.Struct, frozen=True):
    """The clocks of a source, or some of them."""

    reference: str = ""
    """A station, or "UTC"; empty where no two clocks have been compared."""
    proved: bool = False
    """Whether absolute time is proved, by the full UTC of base stations."""
    live: bool = False
    """Whether the reference is the station that comes closest to the clock of the ingest."""
    stations: tuple[StationClock, ...] = ()

    @property
    def known(self) -> tuple[StationClock, ...]:
        """Those whose offset is known, the reference left out; the largest offset first."""
        known = [each for each in self.stations if each.offset is not None and each.station != self.reference]
        return tuple(sorted(known, key=lambda each: (-abs(each.offset or 0), each.station)))

    def sentences(self) -> Iterator[str]:
        """What a reader of the summary has to know."""
        if not self.reference:
            return
        if self.proved:
            reference = "universal time, by the reports of base stations: absolute time is proved"
        else:
            how = "its times come closest to the clock of the ingest" if self.live else "it had most lines"
            reference = f"station {self.reference} ({how}): absolute time is not proved"
        yield f"the reference of the clocks of its stations is {reference}"
        for clock in self.known[:_MOST_TOLD]:
            yield clock.sentence
        if len(self.known) > _MOST_TOLD:
            yield f"{len(self.known) - _MOST_TOLD:,} more stations have a smaller offset"


CLOCK_STATES: Final = ("corrected", "right", "unknown")
"""What can be known about a clock: off and corrected, off by less than what is corrected, or nothing."""


def count_states(clocks: Collection[Clocks]) -> dict[str, int]:
    """Stations by what is known about their clocks; empty for no source."""
    counts = Counter(
        "corrected" if each.corrected else "unknown" if each.offset is None else "right"
        for source in clocks
        for each in source.stations
    )
    return {state: counts[state] for state in CLOCK_STATES} if clocks else {}


def furthest_off(clocks: Mapping[str, Clocks], most: int) -> dict[str, Clocks]:
    """Of the clocks of several sources, by name of the source, so many that are furthest off."""
    known = [(name, each) for name, source in clocks.items() for each in source.known]
    known.sort(key=lambda pair: (-abs(pair[1].offset or 0), pair[0], pair[1].station))
    kept: dict[str, list[StationClock]] = {}
    for name, each in known[:most]:
        kept.setdefault(name, []).append(each)
    return {name: msgspec.structs.replace(clocks[name], stations=tuple(some)) for name, some in kept.items()}
