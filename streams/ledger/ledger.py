"""The ledger of each year: deliveries and barrels by ship and port, beside the cap and reported imports."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from streams.ledger.delivery import Barrels, Delivery
from streams.ledger.settings import LedgerSettings

UNSEEN: Final = (
    "It counts calls that port visits show, not possible dark port visits. Calls of vessels that were not "
    "heard before or after, transfers at sea to vessels that never call, and land routes are not in it."
)


class Row(msgspec.Struct, frozen=True):
    """The deliveries of one ship at one port in one year."""

    year: int
    ship: str
    name: str
    port: str
    seen: int
    possible: int
    barrels_seen: Barrels
    barrels_possible: Barrels


class Year(msgspec.Struct, frozen=True):
    """One year. A delivery counts in the year in which its call began."""

    year: int
    cap_barrels: float
    reported_barrels: float | None
    seen: int
    possible: int
    without_size: int  # deliveries whose barrels are not known
    barrels_seen: Barrels
    barrels_possible: Barrels
    barrels_total: Barrels
    cap_passed_by: str | None
    """The day by which the low estimates of the deliveries seen alone are above the cap. It may have been
    passed before: what was not seen is not in it. Null where they stay below."""
    rows: tuple[Row, ...]
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
        without_size=sum(one.barrels.high == 0 for one in found),
        barrels_seen=_sum(seen),
        barrels_possible=_sum(possible),
        barrels_total=_sum(found),
        cap_passed_by=_passed(seen, s.cap_barrels),
        rows=tuple(_row(year, [one for one in found if (one.ship, one.port) == key]) for key in rows),
    )


def _row(year: int, found: list[Delivery]) -> Row:
    seen, possible = ([one for one in found if one.seen is kind] for kind in (True, False))
    return Row(
        year=year,
        ship=found[0].ship,
        name=found[-1].name,
        port=found[0].port,
        seen=len(seen),
        possible=len(possible),
        barrels_seen=_sum(seen),
        barrels_possible=_sum(possible),
    )


def _passed(seen: list[Delivery], cap: float) -> str | None:
    total = 0.0
    for one in sorted(seen, key=lambda one: (one.end or one.start, one.event)):
        total += one.barrels.low
        if total > cap:
            return (one.end or one.start)[:10]
    return None


def _sum(found: Iterable[Delivery]) -> Barrels:
    total = Barrels()
    for one in found:
        total += one.barrels
    return total.rounded()
