"""Shapes of what the API answers with, where they are not models already: for the OpenAPI document."""

from typing import Annotated, Any

import msgspec

from models.event import Event, EventType
from models.review import Review
from models.truth import TrueEvent
from models.vessel import Dimensions
from streams.feed.recording.player import Time
from streams.feed.views.vessels import Brief


class EventPage(msgspec.Struct):
    """Events, newest first, each as its highest revision; and the latest review of each that has one."""

    events: list[Event]
    next: str | None
    reviews: dict[str, Review]


class EventDetail(msgspec.Struct):
    """An event, all its revisions that are kept, and its reviews; both oldest first.

    `dimensions` by MMSI: as last confirmed before the event ended, where they are known. They place the
    antenna on board, for drawings to scale.
    """

    event: Event
    revisions: list[Event]
    reviews: list[Review]
    dimensions: dict[str, Dimensions]


class VesselPage(msgspec.Struct):
    """Vessels at their latest ticks; `time` is that of the newest tick or detection. `next` is to be given as
    `after` next time; `whole` says that these are all, not what has changed."""

    time: Time | None
    next: str
    whole: bool
    vessels: list[Brief]


class Tiles(msgspec.Struct):
    """Online map tiles, if they are set."""

    url: str
    attribution: str


class Demanded(msgspec.Struct):
    """What takes a token."""

    read: bool
    review: bool


class Config(msgspec.Struct, rename="camel"):
    """What the page has to know."""

    version: str
    mode: Annotated[str, msgspec.Meta(extra_json_schema={"enum": ["live", "recording"]})]
    tiles: Tiles | None
    tokens: Demanded
    heartbeat_seconds: float
    attribution: str
    types: list[EventType]


class Health(msgspec.Struct, rename="camel"):
    """`log` is whether the event log answers; `watermark` the newest tick or detection in it."""

    ok: bool
    log: bool
    watermark: Time | None
    streams: int


class Labels(msgspec.Struct):
    """The truth as people see it, for `tankerwatch evaluate --truth`; and the reviews that it comes from."""

    scenario: str
    seed: int
    noise: str
    tracks: int
    events: list[TrueEvent]
    dismissed: list[TrueEvent]
    reviews: list[Review]


class Session(msgspec.Struct, forbid_unknown_fields=True):
    """A token, to be kept as a cookie."""

    token: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class StreamMessage(msgspec.Struct):
    """One message of the stream. `data` is JSON: an Event, a Review, or an object as docs/feed.md says.
    `id` is the entry in the log, of a revision only."""

    event: Annotated[
        str,
        msgspec.Meta(extra_json_schema={"enum": ["revision", "review", "reset", "heartbeat", "goodbye"]}),
    ]
    data: Annotated[str, msgspec.Meta(extra_json_schema={"contentMediaType": "application/json"})]
    id: str = ""


class Problem(msgspec.Struct):
    """Why not (RFC 9457): `detail` says what is wrong, and what to do."""

    type: str
    title: str
    status: int
    detail: str


class Collection(msgspec.Struct):
    """A GeoJSON FeatureCollection."""

    type: Annotated[str, msgspec.Meta(extra_json_schema={"const": "FeatureCollection"})]
    features: list[dict[str, Any]]
