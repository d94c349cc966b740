"""What each program may do on Kafka and Redis where these ask: the rights that its user needs, and no others.

docs/reference/rights.md is made from this, and tests run every program with just these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from streams.deployment.topics import Topics, specs

GROUP: Final = "tankerwatch"
"""The consumer group of the workers, after the prefix."""


class Operation(StrEnum):
    """As Kafka names them. READ and WRITE imply DESCRIBE."""

    CREATE = "Create"
    DESCRIBE = "Describe"
    READ = "Read"
    WRITE = "Write"


@dataclass(frozen=True, slots=True)
class Right:
    """What may be done with one topic, or one consumer group."""

    resource: str
    """`topic` or `group`."""
    name: str
    operations: tuple[Operation, ...]


def rights(topics: Topics) -> Mapping[str, tuple[Right, ...]]:
    """Those on Kafka by program, in the order in which data flow."""

    def may(*operations: Operation, on: str) -> Right:
        return Right("topic", on, operations)

    create, describe, read, write = Operation
    publish = (
        may(read, write, on=topics.raw),
        may(write, on=topics.sources),
        may(describe, on=topics.sightings),
    )
    used = {
        topics.sources: (read,),
        topics.raw: (read, write),
        topics.sightings: (),
        topics.reports: (read, write),
        topics.ticks: (read, write),
        topics.facts: (read, write),
        topics.events: (write,),
        topics.fences: (read, write),
        topics.rejects: (write,),
    }
    every = [spec.name for spec in specs(topics, 1, 1)]
    worker = tuple(may(create, *(used[name] or (describe,)), on=name) for name in every)
    stages = (topics.raw, topics.reports, topics.ticks, topics.facts, topics.events)
    return {
        "publish": publish,
        "ingest": publish,
        "ingest sightings:": (
            may(read, on=topics.sightings),
            Right("group", f"tankerwatch-{topics.sightings}", (read,)),
        ),
        "worker": (*worker, Right("group", f"{topics.prefix}{GROUP}", (read,))),
        "sink": tuple(may(read, on=name) for name in (topics.events, topics.ticks, topics.fences)),
        "feed": (may(write, on=topics.raw),),
        "archive": tuple(
            may(read, on=name) for name in (topics.raw, topics.sources, topics.ticks, topics.events)
        ),
        "events tail": (may(read, on=topics.events),),
        "status": tuple(may(describe, on=name) for name in stages),
    }


_READS: Final = ("+@read", "+@connection", "+@transaction")
_WRITES: Final = (*_READS, "+@write")
_ALL: Final = ("%R~{}*",)
_REDIS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "publish": (_ALL, _READS),
    "worker": (("~{}:*:state", "~{}:heartbeats"), _WRITES),
    "sink": (
        (
            "~{}:log", "~{}:events*", "~{}:event:*", "~{}:vessels", "~{}:vessels:heard",
            "~{}:vessels:identities", "~{}:vessel:*", "~{}:coverage", "~{}:fences*", "~{}:sink",
            "~{}:heartbeats",
        ),
        _WRITES,
    ),
    "feed": (
        (*_ALL, "~{}:reviews*", "~{}:silences", "~{}:audit", "~{}:fences*"),
        (*_WRITES, "+eval_ro"),
    ),
    "alerts": ((*_ALL, "~{}:alerts:*", "~{}:audit:withheld"), _WRITES),
    "events tail": (_ALL, _READS),
    "status": (_ALL, _READS),
}  # fmt: skip


def redis_rules(prefix: str = "") -> Mapping[str, tuple[str, ...]]:
    """Those on Redis by program, as `ACL SETUSER` takes them; `archive` and `ingest` need none."""
    base = f"{prefix}tankerwatch"
    return {
        program: (*(key.format(base) for key in keys), "-@all", *commands, "-@dangerous", "+info")
        for program, (keys, commands) in _REDIS.items()
    }
