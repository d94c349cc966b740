"""The history of vessels in events, from made-up identities and ticks of MeetingStage."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.event import Event, Vessel
from models.report import Rows
from models.time import END
from models.vessel import Dimensions, Identity
from tests.streams.track_factories import A, B, at, identity, instants, meeting_stage, minute_of, ticks

SIZE = Dimensions(90, 20, 8, 8)
IMO, IMO_2 = 9_074_729, 9_321_483
NAMES = ("SEA STAR", "GOLDEN HOPE", "BLUE WAVE", "QUIET MOON", "NORTH CRANE", "AMBER DAWN", "LAST PORT")


def known(minute: float = 0, mmsi: int = A, **more: Any) -> Identity:
    values = {"name": NAMES[0], "callsign": "UABC", "imo": IMO, "sent_imo": IMO, "size": SIZE}
    return identity(mmsi, minute=minute, first=at(-600), **{**values, **more})


def told(rows: Sequence[Rows], identities: Sequence[Identity], *, restored: bool = False) -> list[Event]:
    """All revisions of all events; with `restored` the stage is replaced by its copy at each step."""
    stage, events = meeting_stage(), []
    for instant in instants(rows, identities):
        stage.feed(instant)
        events += stage.advance(instant.time + 1)
        if restored:
            state, stage = stage.snapshot(), meeting_stage()
            stage.restore(state)
    return [*events, *stage.advance(END)]


def last_of(events: Sequence[Event], mmsi: int) -> Vessel:
    return [vessel for event in events for vessel in event.vessels if int(vessel.ssvid) == mmsi][-1]


def meeting(until: int) -> list[Rows]:
    """Two vessels that lie near each other for some hours at the end, so that there is an event of them."""
    minutes = np.arange(0, until, 5)
    east = np.where(minutes > until - 200, 60.0, 30_000.0)
    return [ticks(A, minutes), ticks(B, minutes, east)]


def test_a_vessel_that_never_changed_has_none() -> None:
    vessel = last_of(told(meeting(600), [known(), known(mmsi=B, imo=IMO_2, callsign="UCYZ")]), A)
    assert (vessel.history, vessel.id) == ((), f"{A:09d}")


def test_another_name_is_in_every_event_of_the_vessel() -> None:
    changes = [known(), known(300, name=NAMES[1]), known(mmsi=B, imo=IMO_2, callsign="UCYZ")]
    events = told(meeting(900), changes)
    assert {event.type.value for event in events} >= {"identity", "encounter"}
    for event in events:
        (former,) = next(vessel for vessel in event.vessels if int(vessel.ssvid) == A).history
        assert (former.name, former.matched_on) == (NAMES[0], "mmsi")
        assert (minute_of(former.since), minute_of(former.until)) == (-600, 300)


def test_at_most_five_the_latest_last() -> None:
    changes = [known(120 * i, name=name) for i, name in enumerate(NAMES)]
    vessel = last_of(told(meeting(1200), [*changes, known(mmsi=B, imo=IMO_2, callsign="UCYZ")]), A)
    assert [former.name for former in vessel.history] == list(NAMES[1:6])


def test_what_did_not_last_is_left_out() -> None:
    changes = [known(), known(300, name=NAMES[1]), known(320), known(mmsi=B, imo=IMO_2, callsign="UCYZ")]
    assert last_of(told(meeting(900), changes), A).history == ()


@pytest.mark.parametrize(
    ("more", "what", "confidence"),
    [({}, "imo", 0.9), ({"imo": None, "sent_imo": None}, "callsign", 0.6)],
)
def test_a_change_of_number_keeps_the_id(more: dict[str, Any], what: str, confidence: float) -> None:
    """Under A until minute 300, then under B with another name."""
    first, then = np.arange(0, 300, 5), np.arange(305, 1200, 5)
    identities = [known(**more), known(305, mmsi=B, name=NAMES[1], **more)]
    events = told([ticks(A, first), ticks(B, then)], identities)
    vessel = last_of(events, B)
    assert (vessel.id, vessel.ssvid) == (f"{A:09d}", f"{B:09d}")
    (former,) = vessel.history
    assert (former.ssvid, former.name) == (f"{A:09d}", NAMES[0])
    assert (former.matched_on, former.confidence) == (what, confidence)
    again = told([ticks(A, first), ticks(B, then)], identities, restored=True)
    assert again == events
