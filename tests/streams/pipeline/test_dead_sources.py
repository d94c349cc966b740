"""A source is ended after a minute of checks at which its frames would have been seen, and no earlier."""

from collections.abc import Mapping

from streams.pipeline.dead_sources import CHECK_SECONDS, SourceTimeout

MINUTE = 60.0
CHECKS = int(MINUTE / CHECK_SECONDS)


class Partition:
    """One partition that is checked again and again."""

    def __init__(self) -> None:
        self.timeout, self.now = SourceTimeout(MINUTE), 0.0

    def check(
        self, sources: Mapping[str, int], end: int = 100, last: int = 99, after: float = CHECK_SECONDS
    ) -> list[str]:
        self.now += after
        return [source for _, source in self.timeout.check(self.now, {0: end}, {0: (last, sources)})]


def test_a_source_from_which_nothing_comes_is_ended_after_a_minute() -> None:
    partition = Partition()
    for number in range(CHECKS + 1):
        assert partition.check({"dead": 7, "alive": number}) == []
    assert partition.check({"dead": 7, "alive": CHECKS + 1}) == ["dead"]


def test_a_source_is_ended_in_a_busy_partition_too() -> None:
    """It is never read to where it ends right now, but always beyond where it ended at the last check."""
    partition = Partition()
    for number in range(CHECKS + 1):
        end = 1_000 + 30 * number
        assert partition.check({"dead": 7, "alive": end - 3}, end, end - 2) == []
    end = 1_000 + 30 * (CHECKS + 1)
    assert partition.check({"dead": 7, "alive": end - 3}, end, end - 2) == ["dead"]


def test_one_frame_starts_the_minute_again() -> None:
    partition = Partition()
    for number in range(2 * CHECKS - 1):
        assert partition.check({"a": 1 if number < CHECKS - 1 else 2}) == []
    assert partition.check({"a": 2}) == ["a"]


def test_a_partition_that_is_behind_does_not_count_as_silence() -> None:
    """The source's frames may be among those that are there and not read."""
    partition = Partition()
    for number in range(100):
        assert partition.check({"a": 1}, 1_000 + 30 * number, 500) == []


def test_a_standstill_of_the_machine_does_not_count_as_silence() -> None:
    partition = Partition()
    partition.check({"a": 1})
    partition.check({"a": 1})
    assert partition.check({"a": 1}, after=1000) == [], "this process stood still, perhaps the ingest did too"
    partition.timeout.reset()  # Kafka was away
    for _ in range(CHECKS + 1):
        assert partition.check({"a": 1}) == []
    assert partition.check({"a": 1}) == ["a"]
