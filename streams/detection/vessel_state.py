"""What is kept of one MMSI between the steps of the grid. It is bounded: every list has a limit."""

from typing import Final

import msgspec

from models.time import BEGINNING, Millis
from models.vessel import Crossing, Identity, OffTrack, Role
from streams.detection.gaps.hearing import Hearing
from streams.detection.gaps.silence import Silence
from streams.detection.loitering import LoiteringRun
from streams.detection.port_visit import Visit
from streams.detection.positions.circling import Circling
from streams.detection.positions.repeating import Repeating
from streams.tracking.identity import Claims
from streams.tracking.track import Segment


class VesselState(msgspec.Struct, array_like=True, gc=False):
    mmsi: int
    first: Millis  # when it was first heard
    last: Millis  # when it was last heard
    identity: Identity
    claims: Claims = msgspec.field(default_factory=Claims)
    segments: list[Segment] = []
    off_track: list[OffTrack] = []  # runs of positions off its track, by their start
    shared_at: Millis = BEGINNING  # when two ships were last heard together under its MMSI
    loitering_runs: dict[int, LoiteringRun] = {}  # by segment
    visits: dict[int, list[Visit]] = {}  # by segment; of different ports
    loiterings_waiting: list[LoiteringRun] = []  # over, and waiting for the vessel's type to be confirmed
    visits_waiting: list[Visit] = []
    circle: Circling | None = None  # while its positions turn round and round
    hearing: Hearing | None = None  # how it is heard, if events may be raised for it
    silence: Silence | None = None  # its last one that may be a gap
    repeating: Repeating | None = None  # the last positions of the steps in which it moved
    crossing: Crossing | None = None  # its last silence with land between its ends
    rounding: bytes = b""  # what is known of how its positions are rounded (`streams.tracking.resolution`)

    @property
    def detectors_busy(self) -> bool:
        """Whether a detector has anything of it in hand or waiting."""
        return bool(self.loitering_runs or self.visits or self.loiterings_waiting or self.visits_waiting)


NOT_WATCHED: Final = 0
WATCHED: Final = 1
WATCHED_AT_FIRST: Final = 2


def interest_of(identity: Identity) -> int:
    """Whether detectors watch a vessel: those of interest, and for some time those of an unknown type."""
    if identity.of_interest:
        return WATCHED
    return WATCHED_AT_FIRST if identity.role is Role.UNKNOWN else NOT_WATCHED


def tracks_of(vessel: VesselState) -> set[int]:
    """The numbers of its tracks."""
    return {segment.number for segment in vessel.segments}
