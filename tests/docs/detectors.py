"""The pages of docs/detectors: one for each detector, with its rule, its defaults and an example.

The words are in `tests/docs/detector_pages`. Levels and defaults come from the code, and the examples from
`tests/docs/detector_examples.py`.
"""

import json
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import msgspec

from streams.detection import legend
from streams.detection.reasons import ReasonTable
from tests.docs.detector_examples import EXAMPLES
from tests.docs.markdown import GENERATED, field_texts, table
from tests.docs.reasons import levels_of, section

TEMPLATES: Final = Path("tests/docs/detector_pages")


def detector(rules: ReasonTable) -> str:
    """The page of one detector: its template, with the tables and the example put in."""
    text = (TEMPLATES / f"{rules.type}.md").read_text("utf-8")
    title, _, rest = text.partition("\n\n")
    text = f"{title}\n\n{GENERATED}\n\n{rest}"
    parts = {"levels": levels_of(rules), "defaults": defaults(rules), "example": example(rules.type)}
    for name, lines in parts.items():
        text = text.replace(f"{{{{{name}}}}}", "\n\n".join(lines))
    return text


def defaults(rules: ReasonTable) -> list[str]:
    """The detector's settings with their defaults, without its weights."""
    settings = rules.defaults
    assert isinstance(settings, msgspec.Struct)
    texts = field_texts(type(settings))
    rows = [
        (f"`{name}`", f"`{msgspec.json.encode(value).decode()}`", texts.get(name, ""))
        for name in settings.__struct_fields__
        if not isinstance(value := getattr(settings, name), msgspec.Struct)
    ]
    where = (
        f"Settings `[{section(rules)}]`. The weights and sentences of all reasons are in "
        f"[reasons](../reference/reasons.md#{rules.type})."
    )
    return [where, table(("setting", "default", "meaning"), rows)]


@cache
def examples() -> Mapping[str, Any]:
    """The examples by type of event, as they are committed."""
    found: dict[str, Any] = json.loads(EXAMPLES.read_text("utf-8"))
    return found


def example(kind: str) -> list[str]:
    """What the example event says, and its map."""
    given = examples()[kind]
    event = given["event"]
    signs = [("+", each) for each in event["reasons"]] + [("-", each) for each in event["against"]]
    rows = [(f"{sign}{each['weight']:.2f}", f"`{each['code']}`", each["text"]) for sign, each in signs]
    best = event["innocentExplanation"]
    innocent = f"{best['text']} (support {best['support']:.2f})" if best else "no reason speaks for one"
    source = f"tankerwatch simulate {given['scenario']} --seed {given['seed']} --noise normal"
    return [
        f"Made up: from `{source}`. The ring is the event's position, dots are its evidence, lines are the "
        "tracks of its vessels, and violet areas are fences.",
        f"![Map of the example]({kind}.svg)",
        f"> {event['summary']}",
        f"Level `{event['level']}`, score {event['score']:.2f}. Innocent explanation: {innocent}.",
        table(("weight", "reason", "sentence"), rows),
    ]


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    f"{rules.type}.md": partial(detector, rules)
    for rules in legend.tables()
    if (TEMPLATES / f"{rules.type}.md").exists()
}
