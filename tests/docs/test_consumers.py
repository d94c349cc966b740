"""The examples of docs/consumers.md work as they stand there."""

import asyncio
import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from models.event import Event, Level, Status, to_json
from tests.services.plugin import fails_without_service
from tests.streams.factories import event
from tests.streams.feed.page.browser import launched
from tests.streams.feed.page.feed_processes import Live
from tests.waiting import PATIENCE

PAGE = Path(__file__).parents[2] / "docs" / "consumers.md"


def example(language: str) -> str:
    (code,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(code)


FIRST, SECOND = event(1, level=Level.PROBABLE), event(2, level=Level.PROBABLE)
CLOSED = event(1, revision=2, level=Level.PROBABLE, status=Status.CLOSED)
SENT = (FIRST, SECOND, FIRST, CLOSED)  # one comes again, as after a crash


@pytest.fixture(scope="module")
def topic(kafka: str) -> str:
    """The name of a topic with events, as the pipeline writes them."""
    name = f"events-{uuid.uuid4().hex[:8]}"

    async def send() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        await admin.create_topics([NewTopic(name, 1, 1)])
        await admin.close()
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            for each in SENT:
                await producer.send_and_wait(
                    name,
                    to_json(each),
                    each.id.encode(),
                    headers=[("ce_id", f"{each.id}:{each.revision}".encode())],
                )

    asyncio.run(send())
    return name


def line(each: Event) -> str:
    return f"{each.type} {each.level} {each.status} {each.summary}"


@pytest.mark.services
def test_python(kafka: str, topic: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", example("python")],
        env={**os.environ, "BROKER": kafka, "TOPIC": topic, "GROUP": topic},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        said = [running.stdout.readline().rstrip("\n") for _ in range(3)]
        running.kill()
    assert said == [line(each) for each in (FIRST, SECOND, CLOSED)]


@pytest.mark.services
def test_kcat(kafka: str, topic: str) -> None:
    done = subprocess.run(
        ["sh", "-c", example("sh")],
        env={**os.environ, "BROKER": kafka, "TOPIC": topic},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    heads, values = done.stdout.splitlines()[::2], done.stdout.splitlines()[1::2]
    assert heads == [f"{each.id} ce_id={each.id}:{each.revision}" for each in SENT]
    assert [json.loads(value)["revision"] for value in values] == [1, 1, 1, 2]


@pytest.mark.services
@pytest.mark.xdist_group("browser")
def test_javascript(redis_server: str, tmp_path: Path) -> None:
    with fails_without_service(), Live(tmp_path / "feed", redis_server) as feed, launched() as browser:
        feed.add([FIRST, SECOND])
        page = browser.new_page()
        page.goto(f"{feed.url}/robots.txt")  # any address of the feed
        said: list[str] = []
        greeted: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "log" else None)
        page.on("console", lambda message: greeted.append(message.text) if message.type == "info" else None)
        with page.expect_console_message(lambda message: "closed" in message.text):
            page.evaluate(f"() => {{ {example('javascript')} }}")
            feed.add([CLOSED])
    assert said == [f"{each.type} {each.status} {each.summary}" for each in (FIRST, SECOND, CLOSED)]
    assert [text.partition(", ")[2] for text in greeted] == ['filters {"level":["probable"]}, down: none']
