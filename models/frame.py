"""A frame: many lines of one source, with the time of receipt of each where an ingest noted it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.time import Millis


@dataclass(frozen=True, slots=True)
class Cut:
    """A line of a frame that was too long to carry: the frame has its head, this tells the whole.

    `index` counts the lines of the frame from 0, `length` is in bytes.
    """

    index: int
    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Frame:
    """Lines of one source in the order of arrival.

    `data` holds the lines, each ended by a line feed (a missing one at the very end is allowed). `received`
    has one time for each line, or is None where there was no ingest (a recording). `first_line` is the
    number of the first line in its source, counted from 1, so that a rejected line can be found again.
    `numbers` has that of every line where they do not follow each other, as in a recording that was sorted.
    `cuts` names the lines of which only the head is here.
    """

    source: str
    data: bytes
    first_line: int = 1
    received: npt.NDArray[np.int64] | None = None
    cuts: tuple[Cut, ...] = ()
    numbers: npt.NDArray[np.int64] | None = None

    def number(self, index: int) -> int:
        """The number in its source of the line with this index, counted from 0."""
        return self.first_line + index if self.numbers is None else int(self.numbers[index])


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that became no message, and why: `outcome` is the name it is counted under.

    `head` is the line itself up to 4 KiB; for a longer one `length` and `sha256` identify the whole.
    """

    source: str
    line: int
    outcome: str
    reason: str
    head: bytes
    length: int
    sha256: str
    time: Millis | None = None
