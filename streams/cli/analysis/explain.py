"""`tankerwatch explain`: how an event came to its score and its level."""

from typing import Annotated

import typer

from models.errors import meant_id
from streams.cli.analysis.event_input import WHERE_IDS_ARE, Events, Redis, gather
from streams.cli.errors import Failed


def explain(
    id: Annotated[str, typer.Argument(metavar="EVENT_ID", help="The event's id.")],
    events: Events = None,
    redis: Redis = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show how an event came to its score and its level.

    Shows its base, each reason for and against with the measured value, its threshold, its weight and the
    settings that these are from, the cap, the conditions that made its level, the innocent explanations that
    its reasons speak for, the events that it is linked with, and what each revision changed.
    """
    import msgspec
    from rich.console import Console

    from streams.derivation import sheet
    from streams.derivation.derivation import derive

    known = gather(events, redis, whole=id)
    found = derive(id, known)
    if found is None:
        like = meant_id(id, (event.id for event in known))
        raise Failed(f"none of these events has the id {id!r}{like}; {WHERE_IDS_ARE}")
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        sheet.show(Console(), found)
