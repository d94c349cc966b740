"""Jamming and spoofing of a vessel's GNSS: for some minutes it sends positions of places where it is not."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from streams.simulator.kinematics import Floats, beyond, forward
from streams.simulator.vessel import Vessel


@dataclass(frozen=True)
class Jam:
    """From `begin` to `end` (seconds) the fixes lie round a false place, degrees, within `radius` metres.

    With a `period` in seconds they go round it in a circle, as spoofed positions often do; without one they
    scatter.
    """

    begin: float
    end: float
    lon: float
    lat: float
    radius: float
    period: float | None
    keeps_speed: bool = False  # the speed stays that of the ship
    places: tuple[
        tuple[float, float], ...
    ] = ()  # sent in turn, one a minute, without errors, instead of others

    def shift(self, times: Floats, lon: Floats, lat: Floats, sog: Floats, rng: np.random.Generator) -> None:
        """Replace the fixes of these times that fall into the jam, in place."""
        at = np.flatnonzero((times >= self.begin) & (times < self.end))
        if self.period is None:
            angle, metres = rng.uniform(0, 360, len(at)), rng.uniform(0, self.radius, len(at))
            speed = rng.uniform(0, 2, len(at))
        else:
            angle, metres = 360 * (times[at] - self.begin) / self.period, np.full(len(at), self.radius)
            speed = np.full(len(at), 2 * np.pi * self.radius / self.period * 3600 / 1852)
        if not self.keeps_speed:
            sog[at] = speed
        lon[at], lat[at] = forward(self.lon, self.lat, angle % 360, metres)
        if self.places:
            turn = ((times[at] - self.begin) // 60).astype(int) % len(self.places)
            lon[at], lat[at] = np.array(self.places)[turn].T

    def is_exact(self, time: float) -> bool:
        """Whether what it sends at a time has no errors of measurement."""
        return bool(self.places) and self.begin <= time < self.end


def jams(vessel: Vessel, per_hour: float, rng: np.random.Generator) -> Iterator[Jam]:
    """Jams of 5 to 20 minutes, 1 to 300 nautical miles off; about a third go in circles."""
    if not per_hour:
        return
    begin, end = vessel.track.begin, vessel.track.end
    for start in np.sort(rng.uniform(begin, end, rng.poisson(per_hour * (end - begin) / 3600))).tolist():
        miles = float(np.exp(rng.uniform(np.log(1), np.log(300))))
        lon, lat, _ = vessel.track.place_at(start)
        place = beyond(lon, lat, float(rng.uniform(0, 360)), miles * 1852)
        circle = rng.random() < 1 / 3
        yield Jam(
            start, start + float(rng.uniform(300, 1200)), *place,
            radius=float(rng.uniform(500, 3_000) if circle else rng.uniform(20, 500)),
            period=float(rng.uniform(600, 1800)) if circle else None,
        )  # fmt: skip
