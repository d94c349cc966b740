"""Raw frames whose lines are JSON: what each line says, and dead letters for lines that can't be used."""

from collections.abc import Callable
from typing import TypeVar

from streams.deployment.topics import Topics
from streams.deployment.wire import RawFrame
from streams.pipeline.operator import OutgoingRecord, dead_letter

T = TypeVar("T")


def lines_of(
    frame: RawFrame,
    read: Callable[[bytes], T],
    refused: tuple[type[Exception], ...],
    code: str,
    *,
    topics: Topics,
    partition: int,
    offset: int,
) -> tuple[list[tuple[int, T]], list[OutgoingRecord]]:
    """What was read of each line, with the line's place in the frame from 0 on; and dead letters.

    A line for which `read` raises one of `refused` is a dead letter, whose reason begins with `code`.
    """
    found: list[tuple[int, T]] = []
    dead: list[OutgoingRecord] = []
    for index, line in enumerate(frame.data.splitlines()):
        try:
            found.append((index, read(line)))
        except refused as error:
            letter = dead_letter(
                topics,
                reason=f"{code}: {error}",
                value=line,
                source=frame.source,
                line=frame.first_line + index,
                topic=topics.raw,
                partition=partition,
                offset=offset,
            )
            dead.append(letter)
    return found, dead
