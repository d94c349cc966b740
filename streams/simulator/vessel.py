"""What a simulated ship is: its identity, its size, its track, and when its AIS is on."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from streams.simulator.kinematics import Floats, State, Track

if TYPE_CHECKING:
    from streams.simulator.jamming import Jam

STEP: Final = 10.0
"""Seconds between the samples that truth and reporting intervals are computed on."""

NOT_PARTNERS: Final = frozenset({31, 32, 50, 51, 52, 53})
"""Types that serve others: towing, pilot, search and rescue, tug, port tender (ITU-R M.1371-5 table 53)."""

_CRAFT: Final = frozenset({30, 36, 37})
"""Fishing vessels, sailing and pleasure craft."""


def imo_number(first_six: int) -> int:
    """Six digits with the check digit of IMO resolution A.1117(30): weights 7 to 2, last digit of the sum."""
    digits = [int(digit) for digit in f"{first_six:06d}"]
    return (
        first_six * 10
        + sum(digit * weight for digit, weight in zip(digits, range(7, 1, -1), strict=True)) % 10
    )


@dataclass(frozen=True)
class Ship:
    """Identity and size. Metres; draughts in metres."""

    mmsi: int
    name: str
    callsign: str
    imo: int  # 0: none, as on small craft
    ship_type: int
    length: int
    beam: int
    to_bow: int  # of the antenna
    to_port: int
    draught: float = 0.0
    class_b: bool = False
    partner: bool = True  # False: never a partner in an encounter (a net buoy, say)
    destination: str = ""

    @property
    def to_stern(self) -> int:
        return self.length - self.to_bow

    @property
    def to_starboard(self) -> int:
        return self.beam - self.to_port

    @property
    def tanker(self) -> bool:
        return self.ship_type in range(80, 90)

    @property
    def counts(self) -> bool:
        """Whether events are raised for it alone: a tanker, or of North Korean flag and no small craft."""
        small = self.ship_type in _CRAFT and self.length < 40
        return self.tanker or (self.mmsi // 1_000_000 == 445 and not small)

    def beside(
        self, other: "Ship", gap: float, port_side: bool, shift: float, turned: bool
    ) -> tuple[float, float]:
        """Metres ahead and to starboard of the other's antenna, when alongside with a gap between hulls.

        Midships are abreast but for `shift` metres ahead.
        """
        mine, theirs = self.to_stern - self.length / 2, other.to_stern - other.length / 2
        ahead = (-mine if turned else mine) - theirs + shift
        inner = self.to_starboard if port_side is not turned else self.to_port
        return ahead, -(other.to_port + gap + inner) if port_side else other.to_starboard + gap + inner


@dataclass
class Vessel:
    """A ship under way in a scenario."""

    ship: Ship
    track: Track
    silences: tuple[tuple[float, float], ...] = ()  # AIS off, from and to
    draughts: tuple[tuple[float, float], ...] = ()  # from when on another draught holds
    wild: tuple[tuple[float, float, float], ...] = ()  # (time, lon, lat): the next fix is wrong
    jams: tuple["Jam", ...] = ()  # of its GNSS, whatever the noise
    hull: int = field(default=0)  # two transponders on one hull share a number that is not 0
    identities: tuple[tuple[float, Ship], ...] = ()  # from when on it gives itself out as another ship

    def on_air(self, times: Floats) -> npt.NDArray[np.bool_]:
        """Whether the AIS transmits at each time."""
        on = (times >= self.track.begin) & (times <= self.track.end)
        for begin, end in self.silences:
            on &= (times < begin) | (times > end)
        return on

    def ship_at(self, time: float) -> Ship:
        """Whom the vessel gives itself out as."""
        ship = self.ship
        for begin, other in self.identities:
            if time >= begin:
                ship = other
        return ship

    def draught_at(self, time: float) -> float:
        """Metres."""
        draught = self.ship.draught
        for begin, value in self.draughts:
            if time >= begin:
                draught = value
        return draught

    @cached_property
    def times(self) -> Floats:
        """Sample times: multiples of STEP within the track."""
        first, last = np.ceil(self.track.begin / STEP), np.floor(self.track.end / STEP)
        return np.arange(first, last + 1) * STEP

    @cached_property
    def leg_numbers(self) -> npt.NDArray[np.int64]:
        """The number of the leg at each sample time."""
        return self.track.leg_at(self.times)

    @cached_property
    def samples(self) -> State:
        """The track at the sample times."""
        return self.track.at(self.times)
