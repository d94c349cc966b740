"""Rules, entries and a schedule that can crash, for the tests of alerts."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from models.event import Event, to_json
from models.time import Millis
from streams.alerts.rules import Rule
from streams.alerts.schedule import PendingMessage, Schedule, State
from streams.store.event_log import Entry
from tests.streams.factories import event as event

WEBHOOK: Final = {"url": "https://example.org/hook", "secret_env": "SECRET"}
NIGHT: Final = {"from": "22:00", "to": "07:00", "zone": "UTC"}


def rule(**settings: Any) -> Rule:
    return msgspec.convert({"name": "night-watch", "webhook": WEBHOOK, **settings}, Rule)


def entry(number: int, of: Event, time: Millis = 1) -> Entry:
    """The entry of the log with this number, counted from 1."""
    return Entry(f"{time}-{number}", of.id, of.revision, of.type, of.level, of.status, to_json(of))


class StoredState:
    """The fields of one rule as Redis keeps them."""

    def __init__(self) -> None:
        self.fields: dict[str, bytes] = {}

    def commit(self, schedule: Schedule) -> None:
        for name, value in schedule.state.changed().items():
            if value is None:
                self.fields.pop(name, None)
            else:
                self.fields[name] = value

    def schedule(self, rule: Rule) -> Schedule:
        return Schedule(rule, State(self.fields))


def sent(schedule: Schedule, now: Millis) -> Iterator[PendingMessage]:
    """What is sent at this time, to a receiver that takes everything."""
    while isinstance(found := schedule.next(now), PendingMessage):
        yield found
        schedule.delivered(found, now)


def sent_ids(schedule: Schedule, now: Millis) -> list[list[str]]:
    """The ids in each of these messages."""
    return [[alert.id for alert in parcel.alerts] for parcel in sent(schedule, now)]
