"""The reasons for and against an encounter, with sentences and the settings of their weights; its levels."""

from typing import Final

from models.event import EventType
from models.innocent import Hypothesis
from streams.detection.encounters.ordinary import (
    ANCHORED_OFF_PORT,
    AT_ANCHOR,
    BERTH_BY_SHORE,
    HARBOUR_CRAFT,
    MOORED_AT_SEA,
    MOORED_IN_HARBOUR,
    NEAR_PORT,
    RULES,
)
from streams.detection.encounters.settings import EncounterSettings
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    FALSE_PLACE,
    JAMMED,
    LEAPT,
    LEAPT_RULE,
    OFF_TRACK,
    SHARED_MMSI,
    TYPE_CHANGED,
    WATCHED_AREA,
)
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side
from streams.detection.resting import NOT_LEARNT, RESTING_PLACE

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
    hypotheses=(Hypothesis.WAITING,),
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
    hypotheses=(Hypothesis.WAITING, Hypothesis.TOW),
)
WIDE_GAP: Final = ReasonType(
    code="wide_gap",
    side=Side.AGAINST,
    text="typically {gap} between the hulls (median): too far for a hose",
    weight="wide_gap",
    thresholds=("wide_gap_metres",),
    unit="m",
    plotted=True,
    hypotheses=(Hypothesis.WAITING,),
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
    hypotheses=(Hypothesis.WAITING,),
)
ROUNDED: Final = ReasonType(
    code="rounded_positions",
    side=Side.AGAINST,
    text="{how} positions are rounded: by these the two may have been up to {value:.0f} m farther apart than "
    "it seems, and they do not tell the gap between the hulls",
    weight="rounded",
    thresholds=("alongside_metres",),
    unit="m",
    hypotheses=(Hypothesis.WAITING,),
)
SIZE_UNKNOWN: Final = ReasonType(
    code="size_unknown",
    side=Side.AGAINST,
    text="the gap between the hulls is not known: a size or a heading is missing",
    weight="size_unknown",
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
    hypotheses=(Hypothesis.TOW,),
)
MAY_BE_TOW: Final = ReasonType(
    code="may_be_tow",
    side=Side.AGAINST,
    text="one was right ahead of the other, on the same heading and at a constant distance, while they "
    "moved: a tug and its tow, or a pusher, would look the same",
    weight="one_hull",
    hypotheses=(Hypothesis.TOW,),
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
    text="neither vessel turned out to be one that counts: by its ship type, flag, IMO number or a watchlist",
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

LEVELS: Final = (
    LevelRule("contact", Effect.POSSIBLE, "in contact for `possible_minutes`"),
    LevelRule(
        "transfer",
        Effect.PROBABLE,
        "alongside for `alongside_minutes` without a break; or in contact for `probable_minutes`, typically "
        "(median) with at most `wide_gap_metres` between the hulls, or where that is not known at most "
        "`far_metres` between the antennas, however their positions are rounded",
    ),
    LevelRule("may_be_one_hull", Effect.BAR, "the two may be one hull, or a tow"),
    LevelRule("may_be_tow", Effect.BAR, "the two may be a tow, one ahead of the other"),
    LEAPT_RULE,
    WEAK_RULE,
    *RULES,
)
REASONS: Final = ReasonTable(
    EventType.ENCOUNTER,
    EncounterSettings(),
    (
        *(DURATION, ALONGSIDE, CLOSE, BRIDGED, IDENTITY_CHANGED, WATCHED_AREA, *LISTING, FLAG),
        *(TWO_TANKERS, DRAUGHT, MOORED_AT_SEA, MAY_BE_ONE_HULL, MAY_BE_TOW),
        *(WIDE_GAP, FAR, ROUNDED, SIZE_UNKNOWN, AT_ANCHOR, MOORED_IN_HARBOUR, NEAR_PORT, BERTH_BY_SHORE),
        *(RESTING_PLACE, NOT_LEARNT, ANCHORED_OFF_PORT, HARBOUR_CRAFT),
        *(TYPE_UNKNOWN, TYPE_CHANGED, SHARED_MMSI),
        *(DOUBTFUL_MMSI, OFF_TRACK, LEAPT, JAMMED, WEAK_MATCH),
        *(EXCLUDED_TYPE, NO_TANKER, ONE_HULL, CONTINUED, FALSE_PLACE),
    ),
    LEVELS,
)
