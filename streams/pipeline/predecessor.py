"""Predecessor: tells Kafka that a worker of this machine has died, so that nobody waits for it.

Kafka gives the partitions of a worker that was killed to others when it has heard nothing of it for the
session timeout. Whoever is started in its place knows sooner: members of the group bear the name of their
machine and the number of their process, and that process is no more. They leave the group once the new worker
is about to join it; an empty group would have Kafka wait for more members.

Only what is certain counts: a worker that was taken for dead by mistake would end, be started again, and take
the other one for dead in its turn. Machines and containers may share a host name, so names also tell where
numbers of processes mean the same. Elsewhere, and where a number was given again, the session timeout
decides, as it does for a container that was started again.
"""

import asyncio
import hashlib
import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupAuthorizationFailedError, for_code
from aiokafka.protocol.group import LeaveGroupRequest

from streams.runtime.kafka_client import connection
from streams.runtime.logs import get_logger
from streams.runtime.retry import KAFKA_AWAY

log = get_logger(__name__)
_NAME: Final = re.compile(r"tankerwatch/(?P<host>.+)/(?P<processes>[0-9a-f]{8})/(?P<pid>\d{1,9})")
_BETWEEN_SECONDS: Final = 0.2
_REBALANCING: Final = "PreparingRebalance"


def client_id() -> str:
    """The name by which Kafka knows this process."""
    return f"tankerwatch/{socket.gethostname()}/{_processes()}/{os.getpid()}"


def _processes() -> str:
    """What tells apart where a number may be that of another process: the start of the machine, and Linux's
    namespace of processes, of which each container has its own. "unknown" elsewhere: then nobody has died."""
    try:
        started = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:
        return "unknown"
    return hashlib.blake2b(f"{started}{namespace}".encode(), digest_size=4).hexdigest()


def has_died(client: str) -> bool:
    """Whether the process of this name ran here and is no more. One of our own number has gone: this process
    has not joined yet."""
    found = _NAME.fullmatch(client)
    if found is None or (found["host"], found["processes"]) != (socket.gethostname(), _processes()):
        return False
    if (pid := int(found["pid"])) == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        pass
    return False


@dataclass(frozen=True, slots=True)
class _Group:
    node: int
    state: str
    members: dict[str, str]
    """The name of each by its number in the group."""


class Predecessors:
    """The workers of this machine that have died and that Kafka still counts as members of a group."""

    def __init__(self, broker: str, group: str, seconds: float) -> None:
        """`seconds`: the session timeout, after which Kafka knows by itself."""
        self._broker, self._group, self._seconds = broker, group, seconds
        self._dead: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def find(self) -> None:
        """Look for them, before this process joins; it goes on in a task of its own if there are any.

        Raises GroupAuthorizationFailedError: who may not ask may not join either, and would not be told.
        """
        try:
            self._dead = await self._with_admin(self._look)
        except GroupAuthorizationFailedError as error:
            raise GroupAuthorizationFailedError(self._group) from error
        except (*KAFKA_AWAY, TimeoutError) as error:
            log.debug("predecessors_unknown", reason=str(error))
            return
        if self._dead:
            self._task = asyncio.create_task(self._see_off())

    async def _see_off(self) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                await self._with_admin(self._wait_and_leave)
        except (*KAFKA_AWAY, TimeoutError) as error:
            log.debug("predecessors_left_to_kafka", reason=str(error))

    async def _with_admin(self, work: Any) -> Any:
        admin = AIOKafkaAdminClient(**connection(self._broker), request_timeout_ms=2_000)
        try:
            await admin.start()
            return await work(admin)
        finally:
            await admin.close()

    async def _look(self, admin: AIOKafkaAdminClient) -> set[str]:
        group = await self._describe(admin)
        return {member for member, client in group.members.items() if has_died(client)}

    async def _wait_and_leave(self, admin: AIOKafkaAdminClient) -> None:
        while self._dead:
            group = await self._describe(admin)
            self._dead &= group.members.keys()
            if group.state == _REBALANCING:
                for member in sorted(self._dead):
                    await admin._send_request(LeaveGroupRequest(self._group, member), group.node)
                    log.info("predecessor_has_died", client=group.members[member])
                return
            await asyncio.sleep(_BETWEEN_SECONDS)

    async def _describe(self, admin: AIOKafkaAdminClient) -> _Group:
        node = await admin.find_coordinator(self._group)
        (answer,) = await admin.describe_consumer_groups([self._group], group_coordinator_id=node)
        (group,) = answer.to_object()["groups"]
        if for_code(group["error_code"]) is GroupAuthorizationFailedError:
            raise GroupAuthorizationFailedError(self._group)
        return _Group(
            node, group["state"], {each["member_id"]: each["client_id"] for each in group["members"]}
        )
