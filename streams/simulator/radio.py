"""What receivers hear: when ships report, who is in range, and what the radio makes of it.

Reporting intervals are those of ITU-R M.1371-5 (annex 1, tables 1 and 2; annex 4 for message 27), without
the faster ones for changing course. A feed that is `thinned` keeps every n-th report, so that the interval is
at least so many seconds: networks do that to their feeds, and files stay moderate.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.simulator import jamming, nmea
from streams.simulator.kinematics import Floats, Nav, forward, inverse
from streams.simulator.vessel import Vessel

Bools = npt.NDArray[np.bool_]

STATIC_INTERVAL: Final = 360.0
"""Messages 5 and 24: every 6 minutes (ITU-R M.1371-5 annex 1, 4.2.1)."""
LONG_RANGE_INTERVAL: Final = 180.0
STATION_SPREAD: Final = 1.5
"""Seconds within which several stations stamp one message."""


@dataclass(frozen=True)
class Noise:
    """What goes wrong between ship and file. Metres, knots, seconds, probabilities."""

    jitter: float = 0.0  # of the fix, one sigma in each direction
    sog: float = 0.0  # of the speed, one sigma
    yaw: float = 0.0  # of the heading, one sigma, degrees
    several: bool = False  # all receivers of the scenario rather than the first
    loss: float = 0.0  # of a reception
    delay: float = 0.0  # mean of the (exponential) delay to the file
    delay_limit: float = 0.0
    late: float = 0.0  # share of messages that come minutes late
    corrupt: float = 0.0  # share of lines with a character changed
    outliers: float = 0.0  # share of fixes that are kilometres off
    holes: float = 0.0  # of the coverage on land, each 10 to 30 minutes: how many an hour
    static: float = 0.0  # share of static messages with a wrong field
    removed: float = 0.0  # share of transmissions that no receiver hears
    clocks: float = 0.0  # receivers but the first have clocks that are off by up to so many seconds
    rhythm: tuple[float, float] | None = None  # minutes from one satellite pass to the next, least and most
    jams: float = 0.0  # jams of a vessel's GNSS, each 5 to 20 minutes: how many an hour


_NORMAL: Final = Noise(
    jitter=10.0, sog=0.1, yaw=1.0, several=True, loss=0.05, delay=4.0, delay_limit=30.0, corrupt=0.002
)

NOISE: Final = {
    "none": Noise(),
    "normal": _NORMAL,
    "heavy": Noise(
        jitter=30.0, sog=0.2, yaw=2.0, several=True, loss=0.2, delay=12.0, delay_limit=90.0, late=0.002,
        corrupt=0.01, outliers=0.002, holes=0.2, static=0.02,
    ),
    **{f"thin{percent}": replace(_NORMAL, removed=percent / 100) for percent in (30, 60, 80, 95)},
    "passes": replace(_NORMAL, rhythm=(30.0, 100.0)),
    "clocks": replace(_NORMAL, clocks=180.0),
    "jammed": replace(_NORMAL, jams=0.5),
}  # fmt: skip
"""Levels of noise by name. Those after `heavy` add one thing each to `normal`."""

UNDETECTED: Final = 1 / 256
"""Share of corrupted sentences whose checksum fits all the same: it has 8 bits."""


@dataclass(frozen=True)
class Receiver:
    """A station on land with a range in metres, or a satellite with passes (begin and end in seconds)."""

    name: str
    lon: float = 0.0
    lat: float = 0.0
    reach: float = float("inf")
    passes: tuple[tuple[float, float], ...] | None = None

    def hears(self, times: Floats, lon: Floats, lat: Floats) -> Bools:
        """Which of the transmissions it could hear."""
        if self.passes is not None:
            heard = np.zeros(len(times), bool)
            for begin, end in self.passes:
                heard |= (times >= begin) & (times < end)
            return heard
        if not np.isfinite(self.reach):
            return np.ones(len(times), bool)
        return inverse(self.lon, self.lat, lon, lat)[1] <= self.reach


def reporting_interval(class_b: bool, nav: Nav, knots: Floats) -> Floats:
    """Seconds between position reports."""
    if class_b:
        return np.where(knots > 2, 30.0, 180.0)
    moving = np.where(knots > 23, 2.0, np.where(knots > 14, 6.0, 10.0))
    return np.where(knots > 3, moving, 180.0) if nav in (Nav.AT_ANCHOR, Nav.MOORED) else moving


def position_times(vessel: Vessel, thinned: float, phase: float) -> Floats:
    """When the vessel sends the position reports that the feed keeps, with AIS on all the time.

    The rate is summed up over the track; a report falls due whenever the sum passes a whole number.
    """
    legs = vessel.track.leg_at(vessel.times)
    interval = np.empty(len(vessel.times))
    for i in np.unique(legs):
        here = legs == i
        nav = vessel.track.legs[i].nav
        interval[here] = reporting_interval(vessel.ship.class_b, nav, vessel.samples.sog[here])
    interval *= np.maximum(1, np.ceil(thinned / interval))
    due = np.concatenate([[0.0], np.cumsum(np.diff(vessel.times) / interval[:-1])]) + phase
    return np.interp(np.arange(1, np.floor(due[-1]) + 1), due, vessel.times)


class Sent(NamedTuple):
    """One transmission: seconds since the scenario's beginning, where from, what."""

    time: float
    lon: float
    lat: float
    kind: str  # "position", "long range", "static", "static A", "static B"


def transmissions(vessel: Vessel, thinned: float, rng: np.random.Generator) -> Iterator[tuple[str, Floats]]:
    """When the vessel transmits, by kind of message; the same whatever the noise."""
    phases = rng.random(3)
    begin, end = vessel.track.begin, vessel.track.end
    statics = np.arange(begin + phases[1] * STATIC_INTERVAL, end, STATIC_INTERVAL)
    times = {"position": position_times(vessel, thinned, phases[0])}
    if vessel.ship.class_b:
        times |= {"static A": statics, "static B": statics + 30}
    else:
        long_range = np.arange(begin + phases[2] * LONG_RANGE_INTERVAL, end, LONG_RANGE_INTERVAL)
        times |= {"static": statics, "long range": long_range}
    for kind, when in times.items():
        yield kind, when[vessel.on_air(when)]


class Line(NamedTuple):
    """The lines of one message through one receiver, and when they reach the file."""

    arrival: float
    order: int
    lines: list[str]


class Heard(NamedTuple):
    """What receivers hear of ships, and what made positions wrong."""

    lines: list[str]  # in the order of arrival
    jams: list[tuple[Vessel, jamming.Jam]]  # that the noise adds to those of the scenario


def receive(
    vessels: list[Vessel],
    receivers: tuple[Receiver, ...],
    noise: Noise,
    thinned: float,
    epoch: int,
    ships: np.random.Generator,
    rng: np.random.Generator,
) -> Heard:
    """All that is heard.

    `epoch` is the scenario's beginning in UNIX seconds; `ships` draws what ships do, `rng` the noise.
    """
    used = receivers if noise.several else receivers[:1]
    end = max(vessel.track.end for vessel in vessels)
    count = rng.poisson(noise.holes * end / 3600) if noise.holes else 0
    holes = [(at, at + rng.uniform(600, 1800)) for at in rng.uniform(0, end, count)]
    clocks = np.zeros(len(used))
    if noise.clocks:
        clocks[1:] = rng.uniform(-noise.clocks, noise.clocks, len(used) - 1)
    passes = tuple(_passes(noise.rhythm, end, rng)) if noise.rhythm else None
    heard: list[Line] = []
    jams: list[tuple[Vessel, jamming.Jam]] = []
    sequence = 0
    for vessel in vessels:
        added = list(jamming.jams(vessel, noise.jams, rng))
        jams += [(vessel, jam) for jam in added]
        from_space = passes is not None and rng.random() < 0.5
        for kind, times in transmissions(vessel, thinned, ships):
            lon, lat, sog, cog, heading = vessel.track.at(times)
            legs = vessel.track.leg_at(times)
            for begin, wild_lon, wild_lat in vessel.wild if kind == "position" else ():
                at = int(np.searchsorted(times, begin))
                lon[at], lat[at], sog[at] = wild_lon, wild_lat, 0.3
            reception = np.array(
                [_hears(receiver, kind, times, lon, lat, holes, rng, noise) for receiver in used]
            )
            if noise.removed:
                reception &= rng.random(len(times)) >= noise.removed
            if from_space:
                reception &= Receiver("SAT", passes=passes).hears(times, lon, lat)
            for jam in (*added, *vessel.jams):
                jam.shift(times, lon, lat, sog, rng)
            for i in np.flatnonzero(reception.any(axis=0)):
                time = float(times[i])
                nav = vessel.track.legs[legs[i]].nav
                fix = nmea.Fix(lon[i], lat[i], sog[i], cog[i], heading[i], int(epoch + time) % 60)
                measured = _measured(fix, noise, rng)
                if any(jam.is_exact(time) for jam in vessel.jams):
                    measured = measured._replace(lon=fix.lon, lat=fix.lat)
                payload = _payload(vessel, kind, measured, nav, time, noise, rng)
                channel = "AB"[int(time) % 2]
                for j in np.flatnonzero(reception[:, i]):
                    stamp = time + (rng.uniform(0, STATION_SPREAD) if len(used) > 1 else 0.0) + clocks[j]
                    sequence += 1
                    lines = nmea.sentences(payload, channel, sequence % 10)
                    group = sequence % 10_000 if used[j].passes is not None else None
                    lines = nmea.tagged(lines, used[j].name, int(epoch + stamp), group)
                    arrival = stamp - clocks[j] + _delay(noise, rng)
                    heard.append(Line(arrival, sequence, _through(lines, noise, rng)))
    heard.sort(key=lambda line: (line.arrival, line.order))
    return Heard([text for line in heard for text in line.lines], jams)


def _passes(
    rhythm: tuple[float, float], end: float, rng: np.random.Generator
) -> Iterator[tuple[float, float]]:
    """Passes of 3 to 6 minutes, from before the beginning to the end."""
    at = rng.uniform(-rhythm[0], 0) * 60
    while at < end:
        yield at, at + rng.uniform(180, 360)
        at += rng.uniform(*rhythm) * 60


def _hears(
    receiver: Receiver,
    kind: str,
    times: Floats,
    lon: Floats,
    lat: Floats,
    holes: list[tuple[float, float]],
    rng: np.random.Generator,
    noise: Noise,
) -> Bools:
    """Message 27 is for satellites alone: ships do not send it within reach of a base station."""
    if kind == "long range" and receiver.passes is None:
        return np.zeros(len(times), bool)
    heard = receiver.hears(times, lon, lat)
    if receiver.passes is None:
        for begin, end in holes:
            heard &= (times < begin) | (times > end)
    return heard & (rng.random(len(times)) >= noise.loss)


def _measured(fix: nmea.Fix, noise: Noise, rng: np.random.Generator) -> nmea.Fix:
    """The fix as the ship's receiver measures it."""
    if not noise.jitter:
        return fix
    east, north = rng.normal(0, noise.jitter, 2)
    metres = float(np.hypot(east, north))
    if rng.random() < noise.outliers:
        metres = float(rng.uniform(2_000, 20_000))
    lon, lat = forward(fix.lon, fix.lat, np.degrees(np.arctan2(east, north)), metres)
    sog = max(0.0, fix.sog + rng.normal(0, noise.sog))
    heading = (fix.heading + rng.normal(0, noise.yaw)) % 360
    return fix._replace(lon=float(lon), lat=float(lat), sog=sog, heading=heading)


def _payload(
    vessel: Vessel,
    kind: str,
    fix: nmea.Fix,
    nav: Nav,
    time: float,
    noise: Noise,
    rng: np.random.Generator,
) -> nmea.Payload:
    ship = vessel.ship_at(time)
    if kind == "position":
        return nmea.position(ship, fix, nav)
    if kind == "long range":
        return nmea.long_range(ship, fix, nav)
    if rng.random() < noise.static:
        wrong = int(rng.integers(3))
        if wrong == 0:
            ship = replace(ship, ship_type=int(rng.integers(20, 90)))
        elif wrong == 1:
            ship = replace(ship, name=ship.name[:2] + "@" * int(rng.integers(1, 4)) + ship.name[5:])
        else:
            ship = replace(ship, length=min(511, ship.length + 128))
    if kind == "static":
        return nmea.static(ship, vessel.draught_at(time))
    return nmea.static_b(ship, int(kind == "static B"))


def _delay(noise: Noise, rng: np.random.Generator) -> float:
    if not noise.delay:
        return 0.0
    if rng.random() < noise.late:
        return float(rng.uniform(150, 600))
    return min(float(rng.exponential(noise.delay)), noise.delay_limit)


def _through(lines: list[str], noise: Noise, rng: np.random.Generator) -> list[str]:
    """The lines after the wire: now and then with a character changed."""
    if not noise.corrupt:
        return lines
    return [
        nmea.damaged(line, int(rng.integers(80)), int(rng.integers(63)), bool(rng.random() < UNDETECTED))
        if rng.random() < noise.corrupt
        else line
        for line in lines
    ]
