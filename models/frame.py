"""A frame: many lines of one source, as they came, with the time of receipt where an ingest noted it."""

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

    `data` holds the lines, each ended by a line feed (a missing one at the very end is allowed); `received`
    is one time a line, or None where there was no ingest (a recording); `first_line` is the number of the
    first line in its source, counted from 1, so that a reject can be found again; `cuts` names the lines
    that are only heads.
    """

    source: str
    data: bytes
    first_line: int = 1
    received: npt.NDArray[np.int64] | None = None
    cuts: tuple[Cut, ...] = ()


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
