"""Clock sentence: sentences that tell the time of AIS sentences near them: `$PGHP`, RMC and ZDA.

`$PGHP` is the line of Gatehouse and the Danish network: time of reception, receiver, and the checksum of the
sentence that it is about. RMC and ZDA (IEC 61162-1) are those of a ship's own GPS.
"""

import re
from datetime import date
from functools import lru_cache
from typing import Final, NamedTuple

from models.time import DAY, Millis
from streams.decoding.lines.outcome import Outcome
from streams.decoding.lines.sentence import checksum, find_any
from streams.decoding.lines.tag_block import name_text

_PGHP: Final = re.compile(
    rb"PGHP,1,(\d{4}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,3}),"
    rb"([^,]*),([^,]*),([^,]*),[^,]*,([0-9A-Fa-f]{2})"
)
_RMC: Final = re.compile(
    rb"[A-Z]{2}RMC,(\d\d)(\d\d)(\d\d)(?:\.(\d{1,3})\d*)?,A,(?:[^,]*,){6}(\d\d)(\d\d)(\d\d)(?:,[^,]*)*"
)
_ZDA: Final = re.compile(
    rb"[A-Z]{2}ZDA,(\d\d)(\d\d)(\d\d)(?:\.(\d{1,3})\d*)?,(\d\d),(\d\d),(\d{4})(?:,[^,]*)*"
)
_CENTURY: Final = 2000
"""Of the two-digit years in RMC: AIS is younger than 2000."""


class Pghp(NamedTuple):
    """A `$PGHP` sentence."""

    time: Millis
    station: str
    checksum: int
    """Of the sentence that it is about."""


def read_clock(text: bytes, start: int) -> Pghp | Millis | Outcome | None:
    """Read the sentence that begins at a place; None where it is another one.

    `$PGHP` gives a `Pghp`, RMC and ZDA with a valid time give that. A broken `$PGHP` gives its outcome.
    """
    kind = text[start + 1 : start + 7]
    if kind[:5] != b"PGHP," and kind[2:5] not in (b"RMC", b"ZDA"):
        return None
    whole = find_any(text, start)
    if whole is None:
        return Outcome.MALFORMED if kind[:5] == b"PGHP," else None
    if checksum(whole[1]) != int(whole[2], 16):
        return Outcome.BAD_CHECKSUM
    if kind[:5] == b"PGHP,":
        return _read_pghp(whole[1])
    return _read_gps(whole[1])


@lru_cache(maxsize=4096)
def pghp_station(fields: bytes) -> str:
    """The receiver: the `pss` field (the base station's MMSI), else country and region."""
    country, region, pss = fields.split(b",")
    return name_text(pss or b"-".join(part for part in (country, region) if part))


def _read_pghp(body: bytes) -> Pghp | Outcome:
    match = _PGHP.fullmatch(body)
    if match is None:
        return Outcome.MALFORMED
    *when, country, region, pss, expected = match.groups()
    year, month, day, hour, minute, second, milli = (int(number) for number in when)
    time = _moment(year, month, day, hour, minute, second, milli)
    if time is None:
        return Outcome.MALFORMED
    return Pghp(time, pghp_station(b",".join((country, region, pss))), int(expected, 16))


def _read_gps(body: bytes) -> Millis | None:
    match = _RMC.fullmatch(body) or _ZDA.fullmatch(body)
    if match is None:
        return None
    hour, minute, second, fraction, day, month, year = match.groups()
    return _moment(
        int(year) + (_CENTURY if len(year) == 2 else 0),
        int(month),
        int(day),
        int(hour),
        int(minute),
        int(second),
        int((fraction or b"").ljust(3, b"0")),
    )


def _moment(
    year: int, month: int, day: int, hour: int, minute: int, second: int, milli: int
) -> Millis | None:
    midnight = _midnight(year, month, day)
    if midnight is None or hour > 23 or minute > 59 or second > 60:
        return None
    return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + milli


@lru_cache(maxsize=256)
def _midnight(year: int, month: int, day: int) -> Millis | None:
    try:
        return (date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()) * DAY
    except ValueError:
        return None
