"""Years of deliveries with known truth, at the level of events, and what the ledger makes of them.

`python -m tests.streams.ledger.simulated_years` prints the figures in docs/ledger.md.
"""

from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from models.event import Level
from streams.ledger.book import deliveries
from streams.ledger.ledger import ledger
from streams.ledger.settings import LedgerSettings
from tests.streams.detection.chains.stories import LISTED, A, Story, dark_call

S: Final = LedgerSettings()
CALLS: Final = 30
SILENT: Final = 0.25
"""Share of the calls in the dark, of which a dark port visit is known."""
TRACELESS: Final = 0.15
"""Share of the calls of which nothing is known."""
PASSING: Final = 2
"""Silences of listed tankers in a year that could have called, and did not."""


@dataclass(frozen=True)
class SimulatedYear:
    """What was landed in a year, and what the ledger says of it, in barrels."""

    draughts: bool  # whether ships send their draught before and after
    landed: float  # in the calls that left a trace
    low: float
    high: float
    traced: int
    traceless: int
    landed_traceless: float
    found: int  # calls that the ledger counts

    @property
    def held(self) -> bool:
        return self.low <= self.landed <= self.high

    @property
    def ratio(self) -> float:
        return self.high / self.low


def simulated_year(seed: int) -> SimulatedYear:
    """One year of CALLS calls of small tankers, in every second one with draughts.

    True deadweights vary by 10 % around the estimate by size, loads are 35 to 85 % of them, and draughts
    are sent to 0.1 m, of hulls whose waterplanes vary by 5 %.
    """
    rng = np.random.default_rng(seed)
    story, draughts = Story(), seed % 2 == 0
    landed = {True: 0.0, False: 0.0}
    counts = {True: 0, False: 0}
    for number in range(CALLS):
        mmsi, chance = A + number, rng.random()
        tonnes, draught = _ship(story, mmsi, rng)
        traced, day = chance >= TRACELESS, 12.0 * number
        landed[traced] += tonnes * S.barrels_per_tonne
        counts[traced] += 1
        sent = draught if draughts else None
        if chance >= TRACELESS + SILENT:
            story.visit(mmsi, "nampo", day, 20, sent)
        elif traced:
            dark_call(story, mmsi, day, ("nampo",), draught=sent)
            if sent is not None:
                story.events[-1] = msgspec.structs.replace(story.events[-1], level=Level.PROBABLE)
    for number in range(PASSING):
        _, (before, _after) = _ship(story, A + CALLS + number, rng)
        sent = (before, before) if draughts else None
        dark_call(story, A + CALLS + number, 100.0 * number, ("nampo", "vostochny"), draught=sent)
    (year,) = ledger(deliveries(story.events, S), S)
    total = year.barrels_total
    return SimulatedYear(
        draughts, landed[True], total.low, total.high, counts[True], counts[False], landed[False],
        year.seen + year.possible,
    )  # fmt: skip


def _ship(story: Story, mmsi: int, rng: np.random.Generator) -> tuple[float, tuple[float, float]]:
    """A listed tanker: the tonnes that it lands, and its draughts before and after."""
    length = int(rng.integers(70, 120))
    beam = round(length * rng.uniform(0.15, 0.17))
    story.ship(mmsi, length_meters=length, beam_meters=beam, watchlists=LISTED)
    tonnes = S.deadweight_factor * length * beam**2 * rng.normal(1, 0.1) * rng.uniform(0.35, 0.85)
    sinks = tonnes / (S.tonnes_per_metre * length * beam * rng.normal(1, 0.05))
    return tonnes, (round(3 + sinks, 1), 3.0)


def main() -> None:
    """Print the figures."""
    years = [simulated_year(seed) for seed in range(100)]
    print(f"{sum(year.held for year in years)} of {len(years)} years hold what was landed")
    for sent in (True, False):
        ratios = [year.ratio for year in years if year.draughts is sent]
        word = "with" if sent else "without"
        print(f"{word} draughts: median high/low {np.median(ratios):.2f}, greatest {max(ratios):.2f}")
    calls, barrels = sum(year.traceless for year in years), sum(year.landed_traceless for year in years)
    share = barrels / (barrels + sum(year.landed for year in years))
    print(f"without a trace: {calls} calls in all, {share:.1%} of the barrels")


if __name__ == "__main__":
    main()
