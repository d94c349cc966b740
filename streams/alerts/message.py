"""Messages: what a channel sends, in words and as JSON."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from models.event import Event, Status, from_json
from models.time import Millis, to_text
from streams.alerts import cap_share, time_left
from streams.alerts.alert import Alert, CapShare, Kind, TimeLeft
from streams.alerts.schedule import PendingMessage
from streams.output import event_text
from streams.store.event_log import entry_key

_ENCODER: Final = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Single:
    """A revision of an event."""

    id: str
    kind: Kind
    event: Event
    json: bytes  # the event as published
    test: bool = False
    time_left: TimeLeft | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the cap that the deliveries of a year have passed."""

    id: str
    passed: CapShare
    test: bool = False


@dataclass(frozen=True, slots=True)
class Digest:
    """Alerts that had to wait, with the latest of each event."""

    id: str
    made: Millis
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Says that the log no longer had all entries between these two."""

    id: str
    made: Millis
    after: str
    before: str


Message = Single | Share | Digest | Gap


def message_of(parcel: PendingMessage, json: bytes | None) -> Message:
    """`json` is the event of a parcel with one alert. If it is gone, the message is made from the alert."""
    if parcel.gap is not None:
        return Gap(parcel.id, parcel.made, *parcel.gap)
    if len(parcel.alerts) == 1:
        (alert,) = parcel.alerts
        if alert.cap_share is not None:
            return Share(parcel.id, alert.cap_share)
        if json:
            return Single(parcel.id, alert.kind, from_json(json), json, time_left=alert.time_left)
    return Digest(parcel.id, parcel.made, parcel.alerts)


@dataclass(frozen=True, slots=True)
class Item:
    """An event in a digest: its latest alert, and everything that was new about it."""

    alert: Alert
    kinds: tuple[Kind, ...]


def items(digest: Digest) -> list[Item]:
    """An item for each event, in the order of its first alert."""
    found: dict[str, Item] = {}
    for alert in digest.alerts:
        known = found.get(alert.event)
        kinds = known.kinds if known else ()
        newest = alert if known is None or alert.revision >= known.alert.revision else known.alert
        found[alert.event] = Item(newest, (*kinds, alert.kind) if alert.kind not in kinds else kinds)
    return list(found.values())


def subject(message: Message) -> str:
    """One line, without line feeds or control characters."""
    match message:
        case Single(event=event, kind=kind):
            text = event_text.heading(event)
            lead = {Kind.RAISED: "Raised: ", Kind.CLOSED: "Closed: ", Kind.UPDATED: "Update: "}.get(kind, "")
            if event.status is Status.RETRACTED:
                lead = "Taken back: "
            if message.time_left is not None:
                lead = f"Time left below {message.time_left.below_hours:g} h: "
            return ("TEST: " if message.test else "") + lead + text
        case Share(passed=passed):
            return ("TEST: " if message.test else "") + cap_share.heading(passed)
        case Digest():
            found = items(message)
            if all(item.alert.cap_share is not None for item in found):
                return f"{len(found)} share{'s' * (len(found) != 1)} of the cap passed"
            probable = sum(item.alert.level == "probable" for item in found)
            return f"{len(found)} event{'s' * (len(found) != 1)}, {probable} of them probable"
        case Gap():
            return "Some alerts may be missing"


def line(item: Item) -> str:
    """An event of a digest."""
    alert = item.alert
    if alert.cap_share is not None:
        return alert.heading
    return f"{alert.heading} ({', '.join(item.kinds)}; score {alert.score:.2f})"


def missing(gap: Gap) -> str:
    """The sentence about a gap."""
    start, end = (event_text.short(to_text(entry_key(entry)[0])) for entry in (gap.after, gap.before))
    return (
        f"The event log no longer has all that was written between {start} and {end} UTC: it was not read in "
        "time. Look at the feed for events of that time."
    )


def link(page: str, event: str) -> str:
    """The event on the feed's page; empty without one."""
    return f"{page.rstrip('/')}/?event={event}" if page else ""


def payload(message: Message) -> bytes:
    """The message for webhooks and MQTT; the same bytes at every attempt."""
    data: Any
    more: dict[str, Any] = {}
    match message:
        case Single():
            kind = "test" if message.test else f"event.{message.kind}"
            time, data = message.event.detected, msgspec.Raw(message.json)
            if message.time_left is not None:
                more["timeLeft"] = message.time_left
                time = message.time_left.as_of
        case Share():
            kind = "test" if message.test else "ledger.cap_share"
            time, data = message.passed.as_of, _share(message.passed)
        case Digest():
            kind, time, data = "digest", to_text(message.made), _digest(message)
        case Gap():
            kind, time = "gap", to_text(message.made)
            data = {"after": message.after, "before": message.before, "text": missing(message)}
    return _ENCODER.encode({"type": kind, "timestamp": time, "data": data, **more})


def sentences(message: Single | Share) -> list[str]:
    """What is told of a limit that was passed; nothing where none was."""
    if isinstance(message, Share):
        return cap_share.sentences(message.passed)
    return [time_left.sentence(message.time_left)] if message.time_left is not None else []


def _share(passed: CapShare) -> Any:
    return {**msgspec.to_builtins(passed), "text": " ".join(cap_share.sentences(passed))}


def _digest(digest: Digest) -> Any:
    return {
        "events": [
            {
                "id": item.alert.event,
                "revision": item.alert.revision,
                "kinds": item.kinds,
                "type": item.alert.type,
                "level": item.alert.level,
                "status": item.alert.status,
                "detected": item.alert.detected,
                "score": item.alert.score,
                "summary": item.alert.summary,
            }
            for item in items(digest)
        ],
    }
