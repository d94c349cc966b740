"""The page tells "alive, nothing to report" from "dead": sources that are down, a worker that has stopped."""

import time

import pytest
from playwright.sync_api import expect

from models.time import MINUTE, SECOND
from streams.deployment import heartbeat
from streams.deployment.heartbeat import Heartbeat, SourceBeat
from streams.runtime.redis_client import connect
from tests.streams.factories import START, tick
from tests.streams.feed.page.conftest import Open
from tests.streams.feed.page.feed_processes import Live, elsewhere

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.services]
HOSTILE = "<img src=x onerror=alert(1)>\u202e"


def beats(live: Live, sources: dict[str, SourceBeat], worker_age: float = -3600) -> None:
    """Write the heartbeats of a worker with these sources and of a sink. They do not age meanwhile."""

    async def write() -> None:
        client = connect(live.redis)
        ages = dict.fromkeys(("decoder:0", "vessels:0", "meetings:0", "cases:0"), worker_age)
        for name, age in (ages | {"sink": -3600.0}).items():
            told = sources if name == "decoder:0" else {}
            at = time.time() - age
            one = Heartbeat(process="host/1", time=at, offset=1, saved=at, sources=told)
            await heartbeat.write(client, live.prefix, {name: one})
        await client.aclose()

    elsewhere(write())


def test_a_source_is_down_then_the_worker(live: Live, tab: Open) -> None:
    now = int(time.time() * SECOND)
    heard = SourceBeat(heard=now, frame=now, newest=now)
    live.add([], [tick(273_000_001, (now - START) // MINUTE, 131.0, 42.5)])
    beats(live, {"roof": SourceBeat(heard=now, frame=now, newest=now, ended=True)})
    page = tab(live).open()
    pill, panel, none = page.locator("#sources-toggle"), page.locator("#sources"), page.locator("#none")
    expect(pill).to_have_text("No source is running")
    expect(none).to_contain_text("but no source is running")
    beats(live, {"roof": heard})
    expect(pill).to_have_text("1 source heard")
    expect(none).to_contain_text("All sources and processes are alive; nothing to report up to")

    at = now - 8 * MINUTE
    lost = SourceBeat(heard=at - MINUTE, frame=at, ended=True, lost=True, lost_at=at)
    beats(live, {"roof": heard, HOSTILE: lost})
    expect(pill).to_contain_text("Down: ")
    expect(none).to_contain_text("1 of 2 sources down since")
    pill.click()
    item = panel.locator("li.down")
    expect(item).to_contain_text("its ingest has died")
    expect(item).to_contain_text("down since")
    expect(panel.locator("li.up").first).to_contain_text("roof heard")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()

    beats(live, {"roof": heard, HOSTILE: lost}, worker_age=60)
    expect(pill).to_contain_text("Worker stopped")
    expect(page.locator("#state")).to_contain_text("No new data")
    expect(none).to_contain_text("The worker has been stopped since")
    pill.click()
    expect(panel).to_contain_text("not known: the worker that reads it has stopped")

    phone = tab(live, size=(360, 740)).open()  # the longest texts leave room for the buttons
    expect(phone.locator("#sources-toggle")).to_contain_text("Worker stopped")
    for button in ("#state", "#sources-toggle", "#ledger-toggle", "#desk-toggle", "#theme"):
        expect(phone.locator(button)).to_be_in_viewport(ratio=1)
    beats(live, {"roof": heard, "tcp://the-station-on-the-lighthouse.example.org:10110": lost})
    expect(phone.locator("#sources-toggle")).to_contain_text("Down: tcp://the-station")
    time_of_data = phone.locator("#data-time")  # a long name gives way to it
    assert time_of_data.evaluate("node => node.scrollWidth <= node.clientWidth")
    beats(live, {"roof": heard})
    expect(phone.locator("#sources-toggle")).to_contain_text("1 source heard")
