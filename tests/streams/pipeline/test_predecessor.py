"""Predecessor: a member of the group that was killed here leaves it at once; no other one does."""

import asyncio
import os
import subprocess
import sys
import uuid

import pytest
from aiokafka import AIOKafkaConsumer

from streams.deployment.topics import TopicSpec
from streams.deployment.topics_admin import ensure_topics
from streams.pipeline.predecessor import Predecessors, client_id, has_died
from tests.waiting import PATIENCE, eventually

HERE = client_id().rpartition("/")[0]
LONG_MS = 1_800_000
"""The longest session timeout that a broker allows, and longer than we wait for anything."""
MEMBER = """
import asyncio, sys
from aiokafka import AIOKafkaConsumer
from streams.pipeline.predecessor import client_id
async def stay():
    kafka, group, topic, timeout = sys.argv[1:]
    timeouts = {name: int(timeout) for name in ("session_timeout_ms", "rebalance_timeout_ms")}
    who = {"group_id": group, "client_id": client_id()}
    async with AIOKafkaConsumer(topic, bootstrap_servers=kafka, **who, **timeouts) as consumer:
        while not consumer.assignment():
            await asyncio.sleep(0.05)
        print("joined", flush=True)
        await asyncio.sleep(3600)
asyncio.run(stay())
"""


def test_only_who_ran_here_and_is_no_more_has_died() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert has_died(f"{HERE}/{gone.pid}")
    assert has_died(client_id())  # asked before this process joins
    assert not has_died(f"{HERE}/{os.getppid()}")
    assert not has_died(f"{HERE}/1")
    assert not has_died(f"{HERE}/{'9' * 9}0")
    assert not has_died("aiokafka-0.14.0")
    _, host, processes = HERE.split("/")
    other = "00000000" if processes != "00000000" else "11111111"  # another container, or another machine
    for pid in (gone.pid, os.getpid()):
        assert not has_died(f"tankerwatch/{host}.elsewhere/{processes}/{pid}")
        assert not has_died(f"tankerwatch/{host}/{other}/{pid}")
        assert not has_died(f"tankerwatch/{host}/{pid}")


@pytest.mark.services
async def test_whoever_joins_need_not_wait_for_one_that_was_killed(kafka: str) -> None:
    name = f"t{uuid.uuid4().hex[:8]}"
    await ensure_topics(kafka, [TopicSpec(name, 2, None, "", "")])
    arguments = ("-c", MEMBER, kafka, name, name, str(LONG_MS))
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert await process.stdout.readline() == b"joined\n"
    process.kill()
    await process.wait()
    await Predecessors(kafka, name, PATIENCE).find()
    async with AIOKafkaConsumer(
        name,
        bootstrap_servers=kafka,
        group_id=name,
        session_timeout_ms=LONG_MS,
        rebalance_timeout_ms=LONG_MS,
        request_timeout_ms=2 * LONG_MS,
    ) as consumer:

        async def has_all() -> bool:
            return len(consumer.assignment()) == 2

        await eventually(has_all, "the partitions of the one that was killed")
