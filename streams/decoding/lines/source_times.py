"""Source times: which of the times that lines tell are believed, and in which order."""

from enum import IntEnum
from typing import Final

import msgspec

from models.time import BEGINNING, END, Millis
from streams.decoding.lines.time_text import TextRules

UNTOLD: Final = BEGINNING
"""Where a column of times has none."""


class TimeKind(IntEnum):
    """Where the time of a sentence comes from, the most trusted first (design section 5)."""

    TAG = 0  # `c:` of a tag block
    PGHP = 1  # a `$PGHP` line about the sentence
    SUFFIX = 2  # after the checksum
    PREFIX = 3  # before the sentence, in text, CSV or JSON
    GPS = 4  # the last RMC or ZDA before it
    NONE = 5


TIME_NAMES: Final = {
    TimeKind.TAG: "the tag block",
    TimeKind.PGHP: "the $PGHP line",
    TimeKind.SUFFIX: "the time after the checksum",
    TimeKind.PREFIX: "the time before the sentence",
    TimeKind.GPS: "the GPS sentences between",
}


class TimeRules(msgspec.Struct, frozen=True):
    """How the times of one source are read, and which are believed."""

    text: TextRules = TextRules()
    trust_tags: bool = False
    """Tag blocks without a good checksum are taken as they are."""
    earliest: Millis = BEGINNING + 1
    latest: Millis = END
    """A time outside these two is none: seconds since boot, a counter, a clock that is years ahead."""
    ignored: tuple[TimeKind, ...] = ()
    """Kinds that disagree with a more trusted kind of the same source, or that are no times."""
    pghp_lines: int = 100
    """How many lines after a `$PGHP` line its sentence may come."""
