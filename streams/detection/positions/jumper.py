"""What is kept of a vessel whose positions are wrong: its jumps, and where it lies still or circles."""

from typing import Final

import msgspec

from models.time import HOUR, Millis
from models.vessel import Crossing, Identity, OffTrack, Stay
from streams.detection.positions.settings import PositionAnomalySettings
from streams.tracking.track import metres_between

JUMPS: Final = "jumps"
FROZEN: Final = "frozen"
CIRCLE: Final = "circle"
PATTERN: Final = "pattern"
UNREACHED: Final = "unreached"
KINDS: Final = (JUMPS, FROZEN, CIRCLE, PATTERN, UNREACHED)
KEPT: Final = 12
"""Jumps that are kept of one vessel: more than the runs off its track that its state keeps."""


_THAWED: Final = 2000.0
"""Metres from where a position was frozen. Judgement: errors of positions."""


class Jump(msgspec.Struct, array_like=True, gc=False):
    """One time that positions jumped off a vessel's track."""

    start: Millis
    end: Millis  # of the last such position that is known
    positions: int
    km: float
    knots: float
    lon: float  # where they jumped to
    lat: float
    at: Millis  # when
    track_lon: float  # where the track was
    track_lat: float
    meanwhile: int = 0  # positions on the track between
    open: bool = False  # it goes on
    back: bool = False  # the track went on after it
    region: str | None = None  # id of the region's event
    told: bool = False  # its event has ended
    circle: Stay | None = None  # that its positions went round, or repeated, where it jumped to


class Case(msgspec.Struct, array_like=True, gc=False):
    """An event that was published."""

    id: str
    start: Millis
    grounds: tuple[int, ...] = ()  # what it said when it was published last
    revision: int = 0
    stay: Stay | None = None  # where it lay still or circled
    event: bytes = b""  # as it was published last


class Jumper(msgspec.Struct, array_like=True, gc=False):
    """One MMSI."""

    mmsi: int
    jumps: list[Jump] = []
    frozen: Stay | None = None
    circle: Stay | None = None
    thawed: Stay | None = None  # where it lay still before, in an event
    shared: bool = False
    heard: Millis = 0
    cases: dict[str, Case] = {}  # those that are open, by kind
    pattern: Stay | None = None
    crossings: list[Crossing] = []  # silences across land that are not judged yet
    noted: Millis = 0  # the end of the last of them, as long as the vessel's identity names it
    over: dict[str, Millis] = {}  # since when the stay lasted whose event ended last, by kind

    @property
    def is_blank(self) -> bool:
        stays = self.frozen or self.circle or self.pattern or self.thawed
        return not (self.jumps or stays or self.cases or self.crossings or self.noted)

    @property
    def is_watched(self) -> bool:
        """Whether it matters when it is heard."""
        return bool(self.frozen or self.circle or self.pattern)

    def take_in(self, before: Identity | None, now: Identity, s: PositionAnomalySettings) -> None:
        """What is newly known of where the vessel is heard."""
        places = now.places
        self.shared, self.frozen, self.circle = places.shared, places.frozen, places.circle
        self.pattern = places.pattern
        crossing = places.crossing
        if crossing is None:
            self.noted = 0
        elif crossing.to_time > self.noted:
            self.crossings = [*self.crossings, crossing][-KEPT:]
            self.noted = crossing.to_time
        known = set(before.places.off_track) if before is not None else set()
        runs = [run for run in places.off_track if run not in known]
        going_on = places.jump
        for run in [*runs, *([going_on] if going_on is not None else [])]:
            # one that is over ends its jump, even if it was heard too rarely to tell how fast it went back
            if is_jump(run, s) or any(_is_of(run, jump, s) for jump in self.jumps):
                self._note(run, s, open=run is going_on)
        if going_on is None:
            for jump in self.jumps:
                jump.open = False
        self.jumps = sorted(self.jumps, key=lambda jump: jump.start)[-KEPT:]
        for stay in (self.circle, self.pattern):
            for jump in self.jumps:
                if stay is not None and _is_near(jump, stay, s):
                    jump.circle = stay

    def _note(self, run: OffTrack, s: PositionAnomalySettings, *, open: bool) -> None:
        of_run = [jump for jump in self.jumps if _is_of(run, jump, s)]
        if not of_run:
            assert run.track_lon is not None
            assert run.track_lat is not None
            assert run.knots is not None
            self.jumps = [
                *self.jumps,
                Jump(
                    *(run.start, run.end, run.positions, run.kilometers, run.knots, run.lon, run.lat, run.at),
                    *(run.track_lon, run.track_lat, run.meanwhile, open, not open),
                ),
            ]
            return
        same = of_run[0]
        same.end = max(same.end, run.end)
        same.positions, same.km = max(same.positions, run.positions), max(same.km, run.kilometers)
        same.meanwhile = max(same.meanwhile, run.meanwhile)
        for jump in of_run:  # runs at several false places may be told as one
            jump.open, jump.back = open, jump.back or not open

    def leaves_frozen(self, jump: Jump) -> bool:
        """Whether a jump leads away from where the position was frozen: the ship has sailed on meanwhile."""
        thawed = self.thawed
        return thawed is not None and (
            metres_between(thawed.lon, thawed.lat, jump.track_lon, jump.track_lat) <= _THAWED
        )

    def goes_on(self, jump: Jump, instant: Millis, s: PositionAnomalySettings) -> bool:
        """Whether its positions are still at the false place; one that stayed there is for some hours."""
        return jump.open or (not jump.back and instant - jump.start <= s.stay_hours * HOUR)


def _is_of(run: OffTrack, jump: Jump, s: PositionAnomalySettings) -> bool:
    """Whether a run of positions off the track is of a jump: at the same time, or where it has stayed."""
    if run.start <= jump.end and jump.start <= run.end:
        return True
    stayed = not (jump.open or jump.back) and run.start >= jump.start
    return stayed and metres_between(jump.lon, jump.lat, run.lon, run.lat) <= s.place_km * 1000


def _is_near(jump: Jump, stay: Stay, s: PositionAnomalySettings) -> bool:
    return metres_between(jump.lon, jump.lat, stay.lon, stay.lat) <= s.place_km * 1000


def is_jump(run: OffTrack, s: PositionAnomalySettings) -> bool:
    """Whether positions off a track are too many and too far off to be errors of every day."""
    known = run.track_lon is not None and run.track_lat is not None and run.knots is not None
    return (
        known
        and run.positions >= s.jump_positions
        and run.kilometers >= s.jump_km
        and (run.knots or 0.0) >= s.jump_knots
    )
