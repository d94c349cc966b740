"""Silences as people ask for them: checked, and with the line of the audit that goes with each."""

import secrets
from typing import Annotated, Final

import msgspec

from models.errors import TankerwatchError
from models.event import Event
from models.review import Disposition, Review
from models.silence import Act, AuditLine, Silence
from models.time import Millis, from_text, to_text
from streams.output import event_text

MOST: Final = 500
"""Silences that there can be at a time."""
_LON: Final = r"-?(180|(1[0-7][0-9]|[0-9]{1,2})(\.[0-9]{1,12})?)"
_LAT: Final = r"-?(90|[0-8]?[0-9](\.[0-9]{1,12})?)"
BOX: Final = f"^{_LON},{_LAT},{_LON},{_LAT}$"
Time = Annotated[
    str,
    msgspec.Meta(
        extra_json_schema={"format": "date-time"},
        max_length=40,
        description="a time in RFC 3339, like 2026-03-01T12:00:00Z",
    ),
]
By = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Note = Annotated[str, msgspec.Meta(max_length=1_000)]


class Over(TankerwatchError):
    """A silence that would have ended already."""


class SilenceRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be silent: a vessel, a place, a vessel in a place, or without both everything; from `start`
    (default: now) until `until`."""

    by: By
    until: Time
    start: Time | None = None
    mmsi: Annotated[int, msgspec.Meta(ge=1, le=999_999_999)] | None = None
    bbox: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=BOX,
                description="WEST,SOUTH,EAST,NORTH in degrees, like 124,37,132,43, with longitudes from -180 "
                "to 180 and latitudes from -90 to 90",
            ),
        ]
        | None
    ) = None
    note: Note = ""


class EndRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who ends a silence before its time."""

    by: By
    note: Note = ""


class SilenceList(msgspec.Struct, frozen=True):
    """The silences that last or are still to come, the first to end first."""

    silences: list[Silence]


class Audit(msgspec.Struct, frozen=True):
    """Who kept alerts from being sent, and which were not sent for that reason; newest first."""

    lines: list[AuditLine]


def made(given: SilenceRequest, now: Millis) -> tuple[Silence, AuditLine]:
    """Raises ValueError for a time that can't be read, Over for an end that is not ahead."""
    begin, end = now if given.start is None else _time("start", given.start), _time("until", given.until)
    if end <= max(begin, now):
        raise Over("until: must be in the future and after the start; give a later time")
    one = Silence(
        id=secrets.token_hex(8),
        by=given.by,
        note=given.note,
        time=to_text(now),
        start=to_text(begin),
        until=to_text(end),
        mmsi=given.mmsi,
        bbox=None if given.bbox is None else _box(given.bbox),
    )
    start, until = event_text.short(one.start), event_text.short(one.until)
    text = f"no alerts about {one.what} from {start} until {until} UTC"
    return one, _line(one.by, Act.SILENCE, one.id, text, given.note, now)


def _box(text: str) -> str:
    """The box with south before north, which may be given either way round."""
    west, one, east, other = map(float, text.split(","))
    return ",".join(f"{degrees:.6g}" for degrees in (west, min(one, other), east, max(one, other)))


def ended(silence: str, given: EndRequest, now: Millis) -> AuditLine:
    return _line(given.by, Act.END_SILENCE, silence, "ended before its time", given.note, now)


def dismissed(review: Review, event: Event) -> AuditLine | None:
    """The line about a case that was dismissed; None for another review."""
    if review.disposition is not Disposition.DISMISSED:
        return None
    legs = [] if event.chain is None else [leg.event for leg in event.chain.legs]
    text = "no more alerts about it" + (f" and about its {len(legs)} legs: {', '.join(legs)}" if legs else "")
    return _line(review.by, Act.DISMISS, event.id, text, review.note, from_text(review.time))


def _line(by: str, act: Act, about: str, text: str, note: str, now: Millis) -> AuditLine:
    return AuditLine(
        time=to_text(now), by=by, act=act, about=about, text=text + (f" ({note})" if note else "")
    )


def _time(name: str, text: str) -> Millis:
    try:
        return from_text(text)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{name}: {text!r} is no time in RFC 3339; give one like 2026-03-01T12:00:00Z"
        ) from None
