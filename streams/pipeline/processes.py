"""The processes of a deployment, as the commands start them: logs, signals, metrics, exit codes."""

import asyncio
import logging
import os
import signal
from typing import Final

from streams.deployment.config import Deployment
from streams.pipeline.checkpoint import Fenced
from streams.pipeline.supervisor import Supervisor, worker_command
from streams.runtime import logs, metrics
from streams.runtime.logs import say
from streams.store.retention import Retention
from streams.store.sink import Sink

log = logging.getLogger(__name__)
EXIT_FENCED: Final = 4


def run_worker(restart: bool) -> int:
    """Run a worker until a signal ends it; its exit code. Without `restart` it takes this process's place."""
    if not restart:
        command = worker_command()
        os.execv(command[0], command)
    logs.configure()
    return Supervisor(worker_command()).run()


def run_sink(deployment: Deployment, limits: Retention, metrics_port: int) -> None:
    """Run a sink until a signal ends it. Raises Fenced and TopicsError."""
    logs.configure()
    metrics.serve(metrics_port)

    async def until_signal() -> None:
        sink = Sink(deployment, limits)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, sink.stop)
        try:
            await sink.run()
            say(log, logging.INFO, "sink_stopped")
        except Fenced as error:
            say(log, logging.CRITICAL, "ends", reason=str(error), code=EXIT_FENCED)
            raise

    asyncio.run(until_signal())
