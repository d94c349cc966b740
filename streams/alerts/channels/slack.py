"""Messages for incoming webhooks of Slack, and of programs that understand them (Mattermost, …)."""

from typing import Any, Final

import msgspec

from streams.alerts.channel import Outcome
from streams.alerts.channels.http import Poster
from streams.alerts.message import (
    Digest,
    Gap,
    Message,
    Share,
    Single,
    items,
    line,
    link,
    missing,
    sentences,
    subject,
)
from streams.output import event_text
from streams.output.sanitize import sanitize

HEADER: Final = 150  # Slack's limits, in characters
SECTION: Final = 3_000
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_WIDE: Final = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "@*_~`[]|"})


class SlackChannel:
    def __init__(self, poster: Poster, page: str = "") -> None:
        self._poster, self._page = poster, page

    async def send(self, message: Message) -> Outcome:
        return await self._poster.post(msgspec.json.encode(compose(message, self._page)), {})


def compose(message: Message, page: str = "") -> dict[str, Any]:
    """Blocks, and a text for programs that show no blocks."""
    head = subject(message)
    match message:
        case Single(event=event):
            lines = [*sentences(message), sanitize(event.summary)]
            facts = [event_text.place(event), event_text.period(event), f"score {event.score:.2f}"]
            facts.append(f"{event.id} revision {event.revision}")
            target = link(page, event.id)
        case Share():
            lines, facts, target = sentences(message), ["tankerwatch ledger"], page
        case Digest():
            lines = [line(item) for item in items(message)]
            facts, target = ["digest of what had to wait"], page
        case Gap():
            lines, facts, target = [missing(message)], ["tankerwatch alerts"], page
    blocks = [
        {"type": "header", "text": _plain(head, HEADER)},
        *({"type": "section", "text": _plain(part, SECTION)} for part in _parts(lines)),
        {"type": "context", "elements": [_plain(" · ".join(facts), SECTION)]},
    ]
    if target:
        # the only text that is not plain: the address is from the file of rules, the id a hash
        blocks.append(
            {"type": "section", "text": {"type": "mrkdwn", "text": f"<{escape(target)}|Open in the feed>"}}
        )
    return {"text": harmless("\n".join([head, *lines]))[:SECTION], "blocks": blocks}


def escape(text: str) -> str:
    """The escapes that Slack asks for in every text, so that `<!channel>` stays plain text."""
    return text.translate(_ENTITIES)


def harmless(text: str) -> str:
    """Text for fields with markup: characters that would mention, link or format become their wide forms."""
    return escape(text.translate(_WIDE))


def _plain(text: str, most: int) -> dict[str, Any]:
    """A text that Slack does not read as markup."""
    return {"type": "plain_text", "text": _cut(escape(text), most), "emoji": False}


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    entity = cut.rfind("&")
    return (cut[:entity] if entity >= 0 and ";" not in cut[entity:] else cut) + "…"


def _parts(lines: list[str]) -> list[str]:
    """Lines in as few sections as possible; Slack takes 50 blocks in a message."""
    parts = [""]
    for text in lines:
        joined = f"{parts[-1]}\n{text}" if parts[-1] else text
        if len(escape(joined)) > SECTION:
            parts.append(text)
        else:
            parts[-1] = joined
    return parts[:40]
