"""Sightings on their way to Kafka: live from their topic, and from files before recordings."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from models.sighting import Sighting
from models.time import HOUR
from streams.ingest.intake import utc_now
from streams.ingest.publish import publish
from streams.ingest.session import IngestOptions, Session
from streams.ingest.sources.address import AddressError, SightingsAddress, parse_address
from streams.sightings.fields import read_line, to_line
from streams.sightings.files import SightingFile
from tests.streams.ingest.kafka_reading import fresh_topics, read_frames, target
from tests.waiting import eventually

SEEN = Sighting(time=HOUR, lon=124.8, lat=38.5, received=2 * HOUR, imo=9_074_729, reference="S1")


def test_the_address_is_the_deployments_own_topic() -> None:
    assert parse_address("sightings:") == SightingsAddress("sightings:")
    with pytest.raises(AddressError, match="give sightings: alone"):
        parse_address("sightings:other")


@pytest.mark.services
async def test_what_others_write_to_the_topic_is_taken_in_once(kafka: str, tmp_path: Path) -> None:
    topics, began = fresh_topics(), utc_now()

    async def write(*values: bytes) -> None:
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            for value in values:
                await producer.send_and_wait(topics.sightings, value)

    async def taken(count: int, *values: bytes) -> list[bytes]:
        """A session that runs until it has sent so many lines."""
        options = IngestOptions(buffer=tmp_path / f"{count}")
        session, stop = Session(["sightings:"], target(kafka, topics, 1), options), asyncio.Event()
        running = asyncio.create_task(session.run(stop))
        await write(*values)
        await eventually(lambda: session.counters.lines >= count, "sightings were taken in")
        stop.set()
        await running
        frames = [each for each in await read_frames(kafka, topics, 1) if each.source == session.names[0]]
        assert frames[-1].kind == "end"
        lines = [each for each in frames if each.kind == "sightings"]
        assert all(time >= began for each in lines for time in each.received or [0])
        return [line for each in lines for line in each.data.splitlines()]

    assert await taken(2, to_line(SEEN), b'{"half":\n1}') == [to_line(SEEN), b'{"half": 1}']
    assert await taken(1, b"{}") == [b"{}"]  # a second session goes on where the first one ended


@pytest.mark.services
async def test_a_file_is_published_whole_before_the_recordings(kafka: str) -> None:
    topics = fresh_topics()
    file = SightingFile("a.csv", 1, (SEEN,))
    assert await publish([], target(kafka, topics, 1), sightings=[file]) == []
    frames = await read_frames(kafka, topics, 1)
    assert [each.kind for each in frames] == ["idle", "sightings", "end"]
    assert frames[1].received is None
    assert read_line(frames[1].data) == SEEN
