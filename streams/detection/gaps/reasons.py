"""The reasons of gaps, and what makes their level."""

from typing import Final

from models.event import EventType
from models.innocent import Hypothesis
from streams.detection.explanation import (
    DOUBTFUL_MMSI,
    JAMMED,
    LEAPT,
    NOT_OF_INTEREST,
    OFF_TRACK,
    SHARED_MMSI,
    TYPE_CHANGED,
    WATCHED_AREA,
)
from streams.detection.gaps.settings import GapSettings
from streams.detection.listing import LISTING, WEAK_MATCH, WEAK_RULE
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side

SILENT: Final = ReasonType(
    code="silent",
    side=Side.FOR,
    text="not heard for {duration}; silences of up to {expected} count as ordinary for it",
    weight="silent",
    thresholds=("possible_hours", "harbour_possible_hours", "class_b_possible_hours"),
    unit="h",
)
NEIGHBOURS_HEARD: Final = ReasonType(
    code="neighbours_heard",
    side=Side.FOR,
    text="{heard} of {before} other vessels that were heard near it in the hour before were heard in the "
    "hours after it fell silent",
    weight="neighbours_heard",
    hypotheses=(Hypothesis.OUTAGE,),
)
DRAUGHT: Final = ReasonType(
    code="draught",
    side=Side.FOR,
    text="its reported draught changed by {value:+.1f} m from before the silence to after it",
    weight="draught",
    thresholds=("draught_metres",),
    unit="m",
    hypotheses=(Hypothesis.PASSAGE,),
)
MOVED: Final = ReasonType(
    code="moved",
    side=Side.FOR,
    text="it was heard again {value:.0f} km from where it fell silent",
    weight="moved",
    thresholds=("moved_km",),
    unit="km",
)
SIGHTED: Final = ReasonType(
    code="sighted",
    side=Side.FOR,
    text="it was seen at {when} UTC by {what}, which names its {number}, and was not heard there",
    weight="sighted",
    hypotheses=(Hypothesis.OUTAGE,),
)
SIGHTED_FITTING: Final = ReasonType(
    code="sighted_fitting",
    side=Side.FOR,
    text="a vessel seen at {when} UTC by {what} fits nobody who was heard there, and of the silent vessels "
    "that are followed only this one",
    weight="sighted_fitting",
)
COVERAGE_UNKNOWN: Final = ReasonType(
    code="coverage_unknown",
    side=Side.AGAINST,
    text="whether it could have been heard is not known: others were heard near where it fell silent in "
    "{heard} of {hours} hours of the silence",
    weight="coverage_unknown",
    hypotheses=(Hypothesis.RECEPTION,),
)
LEAVES_COVERAGE: Final = ReasonType(
    code="leaves_coverage",
    side=Side.AGAINST,
    text="its course led to where hardly any vessel was heard lately",
    weight="leaves_coverage",
    hypotheses=(Hypothesis.RECEPTION,),
)
OFTEN_LOST: Final = ReasonType(
    code="often_lost",
    side=Side.AGAINST,
    text="vessels often fall silent there: lately {part:.0%} of those {which}",
    weight="often_lost",
    hypotheses=(Hypothesis.RECEPTION,),
)
NEIGHBOURS_SILENT: Final = ReasonType(
    code="neighbours_silent",
    side=Side.AGAINST,
    text="{silent} of {before} other vessels {where} fell silent with it, as when a receiver or a source "
    "fails",
    weight="neighbours_silent",
    hypotheses=(Hypothesis.OUTAGE,),
)
IN_HARBOUR: Final = ReasonType(
    code="in_harbour",
    side=Side.AGAINST,
    text="it lay at rest {where}, where ships often switch AIS off or are hidden from receivers",
    weight="in_harbour",
    hypotheses=(Hypothesis.BERTH,),
)
CLASS_B: Final = ReasonType(
    code="class_b",
    side=Side.AGAINST,
    text="its transponder is of class B, which is heard less far and reports less often",
    weight="class_b",
    hypotheses=(Hypothesis.RECEPTION,),
)
NOT_FOLLOWED: Final = ReasonType(
    code="not_followed",
    side=Side.RETRACTION,
    text="more than {most:,} vessels are silent at once; this one is no longer followed",
    weight="retraction",
)

RENUMBERED: Final = ReasonType(
    code="renumbered",
    side=Side.AGAINST,
    text="the same {what} is heard under MMSI {mmsi} since {time} UTC, and this MMSI no longer: the ship may "
    "have another number now",
    weight="renumbered",
)

LEVELS: Final = (
    LevelRule(
        "silent",
        Effect.POSSIBLE,
        "silent for `possible_hours`; at rest in a port or where ships rest for `harbour_possible_hours`; "
        "with class B for `class_b_possible_hours`",
    ),
    LevelRule(
        "silent_long",
        Effect.PROBABLE,
        "silent for `probable_hours` (`harbour_probable_hours`, `class_b_probable_hours`), without the hours "
        "in which hardly anybody was heard around",
    ),
    LevelRule(
        "neighbours_silent",
        Effect.BAR,
        "most vessels near it, around it or of the whole feed fell silent with it; then no event is raised "
        "at all, unless the vessel is on a watchlist. Once others have been heard there again for "
        "`possible_hours`, that counts only for a vessel that may have sailed meanwhile to where nobody is "
        "heard: one that was under way, or one at rest if nobody was heard there for `possible_hours` and it "
        "is not back where it lay",
    ),
    LevelRule(
        "coverage_unknown",
        Effect.BAR,
        "too few others were heard near where it fell silent, in the hour before or during the silence",
    ),
    LevelRule("leaves_coverage", Effect.BAR, "its course led to where hardly any vessel is heard"),
    LevelRule("often_lost", Effect.BAR, "vessels often fall silent there"),
    LevelRule("shared_mmsi", Effect.BAR, "two ships are heard under the MMSI"),
    WEAK_RULE,
    LevelRule("in_harbour", Effect.LIMIT, "it lay at rest in a port or where ships rest"),
    LevelRule("watchlist", Effect.EXCEPTION, "the vessel is on a watchlist"),
    LevelRule("watched_area", Effect.EXCEPTION, "it fell silent, or was heard again, in a watched area"),
)
REASONS: Final = ReasonTable(
    EventType.GAP,
    GapSettings(),
    (
        *(SILENT, NEIGHBOURS_HEARD, WATCHED_AREA, *LISTING, DRAUGHT, MOVED, SIGHTED, SIGHTED_FITTING),
        *(
            NEIGHBOURS_SILENT,
            COVERAGE_UNKNOWN,
            LEAVES_COVERAGE,
            OFTEN_LOST,
            SHARED_MMSI,
            DOUBTFUL_MMSI,
            OFF_TRACK,
            LEAPT,
            JAMMED,
        ),
        *(RENUMBERED, IN_HARBOUR, CLASS_B, TYPE_CHANGED, WEAK_MATCH, NOT_OF_INTEREST, NOT_FOLLOWED),
    ),
    LEVELS,
)
