"""Shares of the cap: which of them the deliveries of a year have passed.

The calls of the current years stay in the rule's state, because the log forgets events long before a year is
over. Each share is told once for each year, whatever later revisions say.
"""

from collections.abc import Iterator, MutableMapping

from models.event import Level
from models.time import Millis, to_text
from streams.alerts.alert import Alert, CapShare, Kind
from streams.alerts.rules import Counted, Rule
from streams.ledger.book import Book
from streams.ledger.delivery import Barrels
from streams.ledger.ledger import Year, ledger
from streams.ledger.settings import LedgerSettings
from streams.output import event_text

YEARS = 2
"""Years before the newest data of which calls are kept."""


def found(
    book: Book,
    told: MutableMapping[str, bool],
    rule: Rule,
    s: LedgerSettings,
    entry: str,
    time: Millis,
    now: Millis,
) -> Iterator[Alert]:
    """The alerts that are due after this entry at this event time, by the clock `now`. Marks them as told."""
    book.forget_before(int(to_text(time)[:4]) - YEARS)
    for year in ledger(book.deliveries(), s):
        barrels = year.barrels_seen if rule.cap_counts is Counted.SEEN else year.barrels_total
        for share in sorted(rule.shares):
            name = f"ledger:{year.year}:{rule.cap_counts}:{share:g}"
            if barrels.mid > share * year.cap_barrels and name not in told:
                told[name] = True
                yield _alert(name, year, share, rule.cap_counts, entry, time, now)


def _alert(
    name: str, year: Year, share: float, counted: Counted, entry: str, time: Millis, now: Millis
) -> Alert:
    passed = CapShare(
        year=year.year,
        share=share,
        counted=counted,
        cap_barrels=year.cap_barrels,
        as_of=to_text(time),
        seen=year.seen,
        possible=year.possible,
        dark=year.dark,
        without_size=year.without_size,
        barrels_seen=year.barrels_seen,
        barrels_with_possible=year.barrels_total,
    )
    return Alert(
        entry=entry,
        event=name,
        revision=1,
        kind=Kind.CAP_SHARE,
        type="ledger",
        level=Level.POSSIBLE,
        status="open",
        detected=passed.as_of,
        score=0.0,
        heading=heading(passed),
        summary=" ".join(sentences(passed)),
        since=now,
        cap_share=passed,
    )


def heading(passed: CapShare) -> str:
    return f"Ledger {passed.year}: {_which(passed)} above {_percent(passed)} of the cap"


def sentences(passed: CapShare) -> list[str]:
    """What it says, for people."""
    dark = f", {passed.dark} of them by vessels that were silent meanwhile" if passed.dark else ""
    out = [
        f"The middle estimate of oil delivered to North Korea in {passed.year}, {_which(passed)}, is above "
        f"{_percent(passed)} of the cap of {passed.cap_barrels:,.0f} barrels of refined products a year "
        "(UNSCR 2397).",
        f"Seen: {_deliveries(passed.seen)}, {_range(passed.barrels_seen)}.",
        f"With {passed.possible} possible ones{dark}: {_deliveries(passed.seen + passed.possible)}, "
        f"{_range(passed.barrels_with_possible)}.",
    ]
    if passed.without_size:
        out.append(f"{_deliveries(passed.without_size)} without barrels: the size of the ship is not known.")
    out.append("The true figure may be another one within the range; calls that left no trace are not in it.")
    return [*out, f"Newest data: {event_text.short(passed.as_of)} UTC."]


def _which(passed: CapShare) -> str:
    return "deliveries seen" if passed.counted == Counted.SEEN else "deliveries seen and possible ones"


def _percent(passed: CapShare) -> str:
    return f"{passed.share * 100:.6g} %"


def _deliveries(number: int) -> str:
    return "1 delivery" if number == 1 else f"{number} deliveries"


def _range(barrels: Barrels) -> str:
    return f"{barrels.mid:,.0f} barrels ({barrels.low:,.0f} to {barrels.high:,.0f})"
