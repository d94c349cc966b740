"""Tag block: what recorders write between backslashes about a sentence (NMEA 0183 4.10, IEC 61162-450)."""

import re
from functools import lru_cache
from typing import Final, NamedTuple

from models.time import Millis
from streams.decoding.lines.sentence import checksum
from streams.decoding.lines.time_text import epoch

_HEX: Final = re.compile(rb"[0-9A-Fa-f]{2}")
_PLACEHOLDER: Final = 0


class Tag(NamedTuple):
    """What a tag block tells."""

    time: Millis | None = None
    station: str = ""
    group: str = ""
    """Id of its group: the last part of `g:`."""
    info: str = ""
    """The recorder's own name of its source, which is no receiver's."""

    def over(self, other: "Tag") -> "Tag":
        """This tag, with what it does not tell taken from another one."""
        return Tag(
            other.time if self.time is None else self.time,
            self.station or other.station,
            self.group or other.group,
            self.info or other.info,
        )


NO_TAG: Final = Tag()


@lru_cache(maxsize=4096)
def read_tag(content: bytes) -> tuple[Tag, bool]:
    """Read what stands between two backslashes, and whether its checksum vouches for it.

    Recorders that write `*00` throughout mean it as a placeholder, so that value is taken as good.
    """
    body, star, given = content.rpartition(b"*")
    good = bool(star) and _HEX.fullmatch(given) is not None
    if not good:
        body = content
    elif int(given, 16) not in (_PLACEHOLDER, checksum(body)):
        good = False
    time, station, group, info = None, "", "", ""
    for field in body.split(b","):
        code, _, value = field.partition(b":")
        if code == b"c":
            time = epoch(value)
        elif code == b"s":
            station = name_text(value)
        elif code == b"g":
            group = group_text(value)
        elif code in (b"i", b"si"):
            info = name_text(value)
    return Tag(time, station, group, info), good


@lru_cache(maxsize=4096)
def name_text(value: bytes) -> str:
    """A name as radio and recorders write it."""
    return value.decode("ascii", "replace").strip()


def group_text(value: bytes) -> str:
    """The id in `1-2-1234`, the content of `g:`."""
    return value.rpartition(b"-")[2].decode("latin-1")
