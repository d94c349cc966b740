"""Messages for Slack: blocks and text within its limits, and names that mean harm."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from streams.alerts.channel import Channel, Result
from streams.alerts.message import Digest
from tests.streams.alerts.factories import event
from tests.streams.alerts.fake_receivers import WebhookReceiver
from tests.streams.alerts.hostile_names import NAMES, hostile
from tests.streams.alerts.message_factories import (
    DIGEST,
    GAP,
    PAGE,
    alert,
    channel,
    deliver,
    single,
)


def texts(blocks: Any) -> Iterator[dict[str, Any]]:
    """Every text object in there."""
    if isinstance(blocks, dict):
        if "text" in blocks and isinstance(blocks["text"], str):
            yield blocks
        else:
            yield from (text for value in blocks.values() for text in texts(value))
    elif isinstance(blocks, list):
        yield from (text for one in blocks for text in texts(one))


def slack(receiver: WebhookReceiver) -> Channel:
    return channel(PAGE, slack={"url": receiver.url, "allow_private": True})


async def test_a_message_for_slack_has_blocks_and_a_text(receiver: WebhookReceiver) -> None:
    (outcome,) = await deliver(slack(receiver), single(hostile("KUM & SONG")))
    assert outcome.result is Result.DELIVERED
    told = receiver.requests[0].json
    assert told["text"].startswith("Possible encounter: KUM &amp; SONG and KUM &amp; SONG\nThe tanker ")
    header, sentence, facts, link = told["blocks"]
    assert (header["type"], header["text"]["type"]) == ("header", "plain_text")
    assert sentence["text"]["text"] == "The tanker KUM &amp; SONG met the tanker KUM &amp; SONG."
    assert (
        "42.700°N 133.000°E · 2026-03-01 00:00 UTC, still open · score 0.50" in facts["elements"][0]["text"]
    )
    assert link["text"]["text"] == f"<https://feed.example.org/?event={event(1).id}|Open in the feed>"


async def test_digests_keep_to_the_limits_of_slack(receiver: WebhookReceiver) -> None:
    many = Digest(
        "digest:1", 0, alert(*(hostile("<&>" * 20) for _ in range(1)), *(event(n) for n in range(2, 300)))
    )
    await deliver(slack(receiver), many, DIGEST, GAP)
    for request in receiver.requests:
        assert len(request.json["blocks"]) <= 50
        assert len(request.json["text"]) <= 40_000
        for text in texts(request.json["blocks"]):
            assert len(text["text"]) <= 3_000
        assert len(request.json["blocks"][0]["text"]["text"]) <= 150
    assert "OCEAN STAR (new, updated; score 0.50)" in receiver.requests[1].json["text"]


@pytest.mark.parametrize("name", NAMES)
async def test_a_hostile_name_mentions_formats_and_links_nothing_in_slack(
    receiver: WebhookReceiver, name: str
) -> None:
    await deliver(slack(receiver), single(hostile(name)), Digest("digest:1", 0, alert(hostile(name))))
    for request in receiver.requests:
        *plain, link = texts(request.json["blocks"])
        assert {text["type"] for text in plain} == {"plain_text"}
        assert re.fullmatch(r"<https://feed\.example\.org/[^<>|&]*\|Open in the feed>", link["text"])
        for text in plain:
            assert not set("<>") & set(text["text"])
            assert not re.search(r"&(?!amp;|lt;|gt;)", text["text"])
        assert not set("<>@*_~`[]|") & set(request.json["text"])
        assert all(sign.isprintable() or sign == "\n" for sign in request.json["text"])
