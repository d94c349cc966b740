"""The reasons for and against an encounter, each with its sentence and the setting that holds its weight."""

from typing import Final

from models.event import EventType
from streams.detection.encounter_settings import EncounterSettings
from streams.detection.explanation import SHARED_MMSI, TYPE_CHANGED, WATCHLIST
from streams.detection.reasons import ReasonTable, ReasonType, Side

DURATION: Final = ReasonType(
    code="duration",
    side=Side.FOR,
    text="close together for {duration} (silences of up to {silence:g} min included)",
    weight="duration",
    thresholds=("possible_minutes",),
    unit="h",
)
ALONGSIDE: Final = ReasonType(
    code="alongside",
    side=Side.FOR,
    text="hulls within {threshold:.0f} m of each other for {duration} without a break",
    weight="alongside",
    thresholds=("alongside_metres",),
    unit="m",
    plotted=True,
)
CLOSE: Final = ReasonType(
    code="distance",
    side=Side.FOR,
    text="antennas {distance} apart (median), no more than {threshold:.0f} m",
    weight="close",
    thresholds=("close_metres",),
    unit="m",
    plotted=True,
)
BRIDGED: Final = ReasonType(
    code="bridged_silence",
    side=Side.FOR,
    text="alongside before and after {duration} without a position of {who}; meanwhile they were carried "
    "{km:.1f} km, a drift of {knots:.1f} kn; this time does not count as contact",
    weight="bridged",
    thresholds=("bridge_hours",),
    unit="h",
)
IDENTITY_CHANGED: Final = ReasonType(
    code="identity_changed",
    side=Side.FOR,
    text="during the contact MMSI {mmsi} changed its {field} from {before} to {after}",
    weight="identity_changed",
)
WATCHED_AREA: Final = ReasonType(
    code="watched_area",
    side=Side.FOR,
    text="in a watched area: {name}",
    weight="watched_area",
)
FLAG: Final = ReasonType(
    code="flag",
    side=Side.FOR,
    text="the flag of MMSI {mmsi} is {value}",
    weight="flag",
)
TWO_TANKERS: Final = ReasonType(
    code="two_tankers",
    side=Side.FOR,
    text="both have reported the ship type of a tanker",
    weight="two_tankers",
)
DRAUGHT: Final = ReasonType(
    code="draught",
    side=Side.FOR,
    text="MMSI {mmsi} reports {change:.1f} m {direction} draught than when the contact began",
    weight="draught",
    thresholds=("draught_metres",),
    unit="m",
)
WIDE_GAP: Final = ReasonType(
    code="wide_gap",
    side=Side.AGAINST,
    text="typically {gap} between the hulls (median): too far for a hose",
    weight="wide_gap",
    thresholds=("wide_gap_metres",),
    unit="m",
    plotted=True,
)
FAR: Final = ReasonType(
    code="distance",
    side=Side.AGAINST,
    text="antennas {distance} apart (median), more than {threshold:.0f} m: farther than in most known "
    "encounters",
    weight="far",
    thresholds=("far_metres",),
    unit="m",
    plotted=True,
)
SIZE_UNKNOWN: Final = ReasonType(
    code="size_unknown",
    side=Side.AGAINST,
    text="the gap between the hulls is not known: a size or a heading is missing",
    weight="size_unknown",
)
AT_ANCHOR: Final = ReasonType(
    code="at_anchor",
    side=Side.AGAINST,
    text="when last seen together, both reported that they were at anchor or moored",
    weight="at_anchor",
)
NEAR_PORT: Final = ReasonType(
    code="near_port",
    side=Side.AGAINST,
    text="began {value:.1f} km from a port, closer than {threshold:g} km: ships lie close together there",
    weight="near_port",
    thresholds=("port_km",),
    unit="km",
)
TYPE_UNKNOWN: Final = ReasonType(
    code="type_unknown",
    side=Side.AGAINST,
    text="the ship type of MMSI {mmsi} is not confirmed",
    weight="type_unknown",
)
MAY_BE_ONE_HULL: Final = ReasonType(
    code="may_be_one_hull",
    side=Side.AGAINST,
    text="the two moved together at a constant distance, and what is known of them does not decide whether "
    "they are two ships: two transponders on one hull, or a tow, would look the same",
    weight="one_hull",
)
EXCLUDED_TYPE: Final = ReasonType(
    code="excluded_type",
    side=Side.RETRACTION,
    text="MMSI {mmsi} turned out to be a tug, pilot, tender, buoy or the like",
    weight="retraction",
)
NO_TANKER: Final = ReasonType(
    code="no_tanker",
    side=Side.RETRACTION,
    text="neither vessel turned out to be a tanker or on a watchlist",
    weight="retraction",
)
ONE_HULL: Final = ReasonType(
    code="one_hull",
    side=Side.RETRACTION,
    text="the two are one hull or work as one: two transponders on one ship, or a pair of trawlers",
    weight="retraction",
)
CONTINUED: Final = ReasonType(
    code="continued",
    side=Side.RETRACTION,
    text="it goes on the encounter {id}, in which one of the two had another MMSI",
    weight="retraction",
)

REASONS: Final = ReasonTable(
    EventType.ENCOUNTER,
    EncounterSettings(),
    (
        *(DURATION, ALONGSIDE, CLOSE, BRIDGED, IDENTITY_CHANGED, WATCHED_AREA, WATCHLIST, FLAG),
        *(TWO_TANKERS, DRAUGHT, MAY_BE_ONE_HULL),
        *(WIDE_GAP, FAR, SIZE_UNKNOWN, AT_ANCHOR, NEAR_PORT, TYPE_UNKNOWN, TYPE_CHANGED, SHARED_MMSI),
        *(EXCLUDED_TYPE, NO_TANKER, ONE_HULL, CONTINUED),
    ),
)
