"""Which weights data speak for: how often each reason is stated of true events, and of ordinary ones.

    python -m tests.scenarios.weights [--seeds 3] [--out docs/weights.md]

True are the events of simulated transfers, silences and deliveries that their truth has. Ordinary are those
of real traffic where it is there (`TANKERWATCH_CASES`, `TANKERWATCH_DATA`), in which next to nothing is a
transfer, of simulated harbours, and of some days of made-up traffic. The ratio of the two shares is what a
reason tells. A doubling is worth `DOUBLING`.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from models.event import Event, EventType
from streams.detection.legend import tables
from streams.detection.reasons import Side
from streams.recordings.arrivals import Source
from streams.recordings.replay import Replay
from streams.simulator.evaluation import latest, matched
from streams.simulator.scenario import simulate
from streams.stages.core import Core
from tests.scenarios import kinds, real_traffic
from tests.scenarios.harbours import Traffic
from tests.scenarios.ordinary import Radio
from tests.scenarios.runs import RULES, find, frames

DOUBLING: Final = 0.05
"""Weight of a reason that is stated twice as often of true events as of ordinary ones. Judgement."""
HIGHEST: Final = 0.15
ENOUGH: Final = 20
"""Events of either sort from which on a share says something."""
NOISES: Final = ("normal", "heavy", "thin60")
TRUE: Final = (*kinds.TRANSFERS, *kinds.SILENCES, *kinds.DELIVERIES)


class Told(NamedTuple):
    """How many events there were of each type, and of how many each reason was stated."""

    events: Counter[EventType]
    reasons: Counter[tuple[EventType, Side, str]]

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self.events[event.type] += 1
            for side, reasons in ((Side.FOR, event.reasons), (Side.AGAINST, event.against)):
                self.reasons.update({(event.type, side, reason.code) for reason in reasons})


def true_events(seeds: int) -> Iterator[Event]:
    """Found events that the truth of their scenario has."""
    for name in TRUE:
        for noise in NOISES:
            for seed in range(seeds):
                recording = simulate(name, seed, noise)
                found = latest(find({"recording": frames("recording", recording.lines)}))
                yield from (event for _, event in matched(recording.truth, found))


def ordinary_events(seeds: int) -> Iterator[Event]:
    """Events in which nobody is suspected to have transferred anything."""
    for path in real_traffic.files():
        yield from real_traffic.measured(path).events
    for name in kinds.HARBOURS:
        for seed in range(seeds):
            yield from latest(find({"a": frames("a", simulate(name, seed, "normal").lines)}))
    found: list[Event] = []
    source = Source("ordinary", Radio(Traffic(300, 5.0, 1), holes=True).frames("ordinary"))
    Replay(Core(["ordinary"], RULES), on_event=found.append).run([source])
    yield from latest(found)


def table(true: Told, ordinary: Told) -> Iterator[str]:
    """Markdown: a row for each reason that was stated often enough to say something."""
    yield "| event | reason | side | of true ones | of ordinary ones | ratio | speaks for | weight |"
    yield "|---|---|---|---|---|---|---|---|"
    for reasons in tables():
        kind = reasons.type
        n, m = true.events[kind], ordinary.events[kind]
        if min(n, m) < ENOUGH:
            continue
        for row in reasons.rows:
            if row.side is Side.RETRACTION:
                continue
            key = (kind, row.side, row.code)
            if true.reasons[key] + ordinary.reasons[key] < ENOUGH:
                continue
            a, b = (true.reasons[key] + 0.5) / (n + 1), (ordinary.reasons[key] + 0.5) / (m + 1)
            ratio = a / b
            told = DOUBLING * math.log2(ratio) * (1 if row.side is Side.FOR else -1)
            told = max(-HIGHEST, min(told, HIGHEST))
            weight = getattr(reasons.defaults.weights, row.weight)
            shares = f"{true.reasons[key]} of {n} | {ordinary.reasons[key]} of {m}"
            yield f"| {kind} | {row.code} | {row.side} | {shares} | {ratio:.2f} | {told:.2f} | {weight:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    true, ordinary = Told(Counter(), Counter()), Told(Counter(), Counter())
    ordinary.add(ordinary_events(chosen.seeds))
    true.add(true_events(chosen.seeds))
    text = "\n".join(table(true, ordinary)) + "\n"
    print(text)
    if chosen.out:
        chosen.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
