"""The same sentences with their times and stations in other forms of line than tag blocks."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

Lines = Sequence[bytes]


def with_suffixes(lines: Lines) -> Iterator[bytes]:
    """Station and seconds after the checksum, as USCG NAIS writes them."""
    for line in lines:
        station, seconds, sentence = _parts(line)
        yield sentence + b",r" + station + b"," + seconds + b"\r\n" if seconds else sentence + b"\r\n"


def with_pghp(lines: Lines) -> Iterator[bytes]:
    """A `$PGHP` line before each sentence that tells a time, as the Danish network writes them."""
    for line in lines:
        station, seconds, sentence = _parts(line)
        if seconds:
            body = _moment(int(seconds)) + b"219,," + station + b",1," + sentence[-2:]
            yield b"$%s*%02X\r\n" % (body, _checksum(body))
        yield sentence + b"\r\n"


FORMS: Final[dict[str, Callable[[Lines], Iterator[bytes]]]] = {
    "tag blocks": iter,
    "epoch suffixes": with_suffixes,
    "$PGHP lines": with_pghp,
}
"""What makes lines of a form from those that the made-up traffic has."""


def bare(lines: Lines) -> list[bytes]:
    """The sentences alone."""
    return [_parts(line)[2] for line in lines]


def _parts(line: bytes) -> tuple[bytes, bytes, bytes]:
    """Station, seconds and sentence of a line, of which only the sentence is always there."""
    tag, _, sentence = line.rstrip().rpartition(b"\\")
    told = tag.strip(b"\\").partition(b"*")[0].split(b",")
    fields = dict(field.split(b":", 1) for field in told if b":" in field)
    return fields.get(b"s", b""), fields.get(b"c", b""), sentence


@lru_cache(maxsize=1024)
def _moment(seconds: int) -> bytes:
    """The fields of a `$PGHP` line up to its time."""
    time = datetime.fromtimestamp(seconds, UTC)
    fields = (time.year, time.month, time.day, time.hour, time.minute, time.second, 0)
    return b"PGHP,1," + b"".join(b"%d," % field for field in fields)


def _checksum(body: bytes) -> int:
    result = 0
    for code in body:
        result ^= code
    return result
