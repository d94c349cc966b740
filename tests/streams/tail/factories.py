"""Reviews for the tests of the terminal."""

from models.event import Event
from models.review import Disposition, Review


def review(of: Event, by: str, note: str, time: str = "2026-03-13T08:00:00Z") -> Review:
    return Review(
        id="1",
        event=of.id,
        revision=of.revision,
        by=by,
        disposition=Disposition.CONFIRMED,
        note=note,
        time=time,
        type=of.type,
        mmsis=tuple(int(vessel.ssvid) for vessel in of.vessels),
        start=of.start,
        end=of.end,
    )
