"""`tankerwatch alerts`: sends events to webhooks, e-mail, Slack and MQTT, by rules in one file."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from streams.cli.errors import Failed, complain, help_unless_command
from streams.output.sanitize import sanitize

if TYPE_CHECKING:
    from streams.alerts.rules import Rules
    from streams.deployment.config import Deployment

app = typer.Typer()
T = TypeVar("T")
RulesFile = Annotated[
    Path,
    typer.Option(
        "--rules",
        metavar="FILE",
        help="TOML file of rules; `tankerwatch alerts example` prints one.",
        envvar="TANKERWATCH_RULES",
    ),
]


@app.callback(invoke_without_command=True)
def _alerts(context: typer.Context) -> None:
    """Send events to webhooks, e-mail, Slack and MQTT, by rules in one file."""
    help_unless_command(context)


@app.command()
def run(
    rules: RulesFile,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            metavar="PORT", help="Port of the metrics; 0 for none. Default: TANKERWATCH_WEB_PORT plus 2."
        ),
    ] = None,
) -> None:
    """Deliver events from the log in Redis, until SIGTERM or Ctrl-C.

    One process is enough. A second one with the same rules takes over, and the first one ends with exit
    code 4.
    """
    import os

    from streams.alerts import process
    from streams.alerts.channels.factory import channels
    from streams.stages.settings import load

    wanted, deployment = _load(rules), _deployment()
    port = metrics_port if metrics_port is not None else deployment.web_port and deployment.web_port + 2
    made = channels(wanted, os.environ)
    ledger = load(deployment.settings or None).ledger
    raise typer.Exit(process.run(deployment, wanted, made, port, ledger))


@app.command()
def check(rules: RulesFile) -> None:
    """Check a file of rules. The exit code is 2 if something is wrong with it."""
    import os

    wanted = _load(rules)
    count = len(wanted.rules)
    typer.echo(sanitize(f"{rules}: {count} rule{'s' * (count != 1)}, nothing wrong"))
    for rule in wanted.rules:
        for variable in rule.receiver.variables():
            if not (os.environ.get(variable) or os.environ.get(f"{variable}_FILE")):
                typer.echo(f"rule {rule.name!r}: {variable} is not set here, but `run` needs it", err=True)


@app.command()
def example() -> None:
    """Print an example of a file of rules."""
    from importlib.resources import files

    typer.echo(files("streams.alerts").joinpath("example.toml").read_text("utf-8"), nl=False)


@app.command("test", short_help="Send a test message to the receiver of a rule.")
def try_out(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule's name.")], rules: RulesFile
) -> None:
    """Send a sample event, marked as a test, to the receiver of a rule, and print the result.

    Filters, quiet hours and limits of the rule are ignored. The exit code is 1 if it was not delivered.
    """
    import asyncio
    import os
    import uuid

    from models.event import to_json
    from streams.alerts.alert import Kind
    from streams.alerts.channel import Result
    from streams.alerts.channels.factory import channel_of
    from streams.alerts.message import Message, Share, Single
    from streams.alerts.sample import sample, sample_share, sample_time_left

    wanted = _load(rules)
    tested = wanted.named(rule)
    channel = channel_of(tested, wanted.page, os.environ)

    async def send() -> Any:
        event, name = sample(), f"test:{uuid.uuid4().hex}"
        message: Message = Single(name, Kind.NEW, event, to_json(event), test=True)
        if tested.limits:
            left = sample_time_left(tested.limits[0])
            message = Single(name, Kind.TIME_LEFT, event, to_json(event), test=True, time_left=left)
        if tested.shares:
            message = Share(name, sample_share(tested.shares[0], tested.cap_counts), test=True)
        return await channel.send(message)

    outcome = asyncio.run(send())
    if outcome.result is not Result.DELIVERED:
        raise Failed(f"rule {rule!r}: not delivered ({outcome.result}): {outcome.reason}")
    typer.echo(sanitize(f"rule {rule!r}: delivered: {outcome.reason}"))


@app.command("list", short_help="Show the state of each rule.")
def list_rules(rules: RulesFile) -> None:
    """Show for each rule how far it has read, what waits, and whether its receiver works."""
    from streams.alerts.rule_status import standing, table
    from streams.store.event_log import EventLog

    wanted, deployment = _load(rules), _deployment()

    async def look(client: Any) -> str:
        log = EventLog(client, deployment.prefix)
        return table([await standing(rule, client, log, deployment.prefix) for rule in wanted.rules])

    typer.echo(_with_redis(deployment, look))


@app.command(short_help="List the messages that were given up.")
def dead(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print them as JSON Lines, with their events.")
    ] = False,
) -> None:
    """List the messages that could not be delivered and were given up, oldest first, with the reason."""
    import msgspec

    from models.time import to_text
    from streams.alerts.message import message_of, payload, subject
    from streams.alerts.state_store import DeadLetters

    deployment = _deployment()
    letters = _with_redis(deployment, lambda client: DeadLetters(client, deployment.prefix).all())
    for letter in letters:
        message = message_of(letter.parcel, letter.json)
        if as_json:
            content = {
                "id": letter.parcel.id,
                "rule": letter.rule,
                "time": to_text(letter.time),
                "reason": letter.reason,
                "message": msgspec.Raw(payload(message)),
            }
            typer.echo(msgspec.json.encode(content).decode())
        else:
            head = f"{to_text(letter.time)}  {letter.rule}  {letter.parcel.id}  {subject(message)}"
            typer.echo(f"{sanitize(head)}\n    {sanitize(letter.reason)}")
    if not letters:
        typer.echo("no dead letters", err=True)


@app.command()
def retry(
    rules: RulesFile,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="The ids that `dead` prints. Default: all."),
    ] = None,
) -> None:
    """Send dead letters again, and drop those that are delivered. The exit code is 1 if one was not."""
    import os

    from streams.alerts.channel import Result
    from streams.alerts.channels.factory import channel_of
    from streams.alerts.message import message_of
    from streams.alerts.rules import RulesError
    from streams.alerts.state_store import DeadLetters

    wanted, deployment = _load(rules), _deployment()

    async def send(client: Any) -> tuple[int, list[str]]:
        kept = DeadLetters(client, deployment.prefix)
        letters = [letter for letter in await kept.all() if not ids or letter.parcel.id in ids]
        delivered, problems = 0, [f"{id}: no such dead letter" for id in ids or ()]
        for letter in letters:
            name = letter.parcel.id
            problems = [problem for problem in problems if problem != f"{name}: no such dead letter"]
            try:
                channel = channel_of(wanted.named(letter.rule), wanted.page, os.environ)
            except RulesError as error:
                problems += error.problems
                continue
            outcome = await channel.send(message_of(letter.parcel, letter.json))
            if outcome.result is Result.DELIVERED:
                await kept.drop(letter)
                delivered += 1
            else:
                problems.append(f"{name}: not delivered ({outcome.result}): {outcome.reason}")
        return delivered, problems

    delivered, problems = _with_redis(deployment, send)
    typer.echo(f"{delivered} delivered", err=True)
    if problems:
        complain(*problems)
        raise typer.Exit(1)


@app.command(short_help="Enable a rule again whose receiver was gone.")
def enable(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="The rule's name.")], rules: RulesFile
) -> None:
    """Enable a rule that was disabled because its receiver answered 410 (gone).

    Everything that has come in the meantime is delivered.
    """
    from streams.alerts.state_store import key

    wanted, deployment = _load(rules), _deployment()
    name = key(deployment.prefix, wanted.named(rule).name)
    was = _with_redis(deployment, lambda client: client.hdel(name, "disabled"))
    typer.echo(f"rule {rule!r} {'is enabled again' if was else 'was not disabled'}", err=True)


def _load(path: Path) -> "Rules":
    from streams.alerts.rules import load

    return load(path)


def _deployment() -> "Deployment":
    from streams.deployment import config

    return config.from_environment()


def _with_redis(deployment: "Deployment", work: Callable[[Any], Awaitable[T]]) -> T:
    """Run `work` with a client of Redis and return its result. Raises Failed if Redis can't be reached."""
    import asyncio

    from streams.runtime.redis_client import connect
    from streams.runtime.refusals import reason, remedy
    from streams.runtime.retry import REDIS_AWAY
    from streams.runtime.secrecy import address_of

    async def with_client() -> T:
        client = connect(deployment.redis)
        try:
            return await work(client)
        finally:
            await client.aclose()

    try:
        return asyncio.run(with_client())
    except REDIS_AWAY as error:
        where = address_of(deployment.redis)
        raise Failed(f"Redis at {where}: {reason(error)}; {remedy('Redis', error)}") from None
