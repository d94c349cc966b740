"""Drawn fences of a deployment, where Kafka does not say whether it took what was sent."""

import msgspec
import pytest

from geofences.drawn import read_outline
from models.drawn_fence import FenceVersion
from models.time import Millis
from streams.feed.views.drawn_fences import FenceDesk, FenceRequest, FenceUnsure, NoSuchFence, exported

AREA = {"type": "Polygon", "coordinates": [[[130.9, 41.9], [131.4, 41.9], [131.4, 42.3], [130.9, 41.9]]]}


class Book:
    """All versions, by fence and number."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], FenceVersion] = {}

    async def versions(self) -> list[FenceVersion]:
        return [self.kept[key] for key in sorted(self.kept)]

    async def claim(self, version: FenceVersion) -> bool:
        return self.kept.setdefault((version.id, version.version), version) is version

    async def release(self, version: FenceVersion) -> None:
        del self.kept[version.id, version.version]


def test_an_export_leaves_out_what_does_not_count_yet() -> None:
    area = read_outline(AREA)
    waiting = FenceVersion(
        id="drawn-1", version=1, name="Roads", area=area, by="Kim", drawn="2026-01-01T00:00:00Z"
    )
    assert exported([waiting]) == []
    counts = msgspec.structs.replace(waiting, valid_from="2026-01-01T00:00:00Z")
    edited = msgspec.structs.replace(waiting, version=2)
    assert [fence.valid_to for fence in exported([counts, edited])] == [None]


async def test_a_deletion_that_kafka_may_not_have_can_be_sent_again() -> None:
    book, answers, sent = Book(), [True, False, True], list[FenceVersion]()

    async def publish(version: FenceVersion) -> None:
        sent.append(version)
        if not answers[len(sent) - 1]:
            raise FenceUnsure("not known")
        counted = msgspec.structs.replace(version, valid_from="2026-01-01T00:00:00Z")
        book.kept[version.id, version.version] = counted

    async def newest() -> Millis:
        return 1_767_225_600_000

    desk = FenceDesk(book, publish, newest, "")
    drawn = await desk.draw(FenceRequest(name="Roads", geometry=AREA, by="Kim"))
    with pytest.raises(FenceUnsure):
        await desk.remove(drawn.id, 1, "Kim")
    (listed,) = await desk.standing()  # it still counts
    assert (listed.version, listed.deleted) == (2, True)
    await desk.remove(drawn.id, 2, "Kim")
    assert sent[1] == sent[2]
    assert not await desk.standing()
    with pytest.raises(NoSuchFence):
        await desk.remove(drawn.id, 2, "Kim")
