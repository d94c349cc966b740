"""Response models: what the API answers with, where no other model says it. The OpenAPI document shows
them."""

from typing import Annotated, Any

import msgspec

from models.event import Event, EventType
from models.review import Review
from models.truth import TrueEvent
from models.vessel import Dimensions
from streams.facilitators.facilitator import Facilitator
from streams.feed.recording.progress import Time
from streams.feed.views.marks import Mark
from streams.feed.views.search import CaseFound, PlaceFound
from streams.feed.views.vessel_index import VesselFound
from streams.feed.views.vessels import VesselOnMap
from streams.ledger.delivery import Delivery
from streams.ledger.ledger import Year


class EventPage(msgspec.Struct):
    """Events, newest first. Each is its highest revision. `reviews` has the latest review of each event that
    has one, by the event's id; `landed` what the calls at the end of each chain may have landed, by its id.
    `hints` says what the filters name that does not exist, such as a fence."""

    events: list[Event]
    next: str | None
    reviews: dict[str, Review]
    landed: dict[str, list[Delivery]]
    hints: list[str]


class EventDetail(msgspec.Struct):
    """An event, all its revisions that are kept, and its reviews; both oldest first.

    `dimensions` has the size of each vessel by MMSI, where it is known: as last confirmed before the event
    ended. It says where on board the antenna is, for drawings to scale.
    `members` are the events of a case, by their start: those of a chain's legs; of an encounter, the
    loiterings during it and each vessel's last call before and first call after it. `landed` is what the
    calls of a chain may have landed.
    """

    event: Event
    revisions: list[Event]
    reviews: list[Review]
    dimensions: dict[str, Dimensions]
    members: list[Event]
    landed: list[Delivery]


class VesselPage(msgspec.Struct):
    """Vessels at their latest ticks.

    `time` is that of the newest tick or detection. Give `next` as `after` in the next request. `whole` says
    whether these are all vessels, or only those that have changed.
    """

    time: Time | None
    next: str
    whole: bool
    vessels: list[VesselOnMap]


class Coverage(msgspec.Struct):
    """In which cells anything was heard in the hours before `time`, that of the newest tick or detection.

    A cell is [west, south, minutes since something was last heard there]; its sides are `degrees` long.
    """

    time: Time | None
    degrees: float
    cells: list[list[float]]


class Tiles(msgspec.Struct):
    """Online map tiles, if the feed is set to use some."""

    url: str
    attribution: str


class TokensNeeded(msgspec.Struct):
    """Whether a token is needed to read, and to review."""

    read: bool
    review: bool


class Config(msgspec.Struct, rename="camel"):
    """What the page needs to know about this feed."""

    version: str
    mode: Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["live", "recording"]})]
    tiles: Tiles | None
    tokens: TokensNeeded
    heartbeat_seconds: float
    attribution: str
    types: list[EventType]


class Found(msgspec.Struct):
    """What a search found, best first."""

    vessels: list[VesselFound]
    places: list[PlaceFound]
    cases: list[CaseFound]


class Marks(msgspec.Struct):
    """The events of a recording in brief."""

    events: list[Mark]


class Health(msgspec.Struct, rename="camel"):
    """`log` says whether the event log answers; `watermark` is the time of the newest tick or detection."""

    ok: bool
    log: bool
    watermark: Time | None
    streams: int


class Labels(msgspec.Struct):
    """The truth according to the reviews, for `tankerwatch evaluate --truth`; and the reviews themselves."""

    scenario: str
    seed: int
    noise: str
    tracks: int
    events: list[TrueEvent]
    dismissed: list[TrueEvent]
    reviews: list[Review]


class Ledger(msgspec.Struct):
    """Deliveries of oil to North Korea by year, as far as events that are kept tell."""

    years: list[Year]


class Facilitators(msgspec.Struct):
    """Vessels outside the lists that deal with listed or North Korean ones again and again."""

    facilitators: list[Facilitator]


class Session(msgspec.Struct, forbid_unknown_fields=True):
    """A token to keep as a cookie."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class StreamMessage(msgspec.Struct):
    """One message of the stream. `data` is JSON: an Event, a Review, or an object as in docs/feed.md.
    Only a revision has an `id`: its entry in the log."""

    event: Annotated[
        str,
        msgspec.Meta(
            extra_json_schema={
                "enum": [
                    "hello",
                    "revision",
                    "review",
                    "warning",
                    "sources",
                    "silences",
                    "fences",
                    "reset",
                    "heartbeat",
                    "goodbye",
                ]
            }
        ),
    ]
    data: Annotated[str, msgspec.Meta(extra_json_schema={"contentMediaType": "application/json"})]
    id: str = ""


class Problem(msgspec.Struct):
    """Why a request is refused (RFC 9457). `detail` says what is wrong and what to do."""

    type: str
    title: str
    status: int
    detail: str


class FeatureCollection(msgspec.Struct):
    """A GeoJSON FeatureCollection."""

    type: Annotated[str, msgspec.Meta(extra_json_schema={"const": "FeatureCollection"})]
    features: list[dict[str, Any]]
