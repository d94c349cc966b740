"""The regions whose ships jump together: which jumps are of which, and what is told of them."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

import msgspec

from geofences.surroundings import Surroundings
from models.event import Detector, Event, EventType, event_id
from models.time import HOUR, MINUTE, Millis
from models.vessel import Identity, MmsiKind, mmsi_kind
from streams.detection.positions.event import NAMED, build_event, region_told
from streams.detection.positions.jumper import Jump, Jumper
from streams.detection.positions.region import MEMBERS, SEEDS, Jamming, Region, beginning_of, region_of
from streams.detection.positions.settings import PositionAnomalySettings


class Regions:
    """State: the regions, by id, each one piece. The names of those that change are added to `changed`.

    `jumpers` are the vessels that jump, by MMSI; those whose jumps a region takes are given to `touch`.
    """

    def __init__(
        self,
        settings: PositionAnomalySettings,
        surroundings: Surroundings,
        detector: Detector,
        identity_of: Callable[[int], Identity],
        jumpers: Mapping[int, Jumper],
        touch: Callable[[Jumper], None],
        changed: set[str],
    ) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._detector = detector
        self._identity_of = identity_of
        self._jumpers = jumpers
        self._touch = touch
        self._changed = changed
        self._regions: dict[str, Region] = {}
        self._of: defaultdict[int, set[str]] = defaultdict(set)  # by MMSI

    def judge(self, instant: Millis) -> list[Event]:
        """The revisions that are due at an instant."""
        full, events = instant % HOUR == 0, []
        for id in sorted(self._regions):
            region = self._regions[id]
            if (region.dirty or full) and (event := self._judge(region, instant, full)) is not None:
                events.append(event)
        return events

    def prune(self, instant: Millis) -> None:
        """Forget what has been over for long."""
        for id, region in list(self._regions.items()):
            if region.closed and instant - region.closed > self._settings.known_hours * HOUR:
                del self._regions[id]
                self._changed.add(f"region/{id}")
                for mmsi in region.members:
                    self._of[mmsi].discard(id)
                    if not self._of[mmsi]:
                        del self._of[mmsi]

    def of(self, mmsi: int) -> str:
        """The id of the first region of a ship that is of one."""
        return min(self._of[mmsi])

    def jamming(self, mmsi: int, start: Millis, end: Millis) -> Jamming | None:
        """The region of whose ships this vessel was between two times; None if there is none."""
        s = self._settings
        margin = s.margin_minutes * MINUTE
        for id in sorted(self._of.get(mmsi, ())):
            region, jumper = self._regions[id], self._jumpers.get(mmsi)
            member, jumps = region.members[mmsi], [] if jumper is None else jumper.jumps
            goes_on = any(jump.region == id and jumper.goes_on(jump, end, s) for jump in jumps if jumper)
            if member.start - margin <= end and (goes_on or member.end + margin >= start):
                return Jamming(len(region.members), member.start, None if goes_on else member.end)
        return None

    def gather(self, due: list[int], instant: Millis) -> None:
        """Put jumps that changed into regions, and find those that begin one with others."""
        s = self._settings
        fresh: list[tuple[int, Jump]] = []
        for mmsi in due:
            jumper = self._jumpers[mmsi]
            if jumper.shared or mmsi_kind(mmsi) is not MmsiKind.SHIP:
                continue
            for jump in jumper.jumps:
                if jump.region is None:
                    regions = sorted(self._of.get(mmsi, ()))
                    own = (id for id in regions if self._regions[id].is_return(mmsi, jump, s))
                    jump.region = next(own, None)
                    if jump.region is not None:
                        self._came_back(jumper, jump)
                        continue
                    taken = (each for each in self._regions.values() if each.takes(jump, s))
                    region = min(taken, key=lambda each: (each.start, each.id), default=None)
                    if region is None:
                        fresh.append((mmsi, jump))
                    else:
                        self._join(region, mmsi, jump)
                elif (known := self._regions.get(jump.region)) is not None:
                    self._update(known, mmsi, jump)
        if not fresh:
            return
        since = instant - round((s.place_hours + s.episode_hours) * HOUR)
        for seed in sorted(fresh, key=lambda each: (each[1].start, each[0])):
            if seed[1].region is not None or seed[1].start < since:
                continue
            free = self._free(since)
            found = beginning_of(seed, free, s) if len(free) > 1 else None
            if found is not None:
                mmsis = tuple(sorted({mmsi for mmsi, _ in found.jumps}))
                start = min(jump.start for _, jump in found.jumps)
                id = event_id(EventType.POSITION_ANOMALY, mmsis, start, seed[1].track_lon, seed[1].track_lat)
                region = self._regions[id] = region_of(id, found)
                for mmsi, jump in found.jumps:
                    self._join(region, mmsi, jump)

    def _came_back(self, jumper: Jumper, last: Jump) -> None:
        """A ship has left the false place by a jump, so it is no longer there."""
        assert last.region is not None
        for jump in jumper.jumps:
            if jump.region == last.region:
                jump.back, jump.end = True, max(jump.end, last.start)
                self._update(self._regions[last.region], jumper.mmsi, jump)
        self._touch(jumper)

    def _free(self, since: Millis) -> list[tuple[int, Jump]]:
        """The latest jumps that are of no region yet, by start and MMSI."""
        free = [
            (mmsi, jump)
            for mmsi, jumper in self._jumpers.items()
            if not jumper.shared and mmsi_kind(mmsi) is MmsiKind.SHIP
            for jump in jumper.jumps
            if jump.region is None and jump.start >= since
        ]
        return sorted(free, key=lambda each: (each[1].start, each[0]))[-SEEDS:]

    def _join(self, region: Region, mmsi: int, jump: Jump) -> None:
        if mmsi not in region.members and len(region.members) >= MEMBERS:
            return
        jump.region = region.id
        self._of[mmsi].add(region.id)
        region.add(mmsi, jump)
        self._touch(self._jumpers[mmsi])
        self._changed.add(f"region/{region.id}")

    def _update(self, region: Region, mmsi: int, jump: Jump) -> None:
        """What is newly known of a jump of a region."""
        known = region.members[mmsi].jumps.get(jump.start)
        if known is None:  # it came back by it
            return
        if known != (jump.positions, jump.km, jump.knots) or jump.end > region.members[mmsi].end:
            region.add(mmsi, jump)
            self._changed.add(f"region/{region.id}")

    def _judge(self, region: Region, instant: Millis, full: bool) -> Event | None:
        """A revision of a region: at first, on a change of level, hourly if it grew, and at its end."""
        s, region.dirty = self._settings, False
        self._changed.add(f"region/{region.id}")
        members = (self._jumpers.get(mmsi) for mmsi in region.members)
        goes_on = any(
            jumper.goes_on(jump, instant, s)
            for jumper in members
            if jumper is not None
            for jump in jumper.jumps
            if jump.region == region.id
        )
        if goes_on:
            region.alive = instant
        over = not goes_on and instant - max(region.latest, region.alive) > s.rest_hours * HOUR
        count = len(region.members)
        told = (int(count >= s.probable_ships), region.latest if over else 0, count)
        turned, grown = told[:2] != region.told[:2], told[2:] != region.told[2:]
        if not (turned or (grown and full)):
            return None
        region.closed = instant if over else 0
        region.told, region.revision = told, region.revision + 1
        identities = [self._identity_of(mmsi) for mmsi in region.members]  # in the order in which they joined
        identities.sort(key=lambda identity: not identity.of_interest)
        says = region_told(region, identities[:NAMED], s)
        end = region.latest if over else None
        return build_event(
            *(region.id, region.revision, says, instant, end, None),
            *(self._surroundings, self._detector, s),
        )

    # --- checkpoints

    def pieces(self) -> set[str]:
        """The names of all pieces of the state."""
        return {f"region/{id}" for id in self._regions}

    def piece(self, id: str) -> Region | None:
        """What one piece holds; None where it is gone."""
        return self._regions.get(id)

    def load(self, pieces: Iterable[tuple[str, bytes]]) -> None:
        """Replace the state by these pieces: id and what it holds."""
        self._regions = {id: msgspec.msgpack.decode(data, type=Region) for id, data in pieces}
        self._of = defaultdict(set)
        for id, region in self._regions.items():
            for mmsi in region.members:
                self._of[mmsi].add(id)
