"""The status of a rule: how far it has read, what waits, what its receiver said last."""

from dataclasses import dataclass
from typing import Any

from models.time import Millis, to_text
from streams.alerts.rules import Rule
from streams.alerts.schedule import State
from streams.alerts.state_store import key
from streams.output.sanitize import sanitize
from streams.store.event_log import EventLog


@dataclass(frozen=True, slots=True)
class RuleStatus:
    rule: str
    channel: str
    state: str  # new, well, failing, disabled
    why: str  # what the receiver said, if it is not well
    unread: int  # entries of the log
    waiting: int  # alerts, and messages that have not been taken
    held: int  # of the alerts, those for a digest
    last: Millis | None  # when a message was last delivered


async def standing(rule: Rule, client: Any, log: EventLog, prefix: str) -> RuleStatus:
    fields = {name.decode(): value for name, value in (await client.hgetall(key(prefix, rule.name))).items()}
    known = State({name: value for name, value in fields.items() if name not in ("owner", "version")})
    single = known.single
    state = next((name for name in ("disabled", "failing") if name in single), "well" if single else "new")
    return RuleStatus(
        rule.name,
        rule.channel,
        state,
        sanitize(single[state]["reason"]) if state in single else "",
        max(0, await log.added() - single["read"]) if "read" in single else 0,
        len(known.waiting) + len(known.parcels),
        sum(alert.held is not None for alert in known.waiting.values()),
        single["last"]["time"] if "last" in single else None,
    )


def table(standings: list[RuleStatus]) -> str:
    """The status in lines for people, with a separate line for what a receiver said."""
    rows = [("rule", "to", "state", "unread", "waiting", "held", "last delivered")]
    rows += (
        (
            one.rule,
            one.channel,
            one.state,
            str(one.unread),
            str(one.waiting),
            str(one.held),
            to_text(one.last) if one.last else "-",
        )
        for one in standings
    )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join([*lines, *(f"{one.rule}: {one.state}: {one.why}" for one in standings if one.why)])
