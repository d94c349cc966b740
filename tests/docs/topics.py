"""The reference of Kafka topics."""

from models.time import DAY, HOUR
from streams.deployment.config import Deployment
from streams.deployment.topics import specs
from tests.docs.markdown import page, table


def topics() -> str:
    """The page."""
    defaults = Deployment()
    rows = [
        (f"`{spec.name}`", spec.message, spec.key, str(spec.partitions), _kept(spec.retention))
        for spec in specs(defaults.topics, defaults.raw_partitions, defaults.spread)
    ]
    return page(
        "Topics",
        "Every Kafka topic, with the default numbers of partitions. `TANKERWATCH_PREFIX` is put before each "
        "name. [asyncapi.yaml](../asyncapi.yaml) and [the schemas](../schemas) describe the messages that "
        "programs outside read or write; those of `ais.reports`, `ais.ticks` and `ais.facts` may change with "
        "any version.",
        table(("topic", "one message is", "key", "partitions", "kept"), rows),
    )


def _kept(retention: int | None) -> str:
    if retention is None:
        return "the latest of each key (compacted)"
    return f"{retention // DAY} days" if retention > DAY else f"{retention // HOUR} hours"
