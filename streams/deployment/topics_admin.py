"""Creates the topics that are missing, and says what is wrong with existing ones."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, TopicAuthorizationFailedError, for_code

from models.errors import TankerwatchError
from streams.deployment.topics import TopicSpec
from streams.runtime.kafka_client import connection

ASKED: Final = 50
"""How many times a broker is asked for topics that were just created, ten times a second."""


class TopicsError(TankerwatchError):
    """Topics can't be used as they are. The text says which, and what to do."""


async def ensure_topics(
    broker: str,
    specs: Iterable[TopicSpec],
    *,
    adopt: bool = False,
    replication: int = 1,
    timeout_ms: int = 10_000,
) -> dict[str, int]:
    """Create the topics that are missing. Returns the number of partitions of every topic.

    Existing topics must have the number of partitions of their spec; with `adopt` any number will do. Raises
    TopicsError, TopicAuthorizationFailedError for topics that this client may neither see nor create, and
    KafkaError or OSError if Kafka can't be reached.
    """
    wanted = {spec.name: spec for spec in specs}
    admin = AIOKafkaAdminClient(**connection(broker), request_timeout_ms=timeout_ms)
    try:
        await admin.start()
        known = set(await admin.list_topics())
        await _create(admin, [spec for spec in wanted.values() if spec.name not in known], replication)
        described = await _described(admin, sorted(wanted))
    finally:
        await admin.close()
    found = {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}
    missing = sorted(set(wanted) - set(found))
    if missing:
        raise for_code(next(t["error_code"] for t in described if t["error_code"]))(", ".join(missing))
    wrong = [
        f"{name} has {count} partitions, not {wanted[name].partitions}"
        for name, count in sorted(found.items())
        if count != wanted[name].partitions
    ]
    if wrong and not adopt:
        raise TopicsError(
            f"{'; '.join(wrong)}: start with the numbers that the topics have, or use a prefix of your own"
        )
    return found


async def _described(admin: AIOKafkaAdminClient, names: Sequence[str]) -> list[dict[str, Any]]:
    """Ask again for a while: a broker may not yet know topics that were just created."""
    for _ in range(ASKED):
        described: list[dict[str, Any]] = await admin.describe_topics(names)
        if not any(topic["error_code"] for topic in described):
            break
        await asyncio.sleep(0.1)
    return described


async def partition_counts(broker: str, names: Iterable[str]) -> dict[str, int]:
    """The number of partitions of those of these topics that exist."""
    admin = AIOKafkaAdminClient(**connection(broker))
    try:
        await admin.start()
        known = set(await admin.list_topics())
        wanted = sorted(known.intersection(names))
        described = await admin.describe_topics(wanted) if wanted else []
    finally:
        await admin.close()
    return {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}


async def _create(admin: AIOKafkaAdminClient, specs: list[TopicSpec], replication: int) -> None:
    if not specs:
        return
    new = [
        NewTopic(spec.name, spec.partitions, replication, topic_configs=dict(spec.config)) for spec in specs
    ]
    answer = await admin.create_topics(new)
    refused = TopicAuthorizationFailedError.errno
    if forbidden := sorted(name for name, code, *_ in answer.topic_errors if code == refused):
        raise TopicAuthorizationFailedError(", ".join(forbidden))
    for name, code, *text in answer.topic_errors:
        error: type[KafkaError] = for_code(code)
        if code and error is not TopicAlreadyExistsError:  # another process was quicker
            if getattr(error, "retriable", False):
                raise error(f"{name}: {text}")
            raise TopicsError(f"{name} can't be created: {text[0] if text and text[0] else error.__name__}")
