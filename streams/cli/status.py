"""`tankerwatch status`: says whether a deployment is healthy, and how far behind."""

from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from streams.pipeline.health import Health, StageHealth

_MOST_CLOCKS: Final = 5
"""Stations that are named; --json has more of them."""


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="Seconds to wait for Kafka, and for Redis.")
    ] = 10.0,
) -> None:
    """Say in a few lines whether the deployment is healthy, and how far behind it is.

    The exit code is 0 if it is healthy, 1 if not. The TANKERWATCH_… variables say where Kafka and Redis are.
    docs/operations.md explains the output.
    """
    import asyncio

    import msgspec

    from streams.deployment import config
    from streams.pipeline.health import examine
    from streams.runtime import logs

    wanted = config.from_environment()
    logs.configure("CRITICAL")
    health = asyncio.run(examine(wanted, timeout))
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(health)).decode())
    else:
        typer.echo("\n".join(_lines(health)))
    if not health.healthy:
        raise typer.Exit(1)


def _lines(health: "Health") -> list[str]:
    lines = ["healthy" if health.healthy else "NOT HEALTHY"]
    lines += [f"  {problem}" for problem in health.problems]
    stages = dict.fromkeys(one.stage for one in health.stages)
    if stages:
        lines.append(f"{'stage':<9} {'partitions':>10} {'lag':>8} {'checkpoint':>11}  event time")
    for stage in stages:
        lines.append(_stage(stage, [one for one in health.stages if one.stage == stage]))
    if health.sink is not None:
        age = "-" if health.sink.age_seconds is None else f"{health.sink.age_seconds:.1f} s"
        lag = health.sink.events_lag + health.sink.ticks_lag
        lines.append(
            f"{'sink':<9} {'-':>10} {lag:>8} {age:>11}  "
            f"{health.sink.events_lag} events and {health.sink.ticks_lag} frames of ticks to write"
        )
    if (counts := health.lines) is not None:
        lines.append(f"lines: {_counts(counts.outcomes, counts.overtaken)}")
        recent = _counts(counts.recent_outcomes, counts.recent_overtaken)
        lines.append(f"in the last {counts.recent_seconds / 60:.0f} minutes: {recent}")
    lines += _clocks(health)
    if (event := health.last_event) is not None:
        lines.append(f"last event: {event.type} {event.id}, revision {event.revision}, {event.detected}")
    return lines


def _clocks(health: "Health") -> list[str]:
    """How many stations' clocks are corrected, and which of these are furthest off."""
    if (clocks := health.clocks) is None or not any(clocks.stations.values()):
        return []
    counts = ", ".join(f"{count:,} {state}" for state, count in clocks.stations.items() if count)
    off = [each for each in clocks.furthest_off if each.corrected][:_MOST_CLOCKS]
    return [f"clocks of stations: {counts}", *(f"  {each.source}: {each.text}" for each in off)]


def _counts(outcomes: dict[str, int], overtaken: int) -> str:
    from streams.decoding.lines.outcome import Outcome
    from streams.pipeline.health import rejected

    late = outcomes.get(Outcome.LATE, 0)
    return (
        f"{sum(outcomes.values()):,} read, {rejected(outcomes):,} rejected, {late:,} late; "
        f"{overtaken:,} reports overtaken"
    )


def _stage(name: str, partitions: "list[StageHealth]") -> str:
    """One line for a stage: the sum of its lags, its oldest checkpoint, its slowest watermark."""
    lag = sum(one.lag for one in partitions)
    ages = [one.checkpoint_age_seconds for one in partitions if one.checkpoint_age_seconds is not None]
    marks = [one.watermark for one in partitions if one.watermark is not None]
    age = f"{max(ages):.1f} s" if ages else "-"
    return f"{name:<9} {len(partitions):>10} {lag:>8} {age:>11}  {min(marks) if marks else '-'}"
