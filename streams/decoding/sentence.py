"""Sentences: what one line of NMEA 0183 holds, with the tag block, prefix and suffix around it.

Grammar after IEC 61162-1 (sentence, checksum, VDM/VDO), NMEA 0183 4.10 / IEC 61162-450 (tag blocks) and
the habits of recorders: a time before the sentence, station and epoch after the checksum (USCG NAIS), and
the `$PGHP` line of Gatehouse and the Danish network.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from models.time import DAY, Millis, from_text
from streams.decoding.outcome import Outcome


class Sentence(msgspec.Struct, array_like=True, gc=False):
    """One VDM or VDO sentence with a good checksum, and what is known around it."""

    line: int
    raw: bytes
    talker: bytes  # with the formatter: AIVDM, BSVDO, …
    total: int
    number: int
    sequence: bytes
    channel: bytes
    group: bytes  # id of the tag-block group, empty without one
    payload: bytes
    fill: int
    time: Millis | None  # None: nothing tells it
    station: str
    received: Millis | None

    @property
    def key(self) -> bytes:
        """What the parts of one message have in common."""
        return b"|".join((self.talker, b"%d" % self.total, self.sequence, self.channel, self.group))


class Tag(NamedTuple):
    """What a tag block tells: `info` is the recorder's own name of the source, not a receiver's."""

    time: Millis | None
    station: str
    group: bytes
    info: str


class Pghp(NamedTuple):
    """A `$PGHP` line: time, receiver, and the checksum of the sentence it belongs to."""

    time: Millis
    station: str
    checksum: int


SENTENCE: Final = re.compile(
    rb"([^\\!$]*+)"  # prefix; possessive, so that a line of junk costs no more than its length
    rb"(?:\\([^\\]*+)\\[^\\!$]*+)?"  # tag block
    rb"!(([A-Z0-9]{2}VD[MO]),([1-9]),([1-9]),(\d{0,2}),([^,*]{0,2}),([0-W`-w]+),([0-5]))"
    rb"\*([0-9A-Fa-f]{2})(.*)",  # checksum, suffix
    re.DOTALL,
)
"""A whole line whose sentence is well formed. Six-bit armour is `0`-`W` and `` ` ``-`w` (IEC 61162-1)."""

_PGHP: Final = re.compile(
    rb"\$(PGHP,1,(\d{4}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,2}),(\d{1,3}),"
    rb"([^,*]*),([^,*]*),([^,*]*),[^,*]*,([0-9A-Fa-f]{2}))\*([0-9A-Fa-f]{2}).*",
    re.DOTALL,
)
_BARE_TAG: Final = re.compile(rb"\\([^\\]*)\\\s*")
_TAGGED: Final = re.compile(rb"[^\\!$]*+(?:\\([^\\]*+)\\[^\\!$]*+)?([!$].*)", re.DOTALL)
_ANY: Final = re.compile(rb"[!$]([A-Za-z0-9]++[^*]*+)\*([0-9A-Fa-f]{2})", re.DOTALL)
_FORMATTER: Final = re.compile(rb"!([A-Z0-9]{2}VD[MO]),")
_EPOCH: Final = re.compile(rb"(\d{10})(?:\.(\d{1,3})\d*)?|(\d{13})")
_PREFIX_EPOCH: Final = re.compile(rb"\s*(\d{10}(?:\.\d+)?|\d{13})[;,\s]")
_PREFIX_TEXT: Final = re.compile(
    rb"\s*\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)(Z|[+-]\d\d:?\d\d)?(?![\d:])"
)
_STATION: Final = re.compile(rb"[rb][A-Za-z0-9]{3,}")
_PLACEHOLDER: Final = 0


def checksum(body: bytes) -> int:
    """XOR of all bytes (IEC 61162-1): the halves of one big integer are folded onto each other."""
    number = int.from_bytes(body, "little")
    width = 512
    while width * 2 < len(body) * 8:
        width *= 2
    while width >= 8:
        number ^= number >> width
        width >>= 1
    return number & 0xFF


def epoch(text: bytes) -> Millis | None:
    """Seconds (10 digits, a fraction allowed) or milliseconds (13 digits) since 1970: told by their size."""
    match = _EPOCH.fullmatch(text)
    if match is None:
        return None
    seconds, fraction, millis = match.groups()
    return int(millis) if millis else int(seconds) * 1000 + int((fraction or b"").ljust(3, b"0"))


@lru_cache(maxsize=4096)
def read_tag(content: bytes) -> Tag | None:
    r"""Read what stands between two backslashes; None where its checksum does not vouch for it.

    Recorders that write `*00` throughout mean it as a placeholder, so that value is taken as good. A wrong
    or missing checksum leaves the sentence behind the block untouched: that has one of its own.
    """
    body, star, given = content.rpartition(b"*")
    if not star or re.fullmatch(rb"[0-9A-Fa-f]{2}", given) is None:
        return None
    if int(given, 16) not in (_PLACEHOLDER, checksum(body)):
        return None
    time, station, group, info = None, "", b"", ""
    for field in body.split(b","):
        code, _, value = field.partition(b":")
        if code == b"c":
            time = epoch(value)
        elif code == b"s":
            station = station_text(value)
        elif code == b"g":
            group = value.rpartition(b"-")[2]
        elif code in (b"si", b"i"):
            info = station_text(value)
    return Tag(time, station, group, info)


def read_bare_tag(line: bytes) -> bytes | None:
    """The content of a tag block that stands alone on its line."""
    match = _BARE_TAG.fullmatch(line)
    return match[1] if match else None


@lru_cache(maxsize=256)
def _day(year: int, month: int, day: int) -> Millis:
    return (date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()) * DAY


def read_pghp(line: bytes) -> Pghp | Outcome | None:
    """Read `$PGHP,1,y,m,d,h,m,s,ms,country,region,pss,online,hh*hh`; None where it is no such line.

    The receiver is the `pss` field (the base station's MMSI), else country and region.
    """
    start = line.find(b"$PGHP,")
    if start < 0 or b"!" in line[:start]:
        return None
    match = _PGHP.fullmatch(line, start)
    if match is None:
        return Outcome.MALFORMED
    body, *when, country, region, pss, expected, given = match.groups()
    if checksum(body) != int(given, 16):
        return Outcome.BAD_CHECKSUM
    year, month, day, hour, minute, second, milli = (int(number) for number in when)
    try:
        days = _day(year, month, day)
    except ValueError:
        return Outcome.MALFORMED
    if hour > 23 or minute > 59 or second > 60:
        return Outcome.MALFORMED
    station = pghp_station(b",".join((country, region, pss)))
    return Pghp(days + ((hour * 60 + minute) * 60 + second) * 1000 + milli, station, int(expected, 16))


def pghp_station(fields: bytes) -> str:
    """The receiver, from the fields country, region and pss."""
    country, region, pss = fields.split(b",")
    return station_text(pss or b"-".join(part for part in (country, region) if part))


def leading_tag(line: bytes) -> bytes | None:
    """The tag block before the sentence of a line, if there is one."""
    match = _TAGGED.fullmatch(line)
    return match[1] if match else None


def prefix_time(prefix: bytes, zone: Millis) -> Millis | None:
    """The time that a recorder wrote before the sentence: epoch, or ISO 8601 text.

    `zone` is the UTC offset that a text without one is written in.
    """
    match = _PREFIX_EPOCH.match(prefix)
    if match is not None:
        return epoch(match[1])
    match = _PREFIX_TEXT.match(prefix)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat((match[1].replace(b",", b".") + (match[2] or b"")).decode("ascii"))
        return from_text(moment.isoformat()) - (0 if match[2] else zone)
    except (ValueError, OverflowError):
        return None


def suffix_time(suffix: bytes) -> Millis | None:
    """The epoch in the last field after the checksum."""
    return epoch(suffix.rpartition(b",")[2].strip())


def suffix_station(suffix: bytes) -> str:
    """The receiver (`r…`) or base station (`b…`) that USCG NAIS writes after the checksum."""
    for field in suffix.split(b","):
        if _STATION.fullmatch(field):
            return station_text(field)
    return ""


def diagnose(line: bytes) -> Outcome:
    """Why a line that `SENTENCE` does not match, or whose numbers contradict each other, is rejected."""
    match = _TAGGED.fullmatch(line)
    if match is None or not line.isascii():
        return Outcome.MALFORMED
    sentence = match[2]
    formatter = _FORMATTER.match(sentence)
    whole = _ANY.match(sentence)
    if whole is None:
        if re.match(rb"[!$][A-Za-z0-9]+,", sentence) is None or b"*" in sentence:
            return Outcome.MALFORMED
        return Outcome.NO_CHECKSUM if formatter else Outcome.NOT_AIS
    body = whole[1]
    if checksum(body) != int(whole[2], 16):
        return Outcome.BAD_CHECKSUM
    if formatter is None:
        return Outcome.NOT_AIS
    fields = body.split(b",")
    if len(fields) != 7 or re.fullmatch(rb"[1-9],[1-9],\d{0,2}", b",".join(fields[1:4])) is None:
        return Outcome.MALFORMED
    if int(fields[2]) > int(fields[1]) or len(fields[4]) > 2:
        return Outcome.MALFORMED
    return Outcome.BAD_PAYLOAD


def station_text(value: bytes) -> str:
    """A name as radio and recorders write it."""
    return value.decode("ascii", "replace").strip()
