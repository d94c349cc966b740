"""The ledger of each year: deliveries and barrels by ship and port, beside the cap and reported imports."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from streams.ledger.delivery import Barrels, Delivery
from streams.ledger.settings import LedgerSettings

UNSEEN: Final = (
    "Calls that left no trace are not in it, nor are transfers at sea to vessels that never call, and land "
    "routes. A silent vessel counts only if it is listed, flies the flag of North Korea, is the end of a "
    "chain, or if its dark port visit is probable."
)


class Row(msgspec.Struct, frozen=True):
    """The deliveries of one ship at one port in one year."""

    year: int
    ship: str
    name: str
    port: str
    seen: int
    possible: int
    dark: int  # of the possible ones
    barrels_seen: Barrels
    barrels_possible: Barrels


class Point(msgspec.Struct, frozen=True):
    """The deliveries of a year up to a day, and with it. A delivery counts on the day on which its call
    ended; while it is open, on that of its start."""

    day: str
    barrels_seen: Barrels
    barrels_total: Barrels


class Year(msgspec.Struct, frozen=True):
    """One year. A delivery counts in the year in which its call began."""

    year: int
    cap_barrels: float
    reported_barrels: float | None
    seen: int
    possible: int
    dark: int  # of the possible ones, those of vessels that were silent meanwhile
    without_size: int  # deliveries whose barrels are not known
    barrels_seen: Barrels
    barrels_possible: Barrels
    barrels_total: Barrels
    cap_passed_by: str | None
    """The day by which the low estimates of the deliveries seen alone are above the cap. It may have been
    passed before: what was not seen is not in it. Null where they stay below."""
    rows: tuple[Row, ...]
    course: tuple[Point, ...]
    """A point for each day on which a delivery counts."""
    not_seen: str = UNSEEN


def ledger(
    found: Iterable[Delivery], s: LedgerSettings, reported: Mapping[int, float] | None = None
) -> list[Year]:
    """The ledgers of all years with deliveries, or with reported imports (barrels by year)."""
    by_year: dict[int, list[Delivery]] = {year: [] for year in reported or {}}
    for one in found:
        by_year.setdefault(int(one.start[:4]), []).append(one)
    return [_year(year, some, s, (reported or {}).get(year)) for year, some in sorted(by_year.items())]


def _year(year: int, found: list[Delivery], s: LedgerSettings, reported: float | None) -> Year:
    seen, possible = ([one for one in found if one.seen is kind] for kind in (True, False))
    rows = sorted({(one.ship, one.port) for one in found})
    return Year(
        year=year,
        cap_barrels=s.cap_barrels,
        reported_barrels=reported,
        seen=len(seen),
        possible=len(possible),
        dark=sum(one.dark for one in possible),
        without_size=sum(one.barrels.high == 0 for one in found),
        barrels_seen=_sum(seen, s),
        barrels_possible=_sum(possible, s),
        barrels_total=_sum(found, s),
        cap_passed_by=_passed(seen, s.cap_barrels),
        rows=tuple(_row(year, [one for one in found if (one.ship, one.port) == key], s) for key in rows),
        course=_course(found, s),
    )


def _row(year: int, found: list[Delivery], s: LedgerSettings) -> Row:
    seen, possible = ([one for one in found if one.seen is kind] for kind in (True, False))
    return Row(
        year=year,
        ship=found[0].ship,
        name=found[-1].name,
        port=found[0].port,
        seen=len(seen),
        possible=len(possible),
        dark=sum(one.dark for one in possible),
        barrels_seen=_sum(seen, s),
        barrels_possible=_sum(possible, s),
    )


def _course(found: list[Delivery], s: LedgerSettings) -> tuple[Point, ...]:
    so_far: list[Delivery] = []
    points: dict[str, Point] = {}
    for one in sorted(found, key=lambda one: (_day(one), one.event)):
        so_far.append(one)
        seen = _sum((each for each in so_far if each.seen), s)
        points[_day(one)] = Point(_day(one), seen, _sum(so_far, s))
    return tuple(points.values())


def _day(one: Delivery) -> str:
    return (one.end or one.start)[:10]


def _passed(seen: list[Delivery], cap: float) -> str | None:
    total = 0.0
    for one in sorted(seen, key=lambda one: (one.end or one.start, one.event)):
        total += one.barrels.low
        if total > cap:
            return (one.end or one.start)[:10]
    return None


def _sum(found: Iterable[Delivery], s: LedgerSettings) -> Barrels:
    """The barrels of several deliveries.

    Shares of the deadweight are scenarios, so their ends add up. Errors of draughts partly cancel out.
    """
    given = list(found)
    total, spread = Barrels(), 0.0
    for one in given:
        total += one.barrels
        spread += (one.barrels.high - one.barrels.mid) ** 2 if one.by_draught else 0.0
    if plain := sum(one.barrels.high - one.barrels.mid for one in given if one.by_draught):
        cancelled = (1 - s.draught_common) * (plain - math.sqrt(spread))
        total += Barrels(cancelled, 0.0, -cancelled)
    return total.rounded()
