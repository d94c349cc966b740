"""Which weights data speak for: how often each reason is stated of true events, and of ordinary ones.

    python -m tests.scenarios.weights [--seeds 20] [--only-kept] [--events FILE...]

True are the events of simulated transfers, silences, deliveries and anomalies that their truth has. Ordinary
are those of real traffic where it is there (`TANKERWATCH_CASES`, `TANKERWATCH_DATA`), in which next to
nothing is a transfer, of simulated harbours, and of files of events as `replay --out` writes them. The ratio
of the two shares is what a reason tells. A doubling is worth `DOUBLING`.

Then it is tried whether such weights tell true events from ordinary ones better than the default weights do:
they are taken from one half of the events, and rank the other half.
"""

import argparse
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import numpy as np

from models.event import Event, EventType
from streams.detection.legend import tables
from streams.detection.reasons import ReasonTable, ReasonType, Side
from streams.simulator.evaluation import latest, matched
from tests.scenarios import kinds, real_traffic
from tests.scenarios.kept_results import ROOT, Job, KeptResults
from tests.scenarios.matrix import run

DOUBLING: Final = 0.05
"""Weight of a reason that is stated twice as often of true events as of ordinary ones. Judgement."""
HIGHEST: Final = 0.15
ENOUGH: Final = 20
"""Events of either sort from which on a share says something."""
NOISES: Final = ("normal", "heavy", "thin60", "thin80", "thin95", "passes", "none")
TRUE: Final = (*kinds.TRANSFERS, *kinds.SILENCES, *kinds.DELIVERIES, *kinds.ANOMALIES)
Key = tuple[Side, str]
"""A reason within its type of event: its side and its code."""


class Sample(NamedTuple):
    """One event as it stood at the end: what it is, and the half of the data that it belongs to."""

    event: Event
    true: bool
    half: int


class Told(NamedTuple):
    """Of how many events of one type each reason was stated."""

    events: int
    reasons: Counter[Key]


def true_events(kept: KeptResults, jobs: Iterable[Job]) -> Iterator[Sample]:
    """Found events that the truth of their recording has; its seed decides about the half."""
    for job in jobs:
        if (result := kept.get(job)) is not None:
            _, found, truth = result
            yield from (Sample(event, True, job[1] % 2) for _, event in matched(truth, found))


def ordinary_events(kept: KeptResults, jobs: Iterable[Job], files: Iterable[Path]) -> Iterator[Sample]:
    """Events in which nobody is suspected to have transferred anything; the vessel decides about the half."""
    found = [event for path in real_traffic.files() for event in real_traffic.measured(path).events]
    found += [event for job in jobs if (result := kept.get(job)) is not None for event in result[1]]
    for path in files:
        found += latest(msgspec.json.decode(line, type=Event) for line in path.read_bytes().splitlines())
    return (Sample(event, False, event.mmsis[0] // 2 % 2) for event in found)


def told(samples: Iterable[Sample]) -> Told:
    """Count the events, and of how many each reason is stated."""
    reasons: Counter[Key] = Counter()
    count = 0
    for sample in samples:
        count += 1
        reasons.update({(side, code) for side, code, _ in _stated(sample.event)})
    return Told(count, reasons)


def ratio(true: Told, ordinary: Told, key: Key) -> float | None:
    """How much more often a reason is stated of true events; None where too few have it."""
    if true.reasons[key] + ordinary.reasons[key] < ENOUGH:
        return None
    return ((true.reasons[key] + 0.5) / (true.events + 1)) / (
        (ordinary.reasons[key] + 0.5) / (ordinary.events + 1)
    )


def spoken_for(ratio: float, side: Side) -> float:
    """The weight that a ratio of shares speaks for."""
    weight = DOUBLING * math.log2(ratio) * (1 if side is Side.FOR else -1)
    return max(-HIGHEST, min(weight, HIGHEST))


def table(samples: Mapping[EventType, list[Sample]]) -> Iterator[str]:
    """Markdown: a row for each reason that was stated often enough to say something."""
    yield "| event | reason | side | of true ones | of ordinary ones | ratio | speaks for | weight |"
    yield "|---|---|---|---|---|---|---|---|"
    for reasons in tables():
        true, ordinary = _two(samples[reasons.type])
        if min(true.events, ordinary.events) < ENOUGH:
            continue
        for row in _rows(reasons):
            key = row.side, row.code
            more = ratio(true, ordinary, key)
            if more is None:
                continue
            shares = f"{true.reasons[key]} of {true.events} | {ordinary.reasons[key]} of {ordinary.events}"
            weight = getattr(reasons.defaults.weights, row.weight)
            yield (
                f"| {reasons.type} | {row.code} | {row.side} | {shares} | {more:.2f} "
                f"| {spoken_for(more, row.side):.2f} | {weight:.2f} |"
            )


def ranking(samples: Mapping[EventType, list[Sample]]) -> Iterator[str]:
    """Markdown: how often a true event has more for it than an ordinary one of its type, by either weights.

    Levels are left out: only the sums of weights count. 0.5 is chance.
    """
    yield "| event | true | ordinary | default weights | weights of the other half |"
    yield "|---|---|---|---|---|"
    for reasons in tables():
        mine = samples[reasons.type]
        true, ordinary = _two(mine)
        if min(true.events, ordinary.events) < 2 * ENOUGH:
            continue
        default = [_by_default(sample.event) for sample in mine]
        halves = [_fitted(reasons, [each for each in mine if each.half != half]) for half in (0, 1)]
        fitted = [_sum(sample.event, reasons, halves[sample.half]) for sample in mine]
        yield (
            f"| {reasons.type} | {true.events} | {ordinary.events} "
            f"| {_area(mine, default):.3f} | {_area(mine, fitted):.3f} |"
        )


def _two(samples: Iterable[Sample]) -> tuple[Told, Told]:
    """What is told of the true ones, and of the ordinary ones."""
    samples = list(samples)
    return told(each for each in samples if each.true), told(each for each in samples if not each.true)


def _rows(reasons: ReasonTable) -> Iterator[ReasonType]:
    return (row for row in reasons.rows if row.side is not Side.RETRACTION)


def _stated(event: Event) -> Iterator[tuple[Side, str, float]]:
    """Side, code and weight of each reason."""
    for side, reasons in ((Side.FOR, event.reasons), (Side.AGAINST, event.against)):
        yield from ((side, reason.code, reason.weight) for reason in reasons)


def _fitted(reasons: ReasonTable, samples: list[Sample]) -> dict[Key, float]:
    """The weights that these events speak for; where they are too few, the default ones."""
    true, ordinary = _two(samples)
    weights = {}
    for row in _rows(reasons):
        more = ratio(true, ordinary, (row.side, row.code))
        default = getattr(reasons.defaults.weights, row.weight)
        weights[row.side, row.code] = default if more is None else spoken_for(more, row.side)
    return weights


def _by_default(event: Event) -> float:
    return sum(weight if side is Side.FOR else -weight for side, _, weight in _stated(event))


def _sum(event: Event, reasons: ReasonTable, weights: Mapping[Key, float]) -> float:
    """The same with other weights; of a reason that counts in part, the same part."""
    defaults = {(row.side, row.code): getattr(reasons.defaults.weights, row.weight) for row in _rows(reasons)}
    total = 0.0
    for side, code, weight in _stated(event):
        default = defaults.get((side, code), 0.0)
        part = weight / default if default else 1.0
        total += weights.get((side, code), 0.0) * part * (1 if side is Side.FOR else -1)
    return total


def _area(samples: list[Sample], sums: list[float]) -> float:
    """The share of pairs of a true and an ordinary event in which the true one has more; ties are a half."""
    is_true = np.array([each.true for each in samples])
    values = np.round(np.array(sums), 6)
    ordinary = np.sort(values[~is_true])
    below = np.searchsorted(ordinary, values[is_true], "left")
    up_to = np.searchsorted(ordinary, values[is_true], "right")
    return float(((below + up_to) / 2).mean() / len(ordinary))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, help="processes; one for each core by default")
    parser.add_argument(
        "--only-kept", action="store_true", help="run nothing: take the results that are kept"
    )
    parser.add_argument("--events", type=Path, nargs="*", default=[], metavar="FILE", help="ordinary events")
    parser.add_argument(
        "--states", nargs="*", default=[], metavar="HASH", help="take also what other states of the code left"
    )
    chosen = parser.parse_args()
    kept = KeptResults(ROOT / "out" / "evaluation")
    true = [(name, seed, noise) for seed in range(chosen.seeds) for noise in NOISES for name in TRUE]
    harbours = [(name, seed, "normal") for seed in range(chosen.seeds) for name in kinds.HARBOURS]
    if not chosen.only_kept:
        kept.complete([*true, *harbours], run, chosen.workers)
    samples: defaultdict[EventType, list[Sample]] = defaultdict(list)
    others = [KeptResults(ROOT / "out" / "evaluation", state) for state in chosen.states]
    found = [each for results in (kept, *others) for each in true_events(results, true)]
    for sample in (*found, *ordinary_events(kept, harbours, chosen.events)):
        samples[sample.event.type].append(sample)
    print("\n".join([*table(samples), "", *ranking(samples)]))


if __name__ == "__main__":
    main()
