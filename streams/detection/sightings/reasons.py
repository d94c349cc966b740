"""The reasons of events about vessels that were seen and not heard."""

from typing import Final

from models.event import EventType
from models.innocent import Hypothesis
from streams.detection.explanation import DOUBTFUL_MMSI, LEAPT, OFF_TRACK, SHARED_MMSI, WATCHED_AREA
from streams.detection.listing import LISTING, WEAK_MATCH
from streams.detection.reasons import Effect, LevelRule, ReasonTable, ReasonType, Side
from streams.detection.sightings.settings import SightingSettings

UNEXPLAINED: Final = ReasonType(
    code="unexplained",
    side=Side.FOR,
    text="no vessel that was heard within {around} km fits it ({heard} heard)",
    weight="unexplained",
    hypotheses=(Hypothesis.RECEPTION,),
)
SIZEABLE: Final = ReasonType(
    code="sizeable",
    side=Side.FOR,
    text="it was about {value:.0f} m long; ships of that length must have AIS",
    weight="sizeable",
    thresholds=("small_metres",),
    unit="m",
)
SEEN_AGAIN: Final = ReasonType(
    code="seen_again",
    side=Side.FOR,
    text="it was seen {count} times within {duration}, up to {km:.1f} km apart",
    weight="seen_again",
)
NAMED: Final = ReasonType(
    code="named",
    side=Side.FOR,
    text="the sighting names it: {who}",
    weight="named",
)
UNHEARD_AREA: Final = ReasonType(
    code="unheard_area",
    side=Side.AGAINST,
    text="nobody at all was heard within {around} km, so AIS may not have been received there",
    weight="unheard_area",
    hypotheses=(Hypothesis.RECEPTION,),
)
SMALL: Final = ReasonType(
    code="small",
    side=Side.AGAINST,
    text="it was about {value:.0f} m long; vessels below {threshold:g} m need not have AIS",
    weight="small",
    thresholds=("small_metres",),
    unit="m",
    hypotheses=(Hypothesis.SMALL_CRAFT,),
)
LENGTH_UNKNOWN: Final = ReasonType(
    code="length_unknown",
    side=Side.AGAINST,
    text="its length is not told, so it may be a craft that need not have AIS",
    weight="length_unknown",
    hypotheses=(Hypothesis.SMALL_CRAFT,),
)
SILENT_KNOWN: Final = ReasonType(
    code="silent_known",
    side=Side.AGAINST,
    text="it may be a vessel that is followed and was silent then: {names}",
    weight="silent_known",
)
NAMED_ELSEWHERE: Final = ReasonType(
    code="named_elsewhere",
    side=Side.AGAINST,
    text="the vessel that the sighting names can't have been there by its own AIS: {why}",
    weight="named_elsewhere",
    hypotheses=(Hypothesis.WRONG_DATA,),
)
FOUND_SILENT: Final = ReasonType(
    code="found_silent",
    side=Side.RETRACTION,
    text="it is taken for {name}, whose gap tells of the sighting",
    weight="retraction",
)
LEVELS: Final = (
    LevelRule(
        "sighting",
        Effect.POSSIBLE,
        "a vessel was seen in a watched fence, and no vessel that was heard explains it; it is never more "
        "than `possible`, because nobody knows which vessel it was",
    ),
)
REASONS: Final = ReasonTable(
    EventType.DARK_VESSEL,
    SightingSettings(),
    (
        *(UNEXPLAINED, WATCHED_AREA, SIZEABLE, SEEN_AGAIN, NAMED, *LISTING),
        *(UNHEARD_AREA, SMALL, LENGTH_UNKNOWN, SILENT_KNOWN, NAMED_ELSEWHERE),
        *(SHARED_MMSI, DOUBTFUL_MMSI, OFF_TRACK, LEAPT, WEAK_MATCH, FOUND_SILENT),
    ),
    LEVELS,
)
