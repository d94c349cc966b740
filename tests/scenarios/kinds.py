"""Simulated transfers by kind and condition: how many are found, with confidence intervals."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from models.event import Event, EventType
from models.truth import Truth
from streams.simulator.evaluation import evaluate

TRANSFERS: Final = (
    "cho_do", "japan_sea", "drifting", "satellite", "raft", "antimeridian",
    "current", "under_way", "silent_alongside", "new_mmsi", "new_name", "new_type",
)  # fmt: skip
"""Scenarios with transfers, the shorter ones."""
REMOVED: Final = {"normal": 0, "thin30": 30, "thin60": 60, "thin80": 80, "thin95": 95}
"""Levels of noise that differ only in the per cent of transmissions that are removed."""
CONDITIONS: Final = (*REMOVED, "passes", "clocks", "jammed")
HARBOURS: Final = ("berths_abroad", "roads_abroad", "anchorage", "berths", "bunkering")
"""Scenarios in which ships lie close to each other by habit."""

_Z: Final = 1.959964
"""Of 95 %, two-sided."""


class Share(NamedTuple):
    """How many of how many."""

    number: int
    of: int

    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval; 0 to 1 where nothing can be counted."""
        if not self.of:
            return 0.0, 1.0
        share, extra = self.number / self.of, _Z**2 / self.of
        middle = share + extra / 2
        half = _Z * math.sqrt(share * (1 - share) / self.of + extra / self.of / 4)
        return max(0.0, (middle - half) / (1 + extra)), min(1.0, (middle + half) / (1 + extra))

    def text(self) -> str:
        if not self.of:
            return "-"
        low, high = self.interval()
        return f"{self.number} of {self.of} ({low:.2f}-{high:.2f})"


class Found(NamedTuple):
    """Encounters of one kind under one condition. Where the truth is `probable`, only `probable` is found."""

    recall: Share
    precision: Share


Result = tuple[str, list[Event], Truth]
"""Scenario, events as they stand at the end, truth."""


def found(results: Iterable[Result]) -> Found:
    """What became of the encounters of these recordings."""
    pooled = evaluate((events, truth) for _, events, truth in results)
    for score in pooled.scores:
        if score.type is EventType.ENCOUNTER:
            return Found(Share(score.matched, score.true), Share(score.matched, score.found))
    return Found(Share(0, 0), Share(0, 0))


def by_kind(results: Sequence[Result]) -> dict[str, Found]:
    """One row for each scenario, and one for all."""
    names = dict.fromkeys(name for name, _, _ in results)
    rows = {name: found(result for result in results if result[0] == name) for name in names}
    return rows | {"all": found(results)}


def table(conditions: dict[str, dict[str, Found]]) -> str:
    """Markdown: a row for each kind, a column for each condition, recall above, precision of all below."""
    columns = list(conditions.values())
    texts = {kind: [column[kind].recall.text() for column in columns] for kind in columns[0]}
    texts["precision"] = [column["all"].precision.text() for column in columns]
    head = ["transfer", *conditions]
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    rows += ["| " + " | ".join([kind, *cells]) + " |" for kind, cells in texts.items()]
    return "\n".join(rows) + "\n"


def harbour_table(results: Sequence[Result]) -> str:
    """Markdown: what was raised in harbours, where nothing but port visits is true."""
    rows = [
        "| scenario | ships | recordings | event | false `possible` | false `probable` |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(name for name, _, _ in results):
        mine = [result for result in results if result[0] == name]
        ships = sum(truth.tracks for _, _, truth in mine)
        for score in evaluate((events, truth) for _, events, truth in mine).scores:
            wrong = score.found - score.matched
            cells = (name, ships, len(mine), score.type, wrong - score.false_probable, score.false_probable)
            rows.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(rows) + "\n"
