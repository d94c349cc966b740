"""The log in memory and the one in Redis give the same answers about the same events and ticks."""

import asyncio
import random
from typing import Any

import pytest

from models.review import Disposition
from models.time import BEGINNING, MINUTE
from models.vessel import Identity, Role
from streams.feed.log import FeedLog
from streams.feed.views import reviews
from streams.store.event_log import BEFORE_ALL, lost
from tests.streams.factories import START, STEP, event, tick
from tests.streams.feed.event_logs import Filled, filled

pytestmark = pytest.mark.services
MMSI = 273_000_001


async def fill(log: Filled) -> None:
    """Events with ties in time, vessels in two places, backfilled ticks, identities that change."""
    chance = random.Random(7)
    numbers: dict[int, int] = {}
    found = []
    for minutes in range(0, 300, 5):
        for number in sorted(chance.sample(range(20), 3)):
            numbers[number] = numbers.get(number, 0) + 1
            found.append(event(number, numbers[number], minutes))
    for at in range(0, len(found), 7):
        await log.add(found[at : at + 7])
    for step in range(40):
        rows = [tick(MMSI + vessel, step, 131 + step / 100) for vessel in range(5) if vessel != step % 5]
        if step % 2:
            rows.append(tick(MMSI, step, 150.0, segment=1))
        if step == 30:
            rows = [tick(MMSI + 9, early) for early in (28, 29)] + [*rows, tick(MMSI + 9, 30)]
        ordered = sorted(rows, key=lambda row: (row["time"][0], row["mmsi"][0], row["segment"][0]))
        await log.add(
            ticks=ordered,
            identities=[Identity(MMSI + 1, START + step * STEP, Role.TANKER, f"NAME {step // 10}")]
            if step % 10 == 0
            else [],
        )
    await log.add(identities=[Identity(MMSI + 50, START, name="NEVER PLACED")])


async def all_answers(log: FeedLog) -> dict[str, Any]:
    """The answers to everything that can be asked, without the ids of entries."""
    entries = await log.since(count=1_000)
    ids = [f"{number:024x}" for number in range(21)]
    middle = entries[len(entries) // 2]
    heard = await log.heard_at(BEGINNING)
    pages = []
    after = None
    while page := await log.newest_first(after=after, count=3):
        pages += page
        after = page[-1]
    return {
        "entries": [(one.id, one.revision, one.type, one.level, one.status, one.json) for one in entries],
        "later": [one.json for one in await log.since(middle.entry, 5)],
        "ends": [None if (ends := await log.ends()) is None else (ends.first, ends.last, ends.trimmed)]
        == [(entries[0].entry, entries[-1].entry, False)],
        "followed": await lost(log, middle.entry, await log.since(middle.entry)),
        "last": await log.last() == entries[-1].entry,
        "at": [await log.at(middle.entry) == middle, await log.at("5-1")],
        "latest": await log.latest_of([*ids, "none"]),
        "revisions": [[one.json for one in await log.revisions(name)] for name in ids],
        "newest_first": await log.newest_first(count=100),
        "pages": pages,
        "span": await log.newest_first(START + 60 * MINUTE, START + 120 * MINUTE, count=100),
        "heard": heard,
        "late": await log.heard_at(START + 35 * STEP),
        "whereabouts": sorted(await log.whereabouts(heard), key=lambda one: one.mmsi),
        "identities": sorted(await log.identities(heard), key=lambda one: one.mmsi),
        "vessels": [await log.vessel(mmsi) for mmsi in (*sorted(heard), 1)],
        "newest": await log.newest(),
    }


async def test_both_logs_give_the_same_answers(redis_server: str) -> None:
    answers = []
    for kind in ("memory", "redis"):
        async with filled(kind, redis_server) as log:
            await fill(log)
            answers.append(await all_answers(log.log))
    in_memory, in_redis = answers
    assert in_memory["ends"]
    assert len(in_memory["entries"]) == 180
    assert in_memory["pages"] == in_memory["newest_first"]
    for name, answer in in_memory.items():
        assert answer == in_redis[name], name


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_an_entry_and_a_review_wake_those_who_wait(kind: str, redis_server: str) -> None:
    async with filled(kind, redis_server) as log:
        waiting = asyncio.create_task(log.log.wait(BEFORE_ALL, seconds=20))
        reviewing = asyncio.create_task(log.log.wait_reviews(BEFORE_ALL, seconds=20))
        await asyncio.sleep(0)
        await log.add([event()])
        (entry,) = await waiting
        assert entry.json == (await log.log.latest_of([event().id]))[0]
        given = reviews.ReviewRequest("me", Disposition.CONFIRMED, "seen")
        made = [reviews.review(given, event()) for _ in range(3)]
        for one in made:
            await log.log.add_review(one)
        assert (await reviewing)[0][1] == made[0]
        found = await log.log.reviews_since(count=2)
        assert [review for _, review in found] == made[:2]
        assert [review for _, review in await log.log.reviews_since(found[-1][0])] == made[2:]
        assert await log.log.reviews(event().id) == made
        assert await log.log.latest_reviews(["none", event().id]) == {event().id: made[-1]}
        assert await log.log.wait(entry.entry, seconds=0.01) == []


async def test_a_recording_shows_what_was_known_at_the_time() -> None:
    async with filled("memory", "") as log:
        await log.add([event(0, 1, 0)], [tick(MMSI, 0)])
        await log.add([event(0, 2, 60), event(1, 1, 60)], [tick(MMSI, 12, 140.0)])
        memory: Any = log.log
        whole = await memory.since()
        early = memory.as_of(START + 59 * MINUTE)
        assert [entry.revision for entry in await early.since()] == [1]
        assert [entry.revision for entry in await early.revisions(event().id)] == [1]
        assert (await early.latest_of([event(1).id])) == [None]
        assert [one.lon for one in await early.whereabouts([MMSI])] == [131.0]
        assert len((await early.vessel(MMSI)).track) == 1
        assert await early.newest() == START + 59 * MINUTE
        late = memory.as_of(START + 60 * MINUTE)
        assert [entry.json for entry in await late.since()] == [entry.json for entry in whole]
        assert [one.lon for one in await late.whereabouts([MMSI])] == [140.0]
        # what is added later changes no moment before it
        await log.add([event(2, 1, 70)], [tick(MMSI, 14, 141.0)])
        assert len(await late.since()) == len(whole)
        assert [one.lon for one in await late.whereabouts([MMSI])] == [140.0]
        assert len(await memory.since()) == len(whole) + 1


async def test_a_long_track_loses_only_its_oldest_points() -> None:
    async with filled("memory", "") as log:
        for start in range(0, 5_000, 50):
            await log.add(ticks=[tick(MMSI, step, 100 + step / 1_000) for step in range(start, start + 50)])
        record = await log.log.vessel(MMSI)
        assert record is not None
        steps = [(point.time - START) // STEP for point in record.track]
        assert steps == list(range(5_000 - len(steps), 5_000))
        assert 1_500 <= len(steps) <= 2_016
        for point, step in zip(record.track, steps, strict=True):
            assert point.lon == pytest.approx(100 + step / 1_000, abs=1e-6)
