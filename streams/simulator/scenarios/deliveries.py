"""Oil that is passed on several times or comes from elsewhere on its way to Nampo."""

from dataclasses import replace

from streams.simulator.kinematics import HOUR, Track, Waters
from streams.simulator.scenarios.dark import SWITCHED, call, in_the_roads, watchers
from streams.simulator.scenarios.meeting import SETTLED, alongside
from streams.simulator.scenarios.run import CHANNEL, NAMPO, ROUTE, from_vostochny, hear_the_way, to_nampo
from streams.simulator.vessel import Ship
from streams.simulator.world import World, scenario

JAPAN_SEA = ((132.95, 41.75), (132.2, 40.6), (131.3, 39.4))
YELLOW_SEA = ((124.0, 34.6), (124.0, 35.9))
"""Where oil is passed on, degrees; the first place is a known transfer area."""
ROUND_KOREA = ROUTE[1:-4]
LAST = ROUTE[-3:]


def _relay(world: World, places: tuple[tuple[float, float], ...], **changes: object) -> None:
    """Tankers that pass one cargo on at these places, from Vostochny to Nampo; `changes` of all of them."""

    def tanker(destination: str) -> Ship:
        ship = world.fleet.tanker((80, 110), destination=destination)
        return replace(ship, **changes)  # type: ignore[arg-type]

    hear_the_way(world)
    world.thinned = 180.0
    knots = world.between(10, 12)
    ship = tanker("VOSTOCHNY")
    track, loaded = from_vostochny(world, knots)
    holder = world.add(ship, track, draughts=((loaded, round(ship.draught + 2.0, 1)),))
    carriers = [holder]
    for number, place in enumerate(places):
        hours = world.between(5.5, 7)
        waters = Waters.STS if number == 0 else Waters.OPEN
        if place in YELLOW_SEA and places[number - 1] not in YELLOW_SEA:
            for point in ROUND_KOREA:
                holder.track.sail_to(*point, knots)
        holder.track.sail_to(*place, knots, slow_to=0.5)
        since = holder.track.end
        holder.track.enter(waters).drift(world.between(0, 360), world.between(0.2, 0.7), hours + 2)
        holder.track.enter(Waters.OPEN).sail(world.between(60, 140), knots, 4.0)
        taker = alongside(world, holder, since + SETTLED, hours, waters, ship=tanker("BUSAN"), cargo=False)
        half = since + SETTLED + hours * HOUR / 2
        holder.draughts += ((half, round(holder.draught_at(half) - 1.7, 1)),)
        taker.draughts = ((half, round(taker.ship.draught + 1.7, 1)),)
        taker.track.enter(Waters.OPEN)
        holder = taker
        carriers.append(holder)
    route = LAST if any(place in YELLOW_SEA for place in places) else ROUTE
    discharged = to_nampo(world, holder.track, world.between(10.5, 12), route)
    holder.draughts += ((discharged, holder.ship.draught),)
    world.cargoes.append(tuple(carriers))


@scenario
def two_transfers(world: World) -> None:
    """Oil from Vostochny is passed on in the Japan Sea and again in the Yellow Sea, and discharged at
    Nampo. Truth: two port visits, two encounters, three tankers loiter, and a chain of the three."""
    _relay(world, (JAPAN_SEA[0], YELLOW_SEA[0]))


@scenario
def five_transfers(world: World) -> None:
    """Oil from Vostochny is passed on five times, from tanker to tanker, and discharged at Nampo. Truth:
    two port visits, five encounters, all six tankers loiter, and a chain of the six."""
    _relay(world, (*JAPAN_SEA, *YELLOW_SEA))


@scenario
def dark_delivery(world: World) -> None:
    """A tanker switches her AIS off 60 km off Vostochny for 16 to 22 hours, loads there, and goes on to
    Nampo openly; others are heard where she fell silent. Truth: a gap, a possible dark port visit, a port
    visit at Nampo, and a chain."""
    hear_the_way(world)
    world.thinned = 180.0
    knots, hours = world.between(10, 12), world.between(16, 22)
    ship = world.fleet.tanker((80, 110), destination="VLADIVOSTOK")
    vessel, off, on, _ = call(world, ship, hours, knots)
    watchers(world, *SWITCHED, vessel.track.end)
    in_the_roads(world, vessel.track.end)
    discharged = to_nampo(world, vessel.track, knots)
    vessel.silences = ((off, on),)
    vessel.draughts += ((discharged, ship.draught),)
    world.cargoes.append((vessel,))


@scenario
def yellow_sea_2022(world: World) -> None:
    """A tanker from Ulsan spends five days in the Yellow Sea and lies alongside a ship that sends no
    draught for 6 to 8 hours; her draught is lower afterwards, and the other ship appears in the roads of
    Nampo four days later. Truth: an encounter, both loiter, a port visit of the other at Nampo, and a
    possible chain of the two."""
    hear_the_way(world)
    world.thinned = 180.0
    knots, hours = world.between(10, 12), world.between(6, 8)
    track = Track(0.0, 129.40, 35.47).enter(Waters.PORT).moor(6.0).enter(Waters.OPEN)
    for place in ROUTE[3:-3]:
        track.sail_to(*place, knots)
    track.sail_to(123.7 + world.between(-0.2, 0.2), 36.0, knots, slow_to=0.5)
    track.drift(world.between(0, 360), 0.4, world.between(40, 60)).sail(
        world.between(0, 40), 8.0, 3.0, slow_to=0.5
    )
    since = track.end
    drift = world.between(0, 360)
    track.drift(drift, 0.4, hours + 2 + world.between(30, 40)).sail(180.0, knots, 10.0)
    ship = world.fleet.tanker((90, 120), destination="FOR ORDERS")
    first = world.add(ship, track)
    other = replace(world.fleet.tanker((80, 110)), draught=0.0)
    second = alongside(world, first, since + 6 * HOUR, hours, Waters.OPEN, ship=other, cargo=False)
    half = since + 6 * HOUR + hours * HOUR / 2
    first.draughts = ((half, round(ship.draught - world.between(0.8, 1.6), 1)),)
    second.track.sail(200.0, 7.0, 8.0, slow_to=0.5).drift(drift, 0.4, 62.0).sail_to(*LAST[0], 8.0)
    for place in LAST[1:]:
        second.track.sail_to(*place, 8.0)
    edge, roads = CHANNEL[:2]
    second.track.sail_to(*edge, 8.0).enter(Waters.ROADS, NAMPO).sail_to(*roads, 6.0, slow_to=0.0)
    second.track.anchor(world.between(14, 24), 80.0).sail_to(*edge, 6.0).enter(Waters.OPEN)
    second.track.sail_to(*ROUTE[-1], 8.0).sail_to(*ROUTE[-2], 8.0)
    world.cargoes.append((first, second))


@scenario
def run_without_imo(world: World) -> None:
    """Oil from Vostochny is passed on in the Japan Sea and discharged at Nampo, by tankers that send no IMO
    number. Truth: two port visits, an encounter, both loiter, and a chain of the two."""
    _relay(world, (JAPAN_SEA[0],), imo=0)


@scenario
def swap_after_call(world: World) -> None:
    """A tanker loads at Vostochny, switches her AIS off in the Japan Sea for 8 to 10 hours, and goes on to
    Nampo under another MMSI, name, call sign and flag, with the same IMO number. Truth: two port visits, a
    gap of the first MMSI, and a chain of both."""
    hear_the_way(world)
    world.thinned = 180.0
    knots, hours = world.between(10, 12), world.between(8, 10)
    ship = world.fleet.tanker((80, 110), destination="VOSTOCHNY")
    track, loaded = from_vostochny(world, knots)
    track.sail_to(132.6, 41.4, knots)
    off = track.end
    track.sail(215.0, knots, hours)
    on = track.end
    discharged = to_nampo(world, track, knots)
    fresh = world.fleet.tanker((80, 110))
    other = replace(ship, mmsi=fresh.mmsi, name=fresh.name, callsign=fresh.callsign, destination="BUSAN")
    vessel = world.add(
        ship,
        track,
        draughts=((loaded, round(ship.draught + 1.8, 1)), (discharged, ship.draught)),
        silences=((off, on),),
        identities=(((off + on) / 2, other),),
    )
    world.cargoes.append((vessel,))
