"""Folding: the state of one vessel as some hundred bytes, to keep it while nobody asks for it.

As objects a state takes some thousands, and as msgpack five hundred, nearly all of it the same for all. So
it is compressed with a dictionary: states that were made up.
"""

from operator import attrgetter
from typing import Any, Final

import msgspec
import zstandard

from models.time import Millis
from models.vessel import Dimensions, Identity, Role
from streams.detection.gaps.hearing import Hearing
from streams.detection.gaps.silence import Silence
from streams.detection.loitering import LoiteringRun
from streams.detection.positions.repeating import Repeating
from streams.detection.vessel_state import VesselState
from streams.tracking.identity import Claim, Claims
from streams.tracking.track import Segment

_LEVEL: Final = -1
encoded: Final = msgspec.msgpack.Encoder().encode
"""A state as msgpack. Of segments that are in columns there are none."""
decoded: Final = msgspec.msgpack.Decoder(VesselState).decode


def _outlined(**read: Any) -> Any:
    """Reads a VesselState whose fields stay msgpack, but for those that are `read`, with their types."""
    fields = list[tuple[str, Any, Any]]()
    for field in msgspec.structs.fields(VesselState):
        factory, default = field.default_factory, field.default
        if factory is not msgspec.NODEFAULT:
            default = factory()
        if default is not msgspec.NODEFAULT and field.name not in read:
            default = msgspec.Raw(encoded(default))
        fields.append((field.name, read.get(field.name, msgspec.Raw), default))
    outline = msgspec.defstruct("_Outline", fields, array_like=True, gc=False)
    return msgspec.msgpack.Decoder(outline).decode


_outline: Final = _outlined()
outline: Final = _outlined(mmsi=int, first=Millis, last=Millis, segments=list[Segment], rounding=bytes)
"""Of a state, what is kept in columns; its other fields stay msgpack."""
hearing_in: Final = _outlined(last=Millis, hearing=Hearing | None, silence=Silence | None)
"""Of a state, how the vessel is heard."""
identity_in: Final = msgspec.msgpack.Decoder(Identity).decode
_NO_SILENCE: Final = msgspec.Raw(encoded(None))
_in_hand: Final = attrgetter("loitering_runs", "visits", "loiterings_waiting", "visits_waiting")
_NOTHING: Final = tuple(map(msgspec.Raw, (b"\x80", b"\x80", b"\x90", b"\x90")))  # empty


def is_busy(outline: Any) -> bool:
    """`detectors_busy` of an outline."""
    return bool(_in_hand(outline) != _NOTHING)


def is_silent(outline: Any) -> bool:
    """Whether it may have a silence in hand."""
    return bool(outline.silence != _NO_SILENCE)


def _typical() -> bytes:
    """States of vessels that nothing is known of, and that are known and under way."""
    time = 1_772_323_200_000
    size, role = Dimensions(150, 30, 16, 16), Role.OTHER
    known: dict[str, Any] = {"name": "VESSEL 1", "imo": None, "ship_type": 70, "dimensions": size}
    claims = Claims(Claim("VESSEL 1"), Claim("CALL1"), Claim(), Claim(70), Claim(size), Claim(6.0))
    who = Identity(mmsi=219_000_001, time=time, first=time, counts=False)
    says = msgspec.structs.replace(who, role=role, callsign="CALL1", draught=6.0, sent_imo=0, **known)
    hearing = Hearing(time, 12, [], [0] * 31)
    run = LoiteringRun(fast=True, last=time)
    moved = Repeating(bytes(32))
    states = [
        VesselState(219_000_001, time, time, who, loitering_runs={0: run}, hearing=Hearing(time, 1)),
        VesselState(219_000_001, time, time, who, loitering_runs={0: run}, hearing=hearing, repeating=moved),
        VesselState(219_000_001, time, time, says, claims, hearing=hearing, repeating=moved),
    ]
    return b"".join(map(encoded, states))


TYPICAL: Final = _typical()


class Folder:
    """Folds states, and unfolds them, with `typical` ones."""

    def __init__(self, typical: bytes = TYPICAL) -> None:
        dictionary = zstandard.ZstdCompressionDict(typical, zstandard.DICT_TYPE_RAWCONTENT)
        dictionary.precompute_compress(level=_LEVEL)
        self._fold = zstandard.ZstdCompressor(
            level=_LEVEL, dict_data=dictionary, write_checksum=False, write_dict_id=False
        ).compress
        self._unfold = zstandard.ZstdDecompressor(dict_data=dictionary).decompress

    def fold(self, vessel: Any) -> bytes:
        """`vessel` is a state, or its outline."""
        # a copy: the original holds on to the room for all that it compressed
        return bytes(memoryview(self._fold(encoded(vessel))))

    def unfold(self, folded: bytes) -> VesselState:
        return decoded(self._unfold(folded))

    def encoded(self, folded: bytes, last: Millis, segments: list[Segment] | None) -> bytes:
        """The state as msgpack, as `with_track` gives it."""
        return with_track(self._unfold(folded), last, segments)


def with_track(state: bytes, last: Millis, segments: list[Segment] | None) -> bytes:
    """A state, as msgpack, with another time when it was last heard, and with other segments if there are
    any."""
    outline = _outline(state)
    outline.last = msgspec.Raw(encoded(last))
    if segments is not None:
        outline.segments = msgspec.Raw(encoded(segments))
    return encoded(outline)
