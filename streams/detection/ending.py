"""Ending: the last revision of an event that says what was told before, and only when it ended and why."""

import msgspec

from models.event import Event, Reason, Status
from models.time import Millis, to_text
from streams.detection.explanation import retracted
from streams.detection.hypotheses import best
from streams.detection.reasons import ReasonTable, Weights, score


def ended(
    event: Event,
    revision: int,
    end: Millis,
    instant: Millis,
    why: Reason | None,
    table: ReasonTable,
    weights: Weights,
) -> Event:
    """The revision that closes an event, or takes it back; `why` is the reason if it is taken back."""
    status = Status.CLOSED if why is None else Status.RETRACTED
    against = event.against if why is None else (*event.against, why)
    conditions = event.scoring.conditions if event.scoring else ()
    scoring = table.scoring(weights, event.level, status, conditions)
    return msgspec.structs.replace(
        event,
        revision=revision,
        status=status,
        end=to_text(end),
        detected=to_text(instant),
        against=against,
        score=score(scoring, event.reasons, against),
        scoring=scoring,
        innocent_explanation=best(table, event.reasons, against),
        summary=event.summary + retracted(why),
    )
