"""The rules of a run: everything that a verdict depends on, put together once and handed to the stages."""

import hashlib
from collections.abc import Iterable, Mapping

import msgspec

from geofences.fence import Fence, FenceKind, fences_digest
from geofences.surroundings import Surroundings
from geofences.world_ports import world_ports_digest
from models.event import Detector, EventType
from models.watchlist import Watchlist
from streams.deployment.config import RunFiles
from streams.deployment.reference_data import load_reference_data
from streams.detection.explanation import detector
from streams.stages.settings import Settings, load


def load_rules(files: RunFiles) -> "Rules":
    """The rules of a run, from the user's files and what the package ships.

    Raises SettingsError or ReferenceDataError that says what is wrong in which file.
    """
    data = load_reference_data(files)
    return Rules(load(files.settings), data.fences, data.watchlist)


class Rules:
    """Settings, fences and watchlist. Read only."""

    def __init__(self, settings: Settings, fences: Iterable[Fence], watchlist: Watchlist) -> None:
        self.settings = settings
        fences = tuple(fences)
        drawn = [fence for fence in fences if fence.kind is FenceKind.DRAWN]
        self.drawn = tuple(sorted(drawn, key=lambda fence: fence.key))
        """Versions of drawn fences: no rules, but data like the lines, so they have no part in any hash."""
        self.surroundings = Surroundings(
            (fence for fence in fences if fence.kind is not FenceKind.DRAWN), settings.surroundings
        )
        self.watchlist = watchlist
        self.detectors: Mapping[EventType, Detector] = {
            kind: detector(kind, self._hash(kind)) for kind in EventType
        }
        """The detector of each type of event, with the hash of the rules that its verdict depends on."""

    def _hash(self, kind: EventType) -> str:
        """Equal hashes and equal lines give equal events of this type."""
        s = self.settings
        shared = (s.decoder, s.surroundings, s.vessel.grid, s.vessel.track, s.vessel.identity)
        reference = (
            s.vessel.idle_days,
            fences_digest(self.surroundings.fences),
            self.watchlist.digest,
            world_ports_digest(),
        )
        vessel = (s.vessel.detectors.candidate_hours, s.vessel.detectors.waiting)
        own: tuple[object, ...] = {
            EventType.ENCOUNTER: (s.meeting,),
            # a loitering names the encounters of its vessel
            EventType.LOITERING: (s.vessel.detectors.loitering, *vessel, s.meeting),
            # its level depends on who else is heard, and on where ships rest
            EventType.GAP: (s.vessel.detectors.gap, *vessel, s.meeting),
            EventType.DARK_PORT_VISIT: (s.vessel.detectors.gap, *vessel, s.meeting),
            # its identity tells of the vessel's silences
            EventType.IDENTITY: (s.vessel.detectors.gap, *vessel, s.meeting),
            EventType.POSITION_ANOMALY: (*vessel, s.meeting),
            EventType.DARK_ENCOUNTER: (
                s.vessel.detectors.gap,
                s.vessel.detectors.loitering,
                *vessel,
                s.meeting,
            ),
            # it looks for the vessel among the silent ones
            EventType.DARK_VESSEL: (s.vessel.detectors.gap, *vessel, s.meeting),
            # it names who lay alongside
            EventType.PORT_VISIT: (s.vessel.detectors.port_visit, *vessel, s.meeting),
            # it is made of all others
            EventType.CHAIN: (s.case, s.vessel.detectors, s.meeting),
            EventType.FENCE_ENTRY: (s.fence_crossing,),
            EventType.FENCE_EXIT: (s.fence_crossing,),
        }[kind]
        text = msgspec.json.encode((shared, reference, own), order="deterministic")
        return hashlib.blake2b(text, digest_size=6).hexdigest()
