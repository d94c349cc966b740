"""What a worker logs about its partitions."""

import logging
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.decoding.lines.outcome import Outcome
from streams.pipeline import worker_metrics
from streams.pipeline.operator import OperatorStats
from streams.pipeline.worker_metrics import WARNING_SECONDS, WorkerMetrics
from streams.runtime.metrics import StatsCollector


class Redis:
    async def hset(self, *_: object, **__: object) -> None: ...
    async def memory_usage(self, _: str) -> int:
        return 0


class Partition:
    """A partition of the decoder with so many late lines."""

    saved = last = 0

    def __init__(self) -> None:
        self.late = 7
        self.operator = self

    def stats(self) -> OperatorStats:
        return OperatorStats(0, counts={Outcome.LATE: self.late, Outcome.MESSAGE: 100})


async def test_late_lines_are_a_warning_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = 1_000.0
    monkeypatch.setattr(worker_metrics, "time", SimpleNamespace(time=lambda: now))
    monkeypatch.setattr(StatsCollector, "__init__", lambda self: setattr(self, "_now", ()))
    partition = Partition()
    runner = SimpleNamespace(processed=0, saved=0, partitions={0: partition})
    watch = WorkerMetrics({"decoder": cast(Any, runner)}, Redis(), "prefix")

    async def warned() -> list[int]:
        caplog.clear()
        with caplog.at_level(logging.WARNING, worker_metrics.__name__):
            await watch.report()
        logged = [cast(dict[str, Any], record.msg) for record in caplog.records]
        assert all(each["event"] == "late_lines" for each in logged)
        assert all("decoder.lateness_seconds" in each["remedy"] for each in logged)
        return [each["lines"] for each in logged]

    assert await warned() == [], "those that another worker had before it"
    partition.late = 9
    assert await warned() == [2]
    partition.late = 12
    assert await warned() == [], "not again so soon"
    now += WARNING_SECONDS
    assert await warned() == [3]
    now += WARNING_SECONDS
    assert await warned() == []
