"""Sentence: one VDM or VDO sentence of NMEA 0183 with a good checksum, and why another piece of text is none.

Grammar after IEC 61162-1 (sentence, checksum, VDM, VDO), read as widely as receivers write it: any talker of
two characters (`--` and `=I` occur), further fields after the seventh (GoFree), six fill bits, an empty
payload in one of several parts.
"""

import re
from typing import Final

import msgspec

from models.time import Millis
from streams.decoding.lines.outcome import Outcome


class Sentence(msgspec.Struct, array_like=True, gc=False):
    """One VDM or VDO sentence with a good checksum, and what the lines say about it."""

    line: int
    """Number of its line in the source, from 1."""
    lines: int
    """1 for the sentence that speaks for its line, 0 for the others where a line holds several."""
    raw: bytes
    """The line; of a line with several sentences the piece that this one is."""
    talker: bytes
    """With the formatter: AIVDM, BSVDO, ..."""
    total: int
    number: int
    sequence: bytes
    channel: bytes
    payload: bytes
    fill: int
    checksum: int
    group: str = ""
    """Id of its tag-block group; empty without one."""
    station: str = ""
    time: Millis | None = None
    """None where nothing tells it."""
    received: Millis | None = None
    moves: bool = True
    """Whether its time moves the event time of its source on."""

    @property
    def key(self) -> int:
        """What all parts of one message have in common: talker, formatter, parts, sequence id and channel."""
        key = int.from_bytes(self.talker[:2], "big") << 8 | self.talker[-1]
        key = (key << 4 | self.total) << 16 | int.from_bytes(self.sequence, "big")
        return key << 16 | int.from_bytes(self.channel, "big")

    @property
    def own(self) -> bool:
        """VDO: what the ship or station itself sends, not what it hears."""
        return self.talker.endswith(b"O")


ATTACHED: Final = b"+"
"""In place of the channel: the sentence says more of the record that the sentence before it is about."""
ATTACHED_CHANNEL: Final = 3
CHANNELS: Final = {b"A": 0, b"1": 0, b"B": 1, b"2": 1, ATTACHED: ATTACHED_CHANNEL}
OTHER_CHANNEL: Final = 2
"""Classes of channels. Receivers write the two AIS channels as letters or as numbers, or leave them out."""

BODY: Final = (
    rb"!(([^,*!$\\\x00-\x20\x7f-\xff]{2}VD[MO]),([1-9]),([1-9]),(\d{0,2}),([^,*!$\\]{0,2}),([0-W`-w]*+),"
    rb"([0-6])"
    rb"(?:,[^,*!$\\]*+)*+)\*([0-9A-Fa-f]{2})"
)
"""A well-formed sentence. Six-bit armour is `0` to `W` and `` ` `` to `w` (IEC 61162-1)."""
_BODY: Final = re.compile(BODY)
_ANY: Final = re.compile(rb"[!$]([A-Za-z0-9=-][^*!$\\]*+)\*([0-9A-Fa-f]{2})")
_FORMATTER: Final = re.compile(rb"!([^,*!$\\\x00-\x20\x7f-\xff]{2}VD[MO]),")
_ADDRESS: Final = re.compile(rb"[!$][^,*!$\\\s]+,")
_COUNTS: Final = re.compile(rb"[1-9],[1-9],\d{0,2}")


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


def read_body(groups: tuple[bytes, ...], line: int, raw: bytes) -> Sentence | None:
    """The sentence of the groups that `BODY` matched; None where its checksum or its counts are wrong."""
    body, talker, total, number, sequence, channel, payload, fill, given = groups
    expected, parts, position, ignored = int(given, 16), int(total), int(number), int(fill)
    if checksum(body) != expected or position > parts:
        return None
    if (ignored and position < parts) or (parts == 1 and not payload):
        return None
    return Sentence(line, 1, raw, talker, parts, position, sequence, channel, payload, ignored, expected)


def find_body(text: bytes, start: int) -> re.Match[bytes] | None:
    """A well-formed sentence that begins at a place."""
    return _BODY.match(text, start)


def find_any(text: bytes, start: int) -> re.Match[bytes] | None:
    """Any sentence that begins at a place, up to its checksum: groups are its body and the checksum."""
    return _ANY.match(text, start)


def is_ais(text: bytes, start: int) -> bool:
    """Whether a VDM or VDO sentence begins at a place, however it goes on."""
    return _FORMATTER.match(text, start) is not None


def diagnose(piece: bytes) -> Outcome:
    """Why a piece of a line, which begins with `!` or `$`, is no good VDM or VDO sentence."""
    if not piece.isascii():
        return Outcome.MALFORMED
    ais = is_ais(piece, 0)
    whole = find_any(piece, 0)
    if whole is None:
        if _ADDRESS.match(piece) is None or b"*" in piece:
            return Outcome.MALFORMED
        return Outcome.NO_CHECKSUM if ais else Outcome.NOT_AIS
    if checksum(whole[1]) != int(whole[2], 16):
        return Outcome.BAD_CHECKSUM
    if not ais:
        return Outcome.NOT_AIS
    fields = whole[1].split(b",")
    if len(fields) < 7 or _COUNTS.fullmatch(b",".join(fields[1:4])) is None or len(fields[4]) > 2:
        return Outcome.MALFORMED
    if int(fields[2]) > int(fields[1]):
        return Outcome.MALFORMED
    return Outcome.BAD_PAYLOAD
