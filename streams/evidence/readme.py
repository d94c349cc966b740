"""README of a bundle: what it is, how to check it, and what it does not show, for people without the tool."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from models.event import Event
from models.time import to_text
from streams.evidence import claims, members
from streams.evidence.bundle import Bundle
from streams.output.sanitize import sanitize

_MOST: Final = 100
"""Files that are named; `bundle.json` names all."""


_LINES: Final = (
    "Lines are as they were read, except that each ends in a line feed. They are in the order in which they "
    "were worked off. Rows of a table are there as the sentences that they stand for; the SHA-256 of the "
    f"table is in `{members.BUNDLE}`."
)
_LIVE_LINES: Final = (
    "Lines are as they were received, except that each ends in a line feed, with the times of receipt beside "
    f"their numbers. Sources were worked off together, in the order of `{members.ORDER}`."
)


def readme(bundle: Bundle, events: Sequence[Event]) -> str:
    """The text, in Markdown."""
    parts = [
        _text("# Evidence"),
        _text(
            f"Events that tankerwatch found in {'live' if bundle.live else 'recorded'} AIS messages, with "
            "what others need to find them again. An event says what is suspected and why. It never says "
            "that somebody is guilty."
        ),
        _text("## The events" + (", as they were published" if bundle.minimal else "")),
        "\n".join(_events(events)),
        *_how_to_check(bundle),
        _text("## What it claims"),
        *map(_text, _claims(bundle)),
        _text("## What is in it"),
        "\n".join(map(_item, _content(bundle))),
        _text(_LIVE_LINES if bundle.live else _LINES),
        _text("## Find the events in the " + ("archive" if bundle.live else "original files")),
        f"    {bundle.command}",
        "\n".join(map(_item, _inputs(bundle))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(paragraph: str) -> str:
    return textwrap.fill(paragraph, 100, break_long_words=False, break_on_hyphens=False)


def _item(text: str) -> str:
    return textwrap.fill(
        f"- {text}", 100, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def _events(events: Sequence[Event]) -> Iterator[str]:
    latest = {event.id: event for event in sorted(events, key=lambda event: event.revision)}
    for name in sorted(latest):
        event = latest[name]
        count = sum(one.id == name for one in events)
        yield _item(
            f"`{name}`: {event.type.replace('_', ' ')}, {event.level}, {event.status}, from {event.start} to "
            f"{event.end or 'now'}, {count} revision{'' if count == 1 else 's'}. {sanitize(event.summary)}"
        )


def _how_to_check(bundle: Bundle) -> Iterator[str]:
    made, code = bundle.versions["tankerwatch"], bundle.versions["code"]
    compared = "claims" if bundle.minimal else "events"
    yield _text("## Check it")
    yield _text(f"Install tankerwatch {made} (code {code[:16]}, see `{members.BUNDLE}`), then:")
    yield "    tankerwatch evidence check FILE.zip"
    yield _text(
        f"It checks every file against the manifest, replays the lines, and compares the {compared} and the "
        "report byte for byte. Another version says so, and compares all the same. Without tankerwatch, "
        "unpack the file and check the manifest:"
    )
    yield f"    sha256sum --check {members.SUMS}"
    yield _text(
        "The manifest shows that nothing was changed since it was written, not who wrote it. Whoever wants "
        f"to rely on that should get the SHA-256 of the file, or of `{members.SUMS}`, in another way."
    )


def _claims(bundle: Bundle) -> Iterator[str]:
    if bundle.minimal:
        yield claims.WHAT
    else:
        yield (
            "The lines, by the rules in this file, give these events in every revision, with every level, "
            "score and reason. It holds the lines of all vessels, because neighbours, coverage and density "
            "count."
        )
        if bundle.snapshot_at is None:
            what = "that the archive has" if bundle.live else "of the recordings"
            yield f"It begins with the first line {what}: nothing is believed but the lines."
        else:
            yield (
                f"It begins with the state of the stages at {to_text(bundle.snapshot_at)}. What came before "
                "is in that state only, and has to be believed, or found in the "
                + ("archive." if bundle.live else "original files.")
            )
    yield (
        "It ends with the last revision that is in it. What later lines say, also that an event was taken "
        "back, is not in it."
    )
    yield (
        "It does not show that the lines were really received: that rests on where the recordings come from."
    )


def _content(bundle: Bundle) -> Iterator[str]:
    yield f"`{members.REPORT}`: the events on a page with a map; it works offline"
    yield f"`{members.EVENTS}`: all revisions of the events, one a line"
    if bundle.minimal:
        yield f"`{members.CLAIMS}`: the positions and contacts that these lines show"
    if bundle.snapshot_at is not None:
        yield f"`{members.SNAPSHOT}`: the state of the stages at {to_text(bundle.snapshot_at)}"
    if bundle.live:
        yield (
            f"`{members.ORDER}`: a row for each raw frame, in the order in which they were worked off: "
            "lines, sightings, that nothing came, that a source had ended, which sources were registered, "
            "and fences that were drawn, with who drew them"
        )
    for number, source in enumerate(bundle.sources[:_MOST], 1):
        yield (
            f"`{members.lines_of(number)}`: {source.lines:,} lines of `{sanitize(source.name)}` with their "
            f"tag blocks; `{members.numbers_of(number)}` has the numbers of these lines in that source"
        )
    if len(bundle.sources) > _MOST:
        what = "sources" if bundle.live else "recordings"
        yield f"and so on: `{members.BUNDLE}` has all {len(bundle.sources):,} {what} in this order"
    rules = ", ".join(
        f"`{name}`" for name in (members.SETTINGS, members.FENCES, members.WATCHLIST, members.SIGHTINGS)
    )
    yield f"{rules}: the rules in force, those of the package included"
    given = "of the archive that was read" if bundle.live else "that was given"
    yield f"`{members.BUNDLE}`: versions, options, and the SHA-256 of every file {given}"
    yield f"`{members.SUMS}`: the manifest"


def _inputs(bundle: Bundle) -> Iterator[str]:
    for file in bundle.inputs[:_MOST]:
        told = "read from a pipe, so it has no SHA-256" if file.sha256 is None else f"SHA-256 {file.sha256}"
        yield f"{file.role}: `{sanitize(file.name)}`, {told}"
    if len(bundle.inputs) > _MOST:
        yield f"and so on: `{members.BUNDLE}` has all {len(bundle.inputs):,} files"
    for problem in bundle.problems[:_MOST]:
        yield f"{'missing' if bundle.live else 'not read completely'}: {sanitize(problem)}"
