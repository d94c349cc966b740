"""The parts of an event: its types and levels, vessels, reasons, evidence, and what each type of event holds.

Field names follow Global Fishing Watch's Events API where it has them.
"""

from enum import StrEnum

import msgspec

from models.sighting import Seen
from models.vessel import WatchlistHit


class EventType(StrEnum):
    ENCOUNTER = "encounter"
    LOITERING = "loitering"
    PORT_VISIT = "port_visit"
    GAP = "gap"
    CHAIN = "chain"
    DARK_PORT_VISIT = "dark_port_visit"
    DARK_ENCOUNTER = "dark_encounter"
    DARK_VESSEL = "dark_vessel"
    IDENTITY = "identity"
    POSITION_ANOMALY = "position_anomaly"
    FENCE_ENTRY = "fence_entry"
    FENCE_EXIT = "fence_exit"


class Status(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    RETRACTED = "retracted"


class Level(StrEnum):
    POSSIBLE = "possible"
    PROBABLE = "probable"


class Model(msgspec.Struct, frozen=True, rename="camel", kw_only=True, omit_defaults=False):
    pass


class Position(Model, frozen=True, kw_only=True, rename="camel"):
    """Degrees, WGS 84."""

    lat: float
    lon: float


class FormerIdentity(Model, frozen=True, kw_only=True, rename="camel"):
    """What a vessel gave itself out as before."""

    ssvid: str
    name: str | None
    callsign: str | None
    imo: str | None
    flag: str | None
    since: str  # first heard with it
    until: str  # the next identity was known
    matched_on: str  # "mmsi", "imo", or "callsign" for call sign and size: why it is the same vessel
    confidence: float  # 0 to 1, that it is


class Vessel(Model, frozen=True, kw_only=True, rename="camel"):
    """A vessel as an event names it: confirmed facts only, null where nothing is confirmed."""

    id: str  # the MMSI, with nine digits, that it was known by first
    ssvid: str  # its MMSI with nine digits; GFW's word
    name: str | None = None
    flag: str | None = None  # ISO 3166-1 alpha-2, from the MMSI
    type: str = "unknown"
    imo: str | None = None
    callsign: str | None = None
    length_meters: int | None = None
    beam_meters: int | None = None
    ais_ship_type: int | None = None
    draught_meters: float | None = None
    watchlists: tuple[WatchlistHit, ...] = ()
    history: tuple[FormerIdentity, ...] = ()  # the latest last, at most five


class Reason(Model, frozen=True, kw_only=True, rename="camel"):
    """One ground for (or against) an event: a rule's code, a sentence, the value met and its threshold.

    Value and threshold are of one measure, in hours, metres or kilometres as `unit` says.
    """

    code: str
    text: str
    value: float | str | None = None
    threshold: float | str | None = None
    unit: str | None = (
        None  # h, m, km; null where neither is a measure, and in events of before there was one
    )
    weight: float

    def __post_init__(self) -> None:
        # a number read back from JSON is a float: only so are events the same bytes after a topic
        for name in ("value", "threshold"):
            if isinstance(number := getattr(self, name), int):
                msgspec.structs.force_setattr(self, name, float(number))


class FenceRelation(Model, frozen=True, kw_only=True, rename="camel"):
    """A fence that the event touches, and how: `inside`, or `near` within a kilometre."""

    id: str
    name: str
    kind: str
    country: str | None = None
    relation: str = "inside"


class Sample(Model, frozen=True, rename="camel"):
    """One position of one vessel in the evidence: knots, degrees; null where not known."""

    time: str
    ssvid: str
    lat: float
    lon: float
    speed_knots: float | None = None
    course: float | None = None
    heading: float | None = None
    distance_meters: float | None = None  # between the two antennas, in encounters
    hull_gap_meters: float | None = None


class Evidence(Model, frozen=True, kw_only=True, rename="camel"):
    """What the event rests on: positions (thinned to a bounded number) and the stations that heard them."""

    positions: tuple[Sample, ...] = ()
    receivers: tuple[str, ...] = ()  # sorted


class Scoring(Model, frozen=True, kw_only=True, rename="camel"):
    """How a score is made: base plus the weights of the reasons less those against, from `floor` to `cap`."""

    base: float
    cap: float
    floor: float = 0.0
    conditions: tuple[str, ...] = ()  # codes of the rules for levels that hold, in the order of their table


class Detector(Model, frozen=True, kw_only=True, rename="camel"):
    """Which detector judged, and a hash of everything in its rules that the verdict depends on."""

    name: str
    version: str
    settings_hash: str


class IdentityChange(Model, frozen=True, kw_only=True, rename="camel"):
    """One thing that a vessel says of itself and that changed."""

    time: str  # when the new value was confirmed; for an MMSI in an encounter the last time under the old one
    ssvid: str  # the vessel's MMSI now
    field: str  # "mmsi", "name", "callsign", "imo", "size" or "ship_type"
    before: str
    after: str


class Encounter(Model, frozen=True, kw_only=True, rename="camel"):
    """Two vessels close and slow (GFW's names). Durations count contact only."""

    vessel: Vessel  # the other one
    median_distance_kilometers: float
    median_speed_knots: float
    min_distance_kilometers: float
    min_hull_gap_meters: float | None
    median_hull_gap_meters: float | None
    hull_gap_p10_meters: float | None = None  # 10th percentile over the time in contact
    hull_gap_error_meters: float | None = None  # standard error of one hull gap
    duration_hours: float
    bridged_hours: float = 0.0  # silences alongside, beside the duration
    heading_difference_degrees: float | None
    position_count: int
    draught_change_meters: float | None
    partner_draught_change_meters: float | None = None  # the same of the other vessel
    type: str  # the two roles, sorted: "tanker-tanker", "other-tanker"
    others: tuple[str, ...] = ()  # MMSIs of further vessels in the same raft
    identity_changes: tuple[IdentityChange, ...] = ()  # during the contact


class Loitering(Model, frozen=True, kw_only=True, rename="camel"):
    """One vessel slow at sea."""

    total_time_hours: float
    total_distance_km: float
    average_speed_knots: float
    average_distance_from_shore_km: float | None


class Anchorage(Model, frozen=True, kw_only=True, rename="camel"):
    """A zone of a port, as GFW names an anchorage."""

    id: str  # of the fence
    name: str
    flag: str | None  # ISO 3166-1 alpha-2 of the port
    at_dock: bool


class PortStop(Model, frozen=True, kw_only=True, rename="camel"):
    """One stop of a port visit."""

    zone: Anchorage | None  # null between the port's zones
    position: Position  # where it began
    start: str
    end: str | None  # null while it goes on
    duration_hours: float


class BesideInPort(Model, frozen=True, kw_only=True, rename="camel"):
    """Another vessel that lay alongside during a port visit."""

    vessel: Vessel
    start: str
    end: str
    duration_hours: float


class PortVisit(Model, frozen=True, kw_only=True, rename="camel"):
    """A call at a port: `confidence` 2 = a stop alone, 3 = with an entry or an exit, 4 = with both (GFW)."""

    port: str
    port_name: str
    country: str | None
    confidence: int
    duration_hours: float
    stopped_hours: float
    entry_seen: bool
    exit_seen: bool
    # null, or none, in events of before there were stops
    start_anchorage: Anchorage | None = None
    intermediate_anchorage: Anchorage | None = None  # where it lay alongside, or else stopped for longest
    end_anchorage: Anchorage | None = None
    draught_before_meters: float | None = None
    draught_after_meters: float | None = None
    stops: tuple[PortStop, ...] = ()
    alongside: tuple[BesideInPort, ...] = ()


class Gap(Model, frozen=True, kw_only=True, rename="camel"):
    """One vessel silent for longer than expected (GFW's names). It says nothing of why."""

    duration_hours: float  # so far, while it is open
    expected_hours: float  # silence that is ordinary for its class, place and own rhythm
    off_position: Position  # where it was last heard
    on_position: Position | None = None  # where it was heard again; null while it is silent
    distance_km: float | None = None  # between the two
    implied_speed_knots: float | None = None  # over that distance; the way it took may be longer
    speed_before_knots: float | None = None  # when it was last heard
    plausible_speed_knots: float  # it can have kept: its own 95th percentile, at least a floor
    positions_before: int  # five-minute steps with a position in the 12 hours before
    draught_before_meters: float | None = None
    draught_after_meters: float | None = None
    neighbours_before: int = 0  # other vessels heard near the off position in the hour before
    neighbours_heard: int = 0  # those of them that were heard in the hours after it fell silent
    observed_hours: float = 0.0  # of the silence, hours in which others were heard near the off position
    sightings: tuple[Seen, ...] = ()  # of the vessel while it was silent, by time
    longest_unseen_hours: float | None = None  # neither heard nor seen at a stretch; null without sightings


class ReachablePort(Model, frozen=True, kw_only=True, rename="camel"):
    """A watched port that a silent vessel can have called at. Distances by sea."""

    port: str  # UN/LOCODE or the catalogue's name
    port_name: str
    country: str | None
    distance_from_off_km: float
    distance_to_on_km: float | None  # null while the vessel is silent
    earliest_arrival: str
    latest_departure: str | None  # null while the vessel is silent
    longest_stay_hours: float  # so far, while the vessel is silent
    required_speed_knots: float | None  # to stay for the least time that counts; null while it is silent
    slack_hours: float  # longest stay less the least that counts
    seen_arriving: bool = False  # it was last heard in the port, or first heard there again
    sighted: Seen | None = None  # the last time that somebody saw it in a zone of the port, and named it
    fitting: Seen | None = None  # the same of somebody who names nobody, where no other silent vessel fits
    sighted_at_dock: bool = False  # `sighted` at a berth, a terminal or a discharge point


class DarkPortVisit(Model, frozen=True, kw_only=True, rename="camel"):
    """Watched ports that a vessel can have called at during a gap, the most likely first."""

    gap: str  # id of the gap's event
    port: str  # the first of `ports`
    port_name: str
    country: str | None
    duration_hours: float  # of the gap
    plausible_speed_knots: float
    draught_before_meters: float | None = None
    draught_after_meters: float | None = None
    ports: tuple[ReachablePort, ...] = ()
    sightings: tuple[Seen, ...] = ()  # those of the gap


class DarkEncounter(Model, frozen=True, kw_only=True, rename="camel"):
    """Two vessels that can have met while one or both were silent. The event's vessel was silent."""

    vessel: Vessel  # the other one
    type: str  # "both_silent", or "one_silent": the other one was heard, and loitered
    gap: str  # id of the event of the vessel's gap
    other_event: str  # id of the event of the other one's gap or loitering
    longest_hours: float  # that they can have been together
    off_distance_km: float  # from where the vessel fell silent to where the other one did, or to the place
    on_distance_km: float  # the same of where it was heard again
    plausible_speed_knots: float  # that the vessel can keep
    partner_plausible_speed_knots: float | None = None  # the other one's; null if it loitered
    draught_before_meters: float | None = None
    draught_after_meters: float | None = None
    partner_draught_before_meters: float | None = None  # null if it loitered
    partner_draught_after_meters: float | None = None
    rank: int  # among those that the vessel can have met then, 1 for the likeliest
    candidates: int  # how many it can have met then


class ChainLeg(Model, frozen=True, kw_only=True, rename="camel"):
    """One step of a cargo's way, and the event that it rests on, as it stood in that revision."""

    kind: str  # "load", "transfer" or "discharge"
    event: str  # id
    revision: int
    type: EventType  # of that event
    level: Level
    start: str
    end: str | None  # null while that event is open
    ssvid: str  # who has the oil afterwards; of a discharge, who brought it
    from_ssvid: str | None = None  # of a transfer: who had it before
    port: str | None = None
    port_name: str | None = None
    country: str | None = None
    position: Position
    confidence: float  # 0 to 1, that the cargo came this far on this way


class ChainHolder(Model, frozen=True, kw_only=True, rename="camel"):
    """A vessel that may have the oil on board, and where the last of its events was."""

    ssvid: str
    position: Position
    time: str
    confidence: float


class ChainArrival(Model, frozen=True, kw_only=True, rename="camel"):
    """The earliest time at which a holder can be at a watched port, by distance and a speed."""

    port: str
    port_name: str
    ssvid: str
    distance_km: float
    earliest_arrival: str
    hours_left: float  # from the instant of detection; 0 if that has passed


class Chain(Model, frozen=True, kw_only=True, rename="camel"):
    """The suspected way of one cargo of oil from its source to a North Korean port."""

    source: str  # "russian_port" or "unknown"
    delivered: bool  # a vessel with it was seen at a North Korean port: heard there, or seen by others
    transfers: int  # the most on one way; of a delivered cargo, on the likeliest way to a port
    window_ends: str  # no later arrival is taken for this cargo
    vessels: tuple[Vessel, ...]  # all on its way, the event's vessel first
    legs: tuple[ChainLeg, ...]
    holders: tuple[ChainHolder, ...] = ()
    arrivals: tuple[ChainArrival, ...] = ()  # at each watched port that can be reached in the window


class IdentityAnomaly(Model, frozen=True, kw_only=True, rename="camel"):
    """What a vessel says of itself that changed, does not fit, or is said from two places at once."""

    kind: str  # "changed", "inconsistent" or "duplicated"
    changes: tuple[IdentityChange, ...] = ()  # the latest last
    others: tuple[Vessel, ...] = ()  # those that send the same IMO number, or call sign and size


class PositionAnomaly(Model, frozen=True, kw_only=True, rename="camel"):
    """Positions that a ship cannot have had: of one vessel, or of several ships of a region."""

    kind: str  # "jumps", "frozen", "circle", "pattern", "unreached" or "region"
    positions: int  # how many lay off the track, of all ships; 0 where none jumped
    jumps: int  # how often ships jumped
    farthest_km: float | None = None  # from the track
    implied_speed_knots: float | None = None  # the greatest, of the way of a jump
    reported_speed_knots: float | None = None  # frozen: while it stays near one place
    radius_km: float | None = None  # of the circle
    false_position: Position | None = None  # where positions jumped to; null where to places far apart
    vessel_count: int = 1
    others: tuple[Vessel, ...] = ()  # other ships of the region, at most 19 of them


class Distances(Model, frozen=True, kw_only=True, rename="camel"):
    """Kilometres from shore and from the nearest port, at start and end."""

    start_distance_from_shore_km: float | None = None
    end_distance_from_shore_km: float | None = None
    start_distance_from_port_km: float | None = None
    end_distance_from_port_km: float | None = None
