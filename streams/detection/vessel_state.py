"""What is kept of one MMSI between the steps of the grid. Small and bounded: what grows has a limit."""

import msgspec

from models.time import BEGINNING, Millis
from models.vessel import Identity
from streams.detection.loitering import LoiteringRun
from streams.detection.port_visit import Visit
from streams.tracking.identity import Claims
from streams.tracking.track import Segment


class VesselState(msgspec.Struct, array_like=True, gc=False):
    mmsi: int
    first: Millis
    last: Millis
    identity: Identity
    claims: Claims = msgspec.field(default_factory=Claims)
    segments: list[Segment] = []
    alternations: int = 0  # back and forth between two confirmed segments, lately
    alternated: Millis = BEGINNING
    spells: dict[int, LoiteringRun] = {}  # slow at sea, by segment
    visits: dict[int, Visit] = {}  # in port, by segment
    ended: list[LoiteringRun] = []  # over, waiting for the vessel's type to be confirmed
    left: list[Visit] = []

    @property
    def followed(self) -> bool:
        """Whether a detector has anything in hand or waiting."""
        return bool(self.spells or self.visits or self.ended or self.left)
