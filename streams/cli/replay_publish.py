"""`tankerwatch replay --to kafka`: recordings published for the workers, instead of replayed here."""

from collections.abc import Sequence

from streams.cli.errors import Failed, UsageError
from streams.cli.ingest import broker_address, time_option
from streams.deployment.config import DeploymentError, from_environment
from streams.deployment.topics_admin import TopicsError
from streams.ingest import run
from streams.ingest.sender import KafkaTarget
from streams.ingest.sources.address import AddressError


def publish(files: Sequence[str], broker: str | None, rate: str, base_time: str | None, alone: bool) -> None:
    """Publish the files; not `alone` when options of a local replay were given. Raises UsageError, Failed."""
    if not alone:
        raise UsageError(
            "--to: only --broker, --rate and --base-time go with it; leave --serve and all others out"
        )
    if broker is None:
        raise UsageError("--to: names no Kafka; give --broker HOST:PORT or set TANKERWATCH_BROKER")
    try:
        speed = run.rate(rate)
    except ValueError as error:
        raise UsageError(f"--rate: {error}") from None
    try:
        topics = from_environment().topics
        target = KafkaTarget(broker_address(broker), topics)
        base = None if base_time is None else time_option(base_time)
        problems = run.publish(files, broker, speed, target=target, base_time=base)
    except (AddressError, DeploymentError) as error:
        raise UsageError(str(error)) from None
    except TopicsError as error:
        raise Failed(str(error)) from None
    if problems:
        raise Failed(*problems)
