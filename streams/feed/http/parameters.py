"""The query and path parameters of every operation, as types: FastAPI checks them and documents them.

Each query model refuses parameters it does not declare. A value that cannot be read is refused with the
values that can be.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, Self

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, model_validator
from pydantic_core import core_schema

from models.drawn_fence import LONGEST_NAME, MOST_VERSIONS
from models.event_filter import FILTERS, EventFilter, Filter
from models.time import Millis, from_text, to_text
from streams.feed.http.openapi import example
from streams.feed.http.problems import invalid
from streams.feed.views import event_pages
from streams.store.event_log import entry_key

MOST_EVENTS: Final = 1_000
"""Events in one answer."""
MOST_VESSELS: Final = 50_000
"""Vessels in one answer."""
MOST_HOURS: Final = 24
"""Hours of coverage."""
MOST_FOUND: Final = 50
"""Vessels, places and cases each in one answer of the search."""
LONGEST_SEARCH: Final = 100
"""Characters of a search."""

_FILTERS: Final = {offered.name: offered for offered in FILTERS}
_DEGREES: Final = {
    most: rf"-?(?:{most}(?:\.0+)?|(?:{below})(?:\.[0-9]+)?)"
    for most, below in ((180, "1[0-7][0-9]|[0-9]{1,2}"), (90, "[0-8]?[0-9]"))
}
_BOX: Final = f"^{_DEGREES[180]},{_DEGREES[90]},{_DEGREES[180]},{_DEGREES[90]}$"


def _reads(read: Callable[[str], Any], allowed: str) -> BeforeValidator:
    """Reads a value by a function that raises ValueError, OverflowError or KeyError for what it cannot
    read."""

    def validate(text: str) -> Any:
        try:
            return read(text)
        except (ValueError, OverflowError, KeyError):
            raise ValueError(f"{text!r} is not valid; give {allowed}") from None

    return BeforeValidator(validate)


@dataclass(frozen=True, slots=True)
class _UpTo:
    """A whole number from 1 to `most`, as a check and as a schema."""

    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        whole = core_schema.int_schema(ge=1, le=self.most)
        return core_schema.no_info_before_validator_function(self._read, whole)

    def _read(self, text: str) -> int:
        if (
            text.isascii()
            and text.isdigit()
            and len(text) <= len(str(self.most))
            and 1 <= int(text) <= self.most
        ):
            return int(text)
        raise ValueError(f"{text!r} is not valid; give a number from 1 to {self.most}")


def _cursor(text: str) -> str:
    event_pages.from_cursor(text)
    return text


def _entry_id(text: str) -> str:
    """The id of an entry of the log: milliseconds, or milliseconds and a number."""
    if not text.isascii() or len(text) > 40:
        raise ValueError
    time, number = entry_key(text)
    if not (0 <= time < 2**64 and 0 <= number < 2**64):
        raise ValueError
    return f"{time}-{number}"


def _filter(name: str) -> Any:
    """A field for a filter of `models/event_filter.py`, which reads the values itself."""
    offered = _FILTERS[name]
    schema = _schema(offered)

    def describe(field: dict[str, Any]) -> None:
        field.clear()
        field.update(schema)

    return Field(default_factory=list, description=offered.help, json_schema_extra=describe)


def _schema(offered: Filter) -> dict[str, Any]:
    """The schema of a filter. One that takes several values takes them with commas, too."""
    if offered.name == "bbox":
        return {"type": "string", "pattern": _BOX, "examples": [offered.example]}
    if offered.name == "min_score":
        return {"type": "number", "minimum": 0, "maximum": 1, "examples": [float(offered.example)]}
    one = offered.pattern.removeprefix("^").removesuffix("$")
    item = {"enum": list(offered.choices)} if offered.choices else {"pattern": f"^ *{one} *(, *{one} *)*$"}
    items = {"type": "string", **item}
    return {"type": "array", "items": items, "minItems": 1, "examples": [[offered.example]]}


async def given_once(request: Request) -> None:
    """Refuses a parameter that is given twice, unless it is a filter: FastAPI would take the last value."""
    names = [name for name, _ in request.query_params.multi_items() if name not in _FILTERS]
    for name in names:
        if (times := names.count(name)) > 1:
            raise invalid(f"{name}: given {times} times; give it once")


ONCE: Final = [Depends(given_once)]

Flag = Annotated[bool, _reads({"true": True, "false": False}.__getitem__, "true or false")]
Time = Annotated[
    Millis | None,
    _reads(from_text, "a time in RFC 3339, like 2026-03-01T12:00:00Z"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T12:00:00Z"]}),
]
EntryId = Annotated[
    str | None,
    _reads(_entry_id, "the id of a message of the stream, or 0 for everything that is kept"),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,15}(-[0-9]{1,15})?$", "examples": ["0"]}),
]
Cursor = Annotated[
    str | None,
    _reads(_cursor, "the `next` of the page before, or leave it out"),
    WithJsonSchema({"type": "string", "pattern": event_pages.CURSOR}),
]
EventLimit = Annotated[int, _UpTo(MOST_EVENTS), Field(description="The most events to answer with.")]
VesselLimit = Annotated[int, _UpTo(MOST_VESSELS), Field(description="The most vessels to answer with.")]
SearchLimit = Annotated[int, _UpTo(MOST_FOUND), Field(description="The most vessels, places and cases each.")]

EventId = Annotated[str, Path(description="The event's id.", examples=example("getEvent", "event", "id"))]
Mmsi = Annotated[str, Path(description="Up to nine digits.", examples=example("getVessel", "mmsi"))]


class Parameters(BaseModel, extra="forbid"):
    """The query of one request."""

    def selection(self) -> EventFilter:
        """The filters among the parameters. Raises EventFilterError."""
        given = {name: getattr(self, name, None) for name in _FILTERS}
        return EventFilter.parse({name: values for name, values in given.items() if values})


class _Period(Parameters):
    """Of what has a start and an end, which the parameters that follow on it name."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        start, end = getattr(self, "start", None), getattr(self, "end", None)
        if start is not None and end is not None and start > end:
            raise ValueError(f"start: {to_text(start)} is after end, {to_text(end)}; swap them")
        return self


class _None(Parameters):
    """No parameters."""


class _Moment(Parameters):
    at: Annotated[
        Time, Field(description="Recordings only: what was known at this time. Default: all that was read.")
    ] = None


class EventFilters(Parameters):
    """Every filter of `models/event_filter.py`."""

    type: Annotated[list[str], _filter("type")]
    level: Annotated[list[str], _filter("level")]
    status: Annotated[list[str], _filter("status")]
    fence: Annotated[list[str], _filter("fence")]
    country: Annotated[list[str], _filter("country")]
    mmsi: Annotated[list[str], _filter("mmsi")]
    imo: Annotated[list[str], _filter("imo")]
    flag: Annotated[list[str], _filter("flag")]
    watchlist: Annotated[list[str], _filter("watchlist")]
    bbox: Annotated[list[str], _filter("bbox")]
    min_score: Annotated[list[str], _filter("min_score")]
    not_type: Annotated[list[str], _filter("not_type")]
    not_fence: Annotated[list[str], _filter("not_fence")]
    not_country: Annotated[list[str], _filter("not_country")]
    not_mmsi: Annotated[list[str], _filter("not_mmsi")]
    not_imo: Annotated[list[str], _filter("not_imo")]
    not_flag: Annotated[list[str], _filter("not_flag")]
    not_watchlist: Annotated[list[str], _filter("not_watchlist")]


class _Export(_Period, _Moment, EventFilters):
    start: Annotated[
        Time, Field(description="Only events whose highest revision was detected at this time or later.")
    ] = None
    end: Annotated[
        Time, Field(description="Only events whose highest revision was detected at this time or earlier.")
    ] = None


class _GeoJson(_Export):
    flat: Annotated[
        Flag,
        Field(
            description="Flat properties, for maps and tables, and tracks as lines besides. Default: each "
            "event as a point with the whole event as properties."
        ),
    ] = False


class _EventPage(_Export):
    limit: EventLimit = 100
    cursor: Annotated[Cursor, Field(description="The `next` of the page before.")] = None


class _Atom(_Moment, EventFilters):
    limit: EventLimit = 100


class _Stream(EventFilters):
    since: Annotated[
        EntryId, Field(description="Start after this entry of the log; 0 for everything that is kept.")
    ] = None


class _Vessels(_Moment):
    bbox: Annotated[list[str], _filter("bbox"), Field(description="Only vessels in this box.")]
    tankers: Annotated[Flag, Field(description="Only tankers.")] = False
    listed: Annotated[Flag, Field(description="Only vessels on a watchlist.")] = False
    since: Annotated[Time, Field(description="Only vessels whose latest tick is after this time.")] = None
    after: Annotated[
        str | None,
        WithJsonSchema({"type": "string"}),
        Field(description="The `next` of the answer before: only what has changed since."),
    ] = None
    mmsi: Annotated[list[str], _filter("mmsi"), Field(description="Only vessels with these MMSIs.")]
    limit: VesselLimit = MOST_VESSELS


class _Track(_Period, _Moment):
    start: Annotated[Time, Field(description="Only positions at this time or later.")] = None
    end: Annotated[Time, Field(description="Only positions at this time or earlier.")] = None


class _Coverage(_Moment):
    hours: Annotated[int, _UpTo(MOST_HOURS), Field(description="How far back, in hours of event time.")] = 6


class _Search(_Moment):
    q: Annotated[
        str,
        Field(
            min_length=1,
            max_length=LONGEST_SEARCH,
            description="Words, or parts of words, that all have to occur.",
            examples=["hope 59"],
        ),
    ]
    limit: SearchLimit = 8


class _Ledger(_Moment):
    year: Annotated[int | None, _UpTo(9999), Field(description="Only this year. Default: all.")] = None


class _Reviews(Parameters):
    format: Annotated[Literal["json", "csv"], Field(description="`json`: labels; `csv`: a table.")] = "json"


class _Removal(Parameters):
    version: Annotated[
        int, _UpTo(MOST_VERSIONS), Field(description="The version of the fence that is to be deleted.")
    ]
    by: Annotated[
        str, Field(min_length=1, max_length=LONGEST_NAME, description="Who deletes it.", examples=["Kim"])
    ]


NoQuery = Annotated[_None, Query()]
MomentQuery = Annotated[_Moment, Query()]
ExportQuery = Annotated[_Export, Query()]
GeoJsonQuery = Annotated[_GeoJson, Query()]
EventPageQuery = Annotated[_EventPage, Query()]
AtomQuery = Annotated[_Atom, Query()]
StreamQuery = Annotated[_Stream, Query()]
VesselQuery = Annotated[_Vessels, Query()]
TrackQuery = Annotated[_Track, Query()]
CoverageQuery = Annotated[_Coverage, Query()]
SearchQuery = Annotated[_Search, Query()]
LedgerQuery = Annotated[_Ledger, Query()]
ReviewQuery = Annotated[_Reviews, Query()]
FenceRemoval = Annotated[_Removal, Query()]
