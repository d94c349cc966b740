"""What the table of weights counts, on events whose reasons are known."""

from collections import defaultdict

import msgspec

from models.event import EventType, Reason
from streams.detection.gaps.reasons import REASONS
from streams.detection.reasons import ReasonType, Side
from tests.scenarios import weights
from tests.scenarios.weights import Sample
from tests.streams.factories import event


def test_a_reason_of_true_events_alone_gets_weight_and_ranks_them_higher() -> None:
    rows = [row for row in REASONS.rows if row.side is Side.FOR]
    telling, other = rows[0], rows[1]
    samples = [
        *(_sample(n, True, telling, other) for n in range(100)),
        *(_sample(n, False, other) for n in range(100)),
    ]
    table = "\n".join(weights.table(defaultdict(list, {EventType.GAP: samples})))
    assert f"| gap | {telling.code} | for | 100 of 100 | 0 of 100 | 201.00 | 0.15 |" in table
    assert f"| gap | {other.code} | for | 100 of 100 | 100 of 100 | 1.00 | 0.00 |" in table
    ranking = "\n".join(weights.ranking(defaultdict(list, {EventType.GAP: samples})))
    assert "| gap | 100 | 100 | 1.000 | 1.000 |" in ranking

    same = [msgspec.structs.replace(each.event, reasons=()) for each in samples]
    told_nothing = [each._replace(event=bare) for each, bare in zip(samples, same, strict=True)]
    ranking = "\n".join(weights.ranking(defaultdict(list, {EventType.GAP: told_nothing})))
    assert "| gap | 100 | 100 | 0.500 | 0.500 |" in ranking


def _sample(number: int, true: bool, *rows: ReasonType) -> Sample:
    stated = tuple(
        Reason(code=row.code, text="", weight=getattr(REASONS.defaults.weights, row.weight)) for row in rows
    )
    return Sample(event(number, type=EventType.GAP, reasons=stated, against=()), true, number % 2)
