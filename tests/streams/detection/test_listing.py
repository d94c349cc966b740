"""What watchlists do to events: since when a vessel counts, how surely it was found, what is said of it."""

from typing import Any

import numpy as np
import pytest

from models.event import Event, EventType, Level, Status
from models.report import Rows
from models.time import HOUR
from models.watchlist import Entry, Watchlist
from tests.streams.detection.gaps.silences import all_events, others
from tests.streams.track_factories import A, B, fixes, only, statics

H = 60
"""Minutes of an hour. Minute 0 is 2024-03-01 12:00, so that the second of March begins at 12 h."""
IMO, OTHER = 9074729, 9562233
CARGO, TANKER = 70, 80
NAMED: dict[str, Any] = {"name": b"MADE UP STAR", "callsign": b"HMAA"}


def listed(**fields: Any) -> Watchlist:
    return Watchlist([Entry(list="a list", entry="one", **fields)])


def ship(
    mmsi: int, begin: float, end: float, ship_type: int = CARGO, north: float = 0, **told: Any
) -> list[Rows]:
    """A ship that lies still on the open sea in these hours."""
    minutes = np.arange(begin * H, end * H + 0.1, 10)
    still = fixes(mmsi, minutes, 0, north, sog=0.3)
    return [still, statics(mmsi, [begin * H + 1, begin * H + 20], ship_type=ship_type, **told)]


def meeting(begin: float, end: float, ship_type: int = CARGO, **told: Any) -> list[Rows]:
    """Ship A, 30 m from a cargo ship in these hours."""
    return [*ship(A, begin, end, ship_type, **told), *ship(B, begin, end, north=30)]


def found(kind: EventType, rows: list[Rows], watchlist: Watchlist) -> list[Event]:
    """All revisions of events of a kind: the same whether stages start afresh each half hour, or never."""
    events = all_events(*rows, listed=watchlist)
    assert all_events(*rows, listed=watchlist, restarts=True, every=HOUR // 2) == events
    return [event for event in events if event.type is kind]


def reasons(event: Event) -> dict[str, str]:
    return {reason.code: reason.text for reason in (*event.reasons, *event.against)}


def test_a_vessel_counts_from_the_day_of_listing_on() -> None:
    rows = meeting(8, 18, imo=IMO)
    event = only(found(EventType.ENCOUNTER, rows, listed(imos=(IMO,), listed_on="2024-03-02")))
    assert event.level is Level.PROBABLE
    assert "2024-03-01T23:50" <= event.start <= "2024-03-02T00:00:00Z", "nobody looked before"
    (hit,) = event.vessel.watchlists
    assert (hit.status, hit.listed_on, hit.weak) == ("listed", "2024-03-02", False)
    assert reasons(event)["watchlist"].endswith(
        "is on a list (one), matched by IMO number, from 2024-03-02 on, after this began"
    )
    assert found(EventType.ENCOUNTER, rows, listed(imos=(IMO,), listed_on="2024-03-03")) == []
    before = all_events(*rows, listed=listed(imos=(IMO,), listed_on="2024-03-02"))
    assert min(each.detected for each in before) > "2024-03-02"


def test_an_event_of_before_the_listing_says_listed_later() -> None:
    rows = meeting(1, 8, TANKER, imo=IMO)
    event = only(found(EventType.ENCOUNTER, rows, listed(imos=(IMO,), listed_on="2024-03-02")))
    assert event.vessel.watchlists[0].status == "listed_later"
    assert "watchlist" not in reasons(event)
    assert reasons(event)["listed_later"].endswith(
        "was listed later: on a list (one) from 2024-03-02, matched by IMO number"
    )


def test_the_day_and_the_age_of_a_list_are_said() -> None:
    old = listed(imos=(IMO,), listed_on="2017-10-03", as_of="2022-12")
    event = only(found(EventType.ENCOUNTER, meeting(1, 8, imo=IMO), old))
    assert reasons(event)["watchlist"].endswith(
        "matched by IMO number, listed since 2017-10-03 (the list as of 2022-12)"
    )


def test_an_event_that_is_open_when_a_vessel_is_taken_off_is_closed_and_holds() -> None:
    rows = [*ship(A, 4, 20, imo=IMO), *others((0, 20))]
    until = listed(imos=(IMO,), delisted_on="2024-03-02")
    event = only(found(EventType.LOITERING, rows, until))
    assert event.status is Status.CLOSED
    assert event.end is not None
    assert "2024-03-01T23" <= event.end <= "2024-03-02T00:00:00Z"
    assert reasons(event)["listed_before"].endswith(
        "until it was taken off on 2024-03-02, matched by IMO number"
    )
    gone = [*ship(A, 13, 20, imo=IMO), *others((0, 20))]
    assert found(EventType.LOITERING, gone, until) == []


@pytest.mark.parametrize(
    ("fields", "sent", "how"),
    [
        (
            {"mmsis": (A,), "imos": (OTHER,)},
            {"imo": IMO},
            "it has the MMSI of the entry, but sends another IMO",
        ),
        ({"names": ("Made Up Star",), "callsigns": ("HMAA",)}, NAMED, "it sends the name and the call sign"),
    ],
)
def test_a_weak_match_makes_nothing_probable_and_is_told_as_weak(
    fields: dict[str, Any], sent: dict[str, Any], how: str
) -> None:
    event = only(found(EventType.ENCOUNTER, meeting(1, 8, **sent), listed(**fields)))
    assert event.level is Level.POSSIBLE
    assert event.against[0].code == "weak_match", "what keeps it from being probable comes first"
    assert "watchlist" not in reasons(event)
    assert how in reasons(event)["watchlist_weak"]
    assert event.vessel.ssvid == f"{A}"
    assert event.vessel.watchlists[0].weak
    slow = only(found(EventType.LOITERING, [*ship(A, 0, 24, **sent), *others((0, 24))], listed(**fields)))
    assert slow.level is Level.POSSIBLE
    assert "weak_match" in reasons(slow)


def test_a_name_alone_makes_no_vessel_count() -> None:
    star = listed(names=("MADE UP STAR",), imos=(IMO,))
    assert found(EventType.ENCOUNTER, meeting(1, 8, **NAMED), star) == []


def test_of_a_tanker_a_name_is_told_and_changes_nothing() -> None:
    star = listed(names=("MADE UP STAR",), imos=(IMO,))
    plain = only(found(EventType.ENCOUNTER, meeting(1, 8, TANKER, **NAMED), Watchlist()))
    event = only(found(EventType.ENCOUNTER, meeting(1, 8, TANKER, **NAMED), star))
    assert event.level is plain.level is Level.PROBABLE
    assert set(reasons(event)) - set(reasons(plain)) == {"watchlist_weak"}
    assert "which other ships may have, too" in reasons(event)["watchlist_weak"]
    itself = only(found(EventType.ENCOUNTER, meeting(1, 8, TANKER, **NAMED, imo=OTHER), star))
    assert "watchlist_weak" not in reasons(itself), "another ship of that name, by its IMO number"


def test_a_sure_match_of_the_other_vessel_is_enough() -> None:
    both = Watchlist(
        [
            Entry(list="a list", entry="one", mmsis=(A,), imos=(OTHER,)),
            Entry(list="a list", entry="two", mmsis=(B,)),
        ]
    )
    event = only(found(EventType.ENCOUNTER, meeting(1, 8, imo=IMO), both))
    assert event.level is Level.PROBABLE
    assert "weak_match" not in reasons(event)
    assert event.vessel.ssvid == f"{B}"


def test_a_number_that_is_changed_alongside_takes_nothing_back() -> None:
    """What was known when the contact began decides: an IMO number changed in it does not make it weak."""
    rows = [*meeting(1, 8, imo=IMO), statics(A, [5 * H, 5 * H + 20], ship_type=CARGO, imo=OTHER)]
    event = only(found(EventType.ENCOUNTER, rows, listed(mmsis=(A,), imos=(IMO,))))
    assert (event.level, event.status) == (Level.PROBABLE, Status.OPEN)
