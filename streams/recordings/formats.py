"""The formats of recordings, told by their content."""

import re
from collections.abc import Iterator
from typing import Final, Protocol

from models.frame import Frame
from streams.recordings.errors import SourceError
from streams.recordings.line_cutter import cut_into_frames

HEAD: Final = 1 << 13
"""Bytes of a text that tell its format."""


class Format(Protocol):
    """One format: how it is told from others, and how its text becomes frames.

    A format of rows (CSV, JSON lines) makes frames of its rows, each of them a line with an outcome of its
    own. A format of columns may make frames of a kind of its own: nothing looks into a frame but the stage
    that decodes it.
    """

    @property
    def name(self) -> str:
        """As `--input-format` takes it."""
        ...

    @property
    def about(self) -> str:
        """What it is and who writes it, in one sentence."""
        ...

    def recognises(self, head: bytes) -> bool:
        """Whether a text that begins like this is of this format."""
        ...

    def frames(
        self, source: str, text: Iterator[bytes], frame_bytes: int, frame_lines: int
    ) -> Iterator[Frame]:
        """Frames of at most `frame_lines` lines and about `frame_bytes` bytes.

        Raises SourceError after the last frame that could be read. At Interrupted it ends with the whole
        lines that had come.
        """
        ...


class Nmea:
    """Lines of NMEA 0183."""

    name = "nmea"
    about = (
        "NMEA 0183 sentences VDM and VDO of any talker, with the time in a tag block, in a $PGHP line, "
        "before the sentence or after its checksum."
    )
    _SENTENCE: Final = re.compile(rb"[!$][A-Z0-9-]{2}[A-Z]{3},|\$P[A-Z]{3}")

    def recognises(self, head: bytes) -> bool:
        return self._SENTENCE.search(head) is not None

    def frames(
        self, source: str, text: Iterator[bytes], frame_bytes: int, frame_lines: int
    ) -> Iterator[Frame]:
        return cut_into_frames(source, text, frame_bytes, frame_lines)


NMEA: Final = Nmea()
FORMATS: Final[tuple[Format, ...]] = (NMEA,)
"""In the order in which they are tried."""


def format_named(name: str) -> Format:
    """Raises ValueError with a sentence."""
    found = next((each for each in FORMATS if each.name == name), None)
    if found is None:
        known = ", ".join(each.name for each in FORMATS)
        raise ValueError(f"{name!r} is no format; known are {known}, see `tankerwatch formats`")
    return found


def recognised(head: bytes) -> Format:
    """The format of a text that begins like this. Raises SourceError for what is no text.

    A text of no known format is read as lines of NMEA: its outcomes say what it holds.
    """
    found = next((each for each in FORMATS if each.recognises(head)), None)
    if found is None and b"\0" in head:
        raise SourceError(
            f"holds binary data (a NUL at byte {head.index(0)}), not lines of text; give a recording in a "
            "format that `tankerwatch formats` lists"
        )
    return found or NMEA
