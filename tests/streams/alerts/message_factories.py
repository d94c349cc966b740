"""Messages of each kind, and channels to hand them to."""

from typing import Any

from models.event import Level, to_json
from streams.alerts.alert import Alert, Kind
from streams.alerts.channel import Channel, Outcome
from streams.alerts.channels.factory import channel_of
from streams.alerts.message import Digest, Gap, Message, Single
from streams.alerts.schedule import Schedule, State
from tests.streams.alerts.factories import entry, event, rule
from tests.unsaid import PASSWORD, WEBHOOK_SECRET

SECRET = WEBHOOK_SECRET
ENVIRONMENT = {"SECRET": SECRET, "PASSWORD": PASSWORD}
PAGE = "https://feed.example.org/"


def single(of: Any = None, kind: Kind = Kind.NEW, test: bool = False) -> Single:
    of = of or event(1)
    return Single(f"{of.id}:{of.revision}", kind, of, to_json(of), test)


def alert(*events: Any) -> tuple[Alert, ...]:
    schedule = Schedule(rule(revisions=["new", "updated"]), State())
    found = [schedule.take(entry(number, one), one, 0) for number, one in enumerate(events, 1)]
    return tuple(one for one in found if one)


DIGEST = Digest("digest:1", 0, alert(event(1), event(2), event(1, 2, level=Level.PROBABLE)))
GAP = Gap("gap:1-0", 0, "1-0", "86400000-0")


def channel(page: str = "", **receiver: Any) -> Channel:
    return channel_of(rule(**{"webhook": None, **receiver}), page, ENVIRONMENT)


async def deliver(channel: Channel, *messages: Message) -> list[Outcome]:
    return [await channel.send(message) for message in messages]
