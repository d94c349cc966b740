"""Simulated transfers, silences and chains by kind and condition: how many are found, with confidence
intervals."""

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
SILENCES: Final = (
    "dark_call_12", "dark_call_24", "dark_call_60", "silent_at_berth", "silent_at_sea", "both_dark",
    "partner_falls_silent", "dark_transfer", "two_silent_at_berths", "anchorage_at_night", "dark_partner",
    "dark_call_without_imo", "dark_call_elsewhere",
    "poor_reception", "coverage_hole",
    "jammed_region", "jammed_to_one_place",
)  # fmt: skip
"""Scenarios in which vessels switch their AIS off, or only seem to."""
DELIVERIES: Final = (
    "direct_run", "full_run", "two_transfers", "five_transfers", "barge_between", "dark_delivery",
    "swap_after_call", "run_without_imo", "yellow_sea_2022", "bunker_nakhodka", "coastal_trade",
    "small_boats",
)  # fmt: skip
"""Scenarios with chains, and with what only looks like one."""
ANOMALIES: Final = (
    "imo_changed", "imo_twice", "imo_invalid", "imo_missing", "other_flag", "no_country",
    "new_number_at_sea", "renamed_at_sea", "renamed_by_satellite", "careless",
    "spoofed_twice", "spoofed_circle", "frozen_position", "turning_circles",
    "spoofed_grid", "spoofed_loop", "across_land", "round_land",
    "jammed_region", "jammed_to_one_place",
)  # fmt: skip
"""Scenarios in which vessels say of themselves what does not hold, or only seem to."""
SIGHTINGS: Final = ("sighted_call", "never_heard", "all_heard")
"""Scenarios in which somebody sees ships from above, or on patrol."""
NOISES: Final = ("none", "normal", "heavy", "thin60")
"""Conditions of silences and deliveries."""

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
    """Events of one type in one scenario under one condition.

    Where the truth is `probable`, only `probable` is found. `allowed` ones count neither way.
    """

    recall: Share
    precision: Share
    allowed: int = 0

    @property
    def false(self) -> int:
        return self.precision.of - self.precision.number


Result = tuple[str, list[Event], Truth]
"""Scenario, events as they stand at the end, truth."""


def found(results: Iterable[Result], kind: EventType = EventType.ENCOUNTER) -> Found:
    """What became of the events of a type in these recordings."""
    pooled = evaluate((events, truth) for _, events, truth in results)
    for score in pooled.scores:
        if score.type is kind:
            return Found(Share(score.matched, score.true), Share(score.matched, score.found), score.allowed)
    return Found(Share(0, 0), Share(0, 0))


def by_kind(results: Sequence[Result], kind: EventType = EventType.ENCOUNTER) -> dict[str, Found]:
    """One row for each scenario, and one for all."""
    names = dict.fromkeys(name for name, _, _ in results)
    rows = {name: found((result for result in results if result[0] == name), kind) for name in names}
    return rows | {"all": found(results, kind)}


def table(conditions: dict[str, dict[str, Found]]) -> str:
    """Markdown: a row for each kind, a column for each condition, recall above, precision of all below."""
    columns = list(conditions.values())
    texts = {kind: [column[kind].recall.text() for column in columns] for kind in columns[0]}
    texts["precision"] = [column["all"].precision.text() for column in columns]
    head = ["transfer", *conditions]
    rows = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    rows += ["| " + " | ".join([kind, *cells]) + " |" for kind, cells in texts.items()]
    return "\n".join(rows) + "\n"


def counted_table(conditions: dict[str, dict[str, Found]]) -> str:
    """Markdown: a row for each scenario with such an event, true, false or allowed, a column for each
    condition.

    A cell has how many true ones are found, how many are false, and how many are allowed; the last row has
    the precision of all.
    """
    columns = list(conditions.values())
    names = [
        name
        for name in columns[0]
        if any(column[name].recall.of or column[name].false or column[name].allowed for column in columns)
    ]
    rows = ["| " + " | ".join(["scenario", *conditions]) + " |", "|" + "---|" * (len(conditions) + 1)]
    for name in names:
        cells = [
            f"{one.recall.text()}; {one.false} false; {one.allowed} allowed"
            for one in (column[name] for column in columns)
        ]
        rows.append("| " + " | ".join([name, *cells]) + " |")
    precision = [column["all"].precision.text() for column in columns]
    return "\n".join([*rows, "| " + " | ".join(["precision", *precision]) + " |"]) + "\n"


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
