"""Stories of ships as the events that other detectors would find, and the chains that they make."""

import hashlib
import itertools
from dataclasses import dataclass, field
from typing import Final

import msgspec

from models.event import (
    Anchorage,
    DarkPortVisit,
    Event,
    EventType,
    FenceRelation,
    IdentityChange,
    Level,
    PortStop,
    PortVisit,
    Position,
    ReachablePort,
    Status,
    Vessel,
)
from models.sighting import Sighting, seen_of
from models.time import DAY, from_text, to_text
from models.vessel import WatchlistHit, flag_of
from streams.simulator.evaluation import latest
from streams.stages.case_stage import CaseStage
from streams.tracking.grid import at_or_after
from tests.scenarios.runs import RULES
from tests.streams import factories

START: Final = from_text("2026-01-01T00:00:00Z")
STEP: Final = RULES.settings.vessel.grid.step

A, B, C, D, E, F, G = (352_000_000 + number for number in range(1, 8))
"""Tankers that no list names."""
KOREAN: Final = 445_000_001
LISTED: Final = (WatchlistHit(list="OFAC SDN", entry="1", matched_on="imo"),)

PORTS: Final = {
    "vostochny": ("RUVYP", "ru-vostochny-berths", 133.06, 42.73),
    "vostochny roads": ("RUVYP", "ru-vostochny-roads", 133.05, 42.68),
    "nakhodka": ("RUNJK", "ru-nakhodka-novitsky", 132.88, 42.80),
    "nakhodka roads": ("RUNJK", "ru-nakhodka-roads", 132.945, 42.775),
    "vladivostok": ("RUVVO", "ru-vladivostok", 131.9, 43.1),
    "primorsk": ("RUPRI", "ru-primorsk", 28.70, 60.335),
    "nampo": ("KPNAM", "kp-nampo-piers", 125.36, 38.715),
    "nampo roads": ("KPNAM", "kp-nampo-roads", 125.0, 38.69),
    "chongjin": ("KPCHO", "kp-chongjin", 129.8, 41.77),
}
"""Port, fence and position of a call."""
SEA: Final = (132.9, 41.7)
"""A transfer area off Primorye, degrees (lon, lat)."""
YELLOW_SEA: Final = (123.6, 37.0)


@dataclass
class Story:
    """Revisions of events as other stages would publish them; days count from START."""

    events: list[Event] = field(default_factory=list)
    ships: dict[int, Vessel] = field(default_factory=dict)

    def ship(self, mmsi: int, **changes: object) -> Vessel:
        """A vessel, a tanker unless said otherwise; it keeps what it was given first."""
        if mmsi not in self.ships or changes:
            known = self.ships.get(mmsi) or factories.vessel(
                mmsi, name=f"SHIP {mmsi % 100}", flag=flag_of(mmsi), type="tanker"
            )
            self.ships[mmsi] = msgspec.structs.replace(known, **changes)
        return self.ships[mmsi]

    def visit(
        self,
        mmsi: int,
        place: str,
        day: float,
        hours: float = 20.0,
        draught: tuple[float, float] | None = None,
        *,
        ended: bool = True,
        seen: float = 0.0,
    ) -> Event:
        """A port visit that is found at its start, and published again at its end.

        `seen` is how many days later both become known.
        """
        port, fence, lon, lat = PORTS[place]
        known = RULES.surroundings.index.by_id[fence]
        hours = float(hours)
        docked = known.kind.value in ("port", "terminal", "discharge")
        zone = Anchorage(id=fence, name=known.name, flag=known.country, at_dock=docked)
        start, end = START + round(day * DAY), START + round((day + hours / 24) * DAY)
        before, after = draught or (None, None)
        made = factories.event(
            vessel=self.ship(mmsi),
            id=_id("port_visit", mmsi, start),
            status=Status.OPEN,
            level=Level.PROBABLE,
            start=to_text(start),
            position=Position(lat=lat, lon=lon),
            geofences=(_inside(fence),),
            reasons=(),
            port_visit=PortVisit(
                port=port, port_name=known.name, country=known.country, confidence=4, duration_hours=hours,
                stopped_hours=hours, entry_seen=True, exit_seen=True, intermediate_anchorage=zone,
                draught_before_meters=before,
                stops=(PortStop(
                    zone=zone, position=Position(lat=lat, lon=lon), start=to_text(start), end=None,
                    duration_hours=hours,
                ),),
            ),
        )  # fmt: skip
        self._add(made, start + round(seen * DAY))
        if ended:
            assert made.port_visit is not None
            over = msgspec.structs.replace(made.port_visit, draught_after_meters=after)
            closed = msgspec.structs.replace(
                made, revision=2, status=Status.CLOSED, end=to_text(end), port_visit=over
            )
            made = self._add(closed, end + round(seen * DAY))
        return made

    def meet(
        self,
        giver: int,
        receiver: int,
        day: float,
        place: tuple[float, float] = SEA,
        hours: float = 6.0,
        draughts: tuple[float | None, float | None] = (None, None),
        *,
        level: Level = Level.PROBABLE,
        fence: str | None = None,
        former: int | None = None,
    ) -> Event:
        """An encounter. `draughts` are changes in metres; `fence` is one that it lay in."""
        start, end = START + round(day * DAY), START + round((day + hours / 24) * DAY)
        changes = (
            (IdentityChange(
                time=to_text(start), ssvid=f"{receiver:09d}", field="mmsi", before=f"{former:09d}",
                after=f"{receiver:09d}",
            ),)
            if former else ()
        )  # fmt: skip
        return self._add(
            factories.event(
                type=EventType.ENCOUNTER,
                id=_id("encounter", giver, receiver, start),
                status=Status.CLOSED,
                level=level,
                start=to_text(start),
                end=to_text(end),
                position=Position(lat=place[1], lon=place[0]),
                vessel=self.ship(giver),
                port_visit=None,
                encounter=factories.met(
                    self.ship(receiver),
                    duration_hours=hours,
                    draught_change_meters=draughts[0],
                    partner_draught_change_meters=draughts[1],
                    identity_changes=changes,
                ),
                geofences=(_inside(fence),) if fence else (),
                reasons=(),
            ),
            end,
        )  # fmt: skip

    def retract(self, event: Event, day: float) -> None:
        gone = msgspec.structs.replace(
            event, revision=event.revision + 1, status=Status.RETRACTED, end=event.end or event.start
        )
        self._add(gone, START + round(day * DAY))

    def _add(self, event: Event, time: int) -> Event:
        made = msgspec.structs.replace(event, detected=to_text(at_or_after(time, STEP)))
        self.events.append(made)
        return made

    def revisions(self, until: float = 200.0) -> list[Event]:
        """All revisions of chains up to a day."""
        stage = CaseStage(RULES)
        stage.feed(self.events)
        out = stage.advance(START + round(until * DAY))
        return [event for event in out if event.type is EventType.CHAIN]

    def chains(self, until: float = 200.0) -> list[Event]:
        """The chains that stand on a day, by start."""
        return latest(self.revisions(until))


def _id(*parts: object) -> str:
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()


def _inside(id: str) -> FenceRelation:
    fence = RULES.surroundings.index.by_id[id]
    return FenceRelation(id=id, name=fence.name, kind=fence.kind.value, country=fence.country)


def direct(story: Story, mmsi: int = A, day: float = 0.0) -> Story:
    story.visit(mmsi, "vostochny", day, 20, (4.0, 6.0))
    story.visit(mmsi, "nampo", day + 6, 40, (6.0, 4.0))
    return story


def passed_on(story: Story, ships: tuple[int, ...]) -> Story:
    """A cargo that goes from ship to ship, a day each, and arrives at Nampo."""
    story.visit(ships[0], "vostochny", 0, 20, (4.0, 6.0))
    for number, (giver, receiver) in enumerate(itertools.pairwise(ships)):
        story.meet(giver, receiver, 2 + 2 * number, draughts=(-1.5, 1.5))
    story.visit(ships[-1], "nampo", 2 + 2 * len(ships) + 6, 40, (6.0, 4.0))
    return story


def dark_call(
    story: Story,
    mmsi: int,
    day: float,
    ports: tuple[str, ...] = ("vostochny",),
    hours: float = 41.0,
    draught: tuple[float, float] | None = (4.0, 6.2),
    sighted: bool = False,
) -> Event:
    """A possible port visit while a vessel is silent, the most likely port first. With `sighted` somebody saw
    the vessel there, at a berth, half-way through.
    """
    start, end = START + round(day * DAY), START + round((day + hours / 24) * DAY)
    reachable = tuple(_reachable(place, start) for place in ports)
    before, after = draught or (None, None)
    lon, lat = PORTS[ports[0]][2:]
    if sighted:
        seen = Sighting(time=(start + end) // 2, lon=lon, lat=lat, received=end, reference="S1")
        first = msgspec.structs.replace(reachable[0], sighted=seen_of(seen, 100, "imo"), sighted_at_dock=True)
        reachable = (first, *reachable[1:])
    return story._add(
        factories.event(
            type=EventType.DARK_PORT_VISIT,
            id=_id("dark", mmsi, start),
            status=Status.CLOSED,
            start=to_text(start),
            end=to_text(end),
            position=Position(lat=lat, lon=lon),
            vessel=story.ship(mmsi),
            port_visit=None,
            reasons=(),
            dark_port_visit=DarkPortVisit(
                gap="0" * 24,
                port=reachable[0].port,
                port_name=reachable[0].port_name,
                country=reachable[0].country,
                duration_hours=float(hours),
                plausible_speed_knots=10.0,
                draught_before_meters=before,
                draught_after_meters=after,
                ports=reachable,
            ),
        ),
        end,
    )


def _reachable(place: str, time: int) -> ReachablePort:
    port, fence, *_ = PORTS[place]
    return ReachablePort(
        port=port,
        port_name=RULES.surroundings.index.by_id[fence].name,
        country=RULES.surroundings.index.by_id[fence].country,
        distance_from_off_km=20.0,
        distance_to_on_km=20.0,
        earliest_arrival=to_text(time),
        latest_departure=None,
        longest_stay_hours=30.0,
        required_speed_knots=2.0,
        slack_hours=26.0,
    )
